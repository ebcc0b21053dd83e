//! Requests as a person composes them, from the spec to the bytes a peer receives, and back from
//! what was received to the spec that sends it again.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use wirebench::compose::plan;
use wirebench::interop::from_traffic::spec_and_remarks;
use wirebench::model::exchange::{Exchange, MessageFraming};
use wirebench::model::http::{
    AutomaticHeader, FormPart, HttpAnswer, HttpBody, HttpListenerSpec, HttpSpec, PartSource,
};
use wirebench::model::payload::{Payload, PayloadFormat};
use wirebench::model::plan::{HttpPlan, Plan};
use wirebench::model::preset::Scope;
use wirebench::model::spec::{NameValue, Spec};
use wirebench::model::view::ViewPart;

use super::http::{Bench, answer, listener};

/// A client, and a listener of ours that it talks to.
struct Pair {
    client: Bench,
    server: Bench,
    session: wirebench::model::id::SessionId,
    url: String,
}

impl Pair {
    async fn new() -> Pair {
        let mut server = Bench::new();
        let (session, address) = server.listen(listener(answer(200, "ok"))).await;
        Pair { client: Bench::new(), server, session, url: format!("http://{address}/x") }
    }

    /// Sends a spec; the exchange as each side saw it, and the request on the wire.
    async fn send(&mut self, spec: HttpSpec) -> (Exchange, Exchange, Vec<u8>) {
        let outcome = self.client.request(planned(spec)).await;
        assert!(outcome.done.is_ok(), "{:?}", outcome.done);
        let received = self.server.ended_exchange(self.session).await;
        let raw = self.server.bytes(received.request.body.id, ViewPart::Raw).await;
        let body = outcome.exchange().request.body.id;
        assert_eq!(self.client.bytes(body, ViewPart::Raw).await, raw, "both ends agree");
        (outcome.exchange().clone(), received, raw)
    }
}

fn planned(spec: HttpSpec) -> HttpPlan {
    match plan(&Spec::Http(spec), &Scope::default()).unwrap() {
        Plan::Http(plan) => plan,
        other => panic!("{other:?}"),
    }
}

fn posting(url: &str, body: HttpBody) -> HttpSpec {
    HttpSpec { method: "POST".into(), url: url.into(), body, ..HttpSpec::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_binary_request_is_turned_around_byte_for_byte() {
    let mut pair = Pair::new().await;
    let payload = Payload { text: "00 ff 7b7b 0d 0a c3".into(), format: PayloadFormat::Hex };
    let mut spec = posting(&pair.url, HttpBody::Payload(payload));
    spec.toggle_automatic(AutomaticHeader::ContentType);
    spec.toggle_automatic(AutomaticHeader::AcceptEncoding);
    let (_, received, raw) = pair.send(spec).await;
    let body = pair.server.bytes(received.request.body.id, ViewPart::Decoded).await;
    assert_eq!(body, b"\x00\xff{{\r\n\xc3");
    let (again, remarks) = spec_and_remarks(&received, &body);
    assert_eq!(remarks, Vec::<String>::new());
    let Spec::Http(again) = again else { panic!("{again:?}") };
    let (_, _, raw_again) = pair.send(again).await;
    assert_eq!(String::from_utf8_lossy(&raw_again), String::from_utf8_lossy(&raw));
    assert!(raw_again == raw);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_with_a_file_is_streamed_with_its_length() {
    let mut pair = Pair::new().await;
    let file = tempfile::NamedTempFile::with_suffix(".png").unwrap();
    std::fs::write(file.path(), vec![7; 700_000]).unwrap();
    let part = |source, name: &str, value: String| FormPart {
        source,
        name: name.into(),
        value,
        ..FormPart::default()
    };
    let parts = vec![
        part(PartSource::Text, "note", "héllo".into()),
        part(PartSource::File, "photo", file.path().display().to_string()),
    ];
    let spec = posting(&pair.url, HttpBody::Multipart(parts));
    let (_, received, _) = pair.send(spec).await;
    let MessageFraming::Length(length) = received.request.body.framing else {
        panic!("{received:?}")
    };
    let body = pair.server.bytes(received.request.body.id, ViewPart::Decoded).await;
    assert_eq!(body.len() as u64, length);
    let text = String::from_utf8_lossy(&body);
    assert!(text.contains("name=\"note\"\r\n\r\nhéllo\r\n"), "{}", &text[..200]);
    assert!(text.contains("Content-Type: image/png\r\n\r\n\u{7}\u{7}"));
    assert!(text.contains(&"\u{7}".repeat(700_000)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_goes_out_in_chunks_when_a_header_says_so() {
    let mut pair = Pair::new().await;
    let file = tempfile::NamedTempFile::new().unwrap();
    let content: Vec<u8> = (0..600_000_u32).map(|n| (n % 251) as u8).collect();
    std::fs::write(file.path(), &content).unwrap();
    let mut spec = posting(&pair.url, HttpBody::File(file.path().display().to_string()));
    spec.headers = vec![NameValue::new("transfer-ENCODING", "chunked")];
    let (sent, received, raw) = pair.send(spec).await;
    assert!(raw.ends_with(b"\r\n0\r\n\r\n"));
    assert_eq!(received.request.body.framing, MessageFraming::Chunked);
    assert!(received.request.head.field("content-length").is_none());
    for (bench, exchange) in [(&mut pair.server, &received), (&mut pair.client, &sent)] {
        let body = bench.bytes(exchange.request.body.id, ViewPart::Decoded).await;
        assert!(body == content);
        assert_eq!(exchange.request.body.decoded_len, content.len() as u64);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_switched_off_or_written_by_hand_goes_out_just_so() {
    let mut pair = Pair::new().await;
    let mut spec = posting(&pair.url, HttpBody::Text("abc".into()));
    spec.headers = vec![
        NameValue::new("hOST", "other.example"),
        NameValue::new("X-a", "1"),
        NameValue::new("x-A", ""),
    ];
    for header in [
        AutomaticHeader::UserAgent,
        AutomaticHeader::Accept,
        AutomaticHeader::AcceptEncoding,
        AutomaticHeader::ContentType,
    ] {
        spec.toggle_automatic(header);
    }
    let (_, _, raw) = pair.send(spec).await;
    let expected =
        "POST /x HTTP/1.1\r\nhOST: other.example\r\nX-a: 1\r\nx-A:\r\nContent-Length: 3\r\n\r\nabc";
    assert_eq!(String::from_utf8_lossy(&raw), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_chunked_by_a_header_is_chunked_once() {
    let mut server = Bench::new();
    let headers = vec![NameValue::new("Transfer-Encoding", "chunked")];
    let answer =
        HttpAnswer { headers, body: HttpBody::Text("hello".into()), ..HttpAnswer::default() };
    let spec =
        HttpListenerSpec { bind: "127.0.0.1:0".into(), answer, ..HttpListenerSpec::default() };
    let Plan::HttpListener(plan) = plan(&Spec::HttpListener(spec), &Scope::default()).unwrap()
    else {
        panic!("a listener")
    };
    let (_, address) = server.listen(plan).await;
    let mut client = Bench::new();
    let outcome = client.get(&format!("http://{address}/")).await;
    assert_eq!(client.response_body(&outcome).await, b"hello");
    let raw = outcome.exchange().response.as_ref().unwrap().body.id;
    let raw = client.bytes(raw, ViewPart::Raw).await;
    assert!(raw.ends_with(b"\r\n\r\n5\r\nhello\r\n0\r\n\r\n"), "{}", String::from_utf8_lossy(&raw));
}
