//! Variable files: `env/NAME.toml`, `env/NAME.secret.toml` and `_defaults.toml`.

use std::collections::BTreeMap;

use toml_edit::{Document, DocumentMut, Value};

use super::preset;
use crate::codec::strict_toml::{Fields, NamedItem, Trouble, parse_document};
use crate::model::braces::is_name;
use crate::model::failure::Failure;
use crate::model::preset::{Environment, ValueCommand};
use crate::model::spec::Spec;
use crate::model::suggest::suggest;
use crate::model::theme::{HUES, ThemeColor};
use crate::model::value_source::{KeyringEntry, ValueSource};

/// What says how the name of the environment is shown.
pub(super) const COLOR: &str = "color";
/// What names the environment whose values it has where it says nothing else.
pub(super) const EXTENDS: &str = "extends";
/// How the name of a file of secrets ends.
const SECRET_FILE: &str = ".secret.toml";

/// A file of an environment, parsed once for all that is asked of it.
pub(super) struct ParsedFile<'a> {
    /// Its name in messages.
    file: &'a str,
    text: &'a str,
    document: Document<&'a str>,
}

impl<'a> ParsedFile<'a> {
    /// Reads the TOML of it, whatever that says.
    pub(super) fn parse(text: &'a str, file: &'a str) -> Result<Self, Failure> {
        let document = parse_document(text).map_err(|trouble| trouble.into_failure(file, text))?;
        Ok(ParsedFile { file, text, document })
    }

    /// The table of variables: `name = "value"` a line, also below `[vars]`.
    pub(super) fn variables(&self) -> Result<BTreeMap<String, String>, Failure> {
        self.values().map(|values| values.texts)
    }

    /// What gives values, `name = { command = ["program", "argument"] }` or `{ keyring = … }`, by how templates name them.
    pub(super) fn commands(&self) -> Result<BTreeMap<String, ValueCommand>, Failure> {
        let prefix = if self.is_of_secrets() { "secret." } else { "" };
        let commands = self.values()?.commands.into_iter();
        let named = |(name, command): (String, ValueCommand)| {
            (format!("{prefix}{name}"), command.in_file(self.file))
        };
        Ok(commands.map(named).collect())
    }

    fn is_of_secrets(&self) -> bool {
        self.file.ends_with(SECRET_FILE)
    }

    fn values(&self) -> Result<FileValues, Failure> {
        let read = values(&self.document, self.text, !self.is_of_secrets());
        read.map_err(|trouble| trouble.into_failure(self.file, self.text))
    }

    /// The word for a colour at the top of the file, `color = "red"`; it is a variable like any other, too.
    pub(super) fn color(&self) -> Result<Option<String>, Failure> {
        let read = color(&self.document, self.text);
        read.map_err(|trouble| trouble.into_failure(self.file, self.text))
    }

    /// The environment it extends, `extends = "base"` at the top of the file.
    pub(super) fn extends(&self) -> Result<Option<String>, Failure> {
        let read = extends(&self.document);
        read.map_err(|trouble| trouble.into_failure(self.file, self.text))
    }

    /// To be changed.
    pub(super) fn into_document(self) -> DocumentMut {
        self.document.into_mut()
    }
}

/// What a file gives, by name.
#[derive(Default)]
struct FileValues {
    texts: BTreeMap<String, String>,
    commands: BTreeMap<String, ValueCommand>,
}

impl FileValues {
    fn has(&self, name: &str) -> bool {
        self.texts.contains_key(name) || self.commands.contains_key(name)
    }
}

