//! "Import": upload, look, start, and what comes of it.

use std::io::Write as _;
use std::path::PathBuf;

use axum::http::{Method, Request, StatusCode, header};
use domain::id::ProjectId;
use domain::role::Role;
use domain::time::{DAY, HOUR, MINUTE};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;
use store::db::sql;
use store::import_parts::{self, Kind};
use store::imports::{Import, State};

use crate::exports::Shop;
use crate::harness::{Answer, Browser, Site};

/// Somebody with a project, who imports into it.
struct Importer {
    browser: Browser,
    project: ProjectId,
}

const ORDERS: &str = "time,metric,type,value\n\
    2026-11-24T09:00:00Z,Order,Hit Counter,2\n\
    2026-11-24T09:30:00Z,Order,Hit Counter,x\n\
    2026-11-24T09:30:00Z,Cart,Counter,12.5\n\
    2001-01-01T00:00:00Z,Cart,Counter,1\n";

impl Importer {
    async fn new(site: &Site, name: &str) -> Self {
        let mut browser = site.browser();
        let path = browser.sign_up(name, &format!("{name}@example.com")).await;
        let project = path.trim_start_matches("/projects/").parse().unwrap();
        Self { browser, project }
    }

    fn path(&self) -> String {
        format!("/projects/{}/imports", self.project)
    }

    /// Sends a file as a form without script does.
    async fn upload(&mut self, name: &str, bytes: &[u8]) -> Answer {
        let path = self.path();
        self.browser.open(&path).await;
        let csrf = self.browser.csrf();
        let mut body = format!(
            "--b\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n{csrf}\r\n--b\r\nContent-Disposition: form-data; \
             name=\"file\"; filename=\"{name}\"\r\nContent-Type: text/csv\r\n\r\n"
        )
        .into_bytes();
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n--b--\r\n");
        let request =
            Request::post(format!("{path}/file")).header(header::CONTENT_TYPE, "multipart/form-data; boundary=b");
        let answer = self.browser.send(request, body).await;
        if answer.status.is_redirection() {
            let to = answer.location().to_owned();
            self.browser.open(&to).await;
        } else {
            self.browser.page.clone_from(&answer.text);
        }
        answer
    }

    /// Uploads a file and starts its import as it was guessed; gives its page's path.
    async fn start(&mut self, name: &str, bytes: &[u8]) -> String {
        let page = self.upload(name, bytes).await.location().to_owned();
        let fields = hidden(&self.browser.page);
        let fields: Vec<(&str, &str)> = fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let answer = self.browser.submit(&format!("{page}/start"), &fields).await;
        assert_eq!(answer.location(), page, "{answer:?}");
        page
    }

    async fn import(&mut self, site: &Site, name: &str, bytes: &[u8]) -> Import {
        let page = self.start(name, bytes).await;
        microstat::jobs::imports::run_due(&site.app).await.unwrap();
        self.browser.open(&page).await;
        let all = store::imports::of_project(&site.app.db, self.project).await.unwrap();
        let this = all.into_iter().find(|import| page.ends_with(&import.id.to_string()));
        this.expect("the import the page shows")
    }

    async fn last(&self, site: &Site) -> Import {
        store::imports::of_project(&site.app.db, self.project)
            .await
            .unwrap()
            .remove(0)
    }

    async fn export(&mut self) -> String {
        let answer = self
            .browser
            .fetch(&format!("/projects/{}/export/file?format=jsonl", self.project))
            .await;
        assert_eq!(answer.status, StatusCode::OK);
        answer.text
    }

    /// Sends a part as script does.
    async fn part(&mut self, url: &str, offset: usize, bytes: &[u8]) -> (StatusCode, Value) {
        let request = Request::builder()
            .method(Method::POST)
            .uri(format!("{url}/parts?offset={offset}"));
        let request = request.header("x-csrf", self.browser.csrf());
        let answer = self.browser.send(request, bytes.to_vec()).await;
        (answer.status, serde_json::from_str(&answer.text).unwrap_or_default())
    }
}

