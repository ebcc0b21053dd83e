//! The options of faults.

use std::borrow::Cow;

use crate::model::fault::{ChanceSpec, FaultEffect, FaultFrom, FaultKind, FaultSpec};
use crate::model::field::FieldWidth::{Cells, Fill};
use crate::model::field::{FieldValue, FieldWidth, Options, Presence, Spelling, ValueKind, fields};
use crate::model::field_access;
use crate::model::suggest::suggest;

const MOST: i64 = u32::MAX as i64;
const REQUIRED: Presence = Presence::Required;
const VALUE: Option<FieldWidth> = Some(Cells(8));

/// The rows of all relays.
impl Options for ChanceSpec {
    fields! {
        "seed", ValueKind::Number { min: 0, max: MOST }, seed,
            label: "Seed of the faults' chance",
            help: "What chance begins with, so that a run can be repeated: 0 to 4294967295; another with every start when absent.";
    }
}

impl Options for FaultSpec {
    fields! {
        "off", ValueKind::Off, enabled, width: Some(Cells(3)),
            help: "A fault that is kept and not done.";
        "", ValueKind::Variant(&["delay", "rate", "split", "merge", "corrupt", "duplicate",
            "reorder", "drop", "reset", "half-close", "stall"]), -, width: Some(Cells(12)),
            help: "What the fault does.";
        "delay", ValueKind::Duration, (FaultSpec { effect: FaultEffect::Delay { delay, .. }, .. } => delay),
            when: Some("delay"), presence: REQUIRED, width: VALUE,
            help: "What is passed on leaves so much later.";
        "jitter", ValueKind::Duration, (FaultSpec { effect: FaultEffect::Delay { jitter, .. }, .. } => jitter),
            when: Some("delay"), default: Some("0s"), width: VALUE, label: "jitter",
            help: "Up to so much later still, by chance.";
        "rate", ValueKind::Number { min: 1, max: MOST }, (FaultSpec { effect: FaultEffect::Rate(value), .. } => value),
            when: Some("rate"), presence: REQUIRED, width: VALUE,
            help: "Bytes a second.";
        "split", ValueKind::Number { min: 1, max: MOST }, (FaultSpec { effect: FaultEffect::Split(value), .. } => value),
            when: Some("split"), presence: REQUIRED, width: VALUE,
            help: "Bytes of a write at most (TCP).";
        "merge", ValueKind::Duration, (FaultSpec { effect: FaultEffect::Merge(value), .. } => value),
            when: Some("merge"), presence: REQUIRED, width: VALUE,
            help: "What comes within this time leaves in one write (TCP).";
        "corrupt", ValueKind::Number { min: 1, max: MOST }, (FaultSpec { effect: FaultEffect::Corrupt(value), .. } => value),
            when: Some("corrupt"), presence: REQUIRED, width: VALUE,
            help: "Bytes of which a bit is turned, of each read or datagram.";
        "duplicate", ValueKind::Number { min: 1, max: 100 }, (FaultSpec { effect: FaultEffect::Duplicate(value), .. } => value),
            when: Some("duplicate"), presence: REQUIRED, width: VALUE,
            help: "Copies of a datagram that leave as well.";
        "reorder", ValueKind::Number { min: 1, max: 1000 }, (FaultSpec { effect: FaultEffect::Reorder(value), .. } => value),
            when: Some("reorder"), presence: REQUIRED, width: VALUE,
            help: "Later datagrams that leave before it; it waits for them a second at most.";
        "drop", ValueKind::Number { min: 1, max: 100 }, (FaultSpec { effect: FaultEffect::Drop(value), .. } => value),
            when: Some("drop"), presence: REQUIRED, width: VALUE,
            help: "Datagrams of a hundred that do not leave.";
        "reset", ValueKind::Number { min: 0, max: MOST }, (FaultSpec { effect: FaultEffect::Reset(value), .. } => value),
            when: Some("reset"), presence: REQUIRED, width: VALUE,
            help: "Bytes behind which both connections are reset (TCP).";
        "half-close", ValueKind::Number { min: 0, max: MOST }, (FaultSpec { effect: FaultEffect::HalfClose(value), .. } => value),
            when: Some("half-close"), presence: REQUIRED, width: VALUE,
            help: "Bytes behind which an end (FIN) is passed on and nothing more (TCP).";
        "stall", ValueKind::Number { min: 0, max: MOST }, (FaultSpec { effect: FaultEffect::Stall(value), .. } => value),
            when: Some("stall"), presence: REQUIRED, width: VALUE,
            help: "Bytes behind which nothing goes on.";
        "from", ValueKind::Choice(&["both", "client", "server"]), from, width: Some(Cells(8)), label: "from",
            help: "Of whom.";
        "chance", ValueKind::Number { min: 1, max: 100 }, chance, width: Some(Cells(3)), label: "chance %",
            help: "Of so many of a hundred: reads, datagrams or, of reset, half-close and stall, connections.";
        "when", ValueKind::Phrase, when, wraps: true, label: "    when",
            help: "Only of what fits: always, or contains, equals, starts-with or matches and a text in quotes. Reset, half-close and stall count from there.";
        "first", ValueKind::Number { min: 1, max: MOST }, first, width: Some(Cells(5)), label: "first",
            help: "Only of the first so many that fit: reads of each connection, datagrams of each client; of HTTP messages, and of reset, half-close and stall connections, of the whole relay.";
        "every", ValueKind::Number { min: 1, max: MOST }, every, width: Some(Cells(5)), label: "every",
            help: "Only of every so many that fit, counted as for first.";
        "after", ValueKind::Duration, after, width: Some(Fill(1)), label: "after",
            help: "From so long after the start of the relay.";
        "for", ValueKind::Duration, lasts, width: Some(Fill(1)), label: "for",
            help: "For so long; until the end when absent.";
    }

