//! The way out over HTTP/2: the body in pieces, as the server lets them.

use std::future::poll_fn;

use bytes::Bytes;
use h2::SendStream;
use tokio::time::sleep_until;

use super::StreamHold;
use crate::engine::body::BodyWriter;
use crate::engine::client::http::hop::Hop;
use crate::engine::client::http::pace::TransferPace;
use crate::engine::event::Phase;
use crate::engine::http::body_source::BodySource;
use crate::model::counts::count;
use crate::model::exchange::Head;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::record::Direction;

/// A body up to this size is not told how far it is.
const SMALL: u64 = 64 * 1024;

/// A request whose head is on its way.
pub(super) struct Sending<'a> {
    pub(super) hop: &'a Hop<'a>,
    pub(super) hold: &'a StreamHold,
    pub(super) writer: BodyWriter,
}

impl Sending<'_> {
    /// Sends the body, and waits until it is out.
    pub(super) async fn run(
        self,
        stream: SendStream<Bytes>,
        head: Head,
        source: BodySource,
    ) -> Result<(), Failure> {
        let Sending { hop, writer, .. } = &self;
        let began = hop.recorder.elapsed();
        writer.body_starts(writer.wire_len() + head.raw.len() as u64);
        self.keep(head.raw).await;
        let outcome = self.body(stream, source).await;
        let took = hop.recorder.elapsed().saturating_sub(began);
        hop.recorder.edit(|exchange| {
            exchange.timing.send = Some(took);
            exchange.request.body.complete = outcome.is_ok();
        });
        // Said already.
        let _ = self.writer.finish().await;
        outcome
    }

    async fn body(
        &self,
        mut stream: SendStream<Bytes>,
        mut source: BodySource,
    ) -> Result<(), Failure> {
        let (hop, total) = (self.hop, source.len());
        let mut given = 0;
        let pace = hop.plan.transfer.limit_rate.map(TransferPace::of);
        while given < total {
            let mut piece = source.next().await.map_err(|error| {
                let cause = format!("the body file could not be read to its end: {error}");
                Failure::new(Stage::Send, &*hop.plan.url, FailureKind::Io, cause)
            })?;
            if piece.is_empty() {
                break;
            }
            while !piece.is_empty() {
                let mut now = self.paced(pace.as_ref(), given, &mut piece).await;
                while !now.is_empty() {
                    let part = self.allowed(&mut stream, &mut now, total).await?;
                    given += part.len() as u64;
                    let sent = stream.send_data(part.clone(), given == total);
                    sent.map_err(|error| self.failed(total, &error))?;
                    self.keep(part).await;
                    self.tell(total);
                }
            }
        }
        self.is_out(&mut stream, given, total).await
    }

    /// As much of the piece as may go out at once, when it may.
    async fn paced(&self, pace: Option<&TransferPace>, given: u64, piece: &mut Bytes) -> Bytes {
        let Some(pace) = pace else { return std::mem::take(piece) };
        sleep_until(pace.due(given)).await;
        self.hop.peer_takes();
        piece.split_to(pace.step().min(piece.len()))
    }

    /// As much of the piece as the server lets us send.
    async fn allowed(
        &self,
        stream: &mut SendStream<Bytes>,
        piece: &mut Bytes,
        total: u64,
    ) -> Result<Bytes, Failure> {
        self.hop.session.events.ready().await;
        stream.reserve_capacity(piece.len());
        loop {
            let sent = self.hold.route.sent();
            let allowed = tokio::select! {
                biased;
                allowed = poll_fn(|cx| stream.poll_capacity(cx)) => allowed,
                () = self.hold.route.moves_beyond(sent) => {
                    self.hop.peer_takes();
                    self.tell(total);
                    continue;
                }
            };
            match allowed {
                Some(Ok(0)) => {}
                Some(Ok(allowed)) => {
                    self.hop.peer_takes();
                    return Ok(piece.split_to(allowed.min(piece.len())));
                }
                Some(Err(error)) => return Err(self.failed(total, &error)),
                None => return Err(self.unwanted(stream, total).await),
            }
        }
    }

    /// Waits until all of it has left.
    async fn is_out(
        &self,
        stream: &mut SendStream<Bytes>,
        given: u64,
        total: u64,
    ) -> Result<(), Failure> {
        loop {
            let sent = self.hold.route.sent();
            self.tell(total);
            if sent >= given {
                return Ok(());
            }
            tokio::select! {
                biased;
                () = self.hold.route.moves_beyond(sent) => self.hop.peer_takes(),
                reset = poll_fn(|cx| stream.poll_reset(cx)) => return Err(match reset {
                    Ok(reason) => self.failed(total, &reason.into()),
                    Err(error) => self.failed(total, &error),
                }),
            }
        }
    }

    /// The server does not want the rest: its answer may have said why.
    async fn unwanted(&self, stream: &mut SendStream<Bytes>, total: u64) -> Failure {
        match poll_fn(|cx| stream.poll_reset(cx)).await {
            Ok(reason) => self.failed(total, &reason.into()),
            Err(error) => self.failed(total, &error),
        }
    }

    /// What is sent goes out whole, even if our copy of it cannot be kept.
    async fn keep(&self, bytes: Bytes) {
        if let Err(why) = self.writer.wire(bytes).await {
            self.hop.recorder.warn(format!("the copy of what was sent is cut: {why}"));
        }
    }

    fn tell(&self, total: u64) {
        let sent = self.hold.route.sent();
        self.hop.recorder.edit_body(Direction::Sent, |body| {
            (body.encoded_len, body.decoded_len) = (sent, sent);
        });
        if total > SMALL {
            let total = Some(total);
            self.hop.session.events.phase(Phase::Sending { sent, total });
        }
    }

    fn failed(&self, total: u64, error: &h2::Error) -> Failure {
        self.tell(total);
        let sent = count(self.hold.route.sent());
        let so_far = format!("after {sent} of {} body bytes of the request", count(total));
        self.hold.failure(self.hop, (Stage::Send, so_far), error)
    }
}
