//! Commands of curl and what they ask for: options, data, files, failures. What surrounds a command in a
//! shell or on a page stands in `shell_tests.rs`.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::codec::multipart::pieces;
use crate::compose::plan;
use crate::model::http::{Auth, AwsKeys, HttpBody, VersionChoice};
use crate::model::plan::PartContent;
use crate::model::plan::{HttpPlan, Plan, PlanBody};
use crate::model::preset::Scope;
use crate::model::spec::Spec;
use crate::model::trust::Verify;

/// Reads a command that names no files of cookies.
pub(super) fn read_plain(command: &str) -> Result<(HttpSpec, Vec<String>), ImportError> {
    parse(command, &CommandFiles::default())
}

pub(super) fn spec(command: &str) -> HttpSpec {
    read_plain(command).unwrap_or_else(|error| panic!("{command}: {error}")).0
}

pub(super) fn warnings(command: &str) -> String {
    read_plain(command).unwrap().1.join("\n")
}

pub(super) fn planned(command: &str) -> HttpPlan {
    match plan(&Spec::Http(spec(command)), &Scope::default()) {
        Ok(Plan::Http(plan)) => plan,
        other => panic!("{command}: {other:?}"),
    }
}

pub(super) fn header<'a>(plan: &'a HttpPlan, name: &str) -> Option<&'a str> {
    plan.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
}

