//! An entry of the system keyring as the value of a variable: `token = { keyring = { service = "s", user = "u" } }`.
//!
//! Asked of the Secret Service over D-Bus, where it was built in (the feature `keyring`), with the attributes that
//! `secret-tool`, Python's keyring and others give their entries. A locked one makes the system ask for its
//! passphrase; all of it is bounded in time.

use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::Duration;

use crate::model::value_source::KeyringEntry;

/// Longest wait for the value: the user may have to type a passphrase.
const PATIENCE: Duration = Duration::from_secs(30);
/// Longest value, in bytes.
const LONGEST: usize = 64 * 1024;

/// What stands in an entry.
type Found = Result<Vec<u8>, String>;

/// The value of an entry.
///
/// # Errors
/// Why there is none, in words, which may be of others and hold anything.
pub(super) fn value(entry: &KeyringEntry) -> Result<String, String> {
    asked(entry, PATIENCE, ask)
}

/// The same of what is asked for it.
fn asked(
    entry: &KeyringEntry,
    patience: Duration,
    ask: impl Fn(&KeyringEntry) -> Found + Send + 'static,
) -> Result<String, String> {
    let (sender, found) = sync_channel(1);
    let asked = entry.clone();
    // A service that never answers keeps its thread, and nobody else.
    thread::spawn(move || {
        let _ = sender.send(ask(&asked));
    });
    let late = |_| format!("the keyring did not answer within {} s", patience.as_secs());
    let found = found.recv_timeout(patience).map_err(late)??;
    if found.len() > LONGEST {
        return Err(format!("its value is longer than {} KiB", LONGEST >> 10));
    }
    let value = String::from_utf8(found).map_err(|_| "its value is not UTF-8".to_owned())?;
    if value.is_empty() { Err("its value is empty".to_owned()) } else { Ok(value) }
}

#[cfg(not(feature = "keyring"))]
fn ask(_: &KeyringEntry) -> Found {
    Err("this wirebench is built without the system keyring: build it with `cargo install --path . --features keyring`"
        .to_owned())
}

#[cfg(feature = "keyring")]
fn ask(entry: &KeyringEntry) -> Found {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| error.to_string())?.block_on(secret_service::found(entry))
}

#[cfg(feature = "keyring")]
mod secret_service {
    use std::collections::HashMap;

    use secret_service::{EncryptionType, Error, SecretService};

    use super::Found;
    use crate::model::value_source::KeyringEntry;

    /// The secret of the only entry with these attributes, which is unlocked where it is not.
    pub(super) async fn found(entry: &KeyringEntry) -> Found {
        let service = SecretService::connect(EncryptionType::Dh).await.map_err(|it| why(&it))?;
        let attributes = [("service", entry.service.as_str()), ("username", entry.user.as_str())];
        let found = service.search_items(HashMap::from(attributes)).await.map_err(|it| why(&it))?;
        let (item, more) = match (found.unlocked.as_slice(), found.locked.as_slice()) {
            ([], []) => return Err("the keyring has no such entry".to_owned()),
            ([item, more @ ..], _) => (item, more.len()),
            ([], [item, more @ ..]) => {
                item.unlock().await.map_err(|it| why(&it))?;
                (item, more.len())
            }
        };
        if more > 0 {
            return Err(format!("the keyring has {} entries of this service and user", more + 1));
        }
        item.get_secret().await.map_err(|it| why(&it))
    }

    fn why(error: &Error) -> String {
        match error {
            Error::Unavailable => {
                "no Secret Service answers on the D-Bus of this session".to_owned()
            }
            Error::Prompt => "the keyring is locked, and was not unlocked".to_owned(),
            Error::Locked => "the keyring is locked".to_owned(),
            other => format!("the keyring cannot be asked: {other}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(ask: impl Fn(&KeyringEntry) -> Found + Send + 'static) -> Result<String, String> {
        let entry = KeyringEntry { service: "git.example".into(), user: "me".into() };
        asked(&entry, PATIENCE, ask)
    }

    #[test]
    fn what_the_keyring_has_is_the_value_and_why_it_has_none_is_told() {
        let answer = |entry: &KeyringEntry| Ok(format!("of {}", entry.words().join(" ")).into());
        assert_eq!(given(answer).unwrap(), "of git.example me");
        assert_eq!(given(|_| Ok(b"a\n".to_vec())).unwrap(), "a\n", "nothing is taken off");
        assert_eq!(given(|_| Err("it is locked".into())).unwrap_err(), "it is locked");
        assert!(given(|_| Ok(vec![0xff])).unwrap_err().contains("not UTF-8"));
        assert!(given(|_| Ok(Vec::new())).unwrap_err().contains("empty"));
        assert!(given(|_| Ok(vec![b'a'; LONGEST + 1])).unwrap_err().contains("64 KiB"));
    }

    #[test]
    fn a_keyring_that_does_not_answer_is_not_waited_for() {
        let (_kept, never) = sync_channel::<()>(1);
        let never = std::sync::Mutex::new(never);
        let ask = move |_: &KeyringEntry| {
            let _ = never.lock().map(|never| never.recv());
            Ok(Vec::new())
        };
        let entry = KeyringEntry { service: "s".into(), user: "u".into() };
        let why = asked(&entry, Duration::from_millis(50), ask).unwrap_err();
        assert!(why.contains("did not answer"), "{why}");
    }

    #[test]
    #[cfg(not(feature = "keyring"))]
    fn without_the_feature_it_is_told_how_to_build_with_it() {
        let entry = KeyringEntry { service: "s".into(), user: "u".into() };
        let why = value(&entry).unwrap_err();
        assert!(why.contains("--features keyring"), "{why}");
    }
}
