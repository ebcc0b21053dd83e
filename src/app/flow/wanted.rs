//! Values that are got when something is sent: programs are run, what is asked for is asked for, and then it is sent.
//!
//! ```text
//! send ─► issues that only want values ─► Effect::RunPrograms ─► Message::Programs ─► Shared::given ─► send
//!                                      └► a question for each ─► ValueWish::Answer ─────────────► send
//! ```
//! What programs gave is kept as long as the program runs; what was typed is for this one send.

use super::overlays;
use crate::app::action::Action;
use crate::app::choices::{Choice, Choices};
use crate::app::effect::Effect;
use crate::app::intent::{EnvironmentWish, Intent, Question};
use crate::app::overlay::Overlay;
use crate::app::overlay::ask::AskWindow;
use crate::app::preset_runs::RunAsk;
use crate::app::state::App;
use crate::app::waiting_send::{WaitingSend, WaitsFor};
use crate::app::wanted_values::{ProgramAnswer, ProgramOrder, ValueWish, WaitingLine};
use crate::codec::printable::printable_str;
use crate::compose::asked_value::AskedValue;
use crate::compose::template::WantedValue;
use crate::compose::{Issue, UnknownNames};
use crate::model::preset::{Scope, ValueCommand};
use crate::model::secrets::Secrets;
use crate::model::value_source::{self, ValueSource};

/// Rounds of getting values: each may show that another one is needed.
const ROUNDS: usize = 32;

/// Puts what was answered into what is sent, or run.
pub(crate) fn answered(app: &App, of: WaitsFor, scope: &mut Scope) {
    if let Some(waiting) = app.waiting.as_ref().filter(|waiting| waiting.of == of) {
        scope.typed.clone_from(&waiting.typed);
        scope.veiled.clone_from(&waiting.veiled);
    }
}

/// Gets what is wanted, if nothing else keeps the draft on screen from being sent; tells whether it does.
pub(crate) fn gets(app: &mut App, issues: &[Issue], unknown: UnknownNames) -> bool {
    let wanted: Option<Vec<&WantedValue>> = issues.iter().map(|it| it.wants.as_deref()).collect();
    let Some(wanted) = wanted.filter(|wanted| !wanted.is_empty()) else { return false };
    get(app, &wanted, WaitsFor::Draft(app.shared.drafts.current().id), unknown)
}

/// Gets values; whether it can go on with what was got before.
pub(crate) fn get(
    app: &mut App,
    wanted: &[&WantedValue],
    of: WaitsFor,
    unknown: UnknownNames,
) -> bool {
    let waiting = app.waiting.take_if(|waiting| waiting.of == of);
    let mut waiting = waiting.unwrap_or_else(|| WaitingSend::new(of, unknown));
    waiting.rounds += 1;
    if waiting.rounds > ROUNDS {
        return false;
    }
    let mut sources: Vec<ValueSource> = Vec::new();
    for one in wanted {
        match one {
            WantedValue::Given(_, command) if !sources.contains(&command.source) => {
                sources.push(command.source.clone());
            }
            WantedValue::Asked(asked) if !waiting.asked.contains(asked) => {
                waiting.asked.push(asked.clone());
            }
            WantedValue::Given(..) | WantedValue::Asked(_) => {}
        }
    }
    if !sources.is_empty() {
        // Nobody is asked before it is known that the rest is there.
        waiting.asked.clear();
    }
    app.waiting = Some(waiting);
    if sources.is_empty() {
        ask_next(app);
    } else {
        run(app, sources, false);
    }
    true
}

fn run(app: &mut App, sources: Vec<ValueSource>, is_allowed: bool) {
    let does = if are_programs(&sources) { "running" } else { "asking" };
    let shown = value_source::list(&sources);
    app.say(format!("a value is needed: {does} {}", printable_str(&shown)));
    let root = app.shared.workspace.root.clone();
    let order = ProgramOrder { root, sources, is_allowed };
    app.effects.push(Effect::RunPrograms(order));
}

fn are_programs(sources: &[ValueSource]) -> bool {
    sources.iter().all(|source| matches!(source, ValueSource::Program(_)))
}

/// Asks for the first of what is missing.
fn ask_next(app: &mut App) {
    let first = app.waiting.as_ref().and_then(|waiting| waiting.asked.first().cloned());
    let Some(asked) = first else { return };
    let last = app.answered.get(&asked.label).cloned().unwrap_or_default();
    if asked.choices.is_empty() {
        let window = AskWindow::new(asked, &last);
        app.overlays.push(Overlay::Ask(Box::new(window)));
        return;
    }
    let choice = |value: &String| Choice {
        title: value.clone(),
        detail: asked.label.clone(),
        intents: vec![ValueWish::Answer(value.clone()).into()],
        ..Choice::default()
    };
    let all: Vec<Choice> = asked.choices.iter().map(choice).collect();
    let current = asked.choices.iter().position(|value| *value == last).unwrap_or(0);
    overlays::choose_from(
        app,
        Choices {
            title: " Choose a value ",
            hint: "[choose] choose and send · type to search · [back] do not send",
            ..Choices::new(all, current)
        },
    );
}

