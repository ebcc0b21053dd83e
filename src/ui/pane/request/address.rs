//! What makes an object of the address line: the block of the protocol, the block that sends, the
//! colours of its parts, and what it stands for.

use std::ops::Range;

use ratatui::style::Style;

use crate::app::completion::places::own_names;
use crate::app::form::{FieldKind, FormField, FormFieldId};
use crate::app::pane::request::{FormPlace, send_block};
use crate::codec::printable::printable_str;
use crate::compose::address_parts::{AddressPart, PartSpan, address_parts, names};
use crate::model::protocol::Protocol;
use crate::model::theme::ThemeRole;
use crate::ui::painter::Painter;
use crate::ui::theme::ThemeStyles;
use crate::ui::widget::fit;

/// Longest text whose parts are told apart at every frame, in bytes.
const READ: usize = 16 * 1024;

/// Draws what stands around the fields of the line.
pub(super) fn around(painter: &mut Painter<'_>, place: &FormPlace) {
    let (shared, palette, areas) = (&painter.app.shared, painter.palette, place.line);
    let badge = shared.drafts.current().spec.badge();
    if shared.drafts.current().spec.method().is_some() {
        painter.at(areas.badge).fill(method(palette, badge));
    } else {
        painter.at(areas.badge).block(Protocol::role_of_badge(badge), badge);
    }
    let send = send_block(shared);
    let role = if send.is_running { ThemeRole::Running } else { ThemeRole::Accent };
    painter.at(areas.send).block(role, &send.text);
    if let Some(text) = place.resolved.as_ref().filter(|_| !areas.resolved.is_empty()) {
        let text = format!("→ {}", printable_str(text));
        painter.at(areas.resolved).put(&fit::start(&text, areas.resolved.width), palette.dim);
    }
}

/// What the address stands for, for so many cells of the lower border of a pane that has no row for it.
pub(super) fn foot(place: &FormPlace, room: u16) -> Option<String> {
    let text = place.resolved.as_ref().filter(|_| place.line.resolved.is_empty())?;
    let text = format!(" → {}", printable_str(text));
    Some(format!("{} ", fit::start(&text, room.saturating_sub(1))))
}

/// The ground of a method that is typed or chosen.
pub(super) fn method(palette: &ThemeStyles, method: &str) -> Style {
    palette.block(ThemeRole::of_method(method))
}

/// The parts of a text in one line that have styles of their own: those of an address, and names
/// wherever they are; the rest has the style of the text.
pub(super) fn spans(
    painter: &Painter<'_>,
    field: &FormField,
    text: &str,
    style: Style,
) -> Vec<(Range<usize>, Style)> {
    let (shared, palette) = (&painter.app.shared, painter.palette);
    let found = match (field.id, field.kind) {
        _ if text.len() > READ => return Vec::new(),
        (FormFieldId::Address, _) => address_parts(text, shared),
        (_, FieldKind::Line) => with_own_names(painter, field.id, text, names(text, shared)),
        _ => return Vec::new(),
    };
    // What is wrong has the colour of what is wrong, but for the name that may be why.
    let is_wrong = style == palette.error;
    let of = |(span, part): PartSpan| {
        (span, if is_wrong && part_is_plain(part) { style } else { part_style(palette, part) })
    };
    without_gaps(found.into_iter().map(of), text.len(), style)
}

/// The same, with the names known that have a value in this field alone.
fn with_own_names(
    painter: &Painter<'_>,
    id: FormFieldId,
    text: &str,
    mut found: Vec<PartSpan>,
) -> Vec<PartSpan> {
    let own = own_names(&painter.app.shared.drafts.current().spec, id);
    for (span, part) in &mut found {
        let name = text.get(span.clone()).unwrap_or_default();
        let name = name.trim_matches(['{', '}', ' ']);
        if own.iter().any(|(own, _)| *own == name) {
            *part = AddressPart::Known;
        }
    }
    found
}

fn part_is_plain(part: AddressPart) -> bool {
    !matches!(part, AddressPart::Known | AddressPart::Unknown)
}

fn part_style(palette: &ThemeStyles, part: AddressPart) -> Style {
    palette.ink(match part {
        AddressPart::Scheme | AddressPart::User | AddressPart::Separator => ThemeRole::UrlScheme,
        AddressPart::Host => ThemeRole::UrlHost,
        AddressPart::Port => ThemeRole::UrlPort,
        AddressPart::Path => ThemeRole::UrlPath,
        AddressPart::QueryName => ThemeRole::UrlQueryName,
        AddressPart::QueryValue => ThemeRole::UrlQueryValue,
        AddressPart::Fragment => ThemeRole::UrlFragment,
        AddressPart::Known => ThemeRole::VariableKnown,
        AddressPart::Unknown => ThemeRole::VariableUnknown,
    })
}

/// The spans, and between them the style of the text; nothing when there is none.
fn without_gaps(
    spans: impl Iterator<Item = (Range<usize>, Style)>,
    len: usize,
    style: Style,
) -> Vec<(Range<usize>, Style)> {
    let mut whole = Vec::new();
    let mut at = 0;
    for (span, own) in spans {
        if at < span.start {
            whole.push((at..span.start, style));
        }
        at = span.end;
        whole.push((span, own));
    }
    if at > 0 && at < len {
        whole.push((at..len, style));
    }
    whole
}
