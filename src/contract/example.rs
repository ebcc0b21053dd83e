//! A value that a schema allows: its example where it has one, else one made of what it says, always the same.
//!
//! Schemas name each other, also in circles; so depth and size of what is made are bounded.

use std::collections::VecDeque;

use regex_syntax::hir::{Class, ClassUnicodeRange, Hir, HirKind};

use super::document::Document;
use super::translate::MessageWay;
use crate::codec::data_tree::DataNode;

/// Schemas within each other.
const DEEPEST: usize = 12;
/// Values of the example of an answer.
const VALUES: usize = 10_000;
/// Elements of a list, and characters of a text, that are made at most.
const ITEMS: u64 = 50;
const LENGTH: usize = 4_096;
/// Parts of a pattern that are gone through.
const STEPS: usize = 20_000;

/// A text of which nothing is said.
const PLAIN: &str = "string";
/// Bytes that a compiled pattern may take.
const PATTERN: usize = 256 * 1024;

/// What a reference leads to.
type Finds<'f, 'd> = &'f dyn Fn(&str) -> Option<&'d DataNode>;

/// An example under construction.
pub(crate) struct ExampleMaker<'f, 'd> {
    find: Finds<'f, 'd>,
    way: MessageWay,
    /// What it may take, and what is left of that.
    values: usize,
    left: usize,
    /// Whether what must be there and cannot be made is left out, so that there is something.
    leaves_out: bool,
    /// References that are being followed.
    open: Vec<&'d str>,
}

impl<'f, 'd> ExampleMaker<'f, 'd> {
    /// Of schemas whose references are found so, for a message that goes this way, of so many values at most.
    pub(crate) fn new(find: Finds<'f, 'd>, way: MessageWay, values: usize) -> Self {
        ExampleMaker { find, way, values, left: values, leaves_out: false, open: Vec::new() }
    }

    /// What a message with this schema looks like; `None` where a circle or a bound ends it.
    pub(crate) fn make(&mut self, schema: &'d DataNode) -> Option<DataNode> {
        let made = self.made(schema, 0);
        if made.is_some() || schema.is_null() {
            return made;
        }
        // Nothing is allowed that has an end: most of it is more than nothing.
        (self.left, self.leaves_out) = (self.values, true);
        self.made(schema, 0)
    }

    fn made(&mut self, schema: &'d DataNode, depth: usize) -> Option<DataNode> {
        if depth > DEEPEST || self.left == 0 {
            return None;
        }
        self.left -= 1;
        if let Some(reference) = schema.at("$ref").text() {
            if self.open.contains(&reference) {
                return None;
            }
            let found = (self.find)(reference)?;
            self.open.push(reference);
            let made = self.made(found, depth + 1);
            self.open.pop();
            return made;
        }
        if let Some(given) = given(schema).filter(|given| !given.is_null() || may_be_null(schema)) {
            let mut made = self.copied(given)?;
            self.strip(schema, &mut made, 0);
            return Some(made);
        }
        if let Some(made) = self.alternative(schema, depth) {
            return Some(made);
        }
        let all = schema.at("allOf").items();
        if !all.is_empty() {
            return self.all_of(schema, all, depth);
        }
        match kind(schema) {
            "object" => self.object(schema, depth),
            "array" => self.list(schema, depth),
            "integer" | "number" => Some(number(schema, kind(schema) == "integer")),
            "boolean" => Some(DataNode::Bool(true)),
            "null" => Some(DataNode::Null),
            _ => Some(DataNode::Text(text(schema).into())),
        }
    }

    /// A value once more, as far as there is room for it.
    fn copied(&mut self, given: &DataNode) -> Option<DataNode> {
        let size = size(given, self.left + 1);
        self.left = self.left.checked_sub(size)?;
        Some(given.clone())
    }