/// The fields of the form that starts an import, but for its token.
fn hidden(page: &str) -> Vec<(String, String)> {
    let form = page.split("/start\">").nth(1).expect("a form that starts it");
    let form = form.split("</form>").next().unwrap();
    let field = |part: &str| {
        let (name, rest) = part.split_once("\" value=\"")?;
        let value = rest
            .split('"')
            .next()?
            .replace("&#39;", "'")
            .replace("&#34;", "\"")
            .replace("&#38;", "&");
        (name != "csrf").then(|| (name.to_owned(), value))
    };
    form.split("name=\"").filter_map(field).collect()
}

fn packed(text: &str) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(text.as_bytes()).unwrap();
    packed.finish().unwrap()
}

fn files(site: &Site) -> Vec<PathBuf> {
    let folder = std::fs::read_dir(site.app.config.data.join("imports"));
    folder
        .map(|files| files.map(|file| file.unwrap().path()).collect())
        .unwrap_or_default()
}

#[tokio::test]
async fn without_script_a_file_is_uploaded_looked_at_and_imported() {
    let site = Site::new().await;
    let mut ada = Importer::new(&site, "ada").await;
    let answer = ada.upload("C:\\data\\orders.csv", ORDERS.as_bytes()).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{answer:?}");
    for said in [
        "orders.csv",
        "Of all 4, 2 would be rejected.",
        "Value of a Hit Counter must be a whole number from 1 to 1000000.",
        "2026-11-24T09:30:00Z, Order, Hit Counter, x",
        "Timestamp is older than the project keeps data points.",
    ] {
        assert!(ada.browser.says(said), "{said}: {}", ada.browser.page);
    }
    let import = ada.import(&site, "orders.csv", ORDERS.as_bytes()).await;
    assert_eq!(
        (import.state, import.progress.accepted, import.progress.rejected),
        (State::Done, 2, 2)
    );
    for said in [
        "Imported",
        "What came in",
        "Order",
        "Cart",
        "Download what was rejected",
    ] {
        assert!(ada.browser.says(said), "{said}: {}", ada.browser.page);
    }
    let list = ada
        .browser
        .fetch(&format!("{}/{}/rejected.csv", ada.path(), import.id))
        .await;
    let expected = "row,reason,message,\"time\",\"metric\",\"type\",\"value\"\r\n\
        3,invalid_value,\"value of a Hit Counter must be a whole number from 1 to 1000000\",\
        \"2026-11-24T09:30:00Z\",\"Order\",\"Hit Counter\",\"x\"\r\n\
        5,timestamp_too_old,\"timestamp is older than the project keeps data points\",\
        \"2001-01-01T00:00:00Z\",\"Cart\",\"Counter\",\"1\"\r\n";
    assert_eq!(list.text, expected);
    let organisation = site.organisation_of("ada@example.com").await;
    let events = store::audit_events::of_organisation(&site.app.db, organisation, None, 9)
        .await
        .unwrap();
    let ended = events
        .iter()
        .find(|event| event.action == "import.ended")
        .expect("in the audit log");
    assert!(
        ended.detail.contains("2 data points stored, 2 rejected"),
        "{}",
        ended.detail
    );
    assert!(events.iter().any(|event| event.action == "import.started"));
    let path = ada.path();
    ada.browser.open(&path).await;
    assert!(ada.browser.says("2 data points imported"));
}

#[tokio::test]
async fn what_is_exported_comes_back_the_same_in_another_project() {
    let shop = Shop::furnished().await;
    let mut bob = Importer::new(&shop.site, "bob").await;
    let mut cleo = Importer::new(&shop.site, "cleo").await;
    let csv = String::from_utf8(shop.bytes("").await).unwrap();
    let lines = String::from_utf8(shop.bytes("format=jsonl").await).unwrap();
    let import = bob.import(&shop.site, "export.csv.gz", &packed(&csv)).await;
    assert_eq!(
        (import.progress.accepted, import.progress.rejected),
        (15, 0),
        "{}",
        bob.browser.page
    );
    let import = cleo.import(&shop.site, "export.jsonl", lines.as_bytes()).await;
    assert_eq!(
        (import.progress.accepted, import.progress.rejected),
        (15, 0),
        "{}",
        cleo.browser.page
    );
    let sorted = |text: String| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    let original = sorted(lines);
    assert_eq!(sorted(bob.export().await), original);
    assert_eq!(sorted(cleo.export().await), original);
    // what they add up to as well
    let of = async |importer: &mut Importer| {
        let path = format!("/projects/{}/export/file?level=hour", importer.project);
        importer.browser.fetch(&path).await.text
    };
    let hours = String::from_utf8(shop.bytes("level=hour").await).unwrap();
    assert_eq!(of(&mut bob).await, hours);
    assert_eq!(of(&mut cleo).await, hours);
}

