//! The cookies kept of environments: a file for each, private, which several copies of the program change in turn.
//!
//! ```text
//! cookies/KEY.json      KEY stands for workspace and environment
//! ```
//! Each change is done to what the file has at the time, under a lock, so that no copy of the program loses what another one
//! took. Cookies that end with the session are not kept.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use serde_json::{Value, json};

use super::job::Overwrite;
use super::paths::Paths;
use super::{atomic, lock};
use crate::codec::hex;
use crate::model::cookie::{Cookie, CookieChange, CookieKey};
use crate::model::cookie_jar::CookieJar;
use crate::model::failure::{Failure, FailureKind};
use crate::model::fingerprint::fingerprint;
use crate::named_file;

/// Longest file: as many cookies as a jar holds, each as long as it may be.
const LONGEST: u64 = 64 * 1024 * 1024;
/// What the file says it is.
const VERSION: u64 = 1;

/// Does this to the cookies of an environment, at this time in seconds; which there are then.
pub(crate) fn change(
    paths: &Paths,
    environment: Option<&str>,
    changes: &[CookieChange],
    now: i64,
) -> Result<CookieJar, Failure> {
    let (folder, file) = (paths.cookies(), file(paths, environment));
    if changes.is_empty() {
        let mut jar = read(&file)?;
        jar.retain(|cookie| !cookie.is_over(now));
        return Ok(jar);
    }
    atomic::make_folders(&folder)?;
    let _lock = lock::folder(&folder)?;
    let before = read(&file)?;
    let mut jar = before.clone();
    jar.apply(changes, now);
    jar.retain(|cookie| cookie.expires.is_some() && !cookie.is_over(now));
    if jar != before {
        atomic::write(&file, written(&jar).as_bytes(), Overwrite::Replace)?;
    }
    Ok(jar)
}

/// Where those of an environment are.
fn file(paths: &Paths, environment: Option<&str>) -> PathBuf {
    let mut key = paths.workspace.as_os_str().as_encoded_bytes().to_vec();
    key.push(0);
    key.extend_from_slice(environment.unwrap_or_default().as_bytes());
    paths.cookies().join(format!("{:016x}.json", fingerprint(&key)))
}

fn read(file: &Path) -> Result<CookieJar, Failure> {
    let text = match named_file::read_our_text(file, LONGEST) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(CookieJar::default()),
        text => text.map_err(|error| atomic::failure(file, &error))?,
    };
    parse(&text).ok_or_else(|| {
        let cause = "it holds no cookies as this version writes them";
        atomic::refusal(file, FailureKind::Malformed, cause)
            .hint("move it away; until then cookies last as long as the program")
    })
}

fn parse(text: &str) -> Option<CookieJar> {
    let value: Value = serde_json::from_str(text).ok()?;
    if value.get("version")?.as_u64()? != VERSION {
        return None;
    }
    let mut jar = CookieJar::default();
    for one in value.get("cookies")?.as_array()? {
        jar.put(cookie(one)?, i64::MIN);
    }
    Some(jar)
}

fn cookie(value: &Value) -> Option<Cookie> {
    let text = |name: &str| value.get(name)?.as_str();
    let flag = |name: &str| value.get(name).and_then(Value::as_bool);
    let key = CookieKey {
        domain: text("domain")?.to_owned(),
        is_host_only: flag("host-only")?,
        path: bytes(value.get("path")?)?,
        name: bytes(value.get("name")?)?,
    };
    Some(Cookie {
        key,
        value: bytes(value.get("value")?)?,
        is_secure: flag("secure")?,
        is_http_only: flag("http-only")?,
        same_site: text("same-site")?.parse().ok()?,
        expires: Some(value.get("expires")?.as_i64()?),
        set_at: value.get("set-at")?.as_i64()?,
    })
}

/// Text, or digits in hex of what is none.
fn bytes(value: &Value) -> Option<Bytes> {
    match value {
        Value::String(text) => Some(text.clone().into()),
        Value::Object(object) => hex::parse(object.get("hex")?.as_str()?).ok().map(Bytes::from),
        _ => None,
    }
}

