-- The first schema. One text for SQLite and PostgreSQL: ids are random numbers below 2^50, times are
-- microseconds since 1970, truth is 0 or 1, secrets are kept as hashes only.

create table users (
    id bigint primary key,
    name text not null,
    email text not null,
    email_canonical text not null unique,
    email_verified_at bigint,
    password_hash text not null,
    created_at bigint not null
);

create table organisations (
    id bigint primary key,
    name text not null,
    created_at bigint not null,
    -- deleted, and restorable by any of its Administrators for 30 days
    deleted_at bigint,
    deleted_by bigint references users (id) on delete set null,
    -- people who went before this don't ask any more for a rotation of the DSNs they had seen
    departures_settled_at bigint not null default 0
);

create table projects (
    id bigint primary key,
    organisation_id bigint not null references organisations (id) on delete cascade,
    name text not null,
    created_at bigint not null,
    deleted_at bigint,
    deleted_by bigint references users (id) on delete set null,
    -- the project answers 410 and keeps nothing while this is set
    paused_at bigint,
    -- one origin a line; empty: every origin
    allowed_origins text not null default '',
    retention_days bigint not null default 90,
    metric_limit bigint not null default 2000,
    -- grows with every deleted metric, so that whoever remembers the ids of metrics knows to look again
    metrics_version bigint not null default 0
);
create index projects_of_organisation on projects (organisation_id);

create table sessions (
    id bigint primary key,
    user_id bigint not null references users (id) on delete cascade,
    token_hash bytea not null unique,
    created_at bigint not null,
    last_seen_at bigint not null,
    user_agent text not null,
    address text not null,
    -- where this person was last: only for choosing what `/` opens
    last_project_id bigint references projects (id) on delete set null,
    last_organisation_id bigint references organisations (id) on delete set null
);
create index sessions_of_user on sessions (user_id);

-- devices, like 'Firefox on Linux', that an account was signed in on
create table known_devices (
    user_id bigint not null references users (id) on delete cascade,
    device text not null,
    first_seen_at bigint not null,
    primary key (user_id, device)
);

-- one-time links sent to a person: purpose is 'verify-email' or 'reset-password'
create table mailed_links (
    token_hash bytea primary key,
    user_id bigint not null references users (id) on delete cascade,
    purpose text not null,
    -- the address it was sent to; a verified new one becomes the account's
    email text not null,
    created_at bigint not null,
    expires_at bigint not null
);
create index mailed_links_of_user on mailed_links (user_id, purpose);

create table invitations (
    id bigint primary key,
    organisation_id bigint not null references organisations (id) on delete cascade,
    email text not null,
    email_canonical text not null,
    role bigint not null,
    invited_by bigint references users (id) on delete set null,
    created_at bigint not null,
    expires_at bigint not null,
    -- the mailed link proves the mailbox; the copied one, made at the same moment, does not
    mailed_hash bytea unique,
    copied_hash bytea unique,
    -- 'queued', 'sent' or 'failed'
    delivery text not null,
    delivery_error text,
    delivered_at bigint,
    accepted_at bigint,
    accepted_by bigint references users (id) on delete set null,
    declined_at bigint,
    revoked_at bigint
);
create index invitations_of_organisation on invitations (organisation_id, created_at);
create index invitations_of_address on invitations (email_canonical);
-- one pending invitation an address and organisation
create unique index invitations_pending on invitations (organisation_id, email_canonical)
    where accepted_at is null and declined_at is null and revoked_at is null;

create table invitation_codes (
    id bigint primary key,
    organisation_id bigint not null references organisations (id) on delete cascade,
    code_hash bytea not null unique,
    last_four text not null,
    role bigint not null,
    created_by bigint references users (id) on delete set null,
    created_at bigint not null,
    expires_at bigint not null,
    max_uses bigint not null,
    uses bigint not null default 0,
    turned_off_at bigint,
    check (uses <= max_uses)
);
create index invitation_codes_of_organisation on invitation_codes (organisation_id);

create table memberships (
    organisation_id bigint not null references organisations (id) on delete cascade,
    user_id bigint not null references users (id) on delete cascade,
    role bigint not null,
    joined_at bigint not null,
    invitation_id bigint references invitations (id) on delete set null,
    code_id bigint references invitation_codes (id) on delete set null,
    primary key (organisation_id, user_id)
);
create index memberships_of_user on memberships (user_id);

-- people an Administrator removed: no code lets them back in, only a new e-mailed invitation
create table removals (
    organisation_id bigint not null references organisations (id) on delete cascade,
    user_id bigint not null references users (id) on delete cascade,
    removed_at bigint not null,
    primary key (organisation_id, user_id)
);

create table dsns (
    id bigint primary key,
    project_id bigint not null references projects (id) on delete cascade,
    public_key text not null unique,
    label text not null,
    created_at bigint not null,
    -- it publishes until then; in the future while an old key is rotated out
    disabled_at bigint
);
create index dsns_of_project on dsns (project_id);

create table metrics (
    id bigint primary key,
    project_id bigint not null references projects (id) on delete cascade,
    name text not null,
    type bigint not null,
    first_seen bigint not null,
    unique (project_id, name, type)
);

create table favourites (
    user_id bigint not null references users (id) on delete cascade,
    metric_id bigint not null references metrics (id) on delete cascade,
    created_at bigint not null,
    primary key (user_id, metric_id)
);

-- data points that were rejected or dropped, counted by day and reason, with the last one as a sample
create table rejections (
    project_id bigint not null references projects (id) on delete cascade,
    day bigint not null,
    reason text not null,
    data_points bigint not null,
    sample text not null,
    last_at bigint not null,
    primary key (project_id, day, reason)
);

create table api_tokens (
    id bigint primary key,
    user_id bigint not null references users (id) on delete cascade,
    -- set: only this organisation; null: every organisation of the person
    organisation_id bigint references organisations (id) on delete cascade,
    -- most the token may do, however great the person's own role is
    role bigint not null,
    name text not null,
    token_hash bytea not null unique,
    last_four text not null,
    created_at bigint not null,
    last_used_at bigint
);
create index api_tokens_of_user on api_tokens (user_id);

-- appended only; names are copied, so that the log outlives whom and what it tells of
create table audit_events (
    id bigint primary key,
    organisation_id bigint not null references organisations (id) on delete cascade,
    at bigint not null,
    actor_id bigint,
    actor text not null,
    address text not null,
    action text not null,
    subject text not null,
    detail text not null
);
create index audit_events_of_organisation on audit_events (organisation_id, at);

create table jobs (
    id bigint primary key,
    kind text not null,
    payload text not null,
    created_at bigint not null,
    -- when it may be claimed next; in the future while somebody holds it or it waits for another try
    run_at bigint not null,
    attempts bigint not null default 0,
    last_error text,
    failed_at bigint
);
create index jobs_due on jobs (run_at) where failed_at is null;

-- tries counted in a window, for slow-down: key names what is tried and by whom
create table throttles (
    key text primary key,
    window_start bigint not null,
    tries bigint not null,
    blocked_until bigint not null
);
