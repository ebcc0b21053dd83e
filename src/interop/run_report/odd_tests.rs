//! What is expected and what came is anything at all: no report is broken by it, and nothing in it passes for a line
//! of the report.

use std::time::Duration;

use quick_xml::Reader;
use quick_xml::events::Event;

use super::*;
use crate::check::{CheckReport, CheckResult};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::preset::PresetPath;
use crate::runner::{StepState, ToldStep};

const ODD: &str = "a|b\r\nok 7 - forged\nnot ok 8\u{2028}Bail out!\u{85}```\n# h\n| x | y |\n</pre>\u{1b}[31m\0 ``";

fn row(verdict: RunVerdict) -> RunRow {
    let result = CheckResult {
        about: format!("body {ODD}"),
        wanted: ODD.into(),
        got: ODD.into(),
        differences: vec![ODD.into(), "```".into()],
        is_met: false,
    };
    let step = |state| ToldStep { about: ODD.into(), state, took: None, after: None };
    RunRow {
        path: PresetPath::parse("f/a").unwrap(),
        about: ODD.into(),
        place: ODD.into(),
        round: ODD.into(),
        why: ODD.into(),
        target: ODD.into(),
        tries: 1,
        began: Stamp::default(),
        took: Duration::ZERO,
        verdict,
        status: None,
        report: CheckReport { results: vec![result], captured: Vec::new() },
        wire: None,
        steps: vec![step(StepState::NotMet(ODD.into())), step(StepState::Done)],
        session: None,
    }
}

fn report(kind: RunReportKind) -> String {
    let failure = Failure::new(Stage::Program, ODD, FailureKind::NotMet, ODD).hint(ODD);
    let rows = [
        row(RunVerdict::NotMet(Some(failure.clone()))),
        row(RunVerdict::Failed(failure)),
        row(RunVerdict::Skipped(ODD.into())),
        row(RunVerdict::Passed),
    ];
    let covered = CoveredOperations::default();
    let facts = RunFacts {
        rows: &rows,
        began: Stamp::default(),
        took: Duration::ZERO,
        environment: Some(ODD),
        stopped: Some(ODD),
        compared: &[],
        covered: &covered,
    };
    facts.report(kind)
}

/// Lines as the readers take them that end lines at most places.
fn lines(text: &str) -> Vec<&str> {
    text.split(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}', '\u{b}', '\u{c}']).collect()
}

#[test]
fn a_line_of_tap_is_never_forged() {
    let tap = report(RunReportKind::Tap);
    let lines = lines(&tap);
    let points: Vec<&&str> = lines
        .iter()
        .filter(|line| line.starts_with("ok ") || line.starts_with("not ok "))
        .collect();
    assert_eq!(points.len(), 4, "{tap}");
    for (at, point) in points.iter().enumerate() {
        let number = format!("{} - f/a", at + 1);
        assert!(point.contains(&number), "{point}");
        assert_eq!(point.contains(" # "), at == 2, "{point}");
    }
    assert!(!lines.iter().any(|line| line.starts_with("Bail")), "{tap}");
    assert!(!tap.chars().any(|c| c != '\n' && c.is_control()), "{tap:?}");
    // What it says is there as it was, for programs.
    let message = lines.iter().find_map(|line| line.strip_prefix("  target: ")).unwrap();
    assert_eq!(serde_json::from_str::<String>(message).unwrap(), ODD);
}

#[test]
fn a_table_and_a_fence_of_markdown_are_never_broken() {
    let markdown = report(RunReportKind::Md);
    let lines = lines(&markdown);
    let rows: Vec<&&str> = lines.iter().filter(|line| line.starts_with('|')).collect();
    assert_eq!(rows.len(), 2 + 4, "{markdown}");
    for row in rows {
        assert_eq!(row.replace("\\|", "").matches('|').count(), 5, "{row}");
    }
    let headings = lines.iter().filter(|line| line.starts_with('#')).count();
    assert_eq!(headings, 3, "{markdown}");
    // Fences come in pairs, and none inside them is as long.
    let fences: Vec<&&str> =
        lines.iter().filter(|line| ["````", "````text"].contains(line)).collect();
    assert_eq!(fences.len(), 6, "{markdown}");
    assert!(!markdown.chars().any(|c| c != '\n' && c.is_control()), "{markdown:?}");
    assert!(markdown.contains("a|b\\r\\nok 7 - forged\\nnot ok 8"), "{markdown}");
}

#[test]
fn xml_and_html_hold_what_they_can_and_say_the_rest() {
    let junit = report(RunReportKind::Junit);
    let mut reader = Reader::from_str(&junit);
    let mut cases = 0;
    loop {
        match reader.read_event().unwrap() {
            Event::Start(tag) | Event::Empty(tag) => {
                cases += usize::from(tag.name().as_ref() == "testcase");
            }
            Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!(cases, 4);
    let html = report(RunReportKind::Html);
    for text in [&junit, &html] {
        assert!(!text.chars().any(|c| c != '\n' && c.is_control()), "{text:?}");
        assert!(text.contains("a|b&#13;&#10;ok 7") && text.contains("\\e[31m\\0"), "{text}");
        assert!(!text.contains("</pre>\u{1b}") && !text.contains('\u{2028}'), "{text}");
    }
}

#[test]
fn a_line_of_text_is_one_line() {
    let text = report(RunReportKind::Text);
    assert!(!text.chars().any(|c| c != '\n' && c.is_control()), "{text:?}");
    assert!(!text.lines().any(|line| line.starts_with("ok 7") || line.starts_with("not ok")));
}
