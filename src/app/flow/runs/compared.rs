//! What changed since the run before: presets that both ran, their answers side by side.

use std::collections::HashSet;

use crate::app::keymap::Context;
use crate::app::overlay::Overlay;
use crate::app::overlay::code::Code;
use crate::app::preset_runs::EarlierRun;
use crate::app::state::App;
use crate::interop::run_compared::{CompareRules, compare_runs};
use crate::runner::KeptAnswer;

/// Shows what is another one than in the last run before that had any of these presets.
pub(super) fn show(app: &mut App) {
    let Some(shown) = &app.shared.runs.current else { return };
    if shown.is_live() {
        return app.say("the run is under way: what changed is shown when it is over");
    }
    let now = shown.kept("now");
    let known: HashSet<(&str, &str)> =
        now.answers.iter().map(|it| (it.preset.as_str(), it.round.as_str())).collect();
    let is_known = |it: &KeptAnswer| known.contains(&(it.preset.as_str(), it.round.as_str()));
    let earlier = app.shared.runs.earlier.iter().rev();
    let mut earlier = earlier.filter(|earlier| earlier.run.answers.iter().any(is_known));
    let Some(EarlierRun { names, run, has_answers }) = earlier.next() else {
        let words = "there is no run before it with these presets: [run-again] runs them once more";
        let contexts = [Context::RunRows, Context::Global];
        return app.say(app.shared.keymap.keyed(&contexts, words));
    };
    let mut before = run.clone();
    if *names != shown.wish.names {
        // Of another choice of presets only those of both are of interest.
        before.answers.retain(is_known);
    }
    let is_whole = *has_answers && shown.has_answers();
    let left_out = ["header".to_owned(), "body".to_owned()];
    let left_out = if is_whole { &[][..] } else { &left_out[..] };
    let rules = CompareRules::parse(left_out, None).unwrap_or_default();
    let mut lines = compare_runs(&before, &now, &rules).lines();
    if !is_whole {
        lines.push("headers and bodies are not compared: they are more than 32 MiB".to_owned());
    }
    let title = format!("{} since {}", shown.wish.title, before.name);
    app.overlays.push(Overlay::Code(Code::remarks(&title, &lines)));
}
