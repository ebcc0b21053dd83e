//! Reads of a kept answer's file what is searched: its text, and the beginning of its body.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use crate::interop::answer_words::{self, SEARCHED};
use crate::model::answer_layout::{AnswerLayout, FIRST_LINE, LONGEST_TEXT};
use crate::model::secrets::Secrets;
use crate::named_file;

/// The words of an answer; `None` = it is none of this version.
pub(super) fn words(path: &Path, hidden: &Secrets) -> io::Result<Option<String>> {
    named_file::ours_or_none(path)?;
    let (mut file, _) = named_file::open(path)?;
    let first = part(&mut file, 0, FIRST_LINE as u64)?;
    let Some(end) = memchr::memchr(b'\n', &first) else { return Ok(None) };
    let Some(layout) = first.get(..end).and_then(AnswerLayout::parse) else { return Ok(None) };
    if layout.text > LONGEST_TEXT {
        return Ok(None);
    }
    let text_at = end as u64 + 1;
    let text = part(&mut file, text_at, layout.text)?;
    let wire_at = text_at + layout.text;
    let (start, end) = layout.body;
    let (at, long) = match layout.decoded {
        Some(decoded) => (wire_at + layout.wire, decoded),
        None => (wire_at + start, end - start),
    };
    let body = part(&mut file, at, long.min(SEARCHED as u64))?;
    Ok(answer_words::words(&text, &body, hidden))
}

fn part(file: &mut File, at: u64, long: u64) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(at))?;
    let mut bytes = Vec::new();
    file.take(long).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_is_cut_or_of_another_version_has_no_words() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.answer");
        for text in ["", "wirebench-answer 1 5 0 0 0 -", "wirebench-answer 9 5 0 0 0 -\nabcde"] {
            fs::write(&file, text).unwrap();
            assert!(!matches!(words(&file, &Secrets::default()), Ok(Some(_))), "{text}");
        }
    }
}