fn values(document: &Document<&str>, text: &str, can_extend: bool) -> Result<FileValues, Trouble> {
    let is_vars = |entry: &NamedItem<'_>| entry.name == "vars" && entry.value().is_none();
    let is_variable = |entry: &NamedItem<'_>| !can_extend || entry.name != EXTENDS;
    let free = Fields::root(document).free().filter(is_variable);
    let (vars, own): (Vec<_>, Vec<_>) = free.partition(is_vars);
    // As in `_defaults.toml`; a variable may be called so, too.
    let tables = vars.iter().map(|entry| collect(entry.table()?.free(), text));
    let mut values = tables.collect::<Result<Vec<_>, _>>()?.pop().unwrap_or_default();
    // The colour of the environment stands at the top, and a variable may be called so, too.
    let is_twice = |entry: &&NamedItem<'_>| entry.name != COLOR && values.has(&entry.name);
    if let Some(entry) = own.iter().find(is_twice) {
        return Err(entry.wrong("stands below [vars], too").hint("keep one of them"));
    }
    let own = collect(own.into_iter(), text)?;
    for (name, value) in own.texts {
        if !values.has(&name) {
            values.texts.insert(name, value);
        }
    }
    values.commands.extend(own.commands);
    Ok(values)
}

fn extends(document: &Document<&str>) -> Result<Option<String>, Trouble> {
    let mut own = Fields::root(document).free();
    let Some(entry) = own.find(|entry| entry.name == EXTENDS) else { return Ok(None) };
    let name = entry.text().map_err(|trouble| {
        trouble.hint("it names an environment; a variable of that name goes below [vars]")
    })?;
    Environment::check_name(name).map_err(|cause| entry.wrong(&cause))?;
    Ok(Some(name.to_owned()))
}

fn color(document: &Document<&str>, text: &str) -> Result<Option<String>, Trouble> {
    let mut own = Fields::root(document).free();
    let Some(entry) = own.find(|entry| entry.name == COLOR) else { return Ok(None) };
    let word = entry.value().and_then(|value| plain(value, text)).unwrap_or_default();
    if ThemeColor::read(&word).is_some() || HUES.contains(&word.as_str()) {
        return Ok(Some(word));
    }
    let hint = format!("{}; a variable of that name goes below [vars]", suggest(&word, &HUES));
    Err(entry.wrong("is no colour for the environment").hint(hint))
}

/// Reads a `_defaults.toml`: the variables of its folder, and the order of what is in it.
pub(super) fn defaults(text: &str, file: &str) -> Result<DefaultsFile, Failure> {
    defaults_in(text, file, &[])
}

/// The same in folders that give presets these: what it gives them over that, too.
pub(super) fn defaults_in(text: &str, file: &str, outer: &[Spec]) -> Result<DefaultsFile, Failure> {
    let read = || {
        let document = parse_document(text)?;
        let mut root = Fields::collecting(&document);
        let read = whole_defaults(&mut root, text, outer);
        let read = read.map_err(|trouble| root.or_unknown(trouble))?;
        root.done()?;
        Ok(read)
    };
    read().map_err(|trouble: Trouble| trouble.into_failure(file, text))
}

fn whole_defaults(
    root: &mut Fields<'_>,
    text: &str,
    outer: &[Spec],
) -> Result<DefaultsFile, Trouble> {
    let variables = root.get("vars").map(|entry| texts(entry.table()?.free(), text)).transpose()?;
    let order = root.list("order")?;
    let order = order.iter().map(|entry| entry.text().map(str::to_owned));
    let order = order.collect::<Result<_, Trouble>>()?;
    let given = preset::given(root, outer)?;
    Ok(DefaultsFile { variables: variables.unwrap_or_default(), order, given })
}

/// What a `_defaults.toml` says.
#[derive(Debug)]
pub(super) struct DefaultsFile {
    /// The variables of its folder.
    pub(super) variables: BTreeMap<String, String>,
    /// Names in their order.
    pub(super) order: Vec<String>,
    /// What presets below it are begun with, one of a kind of those it says something about, or a folder around it.
    pub(super) given: Vec<Spec>,
}

/// Values of a folder, which no program gives.
fn texts<'a>(
    entries: impl Iterator<Item = NamedItem<'a>>,
    text: &str,
) -> Result<BTreeMap<String, String>, Trouble> {
    let entries: Vec<_> = entries.collect();
    if let Some(entry) = entries.iter().find(|entry| entry.table().is_ok()) {
        let wrong = entry.wrong("must be one value");
        return Err(wrong.hint("programs give values of environments alone: env/NAME.toml"));
    }
    Ok(collect(entries.into_iter(), text)?.texts)
}

