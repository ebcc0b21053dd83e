//! What can stand where the cursor is: made of the text around it and of what is known.

use std::path::PathBuf;

use super::header_words::{COMMON, PARAMETERS, TYPES};
use super::places::{WordKind, WordPlace};
use super::popup::{Completer, Completion, Offer};
use crate::app::filter_words;
use crate::app::format;
use crate::app::intent::Intent;
use crate::app::shared::Shared;
use crate::compose::template::quote;
use crate::model::secrets::is_secret_value;
use crate::store::job::FolderListing;

/// Bytes before and behind the cursor that are looked at.
pub(crate) const AROUND: usize = 4096;
/// Completions offered at most.
const MOST: usize = 500;
/// Characters shown of a value.
const VALUE: usize = 80;
/// What a secret is shown as.
const HIDDEN: &str = "••••••••";

/// The text around the cursor, in its line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Around<'a> {
    pub(crate) before: &'a str,
    pub(crate) behind: &'a str,
}

/// Shows what can stand at the cursor after something was typed, or, if it was `asked` for, although
/// nothing is begun yet; gives what has to be asked of the disk.
pub(crate) fn complete(
    completer: &mut Completer,
    place: Option<&WordPlace>,
    around: Around<'_>,
    shared: &Shared,
    is_asked: bool,
) -> Option<Intent> {
    let Some(place) = place else {
        completer.offer(None, 0);
        return None;
    };
    let length = around.before.len();
    let names = place.has_names.then(|| names(place, around, shared)).flatten();
    if names.is_some() || place.word != WordKind::Path {
        let offer = names.or_else(|| match place.word {
            WordKind::Filter => filter_words::offer(shared, around.before, around.behind),
            _ => words(&place.word, around, is_asked),
        });
        completer.offer(offer, length);
        return None;
    }
    let Some((folder, begun)) = folder_of(around, is_asked) else {
        completer.offer(None, length);
        return None;
    };
    let is_open = is_asked || folder.ends_with('/');
    let folder = shared.typed_path(folder);
    let folder = if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder };
    let offer = completer.listing(&folder).map(|listing| in_folder(listing, begun, is_open));
    let is_known = offer.is_some();
    completer.offer(offer.flatten(), length);
    if is_known { None } else { completer.ask(&folder, is_asked) }
}

/// What writes a value as JSON, before its name.
const JSON: &str = "json ";

/// What is begun behind two braces that are still open.
///
/// With the function that is written before it, if there is one.
fn open_braces(before: &str, has_escapes: bool) -> Option<(usize, &'static str, &str)> {
    let at = before.rfind("{{")?;
    let (text, inner) = before.split_at(at);
    let begun = inner.trim_start_matches("{{").trim_start();
    let argument = begun.strip_prefix(JSON).map(str::trim_start);
    let (function, begun) = argument.map_or(("", begun), |name| (JSON, name));
    let is_name = |c: char| c.is_alphanumeric() || "_-.".contains(c);
    let slashes = text.len() - text.trim_end_matches('\\').len();
    let is_text = has_escapes && slashes % 2 == 1;
    (begun.chars().all(is_name) && !is_text).then_some((before.len() - at, function, begun))
}

/// The names that have a value here, with it; values of secrets are hidden.
fn names(place: &WordPlace, around: Around<'_>, shared: &Shared) -> Option<Offer> {
    let (typed, function, begun) = open_braces(around.before, place.has_escapes)?;
    let rest = around.behind.trim_start();
    if rest.starts_with(|c: char| c.is_alphanumeric() || "_-.".contains(c)) {
        return None;
    }
    let braces = rest.bytes().take(2).take_while(|byte| *byte == b'}').count();
    let behind = if braces > 0 { around.behind.len() - rest.len() + braces } else { 0 };
    let own = place.own_names.iter().map(|(name, about)| ((*name).into(), (*about).into()));
    let disclosure = shared.disclosure();
    let known = shared.known_names().into_iter().map(|(name, value)| {
        let is_hidden = name.starts_with("secret.") || is_secret_value(&name, value);
        let value = if is_hidden { HIDDEN.to_owned() } else { shown(&disclosure.words(value)) };
        (name, value)
    });
    let all: Vec<(String, String)> = own.chain(known).collect();
    let lower = begun.to_lowercase();
    let rank = |name: &str| match name.to_lowercase().find(&lower) {
        _ if name == begun => Some(0),
        Some(0) => Some(1),
        Some(_) if lower.len() > 1 => Some(2),
        _ => None,
    };
    let mut fitting: Vec<_> = all.into_iter().filter_map(|it| Some((rank(&it.0)?, it))).collect();
    fitting.sort_by_key(|(rank, _)| *rank);
    let is_whole = fitting.first().is_some_and(|(rank, _)| *rank == 0) && braces == 2;
    let items = fitting.into_iter().take(MOST).map(|(_, (name, detail))| Completion {
        text: format!("{{{{{function}{name}}}}}"),
        shown: name,
        detail,
    });
    let items: Vec<Completion> = items.collect();
    let is_done = is_whole && items.len() == 1;
    (!items.is_empty() && !is_done).then_some(Offer {
        items,
        typed,
        behind,
        is_marked: !is_whole,
        is_half: true,
    })
}

