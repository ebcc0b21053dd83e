//! Credentials that are worked out when a request is sent, against servers and libraries that others wrote: `httpbin`
//! and `botocore`. What is not installed is skipped with a printed reason, except in CI.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "tests")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use super::harness::peers::{read_head, tcp_peer};
use super::harness::program::{command, finished, run, told};

const HTTPBIN: &str = "
import logging, httpbin
from werkzeug.serving import make_server
logging.disable(logging.CRITICAL)
s = make_server('127.0.0.1', 0, httpbin.app, threaded=True)
print(s.server_port, flush=True)
s.serve_forever()
";

/// Signs what came with `botocore` and prints the header it would have sent.
const BOTOCORE: &str = "
import datetime, hashlib, json, sys
import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
head, body, service, region = json.load(sys.stdin)
lines = head.split('\\r\\n')
method, target, _ = lines[0].split(' ')
sent = [line.split(': ', 1) for line in lines[1:] if line]
named = {name.lower(): value for name, value in sent}
signed = named['authorization'].split('SignedHeaders=')[1].split(',')[0].split(';')
headers = {name: value for name, value in sent if name.lower() in signed}
now = datetime.datetime.strptime(named['x-amz-date'], '%Y%m%dT%H%M%SZ')
class Fixed(datetime.datetime):
    @classmethod
    def utcnow(cls): return now
    @classmethod
    def now(cls, tz=None): return now
botocore.auth.datetime.datetime = Fixed
if hasattr(botocore.auth, 'get_current_datetime'):
    botocore.auth.get_current_datetime = lambda *a, **k: now
drop = ('x-amz-date', 'x-amz-security-token', 'x-amz-content-sha256')
headers = {name: value for name, value in headers.items() if name.lower() not in drop}
request = AWSRequest(method=method, url='http://' + named['host'] + target, headers=headers, data=body.encode())
kind = botocore.auth.S3SigV4Auth if service == 's3' else botocore.auth.SigV4Auth
keys = Credentials('AKIDEXAMPLE', 'top/secret+key', named.get('x-amz-security-token'))
kind(keys, service, region).add_auth(request)
if service == 's3':
    assert named['x-amz-content-sha256'] == hashlib.sha256(body.encode()).hexdigest()
print(request.headers['Authorization'])
print(named['authorization'])
";

/// Ends a server when the test ends.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn has(modules: &str) -> bool {
    let ran = Command::new("python3")
        .args(["-c", &format!("import {modules}")])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    let works = ran.is_ok_and(|status| status.success());
    if !works {
        assert!(std::env::var_os("CI").is_none(), "python3 has no {modules}");
        println!("skipped: python3 has no {modules} here");
    }
    works
}

fn httpbin() -> (Server, String) {
    let mut server = Command::new("python3")
        .args(["-c", HTTPBIN])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut port = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut port).unwrap();
    (Server(server), format!("http://127.0.0.1:{}", port.trim()))
}

#[test]
fn a_server_that_is_not_ours_takes_every_kind() {
    if !has("httpbin") {
        return;
    }
    let (_server, url) = httpbin();
    let digest = |rest: &str| format!("{url}/digest-auth/{rest}");
    let user = ["-a", "ann:open-sesame"];
    for target in [
        digest("auth/ann/open-sesame"),
        digest("auth/ann/open-sesame/MD5"),
        digest("auth/ann/open-sesame/SHA-256"),
        digest("auth/ann/open-sesame/SHA-512"),
        digest("auth-int/ann/open-sesame/SHA-256"),
        digest("auth,auth-int/ann/open-sesame/MD5/never"),
        digest("none/ann/open-sesame"),
    ] {
        let ended = run(&["send", &target, user[0], user[1], "--digest"]);
        assert_eq!(told(&ended).0, Some(0), "{target}: {ended:?}");
        let body = String::from_utf8_lossy(&ended.stdout).into_owned();
        assert!(body.contains("\"authenticated\": true"), "{target}: {body}");
    }
    let basic = format!("{url}/basic-auth/ann/secret");
    assert_eq!(told(&run(&["send", &basic, "-a", "ann:secret"])).0, Some(0));
    let bearer = format!("{url}/bearer");
    assert_eq!(told(&run(&["send", &bearer, "--bearer", "abc"])).0, Some(0));
}

