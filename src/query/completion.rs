//! What can stand where a text ends: read by the parser itself, so what is offered is what is taken.

use super::fields::{BARE, FIELDS, QueryField, QueryValue};
use super::operators::{QueryOffer, begins, offer, operator_offers};
use super::parser::{Expects, Parser};

/// What can be put where an expression ends.
#[derive(Debug, Clone, Copy)]
pub enum QueryPlace<'a> {
    /// The name of a field, a word that is a test, or one that joins tests; so much is begun.
    Test(&'a str),
    /// An operator of this field.
    Operator(&'static QueryField, &'a str),
    /// A value of this field.
    Value(&'static QueryField, &'a str),
}

impl<'a> QueryPlace<'a> {
    /// Where a text ends; `None` = inside of something that nothing completes.
    #[must_use]
    pub fn at_end_of(text: &'a str) -> Option<QueryPlace<'a>> {
        let mut parser = Parser::new(text, 0);
        // Whether it is an expression so far is not asked here.
        let _ = parser.parse();
        let reach = parser.reach?;
        let at = text.char_indices().map(|(at, _)| at).nth(reach.column - 1).unwrap_or(text.len());
        let begun = text.get(at..)?;
        Some(match reach.expects {
            Expects::Test => QueryPlace::Test(begun),
            Expects::Operator(field) => QueryPlace::Operator(field, begun),
            Expects::Value(field) => QueryPlace::Value(field, begun),
        })
    }

    /// What is begun.
    #[must_use]
    pub fn begun(&self) -> &'a str {
        match self {
            QueryPlace::Test(begun)
            | QueryPlace::Operator(_, begun)
            | QueryPlace::Value(_, begun) => begun,
        }
    }

    /// What the language itself offers there; values that were seen come from elsewhere.
    #[must_use]
    pub fn offers(&self) -> Vec<QueryOffer> {
        match self {
            QueryPlace::Test(begun) => tests(begun),
            QueryPlace::Operator(field, begun) => operators(field, begun),
            QueryPlace::Value(field, begun) => values(field, begun),
        }
    }
}

fn tests(begun: &str) -> Vec<QueryOffer> {
    let whole = FIELDS.iter().find(|field| field.name.eq_ignore_ascii_case(begun));
    if let Some(field) = whole.filter(|field| field.beginning() == field.name) {
        // The name is there: what goes on from it.
        let go_on = operators(field, "");
        return go_on
            .into_iter()
            .map(|it| offer(format!("{} {}", field.name, it.text), it.help))
            .collect();
    }
    let named = FIELDS.iter().filter(|field| begins(field.name, begun));
    let told = |field: &QueryField| format!("{}  {}", field.example, field.help);
    let mut all: Vec<QueryOffer> =
        named.map(|field| offer(field.beginning(), told(field))).collect();
    if begun.is_empty() {
        return all;
    }
    let bare = BARE.iter().filter(|(word, _)| begins(word, begun) && *word != begun);
    all.extend(bare.map(|(word, test)| offer(*word, format!("the same as {test}"))));
    let joins = [("and", "both"), ("or", "one of the two"), ("not", "the opposite")];
    let joins = joins.into_iter().filter(|(word, _)| begins(word, begun) && *word != begun);
    all.extend(joins.map(|(word, help)| offer(word, help)));
    let elsewhere = FIELDS.iter().filter(|field| !begins(field.name, begun) && begun.len() > 1);
    for field in elsewhere {
        if let Some(other) = field.elsewhere.iter().find(|other| begins(other, begun)) {
            all.push(offer(field.name, format!("{other} is called so here  {}", field.example)));
        }
    }
    all
}

fn operators(field: &QueryField, begun: &str) -> Vec<QueryOffer> {
    operator_offers(field.value.operators(), begun)
}

fn values(field: &QueryField, begun: &str) -> Vec<QueryOffer> {
    let known: &[(&str, &str)] = match field.value {
        QueryValue::Word(words) => {
            let fitting = words.iter().filter(|word| begins(word, begun));
            return fitting.map(|word| offer(*word, "")).collect();
        }
        QueryValue::Status => {
            &[("2xx", "200 to 299"), ("4xx", "400 to 499"), ("5xx", "500 to 599")]
        }
        QueryValue::Size => &[("64", "bytes"), ("1k", "1024"), ("1m", "1024 KiB")],
        QueryValue::Duration => &[("1ms", ""), ("100ms", ""), ("1s", "")],
        QueryValue::Address => &[("127.0.0.1", "this machine"), ("10.0.0.0/8", "a block")],
        _ => &[],
    };
    known.iter().filter(|(it, _)| begins(it, begun)).map(|(it, help)| offer(*it, *help)).collect()
}
