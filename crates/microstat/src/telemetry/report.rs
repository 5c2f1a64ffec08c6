//! Everything there is to tell, asked for when somebody looks.

use std::time::Duration;

use domain::reason::Reason;
use domain::time::Micros;
use points::Backlog;

use super::exposition::{Text, seconds};
use super::{CLASSES, Case, Door, Kind, Telemetry, process, read};
use crate::state::App;

/// How long the database is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// All of it as text.
pub(super) async fn of(app: &App) -> String {
    let mut text = Text::default();
    let version = vec![("version", env!("CARGO_PKG_VERSION"))];
    text.gauges("microstat_build_info", "The version that runs.", [(version, 1)]);
    let stopping = u8::from(app.readiness.is_stopping());
    text.gauge(
        "microstat_stopping",
        "1 once the process was asked to stop; it still serves.",
        stopping,
    );
    ingestion(&mut text, &app.telemetry);
    requests(&mut text, &app.telemetry);
    sealing(&mut text, app);
    database(&mut text, app).await;
    let (open, most) = app.live.streams();
    text.gauge("microstat_live_streams", "Live streams that are open.", open);
    text.gauge("microstat_live_streams_limit", "Live streams that may be open.", most);
    process::write(&mut text, app.telemetry.started_at.0.unsigned_abs());
    text.into_string()
}

fn ingestion(text: &mut Text, counted: &Telemetry) {
    let batches = Door::ALL.into_iter().flat_map(|door| {
        Case::ALL.into_iter().map(move |case| {
            let labels = vec![("door", door.name()), ("answer", case.name())];
            (labels, read(&counted.batches[door as usize][case as usize]))
        })
    });
    text.counters("microstat_batches_total", "Batches by door and answer.", batches);
    text.counter(
        "microstat_batches_replayed_total",
        "Batches whose key was known: they were given their first answer, and nothing was stored.",
        read(&counted.replayed),
    );
    text.counter(
        "microstat_data_points_accepted_total",
        "Data points that are kept.",
        read(&counted.accepted),
    );
    text.counter(
        "microstat_data_points_duplicate_total",
        "Data points left out because their id was known.",
        read(&counted.duplicates),
    );
    let reasons = Reason::ALL.iter().map(|&reason| {
        let labels = vec![("reason", reason.code())];
        (labels, read(&counted.rejected[reason as usize]))
    });
    text.counters(
        "microstat_data_points_rejected_total",
        "Data points that are not kept, by reason. A body that can't be read counts as one.",
        reasons,
    );
    text.counter(
        "microstat_data_points_dropped_total",
        "Rejected data points whose app was answered 202, so that it goes on.",
        read(&counted.dropped),
    );
}

/// Classes of status codes, as they are told.
const NAMES: [&str; CLASSES] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

fn requests(text: &mut Text, counted: &Telemetry) {
    let requests = Kind::ALL.into_iter().map(|kind| {
        let labels = vec![("kind", kind.name())];
        (labels, counted.requests[kind as usize].counted())
    });
    text.histograms(
        "microstat_http_request_duration_seconds",
        "Time from a request's head to its answer; of batches, their arrival included.",
        requests,
    );
    let responses = Kind::ALL.into_iter().flat_map(|kind| {
        NAMES.into_iter().enumerate().map(move |(class, name)| {
            let labels = vec![("kind", kind.name()), ("class", name)];
            (labels, read(&counted.responses[kind as usize][class]))
        })
    });
    text.counters(
        "microstat_http_responses_total",
        "Answers by kind of request and class of status code.",
        responses,
    );
}

fn sealing(text: &mut Text, app: &App) {
    let backlog = app.points.backlog();
    let syncs = [(Vec::new(), app.points.syncs())];
    text.histograms(
        "microstat_journal_sync_duration_seconds",
        "How long the disk took to make a group of batches durable.",
        syncs,
    );
    text.gauge("microstat_journal_bytes", "Bytes of the journal.", backlog.journal);
    text.gauge(
        "microstat_journal_limit_bytes",
        "Bytes the journal may have; beyond, data points are refused.",
        backlog.journal_most,
    );
    text.gauge(
        "microstat_unsealed_data_points",
        "Data points that wait in the journal to be sealed, or shipped to ClickHouse.",
        backlog.data_points,
    );
    text.gauge(
        "microstat_unsealed_data_points_limit",
        "Data points that may wait; beyond, more are refused.",
        backlog.most,
    );
    text.gauge(
        "microstat_unsealed_age_seconds",
        "How long ago the oldest data point that waits came; 0 if none does.",
        seconds(age(&backlog, app.now())),
    );
    text.gauge(
        "microstat_sealing_failing",
        "1 while data points can't be sealed, or shipped to ClickHouse.",
        u8::from(backlog.failing.is_some()),
    );
    let micros = |duration: Duration| u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
    text.gauge(
        "microstat_sealing_failing_seconds",
        "For how long that has failed; 0 while it goes well.",
        seconds(backlog.failing_for.map_or(0, micros)),
    );
    if let Some(seconds) = app.behind() {
        text.gauge(
            "microstat_behind_seconds",
            "How far charts are behind, as pages say it; 0 if it isn't worth saying.",
            seconds,
        );
    }
    if let Some(ago) = backlog.done_ago {
        let at = app.now().0.unsigned_abs().saturating_sub(micros(ago));
        text.gauge(
            "microstat_sealing_last_success_timestamp_seconds",
            "When data points were last sealed, or shipped to ClickHouse, in seconds since 1970.",
            seconds(at),
        );
    }
}

fn age(backlog: &Backlog, now: Micros) -> u64 {
    backlog
        .oldest
        .map_or(0, |oldest| u64::try_from(now - oldest).unwrap_or(0))
}

async fn database(text: &mut Text, app: &App) {
    let jobs = tokio::time::timeout(PATIENCE, store::jobs::counts(&app.db)).await;
    let jobs = jobs.ok().and_then(Result::ok);
    text.gauge(
        "microstat_database_up",
        "1 if the accounts' database answers.",
        u8::from(jobs.is_some()),
    );
    if let Some(jobs) = jobs {
        text.gauge(
            "microstat_jobs_waiting",
            "Jobs that wait or are under way.",
            jobs.waiting,
        );
        text.gauge(
            "microstat_jobs_failed",
            "Jobs that were given up in the last 30 days.",
            jobs.failed,
        );
    }
    let pool = app.db.connections();
    let states = [("idle", pool.idle), ("busy", pool.busy)];
    text.gauges(
        "microstat_database_connections",
        "Connections to the accounts' database.",
        states.map(|(state, count)| (vec![("state", state)], count)),
    );
    text.gauge(
        "microstat_database_connections_limit",
        "Connections to the accounts' database that there may be.",
        pool.most,
    );
}