#[test]
fn a_password_that_is_not_taken_is_said_and_asked_for_once() {
    if !has("httpbin") {
        return;
    }
    let (_server, url) = httpbin();
    let target = format!("{url}/digest-auth/auth/ann/secret");
    let ended = run(&["send", &target, "-a", "ann:wrong", "-A", "digest", "--all", "--headers"]);
    let (status, said) = told(&ended);
    let heads = String::from_utf8_lossy(&ended.stdout).matches("HTTP/1.1 401").count();
    assert_eq!((status, heads), (Some(0), 2), "{ended:?}");
    assert!(
        said.contains("does not take this password of 'ann' for 'me@kennethreitz.com'"),
        "{said}"
    );
    // A server that asks for something else is told.
    let basic = format!("{url}/basic-auth/ann/secret");
    let (_, said) = told(&run(&["send", &basic, "-a", "ann:secret", "--digest"]));
    assert!(said.contains("the server does not ask for Digest"), "{said}");
}

/// A server that keeps the heads it gets and answers them in turn.
fn scripted(answers: &'static [&'static str]) -> (String, Arc<Mutex<Vec<String>>>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&seen);
    let address = tcp_peer(move |mut stream| {
        let Some(head) = read_head(&mut stream) else { return };
        let turn = {
            let mut kept = kept.lock().unwrap();
            let head = String::from_utf8_lossy(&head);
            kept.push(head.split("\r\n\r\n").next().unwrap_or_default().to_owned());
            kept.len() - 1
        };
        let _ = stream.write_all(answers[turn.min(answers.len() - 1)].as_bytes());
    });
    (format!("http://{address}"), seen)
}

const ASKS: &str = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Digest realm=\"r\", nonce=\"one\", qop=\"auth\"\r\n\
                    Content-Length: 0\r\nConnection: close\r\n\r\n";
const ASKS_ANEW: &str = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Digest realm=\"r\", nonce=\"two\", qop=\"auth\", \
                         stale=true\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const LEADS_ON: &str =
    "HTTP/1.1 302 Found\r\nLocation: /next\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const GOOD: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";

#[test]
fn an_answer_is_known_for_a_redirect_and_a_nonce_that_grew_old_is_replaced() {
    let (url, seen) = scripted(&[ASKS, LEADS_ON, ASKS_ANEW, GOOD]);
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("presets");
    std::fs::create_dir(&folder).unwrap();
    let text = format!(
        "[http]\nurl = \"{url}/first\"\nauth.digest = {{ user = \"ann\", password = \"secret\" }}\n\n\
         [expect]\nredirects = 1\nstatus = 200\n"
    );
    std::fs::write(folder.join("one.toml"), text).unwrap();
    let ended = run(&["--home", home.path().to_str().unwrap(), "send", "one"]);
    assert_eq!(told(&ended).0, Some(0), "{ended:?}");
    let seen = seen.lock().unwrap();
    let line = |at: usize| {
        let lines = seen[at].lines().find(|line| line.starts_with("Authorization: "));
        lines.unwrap_or_default().to_owned()
    };
    assert_eq!(line(0), "");
    for (at, place, nonce, count) in [
        (1, "/first", "one", "00000001"),
        (2, "/next", "one", "00000002"),
        (3, "/next", "two", "00000001"),
    ] {
        let line = line(at);
        for part in
            [format!("uri=\"{place}\""), format!("nonce=\"{nonce}\""), format!("nc={count}")]
        {
            assert!(line.contains(&part), "{at}: {part} in {line}");
        }
        assert!(!line.contains("secret"), "{line}");
    }
}

