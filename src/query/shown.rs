//! Answers as people read them: on one line, cut where they are long, and what differs in them.

use serde_json::Value;

use super::answered::{Answered, whole};
use super::comparison::{FacetTest, has, is_same};
use crate::codec::compare::{self, Change, ComparedAs, Excerpt};
use crate::codec::json_path::{member, type_of};
use crate::model::counts::{count, counted};
use crate::model::timing::show_duration;

/// Characters of a value that are shown.
const SHOWN: usize = 120;
/// Bytes that are shown as hex digits.
const HEX_SHOWN: usize = 32;
/// Differences that are named; how many more there are is said.
const NAMED: usize = 5;
/// Characters shown on both sides of the first difference of two texts.
const AROUND: usize = 24;
/// Bytes of texts that are compared line by line.
const LINED: usize = 64 * 1024;
/// The same in lines.
const LINES: usize = 1000;

impl Answered {
    /// It on one line.
    #[must_use]
    pub fn shown(&self) -> String {
        match self {
            Answered::Nothing(why) if why.is_empty() => "nothing".into(),
            Answered::Nothing(why) => format!("nothing: {why}"),
            Answered::Number(number) => number.to_string(),
            Answered::Size(size) => counted(*size, "byte"),
            Answered::Time(time) => show_duration(rounded(*time)),
            Answered::Texts(texts) if texts.is_empty() => "nothing".into(),
            Answered::Texts(texts) => {
                let texts: Vec<String> = texts.iter().map(|text| text_of(text)).collect();
                short(&texts.join(", "))
            }
            Answered::Bytes(bytes) if bytes.is_empty() => "no bytes".into(),
            Answered::Bytes(bytes) => short(&text_of(bytes.get(..SHOWN * 4).unwrap_or(bytes))),
            Answered::Json(values) if values.is_empty() => "nothing".into(),
            Answered::Json(values) => short(&whole(values).to_string()),
            Answered::YesNo(yes) => yes.to_string(),
        }
    }
}

impl FacetTest {
    /// What came on one line, as it is asked for: bytes where bytes are.
    #[must_use]
    pub fn shown(&self, answer: &Answered) -> String {
        match answer {
            Answered::Bytes(bytes) if !bytes.is_empty() && self.bytes_wanted().is_some() => {
                hex_of(bytes)
            }
            _ => answer.shown(),
        }
    }

    /// What of an answer differs from what was wanted, a line each; none where there is no more to say
    /// than what was wanted and what came.
    #[must_use]
    pub fn differences(&self, answer: &Answered) -> Vec<String> {
        match answer {
            Answered::Json(values) if !values.is_empty() => {
                let Some(wanted) = self.equal_json() else { return Vec::new() };
                let mut found = Vec::new();
                let got = whole(values);
                let mut looking = Looking { is_part: self.is_part(), found: &mut found };
                looking.compare("", wanted, &got);
                let is_plain = |value: &Value| !value.is_object() && !value.is_array();
                if is_plain(wanted) || is_plain(&got) { Vec::new() } else { few(found) }
            }
            Answered::Bytes(got) if self.bytes_wanted().is_some() => {
                let whole = self.bytes_wanted().filter(|(_, is_whole)| *is_whole);
                whole.map_or_else(Vec::new, |(wanted, _)| of_bytes(wanted, got))
            }
            Answered::Bytes(got) => {
                self.equal_text().map_or_else(Vec::new, |wanted| of_texts(wanted, got))
            }
            Answered::Texts(texts) => match (texts.as_slice(), self.equal_text()) {
                ([got], Some(wanted)) if got.len().max(wanted.len()) > AROUND => {
                    of_texts(wanted, got)
                }
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }
    }
}

/// As exact as anybody reads it.
fn rounded(time: std::time::Duration) -> std::time::Duration {
    let micros = time.as_micros();
    let step = if micros >= 10_000 { 1_000 } else { 10 };
    let micros = u64::try_from(micros / step * step).unwrap_or(u64::MAX);
    if micros == 0 { time } else { std::time::Duration::from_micros(micros) }
}

/// A text in quotes, or bytes as escapes.
fn text_of(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => format!(
            "'{}'",
            text.escape_debug().to_string().replace("\\\"", "\"").replace("\\'", "'")
        ),
        Err(_) => format!("'{}'", bytes.escape_ascii()),
    }
}

/// What fits on a line.
pub(crate) fn short(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}…", text.split_at(at).0),
        None => text.to_owned(),
    }
}

fn few(mut found: Vec<String>) -> Vec<String> {
    let more = found.len().saturating_sub(NAMED);
    found.truncate(NAMED);
    if more > 0 {
        found.push(format!("and {more} more"));
    }
    found
}

struct Looking<'a> {
    is_part: bool,
    found: &'a mut Vec<String>,
}