    /// The first of alternatives that can be made, with the property that says which one it is.
    fn alternative(&mut self, schema: &'d DataNode, depth: usize) -> Option<DataNode> {
        let lists = ["oneOf", "anyOf"].into_iter().map(|name| schema.at(name).items());
        let alternatives = lists.into_iter().find(|items| !items.is_empty())?;
        let (one, made) =
            alternatives.iter().find_map(|one| Some((one, self.made(one, depth + 1)?)))?;
        let mut made = self.with_own(schema, made, depth);
        let property = schema.path(&["discriminator", "propertyName"]).text();
        if let (Some(property), DataNode::Map(made)) = (property, &mut made) {
            let target = one.at("$ref").str();
            let mapping = schema.path(&["discriminator", "mapping"]).pairs();
            let name = target.rsplit('/').next().unwrap_or_default();
            let mapped = mapping.iter().find(|(_, it)| it.str() == target || it.str() == name);
            let value = mapped.map_or(name, |(value, _)| value);
            if !value.is_empty() {
                put(made, property, value.into());
            }
        }
        Some(made)
    }

    /// With the properties that stand beside alternatives.
    fn with_own(&mut self, schema: &'d DataNode, made: DataNode, depth: usize) -> DataNode {
        let DataNode::Map(mut inner) = made else { return made };
        if schema.has("properties")
            && let Some(DataNode::Map(own)) = self.object(schema, depth)
        {
            put_all(&mut inner, own);
        }
        DataNode::Map(inner)
    }

    fn all_of(
        &mut self,
        schema: &'d DataNode,
        all: &'d [DataNode],
        depth: usize,
    ) -> Option<DataNode> {
        let mut pairs = Vec::new();
        let mut other = None;
        for one in all {
            match self.made(one, depth + 1) {
                Some(DataNode::Map(more)) => {
                    put_all(&mut pairs, more);
                }
                made => other = made.or(other),
            }
        }
        if schema.has("properties")
            && let Some(DataNode::Map(own)) = self.object(schema, depth)
        {
            put_all(&mut pairs, own);
        }
        other.filter(|_| pairs.is_empty()).or(Some(DataNode::Map(pairs)))
    }

    fn object(&mut self, schema: &'d DataNode, depth: usize) -> Option<DataNode> {
        let required = schema.at("required").items();
        let mut made = Vec::new();
        for (name, inner) in schema.at("properties").pairs() {
            if self.goes_otherwise(inner) {
                continue;
            }
            match self.made(inner, depth + 1) {
                Some(value) => put(&mut made, name, value),
                // Without it the whole would not be allowed.
                None if !self.leaves_out && required.iter().any(|it| it.str() == &**name) => {
                    return None;
                }
                None => {}
            }
        }
        self.fill(schema, &mut made, depth);
        Some(DataNode::Map(made))
    }

    /// Members that the properties do not name: those that must be there, one to show where any may, and as many as
    /// there have to be.
    fn fill(&mut self, schema: &'d DataNode, made: &mut Vec<(Box<str>, DataNode)>, depth: usize) {
        let more = schema.at("additionalProperties");
        if *more == DataNode::Bool(false) {
            return;
        }
        let is_said = matches!(more, DataNode::Map(pairs) if !pairs.is_empty());
        let properties = schema.at("properties");
        let required = schema.at("required").items().iter().map(DataNode::str);
        let mut names: VecDeque<String> =
            required.filter(|name| !properties.has(name)).map(str::to_owned).collect();
        let least = schema.at("minProperties").plain().parse().unwrap_or(0);
        let least = usize::try_from(least.min(ITEMS)).unwrap_or_default();
        let least = least.max(usize::from(made.is_empty() && is_said));
        let more_names =
            (1..).map(|at| if at == 1 { "key".to_owned() } else { format!("key{at}") });
        let mut more_names = more_names.take(least + made.len());
        loop {
            let must = names.pop_front();
            let name = must.or_else(|| more_names.next().filter(|_| made.len() < least));
            let Some(name) = name else { return };
            if made.iter().any(|(known, _)| **known == *name) {
                continue;
            }
            let value = if is_said { self.made(more, depth + 1) } else { Some(PLAIN.into()) };
            let Some(value) = value else { return };
            put(made, &name, value);
        }
    }

