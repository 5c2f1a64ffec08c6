-- where a favourite stands among those of its person and project; equal ones stand by when they were made
alter table favourites add column place bigint not null default 0;