#[test]
fn another_origin_gets_none() {
    let (other, at_other) = scripted(&[ASKS]);
    let leads_away = format!(
        "HTTP/1.1 302 Found\r\nLocation: {other}/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    );
    let answers: &'static [&'static str] = vec![ASKS, &*leads_away.leak()].leak();
    let (url, seen) = scripted(answers);
    let ended = run(&["send", &url, "-a", "ann:secret", "--digest", "-v"]);
    assert_eq!((seen.lock().unwrap().len(), at_other.lock().unwrap().len()), (2, 1));
    let at_other = at_other.lock().unwrap();
    assert!(!at_other[0].to_lowercase().contains("authorization"), "{at_other:?}");
    let said = told(&ended).1;
    assert!(said.contains("the credentials are for the first origin alone"), "{said}");
}

#[test]
fn requests_are_signed_for_aws_as_botocore_signs_them() {
    if !has("botocore.auth") {
        return;
    }
    let keys = ["-a", "AKIDEXAMPLE:top/secret+key"];
    for (path, service, region, more, body) in [
        ("/", "service", "us-east-1", &[][..], ""),
        (
            "/a%20b/../c//d/?b=%2F&a&B=2&b=1",
            "dynamodb",
            "eu-west-1",
            &["-H", "X-Amz-Target: A.B"],
            "{\"x\": 1}",
        ),
        (
            "/key%20with//slash?list-type=2&prefix=a%2Fb",
            "s3",
            "eu-central-1",
            &["-H", "X-Amz-Security-Token: T=="],
            "hello",
        ),
    ] {
        let (url, seen) = scripted(&[GOOD]);
        let place = format!("aws:amz:{region}:{service}");
        let target = format!("{url}{path}");
        let mut arguments = vec!["send", &target, keys[0], keys[1], "--aws-sigv4", &place];
        arguments.extend(more);
        if !body.is_empty() {
            arguments.extend(["-d", body]);
        }
        let ended = run(&arguments);
        assert_eq!(told(&ended).0, Some(0), "{ended:?}");
        let head = seen.lock().unwrap()[0].clone();
        let asked = serde_json::json!([head, body, service, region]).to_string();
        let mut python = Command::new("python3")
            .args(["-c", BOTOCORE])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        python.stdin.take().unwrap().write_all(asked.as_bytes()).unwrap();
        let told = String::from_utf8(python.wait_with_output().unwrap().stdout).unwrap();
        let mut lines = told.lines();
        let (theirs, ours) = (lines.next(), lines.next());
        assert!(theirs.is_some() && theirs == ours, "{head}\n{told}");
    }
}

#[test]
fn what_would_be_sent_is_signed_and_a_digest_is_not_known_yet() {
    let offline = |arguments: &[&str]| {
        let mut all =
            vec!["send", "--offline", "--with-secrets", "http://s3.eu-west-1.amazonaws.com/x"];
        all.extend(arguments);
        let ended = finished(command(&all).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn());
        (String::from_utf8_lossy(&ended.stdout).into_owned(), told(&ended).1)
    };
    let (head, _) = offline(&["-a", "AKID:key", "--aws-sigv4", "aws:amz"]);
    assert!(
        head.contains(
            "/eu-west-1/s3/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date"
        ),
        "{head}"
    );
    assert!(!head.contains(":key"), "{head}");
    let (head, said) = offline(&["-a", "ann:key", "--digest"]);
    assert!(!head.contains("Authorization"), "{head}");
    assert!(said.contains("a digest answers what the server asks for"), "{said}");
    let ended = run(&["send", "http://127.0.0.1:9/", "-a", "a:b", "--aws-sigv4", "gcp:x"]);
    assert_eq!(told(&ended).0, Some(2));
    assert!(told(&ended).1.contains("'gcp:x' is no place of AWS"), "{ended:?}");
    let ended = run(&["send", "http://127.0.0.1:9/", "-a", "a:b", "--aws-sigv4", "aws:amz"]);
    assert!(told(&ended).1.contains("the host does not say the region of AWS"), "{ended:?}");
}
