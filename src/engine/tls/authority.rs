//! The installation's authority and the leaf certificates it signs (X.509, RFC 5280).
//!
//! The authority may speak for this machine alone: its name constraints (section 4.2.1.10) are the
//! loopback networks, the machine's names and the addresses that listeners were bound to. It lasts a
//! year. Made by `TlsStore`, shown by `wirebench authority`.

use std::collections::BTreeSet;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _, tz::TimeZone};
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    NameConstraints, SerialNumber, date_time_ymd,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use x509_parser::prelude::{FromDer as _, GeneralName, ParsedExtension, X509Certificate};

use super::certificate_facts::describe_chain;
use crate::engine::clock::WallSource;
use crate::engine::os;
use crate::model::authority::Authority;

/// Days an authority is good for.
const AUTHORITY_DAYS: i64 = 365;
/// Days before its end when a listener that starts makes a new one; its leaf lasts as long as the
/// authority, so a listener may run for these days at least.
const RENEWED_BEFORE: i64 = 90;
/// Names and addresses an authority speaks for; where a machine has had more, the oldest authority
/// makes way for a new one.
const SUBTREES: usize = 64;

/// Where an authority may speak: a name with everything below it, or a network.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Realm {
    Name(String),
    Network(IpAddr, u8),
}

/// What can be told of an authority.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuthorityFacts {
    pub subject: String,
    /// RFC 3339 dates.
    pub not_before: String,
    pub not_after: String,
    pub sha256: String,
    /// The names and networks it may speak for; none = for all the world.
    pub speaks_for: Vec<String>,
}

/// What is read of a certificate to decide about it.
struct CertSummary {
    name: DistinguishedName,
    realms: BTreeSet<Realm>,
    not_after: Timestamp,
}

/// A new authority in place of the kept one, and why in words; `None` when the kept one will do
/// for a listener on these addresses.
pub(super) fn renewed(
    kept: Option<&Authority>,
    addresses: &[SocketAddr],
) -> Result<Option<(Authority, String)>, rcgen::Error> {
    let needed = realms(addresses);
    let fresh = |why: &str| {
        let key = KeyPair::generate()?;
        let made = make(&key, name_of(&key), &needed)?;
        Ok(Some((made, why.to_owned())))
    };
    let Some(kept) = kept else { return fresh("made a certificate authority for this machine") };
    let (Some(standing), Ok(key)) = (summary(kept), KeyPair::from_pem(&kept.key_pem)) else {
        return fresh("the certificate authority could not be read: made a new one");
    };
    if standing.realms.is_empty() {
        return fresh("the certificate authority was good for any name: made one for this machine");
    }
    if standing.not_after < wall() + (RENEWED_BEFORE * 24).hours() {
        return fresh("the certificate authority was near its end: made a new one");
    }
    if needed.is_subset(&standing.realms) {
        return Ok(None);
    }
    let all: BTreeSet<Realm> = needed.union(&standing.realms).cloned().collect();
    if all.len() > SUBTREES {
        return fresh("the certificate authority spoke for too much: made a new one");
    }
    // With its key and name, so that what it signed goes on being trusted.
    let made = make(&key, standing.name, &all)?;
    let more: Vec<String> = needed.difference(&standing.realms).map(Realm::to_string).collect();
    Ok(Some((made, format!("the certificate authority now speaks for {} too", more.join(", ")))))
}

/// A self-signed certificate that may sign leaves of servers within these realms only.
fn make(
    key: &KeyPair,
    name: DistinguishedName,
    realms: &BTreeSet<Realm>,
) -> Result<Authority, rcgen::Error> {
    let mut params = CertificateParams::default();
    params.distinguished_name = name;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: realms.iter().map(Realm::subtree).collect(),
        excluded_subtrees: Vec::new(),
    });
    // By the key alone two certificates of one authority would have the same number.
    let now = wall().as_nanosecond().unsigned_abs();
    params.serial_number = Some(SerialNumber::from_slice(&now.to_be_bytes()[8..]));
    set_validity(&mut params, today().saturating_add(AUTHORITY_DAYS.days()));
    let certificate = params.self_signed(key)?;
    Ok(Authority { certificate_pem: certificate.pem(), key_pem: key.serialize_pem() })
}

/// The name tells authorities of two installations apart in a browser's list.
fn name_of(key: &KeyPair) -> DistinguishedName {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    let mut hasher = DefaultHasher::new();
    key.public_key_raw().hash(&mut hasher);
    let mut name = DistinguishedName::new();
    name.push(DnType::OrganizationName, "wirebench");
    let id = hasher.finish() as u32;
    name.push(DnType::CommonName, format!("wirebench local authority {id:08x}"));
    name
}

