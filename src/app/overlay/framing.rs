//! The framing picker: how what was received is cut into messages. A framing can also be typed.

use ratatui::layout::Rect;

use super::choices::{Choice, Choices};
use super::{Flow, Overlay};
use crate::app::App;
use crate::app::cursor::Step;
use crate::app::message::{Mouse, MouseKind};
use crate::app::pane::response::talk::framing;
use crate::model::key::{Key, KeyCode};
use crate::timeline::conversation::framing::{Counts, Framing, Order, Width};

/// State of the picker.
#[derive(Debug)]
pub struct FramingPicker {
    pub choices: Choices<Framing>,
}

/// Opens it, unless the session on screen cannot be cut anew.
pub(in crate::app) fn open(app: &mut App) {
    if let Some(why) = framing::refusal(app) {
        app.say(why);
        return;
    }
    let current = framing::current(app).clone();
    let mut known = known();
    if !known.contains(&current) {
        known.insert(1, current.clone());
    }
    let all = known.into_iter().map(|framing| {
        let note = if framing == current { "in force" } else { "" };
        choice(framing, note)
    });
    let mut choices = Choices::new(all.collect());
    choices.select(|framing| *framing == current);
    app.overlays.push(Overlay::Framing(FramingPicker { choices }));
}

/// The framings that need nothing typed.
fn known() -> Vec<Framing> {
    let mut known = vec![Framing::AsReceived, Framing::Lines];
    known.extend([b"\0", b"\r"].map(|bytes| Framing::Delimiter(bytes.to_vec())));
    known.push(Framing::Fixed(16));
    for counts in [Counts::Payload, Counts::Whole] {
        for width in Width::ALL {
            for order in [Order::Big, Order::Little] {
                if width != Width::One || order == Order::Big {
                    known.push(Framing::Length { width, order, counts });
                }
            }
        }
    }
    known
}

fn choice(framing: Framing, note: &str) -> Choice<Framing> {
    let detail = match &framing {
        Framing::AsReceived => "reads of one moment are one row".to_owned(),
        Framing::Lines => "a message ends behind LF".to_owned(),
        Framing::Delimiter(_) => "a message ends behind these bytes".to_owned(),
        Framing::Fixed(_) => "every message has so many bytes; type another number".to_owned(),
        Framing::Length { width, order, counts } => {
            let order = match (width, order) {
                (Width::One, _) => "",
                (_, Order::Big) => " big-endian",
                (_, Order::Little) => " little-endian",
            };
            let counts = match counts {
                Counts::Payload => "so many bytes follow",
                Counts::Whole => "counted with itself",
            };
            let bytes = width.bytes();
            format!("{bytes} byte{}{order}: {counts}", if bytes == 1 { "" } else { "s" })
        }
    };
    Choice {
        title: framing.to_string(),
        value: framing,
        detail,
        note: note.to_owned(),
        words: String::new(),
    }
}

/// What is typed may be a framing that is not in the list.
fn offer(picker: &mut FramingPicker) {
    let text = picker.choices.editor.text();
    let typed = Framing::parse(&text).ok().filter(|framing| !known().contains(framing));
    picker.choices.offer(typed.map(|framing| choice(framing, "as typed")));
}

pub(super) fn key(app: &mut App, picker: &mut FramingPicker, key: Key) -> Flow {
    if key.code == KeyCode::Enter {
        return take(app, picker);
    }
    let (width, height) = super::FRAMING;
    let inner = super::inner(super::placed(app.size, width, height));
    let before = picker.choices.editor.text();
    picker.choices.key(key, Choices::<Framing>::parts(inner).1);
    if picker.choices.editor.text() != before {
        offer(picker);
    }
    Flow::Stay
}

pub(super) fn paste(picker: &mut FramingPicker, text: &str) {
    picker.choices.paste(text);
    offer(picker);
}

fn take(app: &mut App, picker: &FramingPicker) -> Flow {
    if let Some(choice) = picker.choices.selected() {
        framing::choose(app, choice.value.clone());
        return Flow::Close;
    }
    if let Err(why) = Framing::parse(&picker.choices.editor.text()) {
        app.say(why);
    }
    Flow::Stay
}

pub(super) fn mouse(app: &mut App, picker: &mut FramingPicker, inner: Rect, mouse: Mouse) -> Flow {
    let (_, list) = Choices::<Framing>::parts(inner);
    match mouse.kind {
        MouseKind::ScrollUp => picker.choices.step(Step::Up, list.height),
        MouseKind::ScrollDown => picker.choices.step(Step::Down, list.height),
        MouseKind::Press
            if list.contains((mouse.column, mouse.row).into())
                && picker.choices.click(mouse.row - list.y, list.height) =>
        {
            return take(app, picker);
        }
        _ => {}
    }
    Flow::Stay
}
