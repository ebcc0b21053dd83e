//! The published JSON Schema against the reader: what one knows the other knows.

use serde_json::Value;

use super::*;

fn schema() -> Value {
    serde_json::from_str(include_str!("../../../assets/preset.schema.json")).unwrap()
}

/// Follows `$ref`, and takes the object among alternatives.
fn object<'a>(schema: &'a Value, node: &'a Value) -> Option<&'a Value> {
    if let Some(name) = node["$ref"].as_str() {
        return object(schema, &schema["$defs"][name.trim_start_matches("#/$defs/")]);
    }
    if let Some(choices) = node["anyOf"].as_array() {
        return choices.iter().find_map(|choice| object(schema, choice));
    }
    if node["type"] == "array" {
        return object(schema, &node["items"]);
    }
    (node["type"] == "object").then_some(node)
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
        let failure = parse(&text).map_err(|trouble| trouble.into_failure("f", &text));
        let message = failure.err().map_or_else(String::new, |failure| failure.to_string());
        assert!(!message.contains("unknown key"), "{path:?}: {message}\n{text}");
        assert!(!message.contains("not TOML"), "{path:?}: {message}\n{text}");
        let wrong = text.replacen(path.last().unwrap().as_str(), "zz-unknown", 1);
        if !["capture", "expect"].contains(&path[0].as_str()) && path.len() > 1 {
            assert!(parse(&wrong).is_err(), "{wrong}");
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
    assert_eq!(specs, 6);
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
            for (key, inner) in table {
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
