//! The numbers of TLS as words (IANA, "TLS Parameters"), as far as people meet them.

/// Messages of a handshake.
pub(super) const HANDSHAKES: &[(u16, &str)] = &[
    (0, "HelloRequest"),
    (1, "ClientHello"),
    (2, "ServerHello"),
    (4, "NewSessionTicket"),
    (5, "EndOfEarlyData"),
    (8, "EncryptedExtensions"),
    (11, "Certificate"),
    (12, "ServerKeyExchange"),
    (13, "CertificateRequest"),
    (14, "ServerHelloDone"),
    (15, "CertificateVerify"),
    (16, "ClientKeyExchange"),
    (20, "Finished"),
    (22, "CertificateStatus"),
    (24, "KeyUpdate"),
];

/// Why a connection ends.
pub(super) const ALERTS: &[(u16, &str)] = &[
    (0, "close notify (the end, as it should be)"),
    (10, "unexpected message"),
    (20, "bad record MAC"),
    (21, "decryption failed"),
    (22, "record overflow"),
    (40, "handshake failure (nothing in common)"),
    (42, "bad certificate"),
    (43, "unsupported certificate"),
    (44, "certificate revoked"),
    (45, "certificate expired"),
    (46, "certificate unknown"),
    (47, "illegal parameter"),
    (48, "unknown CA (who signed it is not trusted)"),
    (49, "access denied"),
    (50, "decode error"),
    (51, "decrypt error"),
    (70, "protocol version"),
    (71, "insufficient security"),
    (80, "internal error"),
    (86, "inappropriate fallback"),
    (90, "user cancelled"),
    (100, "no renegotiation"),
    (109, "missing extension"),
    (110, "unsupported extension"),
    (112, "unrecognised name (no such server here)"),
    (113, "bad certificate status"),
    (115, "unknown PSK identity"),
    (116, "certificate required"),
    (120, "no application protocol (ALPN has nothing in common)"),
];

/// What hellos carry.
pub(super) const EXTENSIONS: &[(u16, &str)] = &[
    (0, "server name"),
    (1, "max fragment length"),
    (5, "status request"),
    (10, "groups"),
    (11, "point formats"),
    (13, "signature algorithms"),
    (14, "use SRTP"),
    (15, "heartbeat"),
    (16, "ALPN"),
    (17, "status request v2"),
    (18, "certificate timestamps"),
    (21, "padding"),
    (22, "encrypt then MAC"),
    (23, "extended master secret"),
    (27, "compress certificate"),
    (28, "record size limit"),
    (35, "session ticket"),
    (41, "pre-shared key"),
    (42, "early data"),
    (43, "versions"),
    (44, "cookie"),
    (45, "PSK modes"),
    (47, "certificate authorities"),
    (49, "post-handshake auth"),
    (50, "certificate signatures"),
    (51, "key share"),
    (57, "QUIC parameters"),
    (17513, "application settings"),
    (65037, "encrypted client hello"),
    (65281, "renegotiation info"),
];

const VERSIONS: &[(u16, &str)] = &[
    (0x0300, "SSL 3.0"),
    (0x0301, "TLS 1.0"),
    (0x0302, "TLS 1.1"),
    (0x0303, "TLS 1.2"),
    (0x0304, "TLS 1.3"),
];

const GROUPS: &[(u16, &str)] = &[
    (23, "secp256r1"),
    (24, "secp384r1"),
    (25, "secp521r1"),
    (29, "x25519"),
    (30, "x448"),
    (256, "ffdhe2048"),
    (257, "ffdhe3072"),
    (258, "ffdhe4096"),
    (4587, "SecP256r1MLKEM768"),
    (4588, "X25519MLKEM768"),
    (4589, "SecP384r1MLKEM1024"),
    (25497, "X25519Kyber768"),
];

