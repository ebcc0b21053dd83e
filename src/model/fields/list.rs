//! The rows of lists: headers, parameters, fields and parts of forms. Most are one line of text:
//! `Name: value`, `name=value`, a leading `~` = switched off.

use crate::model::field::FieldWidth::{Cells, Fill};
use crate::model::field::{Options, Presence, Spelling, ValueKind, fields};
use crate::model::http::{AutomaticHeader, FormPart, PartSource};
use crate::model::name_value::NameValue;

const WRITTEN: Presence = Presence::Written;

impl Options for NameValue {
    fields! {
        "off", ValueKind::Off, enabled, width: Some(Cells(3));
        "name", ValueKind::Text, name, width: Some(Fill(2)), placeholder: "name", presence: WRITTEN;
        "value", ValueKind::Text, value, width: Some(Fill(3)), placeholder: "value",
            presence: WRITTEN;
    }

    fn line(&self, spelling: Spelling) -> Option<String> {
        let off = if self.enabled { "" } else { "~" };
        let NameValue { name, value, .. } = self;
        let line = match spelling {
            Spelling::Header if AutomaticHeader::switched_off_by(self).is_some() => {
                format!("~{name}")
            }
            Spelling::Header if value.is_empty() => format!("{off}{name}:"),
            Spelling::Header => format!("{off}{name}: {value}"),
            _ => format!("{off}{name}={value}"),
        };
        (NameValue::from_line(&line, spelling).as_ref() == Some(self)).then_some(line)
    }

    /// One space after the colon of a header does not belong to the value.
    fn from_line(line: &str, spelling: Spelling) -> Option<Self> {
        let (enabled, line) = match line.strip_prefix('~') {
            Some(rest) => (false, rest),
            None => (true, line),
        };
        let (name, value) = match (spelling, line.split_once(':')) {
            (Spelling::Header, Some((name, value))) => {
                (name, value.strip_prefix(' ').unwrap_or(value))
            }
            // `~User-Agent` switches an automatic header off; there is no value to write.
            (Spelling::Header, None) if !enabled => (line, ""),
            (Spelling::Header, None) => return None,
            _ => line.split_once('=').unwrap_or((line, "")),
        };
        Some(NameValue { enabled, name: name.into(), value: value.into() })
    }
}

impl From<NameValue> for FormPart {
    fn from(row: NameValue) -> Self {
        let NameValue { enabled, name, value } = row;
        FormPart { enabled, name, value, ..FormPart::default() }
    }
}

impl Options for FormPart {
    fields! {
        "off", ValueKind::Off, enabled, width: Some(Cells(3));
        "name", ValueKind::Text, name, width: Some(Fill(2)), placeholder: "field",
            presence: WRITTEN;
        "", ValueKind::Variant(&["text", "file", "text file"]), -, width: Some(Cells(11));
        "value", ValueKind::Text, (FormPart { source: PartSource::Text, value, .. } => value),
            when: Some("text"), width: Some(Fill(3)), placeholder: "value", presence: WRITTEN;
        "file", ValueKind::Text, (FormPart { source: PartSource::File, value, .. } => value),
            when: Some("file"), width: Some(Fill(3)), placeholder: "path of the file",
            is_path: true, help: "Path of a file, sent with its name.";
        "text-file", ValueKind::Text, (FormPart { source: PartSource::FileText, value,
            .. } => value),
            when: Some("text file"), width: Some(Fill(3)), placeholder: "path of the file",
            is_path: true, help: "Path of a file whose content is the value.";
        // What belongs to a file; a plain field has it when it is written there.
        "type", ValueKind::Text, [
            |part| if is_plain(part) { None } else { Some(&part.content_type) },
            |part| Some(&mut part.content_type)
        ], width: Some(Fill(2)), wraps: true, default: Some(""), label: "    type",
            placeholder: "by extension",
            help: "Content type; by the extension of the file when absent.";
        "file-name", ValueKind::Text, [
            |part| if is_plain(part) { None } else { Some(&part.file_name) },
            |part| Some(&mut part.file_name)
        ], width: Some(Fill(3)), default: Some(""), label: "file name",
            placeholder: "the file's own",
            help: "File name told; that of the file when absent.";
    }

    fn variant(&self) -> &'static str {
        self.source.into_str()
    }

    fn switch(&mut self, word: &str) {
        self.source = word.parse().unwrap_or_default();
    }

    /// `name=value` says all of a plain field.
    fn line(&self, spelling: Spelling) -> Option<String> {
        let line = NameValue { enabled: self.enabled, ..NameValue::new(&*self.name, &*self.value) }
            .line(spelling)?;
        (FormPart::from_line(&line, spelling).as_ref() == Some(self)).then_some(line)
    }

    fn from_line(line: &str, spelling: Spelling) -> Option<Self> {
        NameValue::from_line(line, spelling).map(FormPart::from)
    }
}

fn is_plain(part: &FormPart) -> bool {
    let FormPart { source, file_name, content_type, .. } = part;
    *source == PartSource::Text && file_name.is_empty() && content_type.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Option<NameValue> {
        NameValue::from_line(line, Spelling::Header)
    }

    #[test]
    fn a_tilde_switches_a_row_off() {
        let row = parse("~X-Debug: 1").unwrap();
        assert_eq!((row.enabled, row.name.as_str(), row.value.as_str()), (false, "X-Debug", "1"));
        assert_eq!(row.line(Spelling::Header).unwrap(), "~X-Debug: 1");
    }

    #[test]
    fn an_automatic_header_is_switched_off_by_its_name() {
        let row = parse("~User-Agent").unwrap();
        assert_eq!(AutomaticHeader::switched_off_by(&row), Some(AutomaticHeader::UserAgent));
        assert_eq!(row.line(Spelling::Header).unwrap(), "~User-Agent");
        let resting = parse("~User-Agent: mine").unwrap();
        assert_eq!(AutomaticHeader::switched_off_by(&resting), None);
        assert_eq!(parse("~X").map(|row| row.name), Some("X".into()));
    }

    #[test]
    fn rows_that_no_line_can_mean_are_told() {
        assert_eq!(NameValue::new("a:b", "c").line(Spelling::Header), None);
        assert_eq!(NameValue::new("~a", "c").line(Spelling::Pair), None);
        assert_eq!(NameValue::new("a", "b=c").line(Spelling::Pair).unwrap(), "a=b=c");
        assert_eq!(parse("no colon"), None);
        let flag = NameValue::from_line("flag", Spelling::Pair);
        assert_eq!(flag, Some(NameValue::new("flag", "")));
    }
}
