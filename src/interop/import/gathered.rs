//! What an importer has found so far, and what is made of it at the end.
//!
//! Importers put in presets, variables and what they could not take; here names become safe, bounds are
//! kept, and a name that stands for a secret becomes one of a file of secrets.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::braces::{Dialect, ours};
use super::names;
use super::tree::{
    ImportFault, ImportKind, ImportRemark, ImportTree, ImportedEnvironment, ImportedFolder,
    ImportedPreset, ImportedVariable,
};
use crate::model::field_access::each_value;
use crate::model::http::{
    ApiKey, ApiKeyPlace, Auth, AutomaticHeader, AwsKeys, FormPart, HttpBody, HttpSpec, PartSource,
};
use crate::model::preset::PresetPath;
use crate::model::secrets::is_secret_value;
use crate::model::spec::Spec;

/// Presets of one import; a workspace shows as many.
const PRESETS: usize = 20_000;
/// Bytes of all presets of one import.
const BYTES: usize = 64 * 1024 * 1024;
/// Things left out that are listed; more are counted.
const LEFT_OUT: usize = 20_000;
/// Letters of why something is left out; what is longer ends with `…`.
const SHORT: usize = 120;
/// How deep values of variables are looked up in others.
const NESTED: usize = 8;
/// Bytes of all values of one list that others are put into.
const ALL_VALUES: usize = 8 * 1024 * 1024;
/// Bytes a value may have once others are put into it.
const LONGEST_VALUE: usize = 64 * 1024;

/// What was found so far.
#[derive(Debug)]
pub(super) struct Gathered {
    tree: ImportTree,
    bytes: usize,
    /// Folders around all that comes now.
    around: Vec<String>,
    /// Folders that say something, by their paths.
    folders: HashMap<Vec<String>, usize>,
    /// Variables of the collection itself.
    own: HashSet<String>,
}

/// A preset as an importer finds it.
#[derive(Debug, Default)]
pub(super) struct FoundPreset {
    /// As others call them.
    pub(super) folder: Vec<String>,
    /// Empty = nobody called it anything.
    pub(super) name: String,
    pub(super) about: String,
    pub(super) notes: Vec<String>,
    pub(super) place: String,
}

impl Gathered {
    /// Nothing yet, of a file that is called so.
    pub(super) fn new(kind: ImportKind, file: &str) -> Self {
        let file = file.rsplit('/').next().unwrap_or(file);
        let stem = file.split('.').find(|part| !part.is_empty()).unwrap_or(file);
        let tree = ImportTree {
            kind,
            title: names::part(stem),
            presets: Vec::new(),
            folders: Vec::new(),
            environments: Vec::new(),
            left_out: Vec::new(),
        };
        Gathered {
            tree,
            bytes: 0,
            around: Vec::new(),
            folders: HashMap::new(),
            own: HashSet::new(),
        }
    }

    /// What comes now lies in these folders of the collection.
    pub(super) fn begin(&mut self, around: &[String], title: &str) {
        self.around = around.to_vec();
        self.title(title);
    }

    /// What the collection is called; nothing = as its file is.
    pub(super) fn title(&mut self, title: &str) {
        if !title.trim().is_empty() {
            self.tree.title = names::part(title);
        }
    }

    /// Presets so far.
    pub(super) fn count(&self) -> usize {
        self.tree.presets.len()
    }

    /// Whether it is an import of this kind.
    pub(super) fn is_of(&self, kind: ImportKind) -> bool {
        self.tree.kind == kind
    }

    /// It has no folder of its own.
    pub(super) fn untitled(&mut self) {
        if self.around.is_empty() {
            self.tree.title.clear();
        }
    }

    /// What it is called so far.
    pub(super) fn called(&self) -> String {
        self.tree.title.clone()
    }

    /// Takes a preset in.
    ///
    /// # Errors
    /// When there are too many.
    pub(super) fn preset(&mut self, found: FoundPreset, mut spec: Spec) -> Result<(), ImportFault> {
        let FoundPreset { folder, name, about, notes, place } = found;
        let size = |texts: &[String]| texts.iter().map(String::len).sum::<usize>();
        self.bytes += about.len() + size(&notes) + size_of_spec(&mut spec);
        if self.tree.presets.len() >= PRESETS {
            return Err(ImportFault::new(place, format!("more than {PRESETS} requests")));
        }
        if self.bytes > BYTES {
            let cause = format!("more than {} MiB of requests", BYTES >> 20);
            return Err(ImportFault::new(place, cause));
        }
        let folder = self.folders_of(&folder, &place);
        let name = names::part(&if name.trim().is_empty() { names::of_spec(&spec) } else { name });
        self.tree.presets.push(ImportedPreset { folder, name, about, spec, notes, place });
        Ok(())
    }

