//! Markdown as a page: sections that can be linked to, and no markup but our own.

use std::collections::HashSet;
use std::fmt;

use askama::filters::HtmlSafe;
use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd};

/// A document, read.
pub(super) struct Document {
    /// Its first heading.
    pub(super) title: String,
    /// Its first paragraph, as plain text.
    pub(super) summary: String,
    /// Everything after its first heading.
    pub(super) body: Markup,
    /// Its sections: the id to link to, and the heading.
    pub(super) sections: Vec<(String, String)>,
}

/// Finished markup: what the documents say is escaped, what is around it is ours.
pub(super) struct Markup(String);

impl fmt::Display for Markup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HtmlSafe for Markup {}

impl Document {
    /// Reads Markdown; `path_of` says where its links lead.
    pub(super) fn read(text: &str, path_of: impl Fn(&str) -> String) -> Self {
        let mut document = Self {
            title: String::new(),
            summary: String::new(),
            body: Markup(String::new()),
            sections: Vec::new(),
        };
        let mut ids = HashSet::new();
        let mut out = Vec::new();
        let mut events = Parser::new_ext(text, Options::ENABLE_TABLES).peekable();
        while let Some(event) = events.next() {
            match event {
                Event::Start(Tag::Heading { level, .. }) => {
                    let inside: Vec<Event<'_>> = events
                        .by_ref()
                        .take_while(|event| !matches!(event, Event::End(TagEnd::Heading(_))))
                        .collect();
                    let heading = plain(&inside);
                    if document.title.is_empty() {
                        document.title = heading;
                        continue;
                    }
                    let id = id_of(&heading, &mut ids);
                    out.push(html(format!("<{level} id=\"{id}\">")));
                    out.extend(inside);
                    out.push(html(format!("</{level}>\n")));
                    if level == pulldown_cmark::HeadingLevel::H2 {
                        document.sections.push((id, heading));
                    }
                }
                Event::Start(Tag::Paragraph) if document.summary.is_empty() => {
                    let inside: Vec<Event<'_>> = events
                        .by_ref()
                        .take_while(|event| !matches!(event, Event::End(TagEnd::Paragraph)))
                        .map(|event| ours(event, &path_of))
                        .collect();
                    document.summary = plain(&inside);
                    out.push(html("<p class=\"lead\">".to_owned()));
                    out.extend(inside);
                    out.push(html("</p>\n".to_owned()));
                }
                // nothing is no heading: a reader would be told of a column without a name
                Event::Start(Tag::TableCell) if events.next_if_eq(&Event::End(TagEnd::TableCell)).is_some() => {
                    out.push(html("<td></td>".to_owned()));
                }
                event => out.push(ours(event, &path_of)),
            }
        }
        pulldown_cmark::html::push_html(&mut document.body.0, out.into_iter());
        document
    }
}

/// An event as the product shows it: tables and code can be scrolled by keyboard, links lead inside the product, and
/// markup in the text is shown as it was written.
fn ours<'e>(event: Event<'e>, path_of: &impl Fn(&str) -> String) -> Event<'e> {
    match event {
        Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
        Event::Start(Tag::Table(_)) => {
            html("<div class=\"table-wrap\" tabindex=\"0\"><table class=\"table\">".to_owned())
        }
        Event::End(TagEnd::Table) => html("</tbody></table></div>\n".to_owned()),
        Event::Start(Tag::CodeBlock(_)) => html("<div class=\"code\"><pre tabindex=\"0\"><code>".to_owned()),
        Event::End(TagEnd::CodeBlock) => html("</code></pre></div>\n".to_owned()),
        Event::Start(Tag::Link {
            link_type,
            dest_url,
            title,
            id,
        }) => Event::Start(Tag::Link {
            link_type,
            dest_url: CowStr::from(path_of(&dest_url)),
            title,
            id,
        }),
        event => event,
    }
}

fn html<'e>(markup: String) -> Event<'e> {
    Event::Html(CowStr::from(markup))
}

fn plain(events: &[Event<'_>]) -> String {
    let text = |event: &Event<'_>| match event {
        Event::Text(text) | Event::Code(text) => text.to_string(),
        Event::SoftBreak | Event::HardBreak => " ".to_owned(),
        _ => String::new(),
    };
    events.iter().map(text).collect()
}

/// Lower-case words with dashes between them, as forges make them, so that a link works there too.
pub(super) fn id_of(heading: &str, taken: &mut HashSet<String>) -> String {
    let letters = heading.to_lowercase();
    let letters = letters.chars().filter_map(|c| match c {
        c if c.is_alphanumeric() || c == '-' || c == '_' => Some(c),
        ' ' => Some('-'),
        _ => None,
    });
    let id: String = letters.collect();
    let numbered = std::iter::once(id.clone()).chain((1..).map(|n| format!("{id}-{n}")));
    let free = numbered.into_iter().find(|id| taken.insert(id.clone()));
    free.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::Document;

    fn read(text: &str) -> Document {
        Document::read(text, |link| format!("/to/{link}"))
    }

    #[test]
    fn a_document_has_a_title_a_summary_and_sections_to_link_to() {
        let document = read("# T `x`\n\nWhat it *is*\nabout.\n\n## One & two?\n\ntext\n\n## One, two\n\n### Deeper\n");
        assert_eq!(document.title, "T x");
        assert_eq!(document.summary, "What it is about.");
        let ids: Vec<_> = document.sections.iter().map(|(id, _)| id.as_str()).collect();
        assert_eq!(ids, ["one--two", "one-two"]);
        assert!(document.body.0.contains("<h2 id=\"one--two\">One &amp; two?</h2>"));
        assert!(!document.body.0.contains("<h1"));
    }

    #[test]
    fn markup_in_a_document_is_shown_not_obeyed() {
        let document = read("# T\n\na <b onclick=x>b</b>\n\n<script>alert(1)</script>\n\n```\n<i>\n```\n");
        for mark in ["<b", "<script", "<i>"] {
            assert!(!document.body.0.contains(mark), "{}", document.body.0);
        }
        assert!(document.body.0.contains("&lt;script&gt;"));
    }

    #[test]
    fn a_column_without_a_name_has_no_heading() {
        let document = read("# T\n\n| | a |\n|---|---|\n| b | |\n");
        assert!(document.body.0.contains("<td></td><th>a</th>"), "{}", document.body.0);
        assert!(document.body.0.contains("<td>b</td><td></td>"), "{}", document.body.0);
    }

    #[test]
    fn links_lead_where_the_product_says() {
        let document = read("# T\n\n[a](X.md#y)\n");
        assert!(document.body.0.contains("<a href=\"/to/X.md#y\">a</a>"));
    }
}
