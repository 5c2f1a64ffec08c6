//! The program through its real router, on a temporary database, with a fixed clock and captured mail.

mod accounts;
mod api;
mod audit_events;
mod commands;
mod crash;
mod crowd;
mod departures;
mod dsns;
mod email_verifications;
mod expiry;
mod harness;
mod help;
mod ingest;
mod mail;
mod mailing;
mod members;
mod organisations;
mod password_resets;
mod projects;
mod races;
mod rotations;
mod routes;
mod schema;
mod signing;
mod smtp;
mod wire;