    fn folders_of(&mut self, folder: &[String], place: &str) -> Vec<String> {
        let all = self.around.iter().chain(folder);
        let parts: Vec<String> = all.map(|name| names::part(name)).collect();
        // One is taken by the folder of the collection itself.
        let folder = names::folders(&parts, PresetPath::FOLDERS - 1);
        if folder.len() < parts.len() {
            self.changed("folders that lie too deep, made one", place, &parts.join("/"));
        }
        folder
    }

    /// Says something that belongs to a folder.
    pub(super) fn folder(
        &mut self,
        folder: &[String],
        variables: Vec<ImportedVariable>,
        notes: Vec<String>,
    ) {
        if variables.is_empty() && notes.is_empty() {
            return;
        }
        let folder = self.folders_of(folder, "");
        if folder.is_empty() {
            self.own.extend(variables.iter().map(|variable| variable.name.clone()));
        }
        if let Some(at) = self.folders.get(&folder) {
            let known = &mut self.tree.folders[*at];
            known.variables.extend(variables);
            known.notes.extend(notes);
        } else {
            self.folders.insert(folder.clone(), self.tree.folders.len());
            self.tree.folders.push(ImportedFolder { folder, variables, notes });
        }
    }

    /// A variable of the collection that keeps the value it has, if it has one.
    pub(super) fn default_variable(&mut self, variable: ImportedVariable) {
        if !self.own.contains(&variable.name) {
            self.folder(&[], vec![variable], Vec::new());
        }
    }

    /// Takes an environment in.
    pub(super) fn environment(&mut self, name: &str, variables: Vec<ImportedVariable>) {
        let mut name = names::part(name);
        if name.eq_ignore_ascii_case("none") || name.ends_with(".secret") {
            name.push_str("-env");
        }
        self.tree.environments.push(ImportedEnvironment { name, variables });
    }

    /// Takes in more of an environment that may be there already.
    pub(super) fn more_of_environment(&mut self, name: &str, variables: Vec<ImportedVariable>) {
        let called = names::part(name);
        match self.tree.environments.iter_mut().find(|known| known.name == called) {
            Some(known) => known.variables.extend(variables),
            None => self.environment(name, variables),
        }
    }

    /// A variable, whose value may name others; `is_secret` = somebody said so.
    pub(super) fn variable(
        &mut self,
        name: &str,
        value: &str,
        dialect: Dialect,
        is_secret: bool,
        place: &str,
    ) -> ImportedVariable {
        let called = names::variable(name);
        if called != name.trim() {
            self.changed(
                "a variable with another name here",
                place,
                &format!("{name} -> {called}"),
            );
        }
        let value = ours(value, dialect, self, place);
        let is_secret = is_secret || is_secret_value(&called, &value);
        ImportedVariable { name: called, value, is_secret }
    }

    /// Says that something is not there.
    pub(super) fn left_out(&mut self, what: &str, place: impl Into<String>) {
        if self.tree.left_out.len() < LEFT_OUT {
            self.tree.left_out.push(ImportRemark { what: what.to_owned(), place: place.into() });
        }
    }

    /// Says that something is there in another way.
    pub(super) fn changed(&mut self, what: &str, place: &str, detail: &str) {
        let mut short: String = detail.chars().take(SHORT).collect();
        if short.len() < detail.len() {
            short.push('…');
        }
        self.left_out(what, if place.is_empty() { short } else { format!("{place} ({short})") });
    }

    /// The parts of a form for the files of one of its rows: the part with each of them, or without any, switched off,
    /// when nobody chose one.
    pub(super) fn file_parts(
        &mut self,
        part: FormPart,
        files: impl Iterator<Item = String>,
        place: &str,
    ) -> Vec<FormPart> {
        let part = FormPart { source: PartSource::File, value: String::new(), ..part };
        let mut made = Vec::new();
        for value in files.filter(|file| !file.is_empty()) {
            self.changed("files that bodies name, read when they are sent", place, &value);
            made.push(FormPart { value, ..part.clone() });
        }
        if made.is_empty() {
            self.changed("files that nobody chose", place, &part.name);
            made.push(FormPart { enabled: false, ..part });
        }
        made
    }

