//! ClickHouse, by rows of JSON. It answers when a part is written, without syncing it.

use std::fs;
use std::process::Command;

use super::http;
use super::packages::Packages;
use super::running::Running;
use crate::Failure;
use crate::data_points::DataPoint;
use crate::load::Request;

const USERS: &str = "<?xml version=\"1.0\"?><yandex><profiles><default/></profiles><quotas><default/></quotas>\
    <users><default><password/><networks><ip>127.0.0.1</ip></networks><profile>default</profile>\
    <quota>default</quota></default></users></yandex>";
/// Out of the box it refuses inserts when 300 parts wait to be merged, as they soon do with small ones; here it may slow
/// down instead, so that there is a figure.
const TABLE: &str = "create table points (at DateTime default now(), metric String, value Float64, word String) \
    engine = MergeTree partition by toYYYYMM(at) order by (metric, at) \
    settings parts_to_throw_insert = 10000";

pub(super) async fn start(packages: &Packages) -> Result<Running, Failure> {
    let running = serve(packages).await?;
    running.say("/", TABLE).await?;
    Ok(running)
}

/// A server without tables.
pub(crate) async fn serve(packages: &Packages) -> Result<Running, Failure> {
    let root = packages.unpack("clickhouse-server")?;
    let mut running = Running::prepare()?;
    let (folder, port) = (running.folder().display(), running.address.port());
    let config = format!(
        "<?xml version=\"1.0\"?><yandex><logger><level>warning</level><console>1</console></logger>\
         <http_port>{port}</http_port><listen_host>127.0.0.1</listen_host><mark_cache_size>1073741824</mark_cache_size>\
         <path>{folder}/data/</path><tmp_path>{folder}/tmp/</tmp_path><user_files_path>{folder}/files/</user_files_path>\
         <users_config>users.xml</users_config><default_profile>default</default_profile>\
         <default_database>default</default_database></yandex>"
    );
    let file = running.folder().join("config.xml");
    fs::write(&file, config)?;
    fs::write(running.folder().join("users.xml"), USERS)?;
    let libraries = ["usr/lib", "lib"].map(|lib| root.join(lib).join(multiarch()).display().to_string());
    let mut command = Command::new(root.join("usr/sbin/clickhouse-server"));
    command
        .env("LD_LIBRARY_PATH", libraries.join(":"))
        .arg(format!("--config-file={}", file.display()));
    running.start(&mut command)?;
    running.ready("/ping").await?;
    Ok(running)
}

/// What Debian calls this machine's kind.
fn multiarch() -> String {
    format!("{}-linux-gnu", std::env::consts::ARCH)
}

/// The columns are named, so that the one left out gets the time of arrival.
pub(super) fn request(points: &[DataPoint]) -> Request {
    let rows = points.iter().map(|point| {
        let (metric, value) = (point.metric, point.number());
        let word = point.word().unwrap_or_default();
        format!("{{\"metric\":\"Metric {metric}\",\"value\":{value},\"word\":\"{word}\"}}\n")
    });
    let path = "/?query=insert+into+points+(metric,value,word)+format+JSONEachRow";
    http::fixed(path, &rows.collect::<String>(), points.len())
}
