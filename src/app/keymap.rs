//! From keys to actions: contexts, sequences, the user's overrides.
//!
//! A key is looked up in a list of contexts, the most specific first. Letters are bound only in
//! contexts that never hold a text field (`Plain`, `List`, pane contexts), so typing stays typing.

use std::collections::{HashMap, HashSet};

use strum::{EnumString, IntoStaticStr, VariantArray};

use super::action::{Action, TABLE};
use super::editor::TEXT_KEYS;
use super::focus::Pane;
use crate::model::key::{Key, KeyCode};

/// Where a binding holds; by name in keymap files and help. Those of windows come last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, IntoStaticStr, EnumString, VariantArray)]
#[strum(serialize_all = "lowercase", const_into_str)]
pub enum Context {
    /// Everywhere, text fields included.
    #[strum(serialize = "everywhere")]
    Global,
    /// Everywhere outside text fields.
    #[strum(serialize = "outside text")]
    Plain,
    /// Every list and body view.
    #[strum(serialize = "lists and views")]
    List,
    /// The address line.
    #[strum(serialize = "address line")]
    Address,
    /// Every field of the request form.
    #[strum(serialize = "request form")]
    Form,
    Presets,
    History,
    Response,
    Conversation,
    /// The input line of a conversation.
    #[strum(serialize = "input line")]
    Input,
    Traffic,
    /// A cell of the form that is no text: a choice, a check, a button, the tabs.
    #[strum(serialize = "choices of the form")]
    Cell,
    /// A line that is typed into: a search, a filter, the name of a file.
    #[strum(serialize = "text line")]
    Line,
    /// The line a filter is typed in.
    #[strum(serialize = "filter line")]
    FilterLine,
    /// What can stand where something is being typed.
    #[strum(serialize = "completions")]
    Completion,
    /// The same, and one of them was chosen.
    #[strum(serialize = "chosen completion")]
    Chosen,
    /// A list to choose from by typing.
    #[strum(serialize = "choice list")]
    Choices,
    /// A question with yes and no for an answer.
    Question,
    /// A preset that changed on disk.
    Conflict,
    /// A draft as code.
    #[strum(serialize = "code window")]
    Code,
    /// Two answers that are compared.
    Compare,
    /// The environments.
    Environments,
    /// A variable, or the name of an environment, that is written.
    #[strum(serialize = "variable field")]
    Variable,
    /// A cell of a variable that is no text: where it is kept, and whose it is.
    #[strum(serialize = "choices of a variable")]
    VariableChoice,
    /// What is exported, and where to.
    #[strum(serialize = "export window")]
    Export,
    /// A row of it that is no text.
    #[strum(serialize = "choices of an export")]
    ExportChoice,
    /// What is imported, and where to.
    #[strum(serialize = "import window")]
    Import,
    /// The columns of Traffic.
    #[strum(serialize = "columns of traffic")]
    ColumnList,
    /// The cookies of an environment.
    Cookies,
    /// What relays hold.
    #[strum(serialize = "held window")]
    Held,
    /// What is made of something that is held.
    #[strum(serialize = "held text")]
    HeldText,
    /// What was added up of the traffic.
    Statistics,
    /// The presets of a run.
    #[strum(serialize = "run window")]
    RunRows,
    /// What is run, and how.
    #[strum(serialize = "run options")]
    RunOptions,
    /// A row of it that is no text.
    #[strum(serialize = "choices of a run")]
    RunChoice,
    Help,
    /// The field a name is typed in.
    #[strum(serialize = "name field")]
    Name,
    /// The field a description is typed in.
    #[strum(serialize = "description")]
    About,
    /// The letters that jump shows.
    #[strum(serialize = "jump letters")]
    Jump,
}

/// What a run of keys means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lookup {
    Matched(Action),
    /// The beginning of a sequence.
    Pending,
    Unbound,
}

/// One line of the user's keymap file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    pub context: String,
    pub keys: String,
    /// Name of an action; empty = unbind.
    pub action: String,
}

/// The bindings in force, and what is asked of them at every key and for every hint of a frame.
#[derive(Debug, Clone)]
pub struct Keymap {
    bindings: HashMap<(Context, Vec<Key>), Action>,
    /// What longer runs begin with.
    beginnings: HashSet<(Context, Vec<Key>)>,
    /// By place of the action in the table: its keys as shown, the one for a hint first.
    hints: Vec<Vec<(Context, String)>>,
}

