//! `wirebench run` of presets that want values nobody has yet: programs that environments name, and what is asked for.

use crate::runs::{Home, http, server};

#[test]
fn what_a_program_gives_is_got_before_a_run_and_once() {
    let (peer, seen) = server();
    let home = Home::new(&[
        ("env/dev.toml", ""),
        ("a.toml", &http(peer, "/200/{{who}}", "")),
        ("b.toml", &http(peer, "/201/{{who}}", "")),
    ]);
    let count = home.path().join("count");
    let words = format!(
        "who = {{ command = [\"sh\", \"-c\", \"echo x >> {}; echo ann\"] }}\n",
        count.display()
    );
    std::fs::write(home.path().join("presets/env/dev.toml"), words).unwrap();
    let ran = home.run(&[".", "--env", "dev"]);
    assert_eq!(ran.status, Some(0), "{} {}", ran.said, ran.printed);
    assert_eq!(*seen.lock().unwrap(), ["/200/ann", "/201/ann"]);
    assert_eq!(std::fs::read_to_string(count).unwrap(), "x\n");
}

#[test]
fn what_is_asked_for_is_given_by_its_name_or_there_is_nobody_to_ask() {
    let (peer, seen) = server();
    let home = Home::new(&[
        ("a.toml", &http(peer, "/token", "\n[capture]\ntoken = \"json .token\"\n")),
        (
            "b.toml",
            &format!(
                "[http]\nurl = 'http://{peer}/200/{{{{prompt \"OTP\"}}}}{{{{token}}}}'\nneeds = [\"a\"]\n"
            ),
        ),
    ]);
    let ran = home.run(&["b", "--var", "OTP=123"]);
    assert_eq!(ran.status, Some(0), "{} {}", ran.said, ran.printed);
    assert_eq!(*seen.lock().unwrap(), ["/token", "/200/123T-0-long-token"]);
    let ran = home.run(&["b"]);
    assert_eq!(ran.status, Some(2), "{}", ran.said);
    assert!(ran.said.contains("OTP") && ran.said.contains("nobody to ask"), "{}", ran.said);
    assert_eq!(seen.lock().unwrap().len(), 2, "nothing was sent");
}
