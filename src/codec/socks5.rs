//! SOCKS5 (RFC 1928, RFC 1929) from the side of the proxy: what a client says first, and what it is
//! answered. Pure; asks for exactly the bytes it needs, so that what follows stays unread.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::model::endpoint::Endpoint;

pub(super) const VERSION: u8 = 5;
const NO_LOGIN: u8 = 0;
const LOGIN: u8 = 2;
const NO_METHOD: u8 = 0xff;
const CONNECT: u8 = 1;
const BIND: u8 = 2;
const ASSOCIATE: u8 = 3;

/// What a request is answered with (RFC 1928, section 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SocksReply {
    Succeeded = 0,
    Failed = 1,
    NetworkUnreachable = 3,
    HostUnreachable = 4,
    Refused = 5,
    NoSuchCommand = 7,
    NoSuchAddress = 8,
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SocksStep {
    /// Read exactly so many bytes more and hand them to [`SocksEntry::push`].
    Read(usize),
    /// Write this.
    Say(Vec<u8>),
    /// It wants to be connected there; the answer is [`reply`].
    Connect(Endpoint),
    /// It wants its datagrams passed on, which come from that port; 0 = from any. The answer is
    /// [`reply`] with where to send them.
    Associate(u16),
    /// Write this, and it is over; why, in words.
    Refuse(Vec<u8>, String),
}

/// The beginning of a connection.
#[derive(Debug)]
pub(crate) struct SocksEntry {
    login: Option<(String, String)>,
    at: State,
    buffer: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Greeting,
    Login,
    Request,
}

/// The answer to a request, with where we are connected from.
pub(crate) fn reply(reply: SocksReply, from: Option<SocketAddr>) -> Vec<u8> {
    let from = from.unwrap_or(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)));
    with_address(vec![VERSION, reply as u8, 0], from)
}

/// The bytes with an address and its port behind them (RFC 1928, section 5).
pub(super) fn with_address(mut bytes: Vec<u8>, address: SocketAddr) -> Vec<u8> {
    match address.ip() {
        IpAddr::V4(ip) => {
            bytes.push(1);
            bytes.extend(ip.octets());
        }
        IpAddr::V6(ip) => {
            bytes.push(4);
            bytes.extend(ip.octets());
        }
    }
    bytes.extend(address.port().to_be_bytes());
    bytes
}

/// Where a datagram of a client is to go, and where what it says begins (RFC 1928, section 7); an error
/// says in words why it goes nowhere.
pub(crate) fn datagram(bytes: &[u8]) -> Result<(Endpoint, usize), String> {
    let [0, 0, fragment, kind, rest @ ..] = bytes else {
        return Err("it has no head of SOCKS5".into());
    };
    if *fragment != 0 {
        return Err("it is a piece of a datagram, and pieces are not put together".into());
    }
    let (endpoint, read) = address(*kind, rest)?;
    if endpoint.port == 0 {
        return Err("port 0 cannot be sent to".into());
    }
    Ok((endpoint, 4 + read))
}

/// What stands in front of a datagram that goes to a client: who sent it.
pub(crate) fn datagram_head(from: SocketAddr) -> Vec<u8> {
    with_address(vec![0, 0, 0], from)
}

/// The address that begins here, and its bytes.
fn address(kind: u8, rest: &[u8]) -> Result<(Endpoint, usize), String> {
    let behind = match (kind, rest) {
        (1, _) => 4,
        (4, _) => 16,
        (3, [length, ..]) => 1 + usize::from(*length),
        (3, []) => return Err("its address is cut".into()),
        _ => return Err(format!("its address is of no known kind ({kind})")),
    };
    let Some((address, [high, low, ..])) = rest.split_at_checked(behind) else {
        return Err("its address is cut".into());
    };
    let host = match (kind, <[u8; 16]>::try_from(address), address) {
        (1, _, [a, b, c, d]) => Ipv4Addr::new(*a, *b, *c, *d).to_string(),
        (4, Ok(ip), _) => Ipv6Addr::from(ip).to_string(),
        (3, _, [_, name @ ..]) if !name.is_empty() && name.iter().copied().all(is_of_names) => {
            String::from_utf8_lossy(name).into_owned()
        }
        _ => return Err("its host is no name".into()),
    };
    Ok((Endpoint::new(host, u16::from_be_bytes([*high, *low])), behind + 2))
}

