//! The framing picker: how what was received is cut into messages. A framing can also be typed.

use ratatui::layout::Rect;

use crate::app::choices::{Choice, Choices, Reaction};
use crate::app::intent::Intent;
use crate::app::layout::{inner, window};
use crate::app::outcome::{Outcome, OverlayInput};
use crate::app::shared::Shared;
use crate::timeline::framing::{ByteOrder, Counts, LENGTH_WIDTHS, StreamFraming};

/// State of the picker.
#[derive(Debug)]
pub struct FramingPicker {
    pub choices: Choices<StreamFraming>,
}

impl FramingPicker {
    /// Offers the usual framings and the one in force.
    pub(crate) fn new(current: &StreamFraming) -> Self {
        let mut known = known();
        if !known.contains(current) {
            known.insert(1, current.clone());
        }
        let all = known.into_iter().map(|framing| {
            let note = if framing == *current { "in force" } else { "" };
            choice(framing, note)
        });
        let mut choices = Choices::new(all.collect());
        choices.select(|framing| framing == current);
        FramingPicker { choices }
    }

    /// Where it is on the screen, border included.
    pub fn area(shared: &Shared) -> Rect {
        window(shared.size, 66, 22)
    }

    /// Takes an input.
    pub fn update(&mut self, shared: &Shared, input: OverlayInput<'_>) -> Outcome {
        match self.choices.update(inner(Self::area(shared)), input) {
            Reaction::Chosen => return self.choose(),
            Reaction::Typed => self.offer(),
            Reaction::Unknown => return Outcome::no(),
            Reaction::Nothing => {}
        }
        Outcome::yes()
    }

    fn choose(&self) -> Outcome {
        if let Some(choice) = self.choices.selected() {
            let framing = Intent::SetFraming(choice.value.clone());
            return Outcome::from(Intent::CloseOverlay).with(framing);
        }
        match StreamFraming::parse(&self.choices.editor.text()) {
            Ok(_) => Outcome::yes(),
            Err(why) => Intent::Say(why).into(),
        }
    }

    /// What is typed may be a framing that is not in the list.
    fn offer(&mut self) {
        let text = self.choices.editor.text();
        let typed = StreamFraming::parse(&text).ok().filter(|framing| !known().contains(framing));
        self.choices.offer(typed.map(|framing| choice(framing, "as typed")));
    }
}

/// The framings that need nothing typed.
fn known() -> Vec<StreamFraming> {
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
                (1, _) => "",
                (_, ByteOrder::Big) => " big-endian",
                (_, ByteOrder::Little) => " little-endian",
            };
            let counts = match counts {
                Counts::Payload => "so many bytes follow",
                Counts::Whole => "counted with itself",
            };
            format!("{width} byte{}{order}: {counts}", if *width == 1 { "" } else { "s" })
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
