//! Numbers that nobody can guess: keys of handshakes and masks of frames (RFC 6455, sections 4.1 and 5.3).

/// So many of them.
///
/// # Errors
/// The system gives none.
pub(crate) fn bytes<const COUNT: usize>() -> Result<[u8; COUNT], &'static str> {
    let mut bytes = [0; COUNT];
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    match provider.secure_random.fill(&mut bytes) {
        Ok(()) => Ok(bytes),
        Err(_) => Err("the system gives no random numbers"),
    }
}
