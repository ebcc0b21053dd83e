//! What the lists to choose from offer: the palette every action, preset, open draft and
//! environment; the pickers one environment or one framing.
//!
//! In the palette Enter runs an action or opens what was found; the key that sends, opens and
//! sends it.

use crate::app::action::{Action, ActionInfo, Category, TABLE};
use crate::app::choices::{Choice, Choices};
use crate::app::effect::Effect;
use crate::app::focus::Pane;
use crate::app::form::{FormFieldId, access};
use crate::app::format;
use crate::app::intent::{Intent, RowChange, TrafficWish};
use crate::app::keymap::Context;
use crate::app::preset_tree::{TreeItem, all_folders, may_move};
use crate::app::recipe_actions::RECIPES;
use crate::app::row_order::SortOrder;
use crate::app::shared::Shared;
use crate::app::themes::{ThemeChoice, ThemeWish};
use crate::model::color_rule::RowColor;
use crate::model::preset::PresetPath;
use crate::model::recipe::RecipeKind;
use crate::model::secrets::without_userinfo;
use crate::store::job::Job;
use crate::timeline::framing::{ByteOrder, Counts, LENGTH_WIDTHS, StreamFraming};

/// Stands behind the one of a list that holds now.
const IN_FORCE: &str = "in force";

/// Everything that can be run or opened from where the focus is, in these contexts; `why_not` tells
/// why an action can do nothing in a pane.
pub(crate) fn palette(
    shared: &Shared,
    here: &[Context],
    why_not: impl Fn(Action, Pane) -> Option<&'static str>,
) -> Choices {
    let is_offered =
        |row: &&ActionInfo| row.action != Action::Palette && row.category != Category::Window;
    let actions = TABLE.iter().filter(is_offered);
    let mut all: Vec<Choice> = actions
        .map(|row| {
            let home = home(here, row.action);
            let why_not = why_not(row.action, home.unwrap_or(shared.focus));
            Choice { why_not, ..action(shared, here, row.action) }
        })
        .collect();
    all.extend(shared.workspace.presets.iter().map(|stored| Choice {
        title: stored.path.to_string(),
        detail: stored.content.as_ref().map_or("cannot be read".into(), |preset| {
            without_userinfo(preset.spec.address()).to_string()
        }),
        badge: stored.content.as_ref().map_or("", |preset| preset.spec.badge()).to_owned(),
        note: "preset".into(),
        words: "open".into(),
        intents: vec![Intent::FindPreset(stored.path.clone())],
        ..Choice::default()
    }));
    let unsaved = shared.drafts.iter().filter(|draft| draft.preset.is_none() && !draft.is_blank());
    all.extend(unsaved.map(|draft| Choice {
        title: draft.title(),
        badge: draft.spec.badge().into(),
        note: "not saved".into(),
        words: "open".into(),
        intents: vec![Intent::ShowDraft(draft.id), Intent::Focus(Pane::Request)],
        ..Choice::default()
    }));
    let names = shared.workspace.environments.iter().map(|e| Some(e.name.clone()));
    all.extend(names.chain([None]).map(|name| Choice {
        title: name.clone().unwrap_or_else(|| "none".into()),
        note: "environment".into(),
        words: "environment".into(),
        intents: vec![Intent::ChooseEnvironment(name)],
        ..Choice::default()
    }));
    all.extend(theme_choices(shared).map(|choice| Choice {
        note: "theme".into(),
        words: "theme colours".into(),
        ..choice
    }));
    Choices {
        title: " Palette ",
        hint: "[choose] run or open · [send] send · [back] close",
        size: (76, 24),
        opened_by: Some(Action::Palette),
        ..Choices::new(all, 0)
    }
}

fn action(shared: &Shared, here: &[Context], action: Action) -> Choice {
    let row = action.row();
    let note = shared.keymap.hint(here, action);
    let note = note.or_else(|| shared.keymap.hint(Context::PANES, action)).unwrap_or_default();
    let home = home(here, action).map(Intent::Focus);
    Choice {
        title: row.title.into(),
        detail: row.help.into(),
        words: format!("{} {note}", row.name),
        note,
        intents: home.into_iter().chain([Intent::Act(action)]).collect(),
        ..Choice::default()
    }
}

