//! The installation's authority and the leaf certificates it signs (X.509, RFC 5280).

use std::collections::BTreeSet;
use std::net::SocketAddr;

use jiff::civil::Date;
use jiff::{Span, Timestamp, ToSpan as _, tz::TimeZone};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, date_time_ymd,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::engine::clock::WallSource;
use crate::engine::os;
use crate::model::tls::Authority;

/// Years an authority is good for.
const AUTHORITY_YEARS: i64 = 10;
/// Days a leaf is good for; clients of some systems refuse more than 398. Made anew every time.
const LEAF_DAYS: i64 = 397;

/// Makes an authority: an ECDSA P-256 key and a self-signed certificate that may sign leaves only.
pub(super) fn make() -> Result<Authority, rcgen::Error> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::default();
    let mut name = DistinguishedName::new();
    name.push(DnType::OrganizationName, "wirebench");
    // The name tells authorities of two installations apart in a browser's list.
    name.push(DnType::CommonName, format!("wirebench local authority {}", short_id(&key)));
    params.distinguished_name = name;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    set_validity(&mut params, AUTHORITY_YEARS.years());
    let certificate = params.self_signed(&key)?;
    Ok(Authority { certificate_pem: certificate.pem(), key_pem: key.serialize_pem() })
}

fn short_id(key: &KeyPair) -> String {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    let mut hasher = DefaultHasher::new();
    key.public_key_raw().hash(&mut hasher);
    format!("{:08x}", hasher.finish() as u32)
}

/// A leaf for `localhost`, the loopback addresses, the host's name and the bound addresses, with
/// the authority's certificate behind it.
pub(super) fn leaf(
    authority: &Authority,
    addresses: &[SocketAddr],
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), String> {
    let ca = CertificateDer::from_pem_slice(authority.certificate_pem.as_bytes())
        .map_err(|error| format!("the stored authority cannot be read: {error}"))?;
    let ca_key = KeyPair::from_pem(&authority.key_pem)
        .map_err(|error| format!("the stored authority's key cannot be read: {error}"))?;
    let issuer = Issuer::new(issuer_params(&ca)?, ca_key);

    let key = KeyPair::generate().map_err(|error| error.to_string())?;
    let names = names(addresses);
    let mut params = CertificateParams::new(names).map_err(|error| error.to_string())?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "wirebench listener");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    set_validity(&mut params, LEAF_DAYS.days());
    let certificate = params.signed_by(&key, &issuer).map_err(|error| error.to_string())?;
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    Ok((vec![certificate.der().clone(), ca], key))
}

/// The parameters that make rcgen write the stored authority's name as the issuer.
fn issuer_params(ca: &CertificateDer<'_>) -> Result<CertificateParams, String> {
    let (_, certificate) = X509Certificate::from_der(ca)
        .map_err(|error| format!("the stored authority cannot be read: {error}"))?;
    let mut name = DistinguishedName::new();
    let subject = certificate.subject();
    for (kind, values) in [
        (DnType::OrganizationName, subject.iter_organization().next()),
        (DnType::CommonName, subject.iter_common_name().next()),
    ] {
        if let Some(text) = values.and_then(|value| value.as_str().ok()) {
            name.push(kind, text);
        }
    }
    let mut params = CertificateParams::default();
    params.distinguished_name = name;
    Ok(params)
}

fn names(addresses: &[SocketAddr]) -> Vec<String> {
    let loopback = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    let bound = addresses.iter().map(SocketAddr::ip).filter(|ip| !ip.is_unspecified());
    let bound = bound.map(|ip| ip.to_string());
    let names: BTreeSet<_> = loopback.into_iter().chain(host_name()).chain(bound).collect();
    names.into_iter().collect()
}

/// The machine's own name, when it is one that can stand in a certificate.
fn host_name() -> Option<String> {
    let name = os::host_name()?;
    let name = name.trim().to_ascii_lowercase();
    let fits = !name.is_empty()
        && name.len() < 64
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.');
    fits.then_some(name)
}

/// Valid from the day before (clocks differ), for so long from today on.
fn set_validity(params: &mut CertificateParams, time: Span) {
    let now = i128::from(WallSource::default().now().0);
    let today = Timestamp::from_nanosecond(now).unwrap_or_default().to_zoned(TimeZone::UTC).date();
    let at = |date: Date| {
        let (month, day) = (date.month().unsigned_abs(), date.day().unsigned_abs());
        date_time_ymd(i32::from(date.year()), month, day)
    };
    params.not_before = at(today.saturating_sub(1.days()));
    params.not_after = at(today.saturating_add(time));
}
