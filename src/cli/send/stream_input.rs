//! What a conversation sends beside the steps of its preset: files, or standard input. Called by `send` before
//! there is anything to send.

use bytes::Bytes;

use crate::args;
use crate::cli::stdin::{self, PieceSource, STDIN};
use crate::model::failure::Failure;
use crate::model::plan::{Plan, StepPlan};

/// What is sent beside the steps of a plan.
#[derive(Debug)]
pub(super) enum StreamInput {
    None,
    /// After the steps of a stream.
    Pieces(Vec<PieceSource>),
    /// Standard input or what it stands for, whose end is told to the peer of a stream.
    Piped(PieceSource),
    /// Standard input as one datagram.
    Datagram(Bytes),
}

impl StreamInput {
    /// There is none.
    pub(super) fn is_none(&self) -> bool {
        matches!(self, StreamInput::None)
    }
}

/// What is to be sent beside the plan: `streamed`, else standard input where nothing else is sent. All
/// of it is one datagram, so it is read before there is anything to send.
pub(super) async fn input(
    arguments: &args::Send,
    plan: &Plan,
    streamed: Vec<PieceSource>,
) -> Result<StreamInput, Failure> {
    let sends = plan.steps().iter().any(|step| matches!(step, StepPlan::Send(_)));
    Ok(if !streamed.is_empty() {
        StreamInput::Pieces(streamed)
    } else if plan.capabilities().exchanges || sends || arguments.ignore_stdin || !stdin::is_piped()
    {
        StreamInput::None
    } else if arguments.hex {
        let bytes = stdin::read_hex(STDIN, arguments.timeout).await?;
        if plan.capabilities().datagrams {
            StreamInput::Datagram(bytes)
        } else if plan.capabilities().messages {
            StreamInput::Pieces(vec![PieceSource::Bytes(bytes)])
        } else {
            StreamInput::Piped(PieceSource::Bytes(bytes))
        }
    } else if plan.capabilities().datagrams {
        let datagram = stdin::read_datagram(&plan.address(), arguments.timeout).await?;
        StreamInput::Datagram(datagram)
    } else if plan.capabilities().messages {
        // There is no half of it to be closed: what is answered is waited for as behind messages that are typed.
        StreamInput::Pieces(vec![PieceSource::Stdin])
    } else {
        StreamInput::Piped(PieceSource::Stdin)
    })
}
