-- Several processes on one database.

-- Which secret key they all have: a process with another one would refuse what the others gave out.
create table installation_keys (
    -- 1: there is one
    id bigint primary key,
    fingerprint bytea not null,
    known_since bigint not null
);

-- From which version of the schema on a program must know it. A step that older programs can't live with adds its own.
create table schema_breaks (
    version bigint primary key
);

-- Keys of batches, so that a batch which is sent again to another process is stored once.
create table batch_keys (
    project_id bigint not null references projects (id) on delete cascade,
    key text not null,
    -- the data folder of the process that stores it
    folder bigint not null,
    claimed_at bigint not null,
    -- what became of it; null: nobody said yet
    stored bigint,
    duplicates bigint,
    note bytea,
    primary key (project_id, key)
);
create index batch_keys_by_time on batch_keys (claimed_at);
create index batch_keys_open on batch_keys (folder) where stored is null;