    /// Remarks so far.
    pub(super) fn remarks(&self) -> usize {
        self.tree.left_out.len()
    }

    /// Names the file in the remarks since then: of one of many a line alone says little.
    pub(super) fn name_file(&mut self, since: usize, file: &str) {
        for ImportRemark { place, .. } in self.tree.left_out.iter_mut().skip(since) {
            *place = if place.is_empty() { file.to_owned() } else { format!("{file}: {place}") };
        }
    }

    /// All of it. Variables that use others stay so; secrets are never looked into, so others are put into them.
    pub(super) fn finish(mut self) -> ImportTree {
        for folder in &mut self.tree.folders {
            flatten(&mut folder.variables);
        }
        for environment in &mut self.tree.environments {
            flatten(&mut environment.variables);
        }
        self.tree
    }
}

/// The line that says what something is for; a longer text is a note, too.
pub(super) fn first_line(text: &str, notes: &mut Vec<String>) -> String {
    const LONGEST: usize = 120;
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let short: String = line.chars().take(LONGEST).collect();
    if short.len() < text.trim().len() {
        notes.push(text.trim().to_owned());
    }
    short
}

/// A user and a password. What stands behind a colon in a name is where the password begins, once both are joined.
pub(super) fn basic(user: String, password: String) -> Auth {
    match user.split_once(':') {
        Some((user, rest)) if !user.contains("{{") => {
            Auth::Basic { user: user.to_owned(), password: format!("{rest}:{password}") }
        }
        _ => Auth::Basic { user, password },
    }
}

/// The same for who answers what a server asks for.
pub(super) fn digest(user: String, password: String) -> Auth {
    match basic(user, password) {
        Auth::Basic { user, password } => Auth::Digest { user, password },
        other => other,
    }
}

/// A key that stands in a header, a parameter or a cookie.
pub(super) fn api_key(name: String, value: String, place: ApiKeyPlace) -> Auth {
    Auth::ApiKey(ApiKey { name, value, place })
}

/// Keys that requests are signed with for AWS, as `of` gives them; id and key are called differently everywhere.
pub(super) fn aws(mut of: impl FnMut(&str) -> String, [access_key, secret_key]: [&str; 2]) -> Auth {
    Auth::Aws(AwsKeys {
        access_key: of(access_key),
        secret_key: of(secret_key),
        session_token: of("sessionToken"),
        region: of("region"),
        service: of("service"),
    })
}

/// Sees to it that a body which has no type there goes out without one: here it would get one by itself.
pub(super) fn untyped(spec: &mut HttpSpec) {
    let is_plain =
        matches!(spec.body, HttpBody::Text(_) | HttpBody::Payload(_) | HttpBody::File(_));
    let is_said = spec.headers.iter().any(|row| {
        row.name.eq_ignore_ascii_case("content-type") && (row.enabled || row.value.is_empty())
    });
    if is_plain && !is_said {
        spec.toggle_automatic(AutomaticHeader::ContentType);
    }
}

/// Bytes of the texts of a spec.
fn size_of_spec(spec: &mut Spec) -> usize {
    let mut size = 0;
    each_value(spec.options_mut(), &mut |_, value| {
        size += value.text_mut().map_or(0, |text| text.len());
    });
    size
}

/// Keeps the last of equal names, and puts other values into secrets: what stands there is a value. Circles and what
/// would grow too long stay as they are.
fn flatten(variables: &mut Vec<ImportedVariable>) {
    // The last of equal names counts.
    let mut seen = BTreeSet::new();
    variables.reverse();
    variables.retain(|variable| seen.insert(variable.name.clone()));
    variables.reverse();
    let mut left = ALL_VALUES;
    for _ in 0..NESTED {
        if !variables.iter().any(|it| it.is_secret && it.value.contains("{{")) {
            break;
        }
        let value = |it: &ImportedVariable| (it.name.clone(), it.value.clone());
        let known: BTreeMap<String, String> = variables.iter().map(value).collect();
        let mut is_changed = false;
        let secrets = variables.iter_mut().filter(|it| it.is_secret);
        for variable in secrets.filter(|it| it.value.contains("{{")) {
            let filled = each_name(&variable.value, |name| {
                known.get(name).filter(|_| name != variable.name).cloned()
            });
            let is_fine = filled.len() <= LONGEST_VALUE && filled.len() <= left;
            if filled != variable.value && is_fine {
                left -= filled.len();
                variable.value = filled;
                is_changed = true;
            }
        }
        if !is_changed {
            break;
        }
    }
}

