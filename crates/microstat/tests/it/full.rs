//! A disk without room, under the real program: nothing more is promised, what was promised stays, and as soon as there
//! is room it goes on by itself.

use std::collections::BTreeSet;

use crate::installation::{Installation, account, ready, stored};
use crate::wire::Wire;

#[tokio::test]
async fn a_full_disk_is_said_loses_nothing_and_is_got_over_without_a_restart() {
    let installation = Installation::new().await;
    let (project, dsn) = account(&installation);
    let server = installation.serve_within_limits();
    ready(server.address()).await;
    let mut wire = Wire::to(server.address()).await.unwrap();
    let body = |value: usize| format!(r#"[{{"name":"Load","type":"Counter","value":{value}}}]"#);
    let (strict, open) = (format!("/api/v1/ingest?dsn={dsn}"), format!("/ingest?dsn={dsn}"));
    let mut kept = BTreeSet::new();
    let mut value = 0;
    // twice, since the first time leaves a segment of the journal behind
    for _ in 0..2 {
        for _ in 0..20 {
            let reply = wire.post(&strict, "", &body(value)).await.unwrap();
            assert_eq!(reply.status, 201, "{reply:?}");
            kept.insert(value);
            value += 1;
        }
        server.limit("0");
        for _ in 0..5 {
            let reply = wire.post(&strict, "", &body(value)).await.unwrap();
            assert_eq!(reply.status, 503, "{reply:?}");
            assert!(reply.headers["retry-after"].parse::<u32>().unwrap() > 0);
            let reply = wire.post(&open, "", &body(value + 1)).await.unwrap();
            assert_eq!(reply.status, 202, "{reply:?}");
            assert_eq!(reply.headers["x-microstat-dropped"], "1");
            assert_eq!(reply.json()["errors"][0]["code"], "unavailable");
            value += 2;
        }
        server.limit("unlimited");
    }
    let reply = wire.post(&open, "", &body(value)).await.unwrap();
    assert_eq!(reply.status, 201, "{reply:?}");
    kept.insert(value);
    drop(server);
    let stored = stored(&installation, project).await;
    assert_eq!(stored.len(), kept.len());
    assert_eq!(stored.into_iter().collect::<BTreeSet<_>>(), kept);
}
