//! Tests of what is hidden: values however they are spelled and cut, credentials of heads and URLs.

use super::*;
use crate::model::failure::{FailureKind, Stage};

fn hidden(secrets: &Secrets, text: &str) -> String {
    secrets.hide_words(text)
}

#[test]
fn values_are_hidden_however_they_are_spelled() {
    let secrets = Secrets::new(["pa ss\"w/rd", "hunter2", "hunter2-long", ""]);
    for text in ["x=pa ss\"w/rd!", "x=pa%20ss%22w%2Frd!", "x=pa+ss%22w%2Frd!", "x=pa ss\\\"w/rd!"] {
        assert_eq!(hidden(&secrets, text), format!("x={MASK}!"));
    }
    assert_eq!(hidden(&secrets, "hunter2-long hunter2"), format!("{MASK} {MASK}"));
    assert!(!format!("{secrets:?}").contains("hunter"));
    assert_eq!(Secrets::new([" "]), Secrets::default());
}

#[test]
fn values_are_hidden_in_any_mixture_of_escapes() {
    let secrets = Secrets::new(["p@s/é\"1 x"]);
    for text in [
        "p@s%2fé%221%20x",
        "p%40s/%C3%A9\"1+x",
        "p@s\\/\\u00E9\\\"1 x",
        "p@s\\/é\\u00221\\u0020x",
        "%70%40%73%2F%c3%a9%22%31%20%78",
    ] {
        assert_eq!(hidden(&secrets, &format!("<{text}>")), format!("<{MASK}>"));
    }
    for text in ["p@s/é%221", "%", "\\", "%zz\\q", "p@s\\u00", "+x"] {
        assert_eq!(hidden(&secrets, text), text);
    }
}

#[test]
fn values_are_hidden_in_base64_wherever_they_begin() {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    let secrets = Secrets::new(["hunter2?>~x"]);
    for before in ["", "u:", "an:", "ann:", "some longer text:"] {
        for after in ["", "&", "&b=c", "d and more"] {
            let text = format!("{before}hunter2?>~x{after}");
            for coded in [STANDARD.encode(&text), URL_SAFE_NO_PAD.encode(&text)] {
                let told = hidden(&secrets, &format!("Basic {coded} "));
                assert!(told.contains(MASK), "{text}: {coded}");
                // What is left tells nothing of it.
                let left = told.replace(MASK, "").replace("Basic", "").replace('=', "");
                assert!(left.trim().len() * 3 / 4 <= before.len() + after.len(), "{told}");
            }
        }
    }
}

#[test]
fn values_are_hidden_in_spellings_of_spellings() {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let secrets = Secrets::new(["hunter2/ü?x=\"1"]);
    let json = "hunter2\\/\\u00fc?x=\\\"1";
    let url = "hunter2%2F%C3%BC%3Fx%3D%221";
    let base64 = STANDARD.encode("ann:hunter2/ü?x=\"1");
    let hex = base64.bytes().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
    let mut spelled = vec![
        url.replace('%', "%25"),
        json.replace('\\', "\\\\").replace('"', "\\\""),
        STANDARD.encode(json),
        base64.replace('/', "\\/"),
        base64.replace('+', "%2B").replace('=', "%3D"),
        {
            let (first, second) = base64.split_at(10);
            format!("{first}\r\n{second}")
        },
        STANDARD.encode(&base64),
        hex.clone(),
        hex.to_uppercase()
            .as_bytes()
            .chunks(2)
            .map(String::from_utf8_lossy)
            .collect::<Vec<_>>()
            .join(":"),
        "hunter2/&#xfc;?x=&quot;1".to_owned(),
        "=68=75=6E=74=65=72=32/=C3=BC?x=3D\"1".to_owned(),
        "\\150\\165nter2/\\303\\274?x=\"1".to_owned(),
        "HUNTER2/Ü?X=\"1".to_owned(),
    ];
    spelled.push(STANDARD.encode(spelled[0].as_bytes()));
    for text in spelled {
        let told = hidden(&secrets, &format!("<{text}>"));
        assert!(told.contains(MASK) && told.len() < 50, "{text}: {told}");
    }
    let wide: Vec<u8> = "a hunter2/ü?x=\"1".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(secrets.hide(&wide).ends_with(MASK.as_bytes()));
}

#[test]
fn a_value_is_hidden_in_the_parts_of_a_url() {
    let secrets = Secrets::new(["hooks.example:8443/T0secret/B0?k=v"]);
    let head = "GET /T0secret/B0?k=v HTTP/1.1\r\nHost: hooks.example:8443\r\n";
    let told = hidden(&secrets, head);
    assert_eq!(told, format!("GET {MASK} HTTP/1.1\r\nHost: {MASK}\r\n"));
}

