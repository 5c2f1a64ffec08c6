-- What happened beside the data: of a whole project, or of one metric of it. A metric may be deleted and restored, so
-- its annotations outlive its row and are swept once it is gone for good.
create table annotations (
    id bigint primary key,
    project_id bigint not null references projects (id) on delete cascade,
    metric_id bigint,
    -- 1: a deploy, 2: a note
    kind bigint not null,
    text text not null,
    link text,
    at bigint not null,
    until bigint,
    created_at bigint not null,
    created_by bigint references users (id) on delete set null,
    -- deleted, and to be brought back for a day
    deleted_at bigint
);
create index annotations_of_project on annotations (project_id, at);
