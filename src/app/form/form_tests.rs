//! The form against the tables of fields: what is shown can be set, and every option has its line.

use super::access;
use super::row_steps::RowSteps;
use super::{FieldKind, FieldWidth, FormField, FormFieldId, FormTab, rows::rows, tabs};
use crate::model::field_id::FieldId;
use crate::model::protocol::{Protocol, Side};
use crate::model::rewrite::RewriteSpec;
use crate::model::spec::Spec;

fn fields(spec: &Spec) -> Vec<FormField> {
    let lines = tabs(spec).into_iter().flat_map(|tab| rows(spec, tab));
    lines.flat_map(|line| line.fields).collect()
}

fn on_options(spec: &Spec, key: &'static str) -> bool {
    let lines = rows(spec, FormTab::Options);
    lines.iter().flat_map(|line| &line.fields).any(|field| field.id == FormFieldId::key(key))
}

#[test]
fn what_a_field_shows_it_takes_and_nothing_changes() {
    for mut spec in Spec::kinds() {
        access::add(&mut spec, FormFieldId::Tabs);
        for field in fields(&spec) {
            let before = spec.clone();
            let text = access::get(&spec, field.id);
            access::set(&mut spec, field.id, &text)
                .unwrap_or_else(|why| panic!("{field:?}: {why}"));
            assert_eq!(spec, before, "{field:?}");
        }
    }
}

#[test]
fn rules_of_a_relay_have_a_page_of_their_own() {
    for mut spec in Spec::kinds().filter(|spec| spec.clone().rewrites_mut().is_some()) {
        let place = FieldId::new("rewrite").row(0);
        let row = spec.rewrites_mut().unwrap();
        row.push(RewriteSpec::parse("map-host=a to=b:1").unwrap());
        let lines = rows(&spec, FormTab::Rewrites);
        let has = |key: &'static str| {
            let id = FormFieldId::Field(place.then(key));
            lines.iter().flat_map(|line| &line.fields).any(|field| field.id == id)
        };
        assert!(["map-host", "to", "host", "from", "when"].iter().all(|key| has(key)));
        assert!(!has("with") && !has("set-header"));
    }
}

#[test]
fn every_choice_comes_round_and_keeps_its_field() {
    for mut spec in Spec::kinds() {
        access::add(&mut spec, FormFieldId::Tabs);
        for field in fields(&spec) {
            let first = access::get(&spec, field.id);
            let turns = matches!(field.kind, FieldKind::Choice | FieldKind::Check);
            if !turns || first.is_empty() {
                continue;
            }
            let mut steps = 0;
            loop {
                access::cycle(&mut spec, field.id, true);
                steps += 1;
                assert!(steps < 20, "{field:?}");
                if access::get(&spec, field.id) == first {
                    break;
                }
            }
            access::cycle(&mut spec, field.id, false);
            access::cycle(&mut spec, field.id, true);
            assert_eq!(access::get(&spec, field.id), first, "{field:?}");
        }
    }
}

#[test]
fn socket_options_stand_on_the_options_tab_and_are_set_there() {
    let spec = |protocol, side| Spec::empty(protocol, side);
    for protocol in [Protocol::Http, Protocol::Tcp] {
        assert!(on_options(&spec(protocol, Side::Client), "keep-alive"));
        assert!(on_options(&spec(protocol, Side::Client), "source"));
        assert!(on_options(&spec(protocol, Side::Listener), "keep-alive"));
    }
    for side in Side::ALL {
        let mut udp = spec(Protocol::Udp, side);
        assert!(on_options(&udp, "ttl"));
        let ttl = FormFieldId::key("ttl");
        assert_eq!(access::get(&udp, ttl), "");
        access::set(&mut udp, ttl, "7").unwrap();
        assert_eq!(access::get(&udp, ttl), "7");
        let why = access::set(&mut udp, ttl, "300").unwrap_err();
        assert_eq!(why, "'300' is not a number from 1 to 255");
        access::set(&mut udp, ttl, "").unwrap();
        assert_eq!(udp, spec(Protocol::Udp, side));
    }
    let mut tcp = spec(Protocol::Tcp, Side::Client);
    let keep_alive = FormFieldId::key("keep-alive");
    access::set(&mut tcp, keep_alive, "1m").unwrap();
    assert_eq!(access::get(&tcp, keep_alive), "60s");
    assert!(access::set(&mut tcp, keep_alive, "soon").unwrap_err().contains("not a duration"));
}

#[test]
fn typing_into_the_row_after_the_last_makes_it_real() {
    let mut spec = Spec::empty(Protocol::Http, Side::Client);
    let headers = FieldId::new("headers");
    let name = FormFieldId::Field(headers.row(0).then("name"));
    access::set(&mut spec, name, "").unwrap();
    assert_eq!(access::len(&spec, headers), 0);
    access::set(&mut spec, name, "A").unwrap();
    assert_eq!((access::len(&spec, headers), access::get(&spec, name)), (1, "A".to_owned()));
    access::cycle(&mut spec, FormFieldId::Field(headers.row(0).then("off")), true);
    assert!(access::is_off(&spec, name));
    let mut steps = RowSteps::default();
    assert!(steps.delete(&mut spec, name));
    assert!(!steps.delete(&mut spec, name), "there is none any more");
    assert_eq!(access::len(&spec, headers), 0);
}

#[test]
fn every_choice_has_room_for_its_longest_word() {
    for spec in Spec::kinds() {
        let mut full = spec;
        access::add(&mut full, FormFieldId::Tabs);
        let lines = tabs(&full).into_iter().flat_map(|tab| rows(&full, tab));
        for field in lines.flat_map(|line| line.fields) {
            let FieldWidth::Cells(cells) = field.width else { continue };
            let label = field.label.chars().count() + usize::from(!field.label.is_empty());
            let longest = access::words(&full, field.id).iter().map(|word| word.len()).max();
            // In its brackets.
            let wanted = if field.kind == FieldKind::Choice { longest.unwrap_or(0) + 2 } else { 0 };
            assert!(usize::from(cells) >= label + wanted, "{field:?}");
        }
    }
}
