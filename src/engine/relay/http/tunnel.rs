//! Bytes passed on as they come, either way: after CONNECT, and after 101.
//!
//! What is said is recorded on the client's half, as a TCP relay does, with the first bytes of either
//! way kept; the exchange that led to it ends with it and says how much there was.

use std::io;
use std::pin::pin;

use bytes::Bytes;
use tokio::io::AsyncWriteExt as _;

use super::faulty_write::FaultyWrite;
use super::onward::OnwardConn;
use super::received::AskedRequest;
use super::visitor::{ClientInput, Next, Visitor};
use crate::codec::http1::Expected;
use crate::engine::body::BodyWriter;
use crate::engine::http::exchange_recorder::{ExchangeRecorder, empty_message};
use crate::engine::http::failure;
use crate::engine::http::message_writer::shown;
use crate::engine::http::tap::{ReadBuffer, Tap};
use crate::engine::transport::halves::{GoneTeller, ReadHalf, WriteHalf, unless_gone};
use crate::model::asked_target::AskedTarget;
use crate::model::counts::counted;
use crate::model::failure::{FailureKind, Stage};
use crate::model::record::{ConnInfo, Direction, RecordKind, RelayPair};

/// What a client gets that asked for a tunnel which there is.
const ESTABLISHED: &[u8] = b"HTTP/1.1 200 Connection Established\r\n\r\n";

/// Why a way ended early.
enum Broke {
    Client(io::Error),
    Server(io::Error),
}

impl Visitor {
    /// Serves CONNECT: whatever is said from now on is for the two of them.
    pub(super) async fn connect_through(
        &mut self,
        asked: &AskedRequest,
        recorder: &ExchangeRecorder,
        writer: BodyWriter,
    ) -> Next {
        // Nothing is kept of a request that has no body.
        let _ = writer.finish().await;
        // What came with the head cannot be given back to a handshake.
        let is_quiet = self.input.rest.is_empty() && self.input.read.is_quiet();
        let is_opened = self.relay.opens(&asked.route.origin.endpoint.host).is_some();
        if is_opened && is_quiet {
            if let Some(next) = self.let_in(asked, recorder).await {
                return next;
            }
        } else if is_opened {
            recorder.warn("not opened: the client did not wait for the tunnel");
        }
        let mut route = asked.route.clone();
        if let Some(origin) = self.mapped_tunnel(asked, recorder) {
            route.origin = origin;
        }
        let onward = match self.connected(&route, recorder).await {
            Ok(onward) => onward,
            Err(failure) => return self.not_reached(failure, recorder).await,
        };
        // What crosses from now on is of no message that would name a host.
        let asked =
            AskedTarget::by_client(&asked.route.origin.endpoint, onward.peer.clone(), false);
        let pair = RelayPair { client: self.met.conn, target: onward.conn };
        let half = ConnInfo { asked: Some(asked), pair: Some(pair), ..self.met.info() };
        self.relay.session.events.conn(half);
        if let Err(next) = self.establish(recorder).await {
            onward.reset(&self.relay, "reset by us: the client is gone");
            return next;
        }
        self.tunnel(onward, Bytes::new(), recorder).await
    }

    /// Tells a client that its tunnel is there.
    pub(super) async fn establish(&mut self, recorder: &ExchangeRecorder) -> Result<(), Next> {
        let kept = self.relay.session.bodies.create();
        let head = Bytes::from_static(ESTABLISHED);
        let mut message = empty_message(kept.id());
        message.head = shown(Expected::Response, head.clone());
        recorder.edit(|exchange| exchange.response = Some(message));
        self.keep(recorder, &kept, head.clone()).await;
        let mut left = head;
        while !left.is_empty() {
            if let Err(error) = self.sent.write(&mut self.write, &mut left).await {
                let peer = &recorder.target;
                let why = failure::socket(Stage::Send, peer, &error, "while it was let through");
                recorder.close(Err(why));
                return Err(Next::Gone("closed: the client is gone"));
            }
        }
        Ok(())
    }

