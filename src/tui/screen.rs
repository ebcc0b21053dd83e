//! One frame, one write: collects what ratatui draws and hands it to the terminal in one piece.
//!
//! Wraps ratatui's crossterm backend with three differences: nothing is written before the frame
//! is whole (and then inside synchronized output, so no half frame is ever seen), a frame that
//! changes nothing writes nothing, and the size comes from the loop instead of from a system call
//! per frame.

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;

use ratatui::Terminal;
use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Rect, Size};

use super::terminal;

const FRAME_BEGIN: &[u8] = b"\x1b[?2026h";
const FRAME_END: &[u8] = b"\x1b[?2026l";

/// The screen the loop draws on.
pub(super) struct Screen {
    terminal: Terminal<FrameBackend>,
    bytes: Collected,
}

/// Bytes of the frame being drawn, shared by the backend and its owner.
#[derive(Clone, Default)]
struct Collected(Rc<RefCell<Vec<u8>>>);

impl Write for Collected {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Screen {
    /// A screen of this size; the terminal is expected to be cleared.
    pub(super) fn new((columns, rows): (u16, u16)) -> io::Result<Self> {
        let bytes = Collected::default();
        let backend = FrameBackend {
            inner: CrosstermBackend::new(bytes.clone()),
            size: Size::new(columns, rows),
            cursor: Cursor::Unknown,
        };
        Ok(Screen { terminal: Terminal::new(backend)?, bytes })
    }

    /// From the next frame on the screen has this size.
    pub(super) fn resize(&mut self, (columns, rows): (u16, u16)) {
        self.terminal.backend_mut().size = Size::new(columns, rows);
    }

    /// The next frame draws every cell, whatever the terminal shows now.
    pub(super) fn forget(&mut self) -> io::Result<()> {
        let Size { width, height } = self.terminal.backend().size;
        self.terminal.backend_mut().cursor = Cursor::Unknown;
        self.terminal.resize(Rect::new(0, 0, width, height))
    }

    /// Draws a frame and returns how many bytes it took; none when nothing changed.
    pub(super) fn draw(
        &mut self,
        render: impl FnOnce(&mut ratatui::Frame<'_>),
    ) -> io::Result<usize> {
        self.terminal.draw(render)?;
        let mut bytes = self.bytes.0.borrow_mut();
        if bytes.is_empty() {
            return Ok(0);
        }
        bytes.splice(..0, FRAME_BEGIN.iter().copied());
        bytes.extend_from_slice(FRAME_END);
        let written = bytes.len();
        let outcome = terminal::write(&bytes);
        bytes.clear();
        outcome.map(|()| written)
    }
}

/// Where the terminal's cursor is, so that it is moved only when it has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cursor {
    Unknown,
    Hidden,
    /// Visible, but somewhere else by now.
    Astray,
    At(Position),
}

struct FrameBackend {
    inner: CrosstermBackend<Collected>,
    size: Size,
    cursor: Cursor,
}

impl Backend for FrameBackend {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let mut content = content.peekable();
        if content.peek().is_none() {
            return Ok(());
        }
        if matches!(self.cursor, Cursor::At(_)) {
            self.cursor = Cursor::Astray;
        }
        self.inner.draw(content)
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        if self.cursor == Cursor::Hidden {
            return Ok(());
        }
        self.cursor = Cursor::Hidden;
        self.inner.hide_cursor()
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        if matches!(self.cursor, Cursor::At(_) | Cursor::Astray) {
            return Ok(());
        }
        self.cursor = Cursor::Astray;
        self.inner.show_cursor()
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        match self.cursor {
            Cursor::At(position) => Ok(position),
            _ => Ok(Position::ORIGIN),
        }
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        let position = position.into();
        if self.cursor == Cursor::At(position) {
            return Ok(());
        }
        self.cursor = Cursor::At(position);
        self.inner.set_cursor_position(position)
    }

    fn clear(&mut self) -> io::Result<()> {
        self.clear_region(ClearType::All)
    }

    fn clear_region(&mut self, region: ClearType) -> io::Result<()> {
        self.inner.clear_region(region)
    }

    fn append_lines(&mut self, count: u16) -> io::Result<()> {
        self.inner.append_lines(count)
    }

    fn size(&self) -> io::Result<Size> {
        Ok(self.size)
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        Ok(WindowSize { columns_rows: self.size, pixels: Size::new(0, 0) })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
