//! The request of a command line: words, items, data and options put into an HTTP spec. Called by
//! `send` before anything is planned.

use std::borrow::Cow;
use std::path::Path;

use crate::args::{self, AuthType, RequestOptions};
use crate::cli::asked_line::ask_password;
use crate::cli::stdin::STDIN;
use crate::cli::{items, stdin};
use crate::compose::template::{begins_with_braces, quote};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::file_error;
use crate::model::http::{
    Auth, AwsKeys, HttpBody, HttpSpec, PartSource, REDIRECTS, VersionChoice, expects_body,
    typed_method,
};
use crate::model::name_value::NameValue;
use crate::model::payload::{Payload, PayloadFormat};
use crate::model::web_socket::WsSpec;
use crate::named_file;

/// Bytes of a file that holds a credential.
const CREDENTIAL_FILE: u64 = 64 * 1024;

/// Words of the command line, told apart.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SendWords<'a> {
    pub(super) method: Option<&'a str>,
    pub(super) target: &'a str,
    pub(super) items: &'a [String],
}

/// Where the body comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RequestBody {
    Composed,
    /// Standard input, which is still to be read.
    Input,
}

/// A first word is a method when a target follows it: one of the known ones in any case, or any word
/// of capitals.
pub(super) fn split(arguments: &args::Send) -> SendWords<'_> {
    let method = |word, next: &str| typed_method(word).filter(|_| !items::is_item(next));
    match arguments.words.as_slice() {
        [first, target, items @ ..] if arguments.method.is_none() => match method(first, target) {
            Some(method) => SendWords { method: Some(method), target, items },
            None => SendWords { method: None, target: first, items: &arguments.words[1..] },
        },
        [target, items @ ..] => SendWords { method: arguments.method.as_deref(), target, items },
        [] => SendWords { method: None, target: "", items: &[] },
    }
}

/// Puts options and items into the request.
pub(super) async fn compose(
    request: &mut HttpSpec,
    words: &SendWords<'_>,
    arguments: &args::Send,
) -> Result<RequestBody, Failure> {
    apply(request, &arguments.request).await?;
    let before = request.body.clone();
    let body = put_words(request, words, arguments)?;
    if request.body != before || !arguments.data.is_empty() {
        from_here(&mut request.body)?;
    }
    Ok(body)
}

/// Files of a body that was typed here are those of this folder; those that a preset names lie beside it.
fn from_here(body: &mut HttpBody) -> Result<(), Failure> {
    let paths: Vec<&mut String> = match body {
        HttpBody::File(path) => vec![path],
        HttpBody::Multipart(parts) => {
            let files = parts.iter_mut().filter(|part| part.source != PartSource::Text);
            files.map(|part| &mut part.value).collect()
        }
        HttpBody::None
        | HttpBody::Text(_)
        | HttpBody::Json(_)
        | HttpBody::Payload(_)
        | HttpBody::Form(_) => Vec::new(),
    };
    for path in paths.into_iter().filter(|path| !path.is_empty() && !path.starts_with("~/")) {
        let whole = std::path::absolute(&*path).map_err(|error| {
            let (kind, cause) = file_error::words(&error);
            Failure::new(Stage::Compose, &**path, kind, cause)
        })?;
        *path = whole.to_string_lossy().into_owned();
    }
    Ok(())
}

/// The same without options that may have to ask.
pub(super) fn put_words(
    request: &mut HttpSpec,
    words: &SendWords<'_>,
    arguments: &args::Send,
) -> Result<RequestBody, Failure> {
    let before = request.body.clone();
    items::apply(words.items, arguments.form, request)?;
    let is_file = |data: &&String| data.len() > 1 && data.starts_with('@');
    let alone = match (arguments.data.as_slice(), arguments.data.iter().find(is_file)) {
        ([first, ..], _) if request.body != before => Some((first, "the items make")),
        ([_, _, ..], Some(file)) => Some((file, "the other data is")),
        _ => None,
    };
    if let Some((data, other)) = alone {
        let cause = format!("it is the whole body, and {other} one, too");
        let target = format!("--data {data}");
        return Err(Failure::new(Stage::Compose, target, FailureKind::Usage, cause));
    }
    match arguments.data.as_slice() {
        [] => {}
        [data] if arguments.hex && data.strip_prefix('@') == Some(STDIN) => {
            request.body = HttpBody::File(STDIN.into());
        }
        data if arguments.hex => request.body = hex_body(data)?,
        data => {
            let headers = request.headers.iter().map(|row| (&*row.name, &*row.value));
            let options = arguments.request.header.iter().filter_map(|it| it.split_once(':'));
            let mut typed = headers.chain(options).filter(|(name, _)| is_content_type(name));
            let is_other = typed.any(|(_, value)| !value.to_ascii_lowercase().contains("json"));
            request.body = text_body(&data.join("&"), is_other);
        }
    }
    let is_given = request.body != before || before != HttpBody::None;
    // A bare address must not eat the input of the script it stands in.
    let sends = expects_body(words.method.unwrap_or(&request.method));
    let is_asked_for = request.body == HttpBody::File(STDIN.into());
    let is_read =
        is_asked_for || (!is_given && sends && !arguments.ignore_stdin && stdin::is_piped());
    match words.method {
        Some(method) => request.method = method.into(),
        None if request.body != before && request.method == "GET" => {
            request.method = "POST".into();
        }
        None => {}
    }
    if is_asked_for {
        request.body = HttpBody::None;
    }
    if let Some(timeout) = arguments.timeout {
        request.timeout = timeout;
    }
    Ok(if is_read { RequestBody::Input } else { RequestBody::Composed })
}

