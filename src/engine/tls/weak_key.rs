//! Keys whose signatures prove nothing here. A leaf: asked of certificates that are refused and of
//! handshakes that cannot be checked.

use std::ops::RangeInclusive;

/// Bits of the RSA keys whose signatures are checked.
const RSA_BITS: RangeInclusive<usize> = 2048..=8192;

/// What is wrong with an RSA key of so many bits.
pub(super) fn rsa(bits: usize) -> Option<String> {
    let is_weak = !RSA_BITS.contains(&bits);
    is_weak.then(|| format!("its RSA key of {bits} bits is not one to rely on"))
}
