//! Code to copy: whole programs, kept as such in `templates/tutorials/`, with this site's address and the project's
//! DSN in place of the ones they are kept with.

/// The address that programs are kept with.
const URL: &str = "https://stats.example.com";
/// The DSN they are kept with.
const DSN: &str = "00000000-0000-4000-8000-000000000000";
/// What stands in the line between connecting and publishing.
const PUBLISH: &str = "Publish:";

/// What an app is written with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum With {
    /// JavaScript in a browser.
    #[default]
    Browser,
    /// Node.
    Node,
    /// A shell.
    Curl,
    /// Rust.
    Rust,
    /// Python.
    Python,
}

/// A program in two parts, as one reads them; together they are the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Snippet {
    /// What it needs once.
    pub(super) connect: String,
    /// What it does as often as it likes.
    pub(super) publish: String,
}

impl With {
    pub(super) const ALL: [Self; 5] = [Self::Browser, Self::Node, Self::Curl, Self::Rust, Self::Python];

    /// What it is called in a link.
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Browser => "browser",
            Self::Node => "node",
            Self::Curl => "curl",
            Self::Rust => "rust",
            Self::Python => "python",
        }
    }

    /// What people read.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Browser => "Browser",
            Self::Node => "Node",
            Self::Curl => "curl",
            Self::Rust => "Rust",
            Self::Python => "Python",
        }
    }

    /// The one called so in a link; the browser, if there is none.
    pub(super) fn from_code(code: &str) -> Self {
        Self::ALL
            .into_iter()
            .find(|with| with.code() == code)
            .unwrap_or_default()
    }

    const fn program(self) -> &'static str {
        match self {
            Self::Browser => include_str!("../../../templates/tutorials/browser.js"),
            Self::Node => include_str!("../../../templates/tutorials/node.mjs"),
            Self::Curl => include_str!("../../../templates/tutorials/curl.sh"),
            Self::Rust => include_str!("../../../templates/tutorials/rust.rs"),
            Self::Python => include_str!("../../../templates/tutorials/python.py"),
        }
    }

    /// The program that publishes to `dsn` at `url`.
    pub(super) fn snippet(self, url: &str, dsn: &str) -> Snippet {
        let mut parts = [String::new(), String::new()];
        let mut part = 0;
        for line in self.program().lines() {
            if line.contains(PUBLISH) {
                part = 1;
                continue;
            }
            parts[part].push_str(line);
            parts[part].push('\n');
        }
        let [connect, publish] = parts.map(|text| text.trim().replace(URL, url).replace(DSN, dsn));
        Snippet { connect, publish }
    }
}

#[cfg(test)]
mod tests {
    use super::{DSN, URL, With};

    #[test]
    fn every_program_has_both_parts_and_this_site_s_address_and_dsn() {
        for with in With::ALL {
            assert_eq!(With::from_code(with.code()), with);
            let snippet = with.snippet("http://localhost:9", "the-dsn");
            let whole = format!("{}\n{}", snippet.connect, snippet.publish);
            assert!(
                whole.contains("http://localhost:9/api/v1/ingest") && whole.contains("the-dsn"),
                "{whole}"
            );
            assert!(
                !whole.contains(URL) && !whole.contains(DSN) && !snippet.publish.is_empty(),
                "{whole}"
            );
        }
        assert_eq!(With::from_code("cobol"), With::Browser);
    }
}
