//! The tables: who makes them, and who may.

use super::{Server, open};
use crate::{Error, Points};
use tempfile::TempDir;

#[tokio::test]
async fn tables_are_made_once_however_many_make_them() {
    let server = Server::start();
    let making: Vec<_> = (0..6)
        .map(|_| tokio::spawn(Points::migrate(server.address("several"))))
        .collect();
    for made in making {
        made.await.unwrap().unwrap();
    }
    let tables = server.ask(
        "several",
        "SELECT name FROM system.tables WHERE database = 'several' ORDER BY name",
    );
    let expected = [
        "batches",
        "bins",
        "formats",
        "horizons",
        "metrics",
        "points",
        "points_to_bins",
        "points_to_metrics",
        "points_to_sums",
        "points_to_words",
        "sums",
        "words",
    ];
    assert_eq!(tables.lines().collect::<Vec<_>>(), expected);
    server.ask("several", "INSERT INTO formats VALUES (2)");
    let newer = Points::migrate(server.address("several")).await.unwrap_err();
    assert_eq!(
        newer.to_string(),
        "the tables in ClickHouse were made by a newer version (format 2, this one knows 1)"
    );
    let dir = TempDir::new().unwrap();
    let opened = Points::open_shipping(dir.path(), crate::Options::default(), server.address("several"), 1).await;
    assert!(matches!(opened, Err(Error::ClickHouse(_))), "it is opened all the same");
}

#[tokio::test]
async fn users_get_in_with_their_password_alone() {
    if super::server::today().is_some() {
        // As a library it knows nobody.
        return;
    }
    let server = Server::start();
    let port = server.port();
    let to = |who: &str| format!("http://{who}127.0.0.1:{port}/locked").parse().unwrap();
    Points::migrate(to("locked:it%27s%20a%20%5Csecret@")).await.unwrap();
    let refused = Points::migrate(to("locked:wrong@")).await.unwrap_err();
    assert!(
        refused.to_string().starts_with("ClickHouse refused: Code: 193"),
        "{refused}"
    );
    assert!(!refused.to_string().contains("wrong@"), "{refused}");
}

#[tokio::test]
async fn the_next_host_is_asked_if_one_is_away() {
    let server = Server::start();
    let away = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let to = format!("http://127.0.0.1:{away},127.0.0.1:{}/two", server.port());
    let dir = TempDir::new().unwrap();
    let points = open(&dir, to.parse().unwrap()).await;
    super::super::store(&points, vec![super::super::number(super::super::NOW, 3.0)]).await;
    points.seal().await.unwrap();
    assert_eq!(super::super::total(&points, "1h").await, 1);
}

#[tokio::test]
async fn a_folder_is_the_embedded_engines_or_ships() {
    let server = Server::start();
    let dir = TempDir::new().unwrap();
    drop(open(&dir, server.address("ours")).await);
    let there = Points::open(dir.path(), crate::Options::default()).await;
    assert!(matches!(there, Err(Error::Elsewhere)), "{there:?}");
    let (dir, points) = super::super::fresh().await;
    super::super::store(&points, vec![super::super::number(super::super::NOW, 3.0)]).await;
    points.seal().await.unwrap();
    drop(points);
    let here = Points::open_shipping(dir.path(), crate::Options::default(), server.address("ours"), 1).await;
    assert!(matches!(here, Err(Error::Here)), "{here:?}");
}