impl Context {
    /// Contexts of the screen below all windows.
    pub(crate) const PANES: &[Context] = Context::VARIANTS.split_at(Context::Choices as usize).0;

    /// The pane it belongs to, if it is one.
    pub fn pane(self) -> Option<Pane> {
        match self {
            Context::Presets => Some(Pane::Presets),
            Context::History => Some(Pane::History),
            Context::Address | Context::Form | Context::Cell => Some(Pane::Request),
            Context::Response | Context::Conversation | Context::Input => Some(Pane::Response),
            Context::Traffic => Some(Pane::Traffic),
            _ => None,
        }
    }
}

impl Default for Keymap {
    fn default() -> Self {
        let mut bindings = HashMap::new();
        for row in TABLE {
            for (context, text) in row.keys {
                if let Ok(keys) = Key::parse_run(text) {
                    bindings.insert((*context, keys), row.action);
                }
            }
        }
        let (beginnings, hints) = (HashSet::new(), Vec::new());
        let mut keymap = Keymap { bindings, beginnings, hints };
        keymap.index();
        keymap
    }
}

impl Keymap {
    /// Applies the user's file; returns a sentence for every line that means nothing.
    pub fn apply(&mut self, overrides: &[Override]) -> Vec<String> {
        let wrong = overrides.iter().filter_map(|line| self.apply_one(line).err()).collect();
        self.index();
        wrong
    }

    /// Finds out what keys and hints ask, once for all bindings.
    fn index(&mut self) {
        let longer = self.bindings.keys().flat_map(|(context, keys)| {
            (1..keys.len()).map(|len| (*context, keys.iter().take(len).copied().collect()))
        });
        self.beginnings = longer.collect();
        let mut ranked: Vec<Vec<_>> = TABLE.iter().map(|_| Vec::new()).collect();
        for ((context, keys), action) in &self.bindings {
            if let Some(list) = ranked.get_mut(*action as usize) {
                list.push((rank(*action, *context, keys), *context));
            }
        }
        let shown = |mut list: Vec<(Rank, Context)>| {
            list.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
            list.into_iter().map(|((.., text), context)| (context, text)).collect()
        };
        self.hints = ranked.into_iter().map(shown).collect();
    }

    fn apply_one(&mut self, line: &Override) -> Result<(), String> {
        let unknown = |_| format!("keymap: '{}' is not a context", line.context);
        let context: Context = line.context.parse().map_err(unknown)?;
        let keys = Key::parse_run(&line.keys).map_err(|error| format!("keymap: {error}"))?;
        if line.action.is_empty() {
            self.bindings.remove(&(context, keys));
            return Ok(());
        }
        let action = Action::named(&line.action)
            .ok_or_else(|| format!("keymap: '{}' is not an action", line.action))?;
        self.bindings.insert((context, keys), action);
        Ok(())
    }

    /// Looks a run of keys up, first context first.
    pub fn lookup(&self, contexts: &[Context], keys: &[Key]) -> Lookup {
        for context in contexts {
            if let Some(action) = self.bindings.get(&(*context, keys.to_vec())) {
                return Lookup::Matched(*action);
            }
            if self.beginnings.contains(&(*context, keys.to_vec())) {
                return Lookup::Pending;
            }
        }
        Lookup::Unbound
    }

    /// The keys of an action in these contexts as shown, the one for a hint first.
    fn bound(&self, contexts: &[Context], action: Action) -> impl Iterator<Item = &str> {
        let all = self.hints.get(action as usize).into_iter().flatten();
        let here = all.filter(move |(context, _)| contexts.contains(context));
        here.map(|(_, text)| text.as_str())
    }

    /// Keys bound to an action in these contexts, shortest first.
    pub(crate) fn keys_of(&self, contexts: &[Context], action: Action) -> Vec<String> {
        let mut found: Vec<String> = self.bound(contexts, action).map(str::to_owned).collect();
        found.sort_by_key(|text| (text.chars().count(), text.clone()));
        found.dedup();
        found
    }

    /// The key to show in a hint: one of the user's own, else one that any terminal can send, else
    /// any; of these the first of the table, and the shortest.
    pub fn hint(&self, contexts: &[Context], action: Action) -> Option<String> {
        self.bound(contexts, action).next().map(str::to_owned)
    }

