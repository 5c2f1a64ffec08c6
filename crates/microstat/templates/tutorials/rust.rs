use serde_json::{Value, json};

const DSN: &str = "00000000-0000-4000-8000-000000000000";

fn publish(name: &str, kind: &str, value: impl Into<Value>) {
    let sent = ureq::post("https://stats.example.com/api/v1/ingest")
        .header("Authorization", format!("Bearer {DSN}"))
        .send_json(json!({ "name": name, "type": kind, "value": value.into() }));
    if let Err(error) = sent {
        eprintln!("micro stat: {error}");
    }
}
// Publish:
fn main() {
    publish("Job Done", "Hit Counter", 1);
    publish("Queue Length", "Counter", 3);
    publish("Job Took", "Timer", 812.5);
    publish("Target", "Word Web", std::env::consts::OS);
}
