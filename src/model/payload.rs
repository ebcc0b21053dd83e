//! Payloads as the user writes them: text with escapes or hex, and the line ending added on send.

use strum::{Display, EnumString, IntoStaticStr};

/// How the text of a payload is turned into bytes (see `codec::escape` and `codec::hex`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Display, EnumString)]
#[strum(serialize_all = "lowercase")]
pub enum PayloadFormat {
    /// UTF-8 with escapes such as `\r\n`, `\x00`, `\x{de ad}`.
    #[default]
    Text,
    /// Hex digits; also a pasted `xxd` or `hexdump -C` dump.
    Hex,
}

/// A payload as written, templates unexpanded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Payload {
    pub text: String,
    pub format: PayloadFormat,
}

/// What is appended to every text payload sent from an input line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Display, IntoStaticStr, EnumString)]
#[strum(serialize_all = "lowercase", const_into_str)]
pub enum LineEnding {
    #[default]
    None,
    Lf,
    CrLf,
    Cr,
}

/// How the input line of a conversation is read, and what is added to it when it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct InputMode {
    pub format: PayloadFormat,
    /// Nothing is added to hex.
    pub ending: LineEnding,
}

impl InputMode {
    /// The ending counts for text only.
    #[must_use]
    pub fn new(format: PayloadFormat, ending: LineEnding) -> Self {
        match format {
            PayloadFormat::Hex => InputMode { format, ending: LineEnding::None },
            PayloadFormat::Text => InputMode { format, ending },
        }
    }
}

impl Payload {
    /// Its escapes are turned into bytes when it is sent.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Payload { text: text.into(), format: PayloadFormat::Text }
    }
}

impl LineEnding {
    /// The one after this in the order they are offered.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            LineEnding::CrLf => LineEnding::Lf,
            LineEnding::Lf => LineEnding::Cr,
            LineEnding::Cr => LineEnding::None,
            LineEnding::None => LineEnding::CrLf,
        }
    }

    /// What is appended to a text that is sent.
    #[must_use]
    pub fn bytes(self) -> &'static [u8] {
        match self {
            LineEnding::None => b"",
            LineEnding::Lf => b"\n",
            LineEnding::CrLf => b"\r\n",
            LineEnding::Cr => b"\r",
        }
    }
}
