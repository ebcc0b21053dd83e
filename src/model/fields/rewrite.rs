//! The options of rules that change what a relay passes on, and a rule as one line.

use std::borrow::Cow;

use super::setting_line::{Setting, settings};
use crate::model::field::FieldWidth::{Cells, Fill};
use crate::model::field::{FieldValue, FieldWidth, Options, Presence, Spelling, ValueKind, fields};
use crate::model::field_access;
use crate::model::field_id::FieldId;
use crate::model::rewrite::{RewriteChange, RewriteFrom, RewriteKind, RewriteSpec};

const REQUIRED: Presence = Presence::Required;
const VALUE: Option<FieldWidth> = Some(Fill(2));
const HEADER: &str = "Name: value";
const REGEX: &str = "a regular expression";

impl Options for RewriteSpec {
    fields! {
        "off", ValueKind::Off, enabled, width: Some(Cells(3)),
            help: "A rule that is kept and not done.";
        "", ValueKind::Variant(&["set-header", "add-header", "remove-header", "set-status",
            "replace", "replace-hex", "replace-regex", "replace-path", "map-host", "local-file"]), -, width: Some(Cells(15)),
            help: "What the rule does.";
        "set-header", ValueKind::Text, (RewriteSpec { change: RewriteChange::SetHeader(value), .. } => value),
            when: Some("set-header"), presence: REQUIRED, width: VALUE, placeholder: HEADER,
            help: "Name: value in place of every header of that name, or beside the others (HTTP).";
        "add-header", ValueKind::Text, (RewriteSpec { change: RewriteChange::AddHeader(value), .. } => value),
            when: Some("add-header"), presence: REQUIRED, width: VALUE, placeholder: HEADER,
            help: "Name: value behind the others, whatever there is of that name (HTTP).";
        "remove-header", ValueKind::Text, (RewriteSpec { change: RewriteChange::RemoveHeader(value), .. } => value),
            when: Some("remove-header"), presence: REQUIRED, width: VALUE, placeholder: "Name",
            help: "Every header of this name is left out (HTTP).";
        "set-status", ValueKind::Number { min: 200, max: 999 }, (RewriteSpec { change: RewriteChange::SetStatus(status), .. } => status),
            when: Some("set-status"), presence: REQUIRED, width: VALUE, placeholder: "503",
            help: "The status of the answer becomes this one, its body stays (HTTP).";
        "replace", ValueKind::Text, (RewriteSpec { change: RewriteChange::Replace { text, .. }, .. } => text),
            when: Some("replace"), presence: REQUIRED, width: VALUE, placeholder: "text with \\r \\n \\xNN escapes",
            help: "Every place of this text, with escapes such as \\r\\n and \\x00, in the body (HTTP) or the bytes.";
        "replace-hex", ValueKind::Text, (RewriteSpec { change: RewriteChange::ReplaceHex { hex, .. }, .. } => hex),
            when: Some("replace-hex"), presence: REQUIRED, width: VALUE, placeholder: "hex digits",
            help: "The same, given as hex digits; with is hex then, too.";
        "replace-regex", ValueKind::Text, (RewriteSpec { change: RewriteChange::ReplaceRegex { regex, .. }, .. } => regex),
            when: Some("replace-regex"), presence: REQUIRED, width: VALUE, placeholder: REGEX,
            help: "The same, as a regular expression; with may name its groups: $1, ${name}, $$ for a $.";
        "replace-path", ValueKind::Text, (RewriteSpec { change: RewriteChange::ReplacePath { regex, .. }, .. } => regex),
            when: Some("replace-path"), presence: REQUIRED, width: VALUE, placeholder: REGEX,
            help: "A regular expression whose matches in path and query of the request are replaced (HTTP).";
        "map-host", ValueKind::Word(&[]), (RewriteSpec { change: RewriteChange::MapHost { host, .. }, .. } => host),
            when: Some("map-host"), presence: REQUIRED, width: VALUE, placeholder: "host, *.domain or host:port",
            help: "Requests for this host (host, *.domain, *, with a port or without) go to another server (HTTP).";
        "local-file", ValueKind::Text, (RewriteSpec { change: RewriteChange::LocalFile { file, .. }, .. } => file),
            when: Some("local-file"), presence: REQUIRED, width: VALUE, is_path: true, placeholder: "path of a file or folder",
            help: "Requests are answered with this file, or with what their path names in this folder (HTTP).";
        "with", ValueKind::Text, [|rule: &RewriteSpec| rule.change.with().map(|it| it as &dyn FieldValue),
                |rule: &mut RewriteSpec| rule.change.with_mut().map(|it| it as &mut dyn FieldValue)],
            width: VALUE, default: Some(""), label: "with", placeholder: "nothing: it is left out",
            help: "What takes its place; nothing when absent.";
        "to", ValueKind::Word(&[]), (RewriteSpec { change: RewriteChange::MapHost { to, .. }, .. } => to),
            when: Some("map-host"), presence: REQUIRED, width: VALUE, label: "to", placeholder: "host:port or https://host",
            help: "The server they go to: host:port, http://host:port or https://host.";
        "host", ValueKind::Choice(&["auto", "keep", "target"]), (RewriteSpec { change: RewriteChange::MapHost { told, .. }, .. } => told),
            when: Some("map-host"), default: Some("auto"), width: Some(Cells(8)), label: "Host",
            help: "The Host it is told: keep is what the client wrote, target the new server's; auto is the latter where that has a name. It is the name of its TLS, too.";
        "under", ValueKind::Word(&[]), (RewriteSpec { change: RewriteChange::LocalFile { under, .. }, .. } => under),
            when: Some("local-file"), default: Some("/"), width: Some(Fill(1)), label: "under",
            help: "Only of paths that begin with this; what follows it is looked for in the folder.";
        "from", ValueKind::Choice(&["auto", "both", "client", "server"]), from, wraps: true, width: Some(Cells(8)), label: "    from",
            help: "Of whom: client is requests, server is answers; auto is client for headers, server for a status, both for bytes and bodies.";
        "when", ValueKind::Text, when, width: Some(Fill(1)), label: "when", placeholder: "a filter; empty = always",
            help: "Only of what fits this filter, as it came: method == POST and path contains /api.";
    }

