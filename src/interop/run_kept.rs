//! A run kept in a file of its own, to be compared with: one JSON document, readable and fit for a diff.

use std::borrow::Cow;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::typed_json::without_secrets;
use crate::runner::{KeptAnswer, KeptRun};

/// The format by its name, and the version this program writes and reads.
const FORMAT: &str = "wirebench-answers";
const VERSION: u64 = 1;

/// The file of a run.
#[must_use]
pub fn write_kept_run(run: &KeptRun, tells_secrets: bool) -> String {
    let answers: Vec<Value> =
        run.answers.iter().map(|answer| written(&as_told(answer, tells_secrets))).collect();
    let document = json!({ "format": FORMAT, "v": VERSION, "name": run.name, "answers": answers });
    let text = serde_json::to_string_pretty(&document).unwrap_or_else(|_| document.to_string());
    format!("{text}\n")
}

/// Reads one.
///
/// # Errors
/// Why it is none.
pub fn read_kept_run(bytes: &[u8]) -> Result<KeptRun, String> {
    let document: Value =
        serde_json::from_slice(bytes).map_err(|error| format!("it is no JSON: {error}"))?;
    if document["format"] != FORMAT {
        return Err("it is no run that was kept; wirebench run ... --save FILE writes one".into());
    }
    match document["v"].as_u64() {
        Some(VERSION) => {}
        version => {
            let version =
                version.map_or_else(|| "no version".to_owned(), |it| format!("version {it}"));
            return Err(format!("it has {version}; this program reads version {VERSION}"));
        }
    }
    let answers = document["answers"].as_array().ok_or("it has no answers")?;
    let answers = (1..)
        .zip(answers)
        .map(|(at, value)| read(value).ok_or_else(|| format!("its answer {at} cannot be read")));
    let name = document["name"].as_str().unwrap_or_default().to_owned();
    Ok(KeptRun { name, answers: answers.collect::<Result<_, _>>()? })
}

/// An answer without the tokens and passwords that its JSON names so: whoever sent the request has no part in them.
fn as_told(answer: &KeptAnswer, tells_secrets: bool) -> Cow<'_, KeptAnswer> {
    let text = std::str::from_utf8(&answer.body).ok().filter(|_| !tells_secrets);
    let Some(Cow::Owned(body)) = text.map(without_secrets) else { return Cow::Borrowed(answer) };
    let mut told = KeptAnswer { body: body.into_bytes(), ..answer.clone() };
    if answer.body.len() as u64 == answer.length {
        told.length = told.body.len() as u64;
    }
    Cow::Owned(told)
}

fn written(answer: &KeptAnswer) -> Value {
    let checks = answer.checks.iter().map(|(about, met)| json!({ "about": about, "met": met }));
    let headers = answer.headers.iter().map(|(name, value)| json!([name, value]));
    let mut value = json!({
        "preset": answer.preset,
        "round": answer.round,
        "verdict": answer.verdict,
        "failure": answer.failure,
        "status": answer.status,
        "took_us": u64::try_from(answer.took.as_micros()).unwrap_or(u64::MAX),
        "checks": checks.collect::<Vec<_>>(),
        "headers": headers.collect::<Vec<_>>(),
        "length": answer.length,
    });
    match std::str::from_utf8(&answer.body) {
        Ok(text) => value["body"] = text.into(),
        Err(_) => value["body_base64"] = BASE64_STANDARD.encode(&answer.body).into(),
    }
    if let Value::Object(members) = &mut value {
        members.retain(|_, value| !value.is_null() && *value != "");
    }
    value
}

fn read(value: &Value) -> Option<KeptAnswer> {
    let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
    let list = |name: &str| value[name].as_array().cloned().unwrap_or_default();
    let checks = list("checks")
        .into_iter()
        .map(|check| Some((check["about"].as_str()?.to_owned(), check["met"].as_bool()?)));
    let headers = list("headers")
        .into_iter()
        .map(|pair| Some((pair[0].as_str()?.to_owned(), pair[1].as_str()?.to_owned())));
    let body = match value["body_base64"].as_str() {
        Some(coded) => BASE64_STANDARD.decode(coded).ok()?,
        None => text("body").into_bytes(),
    };
    let status = match &value["status"] {
        Value::Null => None,
        status => Some(u16::try_from(status.as_u64()?).ok()?),
    };
    Some(KeptAnswer {
        preset: value["preset"].as_str()?.to_owned(),
        round: text("round"),
        verdict: value["verdict"].as_str()?.to_owned(),
        checks: checks.collect::<Option<_>>()?,
        failure: value["failure"].as_str().map(str::to_owned),
        status,
        headers: headers.collect::<Option<_>>()?,
        length: value["length"].as_u64().unwrap_or(body.len() as u64),
        body,
        took: Duration::from_micros(value["took_us"].as_u64()?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again_and_anything_else_is_refused() {
        let answer = KeptAnswer {
            preset: "users/list".to_owned(),
            round: "row 2".to_owned(),
            verdict: "failed".to_owned(),
            checks: vec![("status".to_owned(), false)],
            failure: None,
            status: Some(404),
            headers: vec![("A".to_owned(), "b".to_owned())],
            body: b"{\"a\": \"\xc3\xa9\"}".to_vec(),
            length: 11,
            took: Duration::from_micros(1500),
        };
        let bytes =
            KeptAnswer { body: vec![0, 255], length: 1 << 40, status: None, ..answer.clone() };
        let run = KeptRun { name: "dev".to_owned(), answers: vec![answer, bytes] };
        assert_eq!(read_kept_run(write_kept_run(&run, false).as_bytes()), Ok(run));
        let login = br#"{"access_token": "canary-1", "n": 1, "in": {"password": "canary-2"}}"#;
        let (body, length) = (login.to_vec(), login.len() as u64);
        let answers = vec![KeptAnswer { body, length, ..KeptAnswer::default() }];
        let run = KeptRun { name: "dev".to_owned(), answers };
        let written = write_kept_run(&run, false);
        assert!(!written.contains("canary") && written.contains("********"), "{written}");
        assert!(write_kept_run(&run, true).contains("canary-1"));
        for (text, why) in [
            ("", "no JSON"),
            ("[]", "no run that was kept"),
            (r#"{"format": "wirebench-answers", "v": 9, "answers": []}"#, "version 9"),
            (r#"{"format": "wirebench-answers", "v": 1, "answers": [{"preset": 1}]}"#, "answer 1"),
        ] {
            let error = read_kept_run(text.as_bytes()).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
