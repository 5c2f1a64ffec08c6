-- data folders whose data points go to ClickHouse, and since when some wait there
create table sources (
    id bigint primary key,
    seen_at bigint not null,
    waiting_since bigint
);
