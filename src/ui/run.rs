//! Draws a run of presets: how far it is, its rows that are in sight, and what is known of the chosen one; and the
//! window that asks what is run.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::painter::{Painter, cells};
use super::run_table;
use super::widget::{fit, frame, lesson};
use crate::app::action::Action;
use crate::app::format;
use crate::app::keymap::Context;
use crate::app::layout::window_inner;
use crate::app::overlay::run::RunWindow;
use crate::app::overlay::run_options::{RUN_OPTIONS, RunOptions};
use crate::app::preset_runs::ShownRun;
use crate::app::run_rows::{DetailKind, RunPlace, name, said, said_so_far};
use crate::codec::printable::printable_str;
use crate::interop::run_report::took;
use crate::runner::{RunRow, RunVerdict, RunWatched};

/// Cells of the bar that says how far it is.
const BAR: u16 = 12;
/// Cells of the columns of a row.
const NUMBER: u16 = 6;
const STATE: u16 = 8;
const TIME: u16 = 9;
const STATUS: u16 = 5;
/// Cells of the labels of the window that asks.
const LABEL: u16 = 11;

/// The window; `hint` says what its keys do.
pub(super) fn window(painter: Painter<'_>, it: &RunWindow, hint: &str) {
    let shared = &painter.app.shared;
    let height = it.areas(shared, window_inner(painter.area)).list.height;
    let position = match &it.table {
        Some(table) => frame::position(table.cursor(height).selected, table.lines.len(), height),
        None => frame::position(it.cursor(height).selected, it.rows().len(), height),
    };
    let title = shared.runs.current.as_ref().map(|shown| shown.wish.title.clone());
    let title = format!(" Run {} ", title.unwrap_or_default());
    inside(frame::window(painter, &title, hint, &position), it);
}

fn inside(mut painter: Painter<'_>, it: &RunWindow) {
    let (shared, palette) = (&painter.app.shared, painter.palette);
    let areas = it.areas(shared, painter.area);
    let Some(shown) = &shared.runs.current else {
        return lesson::put(&mut painter, &["nothing was run yet"]);
    };
    let mut above = areas.above.rows();
    if let Some(line) = above.next() {
        progress(painter.at(line), it, shown);
    }
    if let Some(line) = above.next() {
        surroundings(painter.at(line), it, shown);
    }
    if let Some(search) = &it.search {
        painter.at(areas.search).search_line(search);
    }
    if let Some(editor) = &it.report {
        painter.at(areas.report).prompt("report to: ", editor);
    }
    if let Some(table) = &it.table {
        run_table::table(painter.at(areas.list), it, shown, table);
    } else {
        rows(painter.at(areas.list), it, shown);
    }
    let border = palette.border;
    painter.at(areas.rule).put(&"─".repeat(areas.rule.width.into()), border);
    detail(painter.at(areas.detail), it);
}

/// The rows that are in sight.
fn rows(mut painter: Painter<'_>, it: &RunWindow, shown: &ShownRun) {
    let list = painter.area;
    if it.rows().is_empty() {
        let words: &[&str] =
            if it.search.is_some() { &["nothing found", "[back] shows all"] } else { &["…"] };
        lesson::put(&mut painter, words);
    }
    let cursor = it.cursor(list.height);
    let selected = painter.palette.selection(!it.is_large);
    painter.list(cursor, it.rows().len(), selected, |painter, at| match it.rows().get(at) {
        Some(RunPlace::Begun(row)) => {
            if let Some(of) = shown.run.rows().get(*row) {
                begun(painter, it, (*row, of));
            }
        }
        Some(RunPlace::Watched(listener)) => {
            if let Some(of) = shown.run.watched(*listener) {
                watched(painter, it, &of, at);
            }
        }
        Some(RunPlace::Waiting(round, step)) => {
            waiting(painter, it, (shown, (*round, *step)), at);
        }
        None => {}
    });
    painter.scroll_bar(cursor.offset as u64, it.rows().len() as u64);
}

