//! micro stat: the program. Everything that speaks HTTP, HTML, JSON, mail and the environment is here; rules are
//! in `domain`, accounts in `store`, data points in `points`, pictures in `charts`.

pub mod api;
pub mod assets;
pub mod auth;
pub mod clock;
pub mod commands;
pub mod config;
pub mod connections;
pub mod error;
pub mod export;
pub mod front;
pub mod imports;
pub mod ingest;
pub mod jobs;
pub mod live;
mod metrics;
mod packing;
pub mod pages;
pub mod pauses;
pub mod peers;
pub mod readiness;
mod request_id;
pub mod router;
pub mod secrets;
pub mod serve;
pub mod sources;
pub mod state;
pub mod telemetry;
mod web;