/// What stands before two braces that close what two others opened. A name has no braces, so nothing is read twice.
fn closed(inner: &str) -> Option<&str> {
    let (name, rest) = inner.split_at(inner.find(['{', '}', '\n'])?);
    rest.starts_with("}}").then_some(name)
}

/// A text in which names between braces have what is given for them; `None` = they stay.
fn each_name(text: &str, mut give: impl FnMut(&str) -> Option<String>) -> String {
    let mut made = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("{{") {
        let (before, behind) = rest.split_at(at);
        made.push_str(before);
        let inner = behind.split_at("{{".len()).1;
        let name = closed(inner);
        if let Some((name, given)) = name.and_then(|name| Some((name, give(name)?))) {
            made.push_str(&given);
            rest = inner.split_at(name.len() + "}}".len()).1;
        } else {
            made.push_str("{{");
            rest = inner;
        }
        if made.len() > LONGEST_VALUE {
            return made;
        }
    }
    made + rest
}

/// Puts names of secrets in the place of those of variables that are secrets here.
pub(super) fn with_secrets(spec: &mut Spec, secrets: &BTreeMap<String, String>) {
    if secrets.is_empty() {
        return;
    }
    each_value(spec.options_mut(), &mut |_, value| {
        if let Some(text) = value.text_mut().filter(|text| text.contains("{{")) {
            *text = as_secrets(text, secrets);
        }
    });
}

/// Puts values in the place of names in a request.
pub(super) fn with_values(spec: &mut HttpSpec, values: &BTreeMap<String, String>) {
    let mut whole = Spec::Http(std::mem::take(spec));
    each_value(whole.options_mut(), &mut |_, value| {
        if let Some(text) = value.text_mut().filter(|text| text.contains("{{")) {
            *text = each_name(text, |name| values.get(name).cloned());
        }
    });
    let Some(filled) = whole.as_http_mut() else { return };
    *spec = std::mem::take(filled);
}

/// The same of one text.
pub(super) fn as_secrets(text: &str, secrets: &BTreeMap<String, String>) -> String {
    let mut made = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("{{") {
        let (before, behind) = rest.split_at(at + "{{".len());
        made.push_str(before);
        rest = behind;
        let name = closed(behind);
        if let Some((name, called)) = name.and_then(|name| secrets.get_key_value(name)) {
            made = made + "secret." + called;
            rest = behind.split_at(name.len()).1;
        }
    }
    made + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variable(name: &str, value: &str) -> ImportedVariable {
        ImportedVariable { name: name.into(), value: value.into(), is_secret: name == "token" }
    }

    #[test]
    fn variables_use_each_other_and_only_secrets_hold_the_values() {
        let mut variables = vec![
            variable("host", "h"),
            variable("base", "http://{{host}}/{{version}}"),
            variable("auth", "Bearer {{token}}"),
            variable("token", "{{part}}-{{host}}"),
            variable("part", "{{host}}/{{token}}"),
            variable("a", "{{b}}"),
            variable("b", "{{a}}"),
            variable("host", "h2"),
        ];
        flatten(&mut variables);
        let value = |name: &str| variables.iter().find(|it| it.name == name).unwrap();
        assert_eq!(value("base").value, "http://{{host}}/{{version}}");
        assert!(!value("auth").is_secret && value("auth").value == "Bearer {{token}}");
        assert!(value("token").value.starts_with("h2/{{token}}"), "{variables:?}");
        assert_eq!(variables.iter().filter(|it| it.name == "host").count(), 1);
        assert_eq!(value("a").value, "{{b}}");
    }

    #[test]
    fn values_that_would_grow_without_end_do_not() {
        let name = |at: usize| format!("v{at}");
        let mut variables: Vec<_> = (0..30)
            .map(|at| variable(&name(at), &("{{".to_owned() + &name(at + 1) + "}}").repeat(10)))
            .collect();
        for variable in &mut variables {
            variable.is_secret = true;
        }
        flatten(&mut variables);
        assert!(variables.iter().all(|it| it.value.len() <= LONGEST_VALUE));
    }

    #[test]
    fn only_whole_names_become_secrets() {
        let secrets = BTreeMap::from([("token".to_owned(), "token-2".to_owned())]);
        let made = as_secrets("{{token}} {{token2}} {{!token}} {{token", &secrets);
        assert_eq!(made, "{{secret.token-2}} {{token2}} {{!token}} {{token");
    }
}