const CIPHERS: &[(u16, &str)] = &[
    (0x000a, "RSA_WITH_3DES_EDE_CBC_SHA"),
    (0x002f, "RSA_WITH_AES_128_CBC_SHA"),
    (0x0033, "DHE_RSA_WITH_AES_128_CBC_SHA"),
    (0x0035, "RSA_WITH_AES_256_CBC_SHA"),
    (0x0039, "DHE_RSA_WITH_AES_256_CBC_SHA"),
    (0x003c, "RSA_WITH_AES_128_CBC_SHA256"),
    (0x003d, "RSA_WITH_AES_256_CBC_SHA256"),
    (0x0067, "DHE_RSA_WITH_AES_128_CBC_SHA256"),
    (0x006b, "DHE_RSA_WITH_AES_256_CBC_SHA256"),
    (0x009c, "RSA_WITH_AES_128_GCM_SHA256"),
    (0x009d, "RSA_WITH_AES_256_GCM_SHA384"),
    (0x009e, "DHE_RSA_WITH_AES_128_GCM_SHA256"),
    (0x009f, "DHE_RSA_WITH_AES_256_GCM_SHA384"),
    (0x00ff, "EMPTY_RENEGOTIATION_INFO_SCSV"),
    (0x1301, "AES_128_GCM_SHA256"),
    (0x1302, "AES_256_GCM_SHA384"),
    (0x1303, "CHACHA20_POLY1305_SHA256"),
    (0x1304, "AES_128_CCM_SHA256"),
    (0x5600, "FALLBACK_SCSV"),
    (0xc009, "ECDHE_ECDSA_WITH_AES_128_CBC_SHA"),
    (0xc00a, "ECDHE_ECDSA_WITH_AES_256_CBC_SHA"),
    (0xc013, "ECDHE_RSA_WITH_AES_128_CBC_SHA"),
    (0xc014, "ECDHE_RSA_WITH_AES_256_CBC_SHA"),
    (0xc023, "ECDHE_ECDSA_WITH_AES_128_CBC_SHA256"),
    (0xc024, "ECDHE_ECDSA_WITH_AES_256_CBC_SHA384"),
    (0xc027, "ECDHE_RSA_WITH_AES_128_CBC_SHA256"),
    (0xc028, "ECDHE_RSA_WITH_AES_256_CBC_SHA384"),
    (0xc02b, "ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"),
    (0xc02c, "ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"),
    (0xc02f, "ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
    (0xc030, "ECDHE_RSA_WITH_AES_256_GCM_SHA384"),
    (0xcca8, "ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"),
    (0xcca9, "ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"),
    (0xccaa, "DHE_RSA_WITH_CHACHA20_POLY1305_SHA256"),
];

/// The name of a number, or the number behind what it is.
pub(super) fn named(table: &[(u16, &str)], number: u16, what: &str) -> String {
    let known = table.iter().find(|(known, _)| *known == number);
    match known {
        Some((_, name)) => (*name).to_owned(),
        None if is_grease(number) => "reserved (GREASE)".to_owned(),
        None => format!("{what} {number}"),
    }
}

/// Numbers that say nothing, so that peers learn to ignore what they do not know (RFC 8701).
fn is_grease(number: u16) -> bool {
    let [high, low] = number.to_be_bytes();
    high == low && low & 15 == 10
}

/// `TLS 1.3`
pub(super) fn version_name(version: u16) -> String {
    named(VERSIONS, version, "version")
}

/// `x25519`
pub(super) fn group_name(group: u16) -> String {
    named(GROUPS, group, "group")
}

/// `AES_128_GCM_SHA256`, or its number.
pub(super) fn cipher_name(cipher: u16) -> String {
    match CIPHERS.iter().find(|(known, _)| *known == cipher) {
        Some((_, name)) => (*name).to_owned(),
        None if is_grease(cipher) => "reserved (GREASE)".to_owned(),
        None => format!("{cipher:#06x}"),
    }
}