#[tokio::test]
async fn an_upload_in_parts_goes_on_where_it_was() {
    let site = Site::new().await;
    let mut ada = Importer::new(&site, "ada").await;
    let (path, bytes) = (ada.path(), ORDERS.as_bytes());
    ada.browser.open(&path).await;
    let length = bytes.len().to_string();
    let file = [("name", "orders.csv"), ("size", length.as_str()), ("modified", "7")];
    let begun = ada.browser.post(&path, &file).await;
    assert_eq!(begun.status, StatusCode::CREATED, "{begun:?}");
    let url = begun.json()["url"].as_str().unwrap().to_owned();
    let (status, there) = ada.part(&url, 0, &bytes[..40]).await;
    assert_eq!((status, there["received"].as_u64()), (StatusCode::OK, Some(40)));
    // sent twice, or out of turn: told where it is
    for offset in [0, 80] {
        let (status, there) = ada.part(&url, offset, &bytes[40..80]).await;
        assert_eq!(
            (status, there["received"].as_u64()),
            (StatusCode::CONFLICT, Some(40)),
            "{offset}"
        );
    }
    let (status, _) = ada.part(&url, 40, &[bytes, b"more than it may have"].concat()).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    // the tab was closed; the same file is chosen again
    let again = ada.browser.post(&path, &file).await;
    assert_eq!(
        (again.status, again.json()["received"].as_u64()),
        (StatusCode::OK, Some(40))
    );
    assert_eq!(again.json()["url"], url.as_str());
    let other = ada
        .browser
        .post(&path, &[("name", "orders.csv"), ("size", &length), ("modified", "8")])
        .await;
    assert_eq!(other.status, StatusCode::CREATED);
    // what came was lost, as after a restore: all of it has to come again
    let data = site
        .app
        .config
        .data
        .join("imports")
        .join(format!("{}.data", url.rsplit('/').next().unwrap()));
    std::fs::remove_file(&data).unwrap();
    let (status, there) = ada.part(&url, 40, &bytes[40..]).await;
    assert_eq!((status, there["received"].as_u64()), (StatusCode::CONFLICT, Some(0)));
    ada.part(&url, 0, &bytes[..50]).await;
    let (_, there) = ada.part(&url, 50, &bytes[50..]).await;
    assert_eq!(there["state"], "ready");
    ada.browser.open(&url).await;
    assert!(
        ada.browser.says("Of all 4, 2 would be rejected."),
        "{}",
        ada.browser.page
    );
    let without = Request::post(format!("{url}/parts?offset=0"));
    assert_eq!(ada.browser.send(without, "x").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_batch_that_was_stored_before_the_program_died_is_not_stored_again() {
    let site = Site::new().await;
    let mut ada = Importer::new(&site, "ada").await;
    let before = ada.import(&site, "orders.csv", ORDERS.as_bytes()).await;
    let stored = ada.export().await;
    // as if it had died between storing the batch and writing that down
    let data = site.app.config.data.join("imports").join(format!("{}.data", before.id));
    let died = async |touched_ago: i64| {
        std::fs::write(&data, ORDERS).unwrap();
        let mut tx = site.app.db.begin().await.unwrap();
        // where several processes read it
        import_parts::add(&mut tx, before.id, Kind::File, 0, ORDERS.into())
            .await
            .unwrap();
        sql(
            "update imports set state = 'running', place = 0, taken = 0, rows_read = 0, accepted = 0, rejected = 0, \
             rejected_bytes = 0, metrics = '{}', held_until = 1, touched_at = $1",
        )
        .bind(site.app.now() - touched_ago)
        .execute(&mut tx)
        .await
        .unwrap();
        tx.commit().await.unwrap();
        microstat::jobs::imports::run_due(&site.app).await.unwrap();
    };
    died(MINUTE).await;
    let after = ada.last(&site).await;
    assert_eq!(after.state, State::Done);
    assert_eq!(after.progress, before.progress);
    assert_eq!(ada.export().await, stored);
    // so long ago that nobody knows any more: it isn't guessed
    died(DAY).await;
    let failed = ada.last(&site).await;
    assert_eq!(failed.state, State::Failed);
    assert!(failed.problem.contains("stopped for a day"));
    assert_eq!(ada.export().await, stored);
}

#[tokio::test]
async fn many_rows_are_read_in_batches_and_counted_exactly() {
    use std::fmt::Write as _;
    let site = Site::new().await;
    let mut ada = Importer::new(&site, "ada").await;
    let mut text = "time;Orders;Load\n".to_owned();
    for n in 0..9_000 {
        let load = if n % 100 == 7 { "?".to_owned() } else { format!("{n},5") };
        let _ = writeln!(text, "{};{n};{load}", 1_795_510_000 + n / 4);
    }
    let page = ada.upload("figures.csv", &packed(&text)).await.location().to_owned();
    assert!(ada.browser.says("The first rows"), "{}", ada.browser.page);
    let fields = [
        ("format", "csv"),
        ("delimiter", "semicolon"),
        ("header", "yes"),
        ("read_as", "semicolon-true"),
        ("layout", "wide"),
        ("time", "0"),
        ("time_form", "s"),
        ("zone", "UTC"),
        ("kind", "Timer"),
        ("decimal", "comma"),
    ];
    ada.browser.submit(&format!("{page}/start"), &fields).await;
    microstat::jobs::imports::run_due(&site.app).await.unwrap();
    let import = ada.last(&site).await;
    assert_eq!(import.state, State::Done, "{}", import.problem);
    assert_eq!(
        (import.progress.rows, import.progress.accepted, import.progress.rejected),
        (9_001, 17_910, 90)
    );
    let list = ada.browser.fetch(&format!("{page}/rejected.csv")).await.text;
    assert_eq!(list.lines().count(), 91);
    assert!(
        files(&site)
            .iter()
            .all(|file| file.to_string_lossy().ends_with(".rejected.csv"))
    );
    let mut all: Vec<f64> = ada
        .export()
        .await
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|line| line["metric"] == "Load")
        .map(|line| line["value"].as_f64().unwrap())
        .collect();
    all.sort_by(f64::total_cmp);
    assert_eq!((all.len(), all[0], all[8_909]), (8_910, 0.5, 8_999.5));
}

#[tokio::test]
async fn past_the_metric_limit_rows_are_rejected_as_published_ones_are() {
    let site = Site::new().await;
    let mut ada = Importer::new(&site, "ada").await;
    let mut tx = site.app.db.begin().await.unwrap();
    sql("update projects set metric_limit = 1")
        .execute(&mut tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let import = ada.import(&site, "orders.csv", ORDERS.as_bytes()).await;
    assert_eq!((import.progress.accepted, import.progress.rejected), (1, 3));
    let list = ada
        .browser
        .fetch(&format!("{}/{}/rejected.csv", ada.path(), import.id))
        .await
        .text;
    assert!(list.contains(",metric_limit,"), "{list}");
}

#[tokio::test]
async fn one_runs_at_a_time_it_can_be_cancelled_and_a_paused_project_takes_none() {
    let site = Site::new().await;
    let mut ada = Importer::new(&site, "ada").await;
    let first = ada.start("first.csv", ORDERS.as_bytes()).await;
    let second = ada.upload("second.csv", ORDERS.as_bytes()).await.location().to_owned();
    let start = format!("{second}/start");
    assert_eq!(ada.browser.post(&start, &[]).await.status, StatusCode::CONFLICT);
    ada.browser.open(&first).await;
    assert!(ada.browser.says("0 % imported"), "{}", ada.browser.page);
    ada.browser.submit(&format!("{first}/cancellation"), &[]).await;
    assert!(
        ada.browser.says("What came in until then stays."),
        "{}",
        ada.browser.page
    );
    microstat::jobs::imports::run_due(&site.app).await.unwrap();
    assert_eq!(ada.export().await, "");
    let settings = format!("/projects/{}", ada.project);
    ada.browser
        .submit(&format!("{settings}/pause"), &[("paused", "true")])
        .await;
    ada.browser.open(&second).await;
    assert_eq!(ada.browser.post(&start, &[]).await.status, StatusCode::CONFLICT);
    ada.browser
        .submit(&format!("{settings}/pause"), &[("paused", "false")])
        .await;
    ada.browser.open(&second).await;
    assert_eq!(ada.browser.post(&start, &[]).await.status, StatusCode::SEE_OTHER);
    ada.browser
        .submit(&format!("{settings}/pause"), &[("paused", "true")])
        .await;
    microstat::jobs::imports::run_due(&site.app).await.unwrap();
    assert_eq!(ada.last(&site).await.progress.rows, 0, "it waits");
    ada.browser
        .submit(&format!("{settings}/pause"), &[("paused", "false")])
        .await;
    microstat::jobs::imports::run_due(&site.app).await.unwrap();
    assert_eq!(ada.export().await.lines().count(), 2);
}

#[tokio::test]
async fn files_that_can_t_be_imported_say_why() {
    let site = Site::new().await;
    let mut ada = Importer::new(&site, "ada").await;
    let empty = ada.upload("empty.csv", b"").await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(ada.browser.says("This file is empty."));
    ada.upload("array.json", b"[{\"time\": 1795514400}]").await;
    assert!(ada.browser.says("The file is one JSON array."), "{}", ada.browser.page);
    let mut torn = packed(ORDERS);
    torn.truncate(30);
    ada.upload("torn.csv.gz", &torn).await;
    assert!(
        ada.browser.says("it can’t be unpacked to its end"),
        "{}",
        ada.browser.page
    );
    let page = ada
        .upload("words.csv", "time,word\n1795514400,hi\n".as_bytes())
        .await
        .location()
        .to_owned();
    assert!(
        ada.browser.says("All 1 data points can be imported."),
        "{}",
        ada.browser.page
    );
    let fields = [
        ("read_as", "comma-true"),
        ("layout", "long"),
        ("kind", "Gauge"),
        ("zone", "UTC"),
        ("metric_name", "w"),
    ];
    let answer = ada.browser.submit(&format!("{page}/start"), &fields).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        ada.browser.says("Choose the column of the type, or one type for all."),
        "{}",
        ada.browser.page
    );
    for n in 0..2 {
        ada.upload(&format!("{n}.csv"), ORDERS.as_bytes()).await;
    }
    assert_eq!(
        ada.upload("one-more.csv", ORDERS.as_bytes()).await.status,
        StatusCode::CONFLICT
    );
    let path = ada.path();
    ada.browser.open(&path).await;
    for file in [("", "10"), ("x.csv", "0"), ("x.csv", "2147483649")] {
        let answer = ada.browser.post(&path, &[("name", file.0), ("size", file.1)]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{file:?}");
    }
}

#[tokio::test]
async fn files_nobody_goes_on_with_are_removed() {
    let site = Site::new().await;
    let mut ada = Importer::new(&site, "ada").await;
    ada.upload("orders.csv", ORDERS.as_bytes()).await;
    std::fs::write(site.app.config.data.join("imports/0123456789.data"), "of nobody").unwrap();
    assert_eq!(files(&site).len(), 2);
    microstat::jobs::imports::sweep(&site.app).await.unwrap();
    assert_eq!(files(&site).len(), 1);
    site.app.clock.advance(7 * DAY);
    microstat::jobs::imports::sweep(&site.app).await.unwrap();
    microstat::jobs::imports::sweep(&site.app).await.unwrap();
    assert_eq!(files(&site).len(), 0);
    assert_eq!(store::imports::of_project(&site.app.db, ada.project).await.unwrap(), []);
}

#[tokio::test]
async fn viewers_import_nothing() {
    let site = Site::new().await;
    let ada = Importer::new(&site, "ada").await;
    let organisation = site.organisation_of("ada@example.com").await;
    let viewer = site.member(organisation, "Vic", Role::Viewer).await;
    let mut viewer = Importer {
        browser: viewer,
        project: ada.project,
    };
    assert_eq!(
        viewer.upload("orders.csv", ORDERS.as_bytes()).await.status,
        StatusCode::FORBIDDEN
    );
    site.app.clock.advance(HOUR);
    assert!(files(&site).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn any_process_takes_the_next_part_shows_the_file_and_reads_it() {
    let Some(sites) = Site::several::<3>(&[]).await else {
        return;
    };
    let ada = Importer::new(&sites[0], "ada").await;
    let (path, project) = (ada.path(), ada.project);
    let mut at = Vec::new();
    for site in &sites {
        let mut browser = site.browser();
        browser.sign_in("ada@example.com").await;
        browser.open(&path).await;
        at.push(Importer { browser, project });
    }
    let bytes = ORDERS.as_bytes();
    let length = bytes.len().to_string();
    let file = [("name", "orders.csv"), ("size", length.as_str()), ("modified", "7")];
    let begun = at[0].browser.post(&path, &file).await;
    assert_eq!(begun.status, StatusCode::CREATED, "{begun:?}");
    let url = begun.json()["url"].as_str().unwrap().to_owned();
    // One that broke off leaves nothing in the way of what another process takes.
    let broken = at[2].part(&url, 0, &[bytes, b"more than it may have"].concat()).await;
    assert_eq!(broken.0, StatusCode::PAYLOAD_TOO_LARGE);
    for (nth, part) in bytes.chunks(bytes.len() / 5).enumerate() {
        let (status, there) = at[nth % 3].part(&url, nth * (bytes.len() / 5), part).await;
        assert_eq!(status, StatusCode::OK, "{there}");
    }
    at[1].browser.open(&url).await;
    assert!(
        at[1].browser.says("Of all 4, 2 would be rejected."),
        "{}",
        at[1].browser.page
    );
    let fields = hidden(&at[1].browser.page);
    let fields: Vec<_> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
    at[1].browser.submit(&format!("{url}/start"), &fields).await;
    microstat::jobs::imports::run_due(&sites[2].app).await.unwrap();
    let import = at[0].last(&sites[0]).await;
    assert_eq!(
        (import.state, import.progress.accepted, import.progress.rejected),
        (State::Done, 2, 2)
    );
    let mut lists = Vec::new();
    for one in &mut at {
        let list = one.browser.fetch(&format!("{url}/rejected.csv")).await;
        assert_eq!(list.status, StatusCode::OK, "{list:?}");
        lists.push(list.text);
    }
    assert_eq!(lists[0].lines().count(), 3, "{}", lists[0]);
    assert!(lists.iter().all(|list| *list == lists[0]), "{lists:?}");
    let left = sql("select count(*) as n from import_parts where kind = 'file'")
        .one(&sites[0].app.db)
        .await;
    assert_eq!(
        left.unwrap().get::<i64>("n").unwrap(),
        0,
        "what is read is kept no longer"
    );
}

#[tokio::test]
async fn a_file_of_a_time_when_there_were_no_others_is_read_where_it_is() {
    let mut site = Site::new().await;
    let mut ada = Importer::new(&site, "ada").await;
    let page = ada.upload("orders.csv", ORDERS.as_bytes()).await.location().to_owned();
    let fields = hidden(&ada.browser.page);
    let mut tx = site.app.db.begin().await.unwrap();
    sql("delete from import_parts").execute(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
    let (project, jar) = (ada.project, ada.browser.jar.clone());
    drop(ada);
    site = site.restarted().await;
    let mut browser = site.browser();
    browser.jar = jar;
    let mut ada = Importer { browser, project };
    ada.browser.open(&page).await;
    let fields: Vec<_> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
    ada.browser.submit(&format!("{page}/start"), &fields).await;
    microstat::jobs::imports::run_due(&site.app).await.unwrap();
    let import = ada.last(&site).await;
    assert_eq!(
        (import.state, import.progress.accepted),
        (State::Done, 2),
        "{}",
        import.problem
    );
}
