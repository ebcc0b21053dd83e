//! Tests of templates.

use super::*;
use proptest::prelude::*;

fn scope() -> Scope {
    let mut scope = Scope::default();
    let pairs = [("base", "http://h"), ("x", "{{base}} \\n $1"), ("a-b_1", "v")];
    scope.variables.extend(pairs.map(|(k, v)| (k.into(), v.into())));
    scope.secrets.insert("token".into(), "s3".into());
    scope.os.insert("HOME".into(), "/root".into());
    scope
}

fn expanded(template: &Template) -> Result<Vec<u8>, Vec<TemplateError>> {
    template.expand_with(&|name| {
        let value = lookup(name, &scope()).map(|value| value.as_bytes().to_vec());
        value.ok_or_else(|| name.unknown())
    })
}

fn expand(text: &str) -> String {
    String::from_utf8(expanded(&Template::parse(text, Mode::Text).unwrap()).unwrap()).unwrap()
}

fn payload(text: &str) -> Vec<u8> {
    expanded(&Template::parse(text, Mode::Payload).unwrap()).unwrap()
}

#[test]
fn names_are_looked_up_in_their_own_place() {
    assert_eq!(expand("{{base}}/{{ a-b_1 }}"), "http://h/v");
    assert_eq!(expand("{{secret.token}}:{{env.HOME}}"), "s3:/root");
}

#[test]
fn a_value_is_never_parsed_again() {
    assert_eq!(expand("{{x}}"), "{{base}} \\n $1");
    assert_eq!(payload("{{x}}"), b"{{base}} \\n $1");
}

#[test]
fn dollars_and_foreign_braces_are_text() {
    for text in [
        "costs $100 ${x} $x",
        "{{\"a\":1}}",
        "{\"a\":{\"b\":1}}",
        "{{",
        "}}",
        "{{{",
        "f({{}",
        "{{a: \"b\"}}",
        "{{\n}}",
        "{{1;\n}}",
        "{{!",
        "{{!y;\n",
        "\\{{",
        "\\",
    ] {
        let expected = text;
        assert_eq!(expand(text), expected);
    }
}

#[test]
fn what_looks_like_a_name_and_is_none_is_unknown_and_can_be_quoted() {
    let no_name = "is no name of a variable";
    let open = "is no variable without }} behind its name";
    for (text, source, why) in [
        ("?q={{env.}}&r=1", "{{env.}}", no_name),
        ("{{!y}} {{.}} {{!}}", "{{.}}", no_name),
        ("a {{a}b}} c", "{{a}", open),
        ("{{#if x}}", "{{#if x}}", no_name),
        ("{{$guid}}", "{{$guid}}", no_name),
        ("{{a..b}}", "{{a..b}}", no_name),
        ("{{}}", "{{}}", no_name),
        ("{{ }}", "{{ }}", no_name),
        ("{{-a}} {b}", "{{-a}}", no_name),
        ("f({{}})", "{{}}", no_name),
        ("{\"a\":\"{{base\"}", "{{base", open),
        ("{{base\n}}", "{{base", open),
        ("{{ base ", "{{ base", open),
        ("{{a{{!b}}", "{{a", open),
        ("{{ base }", "{{ base }", open),
        ("{{env.HOME", "{{env.HOME", open),
    ] {
        let template = Template::parse(text, Mode::Text).unwrap();
        let errors = expanded(&template).unwrap_err();
        let unknown = errors[0].unknown.clone().unwrap();
        assert_eq!((&*unknown.source, unknown.is_name), (source, false), "{text}");
        assert_eq!(errors[0].message, format!("{source} {why}"), "{text}");
        assert_eq!(text.get(errors[0].span.clone()), Some(source), "{text}");
        let quoted = text.replace(source, &unknown.quoted());
        assert_eq!(expand(&quoted), text.replace("{{!", "{{"), "{quoted}");
    }
    assert_eq!(payload(r"\{{env.}} {{!}}"), b"{{env.}} {{}}");
    assert!(expanded(&Template::parse(r"\{{env.}}", Mode::Text).unwrap()).is_err());
}

#[test]
fn a_template_directly_inside_json_braces_is_found() {
    assert_eq!(expand("{\"a\":{{a-b_1}}}"), "{\"a\":v}");
    assert_eq!(expand("{{{a-b_1}}}"), "{v}");
}

#[test]
fn the_literal_forms_stay_literal() {
    assert_eq!(expand("keep {{!pod}} literal"), "keep {{pod}} literal");
    assert_eq!(expand("{{!!x}}"), "{{!x}}");
    assert_eq!(payload(r"\{{pod}} \\{{a-b_1}}\r\n"), b"{{pod}} \\v\r\n");
    assert_eq!(payload("{{!pod}}"), b"{{pod}}");
}

#[test]
fn an_island_is_stepped_over() {
    assert_eq!(payload(r"\x{de ad}{{a-b_1}}\u{41}"), b"\xde\xadvA");
}

#[test]
fn an_unknown_name_says_which_and_where() {
    let template = Template::parse("a {{nope}} {{env.NO}} {{uuid 4}}", Mode::Text).unwrap();
    let errors = expanded(&template).unwrap_err();
    assert_eq!(errors[0].span, 2..10);
    assert_eq!(errors[0].unknown.as_ref().unwrap().inner(), "nope");
    assert_eq!(errors[0].message, "unknown variable 'nope'");
    assert_eq!(errors[2].message, "unknown function 'uuid'");
    assert_eq!(errors.len(), 3);
}

#[test]
fn a_bad_escape_is_placed_in_the_whole_text() {
    let error = Template::parse(r"é{{x}}ab\q", Mode::Payload).unwrap_err();
    assert_eq!((error.span, error.unknown), (9..11, None));
}

#[test]
fn in_hex_a_value_stands_for_its_own_bytes() {
    let template = Template::parse("de ad {{a-b_1}} 0a", Mode::Hex).unwrap();
    assert_eq!(expanded(&template).unwrap(), b"\xde\xadv\n");
    assert_eq!(Template::parse("de {{x}} zz", Mode::Hex).unwrap_err().span, 9..10);
}

proptest! {
    #![proptest_config(crate::property_tests::config())]

    #[test]
    fn quoted_text_expands_to_itself(text in r"[{}!x.\\ a\n]{0,20}|.*") {
        let template = Template::parse(&quote(&text), Mode::Text).unwrap();
        prop_assert_eq!(expanded(&template).unwrap(), text.into_bytes());
    }

    #[test]
    fn escaped_bytes_expand_to_themselves(text in r"[{}!x.\\ a\n]{0,20}|.*") {
        let template =
            Template::parse(&escape::escape(text.as_bytes()), Mode::Payload).unwrap();
        prop_assert_eq!(expanded(&template).unwrap(), text.into_bytes());
    }

    #[test]
    fn any_text_parses_or_names_a_place_inside_it(text in r"[{}!x.\\ au0-9]{0,24}|.*") {
        for mode in [Mode::Text, Mode::Payload, Mode::Hex] {
            if let Err(error) = Template::parse(&text, mode) {
                prop_assert!(error.span.end <= text.len());
            }
        }
    }
}
