-- Files of imports, where several processes work on them: what each has of them in its data folder is a copy.
create table import_parts (
    import_id bigint not null references imports (id) on delete cascade,
    -- file, or rejected: the list of what was refused
    kind text not null,
    -- the place of its first byte
    start bigint not null,
    bytes bytea not null,
    primary key (import_id, kind, start)
);
