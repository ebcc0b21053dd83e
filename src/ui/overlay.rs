//! Draws the overlays, bottom first.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::painter::{Painter, cells};
use super::widget::frame::{self, position, window};
use super::widget::{badge, fit};
use super::{
    ask, columns, compare, cookies, environments, export, held, import, readdress, replay, run,
    statistics,
};
use crate::app::App;
use crate::app::action::Action;
use crate::app::choices::{Choice, Choices, field_and_list};
use crate::app::filter_page::LanguageLine;
use crate::app::fuzzy::Finder;
use crate::app::keymap::Context;
use crate::app::layout::{Areas, window_inner};
use crate::app::overlay::Overlay;
use crate::app::overlay::about::About;
use crate::app::overlay::code::Code;
use crate::app::overlay::confirm::Confirm;
use crate::app::overlay::conflict::{Conflict, Difference, WAYS};
use crate::app::overlay::help::{Help, HelpLine, KEYS};
use crate::app::overlay::jump::Jump;
use crate::app::overlay::naming::{NameVerdict, Naming, NamingPurpose};
use crate::codec::printable::printable_str;
use crate::codec::wrap_words::wrap;

/// All open windows, the lowest first, over what is on the screen already.
pub(super) fn draw(mut screen: Painter<'_>) {
    let app = screen.app;
    for (at, overlay) in app.overlays.iter().enumerate() {
        if at + 1 == app.overlays.len() && overlay.dims() {
            let below = screen.palette.below;
            screen.fill(below);
        }
        let area = overlay.area(&app.shared).intersection(screen.area);
        one(screen.at(area), overlay);
    }
}

/// Where a remark stands while windows are open: in its slot, or in the line of the hints, which are not
/// shown then, if the window lies over that.
pub(super) fn beside_windows(app: &App, areas: &Areas) -> Rect {
    let (remark, footer) = (areas.remark, areas.footer);
    let window = app.overlays.last().filter(|it| it.has_keys()).map(|it| it.area(&app.shared));
    let Some(window) = window.filter(|_| remark.bottom() == footer.y) else { return remark };
    let y = remark.y.max(window.bottom()).min(footer.y);
    Rect { y, height: footer.bottom() - y, ..remark }
}

/// One window.
fn one(painter: Painter<'_>, overlay: &Overlay) {
    let app = painter.app;
    let inner = window_inner(painter.area);
    let hint = overlay.hint_shown(&app.shared);
    match overlay {
        Overlay::Jump(it) => jump(painter, it),
        Overlay::Choices(it) => {
            let height = field_and_list(inner).1.height;
            let position = position(it.cursor(height).selected, it.len(), height);
            choices(window(painter, it.title, &hint, &position), it);
        }
        Overlay::Help(it) => {
            let height = field_and_list(inner).1.height;
            let position = frame::read_to(it.scroll, it.lines.len(), height);
            help(window(painter, &format!(" Help ─ {} ", it.place), &hint, &position), it);
        }
        Overlay::Code(it) => {
            let area = Code::parts(inner).1;
            let position = frame::read_to(it.scroll, it.lines(area.width).len(), area.height);
            code(window(painter, &format!(" {} ", it.title), &hint, &position), it);
        }
        Overlay::Compare(it) => {
            let title = format!(" {} ─ {} ", it.title(), it.position());
            compare::draw(window(painter, &title, &hint, ""), it);
        }
        Overlay::Environments(it) => {
            environments::draw(window(painter, " Environments ", &hint, ""), it);
        }
        Overlay::Export(it) => export::draw(window(painter, " Export ", &hint, ""), it),
        Overlay::Import(it) => import::draw(window(painter, " Import ", &hint, ""), it),
        Overlay::Readdress(it) => {
            let title = format!(" {} ", it.title());
            readdress::draw(window(painter, &title, &hint, ""), it);
        }
        Overlay::Replay(it) => replay::draw(window(painter, " Replay ", &hint, ""), it),
        Overlay::Run(it) => run::window(painter, it, &hint),
        Overlay::RunOptions(it) => run::options(window(painter, " Run presets ", &hint, ""), it),
        Overlay::Columns(it) => columns::draw(painter, it, &hint),
        Overlay::Cookies(it) => cookies::draw(painter, it, &hint),
        Overlay::Held(it) => held::window(painter, &hint, it),
        Overlay::Statistics(it) => statistics::draw(painter, it, &hint),
        Overlay::Naming(it) => {
            let title = format!(" {} ", it.title(&app.shared));
            let position =
                frame::read_to(it.top, it.fitting().len(), Naming::parts(inner).2.height);
            naming(window(painter, &title, &hint, &position), it);
        }
        Overlay::About(it) => {
            about(window(painter, &format!(" About {} ", it.title), &hint, ""), it);
        }
        Overlay::Ask(it) => ask::draw(window(painter, &ask::title(it), &hint, ""), it),
        Overlay::Confirm(it) => confirm(window(painter, " Sure? ", "", ""), it),
        Overlay::Conflict(it) => {
            let title = format!(" {} changed on disk ", it.mine.path);
            let height = Conflict::parts(inner).0.height;
            let position = frame::read_to(it.top, it.differences.len(), height);
            conflict(window(painter, &title, "", &position), it);
        }
    }
}

