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

/// `1 request`, `2 requests`: a number with its noun.
#[must_use]
pub fn counted(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", count(number))
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
    }
}
