//! The store on a real database: SQLite, or PostgreSQL where `MICROSTAT_TEST_ENGINE` says so.

mod acceptances;
mod annotations;
mod batch_keys;
mod favourites;
mod imports;
mod invitation_codes;
mod invitations;
mod jobs;
mod kept_metrics;
mod merged_metrics;
mod metrics;
mod migrations;
mod rejections;
mod several;
mod shares;
mod team;
