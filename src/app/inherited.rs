//! What a draft has from the folders of its preset: which field, and from which file.
//!
//! Asked by the form, its painter and the flow of drafts. The spec of a draft is whole; a field is inherited as long as it
//! holds what the nearest folder gives.

use super::drafts::Draft;
use super::form::row_lists::{self, KeptRow};
use super::form::{FormFieldId, access, url_rows};
use super::shared::Shared;
use crate::model::field_access::{self as fields, FoundField};
use crate::model::field_id::FieldId;
use crate::model::inherit;
use crate::model::preset::PresetPath;
use crate::model::spec::Spec;
use crate::store::job::{Workspace, given};

/// What folders give to a draft.
pub(crate) struct Inheritance<'a> {
    spec: &'a Spec,
    /// By folder, the outermost first.
    layers: Vec<(&'a str, &'a Spec)>,
}

impl<'a> Inheritance<'a> {
    /// Of the draft of a preset; `None` = its folders give it nothing.
    pub(crate) fn of(workspace: &'a Workspace, draft: &'a Draft) -> Option<Self> {
        let path = draft.preset.as_ref()?;
        let layers = workspace.applying(path.folder()).filter_map(|defaults| {
            let spec = of_kind(&defaults.given, &draft.spec)?;
            Some((defaults.folder.as_str(), spec))
        });
        let layers: Vec<_> = layers.collect();
        (!layers.is_empty()).then_some(Inheritance { spec: &draft.spec, layers })
    }

    /// The file a field has its value from; `None` = it is its own, or what the program begins with.
    pub(crate) fn giver(&self, id: FormFieldId) -> Option<String> {
        let FormFieldId::Field(id) = id else { return None };
        if url_rows::has(id) {
            return None;
        }
        let holds = |given: &Spec| self.is_as(given, id);
        let holding = self.layers.iter().rev().take_while(|(_, given)| holds(given));
        let (folder, _) = holding.last()?;
        let begins = Spec::empty(self.spec.protocol(), self.spec.side());
        let is_outermost = self.layers.first().is_some_and(|(first, _)| first == folder);
        (!(is_outermost && holds(&begins))).then(|| file_of(folder))
    }

    /// What a field holds once nothing of its own is in it.
    pub(crate) fn text(&self, id: FormFieldId) -> Option<String> {
        let (FormFieldId::Field(field), Some((_, given))) = (id, self.layers.last()) else {
            return None;
        };
        let text = access::get(given, id);
        (field.in_list().is_none() && !text.is_empty()).then_some(text)
    }

    /// Whether a spec holds the same there.
    fn is_as(&self, given: &Spec, id: FieldId) -> bool {
        let Some((list, at)) = id.in_list() else {
            let text = |spec| access::get(spec, FormFieldId::Field(id));
            return text(given) == text(self.spec);
        };
        let info = fields::find(self.spec.options(), &list).map(FoundField::info);
        let (Some(info), Some(theirs), Some(mine)) =
            (info, fields::rows(given.options(), &list), fields::rows(self.spec.options(), &list))
        else {
            return false;
        };
        if inherit::is_merged(info) {
            inherit::has_row(theirs, mine, at)
        } else {
            at < mine.count() && inherit::is_same_rows(mine, theirs)
        }
    }
}

fn file_of(folder: &str) -> String {
    if folder.is_empty() { "_defaults.toml".to_owned() } else { format!("{folder}/_defaults.toml") }
}

fn of_kind<'a>(given: &'a [Spec], spec: &Spec) -> Option<&'a Spec> {
    given.iter().find(|given| given.section() == spec.section())
}

/// What a draft was begun with in a folder of this workspace; `None` as the folder = it is in none.
fn begun(workspace: &Workspace, folder: Option<&str>, spec: &Spec) -> Spec {
    let given = folder.and_then(|folder| of_kind(given(&workspace.defaults, folder), spec));
    given.cloned().unwrap_or_else(|| Spec::empty(spec.protocol(), spec.side()))
}

/// What is not the draft's own becomes what another folder gives, or the same folder by now.
pub(crate) fn follow(draft: &mut Draft, before: &Workspace, now: &Workspace, path: &PresetPath) {
    let own = draft.preset.as_ref().map(PresetPath::folder);
    let before = begun(before, own, &draft.spec);
    let now = begun(now, Some(path.folder()), &draft.spec);
    if before != now {
        inherit::rebase(draft.spec.options_mut(), before.options(), now.options());
    }
}

/// Takes what is typed into a field that is inherited, or was, where that means something else than in any other: an
/// empty text gives back what the folder gives, and the name of a row of the folder stays. `None` = it means what it says.
pub(crate) fn edit(shared: &mut Shared, id: FormFieldId, text: &str) -> Option<Result<(), String>> {
    let inheritance = shared.inheritance()?;
    if let FormFieldId::Field(field) = id
        && field.in_list().is_some()
        && field.last_key() == "name"
        && access::text(inheritance.spec, id) != text
        && let Some(file) = inheritance.giver(id)
    {
        return Some(Err(format!("the name is from {file}: a row below it can be another")));
    }
    let back = inheritance.text(id).filter(|_| text.is_empty())?;
    let draft = shared.drafts.current_mut();
    Some(draft.steps.write(&mut draft.spec, id, &back))
}

/// Gives back the row of a folder in whose place a row of the draft's own stands; tells whether there is one.
pub(crate) fn give_row_back(shared: &mut Shared, id: FormFieldId) -> bool {
    let Some((rows, at)) = displaced(shared, id) else { return false };
    let Some((list, _)) = id.in_list().filter(|_| !rows.is_empty()) else { return false };
    let draft = shared.drafts.current_mut();
    draft.steps.choose(&mut draft.spec, id, |spec| {
        row_lists::remove(spec, list, at);
        rows.iter().enumerate().for_each(|(after, row)| {
            row_lists::insert(spec, list, at + after, row);
        });
    });
    true
}

/// The rows of the folder in whose place a row stands, and where that is.
fn displaced(shared: &Shared, id: FormFieldId) -> Option<(Vec<KeptRow>, usize)> {
    let inheritance = shared.inheritance()?;
    let (_, given) = inheritance.layers.last()?;
    let (list, at) = id.in_list()?;
    let mine = inheritance.spec.options();
    let info = fields::find(mine, &list)?.info();
    let (mine, theirs) = (fields::rows(mine, &list)?, fields::rows(given.options(), &list)?);
    let places = inherit::displaced(mine, at, theirs, info);
    let rows = places.into_iter().filter_map(|place| row_lists::kept(given, list, place));
    Some((rows.collect(), at))
}
