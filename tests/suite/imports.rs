//! Files of other tools, as their makers publish them: as many requests come in as each holds. Where the shared
//! corpora are absent a test prints so and passes, except in CI.

use std::path::PathBuf;

use serde_json::Value;
use wirebench::interop::import::{ImportFault, ImportFile, ImportKind, ImportTree, import};

/// Where the corpora are.
fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/corpora"))
}

/// The cases of a corpus; `None`, said aloud, where they are not here.
#[expect(clippy::print_stdout, reason = "a skipped test says so")]
fn cases(corpus: &str) -> Option<Vec<Value>> {
    match std::fs::read(root().join(corpus).join("index.json")) {
        Ok(bytes) => {
            let index: Value = serde_json::from_slice(&bytes).expect("a corpus is valid JSON");
            Some(index["cases"].as_array().expect("a list of cases").clone())
        }
        Err(error) => {
            assert!(std::env::var_os("CI").is_none(), "{corpus}: {error}");
            println!("skipped: {corpus} is not here ({error})");
            None
        }
    }
}

fn read(corpus: &str, case: &Value) -> Result<ImportTree, ImportFault> {
    let name = case["file"].as_str().unwrap().to_owned();
    let bytes = std::fs::read(root().join(corpus).join(&name)).unwrap();
    let read = import(&[ImportFile { name, inside: None, bytes }], None);
    read.map(|mut trees| trees.remove(0)).map_err(|(_, fault)| fault)
}

/// Requests that the corpora list and that came, over all files whose format begins so.
fn counted(corpora: &[&str], formats: &[&str], key: &str) -> Option<(usize, usize)> {
    let (mut listed, mut came) = (0, 0);
    for corpus in corpora {
        for case in cases(corpus)? {
            let expected = &case["expected"];
            let format = expected["format"].as_str().unwrap_or_default();
            if case["expect"] == "diagnostic, no crash" {
                let fault = read(corpus, &case).expect_err("a broken file is refused");
                assert!(!fault.cause.is_empty(), "{case}");
                continue;
            }
            if !formats.iter().any(|wanted| format.starts_with(wanted)) {
                // Whatever it is, it is read or refused in words.
                let _ = read(corpus, &case).map_err(|fault| assert!(!fault.cause.is_empty()));
                continue;
            }
            let number = usize::try_from(expected[key].as_u64().unwrap()).unwrap();
            listed += number;
            match read(corpus, &case) {
                Ok(tree) => {
                    let got = tree.presets.len();
                    assert!(got == number, "{corpus} {}: {got}, not {number}", case["file"]);
                    came += got;
                }
                Err(fault) => panic!("{corpus} {}: {fault}", case["file"]),
            }
        }
    }
    Some((listed, came))
}

#[test]
fn every_request_of_the_postman_corpora_comes_in() {
    let corpora =
        ["postman-bruno", "postman-codegen", "postman-newman", "postman-peers", "insomnia"];
    let Some((listed, came)) = counted(&corpora, &["postman"], "n_requests") else { return };
    assert!(listed > 150 && came == listed, "{came} of {listed}");
}

#[test]
fn requests_of_postman_have_the_method_and_the_url_that_the_corpora_list() {
    let (mut all, mut same) = (0, 0);
    for corpus in ["postman-bruno", "postman-codegen", "postman-newman", "insomnia"] {
        let Some(cases) = cases(corpus) else { return };
        let of_postman = |case: &&Value| {
            case["expected"]["format"].as_str().is_some_and(|format| format.starts_with("postman"))
                && case["expect"] != "diagnostic, no crash"
        };
        for case in cases.iter().filter(of_postman) {
            let tree = read(corpus, case).unwrap();
            let mut got: Vec<(String, String)> = tree
                .presets
                .iter()
                .map(|preset| {
                    let spec = preset.spec.address().to_owned();
                    (preset.spec.badge().to_owned(), spec)
                })
                .collect();
            for listed in case["expected"]["requests"].as_array().unwrap() {
                let method = listed[0].as_str().map(str::trim).filter(|it| !it.is_empty());
                let url = listed[1].as_str().unwrap_or_default().trim();
                all += 1;
                // Parameters that are rows of their own are not in the URL here.
                let bare = |url: &str| url.split(['?', '#']).next().unwrap_or_default().to_owned();
                let at = got.iter().position(|(own, own_url)| {
                    own == method.unwrap_or("GET") && (own_url == url || bare(own_url) == bare(url))
                });
                if let Some(at) = at {
                    got.remove(at);
                    same += 1;
                }
            }
        }
    }
    assert!(all > 150 && same * 100 >= all * 93, "{same} of {all}");
}

#[test]
fn every_operation_of_the_openapi_corpora_comes_in() {
    let corpora = ["openapi-oai", "openapi-readme", "openapi-bruno", "openapi-twilio", "insomnia"];
    let Some((listed, came)) = counted(&corpora, &["openapi"], "n_operations") else { return };
    assert!(listed > 700 && came == listed, "{came} of {listed}");
}

#[test]
fn operations_of_openapi_have_their_method_and_their_path() {
    for corpus in ["openapi-oai", "openapi-readme", "openapi-bruno", "openapi-twilio"] {
        let Some(cases) = cases(corpus) else { return };
        for case in cases {
            let Some(listed) = case["expected"]["operations"].as_array() else { continue };
            let Ok(tree) = read(corpus, &case) else { continue };
            assert_eq!(tree.kind, ImportKind::Openapi);
            for operation in listed {
                let place = format!(
                    "{} {}",
                    operation[0].as_str().unwrap(),
                    operation[1].as_str().unwrap()
                );
                assert!(
                    tree.presets.iter().any(|it| it.place == place),
                    "{}: {place}",
                    case["file"]
                );
            }
        }
    }
}
