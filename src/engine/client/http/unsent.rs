//! A request as it would go out, for those who want to see it and open no connection.
//!
//! Made of the same parts as one that is sent: the head of `request`, a body source, the chunks of
//! the codec.

use bytes::Bytes;

use super::cookies::SessionCookies;
use super::credentials::HopCredentials;
use super::request;
use super::two::request::Http2Request;
use crate::codec::http1::write::{chunk, last_chunk};
use crate::engine::budget::Budget;
use crate::engine::http::body_source::{BodySource, SourceError};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::plan::HttpPlan;

/// The bytes of a request, its body in pieces.
pub struct UnsentRequest {
    /// Up to and including the empty line.
    pub head: Vec<u8>,
    source: BodySource,
    url: String,
    chunked: bool,
    is_over: bool,
}

impl UnsentRequest {
    /// Opens the files it is made of.
    pub async fn open(plan: &HttpPlan) -> Result<Self, Failure> {
        let with_cookies = SessionCookies::of(plan).applied(plan);
        let sent = HopCredentials::default().applied(&with_cookies, true, &Budget::of(1)).await?;
        let proxy = request::proxy(&sent)?;
        let plan = &*request::behind(sent, proxy.as_ref());
        let unreadable =
            |why: String| Failure::new(Stage::Compose, &*plan.url, FailureKind::NotFound, why);
        let source =
            BodySource::open(&plan.body, &Budget::of(1)).await.map_err(|why| match why {
                SourceError::Full(why) | SourceError::Unreadable(why) => unreadable(why),
            })?;
        let (head, chunked) = if request::is_sure_of_two(plan) {
            (Http2Request::of(plan, source.len())?.head.raw.to_vec(), false)
        } else {
            (request::head(plan, source.len(), proxy.as_ref())?, request::is_chunked(plan))
        };
        Ok(UnsentRequest { head, source, url: plan.url.clone(), chunked, is_over: false })
    }

    /// The next bytes behind the head, as they would cross the wire; empty = the end.
    pub async fn next(&mut self) -> Result<Bytes, Failure> {
        if self.is_over {
            return Ok(Bytes::new());
        }
        let piece = self.source.next().await.map_err(|error| {
            let cause = format!("the body file could not be read to its end: {error}");
            Failure::new(Stage::Compose, &*self.url, FailureKind::Io, cause)
        })?;
        self.is_over = piece.is_empty();
        Ok(match (self.chunked, piece.is_empty()) {
            (false, _) => piece,
            (true, false) => chunk(&piece).into(),
            (true, true) => last_chunk(&[]).into(),
        })
    }
}
