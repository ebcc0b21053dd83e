//! Writing what Traffic has to a file, or into a program as it comes.

use jiff::tz::Offset;

use super::overlays;
use crate::app::effect::Effect;
use crate::app::exporting::{
    ExportChoice, ExportId, ExportOrder, ExportReport, ExportStep, ExportTarget, ExportWish,
};
use crate::app::format::counted;
use crate::app::intent::{Intent, Question, TrafficWish};
use crate::app::message::Timer;
use crate::app::overlay::Overlay;
use crate::app::overlay::export::{ExportCounts, ExportWindow};
use crate::app::running_exports::{ExportTurn, RunningExport};
use crate::app::state::App;
use crate::app::time_format::TimeFormat;
use crate::interop::export::{ExportFormat, ExportTimes};
use crate::model::id::ConnId;
use crate::model::secrets::Disclosure;
use crate::store::job::Overwrite;

/// The name under which the command of a pipe outlives the program.
pub(super) const COMMAND: &str = "export.command";

/// What of exports outlives the program.
pub(super) fn saved(app: &App) -> Option<(String, String)> {
    let command = &app.shared.live_command;
    (!command.is_empty()).then(|| (COMMAND.to_owned(), command.clone()))
}

/// The key of exports: the window, or while one is under way its end.
pub(crate) fn act(app: &mut App) {
    if let Some(running) = app.exports.of(false) {
        let then = Intent::Traffic(TrafficWish::CancelExport(running.id));
        let text = "An export is under way. Cancel it? Nothing of it stays.";
        return overlays::ask(app, Question::new(text, ["Cancel it", "Go on"], then));
    }
    if app.shared.timeline.is_empty() {
        return app.say("there is no record yet");
    }
    let timeline = &app.shared.timeline;
    let (all, marked) = (timeline.len() as u64, timeline.pinned() as u64);
    let filter = app.traffic.filter.text.clone();
    let shown = (!filter.is_empty()).then(|| app.traffic.listing.len() as u64);
    let (window, asked) = ExportWindow::new(&app.shared, ExportCounts { all, shown, marked });
    app.overlays.push(Overlay::Export(Box::new(window)));
    app.intents.extend(asked);
}

/// Begins an export.
pub(crate) fn begin(app: &mut App, wish: ExportWish) {
    let is_live = matches!(wish.target, ExportTarget::Program(_));
    if app.exports.of(is_live).is_some() {
        return app.say("one is under way already");
    }
    let shared = &app.shared;
    let told = if wish.with_secrets { Disclosure::Everything } else { shared.disclosure() };
    let offset = shared.utc_offset.unwrap_or(Offset::UTC);
    let times = match shared.columns.times {
        TimeFormat::Clock | TimeFormat::Micros | TimeFormat::Date => ExportTimes::At(offset),
        TimeFormat::Utc => ExportTimes::At(Offset::UTC),
        TimeFormat::Relative | TimeFormat::SinceMark => {
            let began = shared.timeline.began.unwrap_or(shared.now);
            ExportTimes::Since(shared.wall_clock.at(began))
        }
    };
    let (format, target) = (wish.format, wish.target.clone());
    let order = Box::new(ExportOrder { format, target, told, times });
    app.exports.last = ExportId(app.exports.last.0 + 1);
    let id = app.exports.last;
    let filter = app.traffic.listing.filter();
    app.exports.list.push(RunningExport::new(id, wish, shared, filter));
    app.effects.push(Effect::Export(id, ExportStep::Begin(order)));
    go_on(app);
}

/// The shell tells of an export; of one that is over nothing is heard.
pub(crate) fn reported(app: &mut App, id: ExportId, report: ExportReport) {
    let Some(at) = app.exports.list.iter().position(|it| it.id == id) else { return };
    match report {
        ExportReport::Took => {
            if let Some(running) = app.exports.list.get_mut(at) {
                running.was_taken();
            }
            go_on(app);
        }
        ExportReport::NameTaken(path) => {
            let mut wish = app.exports.list.remove(at).wish;
            if let ExportTarget::File { overwrite, .. } = &mut wish.target {
                *overwrite = Overwrite::Replace;
            }
            let text = format!("{} is there already. Replace it?", path.display());
            let then = Intent::Traffic(TrafficWish::Export(Box::new(wish)));
            overlays::ask(app, Question::new(text, ["Replace", "Cancel"], then));
        }
        ExportReport::Ended(outcome) => {
            let running = app.exports.list.remove(at);
            app.shared.is_piping = app.exports.of(true).is_some();
            match outcome {
                Ok(words) => app.done(words + &before(app, &running)),
                Err(failure) => app.warn(failure.to_string()),
            }
        }
    }
}

/// What was gone before anybody asked for it.
fn before(app: &App, running: &RunningExport) -> String {
    let gone = app.shared.timeline.evicted.records;
    if gone == 0 || running.is_live() || running.wish.choice == ExportChoice::Marked {
        return String::new();
    }
    format!("; of all that crossed, {} were evicted and are not in it", counted(gone, "record"))
}

/// Ends an export for which nothing shall stay, or one into a program.
pub(crate) fn cancel(app: &mut App, id: ExportId) {
    let Some(at) = app.exports.list.iter().position(|it| it.id == id) else { return };
    app.exports.list.remove(at);
    app.shared.is_piping = app.exports.of(true).is_some();
    app.effects.push(Effect::Export(id, ExportStep::Cancel));
    app.say("the export is cancelled");
}

/// Pipes what is there and what comes into a command, secrets masked; the command is remembered.
pub(super) fn pipe_live(app: &mut App, command: String) {
    app.shared.live_command.clone_from(&command);
    app.touched();
    let target = ExportTarget::Program(command);
    let (choice, format) = (ExportChoice::Shown, ExportFormat::Pcapng);
    begin(app, ExportWish { choice, format, with_secrets: false, target });
    app.shared.is_piping = app.exports.of(true).is_some();
    app.say(app.keyed("packets go there as they come; [pipe-live] ends that"));
}

/// Ends what goes into a program; what it shows stays.
pub(crate) fn end_live(app: &mut App) {
    let Some(id) = app.exports.of(true).map(|it| it.id) else {
        return app
            .say(app.keyed("[go-to-traffic], then [pipe-live] pipes packets into Wireshark"));
    };
    cancel(app, id);
    app.say("nothing goes into the program any more; what it has stays there");
}

/// A connection is over.
pub(crate) fn conn_over(app: &mut App, conn: ConnId) {
    app.exports.list.iter_mut().for_each(|it| it.is_over(conn));
}

/// One step of each export; the rest follows in a moment, or when the shell took something.
pub(crate) fn go_on(app: &mut App) {
    let App { shared, exports, effects, .. } = app;
    for running in &mut exports.list {
        match running.turn(shared) {
            ExportTurn::Piece(piece) => {
                effects.push(Effect::Export(running.id, ExportStep::Piece(piece)));
            }
            ExportTurn::Finish => effects.push(Effect::Export(running.id, ExportStep::Finish)),
            ExportTurn::Later | ExportTurn::Wait => {}
        }
    }
    let is_more = exports.list.iter().any(|it| it.has_more(shared));
    if is_more && !std::mem::replace(&mut exports.is_due, true) {
        app.intents.push_back(Intent::soon(Timer::Export));
    }
}

/// The timer of exports went off.
pub(crate) fn timer_fired(app: &mut App) {
    app.exports.is_due = false;
    go_on(app);
}