/// The labels that still fit what is typed, over the panes.
fn jump(mut painter: Painter<'_>, it: &Jump) {
    let (screen, style) = (painter.area, painter.palette.hit);
    for mark in it.marks.iter().filter(|mark| mark.label.starts_with(&it.typed)) {
        let area = Rect::new(mark.column, mark.row, mark.label.len() as u16, 1);
        painter.at(area.intersection(screen)).put(&mark.label, style);
    }
}

/// What is typed and below it the keys it left, from the scroll position.
fn help(mut painter: Painter<'_>, it: &Help) {
    let palette = painter.palette;
    let (line, area) = field_and_list(painter.area);
    painter.at(line).prompt("/ ", &it.editor);
    let last = it.lines.len().saturating_sub(usize::from(area.height));
    let top = it.scroll.min(last);
    painter.at(area).scroll_bar(top as u64, it.lines.len() as u64);
    for (row, text) in area.rows().zip(it.lines.iter().skip(top)) {
        let mut painter = painter.at(row);
        match text {
            HelpLine::Heading(text) | HelpLine::Language(LanguageLine::Heading(text)) => {
                painter.put(text, palette.active);
            }
            HelpLine::Language(LanguageLine::Word { word, said, is_example }) => {
                painter.column(&format!("  {word}"), KEYS + 2, palette.key);
                painter.skip(1);
                let style = if *is_example { palette.success } else { palette.base };
                painter.put(said, style);
            }
            HelpLine::Entry(keys, words) | HelpLine::More(keys, words) => {
                painter.column(&format!("  {keys}"), KEYS + 2, palette.key);
                painter.skip(1);
                let width = painter.area.width;
                painter.put(&fit::start(words, width), palette.base);
            }
        }
    }
}

/// A tab per target and below them the chosen snippet, from its scroll position.
fn code(mut painter: Painter<'_>, it: &Code) {
    let palette = painter.palette;
    let (tabs, area) = Code::parts(painter.area);
    for (at, name, start) in it.tabs(tabs.width) {
        let style = if at == it.selected { palette.active } else { palette.inactive };
        painter.at(tabs).put_from(start, name, style);
    }
    if let Some(prompt) = &it.prompt {
        let y = area.bottom().saturating_sub(1);
        painter
            .at(Rect { y, height: area.height.min(1), ..area })
            .prompt(prompt.label(), &prompt.editor);
    }
    let height = area.height.saturating_sub(u16::from(it.prompt.is_some()));
    let area = Rect { height, ..area };
    let lines = it.lines(area.width);
    let top = it.scroll.min(lines.len().saturating_sub(usize::from(area.height)));
    painter.at(area).lines(lines.iter().skip(top), palette.base);
    painter.at(area).scroll_bar(top as u64, lines.len() as u64);
}

/// The name, what pressing the key would do, and the folders that fit.
fn naming(mut painter: Painter<'_>, it: &Naming) {
    let (shared, palette) = (&painter.app.shared, painter.palette);
    let (line, verdict, list) = Naming::parts(painter.area);
    painter.at(line).editor(&it.editor);
    if it.editor.is_empty() {
        painter.at(line).put_from(1, &it.suggestion, palette.placeholder);
    }
    let enter = shared.keymap.key_of(&[Context::Name], Action::Choose);
    let (text, style) = match it.verdict(shared) {
        NameVerdict::Wrong(why) => (why, palette.error),
        NameVerdict::Taken(path) if matches!(it.purpose, NamingPurpose::Save(_)) => {
            (format!("{path} is there: {enter} asks before replacing it"), palette.warning)
        }
        NameVerdict::Taken(path) => (format!("{path} is there already"), palette.error),
        NameVerdict::Free(path) => (format!("{enter}: {path}"), palette.success),
    };
    painter.at(verdict).put(&fit::start(&text, verdict.width), style);
    let folders = it.fitting();
    let shown = folders.iter().skip(it.top).map(|folder| format!("{folder}/"));
    painter.at(list).lines(shown, palette.dim);
    painter.at(list).scroll_bar(it.top as u64, folders.len() as u64);
}