fn bytes_written(bytes: &[u8]) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(_) => json!({ "hex": hex::written(bytes) }),
    }
}

fn written(jar: &CookieJar) -> String {
    let cookies: Vec<Value> = jar.iter().map(cookie_written).collect();
    let mut text = format!("{:#}", json!({ "version": VERSION, "cookies": cookies }));
    text.push('\n');
    text
}

fn cookie_written(cookie: &Cookie) -> Value {
    let Cookie { key, value, is_secure, is_http_only, same_site, expires, set_at } = cookie;
    json!({
        "domain": key.domain,
        "host-only": key.is_host_only,
        "path": bytes_written(&key.path),
        "name": bytes_written(&key.name),
        "value": bytes_written(value),
        "secure": is_secure,
        "http-only": is_http_only,
        "same-site": <&'static str>::from(same_site),
        "expires": expires,
        "set-at": set_at,
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::thread;

    use super::*;
    use crate::codec::cookies::{RequestPlace, take};

    const NOW: i64 = 1_800_000_000;

    fn set(line: &[u8]) -> Vec<CookieChange> {
        let place = RequestPlace::of("https://a.org/x/");
        take(&mut CookieJar::default(), line, &place, NOW).changes
    }

    #[test]
    fn what_is_kept_comes_back_and_what_ends_with_the_session_does_not() {
        let home = tempfile::tempdir().unwrap();
        let paths = Paths::under(home.path());
        let lines: [&[u8]; 3] = [
            b"a=1; Max-Age=60; Secure; HttpOnly; SameSite=Lax",
            b"b=\xff\xfe; Max-Age=90; Domain=a.org; Path=/y",
            b"s=1",
        ];
        let changes: Vec<_> = lines.iter().flat_map(|line| set(line)).collect();
        let jar = change(&paths, Some("lab"), &changes, NOW).unwrap();
        assert_eq!(jar.len(), 2);
        assert_eq!(change(&paths, Some("lab"), &[], NOW).unwrap(), jar);
        assert_eq!(change(&paths, Some("lab"), &[], NOW + 60).unwrap().len(), 1, "one is over");
        assert!(change(&paths, None, &[], NOW).unwrap().is_empty(), "another environment");
        let file = file(&paths, Some("lab"));
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&file), mode(&paths.cookies())), (0o600, 0o700));
        // One that is set again for the session alone is not kept any more.
        let jar = change(&paths, Some("lab"), &set(b"a=2"), NOW).unwrap();
        assert_eq!(jar.len(), 1);
    }

    #[test]
    fn copies_of_the_program_lose_nothing_of_each_other() {
        let home = tempfile::tempdir().unwrap();
        let paths = Paths::under(home.path());
        thread::scope(|scope| {
            for copy in 0..4 {
                let paths = &paths;
                scope.spawn(move || {
                    for at in 0..10 {
                        let line = format!("c{copy}n{at}=1; Max-Age=60");
                        change(paths, None, &set(line.as_bytes()), NOW).unwrap();
                    }
                });
            }
        });
        assert_eq!(change(&paths, None, &[], NOW).unwrap().len(), 40);
    }

    #[test]
    fn a_file_that_cannot_be_read_is_left_alone() {
        let home = tempfile::tempdir().unwrap();
        let paths = Paths::under(home.path());
        change(&paths, None, &set(b"a=1; Max-Age=60"), NOW).unwrap();
        let file = file(&paths, None);
        for text in
            ["", "{", r#"{"version": 2, "cookies": []}"#, r#"{"version": 1, "cookies": [{}]}"#]
        {
            std::fs::write(&file, text).unwrap();
            let failure = change(&paths, None, &set(b"b=1; Max-Age=60"), NOW).unwrap_err();
            assert!(failure.to_string().contains("move it away"), "{failure}");
            assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
        }
    }
}
