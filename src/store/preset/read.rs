//! TOML to a spec: a loop over the table of its fields.

use toml_edit::Document;

use super::entries;
use crate::codec::strict_toml::{Fields, NamedItem, Trouble};
use crate::model::awaited;
use crate::model::field::{FieldValue, Options, Presence, Spelling, ValueKind};
use crate::model::field_access::put;
use crate::model::inherit;
use crate::model::name_value::NameValue;
use crate::model::spec::Spec;

type Read<T> = Result<T, Trouble>;

/// What is expected and captured, beside the spec.
pub(super) const SECTIONS: [&str; 2] = ["expect", "capture"];

/// Sections of the file that are kept and that nothing carries out: of a listener or relay nothing comes
/// back that could be captured.
pub(super) fn unused(document: &Document<&str>, spec: &Spec) -> Vec<&'static str> {
    let has = |name: &&str| !is_carried_out(name, spec) && document.contains_key(name);
    SECTIONS.into_iter().rev().filter(has).collect()
}

/// Whether such a spec has what stands in this one of [`SECTIONS`].
pub(super) fn is_carried_out(section: &str, spec: &Spec) -> bool {
    match section {
        "expect" => spec.expected().is_some(),
        _ => spec.checks().is_some(),
    }
}

/// The whole file: description and spec. One of a kind that `given` has a spec of is read over that: it is what the
/// folders give.
pub(super) fn preset(document: &Document<&str>, given: &[Spec]) -> Read<(String, Spec)> {
    let mut root = Fields::collecting(document);
    let mut found = None;
    let read = whole(&mut root, given, &mut found).map_err(|trouble| root.or_unknown(trouble));
    let missing = root.wrong("the file has no section that says what to open");
    let read = read.and_then(|read| root.done().map(|()| read));
    // What is expected and captured is told together with what is wrong elsewhere.
    let (about, beside) = read.map_err(|trouble| {
        let beside = found.as_ref().and_then(|spec| entries::check(document, spec).err());
        let all = [trouble.clone()].into_iter().chain(beside).collect();
        Trouble::all(all).unwrap_or(trouble)
    })?;
    let Some(mut spec) = found else {
        let sections: Vec<String> =
            Spec::kinds().map(|spec| format!("[{}]", spec.section())).collect();
        return Err(missing.hint(format!("add one of {}", sections.join(", "))));
    };
    let [wanted, taken] = beside;
    if let (Some(rows), Some(wanted)) = (spec.expected_mut(), wanted) {
        entries::merge(rows, wanted);
    }
    if let Some((_, capture)) = spec.checks_mut() {
        capture.rows = taken.unwrap_or_default();
    }
    Ok((about, spec))
}

/// The rows of the sections beside the spec.
type Beside = [Option<Vec<NameValue>>; 2];

/// Reads all that a file says; what it says besides is told when `root` ends. `found` is its spec, as far as it could
/// be read.
fn whole(
    root: &mut Fields<'_>,
    given: &[Spec],
    found: &mut Option<Spec>,
) -> Read<(String, Beside)> {
    let about = match root.get("about") {
        Some(about) if about.as_text().is_none() => {
            about.noted(|| about.text().map(|_| ()))?;
            String::new()
        }
        about => about.and_then(|about| about.as_text()).unwrap_or_default().to_owned(),
    };
    let beside = SECTIONS.map(|key| root.get(key));
    for mut spec in Spec::kinds() {
        let Some(entry) = root.get(spec.section()) else { continue };
        if found.is_some() {
            return Err(entry.wrong("is a second section").hint("a preset describes one thing"));
        }
        if let Some(given) = super::given_to(given, &spec) {
            spec.clone_from(given);
        }
        let read = entry.table().and_then(|fields| table(fields, spec.options_mut()));
        *found = Some(spec);
        read?;
    }
    let mut rows: Beside = [None, None];
    let can = found.as_ref().map(|spec: &Spec| SECTIONS.map(|it| is_carried_out(it, spec)));
    for ((rows, entry), can) in rows.iter_mut().zip(beside).zip(can.unwrap_or_default()) {
        let section = entry.map(|entry| entry.table()).transpose()?;
        *rows = section.filter(|_| can).map(entries::read).transpose()?;
    }
    Ok((about, rows))
}

