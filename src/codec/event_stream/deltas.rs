//! What streams of language models come to: the message put together from its pieces, as the interfaces of `OpenAI` and
//! Anthropic send them, and the pace at which events come.

use std::time::Duration;

use serde_json::Value;

use crate::model::stream_event::StreamEvent;
use crate::model::timing::Stamp;

/// Bytes of the message that are put together.
const LONGEST: usize = 4 * 1024 * 1024;

/// A message so far.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StreamMessage {
    pub text: String,
    /// Pieces that brought something of it.
    pub chunks: u64,
    /// When the first of them came, and the last.
    pub first: Option<Stamp>,
    pub last: Option<Stamp>,
    pub model: Option<String>,
    /// Why it ended, as the peer calls it.
    pub stop: Option<String>,
    /// Tokens of it as the peer counts them.
    pub tokens: Option<u64>,
}

impl StreamMessage {
    /// Takes an event; what is no piece of a message changes nothing.
    pub fn take(&mut self, event: &StreamEvent) {
        let Some(data) = event.data.as_deref().filter(|data| data.starts_with('{')) else { return };
        let Ok(value) = serde_json::from_str::<Value>(data) else { return };
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let message = value.get("message").unwrap_or(&value);
        self.model = self.model.take().or_else(|| text(message.get("model")?));
        let usage = value.get("usage").or_else(|| value.get("response")?.get("usage"));
        let counted = usage.and_then(|it| it.get("completion_tokens").or(it.get("output_tokens")));
        self.tokens = counted.and_then(Value::as_u64).or(self.tokens);
        if let Some(stop) = stop(&value) {
            self.stop = Some(stop.to_owned());
        }
        let Some(piece) = piece(&value).filter(|piece| !piece.is_empty()) else { return };
        self.chunks += 1;
        self.first.get_or_insert(event.at);
        self.last = Some(event.at);
        if self.text.len() + piece.len() <= LONGEST {
            self.text.push_str(piece);
        }
    }

    /// Pieces a second, from the first to the last.
    #[must_use]
    pub fn per_second(&self) -> Option<f64> {
        let took = self.last?.since(self.first?).as_secs_f64();
        (took > 0.0).then(|| (self.chunks - 1) as f64 / took)
    }
}

fn piece(value: &Value) -> Option<&str> {
    let kind = value.get("type").and_then(Value::as_str).unwrap_or_default();
    let delta = value.get("delta");
    match kind {
        "response.output_text.delta" => return delta?.as_str(),
        "content_block_delta" => {
            let delta = delta?;
            let places = ["text", "partial_json", "thinking"];
            return places.iter().find_map(|place| delta.get(place)?.as_str());
        }
        _ => {}
    }
    let choice = value.get("choices")?.get(0)?;
    let delta = choice.get("delta");
    let content = delta.and_then(|delta| {
        delta.get("content").and_then(Value::as_str).or_else(|| {
            delta.get("tool_calls")?.get(0)?.get("function")?.get("arguments")?.as_str()
        })
    });
    content.or_else(|| choice.get("text")?.as_str())
}

fn stop(value: &Value) -> Option<&str> {
    let choice = value.get("choices").and_then(|it| it.get(0)?.get("finish_reason"));
    let delta = value.get("delta").and_then(|it| it.get("stop_reason"));
    choice.or(delta)?.as_str()
}

/// Upper ends of the bins of gaps, in milliseconds; the last bin has no end.
const BINS: [u64; 6] = [10, 30, 100, 300, 1000, 3000];

/// How events followed each other.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventPace {
    last: Option<Stamp>,
    bins: [u64; BINS.len() + 1],
    longest: Duration,
}

impl EventPace {
    /// One came then.
    pub fn take(&mut self, at: Stamp) {
        if let Some(last) = self.last.replace(at) {
            let gap = at.since(last);
            let fits = BINS.iter().position(|end| gap < Duration::from_millis(*end));
            if let Some(bin) = self.bins.get_mut(fits.unwrap_or(BINS.len())) {
                *bin += 1;
            }
            self.longest = self.longest.max(gap);
        }
    }

    /// The longest gap.
    #[must_use]
    pub fn longest(&self) -> Duration {
        self.longest
    }

    /// How many gaps there are of each length, in words, but for lengths of which there are none.
    #[must_use]
    pub fn bins(&self) -> Vec<(String, u64)> {
        let named = self.bins.iter().enumerate().map(|(at, count)| {
            let name = match BINS.get(at) {
                Some(end) => format!("< {end} ms"),
                None => "3 s and more".to_owned(),
            };
            (name, *count)
        });
        named.filter(|(_, count)| *count > 0).collect()
    }
}
