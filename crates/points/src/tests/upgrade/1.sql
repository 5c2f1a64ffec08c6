-- Times are microseconds since 1970 UTC. An hour or a day is named by its first microsecond.

-- Every data point, in the order its metric's page reads them. `seq` tells those of one moment apart.
-- `value`: an integer is hits, a real is a number, a text is a word.
create table data_points (
    metric integer not null,
    at integer not null,
    seq integer not null,
    value any not null,
    primary key (metric, at, seq)
) strict, without rowid;

-- The next `seq`.
create table sequence (next integer not null) strict;
insert into sequence (next) values (1);

-- What is known of a metric without looking at its data points.
create table metrics (
    metric integer primary key,
    project integer not null,
    first_at integer not null,
    last_at integer not null
) strict;
create index metrics_by_project on metrics (project);

-- An hour of a metric. `amount` is hits for a Hit Counter, data points for the others.
create table hours (
    metric integer not null,
    hour integer not null,
    data_points integer not null,
    amount integer not null,
    total real,
    minimum real,
    maximum real,
    primary key (metric, hour)
) strict, without rowid;

-- An hour of a project: data points of all its metrics.
create table project_hours (
    project integer not null,
    hour integer not null,
    data_points integer not null,
    primary key (project, hour)
) strict, without rowid;

-- A day's words of a metric, and how many distinct ones it has, "(other)" not counted.
create table words (
    metric integer not null,
    day integer not null,
    word text not null,
    amount integer not null,
    primary key (metric, day, word)
) strict, without rowid;
create table vocabularies (
    metric integer not null,
    day integer not null,
    words integer not null,
    primary key (metric, day)
) strict, without rowid;

-- Batches and data points not to be stored again, with what was answered the first time.
create table batch_keys (
    project integer not null,
    key text not null,
    at integer not null,
    stored integer not null,
    duplicates integer not null,
    note blob not null,
    primary key (project, key)
) strict, without rowid;
create index batch_keys_by_age on batch_keys (at);
create table point_ids (
    project integer not null,
    id text not null,
    at integer not null,
    primary key (project, id)
) strict, without rowid;
create index point_ids_by_age on point_ids (at);

pragma user_version = 1;
