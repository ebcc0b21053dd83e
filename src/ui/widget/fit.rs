//! Texts made to fit into few cells, keeping what tells one from another; every cut is marked.

use std::borrow::Cow;

use crate::ui::pen::cells;

/// An address or URL in so many cells. Scheme and host are left out before port and path, which
/// is where entries of a list differ.
pub(crate) fn address(text: &str, width: u16) -> Cow<'_, str> {
    let bare = text.split_once("://").map_or(text, |(_, rest)| rest);
    let (authority, path) = bare.split_at(bare.find('/').unwrap_or(bare.len()));
    let host = authority.rfind(':').unwrap_or(authority.len());
    let (_, from_port) = bare.split_at(host);
    for shorter in [text, bare, from_port, path] {
        if !shorter.is_empty() && cells(shorter) <= width {
            return shorter.into();
        }
    }
    if path.is_empty() { end(bare, width) } else { start(path, width) }
}

/// A text that may be longer, in so many cells.
pub(crate) fn start(text: &str, width: u16) -> Cow<'_, str> {
    if cells(text) <= width {
        return text.into();
    }
    let fits = |at: &usize| cells(text.split_at(*at).0) < width;
    let cut = text.char_indices().map(|(at, _)| at).take_while(fits).last().unwrap_or(0);
    format!("{}…", text.split_at(cut).0).into()
}

/// The end of a text that is longer.
fn end(text: &str, width: u16) -> Cow<'_, str> {
    let fits = |at: &usize| cells(text.split_at(*at).1) < width;
    let cut = text.char_indices().rev().map(|(at, _)| at).take_while(fits).last();
    format!("…{}", text.split_at(cut.unwrap_or(text.len())).1).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_fits_stays_whole() {
        assert_eq!(address("https://h/a", 11), "https://h/a");
        assert_eq!(address("127.0.0.1:80", 12), "127.0.0.1:80");
    }

    #[test]
    fn the_path_is_kept_longest() {
        let url = "https://127.0.0.1:8080/users/7";
        assert_eq!(address(url, 29), "127.0.0.1:8080/users/7");
        assert_eq!(address(url, 21), ":8080/users/7");
        assert_eq!(address(url, 12), "/users/7");
        assert_eq!(address(url, 7), "/users…");
    }

    #[test]
    fn without_a_path_the_port_is_kept() {
        assert_eq!(address("127.0.0.1:9000", 13), ":9000");
        assert_eq!(address("tcp 127.0.0.1:9000", 4), "…000");
        assert_eq!(address("a-long-host-name", 5), "…name");
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
