//! Commands as people paste them, of every shell and program that writes some: what is sent is what
//! curl sends for them (run here, on a socket), or words say before sending what is different.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

use super::pasted_curl::{comparable, recorder};
use super::{PATIENCE, Seen, curl, plan};
use bytes::Bytes;
use wirebench::interop::curl::CommandFiles;
use wirebench::model::plan::{HttpPlan, PartContent, Plan, PlanBody};
use wirebench::model::preset::Scope;
use wirebench::model::spec::Spec;

/// What becomes of a paste. `HOST` in it is where the recorder listens.
enum Becomes {
    /// What curl sends for the very same text, run by bash.
    Same,
    /// What curl sends for this one: the text is for another shell, or stands in prose.
    As(&'static str),
    /// The same but for this header, which is said in these words.
    Without(&'static str, &'static str),
    /// Something else, which is said in these words.
    Remarked(&'static str),
    /// Nothing: it is refused in these words.
    Refused(&'static str),
}

use Becomes::{As, Refused, Remarked, Same, Without};

const FILES: [(&str, &[u8]); 8] = [
    ("form.txt", b"text"),
    ("a b.bin", b"\0\x01\n"),
    ("data.json", b"{\"a\": 1,\r\n \"b\": [2]}\n"),
    ("body.txt", b"one\r\ntwo & three\n"),
    ("img.png", b"\x89PNG\r\n\x1a\n\0\xff"),
    ("cookies.txt", b"localhost\tFALSE\t/\tFALSE\t0\tck\tcv\n"),
    ("headers.txt", b"X-One: 1\r\nX-Two: 2\n"),
    ("curlrc", b"header = \"X: y\"\n"),
];

const ASKS: &str = "curl asks first whether to send";

const PASTES: &[(&str, Becomes)] = &[
    // Shells.
    ("curl HOST/a", Same),
    (
        "curl 'http://HOST/a?b=c&d=%20e' -H 'Accept: text/html' -s -o /dev/null -w '%{http_code}'",
        Same,
    ),
    ("curl \"http://HOST/\" \\\n  -H \"X-A: \\\"q\\\" \\\\ \\$x\" \\\n  -XPUT -dname=val", Same),
    ("curl HOST/b --data-binary $'\\x89PNG\\r\\n\\0a\\'b'c", Same),
    ("curl HOST/b -d $'\\u00e9\\t\\'\\101'", Same),
    ("curl -d @- HOST/h <<'EOF'\n{\"a\": \"$X\"}\nEOF\n", Same),
    (
        "curl --data-binary @- HOST/h <<EOF -H 'X-A: b'\n{\"a\": \"\\$X\",\n \"b\": 2}\nEOF\necho done",
        Same,
    ),
    ("curl -T - HOST/up/x <<-END\n\ttabs go\n\tEND\n", Without("expect", ASKS)),
    ("curl HOST/h --data-binary @- <<< 'text here'", Same),
    ("echo -n '{\"a\":1}' | curl HOST/p -d @- -H 'Content-Type: application/json'", Same),
    ("printf '%s\\n' one two | curl HOST/p --data-binary @-", Same),
    ("cat data.json | curl -X PUT HOST/p --data-binary @-", Same),
    ("curl -X PUT HOST/p --data-binary @- < body.txt", Same),
    ("curl HOST/`echo abc`", Same),
    ("curl \"http://HOST/$(echo x y | cat)\"", Remarked("kept as text")),
    ("curl -d \"a=$(echo 'b c')\" HOST/s", Same),
    ("curl HOST/$(date +%s)", Remarked("substitutions of the shell")),
    ("curl HOST/ -d \"x=$(cat data.json)\"", Remarked("substitutions of the shell")),
    ("id=7; curl \"http://HOST/u/$id\"", Remarked("$id became {{env.id}}")),
    ("curl HOST/o > out.json 2>/dev/null && echo done", Same),
    ("echo a | xargs -I{} curl HOST/{}", Remarked("xargs is left out")),
    ("\u{feff}curl HOST/a", As("curl HOST/a")),
    ("curl HOST/$1", Remarked("$1, which a shell fills in")),
    ("curl HOST/ -d \"cost $? $@ $$\"", Remarked("$$, which a shell fills in")),
    ("curl HOST/ -d ~/x", Remarked("~ became {{env.HOME}}")),
    ("curl HOST/ -d a=~", Remarked("~ became {{env.HOME}}")),
    ("curl HOST/ -d 'a=~' -H X:~/x", Same),
    ("curl HOST/ -d {a,b}", Remarked("{...} without quotes was kept as text")),
    ("curl HOST/ -d @<(echo a=1)", Remarked("<(echo a=1) is a file only while its shell runs")),
    ("time curl HOST/o; echo", Same),
    ("# get it\nsudo -u www curl HOST/x -H 'A: b'", As("curl HOST/x -H 'A: b'")),
    ("$ curl HOST/x \\\n>   -H 'A: b'\n{\"ok\":true}\n", As("curl HOST/x -H 'A: b'")),
    ("docker exec -it web curl -s HOST/x", Remarked("left out before curl: docker exec -it web")),
    ("curl \u{201c}http://HOST/\u{201d}", Refused("typographic sign")),
    ("curl HOST/ \u{2013}X POST", Refused("typographic sign")),
    ("curl 'http://HOST/", Refused("never closed")),
    // The Windows command prompt, as Chrome copies it now and did, and as it is typed.
    (
        "curl ^\"http://HOST/c^\" ^\r\n  -H ^\"accept: */*^\" ^\r\n  --data-raw ^\"^{^\\^\"a^\\^\":^\\^\"b ^& c^\\^\"^}^\"",
        As("curl http://HOST/c -H 'accept: */*' --data-raw '{\"a\":\"b & c\"}'"),
    ),
    (
        "curl \"http://HOST/c?x=^%^41^&y=2\" ^\n  -H \"X: ^\\^\"q^\\^\"\" --compressed",
        As("curl 'http://HOST/c?x=%41&y=2' -H 'X: \"q\"' --compressed"),
    ),
    (
        "C:\\Users\\me>curl -X POST http://HOST/w -d \"{\\\"a\\\": \\\"b\\\"}\"",
        As("curl -X POST http://HOST/w -d '{\"a\": \"b\"}'"),
    ),
    // PowerShell.
    (
        "curl.exe 'http://HOST/p' `\n  -H 'X-A: it''s' `\n  -d '{\\\"a\\\":1}'",
        As("curl http://HOST/p -H \"X-A: it's\" -d '{\"a\":1}'"),
    ),
    (
        "PS C:\\> curl.exe -X POST \"http://HOST/p\" -d \"{\\`\"a\\`\": \\`\"b\\`\"}\"",
        As("curl -X POST http://HOST/p -d '{\"a\": \"b\"}'"),
    ),
    ("curl -Uri http://HOST/ -Method POST", Refused("Invoke-WebRequest")),
    (
        "curl.exe -X POST \"http://HOST/p\" -d \"{\\`\"a\\`\": \\`\"b\\`\"}\"",
        As("curl -X POST http://HOST/p -d '{\"a\": \"b\"}'"),
    ),
    (
        "curl -X POST http://HOST/p -d \"{`\"a`\": 1}\"",
        As("curl -X POST http://HOST/p -d '{\"a\": 1}'"),
    ),
    (
        "curl.exe http://HOST/p -d '{\"a\": ''x''}' > out.json 2>&1\n",
        As("curl http://HOST/p -d \"{\\\"a\\\": 'x'}\""),
    ),
    (
        "curl.exe http://HOST/p -H \"X-A: C:\\dir\\\" -d a",
        As("curl http://HOST/p -H 'X-A: C:\\dir\\' -d a"),
    ),
    ("curl.exe http://HOST/p -H \"X-A: C:\\dir\\\"", As("curl http://HOST/p -H 'X-A: C:\\dir\\'")),
    (
        "curl.exe http://HOST/p \\\n  -d '{\"a\": \"it'\\''s\"}'",
        As("curl http://HOST/p -d '{\"a\": \"it'\\''s\"}'"),
    ),
    ("curl.exe http://HOST/p -d $body", Remarked("$body became {{env.body}}")),
    ("curl.exe http://HOST/p -d \"$(Get-Date) $1\"", Remarked("of PowerShell ($(...), ${...})")),
    ("C:\\>curl http://HOST/p -d \"%USERNAME%\"", Remarked("%USERNAME%, which the Windows prompt")),
    ("curl http://HOST/p -d \"use \\`cmd\\`\"", Same),
    // Browsers and Postman.
    (
        "curl 'http://HOST/api' \\\n  -H 'accept: application/json' \\\n  -b 'sid=1; t=\"x\"' \\\n  --data-raw $'{\"q\":\"it\\'s \\u0021\"}' \\\n  --insecure --compressed",
        Same,
    ),
    (
        "curl 'http://HOST/ff' --compressed -X POST -H 'User-Agent: Mozilla/5.0 (X11)' -H 'Accept-Encoding: gzip, deflate' --data-raw 'a=1&b=%20'",
        Same,
    ),
    (
        "curl 'http://HOST/saf' \\\n-X 'POST' \\\n-H 'Content-Type: application/json' \\\n-H 'Origin: http://x' \\\n--data-binary '{\"a\":1}'",
        Same,
    ),
    (
        "curl --location 'http://HOST/post' \\\n--header 'Content-Type: application/json' \\\n--data '{\n    \"a\": \"b\"\n}'",
        Same,
    ),
    ("curl --location 'http://HOST/form' \\\n--form 'a=\"b c\"' \\\n--form 'f=@\"img.png\"'", Same),
    (
        "curl --location --request POST 'http://HOST/enc' \\\n--data-urlencode 'a=b c' \\\n--data-urlencode 'd=e&f=\u{e9}'",
        Same,
    ),
    // Data.
    ("curl HOST/d --data-urlencode 'a b&c'", Same),
    ("curl HOST/d --data-urlencode '=a=b'", Same),
    ("curl HOST/d --data-urlencode @body.txt", Same),
    ("curl HOST/d --data-urlencode n@body.txt -d x=1", Same),
    ("curl HOST/d --data-urlencode '=a@b' --data-urlencode 'm=x@y'", Same),
    ("curl -G HOST/q -d a=1 -d b=2", Same),
    ("curl -G 'http://HOST/q?z=1' --data-urlencode 'x=\u{e9} +'", Same),
    ("curl -G HOST/q --data-urlencode x@body.txt", Same),
    ("curl HOST/q --url-query 'a=b c' --url-query '+x=%41'", Same),
    ("curl HOST/d -d @data.json", Same),
    ("curl HOST/d --data-binary @data.json -H 'Content-Type: application/json'", Same),
    ("curl HOST/d -d a=1 -d @body.txt --data-binary @data.json", Same),
    ("curl HOST/d --data-raw @data.json", Same),
    ("curl --json '{\"a\":1}' HOST/j", Same),
    ("curl --json '{\"a\":1' --json '}' HOST/j", Same),
    ("curl --json @data.json HOST/j -H 'Accept: x/y'", Same),
    ("curl -X DELETE HOST/x -d ''", Same),
    ("curl -d x HOST/x -H 'Content-Type:'", Same),
    ("curl -F a=1 -F 'b=@img.png;type=image/x-png' HOST/f", Same),
    (
        "curl -F 'c=<data.json;type=application/json' -F 'd=x;type=text/html;charset=utf-8' HOST/f",
        Same,
    ),
    ("curl -F 'e=@data.json;filename=o\"q\\.json' -F 'g=@body.txt' HOST/f", Same),
    ("curl --form-string 'a=@not;type=x' -F 'h=@-;filename=n.png' HOST/f <<< in", Same),
    ("curl -F 'h=@-' HOST/f <<< in", Remarked("no Content-Type")),
    ("curl -F 'x=@img.png,data.json' HOST/f", Remarked("curl nests the files")),
    ("curl -F 't=<form.txt' -F 'u=<img.png' HOST/f", Same),
    ("curl -F 't=@form.txt;filename=a.zzz' -F 'u=@img.png;filename=a.txt' HOST/f", Same),
    ("curl -F 't=text;filename=a.png' HOST/f", Same),
    ("curl -F 't=text;filename=a.zzz' HOST/f", Remarked("no Content-Type; here it is text/plain")),
    ("curl -F 'a=b;c' HOST/f", Same),
    ("curl -F 'a=b;c' HOST/f", Remarked("';c' of form field 'a' means nothing to curl")),
    ("curl -F 'a=b;c=d;TYPE=x/y' -F 'e= f ' -F 'g=\"h\"i;type=x/y; charset=u' HOST/f", Same),
    ("curl -F 'a=b;type=text' HOST/f", Remarked("curl refuses ';type=text'")),
    ("curl -F 'a=b;encoder=base64' HOST/f", Remarked("';encoder=base64'")),
    ("curl -F 'a=(' -F b=c -F '=)' HOST/f", Remarked("curl nests parts")),
    ("curl -F a=b -G HOST/f", Same),
    ("curl -F a=b -H 'Content-Type: multipart/form-data; x=y' HOST/f", Same),
    (
        "curl -F a=b -H 'Content-Type: multipart/related' HOST/f",
        Remarked("curl writes 'attachment'"),
    ),
    (
        "curl -F a=b -H 'Content-Type: multipart/form-data; boundary=q' HOST/f",
        Remarked("second boundary"),
    ),
    ("curl -F a=b -H 'Content-Type:' HOST/f", Remarked("nothing but a boundary")),
    ("curl -F a=b -d c HOST/f", Remarked("curl refuses -d with -F in one request; here the form")),
    ("curl -I -T img.png HOST/f", Remarked("curl refuses -T with -I")),
    ("curl -T form.txt 'http://HOST/dir/?x=1#/f'", Without("expect", ASKS)),
    ("curl -T form.txt http://HOST", Without("expect", ASKS)),
    ("curl -T ./form.txt 'http://HOST/dir?x=/'", Without("expect", ASKS)),
    ("curl -T 'a b.bin' --url-query a=1 HOST/dir/", Without("expect", ASKS)),
    ("curl -T '{form.txt,img.png}' HOST/dir/", Remarked("for several files")),
    ("curl -T form.txt -T img.png HOST/x HOST/y", Remarked("only the last is sent: img.png")),
    ("curl -X POST HOST/", Remarked("curl sends no Content-Length")),
    ("curl -X DELETE HOST/", Same),
    ("curl -X POST -d '' HOST/", Same),
    ("curl -T img.png HOST/up/", Without("expect", ASKS)),
    ("curl -T data.json HOST/up/name -X POST -H Expect:", Same),
    // Headers, credentials, cookies.
    ("curl -H 'X-Empty;' -H 'Accept:' -H 'x-lower:a  ' HOST/", Same),
    ("curl -A '' -e 'http://ref/;auto' HOST/", Same),
    ("curl -H @headers.txt HOST/", Same),
    ("curl -r 0-99 -H 'Range: bytes=1-2' HOST/", Same),
    ("curl -I HOST/", Same),
    ("curl -u user:pa:ss HOST/", Same),
    ("curl -u user HOST/", Remarked("would ask for the password")),
    ("curl http://u%40x:p%3Aq@HOST/", Same),
    ("curl --oauth2-bearer tok HOST/", Same),
    ("curl --digest -u a:b HOST/", Same),
    ("curl --ntlm -u a:b HOST/", Remarked("--ntlm is not supported")),
    ("curl -b 'a=1; b=2' -b c=3 HOST/", Same),
    ("curl -b cookies.txt -b d=4 http://localhost:PORT/", Same),
    ("curl -b no-such-file.txt HOST/", Remarked("no-such-file.txt")),
    ("curl -b a=1 -b b=2 -H 'Cookie: c=3' HOST/", Same),
    ("curl -b a=1 -H 'Cookie;' HOST/", Same),
    ("curl -b a=1 -H 'cookie:' HOST/", Same),
    ("curl -b cookies.txt -b a=1 -H 'Cookie: c=3' http://localhost:PORT/", Same),
    ("curl -b cookies.txt -H Cookie: http://localhost:PORT/", Same),
    ("curl -H 'Cookie: c=3' -H 'Cookie: d=4' HOST/", Same),
    ("curl -e r -H 'Referer: s' -A a -H 'user-agent: b' HOST/", Same),
    ("curl --json '{}' -H 'Content-Type: b' HOST/", Same),
    ("curl -H 'User-Agent;' -H 'Accept;' -H 'C:  x ' -H 'B: ' -H 'E;x' HOST/", Same),
    ("curl -r 5 HOST/", Same),
    ("curl -r abc HOST/", Same),
    ("curl -u : HOST/", Same),
    ("curl -b =x HOST/", Same),
    ("curl -A x -A '' HOST/", Same),
    // URLs, and requests that are several.
    ("curl 'http://HOST/a/../b/./c?d/../e#f'", Same),
    ("curl --path-as-is 'http://HOST/a/../b'", Same),
    ("curl -g 'http://HOST/[1-3]{a,b}'", Same),
    ("curl 'http://HOST/[1-3]'", Remarked("several requests")),
    ("curl 'http://HOST/\u{e9}/\u{fc}'", Same),
    ("curl 'http://HOST/?q=\u{f1}'", Remarked("curl sends '\u{f1}' in the query as it is")),
    ("curl 'http://HOST/a b'", Remarked("curl refuses the blank in the URL")),
    ("curl -g 'http://HOST/a%20b/\"<>^`|?a=\"<>^`|\\{}'", Same),
    ("curl 'HTTP://HOST/x#f?q'", Same),
    ("curl 'http://HOST/a%zz'", Same),
    ("curl -G -d a=1 'HOST/x?#f'", Same),
    ("curl 'HOST/{a,b}'", Remarked("several requests")),
    ("curl HOST/x --next -d x HOST/b", Remarked("only the request before --next")),
    ("curl -Z HOST/x HOST/b", Remarked("only the first URL is used, not HOST/b")),
    // Ways there.
    ("curl --resolve a.test:PORT:127.0.0.1 http://a.test:PORT/", Same),
    ("curl --connect-to ::127.0.0.1:PORT http://a.test/", Same),
    ("curl --preproxy socks5://proxy.test:1 HOST/", Remarked("the request goes there directly")),
    ("curl -K curlrc HOST/", Remarked("the options in it are not read")),
    ("curl --http2 HOST/", Remarked("HTTP/1.1 is spoken, without curl's offer")),
    ("curl --http1.0 HOST/", Same),
    ("curl -0 HOST/", Same),
    ("curl --http1.1 HOST/", Same),
    ("curl --frobnicate HOST/", Remarked("unknown option --frobnicate")),
    ("curl --frobnicate much HOST/", Remarked("'much' was taken for the value of --frobnicate")),
    ("curl --reque PUT HOST/", Refused("--reque may be --request or --request-target")),
    ("curl --form-st x=y HOST/", Same),
    ("curl ftp://HOST/x", Refused("only http and https")),
    ("curl -d x", Refused("names no URL")),
];

/// What wirebench sends for a paste, and what it says before; the contents of files where they go out
/// as they are.
fn ours(text: &str, folder: &Path) -> Result<(Seen, Vec<String>), String> {
    let read = |name: String| {
        let bytes = std::fs::read(folder.join(&name)).map_err(|error| error.to_string());
        (name, bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    };
    let contents: BTreeMap<_, _> = curl::files(text).into_iter().map(read).collect();
    let files = CommandFiles { contents, now: 1 };
    let (spec, remarks) = curl::parse(text, &files).map_err(|error| error.to_string())?;
    let mut scope = Scope::default();
    scope.os.insert("id".into(), "7".into());
    scope.os.insert("HOME".into(), "/home/me".into());
    scope.os.insert("body".into(), "b".into());
    let Plan::Http(mut plan) = plan(&Spec::Http(spec), &scope).unwrap() else { unreachable!() };
    with_contents(&mut plan, folder);
    Ok((Seen::of_plan(&plan), remarks))
}

/// Files of a body become what is in them, as they do when it is sent.
fn with_contents(plan: &mut HttpPlan, folder: &Path) {
    let content = |path: &Path| Bytes::from(std::fs::read(folder.join(path)).unwrap_or_default());
    match &mut plan.body {
        PlanBody::Bytes(_) => {}
        PlanBody::File(path) => {
            let bytes = content(path);
            plan.headers.push(("Content-Length".into(), bytes.len().to_string()));
            plan.body = PlanBody::Bytes(bytes);
        }
        PlanBody::Multipart { parts, .. } => {
            for part in parts {
                if let PartContent::File(path) = &part.content {
                    part.content = PartContent::Bytes(content(path));
                }
            }
        }
    }
}

#[test]
fn what_people_paste_is_sent_as_curl_sends_it_or_said_before() {
    if Command::new("curl").arg("--version").stdout(Stdio::null()).status().is_err() {
        assert!(std::env::var_os("CI").is_none(), "curl is not installed");
        println!("skipped: curl is not installed");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in FILES {
        std::fs::write(folder.path().join(name), content).unwrap();
    }
    let (port, requests) = recorder();
    let mut wrong = Vec::new();
    for (text, becomes) in PASTES {
        let there =
            |text: &str| text.replace("HOST", "localhost:PORT").replace("PORT", &port.to_string());
        let own = ours(&there(text), folder.path());
        let reference = match (becomes, &own) {
            (Same, Ok(_)) => text,
            (As(other), Ok(_)) => other,
            (Without(_, words), Ok((_, remarks)))
                if remarks.iter().any(|remark| remark.contains(words)) =>
            {
                text
            }
            (Remarked(words), Ok((_, remarks))) => {
                let words = there(words);
                if !remarks.iter().any(|remark| remark.contains(&words)) {
                    wrong.push(format!("{text}\n says: {remarks:?}"));
                }
                continue;
            }
            (Refused(words), Err(why)) if why.contains(words) => continue,
            (_, own) => {
                wrong.push(format!("{text}\n {own:?}"));
                continue;
            }
        };
        let mut shell = Command::new("bash");
        shell.args(["-c", &there(reference)]).current_dir(folder.path());
        shell.env("HOME", folder.path()).env_remove("http_proxy").stdin(Stdio::null());
        let run = shell.stdout(Stdio::null()).stderr(Stdio::null()).status();
        assert!(run.is_ok(), "bash: {run:?}");
        let theirs =
            requests.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("curl: {reference}"));
        let mut theirs = comparable(Seen::read(&theirs).without_chunks());
        if let Without(header, _) = becomes {
            theirs = theirs.without(&[header]);
        }
        let (own, remarks) = own.unwrap();
        let own = comparable(own);
        if own != theirs {
            wrong.push(format!("{text}\n ours: {own:?}\n curl: {theirs:?}\n {remarks:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), PASTES.len(), wrong.join("\n"));
}
