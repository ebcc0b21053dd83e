//! What a preset says itself over what its folders give it, as TOML values: the counterpart of reading it over that.
//!
//! Without anything given it is all that differs from the defaults of the program.

use toml_edit::{Array, InlineTable, Value};

use super::tree::{self, same};
use super::{entries, given_to, read};
use crate::model::field::{FieldInfo, FieldValue, Options, Presence, Rows, Spelling, ValueKind};
use crate::model::inherit;
use crate::model::name_value::NameValue;
use crate::model::spec::Spec;

/// The whole file.
pub(super) fn preset(about: &str, spec: &Spec, given: &[Spec]) -> InlineTable {
    let mut root = tree::preset(about, spec);
    let Some(given) = given_to(given, spec) else { return root };
    let mut section = InlineTable::new();
    collect(spec.options(), given.options(), &mut section);
    if let Some(whole) = root.get_mut(spec.section()) {
        *whole = section.into();
    }
    if let (Some(mine), Some(given)) = (spec.expected(), given.expected()) {
        let own = entries_over(mine, given);
        if own.is_empty() {
            root.remove("expect");
        } else {
            // Behind `[capture]`, as in a file without folders.
            root.insert("expect", entries::written(&own).into());
        }
    }
    root
}

fn collect(options: &dyn Options, given: &dyn Options, table: &mut InlineTable) {
    for (at, info) in options.fields().iter().enumerate() {
        let Some(value) = options.value(at) else { continue };
        let given = given.value(at);
        let inner = value.options().filter(|_| info.is_inline());
        if let (Some(inner), Some(given)) = (inner, given.and_then(FieldValue::options)) {
            collect(inner, given, table);
        } else if let Some(own) = over(value, given, info) {
            tree::put(table, info.key, own);
        }
    }
}

/// What is written of a value over a given one; `None` = it is inherited.
fn over(value: &dyn FieldValue, given: Option<&dyn FieldValue>, info: &FieldInfo) -> Option<Value> {
    if info.kind == ValueKind::List(Spelling::Entries) {
        // A section of its own.
        return None;
    }
    let written = tree::node(value, info);
    let Some(given) = given.filter(|_| info.presence == Presence::Optional) else {
        return written;
    };
    if info.kind == ValueKind::Table {
        return table_over(value.options()?, given.options()?);
    }
    if let (true, Some(mine), Some(rows)) = (inherit::is_merged(info), value.rows(), given.rows()) {
        let own = rows_over(mine, rows, info)?;
        return (!own.is_empty()).then(|| own.into_iter().collect::<Array>().into());
    }
    match (written, tree::node(given, info)) {
        (Some(written), Some(given)) if same(&written, &given) => None,
        (Some(written), _) => Some(written),
        (None, Some(Value::Array(_))) => Some(Array::new().into()),
        (None, _) => None,
    }
}

fn table_over(options: &dyn Options, given: &dyn Options) -> Option<Value> {
    let mut inside = InlineTable::new();
    collect(options, given, &mut inside);
    let off = options.fields().iter().find_map(|info| match info.kind {
        ValueKind::Switch([off, ..]) => Some(*off),
        _ => None,
    });
    if let Some(off) = off {
        return match (options.variant() != off, given.variant() != off) {
            (false, false) => None,
            (false, true) => Some(false.into()),
            (true, true) if inside.is_empty() => None,
            (true, false) if inside.is_empty() => Some(true.into()),
            (true, _) => Some(inside.into()),
        };
    }
    match read::nothing(options) {
        Some(word) if options.variant() == word && given.variant() != word => Some(word.into()),
        _ => (!inside.is_empty()).then(|| inside.into()),
    }
}

/// The rows a list has of its own. One whose name is given and is not there any more is there as one that is off: a
/// file has no other word for it. Where the order is another than reading gives, all are its own.
fn rows_over(mine: &dyn Rows, given: &dyn Rows, info: &FieldInfo) -> Option<Vec<Value>> {
    let ValueKind::List(spelling) = info.kind else { return None };
    let row = |rows: &dyn Rows, at: usize| {
        let row = rows.row(at)?;
        let line = row.line(spelling);
        Some(line.map_or_else(|| tree::table(row).into(), Value::from))
    };
    let all = |rows: &dyn Rows| -> Vec<(String, Value)> {
        let named = (0..rows.count()).zip(inherit::names(rows, info));
        named.filter_map(|(at, name)| Some((name, row(rows, at)?))).collect()
    };
    let is_same = |one: &Value, other: &Value| same(one, other);
    let off = |value: &Value| match value.as_str() {
        Some(line) if line.starts_with('~') => line.into(),
        Some(line) => format!("~{line}").into(),
        None => value.clone(),
    };
    Some(named_over(&all(mine), &all(given), is_same, off))
}

