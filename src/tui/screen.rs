//! One frame, one write: collects what ratatui draws and hands it to the terminal in one piece.
//!
//! Nothing is written before the frame is whole (and then inside synchronized output, so no half
//! frame is ever seen), a frame that changes nothing writes nothing, and the size comes from the
//! loop instead of from a system call per frame.

use std::io::{self, Write};

use ratatui::Terminal;
use ratatui::backend::{Backend, ClearType, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Rect, Size};

use super::encode::Encoder;
use super::terminal;

const FRAME_BEGIN: &[u8] = b"\x1b[?2026h";
const FRAME_END: &[u8] = b"\x1b[?2026l";

/// The screen the loop draws on.
pub(super) struct Screen {
    terminal: Terminal<FrameBackend>,
}

impl Screen {
    /// A screen of this size; the terminal is expected to be cleared.
    pub(super) fn new((columns, rows): (u16, u16)) -> io::Result<Self> {
        let backend = FrameBackend {
            bytes: Vec::new(),
            encoder: Encoder::default(),
            size: Size::new(columns, rows),
            cursor: Cursor::Unknown,
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
        backend.cursor = Cursor::Unknown;
        backend.encoder.forget();
        self.terminal.resize(Rect::new(0, 0, width, height))
    }

    /// Draws a frame and returns how many bytes it took; none when nothing changed.
    pub(super) fn draw(
        &mut self,
        render: impl FnOnce(&mut ratatui::Frame<'_>),
    ) -> io::Result<usize> {
        self.terminal.draw(render)?;
        let bytes = &mut self.terminal.backend_mut().bytes;
        if bytes.is_empty() {
            return Ok(0);
        }
        bytes.splice(..0, FRAME_BEGIN.iter().copied());
        bytes.extend_from_slice(FRAME_END);
        let written = bytes.len();
        let outcome = terminal::write(bytes);
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

/// Collects the bytes of the frame being drawn.
struct FrameBackend {
    bytes: Vec<u8>,
    encoder: Encoder,
    size: Size,
    cursor: Cursor,
}

impl Backend for FrameBackend {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        // A resize may have moved the cursor since the last frame.
        self.encoder.moved();
        for (x, y, cell) in content {
            self.encoder.cell((x, y), cell, &mut self.bytes);
            if matches!(self.cursor, Cursor::At(_)) {
                self.cursor = Cursor::Astray;
            }
        }
        Ok(())
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        if self.cursor == Cursor::Hidden {
            return Ok(());
        }
        self.cursor = Cursor::Hidden;
        self.bytes.write_all(b"\x1b[?25l")
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        if matches!(self.cursor, Cursor::At(_) | Cursor::Astray) {
            return Ok(());
        }
        self.cursor = Cursor::Astray;
        self.bytes.write_all(b"\x1b[?25h")
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
        self.encoder.moved();
        let (row, column) = (u32::from(position.y) + 1, u32::from(position.x) + 1);
        write!(self.bytes, "\x1b[{row};{column}H")
    }

    fn clear(&mut self) -> io::Result<()> {
        self.clear_region(ClearType::All)
    }

    fn clear_region(&mut self, region: ClearType) -> io::Result<()> {
        self.encoder.reset(&mut self.bytes);
        self.bytes.write_all(match region {
            ClearType::All => b"\x1b[2J",
            ClearType::AfterCursor => b"\x1b[J",
            ClearType::BeforeCursor => b"\x1b[1J",
            ClearType::CurrentLine => b"\x1b[2K",
            ClearType::UntilNewLine => b"\x1b[K",
        })
    }

    fn append_lines(&mut self, count: u16) -> io::Result<()> {
        self.encoder.moved();
        (0..count).try_for_each(|_| self.bytes.write_all(b"\n"))
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
