//! Fuzzy search: how well a text fits what was typed, as people type who know roughly what a thing is called.

/// How well `text` fits `query`, better ones higher; nothing if it doesn't. Each word of the query has to be found:
/// as it is, best at the start, or letter by letter in this order (`chk` finds "Checkout"). Case doesn't matter.
#[must_use]
pub fn fit(query: &str, text: &str) -> Option<u32> {
    let text: Vec<char> = text.to_lowercase().chars().collect();
    let query = query.to_lowercase();
    let mut sum = 0;
    for word in query.split_whitespace() {
        let word: Vec<char> = word.chars().collect();
        sum += whole(&word, &text).or_else(|| scattered(&word, &text))?;
    }
    // Of two that fit alike, the shorter one is meant.
    let length = u32::try_from(text.len()).unwrap_or(u32::MAX).min(64);
    Some((sum * 64).saturating_sub(length))
}

/// The word as it is, somewhere.
fn whole(word: &[char], text: &[char]) -> Option<u32> {
    if word == text {
        return Some(160);
    }
    let places = text.windows(word.len()).enumerate().filter(|(_, part)| *part == word);
    places
        .map(|(at, _)| match at {
            0 => 120,
            _ if is_start(text, at) => 100,
            _ => 70,
        })
        .max()
}

/// Its letters in order. Those that begin a word or follow on each other say more.
fn scattered(word: &[char], text: &[char]) -> Option<u32> {
    if word.len() < 2 {
        return None;
    }
    let (mut at, mut good, mut last) = (0, 0, None);
    for letter in word {
        let rest = || (at..text.len()).filter(|place| text[*place] == *letter);
        let follows = last.is_some_and(|last: usize| text.get(last + 1) == Some(letter));
        let place = if follows {
            last.map(|last| last + 1)
        } else {
            rest().find(|place| is_start(text, *place)).or_else(|| rest().next())
        };
        let place = place?;
        good += u32::from(follows || is_start(text, place));
        (at, last) = (place + 1, Some(place));
    }
    // Letters strewn about anywhere mean something else.
    let letters = u32::try_from(word.len()).unwrap_or(u32::MAX);
    (good * 2 >= letters).then(|| 10 + 40 * good / letters)
}

/// Whether a word begins here.
fn is_start(text: &[char], at: usize) -> bool {
    at == 0 || (text[at].is_alphanumeric() && !text[at - 1].is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::fit;

    /// Those that fit, the best first.
    fn found<'a>(query: &str, texts: &[&'a str]) -> Vec<&'a str> {
        let mut fits: Vec<_> = texts
            .iter()
            .filter_map(|text| Some((fit(query, text)?, *text)))
            .collect();
        fits.sort_by_key(|(fit, _)| std::cmp::Reverse(*fit));
        fits.into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn what_is_meant_comes_first() {
        let texts = ["Checkout time", "Basket checkout", "Unchecked", "Check", "Page views"];
        assert_eq!(
            found("check", &texts),
            ["Check", "Checkout time", "Basket checkout", "Unchecked"]
        );
        assert_eq!(found("CHECK time", &texts), ["Checkout time"]);
        assert_eq!(found("time check", &texts), ["Checkout time"]);
        assert_eq!(found("pv", &texts), ["Page views"]);
        assert_eq!(found("bache", &texts), ["Basket checkout"]);
        assert_eq!(found("xyz", &texts), [""; 0]);
    }

    #[test]
    fn letters_strewn_about_are_not_meant() {
        assert_eq!(fit("sea", "Results of the week a"), None);
        assert_eq!(fit("z", "Checkout"), None);
        assert!(fit("c", "Checkout").is_some());
    }

    #[test]
    fn any_script_and_nothing_at_all() {
        assert!(fit("طلب", "طلبات اليوم").is_some());
        assert!(fit("état", "L’ÉTAT").is_some());
        assert!(fit("", "anything").is_some() && fit("  ", "").is_some());
        assert_eq!(fit("a", ""), None);
    }
}
