//! XML, one tag or text a row, as deep as its element lies.

use super::known::{DecodeHints, Known};
use super::sheet::Sheet;
use crate::codec::recipe::markup;

/// Spaces of one level of what is laid out.
const INDENT: usize = 2;
/// Bytes after the row before within which the next one is looked for.
const NEAR: usize = 4096;

/// Elements and texts of XML.
pub(super) fn read(bytes: &[u8], hints: &DecodeHints<'_>, sheet: &mut Sheet) -> Option<Known> {
    let text = std::str::from_utf8(bytes).ok()?;
    let begins = text.trim_start_matches('\u{feff}').trim_start();
    let media = hints.media();
    let is_html = media == "text/html"
        || begins.get(..14).is_some_and(|it| it.eq_ignore_ascii_case("<!doctype html"));
    let is_tag = begins.strip_prefix('<').is_some_and(|rest| {
        rest.starts_with(|c: char| c.is_alphabetic() || matches!(c, '?' | '!'))
            && rest.contains('>')
    });
    if !is_tag || begins.starts_with("<?") && !begins.starts_with("<?xml") {
        return None;
    }
    let (laid_out, flaw) = match markup::laid_out(text) {
        Ok(laid_out) => (laid_out, None),
        Err(_) if !(is_html || media.ends_with("xml") || begins.starts_with("<?xml")) => {
            return None;
        }
        Err(why) => (text.to_owned(), Some(why)),
    };
    let mut at = 0;
    for line in laid_out.lines().filter(|line| !line.trim().is_empty()) {
        let shown = line.trim();
        let end = (at + shown.len() + NEAR).min(bytes.len());
        let near = &bytes[at..end];
        let found = memchr::memmem::find(near, shown.as_bytes());
        let place = found.map_or(at..at, |found| at + found..at + found + shown.len());
        at = place.end;
        let deep = (line.len() - line.trim_start().len()) / INDENT;
        sheet.at_depth(deep, |sheet| sheet.row("", shown, place));
        if sheet.is_full() {
            break;
        }
    }
    if let Some(why) = flaw {
        sheet.flaw(why, 0..bytes.len());
    }
    Some(Known::named(if is_html { "HTML" } else { "XML" }))
}