/// Digits as they are typed, or those of files.
fn hex_body(data: &[String]) -> Result<HttpBody, Failure> {
    const LIMIT: u64 = 16 * 1024 * 1024;
    let texts = data.iter().map(|text| match text.strip_prefix('@') {
        Some(path) => named_file::read_text(Path::new(path), LIMIT).map_err(|error| {
            let cause = error.to_string();
            Failure::new(Stage::Compose, path, FailureKind::NotFound, cause)
        }),
        None => Ok(text.clone()),
    });
    let text = texts.collect::<Result<Vec<_>, _>>()?.join("\n");
    Ok(HttpBody::Payload(Payload { text, format: PayloadFormat::Hex }))
}

fn is_content_type(name: &str) -> bool {
    name.trim().eq_ignore_ascii_case("content-type")
}

/// A body as it is typed: JSON where it begins so (a variable in front says nothing), unless a header
/// calls it something else.
fn text_body(data: &str, is_other: bool) -> HttpBody {
    let is_json = || {
        let text = data.trim_start();
        text.starts_with(['{', '[']) && !begins_with_braces(text) && !is_other
    };
    match data.strip_prefix('@') {
        Some(path) if !path.is_empty() => HttpBody::File(path.into()),
        _ if is_json() => HttpBody::Json(data.into()),
        _ => HttpBody::Text(data.into()),
    }
}

/// Puts options into the request that a handshake is.
pub(super) async fn put_handshake(
    session: &mut WsSpec,
    options: &RequestOptions,
) -> Result<(), Failure> {
    let mut request = HttpSpec {
        headers: std::mem::take(&mut session.headers),
        auth: std::mem::take(&mut session.auth),
        redirects: session.redirects,
        unix_socket: std::mem::take(&mut session.unix_socket),
        ..HttpSpec::default()
    };
    apply(&mut request, options).await?;
    (session.headers, session.auth) = (request.headers, request.auth);
    (session.redirects, session.unix_socket) = (request.redirects, request.unix_socket);
    Ok(())
}

/// Credentials, headers and redirects.
async fn apply(request: &mut HttpSpec, options: &RequestOptions) -> Result<(), Failure> {
    if let Some(token) = &options.bearer {
        request.auth = Auth::Bearer(credential("--bearer", token)?.into_owned());
    }
    if let Some(typed) = &options.auth {
        let text = credential("--auth", typed)?;
        request.auth = if options.auth_type == Some(AuthType::Bearer) {
            Auth::Bearer(text.into_owned())
        } else {
            let (user, password) = match text.split_once(':') {
                Some((user, password)) => (user.to_owned(), password.to_owned()),
                None => (text.to_string(), quote(&ask_password(&text).await?)),
            };
            match &options.aws_sigv4 {
                Some(place) => signed(place, user, password)?,
                None if options.digest || options.auth_type == Some(AuthType::Digest) => {
                    Auth::Digest { user, password }
                }
                None => Auth::Basic { user, password },
            }
        };
    }
    let headers: Result<Vec<_>, _> =
        options.header.iter().map(|line| items::header(line)).collect();
    items::put_headers(headers?, request);
    let pairs: Vec<&str> =
        options.cookies.cookie.iter().map(|it| it.trim()).filter(|it| it.contains('=')).collect();
    if !pairs.is_empty() {
        items::put_headers(vec![NameValue::new("Cookie", pairs.join("; "))], request);
    }
    if options.follow && request.redirects == 0 {
        request.redirects = REDIRECTS;
    }
    request.redirects = options.max_redirects.unwrap_or(request.redirects);
    request.version = asked_version(options).unwrap_or(request.version);
    if let Some(socket) = &options.unix_socket {
        request.unix_socket = quote(socket);
    }
    Ok(())
}

