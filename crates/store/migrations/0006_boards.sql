-- Boards: charts of an organisation's metrics, in an order.
create table boards (
    id bigint primary key,
    organisation_id bigint not null references organisations (id) on delete cascade,
    name text not null,
    -- nobody, once their account is gone
    made_by bigint references users (id) on delete set null,
    -- seen by every member; else by whoever made it alone
    is_shared bigint not null,
    -- the time its charts show, like '24h'
    range text not null,
    created_at bigint not null,
    -- deleted, and to be brought back for a day
    deleted_at bigint
);
create index boards_of_organisation on boards (organisation_id);

create table board_charts (
    id bigint primary key,
    board_id bigint not null references boards (id) on delete cascade,
    project_id bigint not null references projects (id) on delete cascade,
    -- it may be deleted and restored
    metric_id bigint not null,
    position bigint not null,
    -- in sixths of the board: 2, 3 or 6
    width bigint not null,
    -- 1: its chart, 2: one number, 3: a ranking of words
    picture bigint not null,
    -- null: the metric's
    title text,
    -- how the metric is looked at, as the part of a link behind the question mark
    view text not null,
    -- whether it shows the time of its own view instead of the board's
    own_time bigint not null,
    -- taken off, and to be brought back for a day
    deleted_at bigint
);
create index board_charts_of_board on board_charts (board_id, position);

-- Public links to a board, or to the chart of a metric.
create table shares (
    id bigint primary key,
    organisation_id bigint not null references organisations (id) on delete cascade,
    board_id bigint references boards (id) on delete cascade,
    project_id bigint references projects (id) on delete cascade,
    metric_id bigint,
    -- of a metric: how it is looked at, and the number its badge shows
    view text not null,
    number bigint not null,
    token_hash bytea not null unique,
    last_four text not null,
    -- whether the page names the organisation
    names_organisation bigint not null,
    created_at bigint not null,
    created_by bigint not null references users (id) on delete cascade,
    -- null: until it is revoked
    expires_at bigint,
    revoked_at bigint,
    -- the start of the last day (UTC) it was opened on
    last_seen_at bigint
);
create index shares_of_organisation on shares (organisation_id);

-- whether there may be public links
alter table organisations add column sharing bigint not null default 1;
