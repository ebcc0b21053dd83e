//! The published JSON Schema: made from the tables of fields, compared with the file, and held
//! against the reader. `WIREBENCH_UPDATE_SCHEMA=1 cargo test --lib schema` writes the file anew.

use serde_json::{Map, Value, json};

use super::*;
use crate::model::awaited::{formats, is_counted};
use crate::model::field::{FieldInfo, FieldValue, Options, Presence, Spelling, ValueKind};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/preset.schema.json");

#[test]
fn the_schema_is_made_from_the_tables() {
    let fresh = format!("{}\n", serde_json::to_string_pretty(&generated()).unwrap());
    if std::env::var_os("WIREBENCH_UPDATE_SCHEMA").is_some() {
        std::fs::write(FILE, &fresh).unwrap();
    }
    let published = std::fs::read_to_string(FILE).unwrap();
    assert!(
        published == fresh,
        "assets/preset.schema.json is behind: WIREBENCH_UPDATE_SCHEMA=1 cargo test --lib schema"
    );
}

fn generated() -> Value {
    let sections: Vec<Spec> = Spec::kinds().collect();
    let mut properties = Map::new();
    properties.insert(
        "about".into(),
        json!({ "type": "string", "description": "What it is for, in a sentence." }),
    );
    let mut definitions = Map::new();
    definitions.insert(
        "duration".into(),
        json!({
            "type": "string",
            "pattern": "^[0-9]+(\\.[0-9]{1,9})? *(h|m|min|s|ms|us|µs|ns)$",
            "description": "A number and a unit: \"500ms\", \"1.5s\".",
        }),
    );
    for mut spec in sections.clone() {
        let name = spec.section();
        properties.insert(name.into(), json!({ "$ref": format!("#/$defs/{name}") }));
        definitions.insert(name.into(), table(spec.options_mut()));
    }
    for (key, about) in [
        (
            "capture",
            "Variables taken from an answer: NAME = \"FIELD\". Of a listener or relay kept as written.",
        ),
        (
            "expect",
            "What an answer shall be, or what came to a listener: KEY = VALUE. Of a relay kept as written.",
        ),
    ] {
        let mut schema = json!({ "type": "object", "description": about });
        if key == "expect" {
            let names: Vec<&str> = crate::query::FACETS.iter().map(|facet| facet.name).collect();
            let names = names.join("|").replace('.', "\\.");
            schema["propertyNames"] = json!({ "pattern": format!("^~?({names})") });
        }
        properties.insert(key.into(), schema);
    }
    let one: Vec<Value> =
        sections.iter().map(|spec| json!({ "required": [spec.section()] })).collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "wirebench preset",
        "description": "One preset: a request, session or listener, as a TOML file. The file's path inside the workspace is its name.",
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
        "oneOf": one,
        "$defs": definitions,
    })
}

fn table(options: &mut dyn Options) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    let fresh = options.fresh();
    properties_of(options, &mut properties, &mut required, &*fresh);
    let mut schema = json!({ "type": "object", "additionalProperties": false });
    let fields = options.fields();
    // Every alternative has one key of its own name: one of them, not several.
    let alternatives = fields.iter().filter(|info| info.when.is_some()).count();
    if alternatives + 1 == fields.len() && fields[0].kind != SWITCH_OFF_ON {
        let kind = fields[0].kind;
        if matches!(kind, ValueKind::Variant(words) if words.contains(&"none")) {
            schema["maxProperties"] = 1.into();
            required.clear();
        } else if matches!(kind, ValueKind::Variant(_)) {
            let one: Vec<Value> = required.iter().map(|key| json!({ "required": [key] })).collect();
            schema["oneOf"] = one.into();
            required.clear();
        }
    }
    let variant = fields.iter().find_map(|info| match info.kind {
        ValueKind::Variant(words) => Some(words),
        _ => None,
    });
    if let Some(words) = variant
        && alternatives + 1 < fields.len()
        && fields.iter().all(|info| !info.is_inline())
    {
        let is_of_one = |key: &Value| fields.iter().any(|it| *key == it.key && it.when.is_some());
        if required.iter().any(is_of_one) {
            schema["anyOf"] = words.iter().flat_map(|word| ways(fields, word)).collect();
            required.retain(|key| !is_of_one(key));
        }
    }
    schema["properties"] = properties.into();
    if !required.is_empty() {
        schema["required"] = required.into();
    }
    schema
}

/// The keys that say that a row is this alternative: all that are required, or any one.
fn ways(fields: &[FieldInfo], word: &str) -> Vec<Value> {
    let own = || fields.iter().filter(|info| info.when == Some(word));
    let required: Vec<_> =
        own().filter(|it| it.presence == Presence::Required).map(|it| it.key).collect();
    if !required.is_empty() {
        return vec![json!({ "required": required })];
    }
    own().map(|info| json!({ "required": [info.key] })).collect()
}

const SWITCH_OFF_ON: ValueKind = ValueKind::Switch(&["off", "on"]);

