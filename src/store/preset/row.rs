//! Rows of a list as one line of text: `Name: value`, `name=value`, a leading `~` = switched off.

use crate::model::http::AutomaticHeader;
use crate::model::spec::NameValue;

/// How name and value are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Joint {
    /// Header fields: `Name: value`; one space after the colon does not belong to the value.
    Colon,
    /// Query parameters and form fields: `name=value`.
    Equals,
}

impl Joint {
    /// The form expected, for messages.
    pub(super) fn example(self) -> &'static str {
        match self {
            Joint::Colon => "Name: value",
            Joint::Equals => "name=value",
        }
    }
}

/// Reads one line; `None` when a header has no colon.
pub(super) fn parse(line: &str, joint: Joint) -> Option<NameValue> {
    let (enabled, line) = match line.strip_prefix('~') {
        Some(rest) => (false, rest),
        None => (true, line),
    };
    let (name, value) = match joint {
        Joint::Colon => {
            // `~User-Agent` switches an automatic header off; there is no value to write.
            let (name, value) = match line.split_once(':') {
                None if !enabled => (line, ""),
                found => found?,
            };
            (name, value.strip_prefix(' ').unwrap_or(value))
        }
        Joint::Equals => line.split_once('=').unwrap_or((line, "")),
    };
    Some(NameValue { enabled, name: name.into(), value: value.into() })
}

/// The line of a row, or `None` when no line means exactly this row (a colon in a header name).
pub(super) fn print(row: &NameValue, joint: Joint) -> Option<String> {
    let off = if row.enabled { "" } else { "~" };
    let line = match joint {
        Joint::Colon if AutomaticHeader::switched_off_by(row).is_some() => format!("~{}", row.name),
        Joint::Colon if row.value.is_empty() => format!("{off}{}:", row.name),
        Joint::Colon => format!("{off}{}: {}", row.name, row.value),
        Joint::Equals => format!("{off}{}={}", row.name, row.value),
    };
    (parse(&line, joint).as_ref() == Some(row)).then_some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tilde_switches_a_row_off() {
        let row = parse("~X-Debug: 1", Joint::Colon).unwrap();
        assert_eq!((row.enabled, row.name.as_str(), row.value.as_str()), (false, "X-Debug", "1"));
        assert_eq!(print(&row, Joint::Colon).unwrap(), "~X-Debug: 1");
    }

    #[test]
    fn an_automatic_header_is_switched_off_by_its_name() {
        let row = parse("~User-Agent", Joint::Colon).unwrap();
        assert_eq!(AutomaticHeader::switched_off_by(&row), Some(AutomaticHeader::UserAgent));
        assert_eq!(print(&row, Joint::Colon).unwrap(), "~User-Agent");
        let resting = parse("~User-Agent: mine", Joint::Colon).unwrap();
        assert_eq!(AutomaticHeader::switched_off_by(&resting), None);
        assert_eq!(parse("~X", Joint::Colon).map(|row| row.name), Some("X".into()));
    }

    #[test]
    fn rows_that_no_line_can_mean_are_told() {
        assert_eq!(print(&NameValue::new("a:b", "c"), Joint::Colon), None);
        assert_eq!(print(&NameValue::new("~a", "c"), Joint::Equals), None);
        assert_eq!(print(&NameValue::new("a", "b=c"), Joint::Equals).unwrap(), "a=b=c");
        assert_eq!(parse("no colon", Joint::Colon), None);
        assert_eq!(parse("flag", Joint::Equals), Some(NameValue::new("flag", "")));
    }
}
