//! Two runs side by side: what a preset answered here and there, and what of that differs.
//!
//! ```text
//! KeptRun, KeptRun, CompareRules ─► compare_runs ─► RunCompared ─► text, JSON, Markdown (run_report)
//! ```
//! Answers are aligned by preset and round; headers as sets, JSON by paths, text by lines, all else by its bytes
//! (`codec/compare.rs`). What differs at any time, such as the header `Date`, is left out by rules.

use std::collections::VecDeque;

use bytes::Bytes;

use super::answer_words::without_named;
use crate::codec::compare::{self, Change, ComparedAs, Excerpt};
use crate::codec::printable::printable;
use crate::model::counts::counted;
use crate::model::exchange::FieldLine;
use crate::model::secrets::{MASK, names_secret};
use crate::runner::{KeptAnswer, KeptRun};

/// Headers that are never the same.
const VOLATILE: [&str; 2] = ["header.date", "header.age"];
/// Differences of one preset that are listed; the others are counted.
const LISTED: usize = 50;
/// Characters of a value that are shown.
const SHOWN: usize = 120;
/// Times below this are all the same.
const NOISE_MILLIS: u128 = 20;

/// What is left out, and how far times may be apart.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CompareRules {
    ignored: Vec<String>,
    /// In hundredths of the earlier time; `None` = times are not compared.
    pub tolerance: Option<u32>,
    /// Also values that JSON names like secrets are told.
    pub tells_secrets: bool,
}

/// What differs between two runs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RunCompared {
    /// How they are called.
    pub base: String,
    pub other: String,
    /// Presets that both have.
    pub both: usize,
    /// Those that are not the same, in the order of the later run.
    pub rows: Vec<ComparedRow>,
}

/// What of a preset differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComparedRow {
    pub preset: String,
    pub round: String,
    pub differences: Vec<RunDifference>,
    /// Further ones that are not listed.
    pub left_out: u64,
}

/// One thing that differs; `None` = it is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunDifference {
    pub what: String,
    pub old: Option<String>,
    pub new: Option<String>,
}

impl CompareRules {
    /// Reads what is to be left out: `status`, `verdict`, `body`, `header`, `header.NAME`, `json .path`.
    ///
    /// # Errors
    /// What cannot be left out, and what can.
    pub fn parse(ignored: &[String], tolerance: Option<u32>) -> Result<Self, String> {
        let mut rules = CompareRules { tolerance, ..CompareRules::default() };
        for text in ignored {
            let text = text.trim();
            let known = ["status", "verdict", "body", "header", "expectations"].contains(&text);
            let is_header = text.strip_prefix("header.").is_some_and(|name| !name.is_empty());
            let is_path =
                text.strip_prefix("json ").is_some_and(|path| path.trim().starts_with('.'));
            if !(known || is_header || is_path) {
                return Err(format!(
                    "'{text}' cannot be left out; what can is status, verdict, expectations, body, header, \
                     header.NAME and json .path"
                ));
            }
            let name = if is_header { text.to_ascii_lowercase() } else { text.to_owned() };
            rules.ignored.push(name);
        }
        Ok(rules)
    }

    fn leaves_out(&self, what: &str) -> bool {
        let all = self.ignored.iter().map(String::as_str).chain(VOLATILE);
        all.into_iter().any(|ignored| is_within(what, ignored))
    }
}

/// Whether something is what is left out, or lies in it.
fn is_within(what: &str, ignored: &str) -> bool {
    if let (Some(path), Some(ignored)) = (what.strip_prefix("json "), ignored.strip_prefix("json "))
    {
        return path_within(path.trim(), ignored.trim());
    }
    match ignored {
        "body" => ["json ", "line ", "byte ", "body"].iter().any(|it| what.starts_with(it)),
        "header" => what.starts_with("header."),
        "expectations" => what.starts_with("expect "),
        _ => what == ignored,
    }
}