impl SocksEntry {
    /// Nothing was read yet; with a login only who names it gets in.
    pub(crate) fn new(login: Option<(String, String)>) -> Self {
        SocksEntry { login, at: State::Greeting, buffer: Vec::new() }
    }

    /// Bytes that were asked for.
    pub(crate) fn push(&mut self, data: &[u8]) {
        self.buffer.extend_from_slice(data);
    }

    /// What to do next.
    pub(crate) fn next(&mut self) -> SocksStep {
        let wanted = self.wanted();
        if let Some(missing) = wanted.checked_sub(self.buffer.len()).filter(|missing| *missing > 0)
        {
            return SocksStep::Read(missing);
        }
        let read = std::mem::take(&mut self.buffer);
        match self.at {
            State::Greeting => self.greeting(&read),
            State::Login => self.login(&read),
            State::Request => request(&read),
        }
    }

    /// Bytes of the message that is being read, as far as what is there tells.
    fn wanted(&self) -> usize {
        let byte = |at: usize| self.buffer.get(at).map(|byte| usize::from(*byte));
        match self.at {
            // Who speaks something else may never send the second byte.
            State::Greeting | State::Request if byte(0).is_some_and(|it| it != 5) => 1,
            State::Greeting if byte(0).is_none() => 1,
            State::Greeting => byte(1).map_or(2, |methods| 2 + methods),
            State::Login => match byte(1) {
                Some(user) => byte(2 + user).map_or(3 + user, |password| 3 + user + password),
                None => 2,
            },
            State::Request => match (byte(3), byte(4)) {
                (Some(1), _) => 4 + 4 + 2,
                (Some(4), _) => 4 + 16 + 2,
                (Some(3), Some(name)) => 5 + name + 2,
                (Some(3), None) => 5,
                _ => 4,
            },
        }
    }

    fn greeting(&mut self, read: &[u8]) -> SocksStep {
        let [VERSION, rest @ ..] = read else {
            let first = read.first().copied().unwrap_or_default();
            return SocksStep::Refuse(Vec::new(), no_socks(first));
        };
        let methods: &[u8] = if let [_, methods @ ..] = rest { methods } else { &[] };
        let method = if self.login.is_some() { LOGIN } else { NO_LOGIN };
        if methods.contains(&method) {
            self.at = if self.login.is_some() { State::Login } else { State::Request };
            return SocksStep::Say(vec![VERSION, method]);
        }
        let why = if self.login.is_some() {
            "it offers no user and password, which are asked for"
        } else {
            "it insists on a login, and none is asked for"
        };
        SocksStep::Refuse(vec![VERSION, NO_METHOD], why.into())
    }

    fn login(&mut self, read: &[u8]) -> SocksStep {
        let text = |range: &[u8]| String::from_utf8_lossy(range).into_owned();
        let user = read.get(1).map_or(0, |len| usize::from(*len));
        let named = read.get(2..2 + user).zip(read.get(3 + user..));
        let named = named.map(|(user, password)| (text(user), text(password)));
        if read.first() == Some(&1) && named.is_some() && named == self.login {
            self.at = State::Request;
            return SocksStep::Say(vec![1, 0]);
        }
        SocksStep::Refuse(vec![1, 1], "user or password are not those that are asked for".into())
    }
}

fn is_of_names(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"/@[]\\".contains(&byte)
}

/// What the first byte of something else says.
fn no_socks(first: u8) -> String {
    let known = match first {
        4 => "SOCKS4",
        22 => "TLS",
        b'A'..=b'Z' => "HTTP, by its first letter",
        _ => return format!("it does not speak SOCKS5: its first byte is 0x{first:02x}"),
    };
    format!("it does not speak SOCKS5, but {known}")
}