/// A leaf for `localhost`, the loopback addresses, the host's names and the bound addresses, with
/// the authority's certificate behind it. It lasts as long as the authority.
pub(super) fn leaf(
    authority: &Authority,
    addresses: &[SocketAddr],
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), String> {
    let unreadable = |error: &dyn fmt::Display| format!("the authority cannot be read: {error}");
    let ca = CertificateDer::from_pem_slice(authority.certificate_pem.as_bytes())
        .map_err(|error| unreadable(&error))?;
    let ca_key = KeyPair::from_pem(&authority.key_pem).map_err(|error| unreadable(&error))?;
    let standing = summary(authority).ok_or_else(|| unreadable(&"it is no certificate"))?;
    let mut issuer = CertificateParams::default();
    issuer.distinguished_name = standing.name;
    let issuer = Issuer::new(issuer, ca_key);

    let key = KeyPair::generate().map_err(|error| error.to_string())?;
    let names = names(addresses);
    let mut params = CertificateParams::new(names).map_err(|error| error.to_string())?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "wirebench listener");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    set_validity(&mut params, standing.not_after.to_zoned(TimeZone::UTC).date());
    let certificate = params.signed_by(&key, &issuer).map_err(|error| error.to_string())?;
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    Ok((vec![certificate.der().clone(), ca], key))
}

/// What an authority says of itself; `None` when its certificate cannot be read.
#[must_use]
pub(crate) fn describe_authority(authority: &Authority) -> Option<AuthorityFacts> {
    let der = CertificateDer::from_pem_slice(authority.certificate_pem.as_bytes()).ok()?;
    let facts = describe_chain([&der]).into_iter().next()?;
    let realms = summary(authority)?.realms;
    Some(AuthorityFacts {
        subject: facts.subject,
        not_before: facts.not_before,
        not_after: facts.not_after,
        sha256: facts.sha256,
        speaks_for: realms.iter().map(Realm::to_string).collect(),
    })
}

fn summary(authority: &Authority) -> Option<CertSummary> {
    let der = CertificateDer::from_pem_slice(authority.certificate_pem.as_bytes()).ok()?;
    let (_, certificate) = X509Certificate::from_der(&der).ok()?;
    let subject = certificate.subject();
    let mut name = DistinguishedName::new();
    for (kind, values) in [
        (DnType::OrganizationName, subject.iter_organization().next()),
        (DnType::CommonName, subject.iter_common_name().next()),
    ] {
        if let Some(text) = values.and_then(|value| value.as_str().ok()) {
            name.push(kind, text);
        }
    }
    let constraints = certificate.extensions().iter().find_map(|found| {
        let ParsedExtension::NameConstraints(constraints) = found.parsed_extension() else {
            return None;
        };
        constraints.permitted_subtrees.as_ref()
    });
    let realms = constraints.into_iter().flatten().filter_map(|found| Realm::of(&found.base));
    let not_after = Timestamp::from_second(certificate.validity().not_after.timestamp()).ok()?;
    Some(CertSummary { name, realms: realms.collect(), not_after })
}

impl Realm {
    fn subtree(&self) -> GeneralSubtree {
        match self {
            Realm::Name(name) => GeneralSubtree::DnsName(name.clone()),
            Realm::Network(ip, bits) => {
                GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(*ip, *bits))
            }
        }
    }

    fn of(name: &GeneralName<'_>) -> Option<Realm> {
        let bits = |mask: &[u8]| mask.iter().map(|byte| byte.count_ones()).sum::<u32>() as u8;
        match name {
            GeneralName::DNSName(name) => Some(Realm::Name((*name).to_owned())),
            GeneralName::IPAddress(octets) => {
                let (address, mask) = octets.split_at_checked(octets.len() / 2)?;
                let v4 = || <[u8; 4]>::try_from(address).ok().map(IpAddr::from);
                let v6 = || <[u8; 16]>::try_from(address).ok().map(IpAddr::from);
                Some(Realm::Network(v4().or_else(v6)?, bits(mask)))
            }
            _ => None,
        }
    }
}

impl fmt::Display for Realm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Realm::Name(name) => f.write_str(name),
            Realm::Network(ip, bits) => write!(f, "{ip}/{bits}"),
        }
    }
}

/// What a listener on these addresses needs an authority for.
fn realms(addresses: &[SocketAddr]) -> BTreeSet<Realm> {
    let whole = |ip: IpAddr| Realm::Network(ip, if ip.is_ipv4() { 32 } else { 128 });
    let mut realms = BTreeSet::from([
        Realm::Name("localhost".to_owned()),
        Realm::Network(Ipv4Addr::new(127, 0, 0, 0).into(), 8),
        whole(Ipv6Addr::LOCALHOST.into()),
    ]);
    realms.extend(host_names().into_iter().map(Realm::Name));
    realms.extend(bound(addresses).filter(|ip| !ip.is_loopback()).map(whole));
    realms
}

