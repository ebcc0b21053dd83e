//! Prints exchanges: as JSON Lines, as the bytes of a request's body, or as text for people.

use super::{ListenWatch, SHOWN, told};
use crate::cli::headless::Headless;
use crate::cli::output::{self, Style};
use crate::codec::charset::{self, Recoder};
use crate::codec::lines::{is_labelled_json, not_json};
use crate::interop::secrets::disclosed;
use crate::model::counts::{count, counted};
use crate::model::exchange::{Exchange, ExchangeState, HttpMessage};
use crate::model::protocol::Side;
use crate::model::secrets::masked;

impl ListenWatch<'_> {
    /// Whether the filter lets an exchange through.
    pub(super) fn lets_through(&self, exchange: &Exchange, headless: &Headless) -> bool {
        let reads = self.let_through.reads_bodies();
        let body = |message: Option<&HttpMessage>| {
            let id = message.filter(|_| reads).map(|message| message.body.id);
            id.and_then(|id| headless.read_body(id, 0, SHOWN).ok()).unwrap_or_default()
        };
        let bodies = [body(Some(&exchange.request)), body(exchange.response.as_ref())];
        let known = (self.conns.get(&exchange.conn), self.owners.of(exchange.conn));
        self.let_through.exchange(exchange, known, &bodies)
    }

    /// Prints one that is over.
    pub(super) fn print_exchange(&mut self, exchange: &Exchange, headless: &Headless) {
        match self.output.style {
            Style::Json => self.output.json(&headless.exchange_line(exchange)),
            Style::Raw => self.print_request_body(exchange),
            Style::Text => self.print_text(exchange, headless),
        }
    }

    fn print_request_body(&mut self, exchange: &Exchange) {
        self.body = Some((exchange.request.body.id, 0));
        if let ExchangeState::Failed(failure) = &exchange.state {
            output::print_failure(failure);
        }
        let undecoded = exchange.request.body.undecoded();
        undecoded.iter().chain(&exchange.warnings).for_each(|remark| output::note(remark));
    }

    fn print_text(&mut self, exchange: &Exchange, headless: &Headless) {
        let shown = &disclosed(exchange, &headless.told);
        self.output.line(&told::exchange(shown));
        let mut remarks = Vec::new();
        if !self.is_brief {
            remarks.extend(self.print_message(&exchange.request, &shown.request, headless));
            // What we answered ourselves is known; what others did is not.
            let answer = match exchange.side {
                Side::Relay => exchange.response.as_ref().zip(shown.response.as_ref()),
                Side::Client | Side::Listener => None,
            };
            if let Some((answer, shown)) = answer {
                self.output.safe("\n");
                remarks.extend(self.print_message(answer, shown, headless));
            }
        }
        for remark in remarks.iter().chain(&shown.warnings) {
            self.output.line(&format!("! {remark}"));
        }
        for difference in shown.differences() {
            self.output.line(&format!("! contract: {difference}"));
        }
        if !self.is_brief {
            self.output.safe("\n");
        }
    }

    /// Head and body; returns what is to be said of them.
    fn print_message(
        &mut self,
        message: &HttpMessage,
        told: &HttpMessage,
        headless: &Headless,
    ) -> Vec<String> {
        let facts = &message.body;
        let read = headless.read_body(facts.id, 0, SHOWN);
        let body = read.inspect_err(output::print_failure).unwrap_or_default();
        let shown = body.len() as u64;
        let content_type =
            message.head.field("content-type").map(|value| String::from_utf8_lossy(value));
        let charset = charset::remark(content_type.as_deref(), &body);
        let charset = charset.filter(|_| !body.is_empty());
        let is_json = content_type.as_deref().is_some_and(is_labelled_json)
            && facts.undecoded().is_none()
            && Recoder::of(content_type.as_deref(), &body).is_none();
        let no_json = is_json.then(|| not_json(&body, shown == facts.decoded_len)).flatten();
        let recoded = Recoder::of(content_type.as_deref(), &body)
            .map(|mut recoder| recoder.push(&body, shown == facts.decoded_len));
        let body = recoded.map_or(body, String::into_bytes);
        let body = masked(&body, &headless.told.hidden_parts(b"", &body));
        self.output.text(&told.head.raw);
        if !body.is_empty() {
            self.output.text(&body);
        }
        let cut = (shown < facts.decoded_len).then(|| {
            let (shown, all) = (count(shown), counted(facts.decoded_len, "byte"));
            format!("{shown} of {all} of the body are shown")
        });
        let undecoded = facts.undecoded();
        cut.into_iter().chain(charset).chain(no_json).chain(undecoded).collect()
    }
}
