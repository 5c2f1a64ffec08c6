//! ClickHouse by TLS, with a certificate of an authority that is made for the test.

use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::server::{Server, free_ports, today};
use super::{SOURCE, counted};
use crate::tests::{METRIC, NOW, number, store, total};
use crate::{Address, Options, Points};

fn openssl(folder: &Path, told: &str) {
    let mut command = Command::new("openssl");
    command.args(told.split(' ')).current_dir(folder);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let done = command
        .status()
        .expect("openssl is needed: install Debian's package openssl");
    assert!(done.success(), "openssl {told}");
}

/// An authority, `NAME.crt`, and a certificate of its for `localhost`, `NAME-server.crt`, with keys.
fn certificates(folder: &Path, name: &str) {
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2";
    openssl(
        folder,
        &format!("req -x509 {key} -subj /CN={name} -keyout {name}.key -out {name}.crt"),
    );
    openssl(
        folder,
        &format!(
            "req -x509 {key} -subj /CN=server -addext subjectAltName=DNS:localhost -addext basicConstraints=CA:FALSE \
             -CA {name}.crt -CAkey {name}.key -keyout {name}-server.key -out {name}-server.crt"
        ),
    );
}

#[tokio::test]
async fn a_server_shows_a_certificate_that_is_for_it_and_by_somebody_trusted() {
    if today().is_some() {
        // As a library it has no TLS.
        return;
    }
    let folder = TempDir::new().unwrap();
    certificates(folder.path(), "ours");
    certificates(folder.path(), "others");
    let [plain, native, port] = free_ports();
    let file = |name: &str| folder.path().join(name);
    let more = format!(
        "<https_port>{port}</https_port><openSSL><server><certificateFile>{}</certificateFile>\
         <privateKeyFile>{}</privateKeyFile><verificationMode>none</verificationMode></server></openSSL>",
        file("ours-server.crt").display(),
        file("ours-server.key").display()
    );
    let server = Server::on([plain, native], &more);
    let to = |host: &str| -> Address { format!("https://default:@{host}:{port}/tls").parse().unwrap() };
    let dir = TempDir::new().unwrap();
    let trusted = to("localhost").trusting(&file("ours.crt"));
    let points = Points::open_shipping(dir.path(), Options::shipping(4 << 20), trusted, SOURCE)
        .await
        .unwrap();
    store(&points, (0..500).map(|nth| number(NOW - nth, 1.0)).collect()).await;
    points.seal().await.unwrap();
    assert_eq!(counted(&server, "tls", METRIC), [500; 4]);
    assert_eq!(total(&points, "1h").await, 500);

    let locked = |host: &str| -> Address { format!("https://locked:s3cret@{host}:{port}/tls").parse().unwrap() };
    for (address, why) in [
        (locked("localhost"), "--clickhouse-ca FILE names who made it"),
        (
            locked("localhost").trusting(&file("others.crt")),
            "--clickhouse-ca FILE names who made it",
        ),
        (locked("127.0.0.1").trusting(&file("ours.crt")), "for another host name"),
        (locked("localhost").trusting(&file("missing.crt")), "missing.crt"),
        (locked("localhost").trusting(&file("ours.key")), "it has no certificate"),
        // TLS is good there; it is the password that isn't.
        (locked("localhost").trusting(&file("ours.crt")), "Code: 193"),
    ] {
        let refused = Points::migrate(address).await.unwrap_err().to_string();
        assert!(refused.contains(why) && !refused.contains("s3cret"), "{refused}");
    }
}
