//! AWS Signature Version 4: the headers that a request is signed with.
//!
//! Called by the HTTP client. Pure: the time comes in. Format: "Signature Version 4 signing
//! process" of the AWS documentation; where that leaves a choice, what `botocore` does.

use hmac::{Hmac, Mac as _};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use sha2::{Digest as _, Sha256};

use super::hex::written;
use crate::model::url_text::UrlText;

/// What is not encoded in a path: `-_.~` and the slash.
const PATH: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/');

/// Services whose paths are signed as they are sent.
const S3: [&str; 3] = ["s3", "s3express", "s3-outposts"];
const DATE: &str = "X-Amz-Date";
const TOKEN: &str = "X-Amz-Security-Token";
const CONTENT: &str = "X-Amz-Content-Sha256";

/// Who signs, and for what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AwsSigner<'a> {
    pub(crate) access_key: &'a str,
    pub(crate) secret_key: &'a str,
    /// Of keys that last for a while; empty = none.
    pub(crate) session_token: &'a str,
    pub(crate) region: &'a str,
    pub(crate) service: &'a str,
}

/// What is signed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AwsRequest<'a> {
    pub(crate) method: &'a str,
    /// The request target, as it stands in the request line.
    pub(crate) target: &'a str,
    /// All headers that go out, `Host` among them.
    pub(crate) headers: &'a [(String, String)],
    /// SHA-256 of the body, in hex.
    pub(crate) body: &'a str,
    /// Such as `20261130T120000Z`; a header of the request that says another goes before.
    pub(crate) time: &'a str,
}

/// The headers to add, `Authorization` the last.
pub(crate) fn signed(signer: &AwsSigner<'_>, request: &AwsRequest<'_>) -> Vec<(String, String)> {
    let given = |name: &str| {
        let found = request.headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.trim())
    };
    let time = given(DATE).unwrap_or(request.time);
    let body = given(CONTENT).unwrap_or(request.body);
    let mut added = Vec::new();
    let mut add = |name: &str, value: &str| {
        if given(name).is_none() {
            added.push((name.to_owned(), value.to_owned()));
        }
    };
    add(DATE, time);
    if is_s3(signer.service) {
        add(CONTENT, body);
    }
    if !signer.session_token.is_empty() {
        add(TOKEN, signer.session_token);
    }
    let (names, lines) = canonical_headers(request.headers.iter().chain(&added));
    let (path, query) = canonical_target(request.target, is_s3(signer.service));
    let asked = format!("{}\n{path}\n{query}\n{lines}\n{names}\n{body}", request.method);
    let day = time.get(..8).unwrap_or(time);
    let scope = format!("{day}/{}/{}/aws4_request", signer.region, signer.service);
    let asked = written(&Sha256::digest(asked));
    let text = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{asked}");
    let first = format!("AWS4{}", signer.secret_key).into_bytes();
    let key = [day, signer.region, signer.service, "aws4_request"]
        .into_iter()
        .fold(first, |key, part| keyed(&key, part.as_bytes()));
    let signature = written(&keyed(&key, text.as_bytes()));
    let credential = format!("{}/{scope}", signer.access_key);
    let value = format!(
        "AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={names}, Signature={signature}"
    );
    added.push(("Authorization".into(), value));
    added
}

/// Region and service of a host of AWS: `SERVICE.REGION.amazonaws.com`; a bucket may stand before them.
pub(crate) fn of_host(host: &str) -> Option<(&str, &str)> {
    let rest = host.strip_suffix(".cn").unwrap_or(host).strip_suffix(".amazonaws.com")?;
    let mut words = rest.rsplit('.');
    let (region, service) = (words.next()?, words.next());
    let is_region = region.matches('-').count() >= 2;
    match service {
        Some(service) if is_region => Some((region, service)),
        _ => Some(("us-east-1", region)).filter(|_| !is_region),
    }
}

/// Whether it is a time as `X-Amz-Date` has it.
pub(crate) fn is_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 16
        && bytes.iter().enumerate().all(|(at, byte)| match at {
            8 => *byte == b'T',
            15 => *byte == b'Z',
            _ => byte.is_ascii_digit(),
        })
}

fn is_s3(service: &str) -> bool {
    S3.contains(&service)
}

fn keyed(key: &[u8], text: &[u8]) -> Vec<u8> {
    // A key may have any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Vec::new() };
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

/// Which headers are signed: those that say where it goes, what it is and what AWS is told. Others are changed by
/// who passes them on.
fn is_signed(name: &str) -> bool {
    ["host", "content-type", "content-md5", "date"].contains(&name) || name.starts_with("x-amz-")
}

/// The names of the signed headers, and a line for each.
fn canonical_headers<'h>(headers: impl Iterator<Item = &'h (String, String)>) -> (String, String) {
    let mut found: Vec<(String, String)> = Vec::new();
    for (name, value) in headers {
        let name = name.to_ascii_lowercase();
        let value = value.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
        match found.iter_mut().find(|(other, _)| *other == name) {
            _ if !is_signed(&name) => {}
            Some((_, values)) => *values = format!("{values},{value}"),
            None => found.push((name, value)),
        }
    }
    found.sort();
    let names: Vec<&str> = found.iter().map(|(name, _)| &**name).collect();
    let lines: Vec<String> =
        found.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
    (names.join(";"), lines.concat())
}