/// What requests are signed with for AWS: `aws:amz:REGION:SERVICE`, as curl has it.
fn signed(place: &str, access_key: String, secret_key: String) -> Result<Auth, Failure> {
    let keys = AwsKeys::at(place).map_err(|why| {
        Failure::new(Stage::Compose, "--aws-sigv4", FailureKind::Usage, why)
            .hint("write aws:amz, aws:amz:REGION or aws:amz:REGION:SERVICE")
    })?;
    Ok(Auth::Aws(AwsKeys { access_key, secret_key, ..keys }))
}

/// The version that the options name, if any does.
fn asked_version(options: &RequestOptions) -> Option<VersionChoice> {
    let named = [
        (options.http1_0, VersionChoice::Http10),
        (options.http1_1, VersionChoice::Http11),
        (options.http2, VersionChoice::Auto),
        (options.http2_prior_knowledge, VersionChoice::Http2PriorKnowledge),
    ];
    named.into_iter().find_map(|(is_named, version)| is_named.then_some(version))
}

/// A credential as it is typed, or what the file behind an `@` holds, which is no template.
fn credential<'a>(option: &str, typed: &'a str) -> Result<Cow<'a, str>, Failure> {
    let Some(path) = typed.strip_prefix('@').filter(|path| !path.is_empty()) else {
        return Ok(Cow::Borrowed(typed));
    };
    let text = named_file::read_text(Path::new(path), CREDENTIAL_FILE).map_err(|error| {
        let target = format!("{option} @{path}");
        Failure::new(Stage::Compose, target, FailureKind::Usage, error.to_string())
    })?;
    Ok(Cow::Owned(quote(text.trim_end_matches(['\r', '\n']))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn send(words: &[&str]) -> args::Send {
        args::Send {
            words: words.iter().map(ToString::to_string).collect(),
            ignore_stdin: true,
            ..args::Send::default()
        }
    }

    fn composed(arguments: &args::Send) -> (HttpSpec, RequestBody) {
        let mut request = HttpSpec::default();
        let raw = put_words(&mut request, &split(arguments), arguments).unwrap();
        (request, raw)
    }

    async fn applied(options: RequestOptions) -> Result<HttpSpec, Failure> {
        let mut request = HttpSpec { redirects: 0, ..HttpSpec::default() };
        apply(&mut request, &options).await.map(|()| request)
    }

    fn basic(user: &str, password: &str) -> Auth {
        Auth::Basic { user: user.into(), password: password.into() }
    }

    #[test]
    fn a_first_word_that_is_a_method_is_one_when_a_target_follows() {
        for (words, method, target, items) in [
            (&["PUT", ":1", "a=b"][..], Some("PUT"), ":1", 1),
            (&["put", ":1", "a=b"], Some("PUT"), ":1", 1),
            (&["Get", "localhost"], Some("GET"), "localhost", 0),
            (&["PURGE", ":1"], Some("PURGE"), ":1", 0),
            (&["purge", ":1"], Some("PURGE"), ":1", 0),
            (&["m-search", ":1"], Some("M-SEARCH"), ":1", 0),
            (&["please", ":1"], None, "please", 1),
            // Presets may be called so.
            (&["report", "a=b"], None, "report", 1),
            (&["post", "a/b?c=d"], Some("POST"), "a/b?c=d", 0),
            (&["delete", "http://h/?a=b"], Some("DELETE"), "http://h/?a=b", 0),
            (&["post", "a=b"], None, "post", 1),
            (&["get", "q==1"], None, "get", 1),
            (&["PING"], None, "PING", 0),
            (&["get"], None, "get", 0),
        ] {
            let arguments = send(words);
            let words = split(&arguments);
            let found = (words.method, words.target, words.items.len());
            assert_eq!(found, (method, target, items), "{words:?}");
        }
    }

    #[test]
    fn a_body_makes_a_post_unless_a_method_is_given() {
        assert_eq!(composed(&send(&[":1"])).0.method, "GET");
        assert_eq!(composed(&send(&[":1", "a=b"])).0.method, "POST");
        assert_eq!(composed(&send(&["get", ":1", "a=b"])).0.method, "GET");
        assert_eq!(composed(&send(&[":1", "q==b"])).0.method, "GET");
    }

    #[test]
    fn data_that_looks_like_json_is_sent_as_json() {
        let body = |data: &str| {
            let mut arguments = send(&[":1"]);
            arguments.data = vec![data.into()];
            composed(&arguments).0.body
        };
        assert_eq!(body("[1]"), HttpBody::Json("[1]".into()));
        assert_eq!(body("{{{a}}: 1}"), HttpBody::Json("{{{a}}: 1}".into()));
        for data in ["{{w}}", "{{w}}=1", " {{w}} x", "{{!w}}", "{{}}"] {
            assert_eq!(body(data), HttpBody::Text(data.into()));
        }
        assert_eq!(body("a=1"), HttpBody::Text("a=1".into()));
        assert_eq!(body("@f"), HttpBody::File("f".into()));
    }

    #[test]
    fn hex_data_is_sent_as_bytes() {
        let mut arguments = send(&[":1"]);
        (arguments.data, arguments.hex) = (vec!["de ad".into()], true);
        let (request, raw) = composed(&arguments);
        let payload = Payload { text: "de ad".into(), format: PayloadFormat::Hex };
        assert_eq!((request.body, raw), (HttpBody::Payload(payload), RequestBody::Composed));
        assert_eq!(request.method, "POST");
    }

    #[test]
    fn standard_input_is_read_when_it_is_asked_for_by_name() {
        for words in [&["POST", ":1", "@-"][..], &[":1", "@-"]] {
            let (request, body) = composed(&send(words));
            assert_eq!((&*request.method, body), ("POST", RequestBody::Input), "{words:?}");
            assert_eq!(request.body, HttpBody::None);
        }
        assert_eq!(composed(&send(&[":1"])).1, RequestBody::Composed);
        let mut arguments = send(&["PUT", ":1"]);
        arguments.data = vec!["@-".into()];
        assert_eq!(composed(&arguments).1, RequestBody::Input);
    }

    #[tokio::test]
    async fn credentials_are_typed_or_stand_in_a_file() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "ann:p:{{x}}\n").unwrap();
        let at = format!("@{}", file.path().display());
        let auth = |auth: &str| RequestOptions { auth: Some(auth.into()), ..Default::default() };
        for (options, expected) in [
            (auth("ann:p:w"), basic("ann", "p:w")),
            (auth("ann:"), basic("ann", "")),
            (auth(&at), basic("ann", "p:{{!x}}")),
            (
                RequestOptions { auth_type: Some(AuthType::Bearer), ..auth("a:b") },
                Auth::Bearer("a:b".into()),
            ),
            (
                RequestOptions { bearer: Some("{{env.T}}".into()), ..Default::default() },
                Auth::Bearer("{{env.T}}".into()),
            ),
        ] {
            assert_eq!(applied(options).await.unwrap().auth, expected);
        }
        let missing = applied(auth("@/no/such")).await.unwrap_err();
        assert!(missing.to_string().contains("--auth @/no/such"), "{missing}");
    }

    #[tokio::test]
    async fn headers_are_read_as_curl_reads_them() {
        let header = ["A: b", "B:=c", "C:", "D;", "E: f:g "].map(String::from).to_vec();
        let request = applied(RequestOptions { header, ..Default::default() }).await.unwrap();
        let off = NameValue { enabled: false, ..NameValue::new("C", "") };
        let row = NameValue::new;
        let expected = [row("A", "b"), row("B", "=c"), off, row("D", ""), row("E", "f:g")];
        assert_eq!(request.headers, expected);
        for wrong in ["secret", ": x", ";", ""] {
            let options = RequestOptions { header: vec![wrong.into()], ..Default::default() };
            let failure = applied(options).await.unwrap_err().to_string();
            assert!(!failure.contains("secret"), "{failure}");
        }
    }

    #[tokio::test]
    async fn versions_have_the_names_of_curl() {
        let version = async |options: RequestOptions| {
            let mut request = HttpSpec { version: VersionChoice::Http11, ..HttpSpec::default() };
            apply(&mut request, &options).await.unwrap();
            request.version
        };
        let none = RequestOptions::default;
        assert_eq!(version(none()).await, VersionChoice::Http11);
        let old = RequestOptions { http1_0: true, ..none() };
        assert_eq!(version(old).await, VersionChoice::Http10);
        let two = RequestOptions { http2: true, ..none() };
        assert_eq!(version(two).await, VersionChoice::Auto, "as curl's");
        let at_once = RequestOptions { http2_prior_knowledge: true, ..none() };
        assert_eq!(version(at_once).await, VersionChoice::Http2PriorKnowledge);
    }

    #[tokio::test]
    async fn redirects_are_followed_as_often_as_is_asked_for() {
        let redirects = async |follow, max_redirects| {
            let options = RequestOptions { follow, max_redirects, ..Default::default() };
            applied(options).await.unwrap().redirects
        };
        assert_eq!(redirects(false, None).await, 0);
        assert_eq!(redirects(true, None).await, REDIRECTS);
        assert_eq!(redirects(true, Some(3)).await, 3);
        assert_eq!(redirects(false, Some(0)).await, 0);
    }
}
