//! The order names have wherever people read a list of them: letters without case, numbers by their
//! value. `web-2` stands before `web-10`, and `alpha` before `Beta`.
//!
//! Used by whoever makes such a list and by whoever looks names up in one. Names that differ never compare
//! as equal, so both agree.

use std::cmp::Ordering;

/// How two names follow each other in a list.
#[must_use]
pub(crate) fn by_name(one: &str, other: &str) -> Ordering {
    let (mut left, mut right) = (one, other);
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

    proptest! {
        #![proptest_config(crate::property_tests::config())]

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
