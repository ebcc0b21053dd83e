//! The messages of a command line for a conversation: words after the target and `--data`.
//!
//! Called by `send`. Texts become steps of the plan, after those of a preset. `@FILE` and `@-` stand
//! among them: for datagrams their bytes are read, for a stream everything from the first of them on
//! is taken out of the plan again and streamed once the steps before it are done.

use std::fmt::Write as _;
use std::io;
use std::path::Path;
use std::time::Duration;

use crate::cli::stdin::{self, DATAGRAM_LIMIT, PieceSource, STDIN};
use crate::model::client::ScriptStep;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::payload::{Payload, PayloadFormat};
use crate::model::plan::{Plan, StepPlan};
use crate::named_file;

/// Messages of a stream: steps, and what stands in the place of some of them.
#[derive(Debug, Default)]
pub(super) struct StreamMessages {
    pub(super) steps: Vec<ScriptStep>,
    /// By the index of the step, in order.
    files: Vec<(usize, PieceSource)>,
}

impl StreamMessages {
    /// Opens the files, so that what cannot be read is said before anything is sent. Where each is a message of so
    /// many bytes at most it is read and becomes a step.
    pub(super) async fn of<'a>(
        texts: impl Iterator<Item = &'a String>,
        format: PayloadFormat,
        patience: Option<Duration>,
        whole: Option<usize>,
    ) -> Result<Self, Failure> {
        let mut messages = StreamMessages::default();
        for (index, text) in texts.enumerate() {
            let mut text = text.clone();
            let file = file_of(&text).filter(|path| *path != STDIN);
            if let (Some(path), Some(most)) = (file, whole) {
                let bytes = match format {
                    PayloadFormat::Hex => stdin::read_hex(path, patience).await?.to_vec(),
                    PayloadFormat::Text => named_file::read(Path::new(path), most as u64)
                        .map_err(|error| unreadable(path, &error))?,
                };
                messages.steps.push(ScriptStep::Send(dump(&bytes)));
                continue;
            }
            if let Some(path) = file_of(&text) {
                let source = match path {
                    path if format == PayloadFormat::Hex => {
                        PieceSource::Bytes(stdin::read_hex(path, patience).await?)
                    }
                    STDIN => PieceSource::Stdin,
                    path => opened(path)?,
                };
                messages.files.push((index, source));
                text.clear();
            }
            messages.steps.push(ScriptStep::Send(Payload { text, format }));
        }
        Ok(messages)
    }

    /// Takes what is to be streamed out of the plan, whose first `own` steps are a preset's.
    pub(super) fn streamed(self, plan: &mut Plan, own: usize) -> Vec<PieceSource> {
        let Some((first, _)) = self.files.first() else { return Vec::new() };
        let first = *first;
        let mut files = self.files.into_iter().peekable();
        let steps = plan.take_steps(own + first);
        let source = |(index, step)| match (files.next_if(|(at, _)| *at == index), step) {
            (Some((_, source)), _) => Some(source),
            (None, StepPlan::Send(bytes)) => Some(PieceSource::Bytes(bytes)),
            (None, StepPlan::Expect { .. }) => None,
        };
        (first..).zip(steps).filter_map(source).collect()
    }
}

/// Steps that send a datagram for each text; `@FILE` is read, `@-` is standard input to `target`.
pub(super) async fn datagrams<'a>(
    texts: impl Iterator<Item = &'a String>,
    format: PayloadFormat,
    target: &str,
    patience: Option<Duration>,
) -> Result<Vec<ScriptStep>, Failure> {
    let mut steps = Vec::new();
    for text in texts {
        let payload = match file_of(text) {
            None => Payload { text: text.clone(), format },
            Some(path) if format == PayloadFormat::Hex => {
                dump(&stdin::read_hex(path, patience).await?)
            }
            Some(STDIN) => dump(&stdin::read_datagram(target, patience).await?),
            Some(path) => dump(&datagram_file(path, target)?),
        };
        steps.push(ScriptStep::Send(payload));
    }
    Ok(steps)
}

fn file_of(text: &str) -> Option<&str> {
    text.strip_prefix('@').filter(|path| !path.is_empty())
}

fn dump(bytes: &[u8]) -> Payload {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    Payload { text, format: PayloadFormat::Hex }
}

fn opened(path: &str) -> Result<PieceSource, Failure> {
    let (file, _) = named_file::open(Path::new(path)).map_err(|error| unreadable(path, &error))?;
    Ok(PieceSource::File(file, path.to_owned()))
}

fn datagram_file(path: &str, target: &str) -> Result<Vec<u8>, Failure> {
    named_file::read(Path::new(path), DATAGRAM_LIMIT as u64).map_err(|error| match error.kind() {
        io::ErrorKind::FileTooLarge => stdin::too_long_for_a_datagram(target),
        _ => unreadable(path, &error),
    })
}

fn unreadable(path: &str, error: &io::Error) -> Failure {
    let kind = match error.kind() {
        io::ErrorKind::NotFound => FailureKind::NotFound,
        _ => FailureKind::Io,
    };
    Failure::new(Stage::Compose, path, kind, error.to_string())
}
