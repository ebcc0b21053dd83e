//! Bodies of several parts (RFC 2046): the fields of each, and what is in it.

use memchr::memmem;

use super::known::{DecodeHints, Known};
use super::sheet::{Sheet, lines};
use crate::codec::multipart::boundary_of;
use crate::model::counts::counted;

/// Parts that are told.
const PARTS: usize = 200;

/// The parts of a body.
pub(super) fn read(bytes: &[u8], hints: &DecodeHints<'_>, sheet: &mut Sheet) -> Option<Known> {
    let is_said = hints.media().starts_with("multipart/");
    let named = hints.content_type.filter(|_| is_said).and_then(boundary_of);
    let boundary = named.map(String::into_bytes).or_else(|| found(bytes))?;
    let mark = [b"--", boundary.as_slice()].concat();
    let marks: Vec<usize> = memmem::find_iter(bytes, &mark).take(PARTS).collect();
    let first = marks.first()?;
    let kind = if is_said { hints.media() } else { "multipart".to_owned() };
    sheet.row("boundary", String::from_utf8_lossy(&boundary), *first..first + mark.len());
    let (mut count, mut is_ended) = (0, false);
    for (number, start) in marks.iter().enumerate() {
        let begin = start + mark.len();
        let after = bytes.get(begin..)?;
        if after.starts_with(b"--") {
            is_ended = true;
            break;
        }
        let line = after.iter().position(|byte| *byte == b'\n').map_or(after.len(), |it| it + 1);
        let end = marks.get(number + 1).copied().unwrap_or(bytes.len());
        let end = end.max(begin + line);
        // The line break before a boundary is of the boundary.
        let part = bytes.get(begin + line..end)?;
        let part = part.strip_suffix(b"\n").unwrap_or(part);
        let part = part.strip_suffix(b"\r").unwrap_or(part);
        count += 1;
        sheet.from(begin + line, |sheet| tell_part(part, count, sheet));
    }
    if !is_ended {
        sheet.flaw("its last boundary is not here", bytes.len()..bytes.len());
    }
    let parts = if count == 1 { "part" } else { "parts" };
    Some(Known::named(format!("{kind}, {count} {parts}")))
}

/// The boundary that the first line is, where no type says one: a part with a field follows it.
fn found(bytes: &[u8]) -> Option<Vec<u8>> {
    let rest = bytes.strip_prefix(b"--")?;
    let mut all = lines(rest);
    let boundary = rest.get(all.next()?)?;
    let field = rest.get(all.next()?)?;
    let is_field = field.get(..8).is_some_and(|it| it.eq_ignore_ascii_case(b"content-"));
    let is_one = (4..=70).contains(&boundary.len()) && boundary.iter().all(u8::is_ascii_graphic);
    (is_field && is_one).then(|| boundary.to_vec())
}

fn tell_part(part: &[u8], number: usize, sheet: &mut Sheet) {
    let row = sheet.next();
    sheet.group(format!("part {number}"), "", 0..part.len(), |sheet| {
        let (mut begins, mut kind, mut name) = (part.len(), None, String::new());
        for place in lines(part) {
            let line = &part[place.clone()];
            if line.is_empty() {
                let ending = &part[place.end..];
                begins = place.end + if ending.starts_with(b"\r\n") { 2 } else { 1 };
                break;
            }
            let text = String::from_utf8_lossy(line);
            let (label, value) = text.split_once(':').unwrap_or(("", &text));
            let value = value.trim();
            if label.eq_ignore_ascii_case("content-type") {
                kind = Some(value.to_owned());
            } else if label.eq_ignore_ascii_case("content-disposition") {
                value.split_once("name=").map_or("", |(_, it)| it).clone_into(&mut name);
            }
            sheet.row(label, value, place);
        }
        let begins = begins.min(part.len());
        let content = &part[begins..];
        let told = sheet
            .from(begins, |sheet| sheet.inside(content, Some(kind.as_deref().unwrap_or_default())));
        let name = name.split(';').next().unwrap_or_default().trim_matches('"');
        sheet.say(row, format!("{name} {}, {told}", counted(content.len() as u64, "byte")).trim());
    });
}