    /// The key of an action in these contexts, or elsewhere, for a hint in a text.
    #[must_use]
    pub(crate) fn key_of(&self, contexts: &[Context], action: Action) -> String {
        let here = self.hint(contexts, action);
        here.or_else(|| self.hint(Context::PANES, action))
            .unwrap_or_else(|| format!("“{}” in the palette", action.row().title))
    }

    /// A key of text fields that no action of these contexts takes; by name, as `undo`.
    fn text_key(&self, contexts: &[Context], name: &str) -> Option<String> {
        let (keys, what) = TEXT_KEYS.iter().find(|(_, what)| what.eq_ignore_ascii_case(name))?;
        let keys = Key::parse_run(keys).ok()?;
        let free = keys.chunks(1).find(|key| self.lookup(contexts, key) == Lookup::Unbound);
        Some(free.map_or_else(|| format!("“{what}”, whose keys are taken,"), show))
    }

    /// A text in which `[action-name]` stands for the key of an action, so that no hint names a
    /// key that was bound to something else; `[undo]` for that key of text fields.
    #[must_use]
    pub fn keyed(&self, contexts: &[Context], text: &str) -> String {
        self.keyed_parts(contexts, text).into_iter().map(|(part, _)| part).collect()
    }

    /// The same in pieces, each with whether it is a key.
    #[must_use]
    pub(crate) fn keyed_parts<'a>(
        &self,
        contexts: &[Context],
        text: &'a str,
    ) -> Vec<(String, bool)> {
        let mut parts = Vec::new();
        let mut rest = text;
        let bracketed = |text: &'a str| {
            let (before, rest) = text.split_once('[')?;
            Some((before, rest.split_once(']')?))
        };
        while let Some((before, (name, after))) = bracketed(rest) {
            parts.push((before.to_owned(), false));
            parts.push(match Action::named(name) {
                Some(action) => (self.key_of(contexts, action), true),
                None => match self.text_key(contexts, name) {
                    Some(key) => (key, true),
                    None => (format!("[{name}]"), false),
                },
            });
            rest = after;
        }
        parts.push((rest.to_owned(), false));
        parts
    }
}

/// What makes a key the one for a hint, the least first: whether it is of the table and not of the
/// user, whether a terminal may lack it, its place in the table, its length, and how it is shown.
type Rank = (bool, bool, Option<usize>, usize, String);

fn rank(action: Action, context: Context, keys: &[Key]) -> Rank {
    let is_row = |(of, text): &(Context, &str)| {
        *of == context && Key::parse_run(text).is_ok_and(|row| row == keys)
    };
    let place = action.row().keys.iter().position(is_row);
    let is_rare = !keys.iter().all(|key| key.is_common());
    (place.is_some(), is_rare, place, keys.len(), show(keys))
}

/// Keys as shown to people: `Ctrl+S`, `F5`, `g`.
pub fn show(keys: &[Key]) -> String {
    keys.iter().map(|key| show_key(*key)).collect::<Vec<_>>().join(" ")
}

