use super::*;
use crate::model::http::{Auth, HttpBody, HttpSpec, PartSource};

fn file(text: &str) -> ImportFile {
    ImportFile { name: "shop.json".into(), inside: None, bytes: text.into() }
}

fn tree(text: &str) -> ImportTree {
    let mut trees = import(&[file(text)], None).unwrap_or_else(|(_, fault)| panic!("{fault}"));
    assert_eq!(trees.len(), 1);
    trees.remove(0)
}

fn fault(text: &str) -> ImportFault {
    import(&[file(text)], None).unwrap_err().1
}

fn http(preset: &ImportedPreset) -> &HttpSpec {
    preset.spec.as_http().unwrap()
}

fn what(tree: &ImportTree) -> Vec<&str> {
    tree.left_out.iter().map(|it| it.what.as_str()).collect()
}

#[test]
fn a_postman_collection_comes_with_folders_credentials_bodies_and_scripts() {
    let tree = tree(
        r#"{"info":{"name":"Shop","schema":"https://schema.getpostman.com/json/collection/v2.1.0/"},
        "auth":{"type":"bearer","bearer":[{"key":"token","value":"{{token}}"}]},
        "variable":[{"key":"base url","value":"http://h"},{"key":"token","value":"s3cret"},
            {"key":"off","value":"1","disabled":true}],
        "item":[
          {"name":"Users","auth":{"type":"basic","basic":{"username":"ann","password":"{{pw}}"}},
           "item":[{"name":"Get","request":{"method":"GET","description":"One user.\n\nMore.",
             "header":[{"key":"A","value":"1"},{"key":"B","value":"2","disabled":true}],
             "url":{"raw":"{{base url}}/users/:id?full=1&x=2#f","query":[{"key":"full","value":"1"},
               {"key":"x","value":"2","disabled":true}],"variable":[{"key":"id","value":"7"}]}},
             "event":[{"listen":"test","script":{"exec":["pm.test('x', () => {","});"]}}],
             "response":[{"name":"ok"}]}]},
          {"name":"Add","protocolProfileBehavior":{"followRedirects":false},
           "request":{"method":"POST","auth":{"type":"noauth"},"url":"{{base url}}/users",
             "body":{"mode":"raw","raw":"{\"n\":\"{{name}}\"}","options":{"raw":{"language":"json"}}}}},
          {"name":"Up","request":{"method":"PUT","url":"http://h/up","auth":{"type":"ntlm"},
             "body":{"mode":"formdata","formdata":[{"key":"f","type":"file","src":["a.txt","b.txt"]},
               {"key":"t","value":"v","type":"text","disabled":true}]}}},
          "http://h/bare"
        ]}"#,
    );
    assert_eq!((tree.kind, tree.title.as_str()), (ImportKind::Postman, "Shop"));
    let names: Vec<_> = tree.presets.iter().map(|it| (it.folder.join("/"), &*it.name)).collect();
    let expected = [("Users", "Get"), ("", "Add"), ("", "Up")];
    assert_eq!(names, expected.map(|(folder, name)| (folder.to_owned(), name)));
    let get = http(&tree.presets[0]);
    assert_eq!(get.url, "{{base-url}}/users/7#f");
    let rows: Vec<_> = get.query.iter().map(|row| (row.enabled, &*row.name)).collect();
    assert_eq!(rows, [(true, "full"), (false, "x")]);
    assert_eq!((get.headers.len(), get.headers[1].enabled), (2, false));
    assert_eq!(get.auth, Auth::Basic { user: "ann".into(), password: "{{pw}}".into() });
    assert_eq!(tree.presets[0].about, "One user.");
    let notes = tree.presets[0].notes.join("\n");
    assert!(notes.contains("pm.test('x', () => {\n});") && notes.contains("More."), "{notes}");
    let add = http(&tree.presets[1]);
    assert_eq!((add.redirects, &add.auth), (0, &Auth::None));
    assert_eq!(add.body, HttpBody::Json(r#"{"n":"{{name}}"}"#.into()));
    let HttpBody::Multipart(parts) = &http(&tree.presets[2]).body else { panic!("no form") };
    assert_eq!(parts.len(), 3);
    assert_eq!((parts[1].source, parts[1].value.as_str()), (PartSource::File, "b.txt"));
    let variables = &tree.folders[0].variables;
    let told: Vec<_> = variables.iter().map(|it| (it.name.as_str(), it.is_secret)).collect();
    assert_eq!(told, [("base-url", false), ("token", true)]);
    for part in ["scripts", "examples", "kind that is not", "neither a request", "switched off"] {
        assert!(what(&tree).iter().any(|it| it.contains(part)), "{part}: {:?}", tree.left_out);
    }
}

#[test]
fn a_postman_environment_comes_with_its_secrets() {
    let tree = tree(
        r#"{"name":"dev","values":[{"key":"host","value":"h","enabled":true},
        {"key":"user_id","value":"7","type":"secret"},{"key":"old","value":"x","enabled":false},
        {"key":"base","value":"http://{{host}}"}],"_postman_variable_scope":"environment"}"#,
    );
    assert!(tree.presets.is_empty());
    let environment = &tree.environments[0];
    assert_eq!(environment.name, "dev");
    let told: Vec<_> =
        environment.variables.iter().map(|it| (&*it.name, &*it.value, it.is_secret)).collect();
    assert_eq!(
        told,
        [("host", "h", false), ("user_id", "7", true), ("base", "http://{{host}}", false)]
    );
}