/// How far it is.
fn progress(mut painter: Painter<'_>, it: &RunWindow, shown: &ShownRun) {
    let palette = painter.palette;
    let (over, all, tally) = (it.tally.all(), it.total, it.tally);
    let time = shown.took(painter.app.shared.now);
    let full = (u64::from(BAR) * over as u64 / all.max(1) as u64) as usize;
    let bad = tally.not_met + tally.failed > 0;
    let style = if bad { palette.error } else { palette.success };
    painter.put(&"▰".repeat(full), style);
    painter.put(&"▱".repeat(usize::from(BAR).saturating_sub(full)), palette.dim);
    let of = format!("  {} of {}", format::count(over as u64), format::count(all as u64));
    painter.put(&of, palette.base);
    let counted = |count: usize| format::count(count as u64);
    painter.put(&format!("  {} passed", counted(tally.passed)), palette.success);
    for (count, what, style) in [
        (tally.not_met, "failed", palette.error),
        (tally.failed, "could not run", palette.error),
        (tally.skipped, "skipped", palette.warning),
        (tally.retried, "only when tried again", palette.warning),
    ] {
        if count > 0 {
            painter.put(&format!("  {} {what}", counted(count)), style);
        }
    }
    painter.put(&format!("  {}", took(time)), palette.dim);
    let ran = (tally.all() - tally.skipped) as f64;
    if time.as_millis() > 0 && ran > 0.0 {
        painter.put(&format!("  {}", format::rate(ran / time.as_secs_f64())), palette.dim);
    }
    let (state, style) = match (shown.is_live(), shown.run.stopped()) {
        (true, None) => ("running", palette.warning),
        (true, Some(_)) => ("stopping", palette.warning),
        (false, Some(_)) => ("stopped", palette.warning),
        (false, None) if tally.is_green() => ("passed", palette.success),
        (false, None) => ("failed", palette.error),
    };
    painter.right(state, style);
}

/// The environment, the listeners it started, what was said, and the order of its rows.
fn surroundings(mut painter: Painter<'_>, it: &RunWindow, shown: &ShownRun) {
    let palette = painter.palette;
    let key = painter.app.shared.keymap.key_of(&[Context::RunRows], Action::FailedFirst);
    let order = if it.failed_first { "failed first" } else { "in order" };
    painter.right(&format!("{key}: {order}"), palette.dim);
    let mut parts = Vec::new();
    parts.extend(shown.environment.as_ref().map(|name| format!("env {name}")));
    if !shown.places.is_empty() {
        let differing = shown.places.differing() as u64;
        let differ = if differing == 1 { "differs" } else { "differ" };
        parts.push(format!("{} {differ}", format::counted(differing, "preset")));
    }
    for (path, place) in shown.run.listening().filter(|_| shown.is_live()) {
        parts.push(format!("{path} {}", place.unwrap_or_else(|| "is down".into())));
    }
    if shown.unsaved > 0 {
        let what = format::counted(shown.unsaved as u64, "preset");
        parts.push(format!("unsaved changes of {what} did not run"));
    }
    parts.extend(shown.run.covered().lines().filter(|_| !shown.is_live()));
    let is_of_listener = shown.said.contains(" listens on ");
    parts.extend(Some(&shown.said).filter(|it| !it.is_empty() && !is_of_listener).cloned());
    let text = printable_str(&parts.join(" · ")).into_owned();
    let width = painter.area.width;
    painter.put(&fit::start(&text, width), palette.dim);
}

fn begun(mut painter: Painter<'_>, it: &RunWindow, (at, row): (usize, &RunRow)) {
    let palette = painter.palette;
    let (state, style) = match &row.verdict {
        RunVerdict::Running => ("running", palette.warning),
        RunVerdict::Passed => ("passed", palette.success),
        RunVerdict::NotMet(_) => ("failed", palette.error),
        RunVerdict::Failed(_) => ("error", palette.error),
        RunVerdict::Skipped(_) => ("skipped", palette.dim),
    };
    let time = match row.verdict {
        RunVerdict::Running => {
            let shared = &painter.app.shared;
            took(shared.wall_clock.at(shared.now).since(row.began))
        }
        _ if row.tries > 0 => took(row.took),
        _ => String::new(),
    };
    let name = columns(&mut painter, it, at, &row.name());
    painter.column(state, STATE, style);
    painter.column_right(&time, TIME, palette.dim);
    painter.skip(1);
    let status = row.status.map(|status| status.to_string()).unwrap_or_default();
    painter.column(&status, STATUS, name);
    let text = printable_str(&said(row)).into_owned();
    let width = painter.area.width;
    painter
        .put(&fit::start(&text, width), if style == palette.error { style } else { palette.dim });
}

