//! SOCKS5 (RFC 1928, RFC 1929) from the side of the client: what is said to a proxy, and what its answers mean.
//! Pure; whoever speaks to it reads exactly as many bytes as an answer has, so that what follows stays unread.

use std::net::SocketAddr;

use super::socks5::{VERSION, with_address};

const NO_LOGIN: u8 = 0;
const LOGIN: u8 = 2;
const NO_METHOD: u8 = 0xff;
const CONNECT: u8 = 1;
/// Bytes that a user, a password and a name may have.
const FIELD: usize = 255;

/// Where the proxy shall connect to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SocksTarget<'a> {
    Address(SocketAddr),
    /// A name that the proxy looks up, and a port.
    Name(&'a str, u16),
}

/// What a proxy wants next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SocksMethod {
    Nothing,
    Login,
}

/// The greeting: without a login only that none is needed is offered, so that none is asked for.
pub(crate) fn greeting(has_login: bool) -> Vec<u8> {
    if has_login { vec![VERSION, 2, NO_LOGIN, LOGIN] } else { vec![VERSION, 1, NO_LOGIN] }
}

/// What the two bytes behind the greeting say.
///
/// # Errors
/// Why there is no way on, in words.
pub(crate) fn method(answer: [u8; 2], has_login: bool) -> Result<SocksMethod, String> {
    match answer {
        [VERSION, NO_LOGIN] => Ok(SocksMethod::Nothing),
        [VERSION, LOGIN] if has_login => Ok(SocksMethod::Login),
        [VERSION, NO_METHOD] if has_login => {
            Err("it takes neither a user with a password nor nobody in particular".into())
        }
        [VERSION, NO_METHOD | LOGIN] => Err("it wants a user and a password".into()),
        [VERSION, other] => {
            Err(format!("it wants to be convinced in a way that is not known ({other})"))
        }
        [b'H', b'T'] => Err("it speaks HTTP and not SOCKS5".into()),
        [first, _] => Err(format!("it does not speak SOCKS5: its first byte is 0x{first:02x}")),
    }
}

/// User and password, as RFC 1929 has them.
///
/// # Errors
/// One of them is too long, in words.
pub(crate) fn login(user: &str, password: &str) -> Result<Vec<u8>, String> {
    let mut bytes = vec![1];
    push(&mut bytes, user, "the user")?;
    push(&mut bytes, password, "the password")?;
    Ok(bytes)
}

/// Whether the two bytes behind the login let us in.
pub(crate) fn is_let_in(answer: [u8; 2]) -> bool {
    // Some say the version of SOCKS here.
    answer[1] == 0
}

/// The request to connect.
///
/// # Errors
/// The name is too long, in words.
pub(crate) fn connect(target: SocksTarget<'_>) -> Result<Vec<u8>, String> {
    let mut bytes = vec![VERSION, CONNECT, 0];
    match target {
        SocksTarget::Address(address) => Ok(with_address(bytes, address)),
        SocksTarget::Name(name, port) => {
            bytes.push(3);
            push(&mut bytes, name, "the name")?;
            bytes.extend(port.to_be_bytes());
            Ok(bytes)
        }
    }
}

fn push(bytes: &mut Vec<u8>, text: &str, what: &str) -> Result<(), String> {
    let length = u8::try_from(text.len());
    let too_long = || format!("{what} has {} bytes, and SOCKS5 takes {FIELD}", text.len());
    bytes.push(length.map_err(|_| too_long())?);
    bytes.extend(text.as_bytes());
    Ok(())
}

/// The first five bytes of the answer to a request: how many more there are.
///
/// # Errors
/// Why there is no connection, in words.
pub(crate) fn answered(answer: [u8; 5]) -> Result<usize, String> {
    let [version, code, _, kind, first] = answer;
    if version != VERSION {
        return Err(format!("its answer is none of SOCKS5: it begins with 0x{version:02x}"));
    }
    if code != 0 {
        return Err(refusal(code));
    }
    match kind {
        1 => Ok(4 - 1 + 2),
        4 => Ok(16 - 1 + 2),
        3 => Ok(usize::from(first) + 2),
        _ => Err(format!("its answer holds an address of no known kind ({kind})")),
    }
}