/// The sections of a `_defaults.toml`, over those of the folders around it: what a preset of each kind is begun with.
pub(super) fn given(root: &mut Fields<'_>, outer: &[Spec]) -> Read<Vec<Spec>> {
    let expected = root.get("expect");
    let mut all = Vec::new();
    let mut fits = expected.iter().flat_map(NamedItem::table).flat_map(Fields::free);
    let mut unfit: Vec<NamedItem<'_>> = fits.by_ref().collect();
    for fresh in Spec::kinds() {
        let around = super::given_to(outer, &fresh);
        let mut spec = around.unwrap_or(&fresh).clone();
        if let Some(entry) = root.get(spec.section()) {
            table(entry.table()?, spec.options_mut())?;
            // Listeners begin with an address.
            if spec.address() != fresh.address() {
                let wrong = entry.wrong("cannot say where all presets of a folder go");
                return Err(wrong.hint("a variable below [vars] can stand in the address of each"));
            }
        }
        if let Some(expected) = &expected {
            let rows = entries::fitting(expected.table()?, &spec)?;
            unfit.retain(|entry| !rows.iter().any(|(name, _)| *name == entry.name));
            if let Some(known) = spec.expected_mut() {
                entries::merge(known, rows.into_iter().map(|(_, row)| row).collect());
            }
        }
        if around.is_some() || spec != fresh {
            all.push(spec);
        }
    }
    match unfit.first() {
        Some(entry) => Err(entry.wrong("in 'expect': no kind of preset can be asked this")),
        None => Ok(all),
    }
}

fn table(mut fields: Fields<'_>, options: &mut dyn Options) -> Read<()> {
    fill(&mut fields, options, "")?;
    fields.done()
}

/// Reads the keys of one TOML table: the rows whose keys begin with `prefix`.
fn fill(fields: &mut Fields<'_>, options: &mut dyn Options, prefix: &str) -> Read<()> {
    let mut chosen: Option<(&str, &str)> = None;
    let mut missing = Vec::new();
    for (at, info) in options.fields().iter().enumerate() {
        let Some(key) = info.key.strip_prefix(prefix).filter(|_| !info.is_variant()) else {
            continue;
        };
        if info.kind == ValueKind::List(Spelling::Entries) {
            continue;
        }
        if let Some(inner) = inner(options, at).filter(|_| info.is_inline()) {
            fill(fields, inner, "")?;
            continue;
        }
        let (key, is_group) = key.split_once('.').map_or((key, false), |(group, _)| (group, true));
        let entry = if is_group && fields.knows(key) { continue } else { fields.get(key) };
        let Some(entry) = entry else {
            let names_it = info.presence == Presence::Written && info.when == Some(key);
            let is_required = info.presence == Presence::Required;
            missing.extend(Some((info, key)).filter(|_| is_required || names_it));
            continue;
        };
        if let Some(when) = info.when {
            if let Some((other, first)) = chosen.filter(|(other, _)| *other != when) {
                return Err(mixed(fields, options, (first, other), (key, when)));
            }
            chosen = Some((when, key));
            options.choose(when);
        }
        if is_group {
            let mut group = entry.table()?;
            fill(&mut group, options, &format!("{prefix}{key}."))?;
            group.done()?;
        } else {
            entry.noted(|| value(&entry, options, at))?;
        }
    }
    // Without a key of any alternative, those of all of them are missing.
    missing.retain(|(info, _)| {
        let is_required = info.presence == Presence::Required;
        let is_of_it = info.when.is_none_or(|when| when == options.variant());
        chosen.is_none() || is_required && is_of_it
    });
    if missing.is_empty() {
        return Ok(());
    }
    let keys: Vec<String> = missing.iter().map(|(_, key)| format!("'{key}'")).collect();
    Err(fields.wrong(&format!("needs {}", keys.join(" or "))))
}

/// Two keys of two alternatives.
fn mixed(
    fields: &Fields<'_>,
    options: &dyn Options,
    first: (&str, &str),
    second: (&str, &str),
) -> Trouble {
    // A key that goes by the name of its alternative stands for it; any other belongs to it.
    if let Some((key, when)) = [second, first].into_iter().find(|(key, when)| key != when)
        && options.fields()[0].is_variant()
    {
        return fields.wrong(&format!("has '{key}', which belongs to '{when}'"));
    }
    let keys = options.fields().iter().filter(|info| info.when.is_some());
    let keys: Vec<String> =
        keys.map(|info| format!("'{}'", info.key.split('.').next().unwrap_or_default())).collect();
    fields.wrong(&format!("can be one of {}, not several", keys.join(", ")))
}

fn inner(options: &mut dyn Options, at: usize) -> Option<&mut dyn Options> {
    options.value_mut(at).and_then(FieldValue::options_mut)
}

