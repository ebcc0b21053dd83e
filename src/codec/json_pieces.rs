//! Cuts a stream of JSON into its values at the top, or into the elements of its lists, without
//! parsing them: what is worked on value by value need not be in memory as a whole.
//!
//! Used by the jq role, and by what sorts, unescapes and tabulates. The lists are those at the top, or
//! at a path from there (`.data.items`): what is gone past on the way is not kept. Any split of the
//! input gives the same pieces. Only brackets, strings and commas are looked at; whether a piece is
//! JSON is found by who reads it.

/// Brackets inside each other at most: readers of values go into each by a call.
const DEEPEST: u32 = 10_000;
/// Longest value beside the path that is handed out to be checked, in bytes; of a longer one only
/// brackets and strings are looked at.
const PASSED: usize = 1 << 20;

/// A piece of the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonPiece<'a> {
    /// A value that is no list to be gone through, and how many steps of the path lead to it: 0 = it is
    /// at the top. What is not there is `null`.
    Value(&'a [u8], usize),
    /// An element of a list, and where it begins in the stream.
    Element(&'a [u8], u64),
    /// What was gone into at the top for its elements is over.
    End,
    /// A value beside the path, of which nothing is wanted.
    Passed(&'a [u8]),
}

/// A step on the way to the lists whose elements are handed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WayStep {
    Name(String),
    Index(u64),
}

/// Where the cutting stands between any two bytes.
#[derive(Debug)]
pub struct JsonPieces {
    /// The way from the top to the lists that are handed out element by element; `None` = values are
    /// whole.
    path: Option<Vec<WayStep>>,
    /// Longest piece in bytes.
    limit: usize,
    /// What is said beside that a value is longer.
    advice: &'static str,
    /// What is not handed out yet.
    buffer: Vec<u8>,
    /// Place of the buffer in the stream.
    base: u64,
    /// Objects and lists that were gone into, from outside; one more than there are steps is a list
    /// that is handed out.
    levels: Vec<Level>,
    piece: Option<OpenPiece>,
    in_string: bool,
    is_escaped: bool,
}

/// An object or list that was gone into.
#[derive(Debug, Clone, Copy)]
struct Level {
    is_object: bool,
    /// Members before the next one.
    members: u64,
    awaits: Awaits,
    /// The name that was read last is the one of the path, or the elements are wanted.
    is_wanted: bool,
    /// What the path wants of it was there.
    is_found: bool,
}

/// What comes next in an object or list that was gone into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Awaits {
    Name,
    Colon,
    Value,
    Comma,
}

/// A piece whose end is not here yet.
#[derive(Debug, Clone, Copy)]
struct OpenPiece {
    /// Its first byte in the buffer.
    start: usize,
    role: Role,
    kind: PieceKind,
    /// Brackets open.
    depth: u32,
    /// Its beginning is not kept.
    is_cut: bool,
}

/// What a piece is handed out as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Value,
    Element,
    Passed,
    Name,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PieceKind {
    Nested,
    Text,
    Scalar,
}

/// Who takes the pieces.
type Taker<'a> = dyn FnMut(JsonPiece<'_>) -> Result<(), String> + 'a;

impl JsonPieces {
    /// Nothing cut yet; no piece is longer than `limit` bytes. Lists at the end of the path are handed
    /// out element by element, with an empty one those at the top, without one none.
    #[must_use]
    pub fn new(path: Option<Vec<WayStep>>, limit: usize) -> Self {
        JsonPieces {
            path,
            limit,
            advice: "",
            buffer: Vec::new(),
            base: 0,
            levels: Vec::new(),
            piece: None,
            in_string: false,
            is_escaped: false,
        }
    }

    /// Says this, too, where a value is too long.
    #[must_use]
    pub fn advising(mut self, advice: &'static str) -> Self {
        self.advice = advice;
        self
    }

    /// Takes the next bytes and hands out what is whole. An error, of the stream or of who takes the
    /// pieces, is final.
    pub fn push(&mut self, chunk: &[u8], take: &mut Taker<'_>) -> Result<(), String> {
        let mut buffer = std::mem::take(&mut self.buffer);
        let mut at = buffer.len();
        buffer.extend_from_slice(chunk);
        while at < buffer.len() {
            at = match self.piece {
                Some(piece) => self.inside(piece, &buffer, at, take)?,
                None => self.between(buffer[at], at, take)?,
            };
        }
        if let Some(piece) = &mut self.piece
            && piece.role == Role::Passed
            && at - piece.start > PASSED
        {
            (piece.start, piece.is_cut) = (at, true);
        }
        let start = self.piece.map_or(at, |piece| piece.start);
        if at - start > self.limit {
            return Err(self.too_long(start));
        }
        self.base += start as u64;
        if let Some(piece) = &mut self.piece {
            piece.start = 0;
        }
        if start > 0 {
            buffer.drain(..start);
        }
        self.buffer = buffer;
        Ok(())
    }

