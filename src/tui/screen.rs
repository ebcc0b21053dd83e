//! One frame, one write: collects what ratatui draws and hands it to the terminal in one piece.
//!
//! Cells become bytes in ratatui's backend for crossterm; what stands here keeps a frame small and
//! whole. Nothing is written before the frame is complete (and then inside a synchronized update,
//! so no half frame is ever seen), a frame that changes nothing writes nothing, and the size comes
//! from the loop instead of from a system call per frame.

use std::io;

use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::queue;
use crossterm::terminal::{BeginSynchronizedUpdate, EndSynchronizedUpdate};
use ratatui::Terminal;
use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Rect, Size};
use ratatui::style::Style;

use super::terminal;

/// The screen the loop draws on.
pub(super) struct Screen {
    terminal: Terminal<FrameBackend>,
}

impl Screen {
    /// A screen of this size; the terminal is expected to be cleared.
    pub(super) fn new((columns, rows): (u16, u16)) -> io::Result<Self> {
        let size = Size::new(columns, rows);
        let backend = FrameBackend {
            bytes: Vec::new(),
            size,
            wanted: CursorState::Hidden,
            cursor: CursorState::Unknown,
        };
        Ok(Screen { terminal: Terminal::new(backend)? })
    }

    /// From the next frame on the screen has this size.
    pub(super) fn resize(&mut self, (columns, rows): (u16, u16)) {
        self.terminal.backend_mut().size = Size::new(columns, rows);
    }

    /// The next frame draws every cell, whatever the terminal shows now.
    pub(super) fn forget(&mut self) -> io::Result<()> {
        let backend = self.terminal.backend_mut();
        let Size { width, height } = backend.size;
        backend.cursor = CursorState::Unknown;
        self.terminal.resize(Rect::new(0, 0, width, height))
    }

    /// Draws a frame and returns how many bytes it took; none when nothing changed.
    pub(super) fn draw(
        &mut self,
        render: impl FnOnce(&mut ratatui::Frame<'_>),
    ) -> io::Result<usize> {
        let bytes = self.compose(render)?;
        terminal::write(&bytes)?;
        Ok(bytes.len())
    }

    /// The bytes of a frame.
    fn compose(&mut self, render: impl FnOnce(&mut ratatui::Frame<'_>)) -> io::Result<Vec<u8>> {
        self.terminal.draw(render)?;
        let drawn = std::mem::take(&mut self.terminal.backend_mut().bytes);
        let mut frame = Vec::new();
        if !drawn.is_empty() {
            queue!(frame, BeginSynchronizedUpdate)?;
            frame.extend_from_slice(&drawn);
            queue!(frame, EndSynchronizedUpdate)?;
        }
        Ok(frame)
    }
}

/// What is known of the terminal's cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CursorState {
    Unknown,
    Hidden,
    At(Position),
}

/// Collects the bytes of the frame being drawn.
struct FrameBackend {
    bytes: Vec<u8>,
    size: Size,
    /// Where this frame wants the cursor.
    wanted: CursorState,
    /// Where the last frame left it.
    cursor: CursorState,
}

impl FrameBackend {
    fn crossterm(&mut self) -> CrosstermBackend<&mut Vec<u8>> {
        CrosstermBackend::new(&mut self.bytes)
    }
}

impl Backend for FrameBackend {
    type Error = io::Error;

    /// Draws style by style, since a change of colours costs several times what a move of the
    /// cursor does; inside a synchronized update nobody sees the order.
    ///
    /// Terminals disagree about the width of some characters. These are drawn first, and the cell
    /// behind one is placed anew, so that no text of a peer shifts or covers a border.
    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let mut uncertain = Vec::new();
        let mut styles: Vec<(Style, Vec<_>)> = Vec::new();
        for drawn in content {
            if !has_certain_width(drawn.2.symbol()) {
                uncertain.push(drawn);
                continue;
            }
            let style = drawn.2.style();
            match styles.iter_mut().find(|(known, _)| *known == style) {
                Some((_, cells)) => cells.push(drawn),
                None => styles.push((style, vec![drawn])),
            }
        }
        let is_behind = |a: &(u16, u16, &Cell), b: &(u16, u16, &Cell)| {
            (a.0.saturating_add(1), a.1) == (b.0, b.1)
        };
        for run in uncertain.chunk_by(|cell, next| !is_behind(cell, next)) {
            self.crossterm().draw(run.iter().copied())?;
        }
        if styles.is_empty() {
            return Ok(());
        }
        self.crossterm().draw(styles.into_iter().flat_map(|(_, cells)| cells))
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        self.wanted = CursorState::Hidden;
        Ok(())
    }

    /// Its place follows.
    fn show_cursor(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        match self.cursor {
            CursorState::At(position) => Ok(position),
            CursorState::Unknown | CursorState::Hidden => Ok(Position::ORIGIN),
        }
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.wanted = CursorState::At(position.into());
        Ok(())
    }

    fn clear(&mut self) -> io::Result<()> {
        self.crossterm().clear()
    }

    fn clear_region(&mut self, region: ClearType) -> io::Result<()> {
        self.crossterm().clear_region(region)
    }

    fn size(&self) -> io::Result<Size> {
        Ok(self.size)
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        Ok(WindowSize { columns_rows: self.size, pixels: Size::default() })
    }

    /// The end of a frame: the cursor is moved only when it is not where it should be.
    fn flush(&mut self) -> io::Result<()> {
        let before = std::mem::replace(&mut self.cursor, self.wanted);
        // Drawing has moved it.
        let is_there = before == self.wanted && self.bytes.is_empty();
        match self.wanted {
            CursorState::At(place) if !is_there => {
                queue!(self.bytes, MoveTo(place.x, place.y))?;
                let is_shown = matches!(before, CursorState::At(_));
                if is_shown { Ok(()) } else { queue!(self.bytes, Show) }
            }
            CursorState::Hidden if before != CursorState::Hidden => queue!(self.bytes, Hide),
            _ => Ok(()),
        }
    }
}

/// Whether all terminals agree that it takes one cell.
fn has_certain_width(symbol: &str) -> bool {
    let mut chars = symbol.chars();
    let first = chars.next().unwrap_or(' ');
    chars.next().is_none() && matches!(first, '\0'..='\u{10ff}' | '\u{2000}'..='\u{2bff}')
}

#[cfg(test)]
mod screen_tests;