/// Reads the value of one key.
fn value(entry: &NamedItem<'_>, options: &mut dyn Options, at: usize) -> Read<()> {
    let info = &options.fields()[at];
    let on_off = |on: bool| if on { "on" } else { "off" }.to_owned();
    let text = match info.kind {
        ValueKind::Flag => on_off(entry.flag()?),
        ValueKind::Off => on_off(!entry.flag()?),
        ValueKind::Number { min, max } => {
            entry.number(min, max, &format!("from {min} to {max}"))?.to_string()
        }
        ValueKind::Size { min, max } | ValueKind::Rate { min, max }
            if entry.as_text().is_none() =>
        {
            entry.number(min, max, &format!("from {min} to {max}"))?.to_string()
        }
        ValueKind::Percent if entry.as_text().is_none() => {
            entry.number(1, 100, "from 1 to 100")?.to_string()
        }
        ValueKind::Duration => entry.duration()?.to_owned(),
        ValueKind::DurationRange => entry.duration_range()?.to_owned(),
        ValueKind::List(spelling) => return list(entry, options, at, spelling),
        ValueKind::Table => {
            return inner(options, at).map_or(Ok(()), |inner| switch(entry, inner));
        }
        ValueKind::Payload if entry.as_text().is_none() => payload(entry, inner(options, at))?,
        ValueKind::Words if entry.as_text().is_none() => {
            let words = entry.list()?;
            let words = words.iter().map(NamedItem::text);
            words.collect::<Read<Vec<_>>>()?.join(", ")
        }
        _ => entry.text()?.to_owned(),
    };
    put(options, at, &text).map_err(|why| entry.wrong(&format!("cannot be this: {why}")))
}

/// A payload that is not written as plain text: `{ hex = "..." }`, and the other words of its format.
fn payload(entry: &NamedItem<'_>, payload: Option<&mut dyn Options>) -> Read<String> {
    let Some(payload) = payload else { return Ok(entry.text()?.to_owned()) };
    let formats = awaited::formats(payload);
    let mut kinds = entry.table()?;
    let mut found = Vec::new();
    for format in formats {
        let Some(value) = kinds.get(format) else { continue };
        let text = if awaited::is_counted(format) && value.as_text().is_none() {
            value.number(0, i64::MAX, "of bytes")?.to_string()
        } else {
            value.text()?.to_owned()
        };
        found.push((*format, text));
    }
    kinds.done()?;
    let example = |format: &&'static str| {
        let value = if awaited::is_counted(format) { "12" } else { "\"...\"" };
        format!("{{ {format} = {value} }}")
    };
    let [(format, text)] = found.as_slice() else {
        let ways: Vec<String> = formats.iter().map(example).collect();
        return Err(entry.wrong(&format!("must be a text or {}", ways.join(" or "))));
    };
    put(payload, 0, format).map_err(|why| entry.wrong(&why))?;
    Ok(text.clone())
}

/// A table; where it is an alternative that can be switched on, also `true` and `false`.
fn switch(entry: &NamedItem<'_>, options: &mut dyn Options) -> Read<()> {
    let row = options.fields().iter().enumerate().find_map(|(at, info)| match info.kind {
        ValueKind::Switch(words) => Some((at, words)),
        _ => None,
    });
    match (row, entry.as_flag()) {
        (Some((at, _)), Some(on)) => {
            put(options, at, &on.to_string()).map_err(|why| entry.wrong(&why))
        }
        (Some((_, [.., last])), None) => {
            options.choose(last);
            table(entry.table()?, options)
        }
        _ => match nothing(options).filter(|word| entry.as_text() == Some(word)) {
            // Where the folder gives one there is none.
            Some(word) => {
                options.choose(word);
                Ok(())
            }
            None => table(entry.table()?, options),
        },
    }
}

/// The alternative of a table that no key stands for: no body, nobody who asks.
pub(super) fn nothing(options: &dyn Options) -> Option<&'static str> {
    options.fields().iter().find_map(|info| match info.kind {
        ValueKind::Variant(words) => words.iter().copied().find(|word| *word == "none"),
        _ => None,
    })
}

fn list(
    entry: &NamedItem<'_>,
    options: &mut dyn Options,
    at: usize,
    spelling: Spelling,
) -> Read<()> {
    let info = &options.fields()[at];
    let Some(rows) = options.value_mut(at).and_then(FieldValue::rows_mut) else { return Ok(()) };
    let inherited = rows.count();
    for element in entry.list()? {
        if let (Some(line), Spelling::Header | Spelling::Pair) = (element.as_text(), spelling) {
            if !rows.push_line(line, spelling) {
                let wrong = element.wrong("has no colon").hint("write \"Name: value\"");
                element.noted(|| Err(wrong))?;
            }
            continue;
        }
        rows.push();
        let last = rows.count() - 1;
        if let Some(row) = rows.row_mut(last) {
            element.noted(|| element.table().and_then(|fields| table(fields, row)))?;
        }
    }
    inherit::merge_rows(rows, inherited, info);
    Ok(())
}