/// A question, wrapped, and the two answers in the last row.
fn confirm(mut painter: Painter<'_>, it: &Confirm) {
    let (shared, palette, area) = (&painter.app.shared, painter.palette, painter.area);
    let text = Rect { height: area.height.saturating_sub(1), ..area };
    painter.at(text).lines(wrap(&it.question.text, text.width), palette.base);
    let typed = painter.app.keyed(&it.typed_words());
    if !typed.is_empty() && area.height > 1 {
        let row = Rect { y: area.bottom() - 2, height: 1, ..area };
        painter.at(row).put(&typed, palette.warning);
    }
    let answers = it.answers(shared);
    for (at, area) in it.buttons(shared, area).into_iter().enumerate() {
        let chosen = (at == 0) == it.yes;
        painter.at(area).put(&answers[at], if chosen { palette.selected } else { palette.key });
    }
}

/// What differs between screen and disk, and the ways out of it.
fn conflict(mut painter: Painter<'_>, it: &Conflict) {
    let (shared, palette) = (&painter.app.shared, painter.palette);
    let (differences, ways) = Conflict::parts(painter.area);
    if it.differences.is_empty() {
        painter.at(differences).put("only comments or spelling differ", palette.dim);
    }
    let len = it.differences.len();
    let top = it.top.min(len.saturating_sub(usize::from(differences.height)));
    painter.at(differences).scroll_bar(top as u64, len as u64);
    for (row, line) in differences.rows().zip(it.differences.iter().skip(top)) {
        let (text, style) = match line {
            Difference::Theirs(text) => (format!("- file  {text}"), palette.error),
            Difference::Mine(text) => (format!("+ mine  {text}"), palette.success),
        };
        painter.at(row).put(&fit::start(&text, row.width), style);
    }
    for (at, (row, (_, action, text))) in ways.rows().zip(WAYS).enumerate() {
        let style = if at == it.selected { palette.selected } else { palette.base };
        let key = shared.keymap.key_of(&[Context::Conflict, Context::Global], action);
        painter.at(row).put(&format!("{key}  {text}"), style);
    }
}

/// What is written about a preset.
fn about(mut painter: Painter<'_>, it: &About) {
    painter.editor(&it.editor);
    if let Some((top, all)) = it.editor.extent() {
        painter.scroll_bar(top, all);
    }
}

/// What is typed and below it the choices that fit, matched letters marked.
fn choices(mut painter: Painter<'_>, it: &Choices) {
    let palette = painter.palette;
    let (line, list) = field_and_list(painter.area);
    painter.at(line).prompt("› ", &it.editor);
    if it.is_empty() {
        painter.at(list).lines(wrap(&it.nothing(), list.width), palette.dim);
        return;
    }
    painter.at(list).scroll_bar(it.cursor(list.height).offset as u64, it.len() as u64);
    let mut finder = Finder::new(&it.editor.text());
    for (row, (choice, selected)) in list.rows().zip(it.shown(list.height)) {
        let mut painter = painter.at(row);
        if selected {
            painter.row(palette.selected, |painter| draw_choice(painter, choice, &mut finder));
        } else {
            draw_choice(painter, choice, &mut finder);
        }
    }
}

fn draw_choice(mut painter: Painter<'_>, choice: &Choice, finder: &mut Finder) {
    let palette = painter.palette;
    let width = cells(&choice.note);
    if width > 0 && painter.area.width > width + 8 {
        painter.area.width -= width;
        let note = Rect { x: painter.area.right(), width, ..painter.area };
        painter.at(note).put(&choice.note, palette.key);
        painter.area.width -= 1;
    }
    if !choice.badge.is_empty() {
        badge::put(&mut painter, &choice.badge);
    }
    if let Some(color) = &choice.swatch {
        let style = palette.row(&painter.app.shared.themes, color);
        painter.put("■ abc ", style);
    }
    let title = printable_str(&choice.title);
    let start = painter.area;
    let can = choice.why_not.is_none();
    painter.put(&title, if can { Style::new() } else { palette.dim });
    // Wide characters would shift the marks, so only plain names get them.
    if title.is_ascii() {
        let used = painter.area.x - start.x;
        let hits = finder.hits(&choice.title).into_iter();
        for at in hits.map_while(|at| u16::try_from(at).ok()).filter(|at| *at < used) {
            painter.at(Rect { x: start.x + at, width: 1, ..start }).fill(palette.active);
        }
    }
    if painter.area.width > 3 {
        painter.put_from(2, choice.why_not.unwrap_or(&choice.detail), palette.dim);
    }
}
