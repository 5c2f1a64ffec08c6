-- Sealed data points. Times are microseconds since 1970 UTC, days are days since then.

-- One row: the last journal record that is in this file, and how often another process than the journal's wrote to it.
create table sealed (record integer not null, guests integer not null) strict;
insert into sealed (record, guests) values (0, 0);

-- A metric's number, which keys are made of, is never used twice.
create table metrics (
    number integer primary key autoincrement,
    metric integer not null unique,
    project integer not null,
    kind integer not null,
    first_at integer not null,
    last_at integer not null
) strict;
create index metrics_by_project on metrics (project, metric);

-- Up to 8,192 data points of a metric and a day. Key: day, metric's number, part, in 17, 30 and 16 bits; so a new day
-- goes at the end, where pages are filled to the last byte.
create table blocks (
    key integer primary key,
    first_at integer not null,
    last_at integer not null,
    points integer not null,
    data blob not null
) strict;

-- What a day of a metric adds up to. Key: day, metric's number, in 17 and 30 bits.
create table days (key integer primary key, data blob not null) strict;

-- What the minutes of an hour of a metric add up to, where they are kept. Key: day, metric's number, hour, in 17, 30 and
-- 5 bits.
create table minutes (key integer primary key, data blob not null) strict;

-- Sketches of the hours of a day, where they are kept. Key as in days.
create table sketches (key integer primary key, data blob not null) strict;

-- What a day of a project adds up to.
create table project_days (
    project integer not null,
    day integer not null,
    data blob not null,
    primary key (project, day)
) strict, without rowid;

-- Keys of batches with what was answered, and ids of data points; both as hashes.
create table batch_keys (
    seen blob primary key,
    project integer not null,
    at integer not null,
    stored integer not null,
    duplicates integer not null,
    note blob not null
) strict, without rowid;
create index batch_keys_by_age on batch_keys (at);
create table point_ids (
    seen blob primary key,
    project integer not null,
    at integer not null
) strict, without rowid;
create index point_ids_by_age on point_ids (at);

pragma user_version = 2;