/// The beginning of a value, in one line.
fn shown(value: &str) -> String {
    let start: String =
        value.chars().take(VALUE).map(|c| if c == '\n' { ' ' } else { c }).collect();
    if start.len() < value.len() { format!("{start}…") } else { start }
}

/// The words that begin like what is typed. What stands there whole is not marked.
fn words(kind: &WordKind, around: Around<'_>, is_asked: bool) -> Option<Offer> {
    let mut about = Vec::new();
    let (begun, words): (&str, Vec<&'static str>) = match kind {
        WordKind::Any | WordKind::Path | WordKind::Filter => return None,
        WordKind::Words(words) => (around.before, words.to_vec()),
        WordKind::HeaderName(known) => {
            about.clone_from(known);
            (around.before, known.iter().map(|(name, _)| *name).collect())
        }
        WordKind::HeaderValue(values) => {
            let at = around.before.rfind([',', ';']);
            let (before, begun) = around.before.split_at(at.map_or(0, |at| at + 1));
            let is_type = values.first() == TYPES.first();
            let words = if before.ends_with(';') {
                if is_type { PARAMETERS.to_vec() } else { Vec::new() }
            } else {
                values.to_vec()
            };
            (begun.trim_start(), words)
        }
    };
    let is_end = !around.behind.starts_with(|c: char| !c.is_whitespace() && !",;".contains(c));
    if !is_end || begun.is_empty() && !is_asked {
        return None;
    }
    let detail = |word: &str| {
        let found = about.iter().find(|(name, _)| *name == word);
        found.map_or(String::new(), |(_, about)| (*about).to_owned())
    };
    let begins =
        |word: &str| word.get(..begun.len()).is_some_and(|start| start.eq_ignore_ascii_case(begun));
    let within = format!("-{}", begun.to_ascii_lowercase());
    let holds = |word: &str| {
        !about.is_empty() && begun.len() > 1 && word.to_ascii_lowercase().contains(&within)
    };
    let (starts, others): (Vec<_>, Vec<_>) =
        words.into_iter().filter(|word| begins(word) || holds(word)).partition(|word| begins(word));
    let mut starts = starts;
    if !about.is_empty() {
        let rank = |word: &str| COMMON.iter().position(|it| *it == word).unwrap_or(COMMON.len());
        starts.sort_by_key(|word| rank(word));
    }
    let is_whole = starts.iter().any(|word| word.eq_ignore_ascii_case(begun));
    let is_marked = !starts.is_empty() && !is_whole && (is_asked || !begun.is_empty());
    let longer = |word: &&str| !word.eq_ignore_ascii_case(begun);
    let items = starts.into_iter().chain(others).filter(longer).map(|word| Completion {
        text: word.into(),
        shown: word.trim_end().into(),
        detail: detail(word),
    });
    let items: Vec<Completion> = items.collect();
    let typed = begun.len();
    (!items.is_empty()).then_some(Offer { items, typed, behind: 0, is_marked, is_half: false })
}

/// The folder of a path that is typed, as it is typed, and what is begun in it.
fn folder_of(around: Around<'_>, is_asked: bool) -> Option<(&str, &str)> {
    let path = around.before;
    let is_end = !around.behind.starts_with(|c: char| c != '/');
    if !is_end
        || path.is_empty() && !is_asked
        || path == "~"
        || path.contains("{{")
        || path.len() >= AROUND
    {
        return None;
    }
    Some(path.split_at(path.rfind('/').map_or(0, |at| at + 1)))
}

/// What of a folder begins like what is typed; hidden files only when a dot is. Where a folder was typed
/// or the names were asked for, its first is what the key takes.
fn in_folder(listing: &FolderListing, begun: &str, is_open: bool) -> Option<Offer> {
    let is_seen = |name: &str| !name.starts_with('.') || begun.starts_with('.');
    let exact = |name: &str| name.starts_with(begun);
    let loose = |name: &str| name.to_lowercase().starts_with(&begun.to_lowercase());
    let all = || listing.entries.iter().filter(|entry| is_seen(&entry.name));
    let mut found: Vec<_> = all().filter(|entry| exact(&entry.name)).collect();
    if found.is_empty() {
        found = all().filter(|entry| loose(&entry.name)).collect();
    }
    let is_whole = found.iter().any(|entry| entry.name == begun && !entry.is_folder);
    let is_marked = !is_whole && (is_open || !begun.is_empty());
    let items = found.into_iter().take(MOST).filter(|entry| entry.is_folder || entry.name != begun);
    let items = items.map(|entry| {
        let end = if entry.is_folder { "/" } else { "" };
        Completion {
            text: format!("{}{end}", quote(&entry.name)),
            shown: format!("{}{end}", entry.name),
            detail: entry.size.map_or(String::new(), format::size),
        }
    });
    let mut items: Vec<Completion> = items.collect();
    if let Some(last) = items.last_mut().filter(|_| listing.is_cut) {
        last.detail = "and more".into();
    }
    let typed = begun.len();
    (!items.is_empty()).then_some(Offer { items, typed, behind: 0, is_marked, is_half: false })
}