/// What a code says (RFC 1928, section 6).
fn refusal(code: u8) -> String {
    let words = match code {
        1 => "it says only that it failed",
        2 => "it does not allow that",
        3 => "it cannot reach the network of the target",
        4 => "it cannot reach the target, or does not find its name",
        5 => "the target refused its connection",
        6 => "the target did not answer it in time",
        7 => "it does not connect for others",
        8 => "it does not know such addresses",
        _ => return format!("it refused for an unknown reason ({code})"),
    };
    format!("{words} (reply {code})")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::codec::socks5::{SocksEntry, SocksStep};

    /// What our own proxy makes of it.
    fn understood(login: Option<(&str, &str)>, target: SocksTarget<'_>) -> SocksStep {
        let own = |(user, password): (&str, &str)| (user.to_owned(), password.to_owned());
        let mut entry = SocksEntry::new(login.map(own));
        let mut data = greeting(login.is_some());
        let with = |(user, password)| super::login(user, password).unwrap();
        data.extend(login.map(with).unwrap_or_default());
        data.extend(connect(target).unwrap());
        let mut rest = &data[..];
        loop {
            match entry.next() {
                SocksStep::Read(count) => {
                    let (now, left) = rest.split_at(count);
                    entry.push(now);
                    rest = left;
                }
                SocksStep::Say(_) => {}
                step => return step,
            }
        }
    }

    #[test]
    fn what_is_said_is_understood_by_our_own_proxy() {
        let address = SocksTarget::Address("[::1]:8080".parse().unwrap());
        let there = |host: &str, port| {
            SocksStep::Connect(crate::model::endpoint::Endpoint::new(host, port))
        };
        assert_eq!(understood(None, address), there("::1", 8080));
        let address = SocksTarget::Address("10.0.0.1:80".parse().unwrap());
        assert_eq!(understood(Some(("u", "p")), address), there("10.0.0.1", 80));
        assert_eq!(understood(None, SocksTarget::Name("db.x", 5432)), there("db.x", 5432));
        assert!(connect(SocksTarget::Name(&"a".repeat(256), 1)).unwrap_err().contains("256 bytes"));
    }

    #[test]
    fn answers_are_told_in_words() {
        assert_eq!(method([5, 0], false), Ok(SocksMethod::Nothing));
        assert_eq!(method([5, 2], true), Ok(SocksMethod::Login));
        assert!(method([5, 0xff], false).unwrap_err().contains("a user and a password"));
        assert!(method([b'H', b'T'], false).unwrap_err().contains("speaks HTTP"));
        assert!(method([4, 0], false).unwrap_err().contains("0x04"));
        assert!(is_let_in([1, 0]) && !is_let_in([1, 1]));
        assert_eq!(answered([5, 0, 0, 1, 127]), Ok(5));
        assert_eq!(answered([5, 0, 0, 3, 4]), Ok(6));
        assert_eq!(answered([5, 0, 0, 4, 0]), Ok(17));
        for (code, words) in [(2, "not allow"), (4, "cannot reach"), (5, "refused"), (99, "99")] {
            let why = answered([5, code, 0, 1, 0]).unwrap_err();
            assert!(why.contains(words), "{why}");
        }
        assert!(answered([5, 0, 0, 9, 0]).unwrap_err().contains("no known kind"));
        assert!(answered([1, 0, 0, 1, 0]).unwrap_err().contains("none of SOCKS5"));
    }

    proptest! {
        #![proptest_config(crate::property_tests::config())]

        #[test]
        fn any_answer_is_a_bounded_length_or_words(answer: [u8; 5], first: [u8; 2], login: bool) {
            prop_assert!(answered(answer).map_or_else(|why| !why.is_empty(), |more| more <= 257));
            prop_assert!(method(first, login).map_or_else(|why| !why.is_empty(), |_| true));
        }
    }
}
