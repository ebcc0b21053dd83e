use super::*;
use crate::model::id::SessionId;

fn store(authority: Option<Authority>) -> TlsStore {
    TlsStore::new(authority, None, Sink::new(SessionId(0)))
}

#[test]
fn a_leaf_of_a_stored_authority_names_it_as_issuer() {
    let made = authority::make().unwrap();
    let bound: SocketAddr = "192.0.2.7:443".parse().unwrap();
    let (chain, _) = authority::leaf(&made, &[bound]).unwrap();
    let facts = crate::engine::tls::certificate_facts::describe_chain(&chain);
    assert_eq!(facts.len(), 2);
    assert_eq!(facts[0].issuer, facts[1].subject);
    assert!(facts[1].subject.contains("wirebench local authority"), "{facts:?}");
    for name in ["localhost", "127.0.0.1", "::1", "192.0.2.7"] {
        assert!(facts[0].names.iter().any(|known| known == name), "{name} in {facts:?}");
    }
    assert_eq!(facts[0].sha256.len(), 32 * 3 - 1);
    assert!(facts[0].not_after > facts[0].not_before);
}

#[test]
fn an_authority_is_made_once_and_never_printed() {
    let store = store(None);
    let first = store.authority().unwrap();
    assert_eq!(store.authority().unwrap(), first);
    assert!(first.key_pem.contains("PRIVATE KEY"));
    assert!(!format!("{first:?}").contains("PRIVATE KEY"));
}

#[test]
fn a_broken_stored_authority_is_said_so() {
    let broken = Authority { certificate_pem: "no".into(), key_pem: "no".into() };
    let failure = store(Some(broken)).generated(&[]).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Certificate);
    assert!(failure.cause.contains("stored authority"), "{failure}");
}

#[test]
fn files_that_are_not_pem_are_refused_with_their_path() {
    let failure = store(None).files("/nowhere/chain.pem", "/nowhere/key.pem").unwrap_err();
    assert_eq!(failure.target, "/nowhere/chain.pem");
}
