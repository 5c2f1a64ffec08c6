-- Files that are imported into a project: uploaded in parts, looked at, read in batches. The files themselves are in the
-- data folder.
create table imports (
    id bigint primary key,
    project_id bigint not null references projects (id) on delete cascade,
    user_id bigint references users (id) on delete set null,
    file_name text not null,
    -- bytes of the file, and when it was changed: what tells it from others when it is chosen again
    size bigint not null,
    modified bigint not null,
    -- bytes that are here
    received bigint not null default 0,
    -- uploading, ready, running, done, cancelled or failed
    state text not null,
    -- what its columns are, as JSON
    settings text not null default '',
    -- how far it is read: bytes of it, bytes unpacked, rows
    taken bigint not null default 0,
    place bigint not null default 0,
    rows_read bigint not null default 0,
    accepted bigint not null default 0,
    rejected bigint not null default 0,
    duplicates bigint not null default 0,
    -- bytes of the list of rejected rows that are sure to be written
    rejected_bytes bigint not null default 0,
    -- data points by metric, as JSON
    metrics text not null default '{}',
    -- why it failed, for people
    problem text not null default '',
    created_at bigint not null,
    touched_at bigint not null,
    -- whoever works on it has it until then; 0: nobody does
    held_until bigint not null default 0
);
create index imports_of_project on imports (project_id);
create index imports_running on imports (held_until) where state = 'running';
