//! The cases of llhttp: what it reads without complaint we read the same; what it refuses we
//! refuse or name.

use wirebench::codec::http1::status::unbelievable;

use super::*;

/// What llhttp refuses and we take without a word, and why.
const FINE_WITH_US: &[(&str, &str)] = &[
    ("Invalid method", "any token is a method"),
    ("No extension after semicolon", "chunk extensions are shown, not parsed"),
    ("Unbalanced chunk extensions quoting", "chunk extensions are shown, not parsed"),
    ("CONNECT request", "an upgrade, not an error"),
    ("Upgrade", "an upgrade, not an error"),
    ("Data after", "what follows `Connection: close` is the caller's matter"),
];

#[derive(Debug, Default, PartialEq, Eq)]
struct Read {
    methods: Vec<String>,
    targets: Vec<String>,
    statuses: Vec<u64>,
    body: Vec<u8>,
    /// Something was refused, named, or is missing.
    complaints: Vec<String>,
}

/// Reads all messages of an input.
fn read(input: &[u8], expected: Expected) -> Read {
    let (mut read, mut rest) = (Read::default(), input);
    while !rest.is_empty() {
        let mut reader = HeadReader::new(expected);
        let (used, parsed) = match reader.push(rest) {
            Ok(Some(found)) => found,
            Ok(None) => {
                // Line ends after the last message are no message.
                if !rest.iter().all(|b| b"\r\n".contains(b)) {
                    read.complaints.push(reader.finish().message);
                }
                break;
            }
            Err(error) => {
                read.complaints.push(error.message);
                break;
            }
        };
        rest = &rest[used..];
        read.complaints.extend(parsed.warnings);
        let framing = match &parsed.head.start {
            StartLine::Request { method, target, .. } => {
                read.methods.push(method.clone());
                read.targets.push(target.clone());
                request_framing(&parsed.head)
            }
            StartLine::Response { status, .. } => {
                read.statuses.push(u64::from(*status));
                read.complaints.extend(unbelievable(&parsed.head, []));
                response_framing(&parsed.head, "GET")
            }
            StartLine::Unknown => break,
        };
        read.complaints.extend(framing.warnings);
        if let Some(error) = framing.error {
            read.complaints.push(error.why);
            break;
        }
        let mut body = BodyReader::new(framing.framing);
        match body.push(rest, &mut |data| read.body.extend_from_slice(data)) {
            Ok(progress) => rest = &rest[progress.used..],
            Err(error) => {
                read.complaints.push(error.to_string());
                break;
            }
        }
        read.complaints.extend(body.warnings());
        if let Err(missing) = body.finish() {
            read.complaints.push(missing);
            break;
        }
    }
    read
}

/// The spans of one kind in llhttp's log, joined per element.
fn spans(log: &[&str], kind: &str) -> Vec<String> {
    let marker = format!("span[{kind}]=\"");
    let found = log.iter().filter_map(|line| line.split_once(&marker));
    found.map(|(_, text)| text.strip_suffix('"').unwrap_or(text).to_owned()).collect()
}

#[test]
fn what_llhttp_reads_we_read_and_what_it_refuses_we_name() {
    let Some(corpus) = json("llhttp/cases.json") else { return };
    let (mut same, mut named) = (0, 0);
    for case in list(&corpus, "") {
        let kind = case["meta"]["type"].as_str().unwrap_or_default();
        if case["kind"] != "http" {
            continue;
        }
        let expected =
            if kind.starts_with("request") { Expected::Request } else { Expected::Response };
        let read = read(&base64(&case["input_b64"]), expected);
        let id = case["id"].as_str().unwrap();
        let log: Vec<&str> =
            list(case, "llhttp_log").iter().filter_map(|line| line.as_str()).collect();
        if case["expect"]["llhttp_error"].is_null() {
            // llhttp was told to stop, or to bend a rule in its own way; reading was enough.
            let told = |key| case["meta"].get(key).is_some();
            if told("pause") || told("skipBody") || kind.contains("lenient") {
                continue;
            }
            let statuses = |line: &&str| {
                let (_, rest) = line.split_once("headers complete status=")?;
                rest.split(' ').next()?.parse().ok()
            };
            // RTSP and ICE are other protocols; a client or listener for HTTP names them so.
            if spans(&log, "protocol").iter().any(|protocol| protocol != "HTTP") {
                assert!(read.complaints[0].contains("does not speak HTTP"), "{id}");
                continue;
            }
            same += 1;
            // llhttp reports parts of a head that never ends; we report whole heads.
            let heads = log.iter().filter(|line| line.contains("headers complete")).count();
            let whole = |kind| spans(&log, kind).into_iter().take(heads).collect::<Vec<_>>();
            assert_eq!(read.methods, whole("method"), "{id} {read:?}");
            assert_eq!(read.targets, whole("url"), "{id} {read:?}");
            let status: Vec<u64> = log.iter().filter_map(statuses).collect();
            assert_eq!(read.statuses, status, "{id} {read:?}");
            // The log tells line ends of a body in words.
            let body = String::from_utf8_lossy(&read.body).replace(['\r', '\n'], "");
            assert_eq!(body, spans(&log, "body").concat(), "{id} {read:?}");
        } else {
            let reason = case["expect"]["llhttp_error"]["reason"].as_str().unwrap_or_default();
            let fine = |(text, _): &(&str, &str)| id.contains(text) || reason.contains(text);
            if !FINE_WITH_US.iter().any(fine) {
                named += 1;
                assert!(!read.complaints.is_empty(), "{id} ({reason}) {read:?}");
            }
        }
    }
    assert!(same > 50 && named > 25, "{same} {named}");
}