    /// Takes out of what is written what only messages that go the other way hold.
    pub(super) fn strip(&self, schema: &'d DataNode, value: &mut DataNode, depth: usize) {
        let reference = schema.at("$ref").text();
        let schema = reference.and_then(|reference| (self.find)(reference)).unwrap_or(schema);
        if depth > DEEPEST {
            return;
        }
        for name in ["allOf", "anyOf", "oneOf"] {
            for one in schema.at(name).items() {
                self.strip(one, value, depth + 1);
            }
        }
        match value {
            DataNode::Map(pairs) => {
                for (name, inner) in schema.at("properties").pairs() {
                    if self.goes_otherwise(inner) {
                        pairs.retain(|(own, _)| own != name);
                    } else if let Some((_, value)) = pairs.iter_mut().find(|(own, _)| own == name) {
                        self.strip(inner, value, depth + 1);
                    }
                }
            }
            DataNode::List(items) => {
                let inner = schema.at("items");
                for item in items {
                    self.strip(inner, item, depth + 1);
                }
            }
            _ => {}
        }
    }

    /// Whether only messages that go the other way hold it.
    fn goes_otherwise(&self, inner: &'d DataNode) -> bool {
        let word = self.way.never_has();
        let behind = || inner.at("$ref").text().and_then(|reference| (self.find)(reference));
        inner.at(word).is_true() || behind().is_some_and(|found| found.at(word).is_true())
    }

    fn list(&mut self, schema: &'d DataNode, depth: usize) -> Option<DataNode> {
        let least = schema.at("minItems").number().unwrap_or(0).min(ITEMS);
        let most = schema.at("maxItems").number().unwrap_or(u64::MAX);
        let first: Vec<DataNode> = schema
            .at("prefixItems")
            .items()
            .iter()
            .filter_map(|it| self.made(it, depth + 1))
            .collect();
        if !first.is_empty() {
            return Some(DataNode::List(first));
        }
        let items = schema.at("items");
        let Some(item) = self.made(items, depth + 1) else {
            return (least == 0).then(|| DataNode::List(Vec::new()));
        };
        let behind = items.at("$ref").text().and_then(|reference| (self.find)(reference));
        let options = behind.unwrap_or(items).at("enum").items();
        let is_unique = schema.at("uniqueItems").is_true();
        let mut made = Vec::new();
        for at in 0..least.max(1).min(most) {
            let one = if is_unique && at > 0 { other(&item, options, at) } else { item.clone() };
            // Lists of lists would grow without end.
            if at > 0 && self.copied(&one).is_none() {
                break;
            }
            made.push(one);
        }
        Some(DataNode::List(made))
    }
}

/// Whether nothing is a value of a schema, as far as that says so itself.
fn may_be_null(schema: &DataNode) -> bool {
    let kind = schema.at("type");
    let is_named = kind.str() == "null" || kind.items().iter().any(|it| it.str() == "null");
    kind.is_null() || is_named || schema.at("nullable").is_true() || schema.has("const")
}

/// Puts members into an object, over those of their names.
fn put_all(pairs: &mut Vec<(Box<str>, DataNode)>, more: Vec<(Box<str>, DataNode)>) {
    for (name, value) in more {
        put(pairs, &name, value);
    }
}

/// Puts a member into an object, over one of its name.
fn put(pairs: &mut Vec<(Box<str>, DataNode)>, name: &str, value: DataNode) {
    match pairs.iter_mut().find(|(own, _)| &**own == name) {
        Some((_, known)) => *known = value,
        None => pairs.push((name.into(), value)),
    }
}

/// An element that differs from those before it.
fn other(item: &DataNode, options: &[DataNode], at: u64) -> DataNode {
    if let Some(option) = usize::try_from(at).ok().and_then(|at| options.get(at)) {
        return option.clone();
    }
    match item {
        DataNode::Number(number) => match number.parse::<i64>() {
            Ok(number) => DataNode::Number(number.saturating_add_unsigned(at).to_string().into()),
            Err(_) => item.clone(),
        },
        DataNode::Text(text) => DataNode::Text(format!("{text}{at}").into()),
        other => other.clone(),
    }
}

