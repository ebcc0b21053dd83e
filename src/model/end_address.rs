//! The address of one end of a connection, as it is shown, filtered and written to files.
//!
//! Every `ConnInfo` and exchange has two. What is of IP alone (ports, networks, packets) asks for
//! `EndAddress::ip`; nobody needs to know what else there is.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::unix_name::{UNIX, UnixName};

/// Where one end of a connection is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EndAddress {
    /// An IP address with its port.
    Inet(SocketAddr),
    /// A Unix socket that was bound.
    Unix(UnixName),
    /// One that was not, as that of most clients: a number of ours tells it from others.
    Unnamed(u32),
}

impl EndAddress {
    /// Address and port, of one that has them.
    #[must_use]
    pub fn inet(&self) -> Option<SocketAddr> {
        if let EndAddress::Inet(address) = self { Some(*address) } else { None }
    }

    /// The IP address, as people write it: that of IPv4 is not told as one of IPv6.
    #[must_use]
    pub(crate) fn ip(&self) -> Option<IpAddr> {
        self.inet().map(|address| address.ip().to_canonical())
    }

    /// The port, of one that has one.
    #[must_use]
    pub(crate) fn port(&self) -> Option<u16> {
        self.inet().map(|address| address.port())
    }

    /// Whether other machines may reach it.
    #[must_use]
    pub fn is_public(&self) -> bool {
        self.inet().is_some_and(|address| !address.ip().is_loopback())
    }

    /// Whether it is an end of a Unix socket.
    #[must_use]
    pub(crate) fn is_unix(&self) -> bool {
        match self {
            EndAddress::Inet(_) => false,
            EndAddress::Unix(_) | EndAddress::Unnamed(_) => true,
        }
    }

    /// What tells it from others in a narrow place: the port, or the last part of the name.
    #[must_use]
    pub(crate) fn short(&self) -> String {
        // As many as leave room for the numbers behind it in a list.
        const CELLS: usize = 8;
        match self {
            EndAddress::Inet(address) => address.port().to_string(),
            EndAddress::Unix(name) => {
                let short = name.short();
                let stem = short.strip_suffix(".sock").filter(|stem| !stem.is_empty());
                stem.unwrap_or(short).chars().take(CELLS).collect()
            }
            EndAddress::Unnamed(number) => format!("#{number}"),
        }
    }
}

impl<T: Into<SocketAddr>> From<T> for EndAddress {
    fn from(address: T) -> Self {
        EndAddress::Inet(address.into())
    }
}

impl fmt::Display for EndAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EndAddress::Inet(address) => write!(f, "{address}"),
            EndAddress::Unix(name) => write!(f, "{name}"),
            EndAddress::Unnamed(number) => write!(f, "{UNIX}#{number}"),
        }
    }
}

impl FromStr for EndAddress {
    type Err = ();

    /// As it is written, in files of traffic above all.
    fn from_str(text: &str) -> Result<Self, ()> {
        let Some(name) = UnixName::written(text) else {
            return text.parse().map(EndAddress::Inet).map_err(|_| ());
        };
        match name.strip_prefix('#').map(str::parse) {
            Some(Ok(number)) => Ok(EndAddress::Unnamed(number)),
            _ => UnixName::parse(name).map(EndAddress::Unix).map_err(|_| ()),
        }
    }
}

impl Serialize for EndAddress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_end_is_read_back_as_it_was_written() {
        for text in ["127.0.0.1:80", "[::1]:443", "unix:/tmp/a.sock", "unix:@a", "unix:#7"] {
            let end: EndAddress = text.parse().unwrap();
            assert_eq!(end.to_string(), text);
            assert_eq!(serde_json::json!(end), text);
            assert_eq!(end.is_unix(), text.starts_with("unix:"));
            assert!(end.short().len() <= 8, "{}", end.short());
        }
        assert!("a:80".parse::<EndAddress>().is_err() && "unix:".parse::<EndAddress>().is_err());
    }
}