/// A listener that is looked at when the run is over.
fn watched(mut painter: Painter<'_>, it: &RunWindow, of: &RunWatched<'_>, at: usize) {
    let palette = painter.palette;
    let time = took(painter.app.shared.now.since(of.began));
    columns(&mut painter, it, at, of.path.as_str());
    painter.column("listens", STATE, palette.warning);
    painter.column_right(&time, TIME, palette.dim);
    painter.skip(1 + STATUS);
    let text = printable_str(&said_so_far(of)).into_owned();
    let width = painter.area.width;
    painter.put(&fit::start(&text, width), palette.dim);
}

fn waiting(
    mut painter: Painter<'_>,
    it: &RunWindow,
    (shown, place): (&ShownRun, (usize, usize)),
    at: usize,
) {
    let palette = painter.palette;
    let Some(name) = name(shown, RunPlace::Waiting(place.0, place.1)) else { return };
    columns(&mut painter, it, at, &name);
    painter.put("waiting", palette.dim);
}

/// Number and name of a row; a wide window has more room for names.
fn columns(painter: &mut Painter<'_>, it: &RunWindow, at: usize, name: &str) -> Style {
    let palette = painter.palette;
    painter.column_right(&(at + 1).to_string(), NUMBER - 2, palette.dim);
    painter.skip(2);
    let longest = u16::try_from(it.longest).unwrap_or(u16::MAX);
    let width = (painter.area.width * 2 / 5).min(longest.saturating_add(2)).max(12);
    let shown = printable_str(name).into_owned();
    let shown = fit::middle(&shown, width.saturating_sub(1)).into_owned();
    painter.column(&shown, width, palette.base);
    palette.base
}

/// What is known of the chosen row.
fn detail(mut painter: Painter<'_>, it: &RunWindow) {
    let (shared, palette) = (&painter.app.shared, painter.palette);
    let lines = it.detail(shared, painter.area.width);
    let top = it.scroll(lines.len(), painter.area.height);
    for (row, line) in painter.area.rows().zip(lines.iter().skip(top)) {
        let style = match line.kind {
            DetailKind::Plain => palette.base,
            DetailKind::Dim => palette.dim,
            DetailKind::Met | DetailKind::Wanted => palette.success,
            DetailKind::Unmet | DetailKind::Got => palette.error,
        };
        painter.at(row).put(&fit::start(&line.text, row.width), style);
    }
    painter.scroll_bar(top as u64, lines.len() as u64);
}

/// The choices and texts of the window that asks, and what the key would do.
pub(super) fn options(mut painter: Painter<'_>, it: &RunOptions) {
    let (shared, palette) = (&painter.app.shared, painter.palette);
    let (rows, verdict) = it.parts(painter.area);
    for (at, area) in rows {
        let has_keys = at == it.row;
        let mut painter = painter.at(area);
        let label = if has_keys { palette.active } else { palette.dim };
        painter.column(it.label(at), LABEL, label);
        let (name, more) = it.chosen(at);
        if let Some(is_chosen) = it.goes_to(at) {
            let style = if has_keys { palette.selected } else { palette.base };
            let mark = if is_chosen { "x" } else { " " };
            painter.put(&format!("[{mark}] {}", printable_str(name)), style);
        } else if it.is_choice(at) {
            let style = if has_keys { palette.selected } else { palette.base };
            painter.put(&format!("‹ {name} ›"), style);
        } else {
            let width = if at == 1 || at + 1 == RUN_OPTIONS { painter.area.width / 2 } else { 12 };
            let field = Rect { width: width.min(painter.area.width), ..painter.area };
            let is_empty = it.editors[at].is_empty();
            painter.at(field).text_field(&it.editors[at], has_keys);
            let used = if is_empty { 1 } else { cells(&it.editors[at].text()) + 1 };
            painter.skip(used.min(width));
        }
        let more = printable_str(more).into_owned();
        painter.put(&fit::start(&format!("  {more}"), painter.area.width), palette.dim);
    }
    let enter = shared.keymap.key_of(&[Context::RunOptions], Action::Choose);
    let (text, style) = match it.verdict(shared) {
        Ok(words) => (format!("{enter}: {words}"), palette.success),
        Err(why) => (why, palette.error),
    };
    painter.at(verdict).put(&fit::start(&printable_str(&text), verdict.width), style);
}