    /// The stream is over: hands out a number or word at its end.
    pub fn finish(&mut self, take: &mut Taker<'_>) -> Result<(), String> {
        let rest = std::mem::take(&mut self.buffer);
        match self.piece.take() {
            None if self.levels.is_empty() => Ok(()),
            Some(piece)
                if self.levels.is_empty() && piece.kind == PieceKind::Scalar && !self.in_string =>
            {
                take(JsonPiece::Value(&rest, 0))
            }
            _ => Err(self.at(rest.len(), "the JSON ends in the middle of a value")),
        }
    }

    /// Between two pushes: where the value begins in the stream whose end is not here yet, and whether it
    /// is an element of a list.
    pub fn open_piece(&self) -> Option<(u64, bool)> {
        let piece = self.piece.filter(|piece| !piece.is_cut)?;
        match piece.role {
            Role::Element => Some((self.base, true)),
            Role::Value if self.levels.is_empty() => Some((self.base, false)),
            Role::Value | Role::Passed | Role::Name => None,
        }
    }

    fn at(&self, at: usize, what: &str) -> String {
        format!("{what}, at byte {}", self.base + at as u64 + 1)
    }

    fn too_long(&self, start: usize) -> String {
        let most = self.limit >> 20;
        self.at(start, &format!("a value has more than {most} MiB")) + self.advice
    }

    /// Looks at a byte between pieces; returns where to go on.
    fn between(&mut self, byte: u8, at: usize, take: &mut Taker<'_>) -> Result<usize, String> {
        if matches!(byte, b' ' | b'\t' | b'\r' | b'\n') {
            return Ok(at + 1);
        }
        let Some(level) = self.levels.last_mut() else {
            // Between values at the top separators of records, too, and the bytes of a byte order mark.
            if matches!(byte, 0x1e | 0xef | 0xbb | 0xbf) {
                return Ok(at + 1);
            }
            return self.begin(byte, at, Role::Value);
        };
        let is_end = byte == if level.is_object { b'}' } else { b']' };
        let first = if level.is_object { Awaits::Name } else { Awaits::Value };
        let is_fresh = level.members == 0 && level.awaits == first;
        if is_end && (level.awaits == Awaits::Comma || is_fresh) {
            self.leave(take)?;
            return Ok(at + 1);
        }
        match (level.awaits, byte) {
            (Awaits::Comma, b',') => {
                level.members += 1;
                level.awaits = first;
                Ok(at + 1)
            }
            (Awaits::Colon, b':') => {
                level.awaits = Awaits::Value;
                Ok(at + 1)
            }
            (Awaits::Name, b'"') => self.begin(byte, at, Role::Name),
            (Awaits::Value, _) => {
                let role = self.role();
                self.begin(byte, at, role)
            }
            (Awaits::Comma, _) => Err(self.at(at, "a comma is expected")),
            (Awaits::Colon, _) => Err(self.at(at, "a colon is expected")),
            (Awaits::Name, _) => Err(self.at(at, "a name is expected")),
        }
    }

    /// What the next value in the innermost of what was gone into is.
    fn role(&mut self) -> Role {
        let step = self.levels.len().checked_sub(1);
        let step = step.and_then(|at| self.path.as_ref().and_then(|path| path.get(at)));
        let Some(level) = self.levels.last_mut() else { return Role::Value };
        match step {
            None => Role::Element,
            Some(WayStep::Name(_)) if level.is_wanted => Role::Value,
            Some(WayStep::Index(wanted)) if *wanted == level.members => {
                level.is_found = true;
                Role::Value
            }
            Some(_) => Role::Passed,
        }
    }

    /// Begins a value, or goes into it where the path leads through it.
    fn begin(&mut self, byte: u8, at: usize, role: Role) -> Result<usize, String> {
        if matches!(byte, b',' | b':' | b']' | b'}') {
            return Err(self.at(at, "a value is expected"));
        }
        if role == Role::Value
            && let Some(path) = &self.path
        {
            let step = path.get(self.levels.len());
            let is_object = matches!(step, Some(WayStep::Name(_)));
            if byte == if is_object { b'{' } else { b'[' } {
                let awaits = if is_object { Awaits::Name } else { Awaits::Value };
                let level =
                    Level { is_object, members: 0, awaits, is_wanted: false, is_found: false };
                self.levels.push(level);
                return Ok(at + 1);
            }
        }
        let kind = match byte {
            b'[' | b'{' => PieceKind::Nested,
            b'"' => PieceKind::Text,
            _ => PieceKind::Scalar,
        };
        self.piece = Some(OpenPiece { start: at, role, kind, depth: 0, is_cut: false });
        Ok(at)
    }

