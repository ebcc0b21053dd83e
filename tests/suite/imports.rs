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

#[test]
fn every_request_of_the_insomnia_and_slumber_corpora_comes_in() {
    let corpora = ["insomnia", "insomnia-bruno", "slumber-imports"];
    let Some((listed, came)) = counted(&corpora, &["insomnia"], "n_requests") else { return };
    assert!(listed > 25 && came == listed, "{came} of {listed}");
    // The reader of the index knew no tags of YAML: there are six recipes.
    let Some(cases) = cases("slumber-imports") else { return };
    let own = cases.iter().find(|case| case["file"] == "test_data/v3.yml").unwrap();
    let tree = read("slumber-imports", own).unwrap_or_else(|fault| panic!("{fault}"));
    assert_eq!(
        (tree.kind, tree.presets.len(), tree.environments.len()),
        (ImportKind::Slumber, 6, 2)
    );
}

#[test]
fn every_file_of_the_bruno_corpus_comes_in_with_its_method_and_url() {
    let Some(cases) = cases("bru") else { return };
    let mut all = 0;
    for case in &cases {
        let tree = read("bru", case).unwrap_or_else(|fault| panic!("{}: {fault}", case["file"]));
        let expected = &case["expected"];
        let Some(method) = expected["method"].as_str() else { continue };
        all += 1;
        assert_eq!(tree.presets.len(), 1, "{}", case["file"]);
        let preset = &tree.presets[0];
        assert_eq!(preset.spec.badge(), method, "{}", case["file"]);
        // The index took the row behind an empty URL for one.
        let url =
            expected["url"].as_str().filter(|url| !url.starts_with("body:")).unwrap_or_default();
        let bare = |url: &str| url.split(['?', ':']).next().unwrap_or_default().trim().to_owned();
        let ours = preset.spec.address().replace("{{env.", "{{process.env.");
        // Values of `:names` in the path stand in their place here.
        match bare(url) {
            fixed if url.contains("/:") => {
                assert!(bare(&ours).starts_with(&fixed), "{}: {ours}", case["file"]);
            }
            fixed => assert_eq!(bare(&ours), fixed, "{}", case["file"]),
        }
    }
    assert_eq!(all, 148);
}

#[test]
fn every_snippet_of_the_http_files_with_a_request_line_comes_in() {
    let Ok(bytes) = std::fs::read(root().join("http-files/snippets.json")) else {
        assert!(std::env::var_os("CI").is_none(), "the corpora are missing");
        return;
    };
    let snippets: Value = serde_json::from_slice(&bytes).unwrap();
    // Two are pieces of a request: headers alone, a body alone.
    let pieces = ["README.md#8", "spec.md#27"];
    let many = [("README.md#26", 5), ("spec.md#4", 2)];
    for snippet in snippets.as_array().unwrap() {
        let (id, text) = (snippet["id"].as_str().unwrap(), snippet["text"].as_str().unwrap());
        let file = ImportFile { name: "x.http".into(), inside: None, bytes: text.into() };
        let tree =
            import(&[file], None).unwrap_or_else(|(_, fault)| panic!("{id}: {fault}")).remove(0);
        let listed =
            many.iter().find(|(name, _)| id.ends_with(name)).map_or(1, |(_, count)| *count);
        let expected = if pieces.iter().any(|name| id.ends_with(name)) { 0 } else { listed };
        assert_eq!(tree.presets.len(), expected, "{id}: {text}");
    }
}
