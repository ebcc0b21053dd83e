//! Draws the overlays, bottom first.

use ratatui::Frame;

use super::theme::Palette;
use crate::app::App;

pub(super) fn draw(_app: &App, _palette: &Palette, _frame: &mut Frame<'_>) {}