/// Values in a tree, counted up to a bound.
fn size(node: &DataNode, most: usize) -> usize {
    let inner = |size: usize, node| if size > most { size } else { size + self::size(node, most) };
    match node {
        DataNode::List(items) => items.iter().fold(1, inner),
        DataNode::Map(pairs) => pairs.iter().map(|(_, value)| value).fold(1, inner),
        _ => 1,
    }
}

/// What a schema says it looks like.
pub(crate) fn given(schema: &DataNode) -> Option<&DataNode> {
    let plain = ["example", "x-example", "const", "default"];
    let plain = plain.iter().find(|name| schema.has(name)).map(|name| schema.at(name));
    let first =
        || schema.at("examples").items().first().or_else(|| schema.at("enum").items().first());
    plain.or_else(first)
}

/// The type of a schema: the first of several that is not null.
fn kind(schema: &DataNode) -> &str {
    let kind = schema.at("type");
    let first = || kind.items().iter().map(DataNode::str).find(|kind| *kind != "null");
    match kind.text().or_else(first) {
        Some(kind) => kind,
        None if schema.has("properties") || schema.has("additionalProperties") => "object",
        None if schema.has("items") || schema.has("prefixItems") => "array",
        None if ["minimum", "maximum", "multipleOf"].iter().any(|it| schema.has(it)) => "number",
        None => "",
    }
}

/// A number within bounds.
fn number(schema: &DataNode, is_whole: bool) -> DataNode {
    let limit =
        |name: &str| schema.at(name).plain().parse::<f64>().ok().filter(|it| it.is_finite());
    let is_strict = |name: &str| schema.at(name).is_true();
    let strict = |name: &str| limit(name).filter(|_| !is_strict(name));
    let least = limit("minimum").filter(|_| !is_strict("exclusiveMinimum"));
    let above = strict("exclusiveMinimum").or_else(|| limit("minimum").filter(|_| least.is_none()));
    let most = limit("maximum").filter(|_| !is_strict("exclusiveMaximum"));
    let below = strict("exclusiveMaximum").or_else(|| limit("maximum").filter(|_| most.is_none()));
    let step = limit("multipleOf").filter(|step| *step > 0.0);
    let unit = step.unwrap_or(if is_whole { 1.0 } else { 0.5 });
    let mut value = match (least, above, most, below) {
        (Some(least), ..) => least,
        (None, Some(above), ..) => above + unit,
        (None, None, Some(most), _) => most.min(0.0),
        (None, None, None, Some(below)) => (below - unit).min(0.0),
        (None, None, None, None) => 0.0,
    };
    if step.is_some() || is_whole {
        value = (value / unit).ceil() * unit;
        if above.is_some_and(|above| value <= above) {
            value += unit;
        }
        if most.is_some_and(|most| value > most) || below.is_some_and(|below| value >= below) {
            value -= unit;
        }
    } else if let Some(top) = most.or(below)
        && value >= top
        && let Some(bottom) = least.or(above)
    {
        value = f64::midpoint(bottom, top);
    }
    #[expect(clippy::cast_possible_truncation, reason = "what does not fit is cut at the largest")]
    let whole = value as i64;
    let is_whole = is_whole || value.fract().abs() < f64::EPSILON;
    let written = if is_whole { whole.to_string() } else { value.to_string() };
    DataNode::Number(written.into())
}

/// A text of the right form and length.
fn text(schema: &DataNode) -> String {
    let length = |name: &str| schema.at(name).number().and_then(|it| usize::try_from(it).ok());
    let least = length("minLength").unwrap_or(0).min(LENGTH);
    let most = length("maxLength").unwrap_or(LENGTH);
    let mut made = of_format(schema.at("format").str()).to_owned();
    if let Some(pattern) = schema.at("pattern").text() {
        // Where both are said, one of the format may do for both.
        let known = regex::RegexBuilder::new(pattern).size_limit(PATTERN).build();
        if known.is_ok_and(|known| known.is_match(&made)) && made != PLAIN {
            return made;
        }
        if let Some(made) = of_pattern(pattern) {
            return made;
        }
    }
    while made.chars().count() < least {
        made.push_str("string");
    }
    if made.chars().count() > most.max(least) || (most < made.chars().count()) {
        made = made.chars().take(most.max(least)).collect();
    }
    made
}

