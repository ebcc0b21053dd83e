//! The options of faults.

use std::borrow::Cow;

use super::setting_line::{Setting, settings};
use crate::model::fault::{ChanceSpec, FaultEffect, FaultFrom, FaultKind, FaultSpec};
use crate::model::field::FieldWidth::{Cells, Fill};
use crate::model::field::{FieldValue, FieldWidth, Options, Presence, Spelling, ValueKind, fields};
use crate::model::field_access;
use crate::model::field_id::FieldId;

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
            when: Some("delay"), presence: Presence::Written, width: VALUE,
            help: "What is passed on leaves so much later.";
        "jitter", ValueKind::Duration, (FaultSpec { effect: FaultEffect::Delay { jitter, .. }, .. } => jitter),
            when: Some("delay"), default: Some("0s"), width: VALUE, label: "jitter",
            help: "Up to so much later still, by chance; alone it is all there is.";
        "rate", ValueKind::Rate { min: 1, max: MOST }, (FaultSpec { effect: FaultEffect::Rate(value), .. } => value),
            when: Some("rate"), presence: REQUIRED, width: VALUE,
            help: "Bytes a second: 1000, or with a unit 64k, 64KiB/s, 8Mbit/s (k = 1000, Ki = 1024).";
        "split", ValueKind::Size { min: 1, max: MOST }, (FaultSpec { effect: FaultEffect::Split(value), .. } => value),
            when: Some("split"), presence: REQUIRED, width: VALUE,
            help: "Bytes of a write at most (TCP).";
        "merge", ValueKind::Duration, (FaultSpec { effect: FaultEffect::Merge(value), .. } => value),
            when: Some("merge"), presence: REQUIRED, width: VALUE,
            help: "What comes within this time leaves in one write (TCP).";
        "corrupt", ValueKind::Size { min: 1, max: MOST }, (FaultSpec { effect: FaultEffect::Corrupt(value), .. } => value),
            when: Some("corrupt"), presence: REQUIRED, width: VALUE,
            help: "Bytes of which a bit is turned, of each read or datagram.";
        "duplicate", ValueKind::Number { min: 1, max: 100 }, (FaultSpec { effect: FaultEffect::Duplicate(value), .. } => value),
            when: Some("duplicate"), presence: REQUIRED, width: VALUE,
            help: "Copies of a datagram that leave as well.";
        "reorder", ValueKind::Number { min: 1, max: 1000 }, (FaultSpec { effect: FaultEffect::Reorder(value), .. } => value),
            when: Some("reorder"), presence: REQUIRED, width: VALUE,
            help: "Later datagrams that leave before it; it waits for them a second at most.";
        "drop", ValueKind::Percent, (FaultSpec { effect: FaultEffect::Drop(value), .. } => value),
            when: Some("drop"), presence: REQUIRED, width: VALUE,
            help: "Datagrams of a hundred that do not leave.";
        "reset", ValueKind::Size { min: 0, max: MOST }, (FaultSpec { effect: FaultEffect::Reset(value), .. } => value),
            when: Some("reset"), presence: REQUIRED, width: VALUE,
            help: "Bytes behind which both connections are reset (TCP).";
        "half-close", ValueKind::Size { min: 0, max: MOST }, (FaultSpec { effect: FaultEffect::HalfClose(value), .. } => value),
            when: Some("half-close"), presence: REQUIRED, width: VALUE,
            help: "Bytes behind which an end (FIN) is passed on and nothing more (TCP).";
        "stall", ValueKind::Size { min: 0, max: MOST }, (FaultSpec { effect: FaultEffect::Stall(value), .. } => value),
            when: Some("stall"), presence: REQUIRED, width: VALUE,
            help: "Bytes behind which nothing goes on.";
        "from", ValueKind::Choice(&["both", "client", "server"]), from, width: Some(Cells(8)), label: "from",
            help: "Of whom.";
        "chance", ValueKind::Percent, chance, width: Some(Cells(3)), label: "chance %",
            help: "Of so many of a hundred: reads, datagrams or, of reset, half-close and stall, connections.";
        "when", ValueKind::Text, when, wraps: true, label: "    when", placeholder: "a filter; empty = of all",
            help: "Only of what fits this filter, as it goes on: path contains /api. Or contains, equals, starts-with or matches and a text in quotes, of its bytes alone. Reset, half-close and stall count from there.";
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

    /// One that does something.
    fn example() -> Self {
        FaultSpec { effect: FaultEffect::default(), ..FaultSpec::default() }
    }

    /// `delay=100ms from=server every=3`
    fn from_line(line: &str, _spelling: Spelling) -> Option<Self> {
        FaultSpec::parse(line).ok()
    }
}

