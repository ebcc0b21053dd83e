//! Payloads as the user writes them: text with escapes or hex, and the line ending added on send.

/// How the text of a payload is turned into bytes (see `codec::escape` and `codec::hex`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LineEnding {
    None,
    Lf,
    CrLf,
    Cr,
}

impl Payload {
    /// Its escapes are turned into bytes when it is sent.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Payload { text: text.into(), format: PayloadFormat::Text }
    }
}

impl LineEnding {
    pub const ALL: [LineEnding; 4] =
        [LineEnding::None, LineEnding::Lf, LineEnding::CrLf, LineEnding::Cr];

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

    /// Name used in files and on screen.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            LineEnding::None => "none",
            LineEnding::Lf => "lf",
            LineEnding::CrLf => "crlf",
            LineEnding::Cr => "cr",
        }
    }
}
