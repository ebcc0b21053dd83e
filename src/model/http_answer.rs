//! What an answer of an HTTP listener has besides its message: how long it waits, and what goes wrong with it on
//! purpose; as composed and as planned.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use bytes::Bytes;
use strum::{EnumString, IntoStaticStr};

use super::counts::counted;
use super::fault_kind::FaultKind;
use super::timing::{parse_duration, show_duration};

/// A time, or any between two: `3s`, `100ms..2s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct DelayRange {
    pub least: Duration,
    /// As long as `least` where it is one time.
    pub most: Duration,
}

impl DelayRange {
    /// Always this long.
    #[must_use]
    pub fn fixed(time: Duration) -> Self {
        DelayRange { least: time, most: time }
    }

    /// Whether nothing is waited for.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.most.is_zero()
    }
}

impl fmt::Display for DelayRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&show_duration(self.least))?;
        if self.most == self.least {
            return Ok(());
        }
        write!(f, "..{}", show_duration(self.most))
    }
}

impl FromStr for DelayRange {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let time = |text: &str| parse_duration(text.trim()).map_err(|error| error.to_string());
        let Some((least, most)) = text.split_once("..") else {
            return time(text).map(DelayRange::fixed);
        };
        let range = DelayRange { least: time(least)?, most: time(most)? };
        if range.most < range.least {
            let (least, most) = (least.trim(), most.trim());
            return Err(format!("'{least}' is longer than '{most}'; write {most}..{least}"));
        }
        Ok(range)
    }
}

/// What goes wrong with an answer, by name in files; those of relays are called as they are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, IntoStaticStr, EnumString)]
#[strum(serialize_all = "kebab-case", const_into_str)]
pub enum AnswerFaultKind {
    #[default]
    None,
    Rate,
    Split,
    Reset,
    HalfClose,
    Stall,
    WrongLength,
    BadChunk,
    Garbage,
}

/// The same with how much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum AnswerFault {
    #[default]
    None,
    /// Bytes a second.
    Rate(u32),
    /// Bytes of a write at most.
    Split(u32),
    /// Behind so many bytes of the answer the connection is reset.
    Reset(u32),
    /// Behind so many the connection is closed.
    HalfClose(u32),
    /// Behind so many nothing more comes.
    Stall(u32),
    /// The length that is told is so much longer, or shorter, than the body.
    WrongLength(i32),
    /// It goes out in chunks, and behind so many bytes of the body stands what is none.
    BadChunk(u32),
    /// So many bytes that are no HTTP go out in its place.
    Garbage(u32),
}

impl AnswerFault {
    /// Its name.
    #[must_use]
    pub fn kind(self) -> AnswerFaultKind {
        match self {
            AnswerFault::None => AnswerFaultKind::None,
            AnswerFault::Rate(_) => AnswerFaultKind::Rate,
            AnswerFault::Split(_) => AnswerFaultKind::Split,
            AnswerFault::Reset(_) => AnswerFaultKind::Reset,
            AnswerFault::HalfClose(_) => AnswerFaultKind::HalfClose,
            AnswerFault::Stall(_) => AnswerFaultKind::Stall,
            AnswerFault::WrongLength(_) => AnswerFaultKind::WrongLength,
            AnswerFault::BadChunk(_) => AnswerFaultKind::BadChunk,
            AnswerFault::Garbage(_) => AnswerFaultKind::Garbage,
        }
    }

    /// With a value to begin with.
    #[must_use]
    pub fn of(kind: AnswerFaultKind) -> Self {
        match kind {
            AnswerFaultKind::None => AnswerFault::None,
            AnswerFaultKind::Rate => AnswerFault::Rate(100),
            AnswerFaultKind::Split => AnswerFault::Split(1),
            AnswerFaultKind::Reset => AnswerFault::Reset(0),
            AnswerFaultKind::HalfClose => AnswerFault::HalfClose(0),
            AnswerFaultKind::Stall => AnswerFault::Stall(0),
            AnswerFaultKind::WrongLength => AnswerFault::WrongLength(10),
            AnswerFaultKind::BadChunk => AnswerFault::BadChunk(0),
            AnswerFaultKind::Garbage => AnswerFault::Garbage(64),
        }
    }

    /// As what it is marked where it touched something: what makes another message of an answer corrupts it.
    #[must_use]
    pub fn mark(self) -> Option<FaultKind> {
        match self {
            AnswerFault::None => None,
            AnswerFault::Rate(_) => Some(FaultKind::Rate),
            AnswerFault::Split(_) => Some(FaultKind::Split),
            AnswerFault::Reset(_) => Some(FaultKind::Reset),
            AnswerFault::HalfClose(_) => Some(FaultKind::HalfClose),
            AnswerFault::Stall(_) => Some(FaultKind::Stall),
            AnswerFault::WrongLength(_) | AnswerFault::BadChunk(_) | AnswerFault::Garbage(_) => {
                Some(FaultKind::Corrupt)
            }
        }
    }

