//! A hash that names something across runs and versions of the program. Called by store and application.

/// Hash of bytes (FNV-1a, 64 bit): names a version of a file, or what belongs to a preset.
#[must_use]
pub fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
