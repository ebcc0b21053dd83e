//! Names that stand for where a listener is: of the preset `mock/users` these are `mock.users.address` and
//! `mock.users.port`. They have values while it listens, so that a port that the system chose needs no editing.
//!
//! Called by runs, for the listeners they start, and by the screen, for those that the user started.

use std::collections::BTreeMap;

use crate::model::end_address::EndAddress;

/// What is told of a listener.
const ADDRESS: &str = "address";
const PORT: &str = "port";

/// Where the listener of this path is, as variables; none before it is bound. Of a Unix socket there is no port.
pub(crate) fn listening_variables(
    path: &str,
    addresses: &[EndAddress],
) -> BTreeMap<String, String> {
    let Some(address) = addresses.first() else { return BTreeMap::new() };
    let name = path.replace('/', ".");
    let port = address.inet().map(|address| address.port().to_string());
    let all = [(ADDRESS, Some(address.to_string())), (PORT, port)];
    let known = all.into_iter().filter_map(|(what, value)| Some((what, value?)));
    known.map(|(what, value)| (format!("{name}.{what}"), value)).collect()
}

/// Whether the name stands for where the listener of this path is.
pub(crate) fn is_listening_name(name: &str, path: &str) -> bool {
    let of = name.rsplit_once('.').filter(|(_, what)| [ADDRESS, PORT].contains(what));
    of.is_some_and(|(of, _)| of == path.replace('/', "."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_is_named_by_its_path() {
        let bound = EndAddress::Inet("127.0.0.1:8080".parse().unwrap());
        let variables = listening_variables("mock/users", &[bound]);
        let told: Vec<_> = variables.iter().map(|(name, value)| (&**name, &**value)).collect();
        assert_eq!(told, [("mock.users.address", "127.0.0.1:8080"), ("mock.users.port", "8080")]);
        assert!(variables.keys().all(|name| is_listening_name(name, "mock/users")));
        assert!(!is_listening_name("mock.users", "mock/users"));
        assert!(!is_listening_name("mock.users.host", "mock/users"));
        assert!(!is_listening_name("users.port", "mock/users"));
    }

    #[test]
    fn nothing_is_told_before_it_is_bound() {
        assert!(listening_variables("mock/users", &[]).is_empty());
    }
}
