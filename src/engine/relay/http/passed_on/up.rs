//! The way from the client to the server: the head, the body as it comes, and whether the client is
//! still there after that.

use std::io;

use bytes::{Bytes, BytesMut};
use tokio::io::AsyncWriteExt as _;
use tokio::time::{Instant, timeout};

use super::Progress;
use crate::codec::http1::Refusal;
use crate::engine::http::body_receiver::BodyReceiver;
use crate::engine::http::exchange_recorder::ExchangeRecorder;
use crate::engine::http::failure;
use crate::engine::relay::http::received::STALL;
use crate::engine::relay::http::visitor::ClientInput;
use crate::engine::transport::halves::WriteHalf;
use crate::model::counts::counted;
use crate::model::failure::{Failure, FailureKind, Stage};

/// Body bytes that came with a head go out with it up to this size.
const WITH_HEAD: usize = 64 * 1024;

/// The way up.
pub(super) struct Up<'a> {
    pub(super) input: &'a mut ClientInput,
    pub(super) to: &'a mut WriteHalf,
    pub(super) recorder: &'a ExchangeRecorder,
    pub(super) progress: &'a Progress,
    /// How the server is called in failures.
    pub(super) target: &'a str,
}

/// Why it ended before the answer did.
pub(super) enum UpEnd {
    /// The client is gone, or ended inside its request.
    Client(Failure),
    /// The server takes no more of it.
    Server(Failure),
    /// The client's body breaks its framing.
    Broken(Refusal),
}

impl Up<'_> {
    /// Passes the request on; returns only when something is wrong. Safe to drop at the end of the
    /// request.
    pub(super) async fn run(mut self, head: Bytes, body: &mut Option<BodyReceiver>) -> UpEnd {
        match self.request(head, body).await {
            Err(end) => end,
            Ok(()) => self.watch().await,
        }
    }

    async fn request(&mut self, head: Bytes, body: &mut Option<BodyReceiver>) -> Result<(), UpEnd> {
        let (began, mut total) = (self.recorder.elapsed(), 0);
        let mut lead = Some(head);
        while let Some(receiver) = body.as_mut().filter(|body| !body.done) {
            // Who waits for `100 Continue` sends nothing before the head is there.
            if lead.is_some() && self.input.rest.is_empty() {
                self.write(lead.take().unwrap_or_default(), &mut total).await?;
            }
            let mut bytes = read(self.input, receiver, &self.recorder.target).await?;
            let (used, kept) = receiver.take(&bytes).await;
            if let Err(why) = kept {
                self.recorder.warn(format!("the copy of the request is cut: {why}"));
            }
            let used = used.map_err(|why| UpEnd::Broken(Refusal::bad(why)))?;
            if receiver.is_doubtful() {
                let why = "the framing of the body may be read differently by the server, so it is \
                           not passed on";
                return Err(UpEnd::Broken(Refusal::bad(why)));
            }
            self.input.rest = bytes.split_off(used);
            self.recorder.progress(&receiver.facts);
            match lead.take() {
                Some(head) if bytes.len() <= WITH_HEAD => {
                    let mut both = BytesMut::from(&head[..]);
                    both.extend_from_slice(&bytes);
                    self.write(both.freeze(), &mut total).await?;
                }
                head => {
                    self.write(head.unwrap_or_default(), &mut total).await?;
                    self.write(bytes, &mut total).await?;
                }
            }
        }
        if let Some(head) = lead {
            self.write(head, &mut total).await?;
        }
        if let Err(error) = self.to.flush().await {
            return Err(self.failed(&error, total));
        }
        self.progress.out.send_replace(Some(Instant::now()));
        self.recorder.edit(|exchange| {
            exchange.timing.send = Some(self.recorder.elapsed().saturating_sub(began));
        });
        if let Some(receiver) = body.take() {
            // What is wrong with our copy stands in its facts.
            let _ = receiver.finish(true, self.recorder).await;
        }
        Ok(())
    }

    async fn write(&mut self, mut bytes: Bytes, total: &mut usize) -> Result<(), UpEnd> {
        while !bytes.is_empty() {
            let patience = self.progress.patience;
            let writes = timeout(patience, self.to.write_buf(&mut bytes));
            let written = self.input.meanwhile(writes).await.map_err(|error| {
                let so_far = format!("after {} of the request", counted(*total as u64, "byte"));
                let target = &self.recorder.target;
                UpEnd::Client(failure::socket(Stage::Body, target, &error, &so_far))
            })?;
            match written {
                Ok(Ok(0)) => return Err(self.failed(&io::ErrorKind::BrokenPipe.into(), *total)),
                Ok(Ok(count)) => *total += count,
                Ok(Err(error)) => return Err(self.failed(&error, *total)),
                Err(_) => {
                    let seconds = patience.as_secs_f64();
                    let so_far = counted(*total as u64, "byte");
                    let cause = format!("it took nothing for {seconds} s, after {so_far}");
                    let kind = FailureKind::Timeout(patience);
                    return Err(UpEnd::Server(Failure::new(Stage::Send, self.target, kind, cause)));
                }
            }
        }
        Ok(())
    }

    fn failed(&self, error: &io::Error, total: usize) -> UpEnd {
        let so_far = format!("after {} of the request", counted(total as u64, "byte"));
        UpEnd::Server(failure::socket(Stage::Send, self.target, error, &so_far))
    }

    /// Whether the client is there; what it asks next waits.
    async fn watch(&mut self) -> UpEnd {
        self.input.next_message();
        loop {
            match self.input.watched().await {
                Ok(is_over) => {
                    if is_over {
                        self.progress.finished.send_replace(true);
                    }
                }
                Err(error) => {
                    let target = &self.recorder.target;
                    let so_far = "while it waited for its answer";
                    let failure = failure::socket(Stage::Session, target, &error, so_far);
                    return UpEnd::Client(failure);
                }
            }
        }
    }
}

/// The next bytes of a body.
async fn read(input: &mut ClientInput, body: &BodyReceiver, target: &str) -> Result<Bytes, UpEnd> {
    match timeout(STALL, input.read()).await {
        Ok(Ok(bytes)) if bytes.is_empty() => {
            // Framings of a request have an end of their own.
            let closed = body.closed("the client", target).err();
            Err(UpEnd::Client(closed.unwrap_or_else(|| {
                let cause = "the client closed inside its request";
                Failure::new(Stage::Body, target, FailureKind::Truncated, cause)
            })))
        }
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) => {
            Err(UpEnd::Client(failure::socket(Stage::Body, target, &error, &body.so_far())))
        }
        Err(_) => {
            let why = format!("no body byte for {} s, {}", STALL.as_secs_f64(), body.so_far());
            Err(UpEnd::Broken(Refusal { status: 408, why }))
        }
    }
}
