//! The order names have wherever people read a list of them: letters without case, numbers by their
//! value. `web-2` stands before `web-10`, and `alpha` before `Beta`.
//!
//! Used by whoever makes such a list and by whoever looks names up in one. Names that differ never compare
//! as equal, so both agree.

use std::cmp::Ordering;

/// How two names follow each other in a list.
#[must_use]
pub(crate) fn by_name(one: &str, other: &str) -> Ordering {
    // Most names of a list begin alike: what is plain is passed over byte by byte.
    let alike = alike(one, other);
    let [mut left, mut right] = [one, other].map(|name| name.split_at(alike).1);
    loop {
        let [a, b] = digits(left, right);
        let order = if a > 0 && b > 0 {
            let (a, b) = (left.split_at(a), right.split_at(b));
            (left, right) = (a.1, b.1);
            by_value(a.0, b.0)
        } else {
            let (mut a, mut b) = (left.chars(), right.chars());
            let firsts = (a.next(), b.next());
            (left, right) = (a.as_str(), b.as_str());
            match firsts {
                (None, None) => return one.cmp(other),
                (a, b) => lower(a).cmp(lower(b)),
            }
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// The same of paths parted by `/`, a folder before what is in it.
#[must_use]
pub(crate) fn by_path(one: &str, other: &str) -> Ordering {
    // Folders they both lie in decide nothing.
    let same = one.bytes().zip(other.bytes()).take_while(|(a, b)| a == b);
    let inside = same.enumerate().filter(|(_, (byte, _))| *byte == b'/').last();
    let inside = inside.map_or(0, |(at, _)| at + 1);
    let [one, other] = [one, other].map(|path| path.split_at(inside).1);
    let (mut left, mut right) = (one.split('/'), other.split('/'));
    loop {
        let order = match (left.next(), right.next()) {
            (Some(left), Some(right)) => by_name(left, right),
            (None, None) => return Ordering::Equal,
            (left, right) => return left.is_some().cmp(&right.is_some()),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// What stands under names, in their order.
pub(crate) fn in_order<N: AsRef<str>, T>(
    named: impl IntoIterator<Item = (N, T)>,
) -> impl Iterator<Item = (N, T)> {
    let mut all: Vec<(N, T)> = named.into_iter().collect();
    all.sort_by(|one, other| by_name(one.0.as_ref(), other.0.as_ref()));
    all.into_iter()
}

/// Bytes at the beginning of two texts that are one ASCII character after the other, no digits, and the same but for
/// their case.
fn alike(one: &str, other: &str) -> usize {
    let is_alike =
        |(a, b): &(u8, u8)| a.is_ascii() && !a.is_ascii_digit() && a.eq_ignore_ascii_case(b);
    one.bytes().zip(other.bytes()).take_while(is_alike).count()
}

/// How many digits each of two texts begins with.
fn digits(left: &str, right: &str) -> [usize; 2] {
    [left, right].map(|text| text.bytes().take_while(u8::is_ascii_digit).count())
}

/// Two rows of digits as the numbers they are, however long.
fn by_value(one: &str, other: &str) -> Ordering {
    let [one, other] = [one, other].map(|digits| digits.trim_start_matches('0'));
    one.len().cmp(&other.len()).then_with(|| one.cmp(other))
}

fn lower(c: Option<char>) -> impl Iterator<Item = char> {
    c.into_iter().flat_map(char::to_lowercase)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sorted<const N: usize>(
        mut names: [&str; N],
        order: fn(&str, &str) -> Ordering,
    ) -> [&str; N] {
        names.sort_by(|one, other| order(one, other));
        names
    }

    #[test]
    fn letters_have_no_case_and_numbers_their_value() {
        let names =
            ["web-10", "Beta", "web-2", "alpha", "Ätna", "ätna2", "a", "A", "", "v1.10", "v1.9"];
        let wanted =
            ["", "A", "a", "alpha", "Beta", "v1.9", "v1.10", "web-2", "web-10", "Ätna", "ätna2"];
        assert_eq!(sorted(names, by_name), wanted);
        let long = ["9".repeat(40), format!("1{}", "0".repeat(40))];
        assert_eq!(by_name(&long[0], &long[1]), Ordering::Less);
        assert_eq!(sorted(["01", "1", "001", "2", "0"], by_name), ["0", "001", "01", "1", "2"]);
    }

    #[test]
    fn a_folder_stands_before_what_is_in_it_and_its_names_stay_together() {
        let paths = ["a b", "a/x", "A/y", "a/b/c", "a", "A/x", "a/10", "a/9"];
        let wanted = ["A/x", "A/y", "a", "a/9", "a/10", "a/b/c", "a/x", "a b"];
        assert_eq!(sorted(paths, by_path), wanted);
    }

    /// The order as it is meant: character after character, runs of digits by their value.
    fn spelled_out(one: &str, other: &str) -> Ordering {
        fn parts(name: &str) -> Vec<(bool, String)> {
            let mut parts: Vec<(bool, String)> = Vec::new();
            for c in name.chars() {
                match parts.last_mut().filter(|(is_number, _)| *is_number && c.is_ascii_digit()) {
                    Some((_, number)) => number.push(c),
                    None => parts.push((c.is_ascii_digit(), c.to_lowercase().collect())),
                }
            }
            parts
        }
        let (left, right) = (parts(one), parts(other));
        let pairs = left.iter().zip(&right).map(|pair| match pair {
            ((true, a), (true, b)) => by_value(a, b),
            ((_, a), (_, b)) => a.chars().next().cmp(&b.chars().next()).then_with(|| a.cmp(b)),
        });
        let mut pairs = pairs;
        pairs
            .find(|order| order.is_ne())
            .unwrap_or_else(|| left.len().cmp(&right.len()))
            .then_with(|| one.cmp(other))
    }

    proptest! {
        #![proptest_config(crate::property_tests::config())]

        #[test]
        fn what_is_passed_over_changes_nothing(
            before in "[a-bA-B1]{0,4}", a in "[a-cA-C0-2]{0,4}", b in "[a-cA-C0-2]{0,4}",
        ) {
            let (one, other) = (format!("{before}{a}"), format!("{}{b}", before.to_uppercase()));
            prop_assert_eq!(by_name(&one, &other), spelled_out(&one, &other));
            let [left, right] = [&one, &other].map(|name| format!("in/{before}/{name}"));
            prop_assert_eq!(by_path(&left, &right), by_name(&one, &other));
        }

        #[test]
        fn it_is_an_order_and_only_equal_names_are_equal(
            a in "[a-cA-C0-2/ éÉ]{0,6}", b in "[a-cA-C0-2/ éÉ]{0,6}", c in "[a-cA-C0-2/ éÉ]{0,6}",
        ) {
            for order in [by_name, by_path] {
                prop_assert_eq!(order(&a, &b), order(&b, &a).reverse());
                prop_assert_eq!(order(&a, &b) == Ordering::Equal, a == b);
                if order(&a, &b).is_le() && order(&b, &c).is_le() {
                    prop_assert!(order(&a, &c).is_le());
                }
            }
        }
    }
}
