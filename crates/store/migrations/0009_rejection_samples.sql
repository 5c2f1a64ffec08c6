-- The last few data points that were rejected for each reason, as the apps sent them, cut short.
create table rejection_samples (
    project_id bigint not null references projects (id) on delete cascade,
    reason text not null,
    at bigint not null,
    text text not null,
    -- what the app was told
    message text not null
);
create index rejection_samples_of_project on rejection_samples (project_id, reason, at);
insert into rejection_samples (project_id, reason, at, text, message)
    select project_id, reason, last_at, sample, '' from rejections where sample <> '';
