use super::*;
use crate::model::authority::{ChooseAuthority, StoredAuthority};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Keeps one in memory, or nothing.
#[derive(Debug, Default)]
struct MemoryKeeper {
    kept: Mutex<Option<Authority>>,
    is_full: bool,
    /// Authorities that were written.
    written: Arc<AtomicUsize>,
}

impl AuthorityKeeper for MemoryKeeper {
    fn kept(&self) -> Option<Authority> {
        self.kept.lock().unwrap().clone()
    }

    fn keep(&self, choose: ChooseAuthority<'_>) -> Result<StoredAuthority, Failure> {
        if self.is_full {
            return Err(Failure::new(Stage::Storage, "x", FailureKind::Io, "the disk is full"));
        }
        let mut kept = self.kept.lock().unwrap();
        let made = choose(kept.as_ref())?;
        self.written.fetch_add(usize::from(made.is_some()), Ordering::Relaxed);
        let authority = made.or_else(|| kept.clone()).unwrap();
        *kept = Some(authority.clone());
        Ok(StoredAuthority { authority, certificate: "c.pem".into(), remarks: Vec::new() })
    }
}

fn store(keeper: MemoryKeeper) -> TlsStore {
    TlsStore::new(Some(Arc::new(keeper)), None)
}

#[test]
fn a_leaf_of_a_kept_authority_names_it_as_issuer_and_lasts_as_long() {
    let bound: SocketAddr = "192.0.2.7:443".parse().unwrap();
    let made = store(MemoryKeeper::default()).authority(&[bound]).unwrap().0;
    let (chain, _) = authority::leaf(&made, &[bound]).unwrap();
    let facts = crate::engine::tls::certificate_facts::describe_chain(&chain);
    assert_eq!(facts.len(), 2);
    assert_eq!(facts[0].issuer, facts[1].subject);
    assert!(facts[1].subject.contains("wirebench local authority"), "{facts:?}");
    for name in ["localhost", "127.0.0.1", "::1", "192.0.2.7"] {
        assert!(facts[0].names.iter().any(|known| known == name), "{name} in {facts:?}");
    }
    assert_eq!(facts[0].sha256.len(), 32 * 3 - 1);
    assert_eq!(facts[0].not_after, facts[1].not_after);
}

#[test]
fn an_authority_is_made_once_said_once_and_never_printed() {
    let written = Arc::new(AtomicUsize::new(0));
    let store = store(MemoryKeeper { written: Arc::clone(&written), ..MemoryKeeper::default() });
    let (first, news) = store.authority(&[]).unwrap();
    assert!(news.iter().any(|news| news.as_ref().is_ok_and(|words| words.contains("c.pem"))));
    assert_eq!(store.authority(&[]).unwrap(), (first.clone(), Vec::new()));
    assert_eq!(written.load(Ordering::Relaxed), 1, "two starts, written once");
    assert!(first.key_pem.contains("PRIVATE KEY"));
    assert!(!format!("{first:?}").contains("PRIVATE KEY"));
}

#[test]
fn one_that_cannot_be_kept_is_said_so_and_used_until_the_end() {
    let store = store(MemoryKeeper { is_full: true, ..MemoryKeeper::default() });
    let (first, news) = store.authority(&[]).unwrap();
    let said = news[0].as_ref().unwrap_err().to_string();
    assert!(said.contains("cannot be kept: the disk is full"), "{said}");
    assert_eq!(store.authority(&[]).unwrap().0, first);
}

#[test]
fn files_that_are_not_pem_are_refused_with_their_path() {
    let failure =
        store(MemoryKeeper::default()).files("/nowhere/chain.pem", "/nowhere/key.pem").unwrap_err();
    assert_eq!(failure.target, "/nowhere/chain.pem");
}