    fn variant(&self) -> &'static str {
        self.change.kind().into_str()
    }

    /// Keeps what takes the place of what is replaced.
    fn switch(&mut self, word: &str) {
        let with = self.change.with().cloned();
        self.change = RewriteChange::of(word.parse().unwrap_or(RewriteKind::SetHeader));
        if let (Some(before), Some(with)) = (with, self.change.with_mut()) {
            *with = before;
        }
    }

    fn example() -> Self {
        let change = RewriteChange::SetHeader("X-Env: test".into());
        RewriteSpec { change, ..RewriteSpec::default() }
    }

    /// `set-header="X-Env: test" when="path contains /api"`
    fn from_line(line: &str, _spelling: Spelling) -> Option<Self> {
        RewriteSpec::parse(line).ok()
    }
}

impl FieldValue for RewriteFrom {
    fn show(&self) -> Cow<'_, str> {
        self.into_str().into()
    }

    fn set(&mut self, text: &str) -> Result<(), String> {
        *self =
            text.parse().map_err(|_| format!("'{text}' is none of auto, both, client, server"))?;
        Ok(())
    }
}

impl RewriteSpec {
    /// A rule as it is written in one line: `replace="foo bar" with=baz from=server`.
    ///
    /// # Errors
    /// What is wrong with it and at which column, in a sentence.
    pub(crate) fn parse(line: &str) -> Result<Self, String> {
        let mut rule = RewriteSpec::default();
        // A row without a key has its value under that of another.
        let keys = rule.fields().iter().map(|info| info.key).filter(|key| !key.is_empty());
        let keys: Vec<&str> = keys.collect();
        let settings = settings(line, &keys, ("replace=a", true))?;
        let mut chosen: Option<RewriteKind> = None;
        for Setting { key, .. } in &settings {
            let Ok(kind) = key.parse::<RewriteKind>() else { continue };
            if chosen.replace(kind).is_some() {
                return Err("one rule does one thing; write a second one for another".into());
            }
            rule.change = RewriteChange::of(kind);
        }
        let Some(kind) = chosen else {
            return Err(
                "it does not say what it does, such as set-header='X: 1', replace=a with=b or \
                        map-host=a.example to=127.0.0.1:3000"
                    .into(),
            );
        };
        for Setting { key, value, column } in settings {
            let is_here = field_access::find(&rule, &FieldId::new(key))
                .is_some_and(|found| found.text().is_some());
            if !is_here {
                return Err(format!("column {column}: {} has no '{key}'", kind.into_str()));
            }
            field_access::assign(&mut rule, key, &value)
                .map_err(|why| format!("column {column}: {why}"))?;
        }
        let is_missing = matches!(&rule.change, RewriteChange::MapHost { to, .. } if to.is_empty());
        if is_missing {
            return Err("it does not say where to: map-host=a.example to=127.0.0.1:3000".into());
        }
        Ok(rule)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::http_relay::HostHeader;

    #[test]
    fn a_line_says_all_of_a_rule() {
        let rule =
            RewriteSpec::parse(r#"set-header="X-Env: test" when="path contains /api""#).unwrap();
        assert_eq!(rule.change, RewriteChange::SetHeader("X-Env: test".into()));
        assert_eq!(rule.when, "path contains /api");
        let bare = RewriteSpec::parse("set-header=X-Env: test  when=path contains /api").unwrap();
        assert_eq!(bare, rule);
        let rule = RewriteSpec::parse("replace=foo with=bar from=server").unwrap();
        let change = RewriteChange::Replace { text: "foo".into(), with: "bar".into() };
        assert_eq!((rule.change, rule.from), (change, RewriteFrom::Server));
        let rule = RewriteSpec::parse(r#"with="a \"b\" \r" replace='x y'"#).unwrap();
        let change = RewriteChange::Replace { text: "x y".into(), with: "a \"b\" \\r".into() };
        assert_eq!(rule.change, change);
        let rule = RewriteSpec::parse(r#"replace=a when=data contains "x with=y" with=b"#).unwrap();
        assert_eq!(rule.when, r#"data contains "x with=y""#);
        let rule =
            RewriteSpec::parse("map-host=api.example.com to=127.0.0.1:3000 host=keep").unwrap();
        let (host, to) = ("api.example.com".into(), "127.0.0.1:3000".into());
        assert_eq!(rule.change, RewriteChange::MapHost { host, to, told: HostHeader::Keep });
    }

    #[test]
    fn what_is_no_rule_is_refused_at_its_place() {
        for (line, said) in [
            ("from=server", "it does not say what it does, such as set-header='X: 1'"),
            ("set-haeder=x", "column 1: there is no 'set-haeder' here; did you mean 'set-header'?"),
            ("replace=a wiht=b", "column 11: there is no 'wiht' here; did you mean 'with'?"),
            ("replace=a from=sever", "column 11: 'sever' is not known; did you mean 'server'?"),
            ("replace=a under=/x", "column 11: replace has no 'under'"),
            ("set-status=20", "column 1: "),
            ("replace=a set-header=x", "one rule does one thing; write a second one for another"),
            ("replace=\"a", "column 1: the value of replace has no closing \""),
            ("  hello", "column 3: 'hello' is no KEY=VALUE, such as replace=a"),
            ("map-host=a", "it does not say where to"),
        ] {
            let why = RewriteSpec::parse(line).unwrap_err();
            assert!(why.starts_with(said), "{line}: {why}");
        }
    }
}