impl FaultSpec {
    /// A fault as it is written in one line: `delay=100ms from=server when="path contains /api"`.
    ///
    /// # Errors
    /// What is wrong with it and at which column, in a sentence.
    pub(crate) fn parse(line: &str) -> Result<Self, String> {
        let mut fault = FaultSpec::default();
        // A row without a key has its value under that of another.
        let keys = fault.fields().iter().map(|info| info.key).filter(|key| !key.is_empty());
        let keys: Vec<&str> = keys.collect();
        let settings = settings(line, &keys, ("delay=100ms", false))?;
        let mut chosen: Option<FaultKind> = None;
        for Setting { key, .. } in &settings {
            let Ok(kind) = key.parse::<FaultKind>() else { continue };
            if chosen.replace(kind).is_some_and(|before| before != kind) {
                return Err("one fault does one thing; write a second one for another".into());
            }
            fault.effect = FaultEffect::of(kind);
        }
        // Without a delay it is all of it.
        let is_jitter = settings.iter().any(|setting| setting.key == "jitter");
        let Some(kind) = chosen.or(is_jitter.then_some(FaultKind::Delay)) else {
            return Err("it does not say what it does, such as delay=100ms or drop=10".into());
        };
        for Setting { key, value, column } in settings {
            let is_here = field_access::find(&fault, &FieldId::new(key))
                .is_some_and(|found| found.text().is_some());
            if !is_here {
                return Err(format!("column {column}: {} has no '{key}'", kind.into_str()));
            }
            field_access::assign(&mut fault, key, &value)
                .map_err(|why| format!("column {column}: {why}"))?;
        }
        Ok(fault)
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

    #[test]
    fn a_line_says_all_of_a_fault() {
        let line = "delay=100ms jitter=50ms from=server every=3 when=contains 'a b=c' for=2s";
        let fault = FaultSpec::parse(line).unwrap();
        let (delay, jitter) = (Duration::from_millis(100), Duration::from_millis(50));
        assert_eq!(fault.effect, FaultEffect::Delay { delay, jitter });
        assert_eq!((fault.from, fault.every), (FaultFrom::Server, Some(3)));
        assert_eq!(fault.when, "contains 'a b=c'");
        assert_eq!(fault.lasts, Some(Duration::from_secs(2)));
        assert_eq!(FaultSpec::parse("half-close=7").unwrap().effect, FaultEffect::HalfClose(7));
    }

    #[test]
    fn a_condition_may_stand_in_quotes_or_not_and_units_are_those_of_others() {
        for line in [
            r#"delay=80ms when="path contains /api" from=server"#,
            "delay=80ms when=path contains /api from=server",
            "when='path contains /api' from=server delay=80ms",
        ] {
            let fault = FaultSpec::parse(line).unwrap();
            assert_eq!((&*fault.when, fault.from), ("path contains /api", FaultFrom::Server));
        }
        let when = |line| FaultSpec::parse(line).unwrap().when;
        assert_eq!(when("drop=1 when=data contains 'a for=b'"), "data contains 'a for=b'");
        assert_eq!(when("drop=1 when=data contains don't for=1s"), "data contains don't");
        let effect = |line| FaultSpec::parse(line).unwrap().effect;
        assert_eq!(effect("rate=64k"), FaultEffect::Rate(64_000));
        assert_eq!(effect("rate=1.5MiB/s"), FaultEffect::Rate(3 << 19));
        assert_eq!(effect("rate=8Mbit/s"), FaultEffect::Rate(1_000_000));
        assert_eq!(effect("reset=4KiB"), FaultEffect::Reset(4096));
        assert_eq!(effect("drop=10%"), FaultEffect::Drop(10));
        assert_eq!(FaultSpec::parse("split=1 chance=50%").unwrap().chance, 50);
        let jitter = Duration::from_secs(1);
        assert_eq!(effect("jitter=1s"), FaultEffect::Delay { delay: Duration::ZERO, jitter });
    }

    #[test]
    fn what_is_no_fault_is_refused_at_its_place() {
        for (line, said) in [
            ("", "it does not say what it does, such as delay=100ms or drop=10"),
            ("from=server", "it does not say what it does, such as delay=100ms or drop=10"),
            ("delay", "column 1: 'delay' is no KEY=VALUE, such as delay=100ms"),
            ("dealy=1s", "column 1: there is no 'dealy' here; did you mean 'delay'?"),
            (
                "drop=1 nonsense=1",
                "column 8: there is no 'nonsense' here; known here: off, delay, jitter, rate, split, \
                 merge, corrupt, duplicate, reorder, drop, reset, half-close, stall, from, chance, \
                 when, first, every, after, for",
            ),
            ("drop=101", "column 1: '101' is not a number from 1 to 100"),
            ("drop=1 delay=1s", "one fault does one thing; write a second one for another"),
            ("drop=1 jitter=1s", "column 8: drop has no 'jitter'"),
            ("rate=0", "column 1: '0' is not from 1 to 4294967295 bytes"),
            (
                "rate=1x",
                "column 1: '1x' is not a rate; write bytes a second: 1000, 64k, 64KiB/s or 8Mbit/s",
            ),
            ("rate=9kbps", "column 1: '9kbps' may be bits or bytes; write 64kB/s or 64kbit/s"),
            (
                "reset=1k/s",
                "column 1: '1k/s' is not a number of bytes; write 1000, 64k, 1M or 64KiB",
            ),
            (
                "delay=1sec",
                "column 1: '1sec' is not a duration; write 500ms, 10s or 2m, at most 24h",
            ),
            ("delay=1s every=3rd", "column 10: '3rd' is not a number from 1 to 4294967295"),
            ("delay=1s from=sever", "column 10: 'sever' is not known; did you mean 'server'?"),
        ] {
            assert_eq!(FaultSpec::parse(line).unwrap_err(), said, "{line}");
        }
    }
}
