//! Undoes content codings while a body arrives: gzip, deflate, br, zstd, alone or chained.
//!
//! Called by the engine with body bytes in any pieces. Output comes in pieces of at most [`PIECE`]
//! bytes and the receiver may stop after each, so a bomb costs one piece and never its full size.
//! The stages work on fixed buffers; what a coding may keep in memory is bounded by its window
//! (32 KiB deflate, 16 MiB br, 8 MiB zstd as RFC 9659 demands).

mod brotli;
mod deflate;
mod gzip;
mod zstd;

use std::ops::ControlFlow;

/// Longest piece handed out at once.
pub const PIECE: usize = 32 * 1024;
/// Codings in one chain; more is an attack, not a body.
const CHAIN: usize = 5;

/// Why decoding stopped. What was handed out before stays valid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{coding}: {message}")]
pub struct DecodeError {
    /// The coding that failed, as announced.
    pub coding: String,
    pub message: String,
}

/// A chain of decoders, outermost coding first.
pub struct ContentDecoder {
    stages: Vec<Stage>,
    stopped: bool,
}

/// One coding with the buffer its output goes through.
struct Stage {
    name: &'static str,
    coding: Coding,
    buffer: Vec<u8>,
}

enum Coding {
    Gzip(Box<gzip::Gzip>),
    Deflate(deflate::Deflate),
    Brotli(Box<brotli::Brotli>),
    Zstd(zstd::Zstd),
}

/// What one step of a coding did: bytes taken and bytes made. Neither = it needs more input.
struct Step {
    used: usize,
    made: usize,
}

impl ContentDecoder {
    /// For codings from the outside in, as `http1::content_codings` lists them. No coding at all
    /// hands bytes through.
    pub fn new(codings: &[String]) -> Result<ContentDecoder, DecodeError> {
        if codings.len() > CHAIN {
            let message = format!("more than {CHAIN} codings on top of each other");
            return Err(DecodeError { coding: codings.join(", "), message });
        }
        let stages = codings
            .iter()
            .filter(|name| !name.eq_ignore_ascii_case("identity"))
            .map(|name| Stage::new(name))
            .collect::<Result<_, _>>()?;
        Ok(ContentDecoder { stages, stopped: false })
    }

    /// Takes encoded bytes and hands decoded ones to `out`. `Break` = `out` wanted no more; after
    /// that or an error nothing comes any more.
    pub fn push(
        &mut self,
        bytes: &[u8],
        out: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, DecodeError> {
        if self.stopped {
            return Ok(ControlFlow::Break(()));
        }
        let result = run(&mut self.stages, bytes, out);
        self.stopped = !matches!(result, Ok(ControlFlow::Continue(())));
        result
    }

    /// The encoded body is complete: is the decoded one, too? A body without a single byte is.
    pub fn finish(&self) -> Result<(), DecodeError> {
        if self.stopped {
            return Ok(());
        }
        for stage in &self.stages {
            if !stage.is_complete() {
                return Err(stage.error("the data is cut off"));
            }
        }
        Ok(())
    }

    /// Remarks about data that decoded all the same, such as bytes after its end.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let ignored = self.stages.iter().filter(|stage| stage.trailing() > 0);
        ignored.map(|stage| format!("{}: bytes after its end are ignored", stage.name)).collect()
    }
}

fn run(
    stages: &mut [Stage],
    bytes: &[u8],
    out: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
) -> Result<ControlFlow<()>, DecodeError> {
    let Some((stage, inner)) = stages.split_first_mut() else {
        let mut pieces = bytes.chunks(PIECE);
        return Ok(pieces.try_for_each(out));
    };
    let mut rest = bytes;
    loop {
        let Step { used, made } = stage.step(rest)?;
        rest = rest.get(used..).unwrap_or_default();
        if made > 0 {
            let piece = stage.buffer.get(..made).unwrap_or_default();
            if run(inner, piece, out)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        let stuck = used == 0 && made == 0;
        if stuck && !rest.is_empty() {
            return Err(stage.error("the data is corrupt"));
        }
        if stuck || (rest.is_empty() && made < PIECE) {
            return Ok(ControlFlow::Continue(()));
        }
    }
}

impl Stage {
    fn new(name: &str) -> Result<Stage, DecodeError> {
        let error = |message: &str| DecodeError { coding: name.into(), message: message.into() };
        let (name, coding) = match name.to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => ("gzip", Coding::Gzip(Box::new(gzip::Gzip::new()))),
            "deflate" => ("deflate", Coding::Deflate(deflate::Deflate::new())),
            "br" => ("br", Coding::Brotli(Box::new(brotli::Brotli::new()))),
            "zstd" => {
                let decoder = zstd::Zstd::new().map_err(|message| error(&message))?;
                ("zstd", Coding::Zstd(decoder))
            }
            _ => return Err(error("unknown content coding; the bytes are shown as they came")),
        };
        Ok(Stage { name, coding, buffer: vec![0; PIECE] })
    }

    fn step(&mut self, input: &[u8]) -> Result<Step, DecodeError> {
        let result = match &mut self.coding {
            Coding::Gzip(coding) => coding.step(input, &mut self.buffer),
            Coding::Deflate(coding) => coding.step(input, &mut self.buffer),
            Coding::Brotli(coding) => coding.step(input, &mut self.buffer),
            Coding::Zstd(coding) => coding.step(input, &mut self.buffer),
        };
        result.map_err(|message| self.error(message))
    }

    fn is_complete(&self) -> bool {
        match &self.coding {
            Coding::Gzip(coding) => coding.is_complete(),
            Coding::Deflate(coding) => coding.is_complete(),
            Coding::Brotli(coding) => coding.is_complete(),
            Coding::Zstd(coding) => coding.is_complete(),
        }
    }

    fn trailing(&self) -> u64 {
        match &self.coding {
            Coding::Gzip(coding) => coding.trailing,
            Coding::Deflate(coding) => coding.trailing,
            Coding::Brotli(coding) => coding.trailing,
            Coding::Zstd(coding) => coding.trailing,
        }
    }

    fn error(&self, message: impl Into<String>) -> DecodeError {
        DecodeError { coding: self.name.into(), message: message.into() }
    }
}

impl std::fmt::Debug for ContentDecoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&str> = self.stages.iter().map(|stage| stage.name).collect();
        f.debug_struct("Decoder").field("codings", &names).field("stopped", &self.stopped).finish()
    }
}

#[cfg(test)]
mod content_coding_tests;