    /// An object or list that was gone into is over.
    fn leave(&mut self, take: &mut Taker<'_>) -> Result<(), String> {
        let Some(left) = self.levels.pop() else { return Ok(()) };
        if let Some(around) = self.levels.last_mut() {
            around.awaits = Awaits::Comma;
        }
        let at = self.levels.len();
        let is_way = self.path.as_ref().is_some_and(|path| at < path.len());
        if is_way && !left.is_found {
            take(JsonPiece::Value(b"null", at + 1))?;
        }
        if at == 0 { take(JsonPiece::End) } else { Ok(()) }
    }

    /// Goes on inside a piece, as far as the buffer reaches or the piece; returns where to go on.
    fn inside(
        &mut self,
        mut piece: OpenPiece,
        buffer: &[u8],
        mut at: usize,
        take: &mut Taker<'_>,
    ) -> Result<usize, String> {
        let is_within = !self.levels.is_empty();
        while at < buffer.len() {
            if self.in_string {
                at = self.string(buffer, at);
                let is_whole = !self.in_string && piece.kind == PieceKind::Text;
                if is_whole && piece.depth == 0 && (!is_within || piece.role == Role::Name) {
                    return self.hand_out(piece, buffer, at, take);
                }
                continue;
            }
            match buffer[at] {
                b'"' => self.in_string = true,
                b'[' | b'{' if piece.depth == DEEPEST => {
                    return Err(self.at(at, "brackets are too deep inside each other"));
                }
                b'[' | b'{' => piece.depth += 1,
                b']' | b'}' if piece.depth > 0 => {
                    piece.depth -= 1;
                    if piece.depth == 0 && piece.kind == PieceKind::Nested && !is_within {
                        return self.hand_out(piece, buffer, at + 1, take);
                    }
                }
                b',' | b']' | b'}' if piece.depth == 0 && is_within => {
                    return self.hand_out(piece, buffer, at, take);
                }
                b' ' | b'\t' | b'\r' | b'\n' if piece.depth == 0 && !is_within => {
                    return self.hand_out(piece, buffer, at, take);
                }
                _ => {}
            }
            at += 1;
        }
        self.piece = Some(piece);
        Ok(at)
    }

    /// Goes on inside a string.
    fn string(&mut self, buffer: &[u8], at: usize) -> usize {
        if std::mem::take(&mut self.is_escaped) {
            return at + 1;
        }
        let rest = &buffer[at..];
        let Some(found) = memchr::memchr2(b'"', b'\\', rest) else { return buffer.len() };
        if rest[found] == b'"' {
            self.in_string = false;
        } else {
            self.is_escaped = true;
        }
        at + found + 1
    }

    fn hand_out(
        &mut self,
        piece: OpenPiece,
        buffer: &[u8],
        end: usize,
        take: &mut Taker<'_>,
    ) -> Result<usize, String> {
        self.piece = None;
        let bytes = &buffer[piece.start..end];
        if bytes.len() > self.limit {
            return Err(self.too_long(piece.start));
        }
        if piece.role == Role::Name {
            self.named(bytes, piece.start)?;
            return Ok(end);
        }
        if let Some(level) = self.levels.last_mut() {
            level.awaits = Awaits::Comma;
        }
        match piece.role {
            Role::Element => take(JsonPiece::Element(bytes, self.base + piece.start as u64))?,
            Role::Passed if !piece.is_cut => take(JsonPiece::Passed(bytes))?,
            Role::Passed | Role::Name => {}
            Role::Value => take(JsonPiece::Value(bytes, self.levels.len()))?,
        }
        Ok(end)
    }

    /// Takes a name of an object that the path leads through.
    fn named(&mut self, quoted: &[u8], at: usize) -> Result<(), String> {
        let step = self.levels.len().checked_sub(1);
        let step = step.and_then(|at| self.path.as_ref().and_then(|path| path.get(at)));
        let is_wanted = matches!(step, Some(WayStep::Name(name)) if is_name(quoted, name));
        let Some(level) = self.levels.last_mut() else { return Ok(()) };
        let was_found = level.is_found;
        (level.awaits, level.is_wanted) = (Awaits::Colon, is_wanted);
        level.is_found |= is_wanted;
        if was_found && is_wanted {
            let name = String::from_utf8_lossy(quoted);
            let twice = format!("{name} is there twice, and the last one counts");
            let twice = self.at(at, &twice);
            return Err(format!("{twice}: put `. |` before the filter"));
        }
        Ok(())
    }
}

/// Whether a string of JSON stands for this name.
fn is_name(quoted: &[u8], name: &str) -> bool {
    let [b'"', inner @ .., b'"'] = quoted else { return false };
    inner == name.as_bytes()
        || inner.contains(&b'\\')
            && serde_json::from_slice::<String>(quoted).is_ok_and(|text| text == name)
}

#[cfg(test)]
mod pieces_tests;
