//! Answers of our own, where there is none to pass on.

use std::fmt::Write as _;

use super::visitor::{Next, Visitor};
use crate::codec::http1::status::ends_with_head;
use crate::codec::http1::write::{reason, response_head, texts};
use crate::codec::http1::{Expected, Refusal};
use crate::engine::http::body_source::BodySource;
use crate::engine::http::exchange_recorder::{ExchangeRecorder, empty_message};
use crate::engine::http::message_writer::{MessageWriter, shown};
use crate::model::exchange::{MessageFraming, StartLine};
use crate::model::failure::Failure;
use crate::model::record::{Direction, RecordKind};

impl Visitor {
    /// Refuses a request that is not passed on.
    pub(super) async fn refuse(&mut self, refusal: Refusal, recorder: &ExchangeRecorder) -> Next {
        let Refusal { status, why } = refusal;
        self.note(Direction::Local, RecordKind::Note, why.clone());
        recorder.warn(format!("{why}; answered {status}, and not passed on"));
        self.answer(status, &why, recorder, Ok(())).await
    }

    /// A plain text answer; the exchange ends with it as `outcome` says. Nothing may follow: what the
    /// client still sends was not read.
    pub(super) async fn answer(
        &mut self,
        status: u16,
        why: &str,
        recorder: &ExchangeRecorder,
        outcome: Result<(), Failure>,
    ) -> Next {
        let method = recorder.edit(|exchange| match &exchange.request.head.start {
            StartLine::Request { method, .. } => method.clone(),
            _ => String::new(),
        });
        let has_body = !ends_with_head(&method, status);
        let mut text = format!("{status} {}\n", reason(status));
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{why}");
        let mut headers = vec![
            ("Content-Type".to_owned(), "text/plain; charset=utf-8".to_owned()),
            ("Content-Length".to_owned(), text.len().to_string()),
        ];
        if status == 407 {
            headers.push(("Proxy-Authenticate".into(), "Basic realm=\"wirebench\"".into()));
        }
        headers.push(("Connection".into(), "close".into()));
        let head: bytes::Bytes = response_head(status, texts(&headers)).into();
        let relay = self.relay.clone();
        let writer = relay.session.bodies.create();
        let mut message = empty_message(writer.id());
        message.head = shown(Expected::Response, head.clone());
        let len = text.len() as u64;
        message.body.framing =
            if has_body { MessageFraming::Length(len) } else { MessageFraming::None };
        message.body.expected = has_body.then_some(len);
        let interim = recorder.edit(|exchange| {
            exchange.response = Some(message);
            exchange.interim.iter().map(|head| head.raw.clone()).collect::<Vec<_>>()
        });
        for raw in interim {
            self.keep(recorder, &writer, raw).await;
        }
        let source = has_body.then(|| BodySource::bytes(text.into()));
        let ends = async {
            let outgoing = MessageWriter {
                recorder,
                tap: &mut self.sent,
                writer,
                what: "bytes of the answer",
                chunked: false,
                report: &|_, _| {},
            };
            let sent = outgoing.send(&mut self.write, head, source).await;
            (sent.is_ok(), recorder.closed(outcome.and(sent)))
        };
        let is_sent = relay.endings.told(&relay.session.events, ends).await;
        if is_sent { Next::Close("closed after the answer") } else { Next::Gone("closed") }
    }
}