    /// Passes bytes on until both have ended; `first` came from the server already.
    pub(super) async fn tunnel(
        &mut self,
        mut onward: OnwardConn,
        first: Bytes,
        recorder: &ExchangeRecorder,
    ) -> Next {
        recorder.publish();
        self.faults.in_tunnel();
        let (mut up, mut down) = (0, 0);
        let ended = {
            let OnwardConn { read, write, buffer, .. } = &mut onward;
            let (client, server) = (self.input.read.gone(), read.gone());
            let up = up_way(&mut self.input, write, &mut up);
            let from = (read, buffer);
            let down = down_way(from, &mut self.write, &mut self.sent, first, &mut down);
            both(up, down, (client, server)).await
        };
        let [up_bytes, down_bytes] = [up, down].map(|bytes| counted(bytes, "byte"));
        let text = format!("tunnel: {up_bytes} to the server, {down_bytes} from it");
        recorder.warn(text.clone());
        self.note(Direction::Local, RecordKind::Note, text);
        let peer = recorder.target.clone();
        match ended {
            Ok(()) => {
                recorder.close(Ok(()));
                onward.close(&self.relay, "closed, both sides finished");
                Next::Gone("closed, both sides finished")
            }
            Err(Broke::Client(error)) => {
                let so_far = format!("in a tunnel, after {up_bytes} of it");
                let why = failure::socket(Stage::Session, &peer, &error, &so_far);
                let is_reset = why.kind == FailureKind::Reset;
                let kind = if is_reset { RecordKind::Reset } else { RecordKind::Failed };
                self.note(Direction::Received, kind, why.to_string());
                recorder.close(Err(why));
                onward.reset(&self.relay, "reset by us: the client is gone");
                Next::Gone("closed: the client is gone")
            }
            Err(Broke::Server(error)) => {
                let so_far = format!("in a tunnel, after {down_bytes} of it");
                let target = onward.origin.endpoint.to_string();
                let why = failure::socket(Stage::Session, &target, &error, &so_far);
                onward.broke(&self.relay, &why);
                recorder.close(Err(why));
                Next::Reset("reset by us: the server is gone")
            }
        }
    }
}

/// Until both ways are over. Who finished sending is missed all the same when it is gone.
async fn both(
    up: impl Future<Output = Result<(), Broke>>,
    down: impl Future<Output = Result<(), Broke>>,
    (client, server): (GoneTeller, GoneTeller),
) -> Result<(), Broke> {
    let (mut up, mut down) = (pin!(up), pin!(down));
    tokio::select! {
        done = &mut up => {
            done?;
            tokio::select! {
                done = down => done,
                error = client.gone() => Err(Broke::Client(error)),
            }
        }
        done = &mut down => {
            done?;
            tokio::select! {
                done = up => done,
                error = server.gone() => Err(Broke::Server(error)),
            }
        }
    }
}

async fn up_way(from: &mut ClientInput, to: &mut WriteHalf, count: &mut u64) -> Result<(), Broke> {
    loop {
        let mut bytes = from.read().await.map_err(Broke::Client)?;
        if bytes.is_empty() {
            // One that is gone by itself has nothing to be told; reading from it says so.
            let _ = to.shutdown().await;
            return Ok(());
        }
        *count += bytes.len() as u64;
        let writes = async {
            to.write_all_buf(&mut bytes).await?;
            to.flush().await
        };
        from.meanwhile(writes).await.map_err(Broke::Client)?.map_err(Broke::Server)?;
    }
}

async fn down_way(
    (from, buffer): (&mut ReadHalf, &mut ReadBuffer),
    to: &mut FaultyWrite,
    tap: &mut Tap,
    mut bytes: Bytes,
    count: &mut u64,
) -> Result<(), Broke> {
    let mut missed = None;
    loop {
        let writes = async {
            while !bytes.is_empty() {
                let written = tap.write(to, &mut bytes).await?;
                *count += written.len() as u64;
            }
            to.hand_over().await
        };
        let written = unless_gone(writes, &from.gone(), &mut missed).await;
        written.map_err(Broke::Server)?.map_err(Broke::Client)?;
        tap.ready().await;
        bytes = match buffer.read(from).await {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Bytes::new(),
            read => read.map_err(Broke::Server)?,
        };
        if let Some(error) = missed.take_if(|_| bytes.is_empty()) {
            return Err(Broke::Server(error));
        }
        if bytes.is_empty() {
            let _ = to.shutdown().await;
            return Ok(());
        }
    }
}