impl Looking<'_> {
    fn compare(&mut self, path: &str, wanted: &Value, got: &Value) {
        if is_same(wanted, got) || self.is_part && has(got, wanted) || self.found.len() > 100 {
            return;
        }
        match (wanted, got) {
            (Value::Object(wanted), Value::Object(got)) => {
                for (name, wanted) in wanted {
                    let path = format!("{path}{}", member(name));
                    match got.get(name) {
                        Some(got) => self.compare(&path, wanted, got),
                        None => self.say(&path, &short(&wanted.to_string()), "nothing"),
                    }
                }
                let extra =
                    got.iter().filter(|(name, _)| !self.is_part && !wanted.contains_key(*name));
                for (name, got) in extra.collect::<Vec<_>>() {
                    self.say(
                        &format!("{path}{}", member(name)),
                        "nothing",
                        &short(&got.to_string()),
                    );
                }
            }
            (wanted, Value::Array(got)) if self.is_part && !wanted.is_array() => {
                let wanted = format!("an element that has {}", short(&wanted.to_string()));
                self.say(
                    path,
                    &wanted,
                    &format!("{} without", counted(got.len() as u64, "element")),
                );
            }
            (Value::Array(wanted), Value::Array(got)) if !self.is_part => {
                for (at, (wanted, got)) in wanted.iter().zip(got).enumerate() {
                    self.compare(&format!("{path}[{at}]"), wanted, got);
                }
                if wanted.len() != got.len() {
                    let elements = |count: usize| counted(count as u64, "element");
                    self.say(path, &elements(wanted.len()), &elements(got.len()));
                }
            }
            (wanted, got) => {
                let is_other_type = type_of(wanted) != type_of(got);
                let told = |value: &Value| {
                    let text = short(&value.to_string());
                    if is_other_type { format!("{text} ({})", type_of(value)) } else { text }
                };
                self.say(path, &told(wanted), &told(got));
            }
        }
    }

    fn say(&mut self, path: &str, wanted: &str, got: &str) {
        let path = if path.is_empty() { "." } else { path };
        self.found.push(format!("{path}: expected {wanted}, got {got}"));
    }
}

/// Bytes as hex digits, and how many there are where not all are shown.
fn hex_of(bytes: &[u8]) -> String {
    let digits: Vec<String> =
        bytes.iter().take(HEX_SHOWN).map(|byte| format!("{byte:02x}")).collect();
    let all = counted(bytes.len() as u64, "byte");
    let rest = if bytes.len() > HEX_SHOWN { format!(" … ({all})") } else { String::new() };
    format!("{}{rest}", digits.join(" "))
}

/// The first byte that is not as wanted, and lengths that are not.
fn of_bytes(wanted: &[Option<u8>], got: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    let pairs = wanted.iter().zip(got).enumerate();
    let other = |(at, (wanted, got)): (usize, (&Option<u8>, &u8))| {
        let wanted = wanted.filter(|wanted| wanted != got)?;
        Some(format!("byte {}: expected {wanted:02x}, got {got:02x}", at + 1))
    };
    found.extend(pairs.filter_map(other));
    if wanted.len() != got.len() {
        let bytes = |len: usize| counted(len as u64, "byte");
        found.push(format!("expected {}, got {}", bytes(wanted.len()), bytes(got.len())));
    }
    few(found)
}

/// Lines of two texts that are not the same, each side on a line of its own; `None` = they are no texts of several
/// lines.
fn of_lines(wanted: &[u8], got: &[u8]) -> Option<Vec<String>> {
    let lines = |text: &[u8]| memchr::memchr_iter(b'\n', text).count();
    let is_short = |text: &[u8]| text.len() <= LINED && lines(text) <= LINES;
    let has_lines = |text: &[u8]| text.trim_ascii_end().contains(&b'\n');
    if !(is_short(wanted) && is_short(got) && (has_lines(wanted) || has_lines(got))) {
        return None;
    }
    let compared = compare::bodies(wanted, got, None);
    let (named, rest) = compared.changes.split_at(compared.changes.len().min(NAMED));
    let side = |sign: &str, excerpt: Option<&Excerpt>| {
        excerpt.map(|excerpt| {
            let line = excerpt.bytes.strip_suffix(b"\n").unwrap_or(&excerpt.bytes);
            let [before, after] =
                [excerpt.before, excerpt.after].map(|more| if more > 0 { "…" } else { "" });
            format!("  {sign} {before}{}{after}", short(&text_of(line)))
        })
    };
    let told = |change: &Change| {
        let place = Some(format!("{}:", change.place)).filter(|_| !change.place.is_empty());
        [place, side("-", change.old.as_ref()), side("+", change.new.as_ref())]
    };
    let mut found: Vec<String> = named.iter().flat_map(told).flatten().collect();
    let more = rest.len() as u64 + compared.left_out;
    found.extend((more > 0).then(|| format!("and {} more", count(more))));
    (compared.how == ComparedAs::Text && !found.is_empty()).then_some(found)
}

/// Where two texts part.
fn of_texts(wanted: &[u8], got: &[u8]) -> Vec<String> {
    if let Some(lines) = of_lines(wanted, got) {
        return lines;
    }
    let common = wanted.iter().zip(got).take_while(|(one, other)| one == other).count();
    if common == 0 || wanted == got {
        return Vec::new();
    }
    let around = |bytes: &[u8]| {
        let from = common.saturating_sub(AROUND / 2);
        let part = &bytes[from..bytes.len().min(common + AROUND)];
        let text = text_of(String::from_utf8_lossy(part).trim_matches('\u{fffd}').as_bytes());
        if bytes.len() > common { text } else { format!("{text}, and there it ends") }
    };
    let line = 1 + wanted.iter().take(common).filter(|byte| **byte == b'\n').count();
    vec![format!(
        "they part at byte {} (line {line}): expected {}, got {}",
        count(common as u64 + 1),
        around(wanted),
        around(got)
    )]
}
