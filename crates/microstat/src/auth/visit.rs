//! A browser's visit: a random cookie from the first page on, which forms are bound to before anyone has signed in,
//! and a note that one page leaves for the next.

use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::Response;
use data_encoding::BASE64URL_NOPAD;
use domain::zone::Zone;
use subtle::ConstantTimeEq;

use crate::clock::Random;
use crate::config::Config;
use crate::secrets::Keys;
use crate::state::Shared;
use crate::web::is_public;

/// What one page leaves to be said on the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The words, on one line.
    pub text: String,
    /// Where a form undoes what they tell of, if that can be.
    pub undo: Option<String>,
}

/// What the visit's cookie says, put into the request's extensions.
#[derive(Clone, Debug)]
pub struct Visit {
    /// 128 random bits of this browser.
    pub seed: String,
    /// What the page before left to be said.
    pub notice: Option<Notice>,
    /// The time zone of the browser, which script has written down in a cookie of its own.
    pub zone: Option<Zone>,
}

impl Visit {
    /// The visit a request belongs to; [`layer`] has put it there.
    #[must_use]
    pub fn of(parts: &Parts) -> Self {
        parts.extensions.get().cloned().unwrap_or_else(|| Self {
            seed: String::new(),
            notice: None,
            zone: None,
        })
    }
}

/// The value of a cookie.
pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok());
    all.flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(n, _)| *n == name)
        .map(|(_, v)| v)
}

/// A cookie's name: browsers keep `__Host-` ones to this host and https.
pub(crate) fn cookie_name(config: &Config, name: &str) -> String {
    if config.is_https() {
        format!("__Host-{name}")
    } else {
        name.to_owned()
    }
}

/// A `Set-Cookie` value: for this host, this site's requests, not for scripts. No age: until the browser closes.
pub(crate) fn set_cookie(config: &Config, name: &str, value: &str, max_age_s: Option<i64>) -> HeaderValue {
    let name = cookie_name(config, name);
    let secure = if config.is_https() { "; Secure" } else { "" };
    let age = max_age_s.map_or_else(String::new, |s| format!("; Max-Age={s}"));
    HeaderValue::from_str(&format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}"))
        .unwrap_or(HeaderValue::from_static(""))
}

/// Gives every browser its cookie (not for what public links show), hands the note on once, and refuses changes asked for by another site.
pub(crate) async fn layer(State(app): State<Shared>, mut request: Request, next: Next) -> Response {
    let known = cookie(request.headers(), &cookie_name(&app.config, "visit"))
        .filter(|seed| seed.len() == 22)
        .map(str::to_owned);
    let seed = known.clone().unwrap_or_else(|| new_seed(&app.random));
    let notice = cookie(request.headers(), &cookie_name(&app.config, "notice")).and_then(|c| read_notice(&app.keys, c));
    // Names have slashes, which scripts write as %2F.
    let zone = cookie(request.headers(), "zone").and_then(|name| Zone::parse(&name.replace("%2F", "/")).ok());
    // A page that looks again by script shows nobody the note.
    let is_script = request
        .headers()
        .get("sec-fetch-dest")
        .is_some_and(|dest| dest == "empty");
    let told = notice.is_some() && request.method() == Method::GET && !is_script;
    request.extensions_mut().insert(Visit {
        seed: seed.clone(),
        notice,
        zone,
    });
    let public = is_public(request.uri().path());
    let mut response = next.run(request).await;
    if known.is_none() && !public {
        response
            .headers_mut()
            .append(header::SET_COOKIE, set_cookie(&app.config, "visit", &seed, None));
    }
    let html = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|v| v.as_bytes().starts_with(b"text/html"));
    if told && html {
        response
            .headers_mut()
            .append(header::SET_COOKIE, set_cookie(&app.config, "notice", "", Some(0)));
    }
    response
}

fn new_seed(random: &Random) -> String {
    BASE64URL_NOPAD.encode(&random.bytes::<16>())
}

/// A note for the next page, signed, so that no other site can put words in our mouth.
pub(crate) fn write_notice(keys: &Keys, notice: &Notice) -> String {
    let mut text = notice.text.replace('\n', " ");
    if let Some(undo) = &notice.undo {
        text.push('\n');
        text.push_str(undo);
    }
    let mac = keys.mac("notice", &[text.as_bytes()]);
    format!(
        "{}.{}",
        BASE64URL_NOPAD.encode(&mac[..16]),
        BASE64URL_NOPAD.encode(text.as_bytes())
    )
}

fn read_notice(keys: &Keys, cookie: &str) -> Option<Notice> {
    let (mac, text) = cookie.split_once('.')?;
    let text = String::from_utf8(BASE64URL_NOPAD.decode(text.as_bytes()).ok()?).ok()?;
    let mac = BASE64URL_NOPAD.decode(mac.as_bytes()).ok()?;
    let right = keys.mac("notice", &[text.as_bytes()]);
    if !bool::from(mac.ct_eq(&right[..16])) {
        return None;
    }
    Some(match text.split_once('\n') {
        Some((text, undo)) => Notice {
            text: text.to_owned(),
            undo: Some(undo.to_owned()),
        },
        None => Notice { text, undo: None },
    })
}