fn bound(addresses: &[SocketAddr]) -> impl Iterator<Item = IpAddr> {
    addresses.iter().map(SocketAddr::ip).filter(|ip| !ip.is_unspecified())
}

fn names(addresses: &[SocketAddr]) -> Vec<String> {
    let loopback = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    let bound = bound(addresses).map(|ip| ip.to_string());
    let names: BTreeSet<_> = loopback.into_iter().chain(host_names()).chain(bound).collect();
    names.into_iter().collect()
}

/// The machine's own name, when it is one that can stand in a certificate, and the one it has for
/// its neighbours (RFC 6762, section 3).
fn host_names() -> Vec<String> {
    let Some(name) = os::host_name() else { return Vec::new() };
    let name = name.trim().to_ascii_lowercase();
    let fits = !name.is_empty()
        && name.len() < 64
        && !name.starts_with('.')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.');
    let neighbourly = (fits && !name.contains('.')).then(|| format!("{name}.local"));
    fits.then_some(name).into_iter().chain(neighbourly).collect()
}

fn wall() -> Timestamp {
    let now = i128::from(WallSource::default().now().0);
    Timestamp::from_nanosecond(now).unwrap_or_default()
}

fn today() -> Date {
    wall().to_zoned(TimeZone::UTC).date()
}

/// Valid from the day before (clocks differ) to this day.
fn set_validity(params: &mut CertificateParams, end: Date) {
    let at = |date: Date| {
        let (month, day) = (date.month().unsigned_abs(), date.day().unsigned_abs());
        date_time_ymd(i32::from(date.year()), month, day)
    };
    params.not_before = at(today().saturating_sub(1.days()));
    params.not_after = at(end);
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUBLIC: &str = "192.0.2.7:443";

    fn made(addresses: &[SocketAddr]) -> Authority {
        renewed(None, addresses).unwrap().unwrap().0
    }

    #[test]
    fn an_authority_speaks_for_this_machine_for_a_year() {
        let facts = describe_authority(&made(&[])).unwrap();
        for realm in ["localhost", "127.0.0.0/8", "::1/128"] {
            assert!(facts.speaks_for.iter().any(|known| known == realm), "{facts:?}");
        }
        assert!(!facts.speaks_for.iter().any(|known| known.starts_with("192.")), "{facts:?}");
        let end: Timestamp = facts.not_after.parse().unwrap();
        let days = (end - Timestamp::now()).get_seconds() / 86_400;
        assert!((363..=366).contains(&days), "{days} days");
    }

    #[test]
    fn what_is_bound_is_added_and_the_key_stays() {
        let first = made(&[]);
        assert_eq!(renewed(Some(&first), &[]), Ok(None), "it will do");
        let bound = [PUBLIC.parse().unwrap()];
        let (wider, why) = renewed(Some(&first), &bound).unwrap().unwrap();
        assert!(why.contains("192.0.2.7/32"), "{why}");
        assert_eq!(wider.key_pem, first.key_pem);
        let (before, after) = (describe_authority(&first), describe_authority(&wider));
        let (before, after) = (before.unwrap(), after.unwrap());
        assert_eq!(before.subject, after.subject);
        assert!(before.speaks_for.iter().all(|realm| after.speaks_for.contains(realm)));
        assert_eq!(renewed(Some(&wider), &[]), Ok(None), "it does for less");
    }

    #[test]
    fn one_without_bounds_or_near_its_end_makes_way() {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        let unbounded = params.self_signed(&key).unwrap();
        let key_pem = key.serialize_pem();
        let old = Authority { certificate_pem: unbounded.pem(), key_pem: key_pem.clone() };
        let (new, why) = renewed(Some(&old), &[]).unwrap().unwrap();
        assert!(why.contains("any name") && new.key_pem != key_pem, "{why}");

        params.name_constraints = Some(NameConstraints {
            permitted_subtrees: realms(&[]).iter().map(Realm::subtree).collect(),
            excluded_subtrees: Vec::new(),
        });
        set_validity(&mut params, today().saturating_add(30.days()));
        let ending = params.self_signed(&key).unwrap();
        let old = Authority { certificate_pem: ending.pem(), key_pem };
        assert!(renewed(Some(&old), &[]).unwrap().unwrap().1.contains("near its end"));
    }

    #[test]
    fn a_broken_one_is_replaced() {
        let broken = Authority { certificate_pem: "no".into(), key_pem: "no".into() };
        assert!(leaf(&broken, &[]).unwrap_err().contains("cannot be read"));
        assert!(renewed(Some(&broken), &[]).unwrap().unwrap().1.contains("could not be read"));
    }
}