/// Whether a path is another or leads on from it; `[]` there is any element.
fn path_within(path: &str, ignored: &str) -> bool {
    if ignored == "." {
        return true;
    }
    let (mut path, mut ignored) = (path, ignored);
    while let Some((before, behind)) = ignored.split_once("[]") {
        let Some(rest) = path.strip_prefix(before) else { return false };
        let Some((_, rest)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) else {
            return false;
        };
        (path, ignored) = (rest, behind);
    }
    path.strip_prefix(ignored).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// What differs between an earlier run, or one to another place, and this one.
#[must_use]
pub fn compare_runs(base: &KeptRun, other: &KeptRun, rules: &CompareRules) -> RunCompared {
    let is_same =
        |one: &KeptAnswer, two: &KeptAnswer| (&one.preset, &one.round) == (&two.preset, &two.round);
    let mut compared = RunCompared {
        base: base.name.clone(),
        other: other.name.clone(),
        ..RunCompared::default()
    };
    let alone = |answer: &KeptAnswer, is_new: bool| {
        let here = Some(answer.verdict.clone());
        let (old, new) = if is_new { (None, here) } else { (here, None) };
        let difference = RunDifference { what: "preset".to_owned(), old, new };
        let (preset, round) = (answer.preset.clone(), answer.round.clone());
        ComparedRow { preset, round, differences: vec![difference], left_out: 0 }
    };
    // Each is the partner of one: a preset may run more than once.
    let mut left: VecDeque<&KeptAnswer> = base.answers.iter().collect();
    for new in &other.answers {
        let at = left.iter().position(|old| is_same(old, new));
        let Some(old) = at.and_then(|at| left.remove(at)) else {
            compared.rows.push(alone(new, true));
            continue;
        };
        compared.both += 1;
        compared.rows.extend(row(old, new, rules));
    }
    compared.rows.extend(left.into_iter().map(|old| alone(old, false)));
    compared
}

fn row(old: &KeptAnswer, new: &KeptAnswer, rules: &CompareRules) -> Option<ComparedRow> {
    let mut found = Vec::new();
    let mut say = |what: &str, old: Option<String>, new: Option<String>| {
        if old != new {
            found.push(RunDifference { what: what.to_owned(), old, new });
        }
    };
    say("verdict", Some(old.verdict.clone()), Some(new.verdict.clone()));
    say("failure", old.failure.clone(), new.failure.clone());
    for (about, is_met) in &new.checks {
        let before = old.checks.iter().find(|(known, _)| known == about).map(|(_, met)| *met);
        let word = |met: bool| if met { "met" } else { "not met" }.to_owned();
        say(&format!("expect {about}"), before.map(word), Some(word(*is_met)));
    }
    // Where one of them failed before anything came, each header and value would be told as new or gone, which the
    // failure says already.
    let has_failed = old.failure.is_some() || new.failure.is_some();
    let mut left_out = 0;
    if !has_failed || has_answer(old) == has_answer(new) {
        let status = |answer: &KeptAnswer| answer.status.map(|status| status.to_string());
        say("status", status(old), status(new));
        let headers = compare::fields(&fields(old), &fields(new));
        for change in headers.changes.iter().filter(|change| !change.kind.is_quiet()) {
            let what = format!("header.{}", change.place.to_ascii_lowercase());
            found.push(difference(what, change));
        }
        found.extend(bodies(old, new, &mut left_out));
        found.extend(times(old, new, rules.tolerance));
    }
    found.retain(|it| !rules.leaves_out(&it.what) && !is_of_mask(it));
    if !rules.tells_secrets {
        found.iter_mut().for_each(mask);
    }
    if rules.leaves_out("body") {
        left_out = 0;
    }
    let more = found.len().saturating_sub(LISTED) as u64;
    found.truncate(LISTED);
    let (preset, round) = (new.preset.clone(), new.round.clone());
    let is_other = !found.is_empty() || left_out > 0;
    is_other.then_some(ComparedRow { preset, round, differences: found, left_out: left_out + more })
}

/// Whether anything came.
fn has_answer(answer: &KeptAnswer) -> bool {
    answer.status.is_some() || !answer.headers.is_empty() || answer.length > 0
}

fn fields(answer: &KeptAnswer) -> Vec<FieldLine> {
    let line = |(name, value): &(String, String)| FieldLine {
        name: Bytes::from(name.clone()),
        value: Bytes::from(value.clone()),
    };
    answer.headers.iter().map(line).collect()
}

fn bodies(old: &KeptAnswer, new: &KeptAnswer, left_out: &mut u64) -> Vec<RunDifference> {
    let is_whole = |answer: &KeptAnswer| answer.body.len() as u64 == answer.length;
    if !is_whole(old) || !is_whole(new) {
        let length = |answer: &KeptAnswer| Some(counted(answer.length, "byte"));
        let is_same = old.body == new.body && old.length == new.length;
        let told = RunDifference { what: "body".to_owned(), old: length(old), new: length(new) };
        return if is_same { Vec::new() } else { vec![told] };
    }
    let compared = compare::bodies(&old.body, &new.body, None);
    *left_out += compared.left_out;
    let loud = compared.changes.iter().filter(|change| !change.kind.is_quiet());
    loud.map(|change| {
        let what = match compared.how {
            ComparedAs::Json if change.place.is_empty() => "json .".to_owned(),
            ComparedAs::Json => format!("json {}", change.place),
            ComparedAs::Fields | ComparedAs::Text | ComparedAs::Bytes => change.place.clone(),
        };
        difference(what, change)
    })
    .collect()
}

fn difference(what: String, change: &Change) -> RunDifference {
    let told = |excerpt: &Excerpt| {
        let text = printable(&excerpt.bytes);
        let text = text.strip_suffix("\\n").unwrap_or(&text);
        let cut = excerpt.after > 0 || text.chars().count() > SHOWN;
        let shown: String = text.chars().take(SHOWN).collect();
        format!(
            "{}{shown}{}",
            if excerpt.before > 0 { "…" } else { "" },
            if cut { "…" } else { "" }
        )
    };
    RunDifference { what, old: change.old.as_ref().map(told), new: change.new.as_ref().map(told) }
}

/// Whether what was kept had a mark in place of a secret, which says nothing of what it was.
fn is_of_mask(difference: &RunDifference) -> bool {
    let old = difference.old.as_deref().map(|old| old.trim_matches('"'));
    old == Some(MASK) && difference.new.is_some() && is_secret(difference)
}

/// Whether JSON names it like a secret.
fn is_secret(difference: &RunDifference) -> bool {
    let path = difference.what.strip_prefix("json ");
    path.is_some_and(|path| names_secret(last_name(path)))
}

/// Hides what JSON names like a secret: a token that an answer brings differs from one run to the next.
fn mask(difference: &mut RunDifference) {
    let is_named = is_secret(difference);
    for value in [&mut difference.old, &mut difference.new].into_iter().flatten() {
        *value = if is_named { MASK.to_owned() } else { without_named(value) };
    }
}

/// The last name of a path: of `.a.b[0]` that is `b`.
fn last_name(path: &str) -> &str {
    let is_of_name = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    let names = path.split(|c: char| !is_of_name(c)).filter(|name| !name.is_empty());
    names.rev().find(|name| !name.bytes().all(|byte| byte.is_ascii_digit())).unwrap_or_default()
}

/// The time, where it is longer than it may be.
fn times(old: &KeptAnswer, new: &KeptAnswer, tolerance: Option<u32>) -> Option<RunDifference> {
    let tolerance = u128::from(tolerance?);
    let (before, now) = (old.took.as_micros(), new.took.as_micros());
    let is_longer = now * 100 > before * (100 + tolerance) && now > before + NOISE_MILLIS * 1000;
    let told = |micros: u128| Some(format!("{}.{} ms", micros / 1000, micros % 1000 / 100));
    is_longer.then(|| RunDifference { what: "time".to_owned(), old: told(before), new: told(now) })
}

impl RunCompared {
    /// How many things differ.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.rows.iter().map(|row| row.differences.len() as u64 + row.left_out).sum()
    }

    /// In words: `2 of 5 presets differ between dev and prod, in 7 things`.
    #[must_use]
    pub fn summary(&self) -> String {
        let (base, other) = (&self.base, &self.other);
        let all = counted(self.both as u64, "preset");
        let alone = self.rows.iter().filter(|row| row.is_alone()).count();
        let differ = self.rows.len() - alone;
        let alone =
            if alone > 0 { format!(", {alone} only in one of them") } else { String::new() };
        match differ {
            0 => format!("{base} and {other}: no difference in {all}{alone}"),
            _ => format!(
                "{base} and {other}: {differ} of {all} {}{alone}",
                if differ == 1 { "differs" } else { "differ" }
            ),
        }
    }

    /// It in lines, the summary first.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![self.summary()];
        for row in &self.rows {
            lines.push(format!("  {}", row.name()));
            lines.extend(row.lines().into_iter().map(|line| format!("    {line}")));
        }
        lines
    }
}