fn entries_over(mine: &[NameValue], given: &[NameValue]) -> Vec<NameValue> {
    let all = |rows: &[NameValue]| -> Vec<(String, NameValue)> {
        rows.iter().map(|row| (row.name.trim().to_owned(), row.clone())).collect()
    };
    let off = |row: &NameValue| NameValue { enabled: false, ..row.clone() };
    named_over(&all(mine), &all(given), |one, other| one == other, off)
}

/// As [`rows_over`], for rows of any kind.
fn named_over<T: Clone>(
    mine: &[(String, T)],
    given: &[(String, T)],
    is_same: impl Fn(&T, &T) -> bool,
    off: impl Fn(&T) -> T,
) -> Vec<T> {
    let of = |rows: &[(String, T)], name: &str| -> Vec<T> {
        rows.iter().filter(|(known, _)| known == name).map(|(_, row)| row.clone()).collect()
    };
    let is_inherited = |name: &str| {
        let (mine, given) = (of(mine, name), of(given, name));
        mine.len() == given.len() && mine.iter().zip(&given).all(|(one, other)| is_same(one, other))
    };
    let own: Vec<_> = mine.iter().filter(|(name, _)| !is_inherited(name)).cloned().collect();
    let is_there = |name: &String| mine.iter().any(|(known, _)| known == name);
    let there = given.iter().filter(|(name, _)| is_there(name)).cloned().collect();
    let read = inherit::merged(there, own.clone());
    let is_in_order = mine.len() == read.len()
        && mine.iter().zip(&read).all(|((_, one), other)| is_same(one, other));
    let own = if is_in_order { own } else { mine.to_vec() };
    let gone = given.iter().filter(|(name, _)| !is_there(name));
    own.into_iter().map(|(_, row)| row).chain(gone.map(|(_, row)| off(row))).collect()
}

#[cfg(test)]
mod tests {
    use crate::model::field_access::assign;
    use crate::model::preset::{Preset, PresetPath};
    use crate::model::protocol::{Protocol, Side};
    use crate::model::spec::Spec;
    use crate::store::environment;
    use crate::store::preset::{read_in, write_in};

    const FOLDER: &str = "[http]\ntimeout = \"5s\"\nauth.bearer = \"{{secret.token}}\"\n\
                          headers = [\"X-Team: a\", \"X-Trace: 1\"]\nquery = [\"v=1\"]\nverify = false\n\
                          [tcp]\ntls = true\n[expect]\nstatus = 200\ntotal = \"<= 2s\"\n";

    fn given() -> Vec<Spec> {
        environment::defaults_in(FOLDER, "_defaults.toml", &[]).unwrap().given
    }

    fn read(text: &str) -> Spec {
        let path = PresetPath::parse("a").unwrap();
        read_in(text, &path, &given()).unwrap_or_else(|why| panic!("{text}: {why}")).spec
    }

    fn written(spec: &Spec, previous: Option<&str>) -> String {
        let path = PresetPath::parse("a").unwrap();
        let (spec, about) = (spec.clone(), String::new());
        write_in(&Preset { path, about, spec, unused: Vec::new() }, previous, &given())
    }

    #[test]
    fn a_preset_has_what_its_folder_gives_and_writes_only_its_own() {
        let text = "[http]\nurl = \"http://h/\"\n";
        let spec = read(text);
        let http = spec.as_http().unwrap();
        assert_eq!((http.timeout.as_secs(), http.headers.len(), http.query.len()), (5, 2, 1));
        assert_eq!(spec.expected().map(Vec::len), Some(2));
        assert_eq!(written(&spec, None), text);
        assert_eq!(written(&spec, Some(text)), text);
        assert!(read("[tcp]\naddress = \"h:1\"\n").has_tls());
        let off = read("[tcp]\naddress = \"h:1\"\ntls = false\n");
        assert!(!off.has_tls());
        assert_eq!(written(&off, None), "[tcp]\naddress = \"h:1\"\ntls = false\n");
    }

