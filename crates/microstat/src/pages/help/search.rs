//! Finding a section of the help pages by what it says.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// Sections that are shown for one question.
const MOST: usize = 12;
/// Sections that say so many times less than the best are left out.
const FAR: f64 = 8.0;
/// Characters of a section that are shown around what was found.
const SHOWN: usize = 200;
/// Words that say nothing about what is looked for.
const SMALL: &[&str] = &[
    "a", "an", "and", "are", "at", "be", "by", "can", "do", "does", "for", "from", "how", "i", "in", "is", "it", "me",
    "my", "of", "on", "or", "should", "somebody", "someone", "that", "the", "this", "to", "what", "when", "where",
    "which", "who", "why", "with", "you",
];
/// What people say for what the pages say; looked up only where the pages don't say it.
const SAME: &[(&str, &str)] = &[
    ("csv", "export"),
    ("download", "export"),
    ("graph", "chart"),
    ("histogram", "distribution"),
    ("login", "sign"),
    ("median", "percentile"),
    ("remove", "delete"),
    ("timezone", "zone"),
    ("upload", "import"),
    ("user", "member"),
];

/// A section of a page, as it is looked through.
#[derive(Debug, Default)]
pub(super) struct Part {
    /// Where it is.
    path: String,
    /// The page's title.
    page: String,
    /// Its own heading; of a page's beginning, the page's title.
    heading: String,
    text: String,
    /// The stems of the words of these three.
    stems: [Vec<String>; 3],
}

/// A section that was found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Hit {
    /// Where it is.
    pub(crate) path: String,
    /// The page's title.
    pub(crate) page: String,
    /// The section's heading.
    pub(crate) heading: String,
    /// Some of its text: what was looked for is marked.
    pub(crate) pieces: Vec<Piece>,
}

/// Text that is marked, or not.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) text: String,
    pub(crate) is_marked: bool,
}

/// The sections of a page; `id_of` gives what each heading is linked by, in their order.
pub(super) fn parts(markdown: &str, path: &str, mut id_of: impl FnMut(&str) -> String) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let (mut heading, mut text) = (None, String::new());
    for event in Parser::new_ext(markdown, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::Heading { .. }) => {
                end(&mut parts, &mut text);
                heading = Some(String::new());
            }
            Event::End(TagEnd::Heading(_)) => {
                let heading = heading.take().unwrap_or_default();
                let (page, path) = match parts.first() {
                    None => (heading.clone(), path.to_owned()),
                    Some(first) => (first.page.clone(), format!("{path}#{}", id_of(&heading))),
                };
                parts.push(Part {
                    path,
                    page,
                    heading,
                    ..Part::default()
                });
            }
            Event::Text(said) | Event::Code(said) | Event::Html(said) | Event::InlineHtml(said) => {
                heading.as_mut().unwrap_or(&mut text).push_str(&said);
            }
            Event::SoftBreak | Event::HardBreak | Event::End(TagEnd::TableCell | TagEnd::Paragraph | TagEnd::Item) => {
                text.push(' ');
            }
            _ => {}
        }
    }
    end(&mut parts, &mut text);
    parts
}

fn end(parts: &mut [Part], text: &mut String) {
    let said = std::mem::take(text);
    if let Some(part) = parts.last_mut() {
        part.text = said.split_whitespace().collect::<Vec<_>>().join(" ");
        let stems = |text: &String| words(text).map(|(_, word)| stem(&word.to_lowercase())).collect();
        part.stems = [&part.page, &part.heading, &part.text].map(stems);
    }
}

/// The sections that answer best, best first: those with every word of the question, or else with the most telling ones.
pub(super) fn search(parts: &[Part], question: &str) -> Vec<Hit> {
    let asked = asked(question, parts);
    let found: Vec<Vec<f64>> = asked.iter().map(|word| weights(parts, word)).collect();
    let score = |part: usize| {
        let each = || found.iter().map(|weights| weights[part]);
        (each().filter(|weight| *weight > 0.0).count(), each().sum::<f64>())
    };
    let mut ranked: Vec<(usize, (usize, f64))> = (0..parts.len()).map(|part| (part, score(part))).collect();
    let most = ranked.iter().map(|(_, (words, _))| *words).max().unwrap_or(0);
    ranked.retain(|(_, (words, _))| *words > 0 && *words == most);
    ranked.sort_by(|(_, (_, one)), (_, (_, other))| other.total_cmp(one));
    let best = ranked.first().map_or(0.0, |(_, (_, score))| *score);
    ranked.retain(|(_, (_, score))| *score * FAR >= best);
    let hit = |(part, _): &(usize, _)| {
        let part: &Part = &parts[*part];
        Hit {
            path: part.path.clone(),
            page: part.page.clone(),
            heading: part.heading.clone(),
            pieces: excerpt(&part.text, &asked),
        }
    };
    ranked.iter().take(MOST).map(hit).collect()
}

/// The stems of what is asked, small words left out unless there are no others.
fn asked(question: &str, parts: &[Part]) -> Vec<Vec<String>> {
    let all: Vec<String> = words(question).take(12).map(|(_, word)| word.to_lowercase()).collect();
    let telling: Vec<String> = all
        .iter()
        .filter(|word| !SMALL.contains(&word.as_str()))
        .cloned()
        .collect();
    let kept = if telling.is_empty() { all } else { telling };
    let ours = |word: String| {
        let stems = vec![stem(&word)];
        if weights(parts, &stems).iter().any(|weight| *weight > 0.0) {
            return stems;
        }
        let same = SAME.iter().filter(|(said, _)| stem(said) == stems[0]);
        stems.iter().cloned().chain(same.map(|(_, ours)| stem(ours))).collect()
    };
    kept.into_iter().map(ours).collect()
}