fn properties_of(
    options: &mut dyn Options,
    properties: &mut Map<String, Value>,
    required: &mut Vec<Value>,
    fresh: &dyn Options,
) {
    for (at, info) in options.fields().iter().enumerate() {
        // Entries are a section of their own.
        if info.is_variant() || info.kind == ValueKind::List(Spelling::Entries) {
            continue;
        }
        if let Some(when) = info.when {
            options.choose(when);
        }
        let value = options.value_mut(at);
        if info.is_inline() {
            let inner = value.and_then(FieldValue::options_mut).unwrap();
            let own = inner.fresh();
            let fresh = fresh.value(at).and_then(FieldValue::options).unwrap_or(&*own);
            properties_of(inner, properties, required, fresh);
            continue;
        }
        let mut schema = property(value, info);
        let default = fresh.value(at).filter(|_| info.presence == Presence::Optional);
        let default = default.map(|value| value.show().into_owned());
        let default = info.default.map(str::to_owned).or(default);
        if let Some(default) = default.and_then(|text| default_of(info, &text)) {
            schema["default"] = default;
        }
        if !info.help.is_empty() {
            schema["description"] = info.help.into();
        }
        let (outer, key) = match info.key.split_once('.') {
            None => (&mut *properties, info.key),
            Some((group, key)) => {
                let group = properties.entry(group).or_insert_with(
                    || json!({ "type": "object", "additionalProperties": false, "properties": {} }),
                );
                (group["properties"].as_object_mut().unwrap(), key)
            }
        };
        outer.insert(key.into(), schema);
        if info.presence == Presence::Required {
            required.push(info.key.into());
        }
    }
}

fn default_of(info: &FieldInfo, text: &str) -> Option<Value> {
    Some(match info.kind {
        ValueKind::Flag => (text == "on").into(),
        ValueKind::Off => (text == "off").into(),
        ValueKind::Number { .. }
        | ValueKind::Size { .. }
        | ValueKind::Rate { .. }
        | ValueKind::Percent => text.parse::<i64>().ok()?.into(),
        ValueKind::List(_) | ValueKind::Table | ValueKind::Payload => return None,
        _ if text.is_empty() => return None,
        _ => text.into(),
    })
}

fn property(value: Option<&mut dyn FieldValue>, info: &FieldInfo) -> Value {
    match info.kind {
        ValueKind::Flag | ValueKind::Off => json!({ "type": "boolean" }),
        ValueKind::Number { min, max } => {
            json!({ "type": "integer", "minimum": min, "maximum": max })
        }
        ValueKind::Size { min, max } => with_unit(min, max, SIZE),
        ValueKind::Rate { min, max } => with_unit(min, max, RATE),
        ValueKind::Percent => with_unit(1, 100, "^[0-9]+ *%?$"),
        ValueKind::Duration => json!({ "$ref": "#/$defs/duration" }),
        ValueKind::DurationRange => json!({ "type": "string", "pattern": DURATIONS }),
        ValueKind::Words => json!({ "type": "array", "items": { "type": "string" } }),
        ValueKind::Choice(words) => json!({ "enum": words }),
        ValueKind::Payload => {
            let payload = value.and_then(FieldValue::options_mut).unwrap();
            let way = |format: &&'static str| {
                let kind =
                    if is_counted(format) { json!(["integer", "string"]) } else { json!("string") };
                json!({
                    "type": "object",
                    "additionalProperties": false,
                    "required": [format],
                    "properties": { *format: { "type": kind } },
                })
            };
            let ways = formats(payload).iter().map(way);
            let ways: Vec<Value> = [json!({ "type": "string" })].into_iter().chain(ways).collect();
            json!({ "anyOf": ways })
        }
        ValueKind::Table => {
            let inner = value.and_then(FieldValue::options_mut).unwrap();
            let schema = table(inner);
            if matches!(inner.fields()[0].kind, ValueKind::Switch(_)) {
                json!({ "anyOf": [{ "type": "boolean" }, schema], "default": false })
            } else if let Some(word) = read::nothing(inner) {
                json!({ "anyOf": [{ "const": word }, schema] })
            } else {
                schema
            }
        }
        ValueKind::List(spelling) => {
            let rows = value.and_then(FieldValue::rows_mut).unwrap();
            let row = table(&mut *rows.fresh());
            let items = match spelling {
                Spelling::Header => {
                    json!({ "anyOf": [{ "type": "string", "pattern": "^~|:" }, row] })
                }
                Spelling::Pair => json!({ "anyOf": [{ "type": "string" }, row] }),
                Spelling::Table | Spelling::Headed | Spelling::Entries => row,
            };
            json!({ "type": "array", "items": items })
        }
        _ => json!({ "type": "string" }),
    }
}

const DURATIONS: &str = "^[0-9]+(\\.[0-9]{1,9})? *(h|m|min|s|ms|us|µs|ns)( *\\.\\. *[0-9]+(\\.[0-9]{1,9})? *(h|m|min|s|ms|us|µs|ns))?$";
const SIZE: &str = r"^[0-9]+(\.[0-9]+)? *([kKmMgG]i?)?[bB]?$";
const RATE: &str = r"^[0-9]+(\.[0-9]+)? *([kKmMgG]i?)?([bB]|bit)?(/s)?$";