/// The pane an action belongs to, unless it can be done where the focus is.
fn home(here: &[Context], action: Action) -> Option<Pane> {
    let ActionInfo { keys, category, .. } = action.row();
    // Outside the list of presets they are done to what is on screen, not to the row selected there.
    let mut of_panes = keys.iter().filter(|(context, _)| Context::PANES.contains(context));
    let is_of_preset =
        *category == Category::Presets && of_panes.all(|(c, _)| *c == Context::Presets);
    if is_of_preset || keys.is_empty() || keys.iter().any(|(context, _)| here.contains(context)) {
        return None;
    }
    keys.iter().find_map(|(context, _)| context.pane())
}

/// What can be made of the body on screen.
pub(crate) fn recipes(
    shared: &Shared,
    why_not: impl Fn(Action) -> Option<&'static str>,
) -> Choices {
    let choice = |(action, kind): (Action, RecipeKind)| {
        let note = shared.keymap.hint(Context::PANES, action).unwrap_or_default();
        Choice {
            title: action.row().title.into(),
            detail: kind.row().makes.into(),
            note,
            intents: vec![Intent::Focus(Pane::Response), Intent::Act(action)],
            why_not: why_not(action),
            ..Choice::default()
        }
    };
    Choices {
        title: " Make of this body ",
        hint: "[choose] make · type to search · [back] close",
        size: (76, 16),
        opened_by: Some(Action::Recipes),
        ..Choices::new(RECIPES.into_iter().map(choice).collect(), 0)
    }
}

/// What the workspace has of environments, none, and the way to write them.
pub(crate) fn environments(shared: &Shared) -> Choices {
    let environments = &shared.workspace.environments;
    let choice = |name: Option<String>, detail: String| Choice {
        title: name.clone().unwrap_or_else(|| "none".into()),
        detail,
        note: if name == shared.environment { IN_FORCE.into() } else { String::new() },
        intents: vec![Intent::ChooseEnvironment(name)],
        ..Choice::default()
    };
    let mut all = vec![choice(None, "only what folders define".into())];
    all.extend(environments.iter().map(|environment| {
        let secrets = environment.secrets.keys().map(|name| format!("secret.{name}"));
        let names: Vec<String> = environment.variables.keys().cloned().chain(secrets).collect();
        choice(Some(environment.name.clone()), names.join(" "))
    }));
    all.push(Choice {
        title: "edit…".into(),
        detail: "see, write and compare them".into(),
        note: shared.keymap.hint(Context::PANES, Action::EditEnvironments).unwrap_or_default(),
        intents: vec![Intent::PassOn(Action::EditEnvironments)],
        ..Choice::default()
    });
    let current = all.iter().position(|choice| choice.note == IN_FORCE);
    Choices {
        title: " Environment ",
        hint: "[choose] choose · type to search · [back] close",
        ..Choices::new(all, current.unwrap_or(0))
    }
}

/// What a choice of the form can be; `None` = it is none, or one of two.
pub(crate) fn words(shared: &Shared, field: FormFieldId) -> Option<Choices> {
    let spec = &shared.drafts.current().spec;
    let words = access::words(spec, field);
    let now = access::text(spec, field);
    let choice = |word: &&'static str| Choice {
        title: (*word).into(),
        note: if *word == now { IN_FORCE.into() } else { String::new() },
        intents: vec![Intent::Rows(RowChange::Choose(field, word))],
        ..Choice::default()
    };
    let selected = words.iter().position(|word| *word == now).unwrap_or(0);
    let size = (40, u16::try_from(words.len()).unwrap_or(u16::MAX).saturating_add(3).min(20));
    (words.len() > 2).then(|| Choices {
        title: " Choose ",
        hint: "[choose] take · type to search",
        size,
        ..Choices::new(words.iter().map(choice).collect(), selected)
    })
}