/// How much a word says for each section: rare words say more, headings more than text.
fn weights(parts: &[Part], word: &[String]) -> Vec<f64> {
    let times = |stems: &Vec<String>| stems.iter().filter(|stem| is_said(stem, word)).count().min(4);
    let weight = |part: &Part| {
        let [page, heading, text] = part.stems.each_ref().map(times);
        float(text) + 4.0 * float(heading.min(1)) + float(page.min(1))
    };
    let weights: Vec<f64> = parts.iter().map(weight).collect();
    let having = weights.iter().filter(|weight| **weight > 0.0).count();
    let rarity = (1.0 + float(parts.len()) / float(having.max(1))).ln();
    weights.iter().map(|weight| weight * rarity).collect()
}

#[expect(clippy::cast_precision_loss, reason = "counts of words on a page")]
fn float(count: usize) -> f64 {
    count as f64
}

/// Whether a stem is of one of these words, or begins with it.
fn is_said(said: &str, word: &[String]) -> bool {
    word.iter()
        .any(|word| said.starts_with(word.as_str()) && (word.len() > 2 || said == *word))
}

/// A word without its ending, so that "inviting" finds "invite" and "invitation".
fn stem(word: &str) -> String {
    let short = |ending: &str| word.strip_suffix(ending).filter(|rest| rest.chars().count() > 3);
    let ending = ["ies", "ing", "ed", "es", "s", "e", "y"].into_iter().find_map(short);
    ending.unwrap_or(word).to_owned()
}

/// The words of a text, with where each begins.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let of = |c: char| !c.is_alphanumeric();
    text.split(of)
        .filter(|word| !word.is_empty())
        .map(move |word| (word.as_ptr() as usize - text.as_ptr() as usize, word))
}

/// The text around the first word that was looked for, those words marked.
fn excerpt(text: &str, asked: &[Vec<String>]) -> Vec<Piece> {
    let is_asked = |word: &str| asked.iter().any(|stems| is_said(&stem(&word.to_lowercase()), stems));
    let first = words(text).find(|(_, word)| is_asked(word)).map_or(0, |(at, _)| at);
    // from the beginning of a sentence, if one is near
    let near = text.floor_char_boundary(first.saturating_sub(SHOWN / 3));
    let from = match text[near..first].rfind(". ") {
        Some(end) => near + end + 2,
        None if near == 0 => 0,
        None => near + text[near..first].find(' ').map_or(0, |space| space + 1),
    };
    let to = text.ceil_char_boundary((from + SHOWN).min(text.len()));
    let to = if to == text.len() {
        to
    } else {
        text[from..to].rfind(' ').map_or(to, |space| from + space)
    };
    let mut pieces = Vec::new();
    let mut push = |text: &str, is_marked| {
        if !text.is_empty() {
            let text = text.to_owned();
            pieces.push(Piece { text, is_marked });
        }
    };
    if from > 0 {
        push("… ", false);
    }
    let mut done = from;
    for (at, word) in words(&text[from..to]).filter(|(_, word)| is_asked(word)) {
        push(&text[done..from + at], false);
        push(word, true);
        done = from + at + word.len();
    }
    push(&text[done..to], false);
    if to < text.len() {
        push(" …", false);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::{Hit, parts, search};

    const PAGE: &str = "# Access\n\nWho may do what.\n\n## How do I invite my team?\n\nPress *Invite my Team*. \
                        Invitations hold for 7 days.\n\n### By code\n\nAn invitation code is for several people, `ABCD`.\n\n\
                        ## Leaving\n\nYou can leave. The last Administrator can't.\n";

    fn found(question: &str) -> Vec<Hit> {
        let id = |heading: &str| heading.to_lowercase().replace(' ', "-");
        search(&parts(PAGE, "/help/access", id), question)
    }

    fn first(question: &str) -> String {
        found(question)
            .into_iter()
            .next()
            .map_or_else(String::new, |hit| hit.path)
    }

    #[test]
    fn the_section_that_says_it_comes_first_whatever_the_word_s_ending() {
        assert_eq!(first("inviting the team"), "/help/access#how-do-i-invite-my-team?");
        assert_eq!(first("How do I leave?"), "/help/access#leaving");
        assert_eq!(first("codes"), "/help/access#by-code");
        assert_eq!(first("administrators"), "/help/access#leaving");
    }

    #[test]
    fn all_words_are_better_than_one_and_one_is_better_than_none() {
        let paths: Vec<_> = found("invitation code").into_iter().map(|hit| hit.path).collect();
        assert_eq!(paths, ["/help/access#by-code"]);
        assert_eq!(first("administrator zebra"), "/help/access#leaving");
        assert_eq!(found("zebra"), []);
        assert_eq!(found(" ?! "), []);
    }

    #[test]
    fn what_was_looked_for_is_marked_in_its_sentence() {
        let hit = found("hold days").remove(0);
        let marked: Vec<_> = hit
            .pieces
            .iter()
            .filter(|piece| piece.is_marked)
            .map(|piece| piece.text.as_str())
            .collect();
        let text: String = hit.pieces.iter().map(|piece| piece.text.as_str()).collect();
        assert_eq!(marked, ["hold", "days"]);
        assert_eq!(text, "… Invitations hold for 7 days.");
    }

    #[test]
    fn texts_are_cut_between_characters() {
        let long = format!("# T\n\n{} needle {}\n", "שלום ".repeat(90), "ä".repeat(500));
        let hit = search(&parts(&long, "/x", str::to_owned), "needle").remove(0);
        let text: String = hit.pieces.iter().map(|piece| piece.text.as_str()).collect();
        assert!(
            text.starts_with("… ") && text.ends_with(" …") && text.contains("needle"),
            "{text}"
        );
    }
}