fn collect<'a>(
    entries: impl Iterator<Item = NamedItem<'a>>,
    text: &str,
) -> Result<FileValues, Trouble> {
    let mut values = FileValues::default();
    for entry in entries {
        if !is_name(&entry.name) {
            let wrong = entry.wrong("is a name that no {{template}} can have");
            return Err(wrong.hint("names are of letters, digits, '_', '-' and '.'"));
        }
        if let Ok(fields) = entry.table() {
            values.commands.insert(entry.name.clone(), command(&entry, fields)?);
            continue;
        }
        let value = entry.value().and_then(|value| plain(value, text)).ok_or_else(|| {
            entry
                .wrong("must be one value")
                .hint("write name = \"value\", at the top or below [vars]")
        })?;
        values.texts.insert(entry.name, value);
    }
    Ok(values)
}

/// `{ command = ["gh", "auth", "token"], secret = false }`, `{ keyring = { service = "github.com", user = "me" } }`
fn command(entry: &NamedItem<'_>, mut fields: Fields<'_>) -> Result<ValueCommand, Trouble> {
    let hint = || "write name = { command = [\"program\", \"argument\"] }";
    let (command, secret) = (fields.get("command"), fields.get("secret"));
    let keyring = fields.get("keyring");
    fields.done()?;
    if let Some(keyring) = keyring {
        if let Some(other) = command.or(secret) {
            let wrong = other.wrong("stands beside keyring");
            return Err(wrong.hint("a value of the keyring is a secret, and no program gives it"));
        }
        let source = ValueSource::Keyring(keyring_entry(&keyring)?);
        return Ok(ValueCommand::given_by(source, true));
    }
    let Some(command) = command else {
        return Err(entry.wrong("has no command").hint(hint()));
    };
    let words = command.list().map_err(|trouble| trouble.hint(hint()))?;
    let words = words.iter().map(|word| word.text().map(str::to_owned));
    let words = words.collect::<Result<Vec<String>, Trouble>>()?;
    if words.first().is_none_or(String::is_empty) {
        return Err(command.wrong("names no program").hint(hint()));
    }
    let is_secret = secret.map(|flag| flag.flag()).transpose()?.unwrap_or(true);
    Ok(ValueCommand::of(words, is_secret))
}

/// `{ service = "github.com", user = "me" }`
fn keyring_entry(keyring: &NamedItem<'_>) -> Result<KeyringEntry, Trouble> {
    let hint = "write name = { keyring = { service = \"github.com\", user = \"me\" } }";
    let mut fields = keyring.table().map_err(|trouble| trouble.hint(hint))?;
    let (service, user) = (fields.get("service"), fields.get("user"));
    fields.done()?;
    let text = |field: Option<NamedItem<'_>>, what: &str| match field {
        None => Err(keyring.wrong(&format!("has no {what}")).hint(hint)),
        Some(field) => match field.text()? {
            "" => Err(field.wrong("is empty").hint(hint)),
            text => Ok(text.to_owned()),
        },
    };
    Ok(KeyringEntry { service: text(service, "service")?, user: text(user, "user")? })
}

