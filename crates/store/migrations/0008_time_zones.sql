-- Whose clock times are shown by: a project's own zone, and a person's choice ('browser', 'project' or a zone's name).
alter table projects add column time_zone text not null default 'UTC';
alter table users add column clock text not null default 'browser';
