//! What a paste does in the form: text in a field, rows in a list, a whole request of a curl command.

use super::form_editor::{RequestPane, form};
use super::moves::begins_text;
use crate::app::editor::PASTE_LIMIT;
use crate::app::form::access::TextSpelling;
use crate::app::form::pasted_rows::{self, HeaderSide, PastedRows};
use crate::app::form::{FormFieldId, access};
use crate::app::format;
use crate::app::importing::ImportWish;
use crate::app::intent::{Intent, RowChange};
use crate::app::outcome::Outcome;
use crate::app::shared::Shared;
use crate::interop::import::is_import;
use crate::interop::{curl, request_text};
use crate::model::field::Spelling;

impl RequestPane {
    /// Pasted text. A curl command or a request in the address line fills the whole form.
    pub(super) fn paste(&mut self, shared: &Shared, text: &str) -> Outcome {
        let is_address = shared.drafts.current().at == FormFieldId::Address;
        // Of a script with several curl commands the form takes the first, and says so.
        if is_address && is_import(text) && !curl::is_command(text) {
            return Intent::Import(ImportWish::Pasted(text.to_owned())).into();
        }
        let is_whole = || curl::is_command(text) || request_text::is_request(text);
        if is_address && is_whole() {
            return Intent::FillFromCurl(text.to_owned()).into();
        }
        let draft = shared.drafts.current();
        if let Some(rows) = rows_of(shared, text) {
            return Intent::Rows(RowChange::Paste(draft.at, Box::new(rows))).into();
        }
        if let Some(where_to) = of_another_list(shared, text) {
            return Outcome::say(where_to);
        }
        let spelling = access::spelling(&draft.spec, draft.at);
        let Some(editor) = self.open_editor(shared) else {
            if let Some(field) = begins_text(&form(shared), draft.at, draft.tab) {
                return Intent::PasteInto(field, text.to_owned()).into();
            }
            return Outcome::say("paste goes into a text field; move to one first");
        };
        let cut = format::start_of(text, PASTE_LIMIT);
        let inserted = match spelling {
            TextSpelling::Escapes => editor.insert_payload(cut),
            TextSpelling::Hex => editor.insert(&cut.replace('\r', "")),
            TextSpelling::Plain => editor.insert(cut),
        };
        let mut outcome = self.written_line(shared);
        if self.editor.is_none() {
            return outcome;
        }
        if is_address {
            // A pasted address says at once what it is of.
            outcome = outcome.with(Intent::AdoptAddress);
        }
        if cut.len() < text.len() {
            let why =
                format!("the paste was cut after {PASTE_LIMIT} bytes; use a file body instead");
            outcome.with(Intent::Warn(why))
        } else if let Some(what) = inserted.remark() {
            outcome.with(Intent::Quote(what))
        } else {
            outcome
        }
    }
}

/// Where several headers belong that are pasted into one line of a rule or step.
fn of_another_list(shared: &Shared, text: &str) -> Option<&'static str> {
    let spec = &shared.drafts.current().spec;
    let at = shared.drafts.current().at;
    let spelling = access::list_spelling(spec, at)?;
    let is_table = matches!(spelling, Spelling::Table | Spelling::Headed);
    let pasted = pasted_rows::rows(text, Spelling::Header, HeaderSide::Request);
    let several = pasted.is_some_and(|pasted| pasted.rows.len() > 1);
    let is_line = is_table && several && !access::is_area(spec, at);
    is_line.then_some(if spelling == Spelling::Headed {
        "lines of headers go into the rows of headers, below the table"
    } else {
        "several lines: a row of this list is one; paste them one by one"
    })
}

/// The rows a pasted text means in a list, where the cursor is in a row that is empty yet.
fn rows_of(shared: &Shared, text: &str) -> Option<PastedRows> {
    let draft = shared.drafts.current();
    let spelling = access::list_spelling(&draft.spec, draft.at)?;
    let FormFieldId::Field(field) = draft.at else { return None };
    let (list, at) = field.in_list()?;
    let cell = |key| access::text(&draft.spec, FormFieldId::Field(list.row(at).then(key)));
    // In the cell of a value one line is the value, whatever it looks like.
    let is_rows = match field.last_key() {
        "name" => true,
        "value" => text.trim().contains(['\r', '\n']),
        _ => false,
    };
    let is_free = is_rows
        && ["name", "value", "file", "text-file"].into_iter().all(|key| cell(key).is_empty());
    let answers = draft.spec.side().listens();
    let side = if answers { HeaderSide::Response } else { HeaderSide::Request };
    is_free.then(|| pasted_rows::rows(text, spelling, side)).flatten()
}
