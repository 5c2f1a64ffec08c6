-- How many days what data points add up to is kept: null is for ever. retention_days is that of data points themselves.
alter table projects add column minutes_days bigint default 90;
alter table projects add column hours_days bigint default 730;
alter table projects add column days_days bigint;
-- nothing is kept for a shorter time than what is finer
update projects set minutes_days = retention_days where minutes_days < retention_days;
update projects set hours_days = retention_days where hours_days < retention_days;
