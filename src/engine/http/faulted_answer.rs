//! Answers that are wrong as messages, on purpose: a length that is not theirs, a chunk that is none, bytes that are no
//! HTTP. What goes out is what is told.

use bytes::{Bytes, BytesMut};

use super::answer::AnswerShape;
use super::body_source::BodySource;
use crate::codec::http1::write::chunk;
use crate::model::http_answer::AnswerFault;
use crate::model::plan::AnswerPlan;

/// Bytes of a body before a chunk that is none, at most.
const CHUNKED: usize = 1024 * 1024;
/// What stands where a chunk should begin.
const NO_CHUNK: &[u8] = b"no chunk\r\n";
/// What stands where an answer should begin, again and again.
const NO_HTTP: &[u8] = b"\x00\x01\xfe\xffno HTTP ";

/// The headers of an answer, as its fault would have them. `len` is that of its body.
pub(crate) fn with_headers(answer: &mut AnswerPlan, len: u64) {
    let is = |name: &str, other: &str| name.eq_ignore_ascii_case(other);
    let framing = |name: &str| is(name, "content-length") || is(name, "transfer-encoding");
    match answer.more.fault {
        AnswerFault::WrongLength(off) => {
            answer.headers.retain(|(name, _)| !framing(name));
            let told = len.saturating_add_signed(off.into());
            answer.headers.push(("Content-Length".into(), told.to_string()));
        }
        AnswerFault::BadChunk(_) => {
            answer.headers.retain(|(name, _)| !framing(name));
            answer.headers.push(("Transfer-Encoding".into(), "chunked".into()));
        }
        AnswerFault::None
        | AnswerFault::Rate(_)
        | AnswerFault::Split(_)
        | AnswerFault::Reset(_)
        | AnswerFault::HalfClose(_)
        | AnswerFault::Stall(_)
        | AnswerFault::Garbage(_) => {}
    }
}

/// How it goes out with its fault; of one that ends within its head, so much of that.
pub(crate) async fn message(
    fault: AnswerFault,
    mut shape: AnswerShape,
    source: BodySource,
) -> std::io::Result<(AnswerShape, BodySource)> {
    match fault {
        AnswerFault::BadChunk(at) if shape.has_body => {
            let body = begun(source, (at as usize).min(CHUNKED)).await?;
            let mut wire = BytesMut::new();
            if !body.is_empty() {
                wire.extend_from_slice(&chunk(&body));
            }
            wire.extend_from_slice(NO_CHUNK);
            (shape.chunked, shape.keep_alive) = (false, false);
            return Ok((shape, BodySource::bytes(wire.freeze())));
        }
        AnswerFault::Garbage(count) => {
            let bytes = NO_HTTP.iter().copied().cycle().take(count as usize);
            shape.head = bytes.collect::<Vec<u8>>().into();
            (shape.has_body, shape.chunked, shape.keep_alive) = (false, false, false);
        }
        _ => {}
    }
    if let Some(at) = fault.ends_behind().and_then(|at| usize::try_from(at).ok())
        && at < shape.head.len()
    {
        shape.head.truncate(at);
        (shape.has_body, shape.keep_alive) = (false, false);
    }
    Ok((shape, source))
}

/// The first bytes of a body.
async fn begun(mut source: BodySource, most: usize) -> std::io::Result<Bytes> {
    let mut body = BytesMut::new();
    while body.len() < most {
        let piece = source.next().await?;
        if piece.is_empty() {
            break;
        }
        let (part, _) = piece.split_at(piece.len().min(most - body.len()));
        body.extend_from_slice(part);
    }
    Ok(body.freeze())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::engine::http::answer::{RequestFacts, shape};
    use crate::model::http_answer::AnswerMore;
    use crate::model::plan::PlanBody;

    async fn made(fault: AnswerFault, body: &'static [u8]) -> (AnswerShape, Bytes) {
        let more = AnswerMore { fault, ..AnswerMore::default() };
        let headers = vec![("Content-Length".into(), "7".into())];
        let (body, delay) = (Bytes::from_static(body), Duration::ZERO);
        let mut answer =
            AnswerPlan { status: 200, headers, body: PlanBody::Bytes(body.clone()), delay, more };
        with_headers(&mut answer, body.len() as u64);
        let asked =
            RequestFacts { method: "GET".into(), keep_alive: true, ..RequestFacts::default() };
        let shape = shape(&answer, body.len() as u64, &asked);
        let (shape, mut source) = message(fault, shape, BodySource::bytes(body)).await.unwrap();
        (shape, source.next().await.unwrap())
    }

    fn head(shape: &AnswerShape) -> String {
        String::from_utf8_lossy(&shape.head).into_owned()
    }

    #[tokio::test]
    async fn a_length_is_told_that_is_not_there_and_nothing_may_follow() {
        for (off, told) in [(10, "15"), (-2, "3"), (-10, "0")] {
            let (shape, body) = made(AnswerFault::WrongLength(off), b"hello").await;
            assert!(
                head(&shape).contains(&format!("Content-Length: {told}\r\n")),
                "{}",
                head(&shape)
            );
            assert_eq!((shape.keep_alive, &body[..]), (false, &b"hello"[..]));
        }
    }

    #[tokio::test]
    async fn a_chunk_that_is_none_stands_behind_so_much_of_the_body() {
        for (at, wire) in [
            (0, &b"no chunk\r\n"[..]),
            (2, b"2\r\nhe\r\nno chunk\r\n"),
            (9, b"5\r\nhello\r\nno chunk\r\n"),
        ] {
            let (shape, body) = made(AnswerFault::BadChunk(at), b"hello").await;
            assert!(head(&shape).contains("Transfer-Encoding: chunked"), "{}", head(&shape));
            assert!(!head(&shape).contains("Content-Length"), "{}", head(&shape));
            assert_eq!((shape.keep_alive, &body[..]), (false, wire));
        }
    }

    #[tokio::test]
    async fn garbage_is_no_http_and_a_cut_head_has_no_body() {
        let (shape, _) = made(AnswerFault::Garbage(20), b"hello").await;
        assert_eq!((shape.head.len(), shape.has_body, shape.keep_alive), (20, false, false));
        let (shape, _) = made(AnswerFault::Reset(8), b"hello").await;
        assert_eq!((&*head(&shape), shape.has_body), ("HTTP/1.1", false));
        let (shape, _) = made(AnswerFault::Stall(1000), b"hello").await;
        assert!(shape.has_body);
    }
}
