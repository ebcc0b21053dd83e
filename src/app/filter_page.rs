//! The pages of what is typed into prompts, filters and searches of the history: what help shows meanwhile.

use crate::codec::wrap_words::wrap;
use crate::query::{BARE, FIELDS, HISTORY_FIELDS};

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

/// The same of a search of the history.
const HISTORY_SIGNS: &[(&str, &str, &str)] = &[
    (
        "a word, \"a text\"",
        "Stands in the line of the list, in what was sent or in what was answered, in any part of a word.",
        "login \"no such user\"",
    ),
    (
        "== != < <= > >=",
        "Compare; = and the words eq ne lt le gt ge are the same.",
        "status != 2xx",
    ),
    ("contains", "Has this text in it, whatever its case.", "host contains api"),
    (":", "The first operator that a field has.", "status:404"),
    ("a..b", "A range of statuses or times.", "time == yesterday..today"),
    (
        "side by side",
        "All of it has to hold; and may stand between.",
        "status >= 500 and host == api.example",
    ),
    ("\"a text\"", "In quotes nothing is a test.", "\"status == 200\""),
];

/// A word of a page, what is said of it, and an example.
type PageWord = (String, String, &'static str);

/// The lines in which all these words occur, all for none; what is said of a word is so wide at most.
pub(crate) fn lines(text: &str, room: u16) -> Vec<LanguageLine> {
    let fields = FIELDS.iter().map(|it| (it.title().to_owned(), it.help.to_owned(), it.example));
    let bare = BARE.iter().map(|(word, test)| ((*word).to_owned(), String::new(), *test));
    let parts = [
        ("Fields", fields.collect()),
        ("Words that are tests", bare.collect()),
        ("How they are put together", signs(SIGNS)),
    ];
    page(text, room, parts)
}

/// The lines of the page of a search of the history.
pub(crate) fn history_lines(text: &str, room: u16) -> Vec<LanguageLine> {
    let fields = HISTORY_FIELDS.iter();
    let fields = fields.map(|it| (it.name.to_owned(), it.help.to_owned(), it.example));
    let parts = [("Fields", fields.collect()), ("How they are put together", signs(HISTORY_SIGNS))];
    page(text, room, parts)
}

fn signs(signs: &[(&str, &str, &'static str)]) -> Vec<PageWord> {
    let word = |(word, said, example): &(&str, &str, &'static str)| {
        ((*word).to_owned(), (*said).to_owned(), *example)
    };
    signs.iter().map(word).collect()
}

fn page<'a>(
    text: &str,
    room: u16,
    parts: impl IntoIterator<Item = (&'a str, Vec<PageWord>)>,
) -> Vec<LanguageLine> {
    let wanted: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    let fits = |parts: &[&str]| {
        let all = parts.join(" ").to_lowercase();
        wanted.iter().all(|word| all.contains(word))
    };
    let mut lines = Vec::new();
    for (heading, words) in parts {
        let words: Vec<_> = words.into_iter().filter(|(a, b, c)| fits(&[a, b, c])).collect();
        if !words.is_empty() {
            lines.push(LanguageLine::Heading(heading.to_owned()));
        }
        for (word, said, example) in words {
            put(&mut lines, room, &word, (&said, example));
        }
    }
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
    use crate::model::timing::Stamp;
    use crate::query::{AskersClock, Filter, HistorySearch};

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
        let found = lines("nothing like it", 50);
        assert!(found.is_empty());
        let found = lines("went other", 70);
        assert!(matches!(&found[1], LanguageLine::Word { word, .. } if word == "latency"));
        assert!(lines("regular", 50).len() < all.len() / 4);
    }

    #[test]
    fn the_page_of_the_history_has_every_field_and_its_examples_are_searches() {
        let all = history_lines("", 50);
        let has = |wanted: &str| {
            all.iter().any(|it| matches!(it, LanguageLine::Word { word, .. } if word == wanted))
        };
        assert!(HISTORY_FIELDS.iter().all(|field| has(field.name)));
        let now = Stamp(1_796_000_000_000_000_000);
        let clock = AskersClock { now, ..AskersClock::default() };
        let mut examples = 0;
        for line in &all {
            if let LanguageLine::Word { said, is_example: true, .. } = line {
                let search = HistorySearch::read(said, clock).unwrap();
                assert!(!search.is_empty(), "{said}");
                examples += 1;
            }
        }
        assert_eq!(examples, HISTORY_FIELDS.len() + HISTORY_SIGNS.len());
        assert!(history_lines("how long ago", 50).len() < 5);
    }
}