/// A number, or a text that has its unit.
fn with_unit(min: i64, max: i64, pattern: &str) -> Value {
    json!({ "anyOf": [
        { "type": "integer", "minimum": min, "maximum": max },
        { "type": "string", "pattern": pattern },
    ] })
}

fn schema() -> Value {
    serde_json::from_str(include_str!("../../../assets/preset.schema.json")).unwrap()
}

/// Follows `$ref`, and takes the object among alternatives.
fn object<'a>(schema: &'a Value, node: &'a Value) -> Option<&'a Value> {
    if let Some(name) = node["$ref"].as_str() {
        return object(schema, &schema["$defs"][name.trim_start_matches("#/$defs/")]);
    }
    if node["type"] == "object" {
        return Some(node);
    }
    if let Some(choices) = node["anyOf"].as_array() {
        return choices.iter().find_map(|choice| object(schema, choice));
    }
    if node["type"] == "array" {
        return object(schema, &node["items"]);
    }
    None
}

/// Every key below `node` with the dotted path to it, e.g. `http-listener`, `rule`, `status`.
fn keys(schema: &Value, node: &Value, path: &[String], found: &mut Vec<Vec<String>>) {
    let Some(properties) = object(schema, node).and_then(|node| node["properties"].as_object())
    else {
        return;
    };
    for (key, inner) in properties {
        let path: Vec<String> = path.iter().cloned().chain([key.clone()]).collect();
        found.push(path.clone());
        keys(schema, inner, &path, found);
    }
}

/// A file that has just this key, inside lists where the format has lists. A date is no valid
/// value of any key, so reading gets as far as the key and no further.
fn toml_path(path: &[String]) -> String {
    let lists = ["step", "rule", "headers", "query", "form", "multipart"];
    let mut value = String::from("1999-01-01");
    for key in path.iter().skip(1).rev() {
        value = format!("{{ {key} = {value} }}");
        let parent =
            path.iter().position(|known| known == key).and_then(|at| path.get(at.wrapping_sub(1)));
        if parent.is_some_and(|parent| lists.contains(&parent.as_str())) {
            value = format!("[{value}]");
        }
    }
    format!("{} = {value}\n", path[0])
}

#[test]
fn the_reader_knows_every_key_of_the_schema() {
    let schema = schema();
    let mut found = Vec::new();
    keys(&schema, &schema, &[], &mut found);
    assert!(found.len() > 80, "{}", found.len());
    for path in found {
        let text = toml_path(&path);
        let failure = parse(&text, &[]).map_err(|trouble| trouble.into_failure("f", &text));
        let message = failure.err().map_or_else(String::new, |failure| failure.to_string());
        assert!(!message.contains("unknown key"), "{path:?}: {message}\n{text}");
        assert!(!message.contains("not TOML"), "{path:?}: {message}\n{text}");
        let wrong = text.replacen(path.last().unwrap().as_str(), "zz-unknown", 1);
        if !["capture", "expect"].contains(&path[0].as_str()) && path.len() > 1 {
            assert!(parse(&wrong, &[]).is_err(), "{wrong}");
        }
    }
}

#[test]
fn the_schema_knows_every_key_the_writer_writes() {
    let schema = schema();
    let everything = include_str!("everything.toml");
    let mut specs = 0;
    for text in everything.split("# ----\n") {
        let spec = read_spec(text, "everything").unwrap();
        let written: toml::Table = write_spec(&spec).parse().unwrap();
        known(&schema, &schema, &toml::Value::Table(written), "");
        specs += 1;
    }
    assert_eq!(specs, 11);
    for (name, text) in crate::store::starter::FILES {
        if name.starts_with("tutorial/") {
            let table: toml::Table = text.parse().unwrap();
            known(&schema, &schema, &toml::Value::Table(table), name);
        }
    }
}

fn known(schema: &Value, node: &Value, value: &toml::Value, place: &str) {
    match value {
        toml::Value::Table(table) => {
            let object = object(schema, node).unwrap_or_else(|| panic!("{place} is no object"));
            let has = |way: &Value| {
                let keys = way["required"].as_array().into_iter().flatten();
                keys.filter_map(Value::as_str).all(|key| table.contains_key(key))
            };
            assert!(has(object), "{place} has not all that is required");
            let ways = object["anyOf"].as_array();
            assert!(ways.is_none_or(|ways| ways.iter().any(has)), "{place} is none of its ways");
            // Their keys are free.
            let is_free = |key: &str| place.is_empty() && ["capture", "expect"].contains(&key);
            for (key, inner) in table.iter().filter(|(key, _)| !is_free(key)) {
                let place = format!("{place}.{key}");
                let property = object["properties"].get(key);
                let property = property.unwrap_or_else(|| panic!("{place} is not in the schema"));
                known(schema, property, inner, &place);
            }
        }
        toml::Value::Array(items) => {
            for item in items.iter().filter(|item| item.is_table()) {
                known(schema, node, item, place);
            }
        }
        _ => {}
    }
}