/// A single value as text: numbers and dates as they are written, so `1.50` stays `1.50`.
fn plain(value: &Value, text: &str) -> Option<String> {
    let written = || value.span().and_then(|span| text.get(span)).map(str::trim);
    Some(match value {
        Value::String(text) => text.value().clone(),
        Value::Integer(_) | Value::Float(_) => written()?.replace('_', ""),
        Value::Boolean(_) | Value::Datetime(_) => written()?.to_owned(),
        Value::Array(_) | Value::InlineTable(_) => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(text: &str, file: &str) -> Result<BTreeMap<String, String>, Failure> {
        ParsedFile::parse(text, file)?.variables()
    }

    fn color(text: &str, file: &str) -> Result<Option<String>, Failure> {
        ParsedFile::parse(text, file)?.color()
    }

    #[test]
    fn numbers_and_flags_become_text_as_written() {
        let text = "host = \"localhost\"\nport = 8080\nratio = 1.50\non = true\nday = 2024-01-02\n";
        let variables = variables(text, "env/local.toml").unwrap();
        let values: Vec<&str> = variables.values().map(String::as_str).collect();
        assert_eq!(values, ["2024-01-02", "localhost", "true", "8080", "1.50"]);
    }

    #[test]
    fn a_table_of_variables_is_understood() {
        let found = variables("a = 1\n[vars]\nb = \"2\"\n", "x").unwrap();
        assert_eq!((found["a"].as_str(), found["b"].as_str()), ("1", "2"));
        assert_eq!(variables("vars = \"x\"\n", "x").unwrap()["vars"], "x");
        assert!(variables("vars = [1]\n", "x").is_err());
        let twice = variables("a = 1\n[vars]\na = 2\n", "x").unwrap_err().to_string();
        assert!(twice.contains("stands below [vars], too") && twice.contains("x:1"), "{twice}");
        let color = variables("color = \"red\"\n[vars]\ncolor = \"blue\"\n", "x").unwrap();
        assert_eq!(color["color"], "blue");
        for name in ["a b", "-a", "a..b", "", "a\u{a0}b", "{{a}}"] {
            let failure = variables(&format!("[vars]\n\"{name}\" = \"1\"\n"), "x").unwrap_err();
            assert!(failure.to_string().contains("no {{template}} can have"), "{failure}");
        }
    }

    #[test]
    fn a_colour_is_a_word_at_the_top_of_the_file() {
        let read = |text| color(text, "env/prod.toml");
        for (text, word) in [
            ("color = \"red\"\n", Some("red")),
            ("color = \"#ff0000\"\na = 1\n", Some("#ff0000")),
            ("color = 196\n", Some("196")),
            ("a = 1\n", None),
            ("[vars]\ncolor = \"mauve\"\n", None),
        ] {
            assert_eq!(read(text).unwrap().as_deref(), word, "{text}");
        }
        let failure = read("a = 1\ncolor = \"rad\"\n").unwrap_err();
        assert_eq!(failure.target, "env/prod.toml:2:1");
        assert!(failure.hint.contains("'red'") && failure.hint.contains("[vars]"), "{failure}");
        assert_eq!(variables("color = \"red\"\n", "x").unwrap()["color"], "red");
    }

    #[test]
    fn what_is_extended_is_named_at_the_top_and_is_no_variable() {
        let read = |text| ParsedFile::parse(text, "env/prod.toml").unwrap().extends();
        assert_eq!(read("extends = \"base\"\na = 1\n").unwrap().as_deref(), Some("base"));
        assert_eq!(read("[vars]\nextends = \"base\"\n").unwrap(), None);
        for wrong in ["extends = 1\n", "extends = \"a/b\"\n", "a = 1\nextends = \"none\"\n"] {
            let failure = read(wrong).unwrap_err();
            assert!(failure.target.starts_with("env/prod.toml:"), "{failure}");
        }
        let plain = variables("extends = \"base\"\na = 1\n", "env/x.toml").unwrap();
        assert_eq!(plain.into_keys().collect::<Vec<_>>(), ["a"]);
        let below = variables("extends = \"b\"\n[vars]\nextends = \"c\"\n", "env/x.toml").unwrap();
        assert_eq!(below["extends"], "c");
        let secret = variables("extends = \"b\"\n", "env/x.secret.toml").unwrap();
        assert_eq!(secret["extends"], "b");
    }

    #[test]
    fn a_program_gives_a_value() {
        let read = |text, file| ParsedFile::parse(text, file).unwrap().commands();
        let text = "a = 1\n[vars]\ntoken = { command = [\"gh\", \"auth\"] }\n";
        let found = read(text, "env/x.toml").unwrap();
        let words = vec!["gh".to_owned(), "auth".to_owned()];
        assert_eq!(found["token"], ValueCommand::of(words, true).in_file("env/x.toml"));
        let text = "host = { command = [\"hostname\"], secret = false }\nb = \"2\"\n";
        let found = read(text, "env/x.secret.toml").unwrap();
        assert!(!found["secret.host"].is_secret && found.len() == 1);
        assert_eq!(
            variables(text, "env/x.secret.toml").unwrap().into_keys().collect::<Vec<_>>(),
            ["b"]
        );
        for (wrong, words) in [
            ("a = { comand = [\"x\"] }\n", "comand"),
            ("a = { command = \"x y\" }\n", "must be a list"),
            ("a = { command = [] }\n", "names no program"),
            ("a = { command = [1] }\n", "must be a text"),
            ("a = { secret = true }\n", "has no command"),
            ("a = { command = [\"x\"], secret = 1 }\n", "true or false"),
            ("a = 1\n[vars]\na = { command = [\"x\"] }\n", "stands below [vars], too"),
        ] {
            let failure = read(wrong, "env/x.toml").unwrap_err();
            assert!(failure.cause.contains(words), "{wrong}: {failure}");
        }
        let failure = defaults("[vars]\na = { command = [\"x\"] }\n", "x").unwrap_err();
        assert!(failure.hint.contains("env/NAME.toml"), "{failure}");
    }

    #[test]
    fn an_entry_of_the_keyring_gives_a_secret() {
        let read = |text, file| ParsedFile::parse(text, file).unwrap().commands();
        let text = "token = { keyring = { service = \"git.example\", user = \"me\" } }\n";
        for (file, name) in [("env/x.toml", "token"), ("env/x.secret.toml", "secret.token")] {
            let found = read(text, file).unwrap();
            let entry = KeyringEntry { service: "git.example".into(), user: "me".into() };
            let source = ValueSource::Keyring(entry);
            assert_eq!(found[name], ValueCommand::given_by(source, true).in_file(file));
        }
        for (wrong, words) in [
            ("a = { keyring = \"x\" }\n", "keyring"),
            ("a = { keyring = {} }\n", "has no service"),
            ("a = { keyring = { service = \"x\" } }\n", "has no user"),
            ("a = { keyring = { service = \"x\", user = \"\" } }\n", "is empty"),
            ("a = { keyring = { service = 1, user = \"u\" } }\n", "must be a text"),
            ("a = { keyring = { servce = \"x\", user = \"u\" } }\n", "servce"),
            ("a = { keyring = { service = \"x\", user = \"u\" }, secret = false }\n", "beside"),
            ("a = { keyring = { service = \"x\", user = \"u\" }, command = [\"x\"] }\n", "beside"),
        ] {
            let failure = read(wrong, "env/x.toml").unwrap_err();
            assert!(failure.cause.contains(words), "{wrong}: {failure}");
            assert!(failure.target.starts_with("env/x.toml:1:"), "{}", failure.target);
        }
    }

    #[test]
    fn a_list_is_no_value() {
        let failure = variables("a = \"1\"\nb = [1]\n", "env/local.toml").unwrap_err();
        assert_eq!(failure.target, "env/local.toml:2:1");
    }

    #[test]
    fn defaults_have_a_table_of_variables_and_an_order() {
        let read = |text| defaults(text, "x").unwrap();
        assert_eq!(read("[vars]\na = 1\n").variables["a"], "1");
        assert_eq!(read("").variables.len(), 0);
        assert_eq!(read("order = [\"b\", \"sub/\", \"a\"]\n").order, ["b", "sub/", "a"]);
        assert!(defaults("order = [1]\n", "x").is_err());
        let refused = |text| defaults(text, "x").unwrap_err();
        assert!(refused("[var]\n").hint.contains("'vars'"));
        assert!(refused("[capture]\n").cause.contains("capture"));
    }
}
