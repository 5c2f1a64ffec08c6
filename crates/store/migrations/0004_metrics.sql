-- What people say of a metric beside what apps publish it as.
-- null: the published name
alter table metrics add column display_name text;
-- of a Counter's values; null: none
alter table metrics add column unit text;
alter table metrics add column description text;
-- left out of lists while this is set
alter table metrics add column hidden_at bigint;
-- the metric it is shown as part of, which is itself part of none; its own data points stay where they are
alter table metrics add column merged_into bigint references metrics (id) on delete set null;
-- restorable for 48 hours
alter table metrics add column deleted_at bigint;
-- what it was published as, once another metric may have that name: name is then one that nothing can be published as
alter table metrics add column former_name text;
create index metrics_merged on metrics (merged_into) where merged_into is not null;
create index metrics_apart on metrics (project_id)
    where merged_into is not null or hidden_at is not null or deleted_at is not null;
