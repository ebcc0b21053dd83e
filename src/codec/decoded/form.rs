//! Forms (`application/x-www-form-urlencoded`): names and values, decoded.

use super::known::{DecodeHints, Known};
use super::sheet::Sheet;
use crate::model::url_text::form_pieces;

/// The type of a form.
const FORM: &str = "application/x-www-form-urlencoded";

/// Names and values of a form.
pub(super) fn read(bytes: &[u8], hints: &DecodeHints<'_>, sheet: &mut Sheet) -> Option<Known> {
    let is_said = hints.media() == FORM;
    let text = std::str::from_utf8(bytes).ok()?;
    let line = text.trim_end_matches(['\r', '\n']);
    if !is_said && !looks_like(line) {
        return None;
    }
    let mut count = 0;
    for piece in form_pieces(line) {
        let value = piece.value.unwrap_or_default();
        sheet.row(plain(piece.name), plain(value), piece.at..piece.at + piece.whole.len());
        count += 1;
        if sheet.is_full() {
            break;
        }
    }
    let fields = if count == 1 { "field" } else { "fields" };
    (count > 0).then(|| Known::named(format!("form, {count} {fields}")))
}

/// Whether it is names and values and nothing that a form would have escaped. One pair alone is any
/// text with an equals sign, so there are two, or an escape.
fn looks_like(line: &str) -> bool {
    let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || b"%+&=-._~*[]".contains(&byte);
    let pairs = form_pieces(line);
    line.bytes().all(is_safe)
        && pairs.iter().all(|pair| pair.value.is_some() && !pair.name.is_empty())
        && (pairs.len() > 1 || line.contains('%'))
}

/// A name or value as it was meant.
fn plain(text: &str) -> String {
    let spaced = text.replace('+', " ");
    percent_encoding::percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
}
