//! Steps of conversations in what a run tells: which are done, which was not met, which was cut off and which never came.

use std::net::SocketAddr;

use serde_json::Value;

use crate::harness::peers::{echo_peer, tcp_peer, udp_peer};
use crate::runs::Home;

const KINDS: [&str; 7] = ["text", "json", "junit", "tap", "html", "md", "otlp"];

fn talk(peer: SocketAddr, steps: &str) -> String {
    format!("[tcp]\naddress = \"{peer}\"\nstep = [{steps}]\n")
}

/// One that passes, and one whose second step is not met.
fn home(peer: SocketAddr) -> Home {
    Home::new(&[
        ("f/a.toml", &talk(peer, "{ send = \"PING\" }, { expect = \"PING\" }")),
        (
            "f/b.toml",
            &talk(
                peer,
                "{ send = \"HELO\" }, { expect = \"250 <ok>\", within = \"50ms\" }, { send = \"QUIT\" }",
            ),
        ),
    ])
}

#[test]
fn every_report_tells_what_became_of_the_steps() {
    let home = home(echo_peer());
    for kind in KINDS {
        let ran = home.run(&["f", "--report", kind]);
        assert_eq!(ran.status, Some(1), "{kind}: {} {}", ran.said, ran.printed);
        let printed = ran.printed.replace("&lt;", "<").replace("&gt;", ">").replace("&#39;", "'");
        let said = match kind {
            "json" | "tap" | "otlp" => ["\"not-met\"", "\"done\"", "the last bytes were 'HELO'"],
            _ => [
                "step 2 NOT MET",
                "step 3 not reached",
                "expect '250 <ok>': the last bytes were 'HELO'",
            ],
        };
        for words in said {
            assert!(printed.contains(words), "{kind}: {words}: {printed}");
        }
        // Of what passed, too; of texts only how many there are.
        let passed = if kind == "text" { "(2 steps)" } else { "expect 'PING'" };
        let of_otlp = kind == "otlp" && printed.contains("expect 'PING'");
        assert!(printed.contains(passed) || of_otlp, "{kind}: {printed}");
    }
}

#[test]
fn each_step_tells_how_long_it_took() {
    let ran = home(echo_peer()).run(&["f", "--report", "json"]);
    let document: Value = serde_json::from_str(&ran.printed).unwrap();
    let steps = document["presets"][1]["steps"].as_array().unwrap();
    let took = |at: usize| steps[at]["took_us"].as_u64();
    assert!(took(0).is_some_and(|took| took < 50_000), "{steps:?}");
    assert!(took(1).is_some_and(|took| took >= 50_000), "{steps:?}");
    assert_eq!((took(2), &steps[2]["state"]), (None, &Value::from("not-reached")));
}

#[test]
fn a_conversation_that_is_cut_off_says_which_step_it_waited_for() {
    // It says nothing.
    let peer = tcp_peer(|mut stream| {
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
    });
    let steps = talk(peer, "{ send = \"HELO\" }, { expect = \"250\", within = \"30s\" }");
    let ran = Home::new(&[("a.toml", &steps)]).run(&["a", "--timeout", "100ms", "--text"]);
    assert_eq!(ran.status, Some(5), "{} {}", ran.said, ran.printed);
    for words in ["step 1 done", "step 2 cut off", "expect '250'"] {
        assert!(ran.printed.contains(words), "{words}: {}", ran.printed);
    }
}

#[test]
fn spans_of_steps_lie_within_their_conversation() {
    let ran = home(echo_peer()).run(&["f", "--report", "otlp"]);
    let document: Value = serde_json::from_str(&ran.printed).unwrap();
    let spans = document["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap();
    let time = |span: &Value, key: &str| span[key].as_str().unwrap().parse::<u64>().unwrap();
    let mut steps = 0;
    for span in
        spans.iter().filter(|span| span["attributes"].to_string().contains("wirebench.step"))
    {
        let parent = spans.iter().find(|it| it["spanId"] == span["parentSpanId"]).unwrap();
        assert!(time(span, "startTimeUnixNano") >= time(parent, "startTimeUnixNano"), "{span}");
        assert!(time(span, "endTimeUnixNano") <= time(parent, "endTimeUnixNano"), "{span}");
        steps += 1;
    }
    // Two of the one, and of the other what was reached.
    assert_eq!(steps, 4, "{}", ran.printed);
}

#[test]
fn what_is_expected_behind_the_steps_is_told_when_a_try_has_no_more_time() {
    let (_socket, peer) = udp_peer();
    let preset =
        format!("[udp]\naddress = \"{peer}\"\nstep = [{{ send = \"a\" }}]\n\n[expect]\nlost = 0\n");
    let ran = Home::new(&[("a.toml", &preset)]).run(&["a", "--timeout", "100ms", "--text"]);
    assert_eq!(ran.status, Some(1), "{} {}", ran.said, ran.printed);
    assert!(ran.printed.contains("lost: expected 0, got 1"), "{}", ran.printed);
}
