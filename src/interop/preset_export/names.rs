//! Names of ours as variables of a tool, and what they are worth there.

use std::collections::BTreeSet;

use super::order::ExportRemarks;
use super::planned::is_secret;
use crate::compose::filled;
use crate::compose::json_string;
use crate::compose::query_pieces::COMPONENT;
use crate::interop::secrets::{SecretRun, WrittenValue, runs, unsigned, variable};
use crate::model::braces::spans;
use crate::model::preset::Scope;

/// How a tool spells its variables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NameSpelling {
    /// `{{name}}`: Postman.
    Braces,
    /// `{{name}}`, `{{$processEnv NAME}}`: files of requests.
    HttpFile,
    /// `{{name}}` of letters, digits, `_` and `-`: hurl.
    Hurl,
    /// `${name}` in a text of JavaScript, whose variables are the system's: k6.
    CheckScript,
}

/// A name that was met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ForeignName {
    pub(super) ours: String,
    pub(super) theirs: String,
    /// `None` = it has none here.
    pub(super) value: Option<String>,
    pub(super) is_secret: bool,
}

/// A text as a form holds it.
fn form_encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// A value as it is written where it stands.
fn as_written(value: &str, written: WrittenValue, is_body: bool) -> String {
    match written {
        WrittenValue::AsIs | WrittenValue::InUrl => value.to_owned(),
        // A form has its blanks as `+`.
        WrittenValue::Encoded if is_body => form_encoded(value),
        WrittenValue::Encoded => {
            percent_encoding::utf8_percent_encode(value, COMPONENT).to_string()
        }
        WrittenValue::InJson => json_string(value.as_bytes(), true),
    }
}

/// All names that were met, in their order.
#[derive(Debug)]
pub(super) struct ForeignNames {
    spelling: NameSpelling,
    pub(super) all: Vec<ForeignName>,
    with_secrets: bool,
    /// Where it is written now.
    pub(super) place: String,
    /// What presets of the export capture.
    pub(super) captured: BTreeSet<String>,
    pub(super) remarks: ExportRemarks,
}

impl ForeignNames {
    /// None yet.
    pub(super) fn new(spelling: NameSpelling, with_secrets: bool) -> Self {
        let (all, captured, remarks) = (Vec::new(), BTreeSet::new(), ExportRemarks::default());
        let place = String::new();
        ForeignNames { spelling, all, with_secrets, place, captured, remarks }
    }

    /// The value of a name, where it may stand in a text.
    fn open_value(&self, ours: &str, scope: &Scope) -> Option<String> {
        let value = filled(&format!("{{{{{ours}}}}}"), scope)?;
        let is_open = self.with_secrets || !is_secret(ours, &value);
        (is_open && !self.captured.contains(ours)).then_some(value)
    }

    /// A body of bytes, in which no name can stand: the values of those that have one.
    pub(super) fn filled(&mut self, bytes: &[u8], scope: &Scope, place: &str) -> Vec<u8> {
        let mut made = Vec::with_capacity(bytes.len());
        for run in runs(bytes) {
            match run {
                SecretRun::Text(text) => made.extend_from_slice(text),
                SecretRun::Variable { name, written } => {
                    let value = self.open_value(name, scope);
                    if value.is_none() {
                        let what = "names without a value in a body that holds none";
                        self.remarks.say(what, format!("{place} ({{{{{name}}}}})"));
                    }
                    let value = value.unwrap_or_else(|| format!("{{{{{name}}}}}"));
                    made.extend_from_slice(as_written(&value, written, true).as_bytes());
                }
            }
        }
        made
    }

    /// What a name is called there.
    pub(super) fn meet(&mut self, ours: &str, scope: &Scope) -> String {
        let is_captured = self.captured.contains(ours);
        let value = filled(&format!("{{{{{ours}}}}}"), scope).filter(|_| !is_captured);
        if let Some(known) = self.all.iter().find(|known| known.ours == ours) {
            if known.value != value {
                let what = "names whose value depends on the folder; the first is taken";
                self.remarks.say(what, ours);
            }
            return known.theirs.clone();
        }
        let theirs = self.spelled(ours);
        let is_taken = |theirs: &String| self.all.iter().any(|known| known.theirs == *theirs);
        let theirs = if is_taken(&theirs) { format!("{theirs}_2") } else { theirs };
        let is_secret = is_secret(ours, value.as_deref().unwrap_or_default());
        let met = ForeignName { ours: ours.to_owned(), theirs: theirs.clone(), value, is_secret };
        self.all.push(met);
        theirs
    }

