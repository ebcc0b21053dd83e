//! Numbers of things as people read them. Called by both shells, and by whoever makes a sentence with one;
//! places in a text (`at byte 550001`) are no counts and stay as programs take them.

/// `1,048,576`.
#[must_use]
pub fn count(number: u64) -> String {
    match number / 1000 {
        0 => number.to_string(),
        thousands => format!("{},{:03}", count(thousands), number % 1000),
    }
}

/// `1 request`, `2 requests`, `3 entries`, `4 matches`: a number with its noun.
#[must_use]
pub fn counted(number: u64, noun: &str) -> String {
    let counted = count(number);
    if number == 1 {
        return format!("{counted} {noun}");
    }
    let is_consonant = |stem: &&str| !stem.ends_with(['a', 'e', 'i', 'o', 'u']);
    if let Some(stem) = noun.strip_suffix('y').filter(is_consonant) {
        return format!("{counted} {stem}ies");
    }
    let hisses = ["s", "x", "ch", "sh"].iter().any(|end| noun.ends_with(end));
    format!("{counted} {noun}{}", if hisses { "es" } else { "s" })
}

/// `1 byte is`, `2 bytes are`: the same with the beginning of what is said of them.
#[must_use]
pub(crate) fn counted_are(number: u64, noun: &str) -> String {
    format!("{} {}", counted(number, noun), if number == 1 { "is" } else { "are" })
}

/// `1 byte was`, `2 bytes were`: the same of what is over.
#[must_use]
pub(crate) fn counted_were(number: u64, noun: &str) -> String {
    format!("{} {}", counted(number, noun), if number == 1 { "was" } else { "were" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_grouped() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(1_048_576), "1,048,576");
        assert_eq!(counted(1, "record"), "1 record");
        assert_eq!(counted(0, "record"), "0 records");
        let nouns = ["entry", "day", "match", "address"].map(|noun| counted(2, noun));
        assert_eq!(nouns, ["2 entries", "2 days", "2 matches", "2 addresses"]);
        assert_eq!(counted(1, "entry"), "1 entry");
        assert_eq!(
            (counted_are(1, "byte"), counted_are(2, "byte")),
            ("1 byte is".into(), "2 bytes are".into())
        );
        assert_eq!(counted_were(1, "byte"), "1 byte was");
        assert_eq!(counted_were(0, "byte"), "0 bytes were");
    }
}