    /// Bytes of the answer, head included, behind which it ends.
    #[must_use]
    pub fn ends_behind(self) -> Option<u64> {
        match self {
            AnswerFault::Reset(bytes)
            | AnswerFault::HalfClose(bytes)
            | AnswerFault::Stall(bytes) => Some(bytes.into()),
            AnswerFault::None
            | AnswerFault::Rate(_)
            | AnswerFault::Split(_)
            | AnswerFault::WrongLength(_)
            | AnswerFault::BadChunk(_)
            | AnswerFault::Garbage(_) => None,
        }
    }

    /// What it does, in words.
    #[must_use]
    pub fn words(self) -> String {
        let bytes = |count: u32| counted(count.into(), "byte");
        match self {
            AnswerFault::None => "nothing".to_owned(),
            AnswerFault::Rate(rate) => format!("the answer drips at {} a second", bytes(rate)),
            AnswerFault::Split(most) => {
                format!("the answer goes out in writes of {} at most", bytes(most))
            }
            AnswerFault::Reset(at) => {
                format!("the connection is reset behind {} of the answer", bytes(at))
            }
            AnswerFault::HalfClose(at) => {
                format!("the connection is closed behind {} of the answer", bytes(at))
            }
            AnswerFault::Stall(at) => format!("nothing comes behind {} of the answer", bytes(at)),
            AnswerFault::WrongLength(off) if off < 0 => {
                format!("the length that is told is {} too short", bytes(off.unsigned_abs()))
            }
            AnswerFault::WrongLength(off) => {
                format!("the length that is told is {} too long", bytes(off.unsigned_abs()))
            }
            AnswerFault::BadChunk(at) => {
                format!("behind {} of the body stands a chunk that is none", bytes(at))
            }
            AnswerFault::Garbage(count) => {
                format!("{} that are no HTTP stand in place of the answer", bytes(count))
            }
        }
    }
}

/// It as it stands in a file: `reset = 100`.
impl fmt::Display for AnswerFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name: &str = self.kind().into();
        match self {
            AnswerFault::None => f.write_str(name),
            AnswerFault::WrongLength(value) => write!(f, "{name} = {value}"),
            AnswerFault::Rate(value)
            | AnswerFault::Split(value)
            | AnswerFault::Reset(value)
            | AnswerFault::HalfClose(value)
            | AnswerFault::Stall(value)
            | AnswerFault::BadChunk(value)
            | AnswerFault::Garbage(value) => write!(f, "{name} = {value}"),
        }
    }
}

/// Something that is known of a request when it is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AskedPart {
    Method,
    /// As it is written, without the query.
    Path,
    /// What a part of the path with this name took.
    PathPart(String),
    /// All of it, as it is written.
    Query,
    QueryValue(String),
    /// Of this name, in lower case.
    Header(String),
    Cookie(String),
    /// Without the port.
    Host,
    Url,
    Body,
    /// What stands at this path in the body.
    Json(String),
    /// What the path of the rule took.
    Match,
    /// How often the rule answered, with this time.
    Times,
    /// What rules set last under this name.
    State(String),
}

/// A run of bytes of an answer, or what stands there when it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnswerPiece {
    Literal(Bytes),
    Asked {
        part: AskedPart,
        /// It is written as JSON.
        json: Option<JsonSpot>,
    },
}

/// Where a value stands that is written as JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonSpot {
    /// In a string, of which it is a part.
    InString,
    /// A string of its own.
    Alone,
}

/// What of an answer is put together when a request is there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OpenAnswer {
    /// Headers by their place in the answer.
    pub headers: Vec<(usize, Vec<AnswerPiece>)>,
    pub body: Option<Vec<AnswerPiece>>,
    /// The body was written as JSON.
    pub is_json: bool,
}

/// What an answer has besides its message.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AnswerMore {
    /// Waited up to so much longer, by chance.
    pub jitter: Duration,
    /// Waited before each event or line of the body but the first; 0 = it goes out as a whole.
    pub every: Duration,
    /// Files of this folder are the body, by the path that is asked for.
    pub folder: Option<PathBuf>,
    /// `None` = it is the same for every request.
    pub open: Option<Box<OpenAnswer>>,
    pub fault: AnswerFault,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delay_is_one_time_or_any_between_two() {
        for (text, told) in
            [("3s", "3s"), ("100ms..2s", "100ms..2s"), ("1s .. 1s", "1s"), ("0s", "0s")]
        {
            assert_eq!(text.parse::<DelayRange>().unwrap().to_string(), told);
        }
        let why = |text: &str| text.parse::<DelayRange>().unwrap_err();
        assert_eq!(why("2s..1s"), "'2s' is longer than '1s'; write 1s..2s");
        assert!(why("1s..").contains("duration"), "{}", why("1s.."));
        assert!(why("x").contains("'x' is not a duration"), "{}", why("x"));
    }

    #[test]
    fn every_kind_of_fault_has_one_of_its_name_and_is_marked_as_those_of_relays_are() {
        for word in [
            "none",
            "rate",
            "split",
            "reset",
            "half-close",
            "stall",
            "wrong-length",
            "bad-chunk",
            "garbage",
        ] {
            let kind: AnswerFaultKind = word.parse().unwrap();
            let fault = AnswerFault::of(kind);
            assert_eq!(fault.kind(), kind);
            assert!(fault.to_string().starts_with(word));
            let mark = fault.mark().map(<&str>::from);
            assert!(mark.is_none_or(|name| name == word || name == "corrupt"), "{word}");
        }
    }
}