#[test]
fn what_is_broken_is_refused_with_its_place() {
    for (text, place, cause) in [
        ("", "", "empty"),
        ("hello", "", "none of the formats"),
        ("{}", "", "none of the formats"),
        ("{\"item\": [}", "line 1, column 11", "expected value"),
        (r#"{"item":[]}"#, "info", "no info with a name"),
        (
            r#"{"info":{"name":"x","schema":"https://h/v999.0.0/c.json"},"item":[]}"#,
            "info.schema",
            "999",
        ),
        (r#"{"info":{"name":"x"},"item":{}}"#, "item", "no list"),
        ("curl -d 'x", "line 1, column 9", ""),
    ] {
        let fault = fault(text);
        assert_eq!(fault.place, place, "{text}: {fault}");
        assert!(fault.cause.contains(cause), "{text}: {fault}");
    }
    let latin =
        ImportFile { name: "x".into(), inside: None, bytes: b"{\n\"a\": \"\xe9\"}".to_vec() };
    assert_eq!(import(&[latin], None).unwrap_err().1.place, "line 2, column 7");
}

#[test]
fn every_command_of_a_script_is_a_preset_at_its_line() {
    let tree =
        tree("#!/bin/sh\nX=1\ncurl http://h/a \\\n  -d curl\ncurl -u ann:pw 'http://h/b'\n# end\n");
    let told: Vec<_> = tree.presets.iter().map(|it| (&*it.name, &*it.place)).collect();
    assert_eq!(told, [("h-a", "line 1"), ("h-b", "line 5")]);
    assert_eq!(tree.title, "");
}

#[test]
fn what_did_not_come_of_one_of_many_files_is_said_with_its_name() {
    let hurl = "GET http://h/a\nHTTP 200\n[Asserts]\nxpath \"//a\" exists\n";
    let file = |name: &str, inside: Option<&str>| {
        let inside = inside.map(str::to_owned);
        ImportFile { name: name.into(), inside, bytes: hurl.into() }
    };
    let places = |files: &[ImportFile]| -> Vec<String> {
        let trees = import(files, None).unwrap();
        trees.iter().flat_map(|it| &it.left_out).map(|it| it.place.clone()).collect()
    };
    let of_folder =
        [file("/x/all/a.hurl", Some("all/a.hurl")), file("/x/b", Some("all/in/b.hurl"))];
    assert_eq!(places(&of_folder), ["a.hurl: line 1", "in/b.hurl: line 1"]);
    assert_eq!(
        places(&[file("a.hurl", None), file("b.hurl", None)]),
        ["a.hurl: line 1", "b.hurl: line 1"]
    );
    assert_eq!(places(&[file("a.hurl", None)]), ["line 1"]);
}
