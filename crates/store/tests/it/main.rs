//! The store on a real database: SQLite, or PostgreSQL where `MICROSTAT_TEST_ENGINE` says so.

mod jobs;
mod metrics;
mod migrations;