/// Does what a question for a value was answered with.
pub(crate) fn wished(app: &mut App, wish: ValueWish) {
    match wish {
        ValueWish::Run(sources) => run(app, sources, true),
        ValueWish::Stop => match app.waiting.take().map(|waiting| waiting.of) {
            Some(WaitsFor::Draft(_) | WaitsFor::Line(_)) => {
                app.say("not sent: a value it needs was not given");
            }
            Some(WaitsFor::Run) => give_up(app, "a value it needs was not given"),
            None => {}
        },
        ValueWish::OfLine(line, wanted) => {
            if !get(app, &[&wanted], WaitsFor::Line(line), UnknownNames::Refused) {
                app.waiting = None;
                app.warn("not sent: the values it needs are not to be had");
            }
        }
        ValueWish::Answer(value) => {
            let Some(waiting) = &mut app.waiting else { return };
            if waiting.asked.is_empty() {
                return;
            }
            let AskedValue { label, is_secret, .. } = waiting.asked.remove(0);
            if is_secret {
                waiting.veiled.insert(label.clone());
                app.shared.hide(&Secrets::new([value.as_str()]));
            } else {
                app.answered.insert(label.clone(), value.clone());
            }
            waiting.typed.insert(label, value);
            if waiting.asked.is_empty() { go_on(app) } else { ask_next(app) }
        }
    }
}

/// Sends what waited, if it is still on the screen.
fn go_on(app: &mut App) {
    let Some(waiting) = &mut app.waiting else { return };
    if waiting.of == WaitsFor::Run {
        return app.intents.push_back(Intent::Runs(RunAsk::GoOn));
    }
    if let WaitsFor::Line(line) = waiting.of {
        return send_line(app, line);
    }
    if waiting.of == WaitsFor::Draft(app.shared.drafts.current().id) {
        waiting.is_answered = true;
        let action = match waiting.unknown {
            UnknownNames::Refused => Action::Send,
            UnknownNames::Literal => Action::SendLiteral,
        };
        app.intents.push_back(Intent::PassOn(action));
    } else {
        app.waiting = None;
        app.say("the values are there, but another draft is on the screen: nothing was sent");
    }
}

/// Sends what is typed in a conversation with the values that were got, or gets what is still missing.
fn send_line(app: &mut App, line: WaitingLine) {
    if app.shared.session().is_none_or(|session| session.id != line.session) {
        app.waiting = None;
        return app.say(
            "the values are there, but another conversation is on the screen: nothing was sent",
        );
    }
    if let Some(waiting) = &app.waiting {
        app.shared.line_values.clone_from(&waiting.typed);
    }
    let outcome = app.conversation.send(&app.shared, line.how);
    app.shared.line_values.clear();
    let wants_more = |intent: &Intent| {
        matches!(intent, Intent::Environments(EnvironmentWish::Value(ValueWish::OfLine(..))))
    };
    if !outcome.intents.iter().any(wants_more) {
        app.waiting = None;
    }
    app.take(outcome);
}

/// What came of programs that were to give values.
pub(crate) fn programs(app: &mut App, answer: ProgramAnswer) {
    match answer {
        ProgramAnswer::Unanswered(sources) => ask_whether(app, sources),
        ProgramAnswer::Failed(failure) => lost(app, &failure.to_string()),
        ProgramAnswer::Given(given) => {
            let mut failed = None;
            for (source, given) in given {
                match given {
                    Ok(value) => {
                        if is_secret(app, &source) {
                            app.shared.hide(&Secrets::new([value.as_str()]));
                        }
                        app.shared.given.insert(source, value);
                    }
                    Err(why) => failed = failed.or(Some((source, why))),
                }
            }
            match failed {
                None => go_on(app),
                Some((source, why)) => {
                    let why = format!("{}: {why}", named(app, &source));
                    let why = app.shared.disclosure().words(&why);
                    lost(app, &printable_str(&why));
                }
            }
        }
    }
}

/// Asks whether a project may have these values.
fn ask_whether(app: &mut App, sources: Vec<ValueSource>) {
    let shown = value_source::list(&sources);
    let shown = printable_str(&shown);
    let (text, yes) = if are_programs(&sources) {
        let text = format!(
            "The environment of this project gets values from a program: {shown}. It would run now, and whenever \
             they are needed. Run it?"
        );
        (text, "Run")
    } else {
        let text = format!(
            "The environment of this project wants values of your system: {shown}. They would be got now, and \
             whenever they are needed, and what it sends them to is up to its presets. May it have them?"
        );
        (text, "Allow")
    };
    let question = Question::new(text, [yes, "Do not send"], ValueWish::Run(sources).into());
    overlays::ask(app, question.otherwise(ValueWish::Stop.into()));
}

/// A source as a failure names it: an entry of the keyring with the variable it stands for and the file of that.
fn named(app: &App, source: &ValueSource) -> String {
    let words = source.in_words();
    if are_programs(std::slice::from_ref(source)) {
        return words;
    }
    let layers = app.shared.environment.as_deref().map(|it| app.shared.workspace.layers(it));
    let mut commands = layers.into_iter().flatten().flat_map(|layer| &layer.commands);
    match commands.find(|(_, command)| command.source == *source) {
        Some((name, command)) => format!("{name} in {} ({words})", command.file),
        None => words,
    }
}

/// What waits for a value will not get it.
fn lost(app: &mut App, why: &str) {
    match app.waiting.take().map(|waiting| waiting.of) {
        Some(WaitsFor::Run) => give_up(app, why),
        Some(WaitsFor::Draft(_) | WaitsFor::Line(_)) | None => app.warn(format!("not sent: {why}")),
    }
}

/// Whether nobody shall read what a source gives.
fn is_secret(app: &App, source: &ValueSource) -> bool {
    let environments = app.shared.workspace.environments.iter();
    let mut commands = environments.flat_map(|it| it.commands.values());
    !commands.any(|command: &ValueCommand| command.source == *source && !command.is_secret)
}

/// A run that waits for values does not begin.
fn give_up(app: &mut App, why: &str) {
    app.intents.push_back(Intent::Runs(RunAsk::GiveUp(why.to_owned())));
}