fn show_key(key: Key) -> String {
    let plain = Key { ctrl: false, alt: false, shift: false, ..key }.to_string();
    let name = plain.strip_prefix('<').and_then(|t| t.strip_suffix('>')).unwrap_or(&plain);
    // Keymap files have a name for it.
    let name = if name == "lt" { "<" } else { name };
    // As on the keyboard, where a letter is a capital: what makes it one here is Shift.
    let is_held = key.ctrl || key.alt;
    let is_capital = matches!(key.code, KeyCode::Char(c) if is_held && c.is_uppercase());
    let is_letter = is_held && name.chars().count() == 1;
    let name = if is_letter { name.to_uppercase() } else { name.to_string() };
    let shift = key.shift || is_capital;
    let mut text = String::new();
    for (on, word) in [(key.ctrl, "Ctrl+"), (key.alt, "Alt+"), (shift, "Shift+")] {
        if on {
            text.push_str(word);
        }
    }
    text + &name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_names_a_key_of_text_fields_that_is_left_to_them() {
        let mut keymap = Keymap::default();
        let text = "[cut the word behind] [x]";
        let hint = |keymap: &Keymap| keymap.keyed(&[Context::Input, Context::Global], text);
        assert_eq!(hint(&keymap), "Alt+D [x]");
        let taken = |keys: &str| Override {
            context: "input line".into(),
            keys: keys.into(),
            action: "send".into(),
        };
        let all = [taken("<A-d>"), taken("<A-Del>"), taken("<C-Del>")];
        assert_eq!(keymap.apply(&all), Vec::<String>::new());
        assert_eq!(hint(&keymap), "“Cut the word behind”, whose keys are taken, [x]");
    }

    #[test]
    fn every_default_key_parses_and_no_two_actions_share_one() {
        let mut seen: HashMap<(Context, Vec<Key>), Action> = HashMap::new();
        for row in TABLE {
            for (context, text) in row.keys {
                let keys = Key::parse_run(text).unwrap();
                let other = seen.insert((*context, keys), row.action);
                assert_eq!(other, None, "{text} in {context:?}");
            }
        }
    }

    #[test]
    fn keys_are_shown_as_they_stand_on_the_keyboard() {
        for (key, shown) in [
            ("<A-l>", "Alt+L"),
            ("<A-L>", "Alt+Shift+L"),
            ("<C-s>", "Ctrl+S"),
            ("<C-S>", "Ctrl+Shift+S"),
            ("<S-Tab>", "Shift+Tab"),
            ("<A-[>", "Alt+["),
            ("<A-lt>", "Alt+<"),
            ("<C-A-\u{e9}>", "Ctrl+Alt+\u{c9}"),
            ("G", "G"),
            ("g", "g"),
        ] {
            assert_eq!(show(&Key::parse_run(key).unwrap()), shown);
        }
    }

    #[test]
    fn letters_are_never_bound_where_text_is_typed() {
        for row in TABLE {
            for (context, text) in row.keys {
                let typed = Key::parse_run(text).unwrap()[0].printable().is_some();
                let text_field = matches!(
                    context,
                    Context::Global
                        | Context::Address
                        | Context::Form
                        | Context::Input
                        | Context::Line
                        | Context::FilterLine
                        | Context::Choices
                        | Context::Help
                        | Context::Name
                        | Context::Export
                        | Context::RunOptions
                        | Context::Variable
                        | Context::About
                        | Context::Jump
                        | Context::Completion
                        | Context::Chosen
                );
                assert!(!(typed && text_field), "{} in {context:?}", row.name);
            }
        }
    }

    #[test]
    fn the_specific_context_wins() {
        let keymap = Keymap::default();
        let enter = [Key::new(crate::model::key::KeyCode::Enter)];
        let hit = keymap.lookup(&[Context::Traffic, Context::List], &enter);
        assert_eq!(hit, Lookup::Matched(Action::Detail));
        assert_eq!(keymap.lookup(&[Context::List], &enter), Lookup::Matched(Action::Open));
    }

    #[test]
    fn an_override_rebinds_and_a_wrong_one_is_named() {
        let mut keymap = Keymap::default();
        let line = |context: &str, keys: &str, action: &str| Override {
            context: context.into(),
            keys: keys.into(),
            action: action.into(),
        };
        let problems = keymap.apply(&[
            line("everywhere", "<C-g>", "send"),
            line("nowhere", "x", "send"),
            line("everywhere", "<F9>", "fly"),
        ]);
        assert_eq!(problems.len(), 2);
        assert_eq!(
            keymap.lookup(&[Context::Global], &["<C-g>".parse().unwrap()]),
            Lookup::Matched(Action::Send)
        );
    }

    #[test]
    fn a_hint_prefers_keys_of_the_user_then_those_any_terminal_sends() {
        let send = |lines: &[(&str, &str)]| {
            let mut keymap = Keymap::default();
            let lines = lines.iter().map(|(keys, action)| Override {
                context: "everywhere".into(),
                keys: (*keys).into(),
                action: (*action).into(),
            });
            assert!(keymap.apply(&lines.collect::<Vec<_>>()).is_empty());
            keymap.hint(&[Context::Form, Context::Global], Action::Send).unwrap()
        };
        let (no_f5, no_ctrl_r) = (("<F5>", ""), ("<C-r>", ""));
        assert_eq!(send(&[]), "F5");
        assert_eq!(send(&[("<F9>", "send")]), "F9");
        assert_eq!(send(&[no_f5, no_ctrl_r, ("<F9>", "send")]), "F9");
        assert_eq!(send(&[no_f5, no_ctrl_r]), "Alt+Enter");
        assert_eq!(send(&[("<C-Enter>", "send"), no_f5]), "Ctrl+R");
        assert_eq!(send(&[("<S-Enter>", "send"), ("<C-g>", "send")]), "Ctrl+G");
    }
}
