//! Text of another charset as it is handed to every maker, which is UTF-8, and no more done to it.

use super::maker::BodyMaker;

/// Makes a body of the same text.
#[derive(Debug)]
pub(super) struct RecodedText;

impl BodyMaker for RecodedText {
    fn push(&mut self, bytes: &[u8], made: &mut Vec<u8>) -> Result<(), String> {
        made.extend_from_slice(bytes);
        Ok(())
    }

    fn finish(&mut self, _made: &mut Vec<u8>) -> Result<(), String> {
        Ok(())
    }
}
