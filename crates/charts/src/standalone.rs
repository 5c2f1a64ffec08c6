//! A chart's picture as a document of its own, with everything it needs inside: for embeds and mails.

use std::fmt::Write as _;

use crate::svg::{Svg, Text};
use crate::text::fitting;

/// The tokens and the rules that pages have.
const TOKENS: &str = include_str!("../../../web/css/tokens.css");
const RULES: &str = include_str!("../../../web/css/pictures.css");
/// Room around, and for a heading, in pixels.
const EDGE: u32 = 12;
const HEADING: u32 = 26;
/// Narrower than this the labels of the axes would leave no room.
const NARROWEST: u32 = 160;

/// Whose colours a picture that stands alone wears.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// What the reader's system says, light where it says nothing.
    #[default]
    Auto,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Svg {
    /// A chart's picture (what a chart's `svg()` gives) as an SVG document of this width, in pixels, at least 160:
    /// ground, colours, fonts and a heading (none if empty) are inside, and it is drawn at any size without blurring.
    /// It needs no other file and runs no script, so it can be an `<img>`, an attachment, or rasterised (in one theme: what
    /// rasterises doesn't ask for another). It has a style sheet in it, so it is served with `style-src 'unsafe-inline'`,
    /// and not put into a page of ours.
    #[must_use]
    pub fn standalone(&self, heading: &str, width: u32, theme: Theme) -> Self {
        let width = width.max(NARROWEST);
        let above = EDGE + if heading.is_empty() { 0 } else { HEADING };
        let height = above + self.room.height + EDGE;
        let plot = width.saturating_sub(self.room.left + self.room.right).max(1);
        let mut svg = Self::default();
        svg.put(format_args!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"alone\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\"><style>{}</style>\
             <rect class=\"ground\" width=\"{width}\" height=\"{height}\" rx=\"10\"/>",
            css(theme, plot)
        ));
        if !heading.is_empty() {
            svg.put(format_args!(
                "<text class=\"heading\" x=\"{EDGE}\" y=\"{}\" unicode-bidi=\"plaintext\">{}</text>",
                EDGE + 13,
                Text(&fitting(heading, f64::from(width - 2 * EDGE) / 15.0))
            ));
        }
        svg.put(format_args!(
            "<svg x=\"{}\" y=\"{above}\" width=\"{plot}\" height=\"{}\" overflow=\"visible\">{self}</svg></svg>",
            self.room.left, self.room.height
        ));
        svg.room = self.room;
        svg
    }
}

/// The style sheet of a picture whose plot is so wide.
fn css(theme: Theme, plot: u32) -> String {
    let mut css = rules(theme == Theme::Dark, |_| true);
    for (class, narrower) in crate::frame::NARROW {
        if plot < narrower {
            css.push_str(".picture .");
            css.push_str(class);
            css.push_str("{display:none}");
        }
    }
    if theme == Theme::Auto {
        css.push_str("@media (prefers-color-scheme:dark){");
        css.push_str(&rules(true, |declaration| declaration.contains("var(")));
        css.push('}');
    }
    css
}

/// The rules' declarations that are wanted, with the colours of one theme in them.
fn rules(dark: bool, wanted: impl Fn(&str) -> bool) -> String {
    let alone = ".ground{fill:var(--surface)} \
                 .heading{fill:var(--text);font-family:var(--font);font-size:15px;font-weight:600}";
    let bare: String = RULES
        .split("/*")
        .enumerate()
        .map(|(nth, part)| {
            if nth == 0 {
                part
            } else {
                part.split_once("*/").map_or("", |(_, after)| after)
            }
        })
        .collect();
    let mut css = String::new();
    for rule in [alone, &bare].into_iter().flat_map(|text| text.split('}')) {
        let Some((selector, declarations)) = rule.split_once('{') else {
            continue;
        };
        let declarations: Vec<String> = declarations
            .split(';')
            .map(str::trim)
            .filter(|declaration| !declaration.is_empty() && !declaration.starts_with("--") && wanted(declaration))
            .map(|declaration| with_tokens(&declaration.replace(": ", ":"), dark))
            .collect();
        if !declarations.is_empty() {
            let selectors: Vec<&str> = selector.split(',').map(str::trim).collect();
            // Writing into a String can't fail.
            let _ = write!(css, "{}{{{}}}", selectors.join(","), declarations.join(";"));
        }
    }
    css
}

fn with_tokens(declaration: &str, dark: bool) -> String {
    let mut parts = declaration.split("var(--");
    let mut with = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once(')').unwrap_or((part, ""));
        with.push_str(token(name, dark));
        with.push_str(rest);
    }
    with
}

/// A token's value in a theme.
fn token(name: &str, dark: bool) -> &'static str {
    let value = TOKENS
        .split_once(&format!("--{name}:"))
        .and_then(|(_, after)| after.split_once(';'))
        .map_or("", |(value, _)| value.trim());
    let both = value
        .strip_prefix("light-dark(")
        .and_then(|both| both.strip_suffix(')'))
        .and_then(|both| both.split_once(", "));
    match both {
        Some((_, value)) if dark => value,
        Some((value, _)) => value,
        None => value,
    }
}

#[cfg(test)]
mod tests {
    use super::{Theme, css, token};

    #[test]
    fn colours_are_the_pages_own() {
        assert_eq!(
            (token("series-1", false), token("series-1", true)),
            ("#6947d1", "#9d84f3")
        );
        assert!(token("font", true).starts_with("system-ui,"));
    }

    #[test]
    fn a_style_sheet_names_every_colour_and_hides_what_has_no_room() {
        for theme in [Theme::Auto, Theme::Light, Theme::Dark] {
            let css = css(theme, 900);
            assert!(
                !css.contains("var(") && !css.contains(":;") && !css.contains("light-dark"),
                "{css}"
            );
            assert_eq!(css.matches('{').count(), css.matches('}').count());
            assert_eq!(css.contains("prefers-color-scheme"), theme == Theme::Auto);
            assert!(!css.contains("display:none"));
        }
        assert!(css(Theme::Light, 500).contains(".is-minor{display:none}"));
        assert!(css(Theme::Light, 500).contains(".picture .bar,.key .bar{fill:#6947d1}"));
        assert!(css(Theme::Dark, 500).contains(".picture .bar,.key .bar{fill:#9d84f3}"));
    }
}