/// Path and query in the form that is signed. That of S3 is sent as it is; elsewhere the path is
/// made straight and encoded once more.
fn canonical_target(target: &str, is_s3: bool) -> (String, String) {
    let url = UrlText::literal(target);
    let path = match url.path {
        "" => "/".to_owned(),
        path if is_s3 => path.to_owned(),
        path => percent_encode(straight(path).as_bytes(), PATH).to_string(),
    };
    let pieces = url.pieces().into_iter().filter(|piece| !piece.whole.is_empty());
    let mut pairs: Vec<(&str, &str)> =
        pieces.map(|piece| (piece.name, piece.value.unwrap_or_default())).collect();
    pairs.sort_unstable();
    let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    (path, pairs.join("&"))
}

/// A path without `.`, `..` and doubled slashes.
fn straight(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(kept.pop()),
            part => kept.push(part),
        }
    }
    let is_open = path.ends_with('/') && !kept.is_empty();
    format!("/{}{}", kept.join("/"), if is_open { "/" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIME: &str = "20150830T123600Z";

    fn signature(
        (method, target, host): (&str, &str, &str),
        headers: &[(&str, &str)],
        body: &[u8],
        (service, region, session_token): (&str, &str, &str),
    ) -> (Vec<String>, String) {
        let own = [("Host", host)].into_iter().chain(headers.iter().copied());
        let headers: Vec<_> =
            own.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let signer = AwsSigner {
            access_key: "AKIDEXAMPLE",
            secret_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            session_token,
            region,
            service,
        };
        let body = written(&Sha256::digest(body));
        let request = AwsRequest { method, target, headers: &headers, body: &body, time: TIME };
        let mut added = signed(&signer, &request);
        let (_, value) = added.pop().unwrap();
        (added.into_iter().map(|(name, _)| name).collect(), value)
    }

    /// The first is of the test suite of AWS, all are what `botocore` 1.40 signs.
    #[test]
    fn it_is_signed_as_botocore_does() {
        let host = "example.amazonaws.com";
        let plain = ("service", "us-east-1", "");
        let ends = |(_, value): (Vec<String>, String), names: &str, end: &str| {
            assert!(value.contains(&format!("SignedHeaders={names}, ")), "{value}");
            assert!(value.ends_with(&format!("Signature={end}")), "{value}");
        };
        ends(
            signature(("GET", "/", host), &[("Accept", "*/*")], b"", plain),
            "host;x-amz-date",
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
        );
        ends(
            signature(("GET", "/?Param2=value2&Param1=value1&Param1=", host), &[], b"", plain),
            "host;x-amz-date",
            "33cbca720c0ff103f7d964c689ad6d8c11f02c537c0f3c09699edff88423dd30",
        );
        let headers =
            [("Content-Type", "application/x-amz-json-1.0"), ("X-Amz-Target", "  a   b ")];
        ends(
            signature(
                ("POST", "/a%20b/../c//d/?b=%2F&a", host),
                &headers,
                b"{\"x\":1}",
                ("dynamodb", "us-east-1", ""),
            ),
            "content-type;host;x-amz-date;x-amz-target",
            "71ccf2b4bcc5e5d74f35f3d5170461be73416f1abfcf26b48c852f7e78f5b4e2",
        );
        ends(
            signature(
                ("PUT", "/a%20b//./c?x=1", "bucket.s3.eu-west-1.amazonaws.com"),
                &[("Content-Type", "text/plain")],
                b"hello",
                ("s3", "eu-west-1", "TOKEN=="),
            ),
            "content-type;host;x-amz-content-sha256;x-amz-date;x-amz-security-token",
            "1ebefa7811115aa84769c42caf26747c7645b63ff9c13ec5a6754b9455f78faa",
        );
    }

    #[test]
    fn what_the_user_wrote_is_signed_and_not_added_again() {
        let own = [("x-amz-date", TIME), ("x-amz-content-sha256", "UNSIGNED-PAYLOAD")];
        let s3 = ("s3", "us-east-1", "");
        let (added, value) = signature(("GET", "/", "h"), &own, b"", s3);
        assert_eq!(added, Vec::<String>::new());
        assert!(value.contains("SignedHeaders=host;x-amz-content-sha256;x-amz-date"), "{value}");
        let (added, other) = signature(("GET", "/", "h"), &[], b"", s3);
        assert_eq!(added, [DATE, CONTENT]);
        assert_ne!(value, other);
    }

    #[test]
    fn a_host_of_aws_names_region_and_service() {
        for (host, expected) in [
            ("sqs.eu-west-1.amazonaws.com", Some(("eu-west-1", "sqs"))),
            ("bucket.s3.us-gov-west-1.amazonaws.com", Some(("us-gov-west-1", "s3"))),
            ("x.execute-api.cn-north-1.amazonaws.com.cn", Some(("cn-north-1", "execute-api"))),
            ("sts.amazonaws.com", Some(("us-east-1", "sts"))),
            ("eu-west-1.amazonaws.com", None),
            ("amazonaws.com", None),
            ("example.org", None),
        ] {
            assert_eq!(of_host(host), expected, "{host}");
        }
        assert!(is_time(TIME) && !is_time("2015-08-30T12:36Z") && !is_time(""));
    }
}