fn request(read: &[u8]) -> SocksStep {
    let refuse = |code, why: String| SocksStep::Refuse(reply(code, None), why);
    let [VERSION, command, _, kind, rest @ ..] = read else {
        return refuse(SocksReply::Failed, "its request is none of SOCKS5".into());
    };
    let (endpoint, _) = match address(*kind, rest) {
        Ok(address) => address,
        Err(why) => return refuse(SocksReply::NoSuchAddress, why),
    };
    match *command {
        CONNECT if endpoint.port == 0 => {
            refuse(SocksReply::Failed, "port 0 cannot be connected to".into())
        }
        CONNECT => SocksStep::Connect(endpoint),
        BIND => refuse(SocksReply::NoSuchCommand, format!("it asks us to bind for {endpoint}")),
        ASSOCIATE => SocksStep::Associate(endpoint.port),
        other => refuse(SocksReply::NoSuchCommand, format!("command {other} is not known")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What is answered to these bytes, until it connects, refuses or wants more.
    fn played(login: Option<(&str, &str)>, mut data: &[u8]) -> (Vec<u8>, SocksStep) {
        let login = login.map(|(user, password)| (user.to_owned(), password.to_owned()));
        let (mut entry, mut said) = (SocksEntry::new(login), Vec::new());
        loop {
            match entry.next() {
                SocksStep::Read(count) if data.len() < count => {
                    return (said, SocksStep::Read(count - data.len()));
                }
                SocksStep::Read(count) => {
                    let (now, rest) = data.split_at(count);
                    entry.push(now);
                    data = rest;
                }
                SocksStep::Say(words) => said.extend(words),
                SocksStep::Refuse(words, why) => {
                    said.extend(words);
                    return (said, SocksStep::Refuse(data.to_vec(), why));
                }
                end @ (SocksStep::Connect(_) | SocksStep::Associate(_)) => return (said, end),
            }
        }
    }

    fn asked(data: &[u8]) -> String {
        match played(None, data) {
            (said, SocksStep::Connect(endpoint)) => format!("{said:?} {endpoint}"),
            (_, step) => format!("{step:?}"),
        }
    }

    #[test]
    fn addresses_of_all_three_kinds_are_read() {
        assert_eq!(
            asked(b"\x05\x01\x00\x05\x01\x00\x01\x7f\x00\x00\x01\x00\x50"),
            "[5, 0] 127.0.0.1:80"
        );
        assert_eq!(asked(b"\x05\x02\x01\x00\x05\x01\x00\x03\x04db.x\x15\x38"), "[5, 0] db.x:5432");
        let mut v6 = b"\x05\x01\x00\x05\x01\x00\x04".to_vec();
        v6.extend(Ipv6Addr::LOCALHOST.octets());
        v6.extend([0x1f, 0x90]);
        assert_eq!(asked(&v6), "[5, 0] [::1]:8080");
        assert_eq!(reply(SocksReply::Refused, None), [5, 5, 0, 1, 0, 0, 0, 0, 0, 0]);
        let from = Some("[::1]:258".parse().unwrap());
        assert_eq!(reply(SocksReply::Succeeded, from)[..5], [5, 0, 0, 4, 0]);
        assert_eq!(reply(SocksReply::Succeeded, from)[20..], [1, 2]);
    }

    #[test]
    fn who_wants_datagrams_passed_on_says_from_which_port_they_come() {
        let asked = |rest: &[u8]| played(None, &[b"\x05\x01\x00\x05\x03\x00", rest].concat()).1;
        assert_eq!(asked(b"\x01\x00\x00\x00\x00\x00\x00"), SocksStep::Associate(0));
        assert_eq!(asked(b"\x01\x7f\x00\x00\x01\x01\x02"), SocksStep::Associate(258));
        let said = |bytes: &[u8]| match datagram(bytes) {
            Ok((endpoint, at)) => format!("{endpoint} {:?}", &bytes[at..]),
            Err(why) => why,
        };
        assert_eq!(said(b"\0\0\0\x01\x7f\x00\x00\x01\x00\x35ab"), "127.0.0.1:53 [97, 98]");
        assert_eq!(said(b"\0\0\0\x03\x02ns\x00\x35"), "ns:53 []");
        for (bytes, why) in [
            (&b"\0\0\0"[..], "no head"),
            (b"what is this?", "no head"),
            (b"\0\0\x01\x01\x7f\x00\x00\x01\x00\x35a", "a piece"),
            (b"\0\0\0\x01\x7f\x00\x00\x01\x00\x00a", "port 0"),
            (b"\0\0\0\x01\x7f\x00\x00\x01\x00", "is cut"),
            (b"\0\0\0\x04\x7f\x00\x00\x01\x00\x35", "is cut"),
            (b"\0\0\0\x03", "is cut"),
            (b"\0\0\0\x03\x00\x00\x35", "no name"),
            (b"\0\0\0\x03\x09ns\x00\x35", "is cut"),
            (b"\0\0\0\x02\x09ns\x00\x35", "no known kind"),
        ] {
            assert!(said(bytes).contains(why), "{} {why}", said(bytes));
        }
        let from: SocketAddr = "[::1]:53".parse().unwrap();
        let head = datagram_head(from);
        assert_eq!(datagram(&head), Ok((Endpoint::new("::1", 53), head.len())));
    }

    #[test]
    fn a_login_is_asked_for_and_must_be_the_one() {
        let login = Some(("me", "secret"));
        let connect = b"\x05\x01\x00\x01\x7f\x00\x00\x01\x00\x50";
        let data = [&b"\x05\x02\x00\x02\x01\x02me\x06secret"[..], connect].concat();
        let (said, step) = played(login, &data);
        assert_eq!(said, [5, 2, 1, 0]);
        assert!(matches!(step, SocksStep::Connect(_)), "{step:?}");
        let (said, _) = played(login, b"\x05\x01\x02\x01\x02me\x05wrong");
        assert_eq!(said, [5, 2, 1, 1]);
        assert_eq!(played(login, b"\x05\x01\x00").0, [5, 0xff]);
    }

    #[test]
    fn what_is_something_else_is_told_by_its_first_byte() {
        for (data, said) in [
            (&b"GET / HTTP/1.1"[..], "but HTTP"),
            (b"\x16\x03\x01", "but TLS"),
            (b"\x04\x01\x00\x50", "but SOCKS4"),
            (b"\x05\x01\x00\x05\x02\x00\x01\x7f\x00\x00\x01\x00\x50", "asks us to bind"),
            (b"\x05\x01\x00\x05\x01\x00\x09", "no known kind"),
            (b"\x05\x01\x00\x05\x01\x00\x03\x03a/b\x00\x50", "no name"),
            (b"\x05\x01\x00\x05\x01\x00\x01\x7f\x00\x00\x01\x00\x00", "port 0"),
        ] {
            let (_, step) = played(None, data);
            assert!(format!("{step:?}").contains(said), "{step:?} {said}");
        }
    }

    proptest! {
        #![proptest_config(crate::property_tests::config())]

        /// Nothing is read beyond a request, and never more than a message can hold.
        #[test]
        fn any_bytes_end_in_time(data in prop::collection::vec(any::<u8>(), 0..600), is_socks: bool) {
            let mut data = data;
            if is_socks {
                data.splice(0..0, *b"\x05\x01\x00\x05\x01\x00");
            }
            let mut entry = SocksEntry::new(None);
            let mut rest = &data[..];
            for _ in 0..20 {
                match entry.next() {
                    SocksStep::Read(count) => {
                        prop_assert!(count > 0 && count <= 257);
                        let Some((now, left)) = rest.split_at_checked(count) else { return Ok(()) };
                        entry.push(now);
                        rest = left;
                    }
                    SocksStep::Say(_) => {}
                    SocksStep::Connect(_) | SocksStep::Associate(_) | SocksStep::Refuse(..) => {
                        return Ok(());
                    }
                }
            }
            prop_assert!(false, "it goes on for ever");
        }
    }
}
