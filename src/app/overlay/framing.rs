//! The framing picker: how what was received is cut into messages. A framing can also be typed.

use ratatui::layout::Rect;

use super::choices::{Choice, Choices};
use super::{Flow, Overlay};
use crate::app::cursor::CursorStep;
use crate::app::intent::Intent;
use crate::app::message::{Mouse, MouseKind};
use crate::app::state::App;
use crate::model::key::{Key, KeyCode};
use crate::timeline::framing::{ByteOrder, Counts, LengthWidth, StreamFraming};

/// State of the picker.
#[derive(Debug)]
pub struct FramingPicker {
    pub choices: Choices<StreamFraming>,
}

/// Opens it.
pub(in crate::app) fn open(app: &mut App) {
    let current = app.shared.drafts.current().framing.clone();
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
fn known() -> Vec<StreamFraming> {
    let mut known = vec![StreamFraming::AsReceived, StreamFraming::Lines];
    known.extend([b"\0", b"\r"].map(|bytes| StreamFraming::Delimiter(bytes.to_vec())));
    known.push(StreamFraming::Fixed(16));
    for counts in [Counts::Payload, Counts::Whole] {
        for width in LengthWidth::ALL {
            for order in [ByteOrder::Big, ByteOrder::Little] {
                if width != LengthWidth::One || order == ByteOrder::Big {
                    known.push(StreamFraming::Length { width, order, counts });
                }
            }
        }
    }
    known
}

fn choice(framing: StreamFraming, note: &str) -> Choice<StreamFraming> {
    let detail = match &framing {
        StreamFraming::AsReceived => "reads of one moment are one row".to_owned(),
        StreamFraming::Lines => "a message ends behind LF".to_owned(),
        StreamFraming::Delimiter(_) => "a message ends behind these bytes".to_owned(),
        StreamFraming::Fixed(_) => {
            "every message has so many bytes; type another number".to_owned()
        }
        StreamFraming::Length { width, order, counts } => {
            let order = match (width, order) {
                (LengthWidth::One, _) => "",
                (_, ByteOrder::Big) => " big-endian",
                (_, ByteOrder::Little) => " little-endian",
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
    let typed = StreamFraming::parse(&text).ok().filter(|framing| !known().contains(framing));
    picker.choices.offer(typed.map(|framing| choice(framing, "as typed")));
}

pub(super) fn key(app: &mut App, picker: &mut FramingPicker, key: Key) -> Flow {
    if key.code == KeyCode::Enter {
        return take(app, picker);
    }
    let (width, height) = super::FRAMING;
    let inner = super::inner(super::placed(app.shared.size, width, height));
    let before = picker.choices.editor.text();
    picker.choices.key(key, Choices::<StreamFraming>::parts(inner).1);
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
        app.intents.push_back(Intent::SetFraming(choice.value.clone()));
        return Flow::Close;
    }
    if let Err(why) = StreamFraming::parse(&picker.choices.editor.text()) {
        app.say(why);
    }
    Flow::Stay
}

pub(super) fn mouse(app: &mut App, picker: &mut FramingPicker, inner: Rect, mouse: Mouse) -> Flow {
    let (_, list) = Choices::<StreamFraming>::parts(inner);
    match mouse.kind {
        MouseKind::ScrollUp => picker.choices.step(CursorStep::Up, list.height),
        MouseKind::ScrollDown => picker.choices.step(CursorStep::Down, list.height),
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
