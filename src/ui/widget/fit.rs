//! Texts made to fit into few cells, keeping what tells one from another; every cut is marked.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;

use crate::codec::printable::printable_str;
use crate::codec::wrap_words::wrap;
use crate::model::url_text::UrlText;
use crate::ui::painter::cells;

/// An address or URL in so many cells: without its scheme, then with the middle left out. Where host
/// and path begin and end is where entries of a list differ.
pub(crate) fn address(text: &str, width: u16) -> Cow<'_, str> {
    let bare = UrlText::of(text).bare;
    // `tcp 127.0.0.1:9000`: the protocol goes first.
    let is_word = |word: &str| word.bytes().all(|byte| byte.is_ascii_lowercase());
    let bare =
        bare.split_once(' ').filter(|(word, _)| is_word(word)).map_or(bare, |(_, rest)| rest);
    for shorter in [text, bare] {
        if cells(shorter) <= width {
            return shorter.into();
        }
    }
    let (authority, path) = bare.split_at(bare.find('/').unwrap_or(bare.len()));
    let port = authority.rfind(':').map_or("", |at| authority.split_at(at).1);
    let tail = if path.len() > 1 { path } else { port };
    // A quarter of the room, or what it needs, is the host's.
    let room = width.saturating_sub(1);
    let of_host = cells(authority).min((room / 4).max(4));
    let of_tail = cells(tail).min(room.saturating_sub(of_host));
    let last = end(bare, of_tail + 1);
    let last = last.trim_start_matches('…');
    let first = start(bare, width.saturating_sub(cells(last)));
    format!("{first}{last}").into()
}

/// A text that may be longer, in so many cells.
pub(crate) fn start(text: &str, width: u16) -> Cow<'_, str> {
    if cells(text) <= width {
        return text.into();
    }
    let cut = beginning(text.graphemes(true), width);
    format!("{}…", text.split_at(cut).0).into()
}

/// A text that may be longer, in so many cells, with both its ends.
pub(crate) fn middle(text: &str, width: u16) -> Cow<'_, str> {
    if cells(text) <= width || width < 3 {
        return start(text, width);
    }
    // One cell is the mark's.
    let last = end(text, width / 2 + 1);
    let last = last.trim_start_matches('…');
    let first = start(text, width.saturating_sub(cells(last)));
    format!("{first}{last}").into()
}

/// A text in so many lines at most, broken between words; a cut is marked.
pub(crate) fn lines(text: &str, width: u16, most: u16) -> Vec<String> {
    let text = printable_str(text);
    let mut lines = if most > 1 { wrap(&text, width) } else { Vec::new() };
    if lines.len() > usize::from(most) || lines.is_empty() {
        let last = usize::from(most.max(1)) - 1;
        let rest =
            if lines.is_empty() { text.into_owned() } else { lines.split_off(last).join(" ") };
        lines.push(start(&rest, width).into_owned());
    }
    lines
}

/// The end of a text that is longer.
fn end(text: &str, width: u16) -> Cow<'_, str> {
    let cut = text.len() - beginning(text.graphemes(true).rev(), width);
    format!("…{}", text.split_at(cut).1).into()
}

/// Bytes of the first characters that leave one of so many cells free.
fn beginning<'a>(characters: impl Iterator<Item = &'a str>, width: u16) -> usize {
    let mut left = width.saturating_sub(1);
    let fits = |character: &&str| {
        let fitting = left.checked_sub(cells(character));
        left = fitting.unwrap_or(left);
        fitting.is_some()
    };
    characters.take_while(fits).map(str::len).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_fits_stays_whole() {
        assert_eq!(address("https://h/a", 11), "https://h/a");
        assert_eq!(address("127.0.0.1:80", 12), "127.0.0.1:80");
        assert_eq!(address("h:1/?next=http://other/x", 12), "h:1…/other/x");
    }

    #[test]
    fn host_and_end_of_the_path_are_kept() {
        let url = "https://127.0.0.1:8080/users/7";
        assert_eq!(address(url, 29), "127.0.0.1:8080/users/7");
        assert_eq!(address(url, 21), "127.0.0.1:80…/users/7");
        assert_eq!(address(url, 12), "127.…users/7");
        let long = "https://api.example.com/v1/orders/17/items";
        assert_eq!(address(long, 24), "api.e…v1/orders/17/items");
        assert_ne!(address("http://db1.test:5432/", 9), address("http://db2.test:5432/", 9));
    }

    #[test]
    fn without_a_path_host_and_port_are_kept() {
        assert_eq!(address("127.0.0.1:9000", 13), "127.0.0…:9000");
        assert_eq!(address("tcp 127.0.0.1:9000", 14), "127.0.0.1:9000");
        assert_eq!(address("a-long-host-name:80", 9), "a-lon…:80");
        assert_eq!(address("a-long-host-name", 5), "a-lo…");
        assert_eq!(address("", 0), "");
    }

    #[test]
    fn both_ends_of_a_name_are_kept() {
        assert_eq!(middle("short", 5), "short");
        assert_eq!(middle("a-long-name-1", 9), "a-lo…me-1");
        assert_ne!(middle("a-long-name-1", 9), middle("a-long-name-2", 9));
        assert_ne!(middle("a-long-name", 8), middle("b-long-name", 8));
        assert_eq!(middle("日本語日本語", 7), "日本…語");
        assert_eq!(middle("abc", 1), "…");
    }

    #[test]
    fn cuts_count_cells_and_survive_no_room() {
        assert_eq!(start("日本語", 5), "日本…");
        assert_eq!(start("日本語", 4), "日…");
        assert_eq!(end("日本語", 5), "…本語");
        assert_eq!(start("abc", 0), "…");
        assert_eq!(end("abc", 1), "…");
    }
}
