//! The numbers of DNS as words: types, classes, what is asked and what came of it.
//!
//! Names are those of the registry (IANA, "DNS Parameters"); a number without one is written `TYPE65280`
//! as RFC 3597 says.

use std::borrow::Cow;

/// Types of records.
const TYPES: &[(u16, &str)] = &[
    (1, "A"),
    (2, "NS"),
    (5, "CNAME"),
    (6, "SOA"),
    (10, "NULL"),
    (11, "WKS"),
    (12, "PTR"),
    (13, "HINFO"),
    (15, "MX"),
    (16, "TXT"),
    (17, "RP"),
    (18, "AFSDB"),
    (24, "SIG"),
    (25, "KEY"),
    (28, "AAAA"),
    (29, "LOC"),
    (33, "SRV"),
    (35, "NAPTR"),
    (37, "CERT"),
    (39, "DNAME"),
    (41, "OPT"),
    (43, "DS"),
    (44, "SSHFP"),
    (45, "IPSECKEY"),
    (46, "RRSIG"),
    (47, "NSEC"),
    (48, "DNSKEY"),
    (50, "NSEC3"),
    (51, "NSEC3PARAM"),
    (52, "TLSA"),
    (53, "SMIMEA"),
    (55, "HIP"),
    (59, "CDS"),
    (60, "CDNSKEY"),
    (61, "OPENPGPKEY"),
    (62, "CSYNC"),
    (63, "ZONEMD"),
    (64, "SVCB"),
    (65, "HTTPS"),
    (99, "SPF"),
    (108, "EUI48"),
    (109, "EUI64"),
    (249, "TKEY"),
    (250, "TSIG"),
    (251, "IXFR"),
    (252, "AXFR"),
    (255, "ANY"),
    (256, "URI"),
    (257, "CAA"),
];

const CLASSES: &[(u16, &str)] = &[(1, "IN"), (3, "CH"), (4, "HS"), (254, "NONE"), (255, "ANY")];

const OPCODES: &[(u16, &str)] = &[
    (0, "query"),
    (1, "inverse query"),
    (2, "status"),
    (4, "notify"),
    (5, "update"),
    (6, "stateful operations"),
];

const RESPONSES: &[(u16, &str)] = &[
    (0, "NOERROR"),
    (1, "FORMERR"),
    (2, "SERVFAIL"),
    (3, "NXDOMAIN"),
    (4, "NOTIMP"),
    (5, "REFUSED"),
    (6, "YXDOMAIN"),
    (7, "YXRRSET"),
    (8, "NXRRSET"),
    (9, "NOTAUTH"),
    (10, "NOTZONE"),
    (16, "BADVERS"),
    (17, "BADKEY"),
    (18, "BADTIME"),
    (22, "BADTRUNC"),
    (23, "BADCOOKIE"),
];

/// Bits of the flags that are yes or no.
const FLAGS: &[(u16, &str, &str)] = &[
    (0x0400, "AA", "authoritative"),
    (0x0200, "TC", "truncated"),
    (0x0100, "RD", "recursion desired"),
    (0x0080, "RA", "recursion available"),
    (0x0020, "AD", "authentic data"),
    (0x0010, "CD", "checking disabled"),
];

fn named(table: &'static [(u16, &'static str)], number: u16, prefix: &str) -> Cow<'static, str> {
    let known = table.iter().find(|(known, _)| *known == number);
    known.map_or_else(|| format!("{prefix}{number}").into(), |(_, name)| Cow::Borrowed(*name))
}

/// `AAAA`, or `TYPE65280`.
pub(crate) fn type_name(kind: u16) -> Cow<'static, str> {
    named(TYPES, kind, "TYPE")
}

/// `IN`, or `CLASS7`.
pub(crate) fn class_name(class: u16) -> Cow<'static, str> {
    named(CLASSES, class, "CLASS")
}

/// `query`, or `opcode 9`.
pub(crate) fn opcode_name(opcode: u16) -> Cow<'static, str> {
    named(OPCODES, opcode, "opcode ")
}

/// `NXDOMAIN`, or `RCODE99`.
pub(crate) fn response_name(code: u16) -> Cow<'static, str> {
    named(RESPONSES, code, "RCODE")
}

/// `RD recursion desired, RA recursion available`
pub(crate) fn flag_words(flags: u16) -> String {
    let set = FLAGS.iter().filter(|(bit, ..)| flags & bit != 0);
    set.map(|(_, short, long)| format!("{short} {long}")).collect::<Vec<_>>().join(", ")
}