    fn spelled(&self, ours: &str) -> String {
        let bare = ours.strip_prefix("secret.").unwrap_or(ours);
        let plain = |allowed: fn(char) -> bool| -> String {
            let bare = bare.strip_prefix("env.").unwrap_or(bare);
            bare.chars().map(|c| if allowed(c) { c } else { '_' }).collect()
        };
        match self.spelling {
            NameSpelling::HttpFile if bare.starts_with("env.") => {
                format!("$processEnv {}", bare.split_at("env.".len()).1)
            }
            NameSpelling::HttpFile => {
                // A point before these words would make it another request's answer.
                let plain = plain(|c| c.is_alphanumeric() || "_-.".contains(c));
                plain.replace(".response.", "_response_").replace(".request.", "_request_")
            }
            NameSpelling::Braces => plain(|c| c.is_alphanumeric() || "_-.".contains(c)),
            NameSpelling::Hurl => plain(|c| c.is_ascii_alphanumeric() || "_-".contains(c)),
            NameSpelling::CheckScript => variable(bare.strip_prefix("env.").unwrap_or(bare)),
        }
    }

    /// A body with names in braces. One whose value has to be encoded there is that value, where it may be.
    pub(super) fn braces(&mut self, text: &[u8], scope: &Scope) -> String {
        self.written(text, scope, true)
    }

    fn written(&mut self, text: &[u8], scope: &Scope, is_body: bool) -> String {
        let mut made = String::new();
        for run in runs(text) {
            match run {
                SecretRun::Text(text) => {
                    let text = String::from_utf8_lossy(text);
                    for (span, _) in spans(&text) {
                        let what = "braces that are text here, which would be a variable there";
                        self.remarks.say(what, text.get(span).unwrap_or_default());
                    }
                    made.push_str(&text);
                }
                SecretRun::Variable { name, written } => {
                    made += &self.value(name, written, is_body, scope);
                }
            }
        }
        made
    }

    /// A name in braces. Nothing there writes a value otherwise than it is: where it has to, the value stands there
    /// itself, if it may.
    fn value(&mut self, name: &str, written: WrittenValue, is_body: bool, scope: &Scope) -> String {
        let how = match written {
            WrittenValue::AsIs | WrittenValue::InUrl => "",
            WrittenValue::Encoded if is_body => "encoded in a form",
            WrittenValue::Encoded => "percent-encoded",
            WrittenValue::InJson => "escaped as JSON",
        };
        let place = format!("{} ({{{{{name}}}}})", self.place);
        let value = self.open_value(name, scope);
        let made = value.as_ref().map(|value| as_written(value, written, is_body));
        match made.filter(|made| value.as_ref() != Some(made)) {
            Some(made) => {
                let what = format!("names whose values have to be {how}; the values stand there");
                self.remarks.say(what, place);
                return made;
            }
            // A value that is no other needs nothing for now; of JSON nobody would see why it breaks one day.
            None if written == WrittenValue::InJson || value.is_none() && !how.is_empty() => {
                let what = format!(
                    "names whose values have to be {how}, and are put in as they are there"
                );
                self.remarks.say(what, place);
            }
            None => {}
        }
        format!("{{{{{}}}}}", self.meet(name, scope))
    }

    /// A text whose names the tool writes as they have to be, as it does those of forms.
    pub(super) fn plain(&mut self, text: &str, scope: &Scope) -> String {
        self.written(unsigned(text).as_bytes(), scope, false)
    }

    /// A text of a plan with names in braces.
    pub(super) fn text(&mut self, text: &str, scope: &Scope) -> String {
        self.written(text.as_bytes(), scope, false)
    }

    /// The variables a file of them names: with values, and those of secrets where they may be told.
    pub(super) fn told(&self, with_secrets: bool) -> impl Iterator<Item = (&ForeignName, &str)> {
        let is_own = move |name: &&ForeignName| !name.ours.starts_with("env.");
        self.all.iter().filter(is_own).filter_map(move |name| {
            let value = name.value.as_deref()?;
            (with_secrets || !name.is_secret).then_some((name, value))
        })
    }

    /// Says which names somebody has to give a value.
    pub(super) fn say_missing(&mut self, with_secrets: bool) {
        for name in self.all.clone() {
            let shown = format!("{{{{{}}}}}", name.theirs);
            if name.value.is_some() && name.is_secret && !with_secrets {
                self.remarks.say("secrets, which stay names (--with-secrets tells them)", shown);
            } else if name.value.is_none() && !self.captured.contains(&name.ours) {
                self.remarks.say("names without a value", shown);
            }
        }
    }
}