pub(super) fn body(plan: &HttpPlan) -> String {
    match &plan.body {
        PlanBody::Bytes(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
        PlanBody::File(path) => format!("@{}", path.display()),
        PlanBody::Multipart { boundary, parts } => pieces(boundary, parts)
            .into_iter()
            .map(|piece| match piece {
                PartContent::Bytes(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
                PartContent::File(path) => format!("@{}", path.display()),
            })
            .collect(),
    }
}

#[test]
fn versions_are_read_and_written() {
    for (command, version, written) in [
        ("curl https://h/", VersionChoice::Auto, ""),
        ("curl --http2 https://h/", VersionChoice::Auto, ""),
        ("curl -0 https://h/", VersionChoice::Http10, "--http1.0"),
        ("curl --http1.1 https://h/", VersionChoice::Http11, "--http1.1"),
        (
            "curl --http2-prior-knowledge http://h/",
            VersionChoice::Http2PriorKnowledge,
            "--http2-prior-knowledge",
        ),
    ] {
        assert_eq!(spec(command).version, version, "{command}");
        assert_eq!(warnings(command), "", "{command}");
        let code = super::write::write(&Plan::Http(planned(command)));
        assert!(code.contains(written) && written.is_empty() != code.contains("--http"), "{code}");
    }
    assert!(warnings("curl --http2 http://h/").contains("Upgrade: h2c"));
}

#[test]
fn a_bare_command_is_a_get_without_redirects() {
    let spec = spec("curl localhost:8080/x");
    assert_eq!((spec.method.as_str(), spec.url.as_str()), ("GET", "http://localhost:8080/x"));
    assert_eq!((spec.redirects, spec.verify), (0, Verify::On));
    assert_eq!((spec.body.clone(), spec.auth.clone()), (HttpBody::None, Auth::None));
    assert!(spec.headers.iter().all(|row| !row.enabled), "{:?}", spec.headers);
}

#[test]
fn a_slash_too_few_or_too_many_is_taken_as_curl_takes_it() {
    for url in ["http:/127.0.0.1:9/x", "http:///127.0.0.1:9/x", "http://127.0.0.1:9/x"] {
        assert_eq!(planned(&format!("curl {url}")).url, "http://127.0.0.1:9/x", "{url}");
    }
    assert_eq!(spec("curl HTTPS:/a.example").url, "HTTPS://a.example");
    assert_eq!(spec("curl http:80/x").url, "http://http:80/x");
}

#[test]
fn here_texts_of_powershell_are_read_line_by_line() {
    for (text, sent) in [
        ("curl.exe x -d @'\n{}\n'@", "{}"),
        ("curl x -d @'\r\n{}\r\n'@ -H 'A: b'", "{}"),
        ("curl.exe x --data-raw @\"\n{ 'a' }\n\"@", "{ 'a' }"),
        ("curl.exe x --data-binary @'\na\n\n'b' '@\n'@\n", "a\n\n'b' '@"),
        ("curl.exe x --data-raw @'\n'@", ""),
    ] {
        assert_eq!(body(&planned(text)), sent, "{text}");
    }
    assert_eq!(spec("curl.exe x -d '@f.txt'").body, HttpBody::File("f.txt".into()));
}

#[test]
fn data_is_joined_and_its_type_follows_curl() {
    let plan = planned("curl x -d a=1 --data-raw @b --data-urlencode 'c=ö &'");
    assert_eq!((plan.method.as_str(), body(&plan).as_str()), ("POST", "a=1&@b&c=%C3%B6+%26"));
    assert_eq!(header(&plan, "content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(spec("curl x -d a=1 -d b=2").body.kind(), "form");
    let json = spec("curl x -d '{\"a\":1}' -H 'content-type: application/json'");
    assert_eq!(
        (json.body.kind(), json.headers.iter().filter(|row| row.enabled).count()),
        ("json", 1)
    );
    let plan = planned("curl x --json '{\"a\":' --json '1}'");
    assert_eq!(body(&plan), "{\"a\":1}");
    assert_eq!(header(&plan, "accept"), Some("application/json"));
    assert_eq!(planned("curl x -G -d a=1 -d b=2").url, "http://x/?a=1&b=2");
    assert_eq!(planned("curl x?z -G --data-urlencode =ä").url, "http://x/?z&%C3%A4");
}

#[test]
fn files_are_named_and_never_read() {
    let spec = spec("curl x -d @/etc/passwd");
    assert_eq!(spec.body, HttpBody::File("/etc/passwd".into()));
    assert_eq!(spec.method, "POST");
    let put = planned("curl x/up/ -T dir/file.txt");
    assert_eq!((put.method.as_str(), put.url.as_str()), ("PUT", "http://x/up/file.txt"));
    for (command, says) in [
        ("curl x -F a=@-", "reads standard input"),
        ("curl x -H @/etc/passwd", "headers of the file /etc/passwd are not read"),
        ("curl x -b jar.txt", "jar.txt are not read"),
        ("curl x -d a -d @b", "content of b is not read"),
        ("curl x -d @-", "standard input"),
        ("curl x -K conf", "-K conf is not supported"),
    ] {
        assert!(warnings(command).contains(says), "{command}: {}", warnings(command));
    }
}

#[test]
fn headers_taken_away_are_switched_off() {
    let plan = planned("curl x -H 'User-Agent:' -H Accept: -H 'X-None:' -H 'X-Empty;'");
    let names: Vec<&str> = plan.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["Host", "X-Empty"]);
    assert_eq!(header(&planned("curl x -A ''"), "user-agent"), None);
    assert_eq!(header(&planned("curl x -d a=1 -H 'Content-Type:'"), "content-type"), None);
}

#[test]
fn the_spelling_of_a_header_is_kept_or_the_difference_is_said() {
    for (line, name, value, said) in [
        ("A: b", "A", "b", ""),
        ("A:  b", "A", " b", ""),
        ("A: b  ", "A", "b  ", ""),
        ("A:b", "A", "b", "'A:b' as it is written; here it is 'A: b'"),
        ("A : b", "A", "b", "'A : b' as it is written"),
        (" A: b", "A", "b", "' A: b' as it is written"),
        ("A:\tb", "A", "\tb", "as it is written"),
    ] {
        let command = format!("curl -H '{line}' --compressed http://h/");
        assert_eq!(header(&planned(&command), name), Some(value), "{line}");
        let warnings = warnings(&command);
        assert!(warnings.contains(said) && warnings.is_empty() == said.is_empty(), "{warnings}");
    }
    assert_eq!(planned("curl -G -d '' http://h/x").url, "http://h/x");
    assert_eq!(planned("curl -G -d '' http://h/x?a").url, "http://h/x?a&");
    assert_eq!(planned("curl -G -d '' -d a http://h/x").url, "http://h/x?&a");
    for form in ["-F =v", "--form-string =v"] {
        assert!(warnings(&format!("curl {form} http://h/")).contains("without a name"), "{form}");
    }
}

#[test]
fn files_of_a_form_are_sent_as_parts() {
    let plan =
        planned("curl x -F 'p=@dir/a.png' -F 'q=<t.txt' -H 'Content-Type: multipart/form-data'");
    let content_type = header(&plan, "content-type").unwrap();
    let boundary = content_type.strip_prefix("multipart/form-data; boundary=").unwrap();
    let expected = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"p\"; filename=\"a.png\"\r\n\
         Content-Type: image/png\r\n\r\n@dir/a.png\r\n\
         --{boundary}\r\nContent-Disposition: form-data; name=\"q\"\r\n\r\n@t.txt\r\n--{boundary}--\r\n"
    );
    assert_eq!(body(&plan), expected);
    assert_eq!(plan.method, "POST");
}

#[test]
fn text_forms_are_written_out() {
    let plan = planned("curl x -F 'a=1;type=text/x' -F 'b=\"q\\\"\"' --form-string 'c=@;type='");
    let content_type = header(&plan, "content-type").unwrap();
    let boundary = content_type.strip_prefix("multipart/form-data; boundary=").unwrap();
    let expected = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"a\"\r\nContent-Type: text/x\r\n\r\n1\r\n\
         --{boundary}\r\nContent-Disposition: form-data; name=\"b\"\r\n\r\nq\"\r\n\
         --{boundary}\r\nContent-Disposition: form-data; name=\"c\"\r\n\r\n@;type=\r\n--{boundary}--\r\n"
    );
    assert_eq!(body(&plan), expected);
}

#[test]
fn credentials_agents_and_cookies_become_fields() {
    assert_eq!(
        spec("curl -u me:pa:ss x").auth,
        Auth::Basic { user: "me".into(), password: "pa:ss".into() }
    );
    let with_info = spec("curl http://me:p%40ss@x/y");
    assert_eq!(with_info.auth, Auth::Basic { user: "me".into(), password: "p@ss".into() });
    assert_eq!(with_info.url, "http://x/y");
    assert_eq!(spec("curl x --oauth2-bearer T").auth, Auth::Bearer("T".into()));
    let digest = Auth::Digest { user: "a".into(), password: "b".into() };
    assert_eq!(spec("curl x -u a:b --digest").auth, digest);
    assert_eq!(spec("curl x --digest -u a:b --basic").auth, spec("curl x -u a:b").auth);
    assert_eq!(spec("curl x -u a:b --ntlm").auth, Auth::None);
    let aws = AwsKeys {
        access_key: "k".into(),
        secret_key: "s/{{!x}}".into(),
        region: "eu-west-1".into(),
        service: "s3".into(),
        ..AwsKeys::default()
    };
    assert_eq!(spec("curl x --aws-sigv4 aws:amz:eu-west-1:s3 -u 'k:s/{{x}}'").auth, Auth::Aws(aws));
    assert_eq!(spec("curl x --aws-sigv4 osc -u k:s").auth, Auth::None);
    assert_eq!(spec("curl x -u a:b -H 'Authorization: z'").auth, Auth::None);
    let plan = planned("curl x -A agent -e ref -b a=1 -b b=2 -H 'X:1' -H 'Empty;' -H 'Accept:'");
    for (name, value) in [
        ("User-Agent", "agent"),
        ("Referer", "ref"),
        ("Cookie", "a=1;b=2"),
        ("X", "1"),
        ("Empty", ""),
    ] {
        assert_eq!(header(&plan, name), Some(value));
    }
}

#[test]
fn switches_set_what_they_name() {
    let spec = spec("curl -skLI --max-redirs 3 -m 2.5 --compressed x");
    assert_eq!((spec.method.as_str(), spec.redirects, spec.verify), ("HEAD", 3, Verify::Off));
    assert_eq!(spec.timeout, Duration::from_millis(2500));
    assert_eq!(self::spec("curl -L --no-location x").redirects, 0);
    assert_eq!(self::spec("curl -XwHat x").method, "wHat");
    assert!(
        warnings("curl -s -o out.txt --preproxy proxy:1 --ciphers x --wat x")
            .contains("-s, -o out.txt")
    );
    for part in ["--preproxy proxy:1 is not supported", "--ciphers x", "unknown option --wat"] {
        assert!(warnings("curl --preproxy proxy:1 --ciphers x --wat x").contains(part));
    }
}

#[test]
fn a_unix_socket_is_read_and_written() {
    for (option, socket) in
        [("--unix-socket /run/d.sock", "/run/d.sock"), ("--abstract-unix-socket a", "@a")]
    {
        let command = format!("curl {option} http://localhost/v1");
        assert_eq!(spec(&command).unix_socket, socket);
        assert_eq!(warnings(&command), "");
        let written = super::write(&Plan::Http(planned(&command)));
        assert!(written.contains(option), "{written}");
    }
}

#[test]
fn the_way_to_the_target_and_its_tls_are_read_and_written() {
    let command = "curl --proxy 'http://u:p@p:1' --noproxy a,b --resolve h:443:10.0.0.1,[::1] --connect-to [::1]::b:2 \
                   --cacert ca.pem --cert c.pem --key k.pem --tls-max 1.2 https://h/";
    assert_eq!(warnings(command), "");
    let read = spec(command);
    assert_eq!((&*read.network.proxy, &*read.network.no_proxy), ("http://u:p@p:1", "a,b"));
    let written = super::write(&Plan::Http(planned(command)));
    for option in [
        "--proxy http://u:p@p:1",
        "--noproxy a,b",
        "--resolve 'h:443:10.0.0.1,[::1]'",
        "--connect-to '[::1]::b:2'",
        "--cacert ca.pem",
        "--cert c.pem",
        "--key k.pem",
        "--tls-max 1.2",
    ] {
        assert!(written.contains(option), "{option}: {written}");
    }
    let direct = super::write(&Plan::Http(planned("curl -x '' http://h/")));
    assert!(direct.contains("--noproxy '*'"), "{direct}");
    let newest = super::write(&Plan::Http(planned("curl --tlsv1.3 https://h/")));
    assert!(newest.contains("--tlsv1.3"), "{newest}");
}

#[test]
fn sockets_come_from_where_the_command_says() {
    for (options, source) in [
        ("--interface lo", "lo"),
        ("--interface if!lo", "lo"),
        ("--interface 127.0.0.2", "127.0.0.2"),
        ("--interface host!127.0.0.2 --local-port 4000", "127.0.0.2:4000"),
        ("--local-port 4000 --interface ::1", "[::1]:4000"),
        ("--local-port 4000", ":4000"),
        ("--interface lo --local-port 4000", "lo"),
        ("--interface host!name", ""),
        ("--interface ifhost!lo!127.0.0.2", ""),
        ("--local-port 0", ""),
    ] {
        assert_eq!(spec(&format!("curl {options} h")).client.source, source, "{options}");
    }
    assert_eq!(warnings("curl --interface lo --keepalive-time 9 h"), "");
    let kept = spec("curl --keepalive-time 9 h").socket.keep_alive;
    assert_eq!(kept, Some(std::time::Duration::from_secs(9)));
    for (options, said) in [
        ("--interface lo --local-port 4000", "--local-port 4000 was ignored"),
        ("--interface ifhost!lo!127.0.0.2", "--interface ifhost!lo!127.0.0.2 was ignored"),
        ("--local-port 4000-4010", "of --local-port 4000-4010, 4000 alone is tried"),
        ("--local-port x", "--local-port x was ignored"),
        ("--keepalive-time 0", "--keepalive-time 0 was ignored"),
    ] {
        let told = warnings(&format!("curl {options} h"));
        assert!(told.contains(said), "{options}: {told}");
    }
}

#[test]
fn what_cannot_be_read_names_its_place() {
    for (command, position, says) in [
        ("wget x", 0, "begins with 'curl'"),
        ("", 0, "begins with 'curl'"),
        ("curl", 4, "no URL"),
        ("curl -s", 7, "no URL"),
        ("curl x -H", 7, "-H needs a value"),
        ("curl 'x", 5, "never closed"),
        ("curl \"x", 5, "never closed"),
        ("curl ftp://x/", 5, "for ftp"),
        ("curl \u{fdd0}", 5, "U+FDD0"),
        ("curl -\"$A\"", 10, ""),
    ] {
        let error = read_plain(command).expect_err(command);
        assert_eq!(error.position, position, "{command}: {error}");
        assert!(error.message.contains(says), "{command}: {error}");
    }
}

#[test]
fn pasted_text_is_recognised() {
    for text in ["curl x", "  $ curl -s x", "curl.exe x", "/usr/bin/curl 'x'"] {
        assert!(is_command(text), "{text}");
    }
    for text in ["curl", "http://x/curl y", "curly x", ""] {
        assert!(!is_command(text), "{text}");
    }
}

proptest! {
    #![proptest_config(crate::property_tests::config())]

    #[test]
    fn any_text_after_curl_is_read_or_refused(
        text in "\\PC{0,60}|[-a-zA-Z'\"$\\\\^&|<>{}()=:@; \n`#?!]{0,60}",
    ) {
        let command = format!("curl {text}");
        if let Err(error) = read_plain(&command) {
            prop_assert!(error.position <= command.len());
        }
    }

    #[test]
    fn a_written_command_is_read_back_as_the_same_request(
        method in "GET|PUT|wHat",
        value in "[ -~]{0,20}|\\PC{0,10}",
        body in "[ -~\r\n\t]{0,40}|\\PC{0,20}",
    ) {
        let spec = HttpSpec {
            method,
            url: "http://localhost:1/p?q=[1-2]{a,b}".into(),
            headers: vec![
                crate::model::spec::NameValue::new("X-Value", crate::compose::template::quote(value.trim())),
                crate::model::spec::NameValue::new("Content-Type", "text/x"),
            ],
            body: HttpBody::Text(crate::compose::template::quote(&body)),
            ..HttpSpec::default()
        };
        let scope = Scope::default();
        let first = plan(&Spec::Http(spec), &scope).unwrap();
        let command = write(&first);
        let (read, _) = read_plain(&command).unwrap();
        let Plan::Http(again) = plan(&Spec::Http(read), &scope).unwrap() else { unreachable!() };
        let Plan::Http(first) = first else { unreachable!() };
        let sorted = |plan: &HttpPlan| {
            let mut headers = plan.headers.clone();
            headers.sort();
            headers
        };
        prop_assert_eq!(sorted(&again), sorted(&first), "{}", command);
        prop_assert_eq!((&again.method, &again.url, &again.body), (&first.method, &first.url, &first.body));
    }
}

#[test]
fn codings_are_asked_for_only_with_the_option() {
    assert_eq!(header(&planned("curl x"), "accept-encoding"), None);
    let asked = planned("curl x --compressed");
    assert_eq!(header(&asked, "accept-encoding"), Some("deflate, gzip, br, zstd"));
    assert_eq!(header(&planned("curl x --compressed --no-compressed"), "accept-encoding"), None);
    let own = planned("curl x --compressed -H 'Accept-Encoding: gzip'");
    assert_eq!(header(&own, "accept-encoding"), Some("gzip"));
}

#[test]
fn texts_of_files_go_where_curl_puts_them() {
    let contents = [
        ("data".to_owned(), Ok("a=1\r\nb\n".to_owned())),
        ("flat".to_owned(), Ok("one line".to_owned())),
        ("heads".to_owned(), Ok("X-A: 1\n\nX-B: 2\n".to_owned())),
        ("binary".to_owned(), Ok("\u{fffd}\n".to_owned())),
    ];
    let files = CommandFiles { contents: contents.into(), now: 1 };
    let planned = |command: &str| match plan(
        &Spec::Http(parse(command, &files).unwrap().0),
        &Scope::default(),
    ) {
        Ok(Plan::Http(plan)) => plan,
        other => panic!("{command}: {other:?}"),
    };
    for (command, expected) in [
        ("curl x -d @data", "a=1b"),
        ("curl x -d @flat", "@flat"),
        ("curl x --data-binary @data", "@data"),
        ("curl x -d @binary", "@binary"),
        ("curl x -d c -d @data --data-binary @data", "c&a=1b&a=1\r\nb\n"),
        ("curl x --data-urlencode n@flat", "n=one+line"),
        ("curl x --data-urlencode @flat", "one+line"),
    ] {
        assert_eq!(body(&planned(command)), expected, "{command}");
    }
    assert_eq!(planned("curl x -G -d @data").url, "http://x/?a=1b");
    assert_eq!(planned("curl x --url-query n@flat").url, "http://x/?n=one+line");
    let plan = planned("curl x -H @heads -H 'X-C: 3'");
    assert_eq!((header(&plan, "x-a"), header(&plan, "x-c")), (Some("1"), Some("3")));
    assert_eq!(
        super::files("curl x -b jar -d @data -H @heads --json @j -T up"),
        ["data", "heads", "j", "jar"]
    );
    assert_eq!(super::files("curl x --data-binary @big"), Vec::<String>::new());
}
