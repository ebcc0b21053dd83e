//! A curl command, or a request as text, that is pasted into the address line fills the form.

use std::collections::BTreeMap;

use super::draft;
use crate::app::effect::Effect;
use crate::app::format::counted;
use crate::app::overlay::Overlay;
use crate::app::overlay::code::Code;
use crate::app::state::App;
use crate::interop::curl::{self, CommandFiles};
use crate::interop::request_text;
use crate::model::http::HttpSpec;
use crate::model::spec::Spec;
use crate::store::job::Job;

/// Fills the form, at once or when the files the command takes texts from are here.
pub(crate) fn pasted(app: &mut App, text: String) {
    let files = if request_text::is_request(&text) { Vec::new() } else { curl::files(&text) };
    if files.is_empty() {
        fill(app, &text, &CommandFiles::default());
        return;
    }
    let place = |name: String| {
        let path = app.shared.typed_path(&name);
        (name, path)
    };
    let files = files.into_iter().map(place).collect();
    app.pasted_command = Some(text);
    app.effects.push(Effect::Store(Job::ReadTexts { files }));
}

/// A command that was typed into the address line, or pasted by a terminal that does not mark what it
/// pastes: fills the form, and nothing is sent yet. Whether it was one.
pub(crate) fn typed(app: &mut App) -> bool {
    let typed = app.shared.drafts.current().spec.address().trim().to_owned();
    if !curl::is_command(&typed) {
        return false;
    }
    if typed.ends_with(['\\', '^', '`']) {
        app.warn("the curl command goes on in another line: put all of it into this one");
        return true;
    }
    draft::blur(app);
    app.shared.drafts.current_mut().spec.address_mut().clear();
    draft::draft_changed(app);
    pasted(app, typed);
    true
}

/// The files of a pasted command are here.
pub(crate) fn files_read(app: &mut App, contents: BTreeMap<String, Result<String, String>>) {
    let Some(text) = app.pasted_command.take() else { return };
    let now = app.shared.wall_clock.at(app.shared.now);
    let now = i64::try_from(now.0 / 1_000_000_000).unwrap_or(i64::MAX);
    fill(app, &text, &CommandFiles { contents, now });
}

/// What was composed before stays in its own draft.
fn fill(app: &mut App, text: &str, files: &CommandFiles) {
    if let Some((spec, left_out)) = request_text::parse(text) {
        compose(app, spec);
        return tell(app, "request", &left_out);
    }
    match curl::parse(text, files) {
        Ok((spec, ignored)) => {
            compose(app, spec);
            tell(app, "curl command", &ignored);
        }
        Err(error) => {
            let (line, column) = error.place(text);
            app.warn(format!("curl command, line {line}, column {column}: {error}"));
        }
    }
}

fn compose(app: &mut App, spec: HttpSpec) {
    draft::blur(app);
    let current = app.shared.drafts.current_mut();
    if current.is_blank() {
        current.replace(Spec::Http(spec));
    } else {
        app.shared.drafts.open(Spec::Http(spec));
    }
    draft::draft_changed(app);
}

/// Says what was done; what was left out or changed stands in a window of its own when it does not
/// fit into a line.
fn tell(app: &mut App, source: &str, remarks: &[String]) {
    let done = format!("filled from the {source}");
    if remarks.is_empty() {
        return app.done(done);
    }
    let text = format!("{done}; {}", remarks.join("; "));
    if text.chars().count() < usize::from(app.shared.size.0) {
        return app.done(text);
    }
    app.done(format!("{done}, with {}", counted(remarks.len() as u64, "remark")));
    let title = format!("What is different from the {source}");
    app.overlays.push(Overlay::Code(Code::remarks(&title, remarks)));
}
