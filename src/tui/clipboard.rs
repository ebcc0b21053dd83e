//! Copying through the terminal (OSC 52), which works over ssh too.
//!
//! Only called for text the user chose to copy, on a key press. The text is base64, so none of its
//! bytes can act on the terminal, and its length is bounded because terminals drop what is longer.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::model::failure::{Failure, FailureKind, Stage};

/// Longest text copied: 100,000 bytes of base64, which common terminals accept.
const COPY_LIMIT: usize = 74_994;

/// The bytes that put `text` on the terminal's clipboard.
pub(super) fn sequence(text: &str) -> Result<Vec<u8>, Failure> {
    if text.len() > COPY_LIMIT {
        let cause =
            format!("{} bytes are more than a terminal takes ({COPY_LIMIT} bytes)", text.len());
        return Err(Failure::new(Stage::Compose, "copy", FailureKind::TooLarge, cause)
            .hint("save it to a file instead"));
    }
    Ok(format!("\x1b]52;c;{}\x07", STANDARD.encode(text)).into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copied_text_is_base64_and_bounded() {
        assert_eq!(sequence("a\x1b]0;x\x07").unwrap(), b"\x1b]52;c;YRtdMDt4Bw==\x07");
        assert!(sequence(&"a".repeat(COPY_LIMIT)).is_ok());
        assert!(sequence(&"a".repeat(COPY_LIMIT + 1)).unwrap_err().cause.contains("74995"));
    }
}
