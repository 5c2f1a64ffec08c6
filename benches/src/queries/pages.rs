//! What people open: how long the server takes, and how much goes over the wire until the page is whole.

use std::collections::BTreeSet;

use super::asking::times;
use crate::Failure;
use crate::http::{Connection, get};
use crate::server::{EMAIL, PASSWORD, Server};
use crate::table::{Table, percentile, short, verdict};

/// What a browser says that it can unpack.
const PACKED: &str = "Accept-Encoding: gzip, deflate, br, zstd\r\n";
/// A page of each is opened.
const KINDS: [&str; 4] = ["Hit Counter", "Counter", "Timer", "Word Web"];
const GOAL_MS: f64 = 5.0;
const GOAL_KB: f64 = 100.0;

pub(crate) async fn open(server: &Server, token: &str, requests: usize) -> Result<(), Failure> {
    let project = &server.installation.project;
    let metrics = server
        .ask(token, &format!("/api/v1/projects/{project}/metrics"))
        .await?;
    let mut pages = vec![
        ("Dashboard".to_owned(), format!("/projects/{project}"), true),
        ("Metrics".to_owned(), format!("/projects/{project}/metrics"), true),
    ];
    for kind in KINDS {
        let mut all = metrics["metrics"].as_array().into_iter().flatten();
        let metric = all
            .find(|metric| metric["type"] == kind)
            .and_then(|metric| metric["id"].as_str());
        let path = format!(
            "/projects/{project}/metrics/{}",
            metric.ok_or_else(|| format!("no {kind}"))?
        );
        pages.push((format!("a {kind}'s page, 30 d"), format!("{path}?range=30d"), false));
        pages.push((format!("a {kind}'s page"), path, true));
    }
    let mut connection = Connection::open(server.address).await?;
    let cookies = sign_in(&mut connection).await?;
    let head = [
        "page",
        "first ms",
        "p50 ms",
        "p99 ms",
        "page, kB",
        "with CSS and scripts, kB",
        "packed",
        "goal",
        "",
    ];
    let mut table = Table::new(&head);
    for (label, path, has_goal) in pages {
        let request = get(&path, &format!("{PACKED}{cookies}"));
        let took = times(&mut connection, &[request], requests, &label).await?;
        let p50 = percentile(&took.sorted_ms, 50);
        let weight = weigh(&mut connection, &path, &cookies).await?;
        let is_met = p50 < GOAL_MS && weight.whole_kb < GOAL_KB;
        table.row(vec![
            label,
            short(Some(took.first_ms)),
            short(Some(p50)),
            short(Some(percentile(&took.sorted_ms, 99))),
            short(Some(weight.page_kb)),
            short(Some(weight.whole_kb)),
            weight.packed,
            if has_goal {
                format!("p50 < {GOAL_MS}, < {GOAL_KB} kB")
            } else {
                "–".to_owned()
            },
            if has_goal { verdict(is_met) } else { String::new() },
        ]);
    }
    table.print();
    Ok(())
}

struct Weight {
    page_kb: f64,
    whole_kb: f64,
    /// How the page is packed.
    packed: String,
}

/// Everything a browser fetches for a page it sees for the first time, heads included.
async fn weigh(connection: &mut Connection, path: &str, cookies: &str) -> Result<Weight, Failure> {
    let (mut seen, mut next) = (BTreeSet::new(), vec![path.to_owned()]);
    let (mut page, mut whole, mut packed) = (0, 0, String::new());
    while let Some(path) = next.pop() {
        if !seen.insert(path.clone()) {
            continue;
        }
        // as it is, to find what it leads to; then as it is sent
        connection.send(&get(&path, cookies)).await?;
        next.extend(links(&path, &connection.text()));
        connection.send(&get(&path, &format!("{PACKED}{cookies}"))).await?;
        whole += connection.wire_bytes();
        if page == 0 {
            page = whole;
            packed = connection.headers("content-encoding").join(", ");
        }
    }
    if packed.is_empty() {
        "no".clone_into(&mut packed);
    }
    let kb = |bytes| crate::table::float(bytes) / 1e3;
    Ok(Weight {
        page_kb: kb(page),
        whole_kb: kb(whole),
        packed,
    })
}

/// The style sheets, scripts and pictures that a page, or a script, leads to.
fn links(path: &str, text: &str) -> Vec<String> {
    if path.contains("/js/") {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let quoted = text
            .lines()
            .filter(|line| line.starts_with("import "))
            .filter_map(|line| line.split('"').nth(1));
        return quoted
            .map(|name| format!("{folder}/{}", name.trim_start_matches("./")))
            .collect();
    }
    let quoted = text.split('"').filter(|quoted| quoted.starts_with("/static/"));
    quoted.map(str::to_owned).collect()
}

/// Signs in with the form, as without script; what the browser keeps comes back as a header.
pub(crate) async fn sign_in(connection: &mut Connection) -> Result<String, Failure> {
    connection.send(&get("/sign-in", "")).await?;
    let visit = cookies(connection);
    let form = connection.text();
    let (_, rest) = form
        .split_once("name=\"csrf\" value=\"")
        .ok_or("no form to sign in with")?;
    let csrf = rest.split('"').next().unwrap_or_default();
    let body = format!("csrf={csrf}&email={}&password={PASSWORD}", EMAIL.replace('@', "%40"));
    let length = body.len();
    let request = format!(
        "POST /sign-in HTTP/1.1\r\nHost: localhost\r\nCookie: {visit}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    let status = connection.send(request.as_bytes()).await?;
    if status != 303 {
        return Err(format!("signing in answers {status}").into());
    }
    Ok(format!("Cookie: {visit}; {}\r\n", cookies(connection)))
}

/// What an answer asks to keep.
fn cookies(connection: &Connection) -> String {
    let set = connection.headers("set-cookie");
    let pairs = set.iter().map(|cookie| cookie.split(';').next().unwrap_or_default());
    pairs.collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::links;

    #[test]
    fn a_page_leads_to_its_styles_and_scripts_and_those_to_others() {
        let page =
            r#"<link rel="stylesheet" href="/static/1/app.css"><a href="/x"><script src="/static/1/js/main.js">"#;
        assert_eq!(links("/", page), ["/static/1/app.css", "/static/1/js/main.js"]);
        assert_eq!(
            links("/static/1/js/main.js", "import \"./a.js\";\nlet x = \"y\";"),
            ["/static/1/js/a.js"]
        );
    }
}