fn of_format(format: &str) -> &'static str {
    match format {
        "date-time" => "2026-01-31T12:00:00Z",
        "date" => "2026-01-31",
        "time" => "12:00:00Z",
        "duration" => "PT1H",
        "uuid" => "00000000-0000-4000-8000-000000000000",
        "email" | "idn-email" => "ann@example.com",
        "uri" | "url" | "iri" => "https://example.com/",
        "uri-reference" | "iri-reference" => "/example",
        "hostname" | "idn-hostname" => "example.com",
        "ipv4" => "192.0.2.1",
        "ipv6" => "2001:db8::1",
        "byte" => "c3RyaW5n",
        "json-pointer" => "/a",
        "regex" => ".*",
        _ => PLAIN,
    }
}

/// The shortest text that a pattern plainly allows.
fn of_pattern(pattern: &str) -> Option<String> {
    let hir = regex_syntax::Parser::new().parse(pattern).ok()?;
    let (mut made, mut steps) = (String::new(), STEPS);
    written(&hir, &mut made, &mut steps).then_some(made)
}

fn written(hir: &Hir, made: &mut String, steps: &mut usize) -> bool {
    // What repeats nothing makes nothing longer.
    *steps = steps.saturating_sub(1);
    if made.len() > LENGTH || *steps == 0 {
        return false;
    }
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => true,
        HirKind::Literal(literal) => std::str::from_utf8(&literal.0).is_ok_and(|text| {
            made.push_str(text);
            true
        }),
        HirKind::Class(Class::Unicode(class)) => {
            let plain = ['a', 'A', '0', '_', '-', ' '];
            let is_in =
                |c: &char| class.iter().any(|range| (range.start()..=range.end()).contains(c));
            let first = || class.iter().next().map(ClassUnicodeRange::start);
            let chosen = plain.into_iter().find(is_in).or_else(first);
            made.extend(chosen);
            chosen.is_some()
        }
        HirKind::Class(Class::Bytes(_)) => false,
        HirKind::Repetition(repetition) => {
            let times = repetition.min.min(LENGTH as u32);
            (0..times).all(|_| written(&repetition.sub, made, steps))
        }
        HirKind::Capture(capture) => written(&capture.sub, made, steps),
        HirKind::Concat(parts) => parts.iter().all(|part| written(part, made, steps)),
        HirKind::Alternation(parts) => parts.first().is_some_and(|part| written(part, made, steps)),
    }
}

/// The value of an example that is written with a name.
pub(crate) fn written_example(example: &DataNode) -> Option<&DataNode> {
    let places = ["value", "dataValue", "serializedValue"];
    places.iter().find(|name| example.has(name)).map(|name| example.at(name))
}

/// The example of an answer of a content type, and whether it is the one of the name that was asked for: one that
/// is written there, by its name or the first, or one that is made.
pub(super) fn of_media(
    document: &Document,
    media: &DataNode,
    name: Option<&str>,
) -> (Option<DataNode>, bool) {
    let named = media.at("examples").pairs();
    let value = |(_, it): &(Box<str>, DataNode)| written_example(document.led(it)).cloned();
    let wanted = name.and_then(|name| named.iter().find(|(own, _)| &**own == name));
    let wanted = wanted.and_then(value);
    let is_wanted = wanted.is_some();
    let plain = || media.has("example").then(|| media.at("example").clone());
    let written = wanted.or_else(plain).or_else(|| named.first().and_then(value));
    let find = |reference: &str| document.find(reference);
    let maker = ExampleMaker::new(&find, MessageWay::Response, VALUES);
    let written = written.map(|mut written| {
        maker.strip(media.at("schema"), &mut written, 0);
        written
    });
    (written.or_else(|| made(document, media.at("schema"))), is_wanted)
}

/// One of an answer that is made of a schema.
pub(super) fn made(document: &Document, schema: &DataNode) -> Option<DataNode> {
    let find = |reference: &str| document.find(reference);
    let mut maker = ExampleMaker::new(&find, MessageWay::Response, VALUES);
    if schema.is_null() { None } else { maker.make(schema) }
}
