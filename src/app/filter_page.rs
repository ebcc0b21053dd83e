//! The page of the language of filters: what help shows while one is typed.

use crate::codec::wrap_words::wrap;
use crate::query::{BARE, FIELDS};

/// A line of the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LanguageLine {
    Heading(String),
    /// A word and what it is; an example stands in its own colour.
    Word {
        word: String,
        said: String,
        is_example: bool,
    },
}

/// Operators and signs, and what each means.
const SIGNS: &[(&str, &str, &str)] = &[
    ("== != < <= > >=", "Compare; = and the words eq ne lt le gt ge are the same.", "len >= 1k"),
    ("a..b  in {…}", "A range, and a list of values and ranges.", "port in {80, 443, 8000..8010}"),
    ("in a block", "Addresses of a network.", "peer in 10.0.0.0/8"),
    (
        "contains",
        "Has this text in it; lower-case letters match both cases.",
        "path contains /users",
    ),
    (
        "matches ~",
        "Fits a regular expression; without capitals it matches both cases.",
        "path matches \"^/api/v\\d\"",
    ),
    (":", "The first operator that a field has.", "port:9000"),
    (
        "and or not ( )",
        "As they say; and may be left out. && || ! are the same.",
        "udp (in or port == 53)",
    ),
    (
        "a word, \"text\"",
        "Is searched in the bytes. Quotes when it is the name of a field, too.",
        "\"status\"",
    ),
    (
        "!=",
        "Leaves out records that have no such field; not … == … lets them through.",
        "not status == 200",
    ),
    (
        "[offset:length]",
        "A slice of data or body, as in Wireshark: [0:4], [4-7], [-2:], [9]. What it is compared with is hex, or text in quotes.",
        "data[0:2] == 16:03",
    ),
];

/// The lines in which all these words occur, all for none; what is said of a word is so wide at most.
pub(crate) fn lines(text: &str, room: u16) -> Vec<LanguageLine> {
    let wanted: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    let fits = |parts: &[&str]| {
        let all = parts.join(" ").to_lowercase();
        wanted.iter().all(|word| all.contains(word))
    };
    let mut lines = Vec::new();
    let mut part = |heading: &str, words: Vec<(String, String, &str)>| {
        let words: Vec<_> = words.into_iter().filter(|(a, b, c)| fits(&[a, b, c])).collect();
        if !words.is_empty() {
            lines.push(LanguageLine::Heading(heading.to_owned()));
        }
        for (word, said, example) in words {
            put(&mut lines, room, &word, (&said, example));
        }
    };
    let fields = FIELDS.iter().map(|it| (it.title().to_owned(), it.help.to_owned(), it.example));
    part("Fields", fields.collect());
    let bare = BARE.iter().map(|(word, test)| ((*word).to_owned(), String::new(), *test));
    part("Words that are tests", bare.collect());
    let signs = SIGNS
        .iter()
        .map(|(word, said, example)| ((*word).to_owned(), (*said).to_owned(), *example));
    part("How they are put together", signs.collect());
    lines
}

fn put(lines: &mut Vec<LanguageLine>, room: u16, word: &str, (said, example): (&str, &str)) {
    let mut rows = wrap(said, room);
    rows.retain(|row| !row.is_empty());
    let said = rows.into_iter().map(|row| (row, false)).chain([(example.to_owned(), true)]);
    for (at, (said, is_example)) in said.enumerate() {
        let word = if at == 0 { word.to_owned() } else { String::new() };
        lines.push(LanguageLine::Word { word, said, is_example });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::Filter;

    #[test]
    fn the_page_has_every_field_its_examples_are_filters_and_it_is_searched() {
        let all = lines("", 50);
        let has = |wanted: &str| {
            all.iter().any(|it| matches!(it, LanguageLine::Word { word, .. } if word == wanted))
        };
        assert!(FIELDS.iter().all(|field| has(field.title())));
        for line in &all {
            if let LanguageLine::Word { said, is_example: true, .. } = line {
                Filter::parse(said).unwrap();
            }
        }
        let found = lines("cookie", 50);
        assert!(found.is_empty());
        let found = lines("went other", 70);
        assert!(matches!(&found[1], LanguageLine::Word { word, .. } if word == "latency"));
        assert!(lines("regular", 50).len() < all.len() / 4);
    }
}