    #[test]
    fn what_differs_is_written_also_where_it_is_what_the_program_begins_with() {
        let spec = read("[http]\nurl = \"http://h/\"\n");
        for (path, value, line) in [
            ("timeout", "30s", "timeout = \"30s\""),
            ("verify", "on", "verify = true"),
            ("auth", "none", "auth = \"none\""),
            ("auth.bearer", "mine", "auth.bearer = \"mine\""),
            ("auth.basic.user", "ann", "auth.basic = { user = \"ann\", password = \"\" }"),
            ("headers.1.value", "b", "headers = [\"X-Team: b\"]"),
            ("headers.2.off", "off", "headers = [\"~X-Trace: 1\"]"),
            ("headers", "X-Own: 2", "headers = [\"X-Own: 2\"]"),
            ("expect.status", "201", "status = 201"),
            ("query", "w=2", "query = [\"w=2\"]"),
        ] {
            let mut spec = spec.clone();
            assign(spec.options_mut(), path, value).unwrap();
            let text = written(&spec, None);
            assert!(text.contains(line), "{path}: {text}");
            let again = read(&text);
            assert_eq!(written(&again, None), text, "{path}");
            assert_eq!(again, spec, "{path}: {text}");
        }
    }

    #[test]
    fn an_inherited_row_that_is_gone_is_written_as_one_that_is_off() {
        let mut spec = read("[http]\nurl = \"http://h/\"\n");
        spec.as_http_mut().unwrap().headers.remove(0);
        let text = written(&spec, None);
        assert!(text.contains("headers = [\"~X-Team: a\"]"), "{text}");
        let mut spec = read("[http]\nurl = \"http://h/\"\n");
        spec.as_http_mut().unwrap().headers.swap(0, 1);
        assert_eq!(read(&written(&spec, None)), spec, "an order of its own is kept");
    }

    #[test]
    fn comments_stay_where_a_preset_goes_back_to_what_is_inherited() {
        let text = "# mine\n[http]\nurl = \"http://h/\" # there\ntimeout = \"9s\"\n# last\n";
        let mut spec = read(text);
        assign(spec.options_mut(), "timeout", "5s").unwrap();
        assert_eq!(
            written(&spec, Some(text)),
            "# mine\n[http]\nurl = \"http://h/\" # there\n# last\n"
        );
    }

    #[test]
    fn comments_stay_where_an_inherited_row_goes() {
        let text = "# mine\n[http]\nurl = \"http://h/\" # there\nheaders = [\n  \"X-Own: 1\", # own\n]\n# last\n";
        let mut spec = read(text);
        let headers = &mut spec.as_http_mut().unwrap().headers;
        headers.retain(|row| row.name != "X-Team");
        let after = written(&spec, Some(text));
        assert_eq!(
            after,
            text.replace("# own\n", "# own\n  \"~X-Team: a\",\n"),
            "one line is new, all else stays"
        );
        let mut spec = read("# mine\n[http]\nurl = \"http://h/\"\n");
        spec.expected_mut().unwrap().retain(|row| row.name != "status");
        let after = written(&spec, Some("# mine\n[http]\nurl = \"http://h/\"\n"));
        assert!(after.starts_with("# mine\n") && after.contains("\"~status\" = 200"), "{after}");
    }

    #[test]
    fn a_folder_cannot_say_where_its_presets_go_nor_what_none_can_be_asked() {
        let refused = |text: &str| {
            environment::defaults_in(text, "f/_defaults.toml", &[]).unwrap_err().to_string()
        };
        let told = refused("[http]\nurl = \"http://h/\"\n");
        assert!(told.contains("[vars]") && told.contains("f/_defaults.toml:1"), "{told}");
        assert!(refused("[http]\ntimeuot = \"1s\"\n").contains("'timeout'"));
        let told = refused("[expect]\nstatus = 200\nstutus = 1\n");
        assert!(told.contains("f/_defaults.toml:3"), "{told}");
    }

    #[test]
    fn an_inner_folder_is_read_over_the_outer_one() {
        let inner = "[http]\ntimeout = \"7s\"\nheaders = [\"X-Team: b\"]\n";
        let given = environment::defaults_in(inner, "b/_defaults.toml", &given()).unwrap().given;
        let path = PresetPath::parse("b/a").unwrap();
        let spec = read_in("[http]\nurl = \"http://h/\"\n", &path, &given).unwrap().spec;
        let http = spec.as_http().unwrap();
        let lines: Vec<String> =
            http.headers.iter().map(|row| format!("{}: {}", row.name, row.value)).collect();
        assert_eq!(lines, ["X-Team: b", "X-Trace: 1"]);
        assert_eq!(http.timeout.as_secs(), 7);
        let tcp = Spec::empty(Protocol::Tcp, Side::Client);
        assert!(given.iter().any(|spec| spec.section() == tcp.section() && spec.has_tls()));
    }
}
