//! The line of JSON Lines about a Server-Sent Event, and the same for people.

use serde_json::{Value, json};

use super::ndjson::{known, line};
use crate::model::id::SessionId;
use crate::model::secrets::Disclosure;
use crate::model::stream_event::StreamEvent;

/// The line of an event of the response of an exchange, without a line break. Data that is JSON stands there as `json`, too.
#[must_use]
pub(crate) fn stream_event(
    event: &StreamEvent,
    (session, number): (SessionId, u32),
    told: &Disclosure,
) -> String {
    let list = |texts: &[String]| {
        let texts: Vec<String> = texts.iter().map(|text| told.words(text)).collect();
        (!texts.is_empty()).then_some(texts)
    };
    let data = event.data.as_deref().map(|data| told.words(data));
    let as_json: Option<Value> = data.as_deref().and_then(|data| serde_json::from_str(data).ok());
    let facts = known(json!({
        "session": session.0,
        "number": number,
        "event": event.data.as_ref().map(|_| told.words(event.kind())),
        "id": event.id.as_deref().map(|id| told.words(id)),
        "retry": event.retry,
        "data": data,
        "json": as_json.filter(|it| it.is_object() || it.is_array()),
        "comments": list(&event.comments),
        "remarks": list(&event.remarks),
        "unfinished": (!event.is_whole).then_some(true),
    }));
    line("event", event.at, facts)
}

/// The row of an event for people: its name, id and data, or what else it is.
#[must_use]
pub(crate) fn event_row(event: &StreamEvent, told: &Disclosure) -> String {
    let mut parts = Vec::new();
    if event.data.is_some() || !event.name.is_empty() {
        parts.push(event.kind().to_owned());
    }
    parts.extend(event.id.as_ref().map(|id| format!("#{id}")));
    parts.extend(event.retry.map(|retry| format!("retry {retry} ms")));
    parts.extend(event.comments.iter().map(|comment| format!(": {comment}")));
    parts.extend(event.data.clone());
    parts.extend(event.remarks.iter().map(|remark| format!("({remark})")));
    if !event.is_whole {
        parts.push("(the stream ended before the empty line behind it)".to_owned());
    }
    told.words(&parts.join("  "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::timing::Stamp;

    #[test]
    fn an_event_is_a_line_and_a_row() {
        let event = StreamEvent {
            at: Stamp(1_700_000_000_000_000_000),
            name: "add".into(),
            id: Some("7".into()),
            data: Some("{\"a\":1}".into()),
            retry: Some(10),
            comments: vec!["hi".into()],
            remarks: Vec::new(),
            is_whole: true,
        };
        let told = Disclosure::default();
        assert_eq!(
            stream_event(&event, (SessionId(1), 0), &told),
            r#"{"v":1,"type":"event","time":"2023-11-14T22:13:20.000000000Z","session":1,"number":0,"event":"add","id":"7","retry":10,"data":"{\"a\":1}","json":{"a":1},"comments":["hi"]}"#
        );
        assert_eq!(event_row(&event, &told), "add  #7  retry 10 ms  : hi  {\"a\":1}");
        let comment = StreamEvent { comments: vec!["ping".into()], ..StreamEvent::default() };
        let row = event_row(&comment, &told);
        assert_eq!(row, ": ping  (the stream ended before the empty line behind it)");
        assert!(!stream_event(&comment, (SessionId(1), 0), &told).contains("\"data\""));
    }
}