/// The folders that a preset or folder can be moved into.
pub(crate) fn folders(shared: &Shared, item: &TreeItem) -> Result<Choices, Intent> {
    let (path, around, own) = match item {
        TreeItem::Preset(path) => (path.as_str(), path.folder(), None),
        TreeItem::Folder(folder) => {
            let around = folder.rsplit_once('/').map_or("", |(around, _)| around);
            (folder.as_str(), around, Some(folder.as_str()))
        }
        TreeItem::Draft(_) => {
            return Err(Intent::Say("it has no file yet: [save] asks for its folder".into()));
        }
    };
    let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
    let all = all_folders(&shared.workspace);
    let target = |folder: &str| format!("{folder}/{name}").trim_start_matches('/').to_owned();
    let choice = |folder: &str| {
        let to = target(folder);
        let (why_not, intent) = if let TreeItem::Folder(from) = item {
            let can = may_move(shared, from, &to).is_ok();
            let is_taken = all.contains(&to);
            let why = if is_taken { Some(TAKEN) } else { (!can).then_some(TOO_DEEP) };
            (why, Job::MoveFolder { from: from.clone(), to })
        } else {
            let (from, to) = (PresetPath::parse(path).ok()?, PresetPath::parse(&to).ok());
            let is_taken = to.as_ref().is_some_and(|to| shared.stored(to).is_some());
            let why = if is_taken { Some(TAKEN) } else { to.is_none().then_some(TOO_DEEP) };
            (why, Job::RenamePreset { to: to.unwrap_or_else(|| from.clone()), from })
        };
        Some(Choice {
            title: if folder.is_empty() { "(top)".into() } else { format!("{folder}/") },
            intents: vec![Intent::Perform(Effect::Store(intent))],
            why_not,
            ..Choice::default()
        })
    };
    let is_inside = |folder: &str| {
        let rest = own.and_then(|own| folder.strip_prefix(own));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let others = std::iter::once("").chain(all.iter().map(String::as_str));
    let others = others.filter(|folder| *folder != around && !is_inside(folder));
    let all: Vec<Choice> = others.filter_map(choice).collect();
    if all.is_empty() {
        return Err(Intent::Say("there is no other folder: [new-folder] makes one".into()));
    }
    Ok(Choices {
        title: " Move into ",
        hint: "[choose] move · type to search · [back] cancel",
        ..Choices::new(all, 0)
    })
}

const TAKEN: &str = "has one of this name already";
const TOO_DEEP: &str = "lies too deep for it";

/// Every theme; the one under the cursor is shown.
pub(crate) fn themes(shared: &Shared) -> Choices {
    let chosen = shared.themes.chosen().unwrap_or(&ThemeChoice::Auto);
    let all: Vec<Choice> = theme_choices(shared).collect();
    let is_chosen = |choice: &Choice| choice.trial.as_ref() == Some(chosen);
    let selected = all.iter().position(is_chosen).unwrap_or(0);
    Choices {
        title: " Theme ",
        hint: "[choose] take · type to search · [back] go back",
        opened_by: Some(Action::Theme),
        ..Choices::new(all, selected)
    }
}

fn theme_choices(shared: &Shared) -> impl Iterator<Item = Choice> {
    let chosen = shared.themes.chosen().unwrap_or(&ThemeChoice::Auto);
    shared.themes.offers().into_iter().map(move |offer| Choice {
        title: offer.choice.as_str().to_owned(),
        detail: offer.about,
        note: if offer.choice == *chosen { IN_FORCE.into() } else { offer.note.into() },
        trial: Some(offer.choice.clone()),
        intents: vec![Intent::ShowTheme(ThemeWish::Take(offer.choice))],
        ..Choice::default()
    })
}

/// The usual framings and the one in force. Another one can be typed.
pub(crate) fn framings(current: &StreamFraming) -> Choices {
    let mut known = usual_framings();
    if !known.contains(current) {
        known.insert(1, current.clone());
    }
    let selected = known.iter().position(|framing| framing == current).unwrap_or(0);
    let note = |framing: &StreamFraming| if framing == current { IN_FORCE } else { "" };
    let all = known.into_iter().map(|known| framing(note(&known), known)).collect();
    Choices {
        title: " Framing of what is received ",
        hint: r"or type: fixed 12 · delimiter \x03 · length 2 little",
        size: (66, 22),
        parser: Some(|text| {
            let typed = StreamFraming::parse(text)?;
            let is_usual = usual_framings().contains(&typed);
            Ok((!is_usual).then(|| framing("as typed", typed)))
        }),
        ..Choices::new(all, selected)
    }
}

/// The framings that need nothing typed.
fn usual_framings() -> Vec<StreamFraming> {
    let mut known = vec![StreamFraming::AsReceived, StreamFraming::Lines];
    known.extend([b"\0", b"\r"].map(|bytes| StreamFraming::Delimiter(bytes.to_vec())));
    known.push(StreamFraming::Fixed(16));
    for counts in [Counts::Payload, Counts::Whole] {
        for width in LENGTH_WIDTHS {
            for order in [ByteOrder::Big, ByteOrder::Little] {
                if width != 1 || order == ByteOrder::Big {
                    known.push(StreamFraming::Length { width, order, counts });
                }
            }
        }
    }
    known
}

fn framing(note: &str, framing: StreamFraming) -> Choice {
    let detail = match &framing {
        StreamFraming::AsReceived => "reads of one moment are one row".to_owned(),
        StreamFraming::Lines => "a message ends behind LF".to_owned(),
        StreamFraming::Delimiter(_) => "a message ends behind these bytes".to_owned(),
        StreamFraming::Fixed(_) => {
            "every message has so many bytes; type another number".to_owned()
        }
        StreamFraming::Length { width, order, counts } => {
            let order = match (width, order) {
                (1, _) => "",
                (_, ByteOrder::Big) => " big-endian",
                (_, ByteOrder::Little) => " little-endian",
            };
            let counts = match counts {
                Counts::Payload => "so many bytes follow",
                Counts::Whole => "counted with itself",
            };
            let bytes = format::counted(*width as u64, "byte");
            format!("{bytes}{order}: {counts}")
        }
    };
    Choice {
        title: framing.to_string(),
        detail,
        note: note.to_owned(),
        intents: vec![Intent::SetFraming(framing)],
        ..Choice::default()
    }
}

/// The orders that the rows of Traffic can have; the one in force the other way.
pub(crate) fn sort_orders(shared: &Shared, now: Option<SortOrder>) -> Choices {
    let order = |order: Option<SortOrder>, title: &str, detail: &str, note: &str| Choice {
        title: title.to_owned(),
        detail: detail.to_owned(),
        note: note.to_owned(),
        intents: vec![Intent::Traffic(TrafficWish::Sort(order))],
        ..Choice::default()
    };
    let columns = shared.columns.all.iter().map(|chosen| {
        let (column, row) = (chosen.column, chosen.column.row());
        let is_now = now.filter(|now| now.column == column);
        let is_descending = is_now.is_some_and(|now| !now.is_descending);
        let note = match is_now {
            None => "",
            Some(_) if is_descending => "in force; take it for the greatest first",
            Some(_) => "in force; take it for the least first",
        };
        order(Some(SortOrder { column, is_descending }), row.name, row.about, note)
    });
    let time = now.map(|_| order(None, "time order", "as it crossed, following the newest", ""));
    let all: Vec<Choice> = time.into_iter().chain(columns).collect();
    Choices {
        title: " Sort by ",
        hint: "[choose] sort · type to search · [back] close",
        size: (90, 24),
        opened_by: Some(Action::SortBy),
        ..Choices::new(all, 0)
    }
}

/// The colours that rows of this filter can have.
pub(crate) fn row_colors(filter: &str) -> Result<Choices, Intent> {
    if filter.trim().is_empty() {
        return Err(Intent::Say(
            "no filter is in force: [find] begins one, this colours its rows".into(),
        ));
    }
    let choice = |word: &str| Choice {
        title: word.to_owned(),
        intents: vec![Intent::Perform(Effect::Store(Job::AddColorRule {
            filter: filter.trim().to_owned(),
            color: word.to_owned(),
        }))],
        swatch: RowColor::read(word),
        ..Choice::default()
    };
    Ok(Choices {
        title: " Colour of these rows ",
        hint: "[choose] write the rule · [back] close",
        opened_by: Some(Action::ColorRows),
        ..Choices::new(RowColor::words().map(choice).collect(), 0)
    })
}
