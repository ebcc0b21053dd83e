//! Whose presets are used: those of a project that others may change only when its user says so.
//!
//! Nothing of the workspace is read before that is answered. Closing the question without an
//! answer leaves them out; leaving the program answers nothing.

use super::overlays;
use crate::app::effect::Effect;
use crate::app::intent::{Intent, Question};
use crate::app::state::App;
use crate::model::failure::Failure;
use crate::store::job::{ForeignProject, Job};

/// Reads the workspace and the drafts, or asks first which workspace that is.
pub(crate) fn begin(app: &mut App) {
    match app.foreign.as_ref().map(|foreign| (foreign.used, foreign.doubt())) {
        Some((None, doubt)) => {
            let text = format!(
                "{doubt}. The presets of this project say what is sent where, and which files go \
                 along. Use them from now on?"
            );
            let question = Question::new(text, ["Use", "Leave out"], Intent::UseProject(true));
            overlays::ask(app, question.otherwise(Intent::UseProject(false)));
        }
        Some((Some(used), doubt)) => {
            load(app);
            let what = if used {
                "the presets of this project are used"
            } else {
                "the presets of this project are left out"
            };
            app.say(format!("{doubt}: {what}"));
        }
        None => load(app),
    }
}

fn load(app: &mut App) {
    app.effects.push(Effect::Store(Job::LoadWorkspace));
    app.effects.push(Effect::Store(Job::LoadRestore));
}

/// The answer to the question.
pub(crate) fn choose(app: &mut App, used: bool) {
    let Some(foreign) = app.foreign.take().filter(|foreign| foreign.used.is_none()) else { return };
    let project = ForeignProject { used: Some(used), ..foreign };
    app.foreign = Some(project.clone());
    app.effects.push(Effect::Store(Job::UseProject { project, used }));
}

/// The store uses the workspace that was chosen.
pub(crate) fn chosen(app: &mut App, failure: Option<Failure>) {
    load(app);
    if let Some(failure) = failure {
        app.warn(failure.to_string());
    }
}
