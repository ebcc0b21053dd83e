//! The name of a Unix socket: a path of the file system, or one of Linux's abstract names.
//!
//! Read from what users write (`unix:/run/x.sock`, `unix:@name`), by everybody who connects or binds.
//! What a name can be is checked here, so that the system is only asked for what it could have.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// Before every name where addresses are written.
pub(crate) const UNIX: &str = "unix:";

/// Bytes a name has at most: `sun_path` less the zero that ends it (unix(7)). Where the system has less
/// it says so itself.
pub(crate) const LONGEST: usize = 107;

/// Where a Unix socket is found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UnixName {
    /// A path, of a file that stands for the socket.
    Path(Arc<str>),
    /// A name without a file, which lasts as long as its socket (Linux).
    Abstract(Arc<str>),
}

impl UnixName {
    /// What stands behind `unix:`; an `@` begins a name without a file.
    ///
    /// # Errors
    /// A sentence that says why it is no name of a socket.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (name, is_abstract) = text.strip_prefix('@').map_or((text, false), |it| (it, true));
        if name.is_empty() {
            return Err("the name of the socket is missing; write unix:/path/of.sock".into());
        }
        if let Some(bad) = name.chars().find(|c| c.is_control()) {
            return Err(format!("the name of the socket holds a control character ({bad:?})"));
        }
        if name.len() > LONGEST {
            let len = name.len();
            return Err(format!(
                "the name is {len} bytes long, and that of a Unix socket {LONGEST} at most; choose a \
                 shorter path, or make a link to its folder"
            ));
        }
        Ok(if is_abstract { Self::Abstract(name.into()) } else { Self::Path(name.into()) })
    }

    /// What stands behind `unix:`, when that begins a text. Two slashes may follow, as in a URL.
    #[must_use]
    pub(crate) fn written(text: &str) -> Option<&str> {
        let (scheme, rest) = text.split_at_checked(UNIX.len())?;
        scheme.eq_ignore_ascii_case(UNIX).then(|| rest.strip_prefix("//").unwrap_or(rest))
    }

    /// The path, of one that has a file.
    #[must_use]
    pub(crate) fn path(&self) -> Option<&Path> {
        match self {
            UnixName::Path(path) => Some(Path::new(&**path)),
            UnixName::Abstract(_) => None,
        }
    }

    /// The last part of it, for narrow places.
    #[must_use]
    pub(crate) fn short(&self) -> &str {
        let (UnixName::Path(name) | UnixName::Abstract(name)) = self;
        name.rsplit('/').find(|part| !part.is_empty()).unwrap_or(name)
    }
}

impl fmt::Display for UnixName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UnixName::Path(path) => write!(f, "{UNIX}{path}"),
            UnixName::Abstract(name) => write!(f, "{UNIX}@{name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_it_is_written_and_written_as_it_is_read() {
        for (text, printed) in [
            ("unix:/tmp/a.sock", "unix:/tmp/a.sock"),
            ("unix:///tmp/a.sock", "unix:/tmp/a.sock"),
            ("UNIX:a b.sock", "unix:a b.sock"),
            ("unix:@wire/bench", "unix:@wire/bench"),
        ] {
            let name = UnixName::parse(UnixName::written(text).unwrap()).unwrap();
            assert_eq!(name.to_string(), printed);
        }
        assert_eq!(UnixName::written("unixes:/x"), None);
        assert_eq!(UnixName::written("/tmp/a.sock"), None);
        assert_eq!(UnixName::parse("/run/docker.sock").unwrap().short(), "docker.sock");
    }

    #[test]
    fn what_no_socket_can_be_called_says_why() {
        for (text, why) in [("", "is missing"), ("@", "is missing"), ("/a\0b", "control character")]
        {
            assert!(UnixName::parse(text).unwrap_err().contains(why), "{text:?}");
        }
        let longest = format!("/{}", "a".repeat(LONGEST - 1));
        assert!(UnixName::parse(&longest).is_ok());
        let why = UnixName::parse(&format!("{longest}a")).unwrap_err();
        assert!(why.contains(&format!("{} bytes long", LONGEST + 1)), "{why}");
    }
}
