//! A line of text that is shown in pieces and goes on beyond what is here: all of it, to be copied. Pure; a
//! leaf of the pane.

use crate::app::effect::COPY_LIMIT;
use crate::codec::printable::printable;
use crate::model::view::{LINE_PIECE, View};

/// Pieces of a line that are looked at before and behind the one of the cursor: more than can be copied.
pub(super) const PIECES: u64 = (COPY_LIMIT / LINE_PIECE) as u64 + 1;

/// The line a piece is of, with its name, of a window around it; `None` = it is longer than can be copied.
pub(super) fn line_around(window: &View, cursor: u64) -> Option<(String, String)> {
    let lines = &window.lines;
    let at = lines.iter().position(|line| line.number == cursor)?;
    let first = lines[..=at].iter().rposition(|line| !line.continued)?;
    let behind = lines[first + 1..].iter().take_while(|line| line.continued);
    let pieces: Vec<&[u8]> =
        std::iter::once(&lines[first]).chain(behind).map(|line| &*line.bytes).collect();
    let next = lines[first].number + pieces.len() as u64;
    let is_whole = first + pieces.len() < lines.len() || next >= window.total_lines;
    is_whole.then(|| (format!("line {}", lines[first].number + 1), printable(&pieces.concat())))
}
