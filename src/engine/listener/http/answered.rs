//! The last answer of a connection: mostly the next one is the same, and is neither read nor put together anew.
//!
//! Only what is the same byte for byte is taken again, so a changed plan needs no word here.

use bytes::{Bytes, BytesMut};

use crate::codec::http1::Expected;
use crate::engine::http::message_writer::shown;
use crate::model::exchange::Head;

/// Longest answer that a connection holds on to.
const KEPT: usize = 4096;

/// What is known of the last answer.
#[derive(Debug, Default)]
pub(super) struct LastAnswer {
    head: Head,
    /// Of the plan; held, so that nothing else comes to lie in its place.
    body: Bytes,
    /// Both in one piece; empty = not put together.
    message: Bytes,
}

impl LastAnswer {
    /// This head as an exchange shows it.
    pub(super) fn shown(&mut self, head: &Bytes) -> Head {
        if self.head.raw != head {
            *self = LastAnswer { head: shown(Expected::Response, head.clone()), ..Self::default() };
        }
        self.head.clone()
    }

    /// The head that was shown and this body in one piece; `None` = too long.
    pub(super) fn joined(&mut self, head: &Bytes, body: &Bytes) -> Option<Bytes> {
        let len = head.len() + body.len();
        if len > KEPT {
            return None;
        }
        let is_same = self.message.len() == len
            && self.head.raw == head
            && self.body.as_ptr() == body.as_ptr();
        if !is_same {
            let mut message = BytesMut::with_capacity(len);
            message.extend_from_slice(head);
            message.extend_from_slice(body);
            (self.body, self.message) = (body.clone(), message.freeze());
        }
        Some(self.message.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_answer_is_taken_again() {
        let mut last = LastAnswer::default();
        let heads = ["HTTP/1.1 200 OK\r\nA: 1\r\n\r\n", "HTTP/1.1 200 OK\r\nA: 2\r\n\r\n"];
        let heads = heads.map(|head| Bytes::from_static(head.as_bytes()));
        let bodies = ["one", "two"].map(|body| Bytes::from(body.to_owned()));
        let mut told = Vec::new();
        for (head, body) in [(0, 0), (0, 0), (0, 1), (1, 1), (1, 0), (0, 0)] {
            let (head, body) = (&heads[head], &bodies[body]);
            let shown = last.shown(head);
            assert_eq!(shown.raw, head);
            let message = last.joined(head, body).unwrap();
            assert_eq!(message, [&head[..], &body[..]].concat());
            told.push((message.as_ptr(), shown.fields));
        }
        assert_eq!(told[0], told[1], "nothing is made anew");
        assert_ne!(told[1].0, told[2].0);
    }

    #[test]
    fn a_connection_does_not_hold_on_to_a_long_answer() {
        let mut last = LastAnswer::default();
        let head = Bytes::from_static(b"HTTP/1.1 200 OK\r\n\r\n");
        last.shown(&head);
        assert_eq!(last.joined(&head, &Bytes::from(vec![b'x'; KEPT])), None);
        assert!(last.body.is_empty() && last.message.is_empty());
    }
}