impl ComparedRow {
    /// Its name with the round it belongs to.
    #[must_use]
    pub fn name(&self) -> String {
        match self.round.as_str() {
            "" => self.preset.clone(),
            round => format!("{} ({round})", self.preset),
        }
    }

    /// What differs, a line each.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let more = (self.left_out > 0).then(|| format!("and {} more", self.left_out));
        self.differences.iter().map(RunDifference::line).chain(more).collect()
    }

    /// Whether only one of the runs has it.
    #[must_use]
    pub fn is_alone(&self) -> bool {
        self.differences.iter().any(|it| it.what == "preset")
    }
}

impl RunDifference {
    /// `status: 200 → 500`.
    #[must_use]
    pub fn line(&self) -> String {
        let side = |value: &Option<String>| value.clone().unwrap_or_else(|| "nothing".to_owned());
        format!("{}: {} → {}", self.what, side(&self.old), side(&self.new))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn answer(preset: &str, status: u16, body: &str) -> KeptAnswer {
        let header = |name: &str, value: String| (name.to_owned(), value);
        KeptAnswer {
            preset: preset.to_owned(),
            verdict: "passed".to_owned(),
            checks: vec![("status".to_owned(), status < 300)],
            status: Some(status),
            headers: vec![
                header("Date", body.len().to_string()),
                header("ETag", format!("{status}")),
            ],
            body: body.as_bytes().to_vec(),
            length: body.len() as u64,
            took: Duration::from_millis(100),
            ..KeptAnswer::default()
        }
    }

    fn run(name: &str, answers: Vec<KeptAnswer>) -> KeptRun {
        KeptRun { name: name.to_owned(), answers }
    }

    fn lines(
        base: &KeptRun,
        other: &KeptRun,
        ignored: &[&str],
        tolerance: Option<u32>,
    ) -> Vec<String> {
        let ignored: Vec<String> = ignored.iter().map(|it| (*it).to_owned()).collect();
        compare_runs(base, other, &CompareRules::parse(&ignored, tolerance).unwrap()).lines()
    }

    #[test]
    fn answers_are_aligned_and_what_differs_is_named_by_its_place() {
        let base = run(
            "dev",
            vec![answer("a", 200, r#"{"id": 1, "n": [1, 2], "at": 5}"#), answer("gone", 200, "x")],
        );
        let other = run(
            "prod",
            vec![answer("new", 200, "x"), answer("a", 500, r#"{"id": 2, "n": [1, 3], "at": 6}"#)],
        );
        assert_eq!(
            lines(&base, &other, &["json .at"], None),
            [
                "dev and prod: 1 of 1 preset differs, 2 only in one of them",
                "  new",
                "    preset: nothing → passed",
                "  a",
                "    expect status: met → not met",
                "    status: 200 → 500",
                "    header.etag: 200 → 500",
                "    json .id: 1 → 2",
                "    json .n[1]: 2 → 3",
                "  gone",
                "    preset: passed → nothing",
            ]
        );
        assert_eq!(lines(&base, &base, &[], None), ["dev and dev: no difference in 2 presets"]);
    }

    #[test]
    fn what_json_names_like_a_secret_differs_and_is_not_told() {
        let old = r#"{"access_token": "aaaa", "tokens": [{"password": "pppp"}], "n": 1}"#;
        let new = r#"{"access_token": "bbbb", "tokens": [{"password": "qqqq"}], "n": 2, "in": {"secret": "ssss"}}"#;
        let (base, other) =
            (run("a", vec![answer("x", 200, old)]), run("b", vec![answer("x", 200, new)]));
        let told = lines(&base, &other, &[], None).join("\n");
        assert!(
            told.contains("json .n: 1 → 2") && told.contains("json .access_token: ****"),
            "{told}"
        );
        for secret in ["aaaa", "bbbb", "pppp", "qqqq", "ssss"] {
            assert!(!told.contains(secret), "{secret}: {told}");
        }
        let kept = r#"{"access_token": "********", "tokens": [{"password": "pppp"}], "n": 1}"#;
        let told = lines(&run("a", vec![answer("x", 200, kept)]), &other, &[], None).join("\n");
        assert!(!told.contains("access_token") && told.contains("password"), "{told}");
        let rules = CompareRules { tells_secrets: true, ..CompareRules::default() };
        let told = compare_runs(&base, &other, &rules).lines().join("\n");
        assert!(
            told.contains("json .access_token: aaaa → bbbb")
                || told.contains("\"aaaa\" → \"bbbb\""),
            "{told}"
        );
    }

    #[test]
    fn of_a_place_that_gave_no_answer_the_failure_alone_is_told() {
        let mut down = answer("a", 200, "");
        (down.verdict, down.failure) = ("error".to_owned(), Some("connection refused".to_owned()));
        (down.status, down.headers, down.length) = (None, Vec::new(), 0);
        (down.body, down.checks) = (Vec::new(), Vec::new());
        let (down, up) = (run("down", vec![down]), run("up", vec![answer("a", 200, "{}")]));
        let told = lines(&down, &up, &[], None);
        assert!(told.iter().any(|line| line.contains("failure: connection refused")), "{told:?}");
        assert!(!told.iter().any(|line| line.contains("header.")), "{told:?}");
        assert!(!told.iter().any(|line| line.contains("json")), "{told:?}");
        let told = lines(&up, &down, &[], None);
        assert_eq!(
            told[2..],
            ["    verdict: passed → error", "    failure: nothing → connection refused"]
        );
    }

    #[test]
    fn text_is_compared_by_lines_and_what_is_left_out_is_not_told() {
        let base = run("one", vec![answer("a", 200, "first\nsecond\n")]);
        let other = run("two", vec![answer("a", 200, "first\nother\n")]);
        let told = lines(&base, &other, &[], None).join("\n");
        assert!(
            told.contains("line 2") && told.contains("second") && told.contains("other"),
            "{told}"
        );
        assert_eq!(lines(&base, &other, &["body"], None).len(), 1);
        for (path, ignored, is_within) in [
            (".a.b", ".a", true),
            (".ab", ".a", false),
            (".a[3].at", ".a[].at", true),
            (".a[3].b[0].c", ".a[].b[].c", true),
            (".a[3].b", ".a[].at", false),
            (".a", ".", true),
        ] {
            assert_eq!(path_within(path, ignored), is_within, "{path} {ignored}");
        }
        for wrong in ["date", "header.", "json a", "time"] {
            assert!(CompareRules::parse(&[wrong.to_owned()], None).is_err(), "{wrong}");
        }
    }

    #[test]
    fn times_differ_beyond_a_tolerance_and_never_by_a_few_milliseconds() {
        let base = run("before", vec![answer("a", 200, "x")]);
        let slower = |millis| {
            let mut slow = answer("a", 200, "x");
            slow.took = Duration::from_millis(millis);
            run("now", vec![slow])
        };
        assert_eq!(lines(&base, &slower(500), &[], None).len(), 1);
        assert_eq!(lines(&base, &slower(149), &[], Some(50)).len(), 1);
        assert_eq!(lines(&base, &slower(151), &[], Some(50))[2], "    time: 100.0 ms → 151.0 ms");
        assert_eq!(
            lines(&base, &slower(115), &[], Some(10)).len(),
            1,
            "a few milliseconds are noise"
        );
    }
}
