//! A journal that the disk damaged: the start says what to do, `points check` says where, and lets people out.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use crate::installation::{Installation, account, ready, stored, text};
use crate::wire::Wire;

/// Batches that are published, each of one data point, each answered before the next: each is a record.
const BATCHES: usize = 20;

/// An installation that was killed with data points in its journal.
async fn killed() -> (Installation, domain::id::ProjectId) {
    let installation = Installation::new().await;
    let (project, dsn) = account(&installation);
    let server = installation.serve();
    ready(server.address()).await;
    let mut wire = Wire::to(server.address()).await.unwrap();
    for value in 0..BATCHES {
        let body = format!(r#"{{"name":"Load","type":"Counter","value":{value}}}"#);
        let reply = wire
            .post(&format!("/api/v1/ingest?dsn={dsn}"), "", &body)
            .await
            .unwrap();
        assert_eq!(reply.status, 201);
    }
    (installation, project)
}

fn segment(installation: &Installation) -> PathBuf {
    installation.data().join("journal/00000001.journal")
}

/// How many bytes of the journal say something.
fn length(installation: &Installation) -> u64 {
    let bytes = std::fs::read(segment(installation)).unwrap();
    bytes.iter().rposition(|byte| *byte != 0).unwrap() as u64
}

/// Damages the eight bytes that this one is among: those of one record, and never its padding alone.
fn flip(installation: &Installation, offset: u64) {
    let path = segment(installation);
    let file = OpenOptions::new().read(true).write(true).open(path).unwrap();
    let (mut bytes, offset) = ([0; 8], offset / 8 * 8);
    file.read_exact_at(&mut bytes, offset).unwrap();
    file.write_all_at(&bytes.map(|byte| !byte), offset).unwrap();
}

/// Every file of the journal and what is in it.
fn journal(installation: &Installation) -> BTreeMap<PathBuf, Vec<u8>> {
    let files = std::fs::read_dir(installation.data().join("journal")).unwrap();
    let paths = files.map(|file| file.unwrap().path());
    paths.map(|path| (path.clone(), std::fs::read(path).unwrap())).collect()
}

#[tokio::test]
async fn a_damaged_middle_stops_the_start_and_repairing_keeps_all_that_is_whole() {
    let (installation, project) = killed().await;
    let (at, check) = (length(&installation) / 2, ["points", "check"]);
    let whole = installation.run(&check, "");
    assert_eq!(whole.status.code(), Some(0), "{}", text(&whole.stderr));
    for said in ["The journal is whole", &format!("with {BATCHES} data points")] {
        assert!(text(&whole.stdout).contains(said), "{}", text(&whole.stdout));
    }

    flip(&installation, at);
    let before = journal(&installation);
    let refused = installation.run(&["--listen", "127.0.0.1:0"], "");
    assert_eq!(refused.status.code(), Some(1));
    for said in [
        "00000001.journal",
        "Nothing was changed",
        "`microstat points check`",
        "--repair",
        "backup",
    ] {
        assert!(
            text(&refused.stderr).contains(said),
            "{said}: {}",
            text(&refused.stderr)
        );
    }
    let looked = installation.run(&check, "");
    assert_eq!(looked.status.code(), Some(1));
    for said in [
        "points.db is whole.",
        "The journal is damaged:",
        "of journal/00000001.journal",
        &format!("with {} data points", BATCHES - 1),
        "With --repair",
    ] {
        assert!(text(&looked.stdout).contains(said), "{said}: {}", text(&looked.stdout));
    }
    assert!(text(&looked.stderr).contains("the journal of data points is damaged"));
    assert!(before == journal(&installation), "neither changed anything");

    let repaired = installation.run(&["points", "check", "--repair"], "");
    assert_eq!(repaired.status.code(), Some(0), "{}", text(&repaired.stderr));
    assert!(
        text(&repaired.stdout).contains("journal.damaged-1"),
        "{}",
        text(&repaired.stdout)
    );
    let aside = installation.data().join("journal.damaged-1/00000001.journal");
    assert!(std::fs::read(aside).unwrap() == before[&segment(&installation)]);
    assert_eq!(installation.run(&check, "").status.code(), Some(0));
    ready(installation.serve().address()).await;
    let mut stored = stored(&installation, project).await;
    stored.sort_unstable();
    stored.dedup();
    assert_eq!(stored.len(), BATCHES - 1);
}

#[tokio::test]
async fn a_torn_end_is_cut_off_and_said() {
    let (installation, project) = killed().await;
    flip(&installation, length(&installation));
    let looked = installation.run(&["points", "check"], "");
    assert_eq!(looked.status.code(), Some(0));
    assert!(
        text(&looked.stdout).contains("the next start cuts it off"),
        "{}",
        text(&looked.stdout)
    );
    let server = installation.serve();
    for said in ["WARN", "the journal ends in a record that was being written"] {
        assert!(server.said.contains(said), "{}", server.said);
    }
    drop(server);
    assert_eq!(stored(&installation, project).await.len(), BATCHES - 1);
}

#[tokio::test]
async fn what_a_server_has_open_is_not_checked() {
    let installation = Installation::new().await;
    let none = installation.run(&["points", "check"], "");
    assert!(none.status.code() == Some(1) && text(&none.stderr).contains("there is no"));
    let server = installation.serve();
    ready(server.address()).await;
    let refused = installation.run(&["points", "check", "--repair"], "");
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        text(&refused.stderr).contains("stop it first"),
        "{}",
        text(&refused.stderr)
    );
    assert_eq!(text(&refused.stdout), "");
}
