//! Where ClickHouse is, as people write it: `https://user:password@host:8443,host/database`.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use percent_encoding::percent_decode_str;

/// Where ClickHouse is, and how to get in. Its password is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    pub(super) hosts: Vec<Host>,
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
    pub(super) database: String,
    pub(super) cluster: Option<String>,
    /// Who makes the servers' certificates, if not somebody the system trusts.
    pub(super) authority: Option<PathBuf>,
}

/// A server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Host {
    pub(super) tls: bool,
    pub(super) name: String,
    pub(super) port: u16,
}

/// An address can't be used. Says what is wrong with it, not what it is, for it may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the address of ClickHouse {0}; it looks like http://user:password@host:8123/database, with further hosts after commas"
)]
pub struct BadAddress(&'static str);

/// Used if none is named.
const DATABASE: &str = "microstat";

impl Address {
    /// Tables are made on every server of this cluster, replicated in each shard and spread over shards.
    ///
    /// # Errors
    /// If that is no name of a cluster.
    pub fn on_cluster(mut self, cluster: &str) -> Result<Self, BadAddress> {
        if !is_name(cluster) {
            return Err(BadAddress(
                "has a cluster whose name is not made of letters, digits and _",
            ));
        }
        self.cluster = Some(cluster.to_owned());
        Ok(self)
    }
}

impl Address {
    /// Over TLS, servers are trusted whose certificates those in this file (PEM) have made, and no others.
    #[must_use]
    pub fn trusting(mut self, authority: &Path) -> Self {
        self.authority = Some(authority.to_owned());
        self
    }
}

/// What can stand in a statement as it is.
fn is_name(text: &str) -> bool {
    let begins = text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    begins && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

impl FromStr for Address {
    type Err = BadAddress;

    fn from_str(text: &str) -> Result<Self, BadAddress> {
        let mut address = Self {
            hosts: Vec::new(),
            user: None,
            password: None,
            database: String::new(),
            cluster: None,
            authority: None,
        };
        let mut tls = None;
        for part in text.split(',').map(str::trim) {
            let rest = if let Some((scheme, rest)) = part.split_once("://") {
                tls = Some(match scheme {
                    "http" => false,
                    "https" => true,
                    _ => return Err(BadAddress("begins with neither http:// nor https://")),
                });
                rest
            } else {
                part
            };
            let tls = tls.ok_or(BadAddress("begins with neither http:// nor https://"))?;
            let (place, path) = rest.split_once('/').unwrap_or((rest, ""));
            let place = if let Some((who, place)) = place.rsplit_once('@') {
                address.credentials(who)?;
                place
            } else {
                place
            };
            address.database(path)?;
            address.hosts.push(host(place, tls)?);
        }
        if address.database.is_empty() {
            DATABASE.clone_into(&mut address.database);
        }
        Ok(address)
    }
}

impl Address {
    fn credentials(&mut self, who: &str) -> Result<(), BadAddress> {
        let (user, password) = who.split_once(':').unwrap_or((who, ""));
        let decoded = |text: &str| {
            let text = percent_decode_str(text).decode_utf8();
            let text = text.map_err(|_| BadAddress("has a user or password that is not UTF-8"))?;
            // They are sent in a head's lines.
            if text.chars().any(char::is_control) {
                return Err(BadAddress("has a control character in its user or password"));
            }
            Ok(text.into_owned())
        };
        let (user, password) = (Some(decoded(user)?), Some(decoded(password)?));
        if self.user.is_some() && (&self.user, &self.password) != (&user, &password) {
            return Err(BadAddress("names several users; all hosts have the same"));
        }
        (self.user, self.password) = (user, password);
        Ok(())
    }

    fn database(&mut self, path: &str) -> Result<(), BadAddress> {
        let name = path.trim_end_matches('/');
        if name.is_empty() {
            return Ok(());
        }
        if !is_name(name) {
            return Err(BadAddress(
                "has a database whose name is not made of letters, digits and _",
            ));
        }
        if !self.database.is_empty() && self.database != name {
            return Err(BadAddress("names several databases; all hosts have the same"));
        }
        name.clone_into(&mut self.database);
        Ok(())
    }
}

fn host(place: &str, tls: bool) -> Result<Host, BadAddress> {
    let bad = BadAddress("has a host that is none");
    let (name, port) = match place.rsplit_once(':') {
        // The colons of an IPv6 address are in brackets.
        Some((name, port)) if !port.ends_with(']') => (name, port.parse().map_err(|_| bad)?),
        _ => (place, if tls { 8_443 } else { 8_123 }),
    };
    let plain = name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'))
        .unwrap_or(name);
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:".contains(&byte);
    if plain.is_empty() || !plain.bytes().all(fits) || (plain.contains(':') && plain == name) {
        return Err(bad);
    }
    Ok(Host {
        tls,
        name: plain.to_owned(),
        port,
    })
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.name.contains(':') {
            write!(f, "[{}]:{}", self.name, self.port)
        } else {
            write!(f, "{}:{}", self.name, self.port)
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, host) in self.hosts.iter().enumerate() {
            let scheme = if host.tls { "https" } else { "http" };
            write!(f, "{}{scheme}://{host}", if place > 0 { "," } else { "" })?;
        }
        write!(f, "/{}", self.database)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::{Address, BadAddress};

    fn read(text: &str) -> Result<String, BadAddress> {
        text.parse::<Address>().map(|address| address.to_string())
    }

    #[test]
    fn addresses_are_read_as_people_write_them() {
        let said = |text, shown: &str| assert_eq!(read(text).as_deref(), Ok(shown), "{text}");
        said("http://localhost", "http://localhost:8123/microstat");
        said("https://a/stat/", "https://a:8443/stat");
        said("http://u:p@a:1,b:2/stat", "http://a:1,http://b:2/stat");
        said("http://u:p@a:1/x,https://u:p@b/x", "http://a:1,https://b:8443/x");
        said("http://[::1]:9,[::2]/x", "http://[::1]:9,http://[::2]:8123/x");
        let address: Address = "http://me:a%40b%3Ac@host".parse().unwrap();
        assert_eq!(address.user.as_deref(), Some("me"));
        assert_eq!(address.password.as_deref(), Some("a@b:c"));
        assert!(
            !format!("{address:?}{address}").contains("a@b"),
            "a password is printed"
        );
    }

    #[test]
    fn what_is_none_is_refused() {
        for bad in [
            "",
            "host",
            "ftp://host",
            "http://",
            "http://a,,b",
            "http://a:b",
            "http://a b",
            "http://::1",
            "http://a/x-y",
            "http://a/x,b/y",
            "http://u:p@a,http://v:p@b",
            "http://a/x;drop",
            "http://u:%0a@a",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
        let address: Address = "http://a".parse().unwrap();
        assert!(address.clone().on_cluster("two_shards").is_ok());
        assert!(address.on_cluster("a b").is_err());
    }
}
