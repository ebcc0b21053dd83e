//! Filters that work on the elements of a list one by one: which do, and what is done to each. Asked by
//! `filter` and pure; where it is not certain the answer is no, and the filter gets whole values.

use crate::codec::json_pieces::WayStep;

/// The parts of a filter like `.a.b[] | F`, as texts.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ElementParts {
    /// The way to the list.
    pub(super) path: Vec<WayStep>,
    /// What is left of the filter behind each step, for a value that is not gone into.
    pub(super) rests: Vec<String>,
    /// What is done to each element.
    pub(super) element: String,
}

/// The parts of a filter that begins with a path to `[]` and goes on with nothing, with further steps
/// or with `|`. A comma, `//` or an assignment behind it would bind otherwise.
pub(super) fn of(code: &str) -> Option<ElementParts> {
    let mut rest = code.trim();
    if !rest.starts_with('.') {
        return None;
    }
    let (mut path, mut rests) = (Vec::new(), Vec::new());
    loop {
        // `.[0]` and `."a"` are steps as `[0]` and `.a` are.
        let bare = rest.strip_prefix('.').filter(|bare| bare.starts_with('[')).unwrap_or(rest);
        if let Some(behind) = bare.strip_prefix("[]") {
            let behind = behind.strip_prefix('?').unwrap_or(behind);
            return Some(ElementParts { path, rests, element: of_each(behind)? });
        }
        let (step, behind) = step(bare)?;
        rest = behind;
        // `.a | .b[]` is `.a.b[]`.
        if let Some(piped) = rest.trim_start().strip_prefix('|') {
            rest = piped.trim_start();
            if !rest.starts_with('.') {
                return None;
            }
        }
        path.push(step);
        rests.push(if rest.starts_with('[') { format!(".{rest}") } else { rest.to_owned() });
    }
}

/// What is done to each element, by what follows `[]`.
fn of_each(rest: &str) -> Option<String> {
    let mut behind = rest;
    while behind.starts_with("[]") || step(behind).is_some() {
        behind = behind.strip_prefix("[]").or_else(|| step(behind).map(|(_, rest)| rest))?;
    }
    let path = rest.strip_suffix(behind)?;
    let first = if path.starts_with('[') { "." } else { "" };
    let path = if path.is_empty() { "." } else { path };
    let behind = behind.trim();
    if behind.is_empty() {
        return Some(format!("{first}{path}"));
    }
    let filter = behind.strip_prefix('|').filter(|filter| !filter.starts_with('='))?;
    Some(format!("{first}{path} | ({filter}\n)"))
}

/// A plain step at the beginning (`.a`, `."a"`, `["a"]`, `[0]`) and what follows it; `None` = another
/// kind of step does.
fn step(text: &str) -> Option<(WayStep, &str)> {
    if let Some(name) = text.strip_prefix('.') {
        if let Some(quoted) = name.strip_prefix('"') {
            let (name, behind) = quoted.split_once('"')?;
            return plain(name).map(|step| (step, behind));
        }
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let end = name.find(|c| !is_part(c)).unwrap_or(name.len());
        if end == 0 || name.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let (name, behind) = name.split_at(end);
        return Some((WayStep::Name(name.to_owned()), behind));
    }
    let inner = text.strip_prefix('[')?;
    if let Some(quoted) = inner.strip_prefix('"') {
        let (name, behind) = quoted.split_once('"')?;
        return plain(name).zip(behind.strip_prefix(']'));
    }
    let (number, behind) = inner.split_once(']')?;
    let is_number = number.chars().all(|c| c.is_ascii_digit());
    let number = number.parse().ok().filter(|_| is_number)?;
    Some((WayStep::Index(number), behind))
}

/// A name in quotes without anything that stands for something else.
fn plain(name: &str) -> Option<WayStep> {
    (!name.contains('\\')).then(|| WayStep::Name(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_filters_that_work_on_each_element_by_itself_get_elements() {
        for (code, expected) in [
            (".[]", Some(".")),
            (".[].id", Some(".id")),
            (".[][0]", Some(".[0]")),
            (".[][]", Some(".[]")),
            (".[]?.id", Some(".id")),
            (".[] | .id", Some(". | ( .id\n)")),
            (".[].a[\"b c\"] | .x, .y", Some(".a[\"b c\"] | ( .x, .y\n)")),
            (".[] , 1", None),
            (".[] // 1 | .a", None),
            (".[] |= 1", None),
            (".[].a = 1", None),
            (".[].a? | .b", None),
            (".[1:] | .a", None),
            (".[] as $x | $x", None),
            (".a[], .b", None),
            (".a, .b[]", None),
            (".a?[]", None),
            (".[-1][]", None),
            ("[.[]]", None),
            ("..[]", None),
            (".[\"\\(.a)\"][]", None),
            (".a |= .b[]", None),
            (".a | map(.)", None),
        ] {
            assert_eq!(of(code).map(|parts| parts.element).as_deref(), expected, "{code}");
        }
    }

    #[test]
    fn a_path_before_the_list_is_gone_step_by_step() {
        let name = |name: &str| WayStep::Name(name.to_owned());
        for (code, path, rests) in [
            (".a[]", vec![name("a")], vec![".[]"]),
            (".a.b[].c", vec![name("a"), name("b")], vec![".b[].c", ".[].c"]),
            (
                ".[\"a b\"].[0][] | f",
                vec![name("a b"), WayStep::Index(0)],
                vec![".[0][] | f", ".[] | f"],
            ),
            (".\"a b\"[]", vec![name("a b")], vec![".[]"]),
            (".a | .b|.[]|.c", vec![name("a"), name("b")], vec![".b|.[]|.c", ".[]|.c"]),
            (".[3][]", vec![WayStep::Index(3)], vec![".[]"]),
        ] {
            let parts = of(code).unwrap_or_else(|| panic!("{code}"));
            assert_eq!(
                (parts.path, parts.rests),
                (path, rests.iter().map(|it| (*it).to_owned()).collect()),
                "{code}"
            );
        }
    }
}