    fn variant(&self) -> &'static str {
        self.effect.kind().into_str()
    }

    fn switch(&mut self, word: &str) {
        self.effect = FaultEffect::of(word.parse().unwrap_or(FaultKind::Delay));
    }

    /// `delay=100ms from=server every=3`
    fn from_line(line: &str, _spelling: Spelling) -> Option<Self> {
        FaultSpec::parse(line).ok()
    }
}

impl FaultSpec {
    /// A fault as it is written in one line: `delay=100ms from=server when=contains 'x y'`.
    ///
    /// # Errors
    /// What is wrong with it, in a sentence.
    pub(crate) fn parse(line: &str) -> Result<Self, String> {
        let fault = FaultSpec::default();
        // A row without a key has its value under that of another.
        let keys = fault.fields().iter().map(|info| info.key).filter(|key| !key.is_empty());
        let keys: Vec<&str> = keys.collect();
        let key_of = |word: &str| word.split_once('=').map(|(key, _)| key.to_owned());
        let is_key = |word: &str| {
            key_of(word).is_some_and(|key| key.chars().all(|c| c.is_ascii_lowercase() || c == '-'))
        };
        let mut settings: Vec<String> = Vec::new();
        for word in line.split_whitespace() {
            match settings.last_mut() {
                // A text in quotes may hold blanks.
                Some(last) if !is_key(word) || last.matches('\'').count() % 2 == 1 => {
                    last.push(' ');
                    last.push_str(word);
                }
                _ => settings.push(word.to_owned()),
            }
        }
        let mut fault = fault;
        let mut chosen: Option<FaultKind> = None;
        for setting in &settings {
            let (key, value) = setting
                .split_once('=')
                .ok_or_else(|| format!("'{setting}' is no KEY=VALUE, such as delay=100ms"))?;
            if let Ok(kind) = key.parse::<FaultKind>() {
                if chosen.replace(kind).is_some_and(|before| before != kind) {
                    return Err("one fault does one thing; write a second one for another".into());
                }
                fault.effect = FaultEffect::of(kind);
            } else if !keys.contains(&key) {
                return Err(format!("there is no '{key}' here; {}", suggest(key, &keys)));
            }
            // By its path alone it would be the kind of the condition.
            match key {
                "when" => fault.when.set_phrase(value)?,
                key => field_access::assign(&mut fault, key, value)?,
            }
        }
        match chosen {
            Some(_) => Ok(fault),
            None => Err("it does not say what it does, such as delay=100ms or drop=10".into()),
        }
    }
}

impl FieldValue for FaultFrom {
    fn show(&self) -> Cow<'_, str> {
        self.into_str().into()
    }

    fn set(&mut self, text: &str) -> Result<(), String> {
        *self = text.parse().map_err(|_| format!("'{text}' is none of both, client, server"))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::listener::WhenKind;

    #[test]
    fn a_line_says_all_of_a_fault() {
        let line = "delay=100ms jitter=50ms from=server every=3 when=contains 'a b=c' for=2s";
        let fault = FaultSpec::parse(line).unwrap();
        let (delay, jitter) = (Duration::from_millis(100), Duration::from_millis(50));
        assert_eq!(fault.effect, FaultEffect::Delay { delay, jitter });
        assert_eq!((fault.from, fault.every), (FaultFrom::Server, Some(3)));
        assert_eq!((fault.when.kind, &*fault.when.text), (WhenKind::Contains, "a b=c"));
        assert_eq!(fault.lasts, Some(Duration::from_secs(2)));
        assert_eq!(FaultSpec::parse("half-close=7").unwrap().effect, FaultEffect::HalfClose(7));
    }

    #[test]
    fn what_is_no_fault_is_refused_in_words() {
        for (line, said) in [
            ("", "it does not say what it does, such as delay=100ms or drop=10"),
            ("from=server", "it does not say what it does, such as delay=100ms or drop=10"),
            ("delay", "'delay' is no KEY=VALUE, such as delay=100ms"),
            ("dealy=1s", "there is no 'dealy' here; did you mean 'delay'?"),
            (
                "nonsense=1",
                "there is no 'nonsense' here; known here: off, delay, jitter, rate, split, merge, \
                 corrupt, duplicate, reorder, drop, reset, half-close, stall, from, chance, when, \
                 first, every, after, for",
            ),
            ("drop=101", "'101' is not a number from 1 to 100"),
            ("drop=1 delay=1s", "one fault does one thing; write a second one for another"),
            ("jitter=1s", "it does not say what it does, such as delay=100ms or drop=10"),
        ] {
            assert_eq!(FaultSpec::parse(line).unwrap_err(), said, "{line}");
        }
    }
}