/// Cut anywhere, in any spelling, no half of it tells more than a character.
#[test]
fn a_value_in_two_pieces_is_hidden_in_both() {
    let told = Disclosure::Hiding(Secrets::new(["hunter2/x"]));
    for text in ["hunter2/x", "hunter2%2fx", "YW5uOmh1bnRlcjIveA==", "68756e746572322f78"] {
        for at in 1..text.len() {
            let (first, second) = text.split_at(at);
            let (first, second) = (format!("say {first}"), format!("{second} now"));
            let show = |before: &str, piece: &str| {
                let parts = told.hidden_parts(before.as_bytes(), piece.as_bytes());
                String::from_utf8(masked(piece.as_bytes(), &parts)).unwrap()
            };
            let shown = (show("", &first), show(&first, &second));
            let left =
                (shown.0 + &shown.1).replace(MASK, "").replace("say ", "").replace(" now", "");
            // What a digit or two of base64 and hex hold.
            let most = if text.starts_with('h') { 1 } else { 7 };
            assert!(left.trim_matches('=').len() <= most, "{text} at {at}: {left}");
        }
    }
    let whole = told.hidden_parts(b"", b"nothing of it");
    assert!(whole.is_empty(), "{whole:?}");
}

#[test]
fn windows_do_not_hide_a_value_from_view() {
    let secrets = Secrets::new(["hunter2"]);
    for before in [WINDOW - 7, WINDOW - 3, WINDOW] {
        let text = format!("{}hunter2{}", "-".repeat(before), "-".repeat(WINDOW / 2));
        let told = secrets.hide(text.as_bytes());
        assert_eq!(told.len(), text.len() + 1, "{before}");
    }
}

#[test]
fn a_credential_in_two_pieces_is_hidden_in_both() {
    let told = Disclosure::default();
    let head = "A: b\r\nCookie: sid=abc; b=c\r\n d\r\nHost: h\r\n";
    let at = head.find("abc").unwrap();
    let (first, second) = head.split_at(at);
    let show = |before: &str, piece: &str| {
        let parts = told.hidden_of_heads(before.as_bytes(), piece.as_bytes());
        String::from_utf8(masked(piece.as_bytes(), &parts)).unwrap()
    };
    assert_eq!(show("", first), format!("A: b\r\nCookie: {MASK}"));
    assert_eq!(show(first, second), format!("{MASK}\r\n {MASK}\r\nHost: h\r\n"));
}

#[test]
fn a_short_value_is_hidden_where_it_is_a_whole_value() {
    let secrets = Secrets::new(["abc", "1", "a"]);
    assert_eq!(
        hidden(&secrets, "abcdef key=abc; \"k\":\"a\" u:abc@h /1?x=1&b=%61#"),
        format!("abcdef key={MASK}; \"k\":\"{MASK}\" {MASK}@h /{MASK}?x={MASK}&b={MASK}#")
    );
    for text in ["HTTP/1.1 200 OK", "a11 1abc banana", "1.5 s after 11 bytes", "127.0.0.1:80"] {
        assert_eq!(hidden(&secrets, text), text);
    }
}

#[test]
fn secrets_come_together() {
    let both = Secrets::new(["first"]).and(&Secrets::new(["second", "first"]));
    assert_eq!(hidden(&both, "first second"), format!("{MASK} {MASK}"));
    assert_eq!(both, Secrets::new(["second", "first"]));
}

#[test]
fn a_url_is_told_without_its_user() {
    for (text, told) in [
        ("http://u:p@h/x", "http://********@h/x"),
        ("see http://u@h and tcp://a:b@c@h:1", "see http://********@h and tcp://********@h:1"),
        ("http://h/a@b", "http://h/a@b"),
        ("no url, a@b", "no url, a@b"),
    ] {
        assert_eq!(without_userinfo(text), told);
    }
}

#[test]
fn heads_are_told_without_credentials() {
    let head =
        b"GET / HTTP/1.1\r\nHost: h\r\nauthorization: Bearer abc\r\n  def\r\nX-Api-Key:k\r\n\
                 cookie: a=b\nAccept: */*\r\n\r\n";
    let told = String::from_utf8(without_credentials(head)).unwrap();
    let expected = format!(
        "GET / HTTP/1.1\r\nHost: h\r\nauthorization: Bearer {MASK}\r\n  {MASK}\r\nX-Api-Key:{MASK}\r\n\
         cookie: {MASK}\nAccept: */*\r\n\r\n"
    );
    assert_eq!(told, expected);
}

#[test]
fn names_of_keys_are_known() {
    for name in ["Authorization", "proxy-authorization", "Set-Cookie", "X-API-Key", "X-Auth-Token"]
    {
        assert!(is_credential(name), "{name}");
    }
    for name in ["X-Amz-Security-Token", "X-Vault-Token", "Apikey", "Client-Secret"] {
        assert!(is_credential(name), "{name}");
    }
    for name in [
        "Host",
        "Accept",
        "Content-Type",
        "ETag",
        "Idempotency-Key",
        "Sec-WebSocket-Key",
        "Access-Control-Allow-Credentials",
    ] {
        assert!(!is_credential(name), "{name}");
    }
}

#[test]
fn every_word_of_a_failure_is_told_without_them() {
    let secrets = Secrets::new(["s3cret"]);
    let failure = Failure::new(Stage::Connect, "s3cret:1", FailureKind::Refused, "no s3cret");
    let told = secrets.hide_failure(failure.hint("s3cret?")).to_string();
    assert!(!told.contains("s3cret"), "{told}");
}
