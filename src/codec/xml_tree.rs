//! XML as a tree of elements, for bodies that a contract describes.
//!
//! What others wrote: a document type is refused (with it comes every kind of entity), depth and size are bounded,
//! and what is wrong is told with line and column. Names are as they are written, with their prefix.

use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::attributes::AttrError;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;
use quick_xml::{Error, XmlVersion};

use super::data_tree::{DEEPEST, DataBudget, DataFault, TOO_DEEP, TOO_MUCH};

/// Attributes of one element; each is compared with all before it.
const MOST_ATTRIBUTES: usize = 1_000;

/// An element with what stands in it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct XmlElement {
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) children: Vec<XmlElement>,
    /// All its texts, one behind the other.
    pub(crate) text: String,
}

impl XmlElement {
    /// Its name without a prefix.
    pub(crate) fn local(&self) -> &str {
        local(&self.name)
    }
}

/// A name without its prefix.
pub(crate) fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

/// A text as it can stand in an element or an attribute.
pub(crate) fn escaped(text: &str) -> String {
    let mut made = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => made.push_str("&amp;"),
            '<' => made.push_str("&lt;"),
            '>' => made.push_str("&gt;"),
            '"' => made.push_str("&quot;"),
            // XML has no way to say those.
            c if c.is_control() && !matches!(c, '\n' | '\r' | '\t') => made.push('\u{fffd}'),
            c => made.push(c),
        }
    }
    made
}

/// Reads a document.
///
/// # Errors
/// With line and column.
pub(crate) fn read_xml(text: &str) -> Result<XmlElement, DataFault> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut tree = XmlTree { at: 0, budget: DataBudget::new(), open: Vec::new(), root: None };
    read_events(text, &mut tree).map_err(|(at, cause)| {
        let before = text.get(..at).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        DataFault { line, column, cause }
    })?;
    tree.root.ok_or_else(|| DataFault {
        line: 1,
        column: 1,
        cause: "there is no element".to_owned(),
    })
}

/// Where it is wrong, in bytes, and what.
type XmlFault = (usize, String);

fn read_events(text: &str, tree: &mut XmlTree) -> Result<(), XmlFault> {
    let mut reader = Reader::from_str(text);
    loop {
        let at = reader.buffer_position() as usize;
        let event = reader.read_event();
        let event = event.map_err(|error| (reader.error_position() as usize, told(&error)))?;
        if matches!(event, Event::Eof) {
            let open = tree.open.last();
            return open.map_or(Ok(()), |it| Err((at, format!("<{}> has no end", it.name))));
        }
        tree.at = at;
        tree.take(event)?;
    }
}

/// What the reader found wrong.
fn told(error: &Error) -> String {
    match error {
        Error::Syntax(error) => error.to_string(),
        Error::IllFormed(error) => error.to_string(),
        _ => error.to_string(),
    }
}

/// The tree as far as it is read.
struct XmlTree {
    /// Where what is taken begins.
    at: usize,
    budget: DataBudget,
    /// Elements that have not ended, the innermost last.
    open: Vec<XmlElement>,
    root: Option<XmlElement>,
}

impl XmlTree {
    fn fault(&self, cause: impl Into<String>) -> XmlFault {
        (self.at, cause.into())
    }

    /// The place of such a fault is told from behind the bracket of the tag.
    fn fault_of(&self, error: &AttrError) -> XmlFault {
        let (place, cause) = match *error {
            AttrError::ExpectedEq(place) => (place, "an attribute has no '='"),
            AttrError::ExpectedValue(place) => (place, "the value of an attribute is missing"),
            AttrError::UnquotedValue(place) => {
                (place, "the value of an attribute is not in quotes")
            }
            AttrError::ExpectedQuote(place, _) => (place, "the value of an attribute has no end"),
            AttrError::Duplicated(place, _) => (place, "an attribute stands twice"),
        };
        (self.at + 1 + place, cause.to_owned())
    }

    fn take(&mut self, event: Event<'_>) -> Result<(), XmlFault> {
        match event {
            Event::Start(start) => {
                let element = self.element(&start)?;
                self.open.push(element);
            }
            Event::Empty(start) => {
                let element = self.element(&start)?;
                self.over(element);
            }
            // Whether it is the right end is checked by the reader.
            Event::End(_) => {
                if let Some(element) = self.open.pop() {
                    self.over(element);
                }
            }
            Event::Text(text) => self.put(&text.xml10_content())?,
            Event::CData(text) => self.put(&text.xml10_content())?,
            Event::GeneralRef(name) => {
                let character = name.resolve_char_ref();
                let character = character.map_err(|error| self.fault(told(&error)))?;
                if let Some(character) = character {
                    return self.put(character.encode_utf8(&mut [0; 4]));
                }
                let meant = resolve_xml_entity(&name);
                self.put(meant.ok_or_else(|| self.fault(unknown(&name)))?)?;
            }
            Event::DocType(_) => return Err(self.fault("a document type, which is not read")),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::Eof => {}
        }
        Ok(())
    }

    fn spend(&mut self, bytes: usize) -> Result<(), XmlFault> {
        if self.budget.take(bytes) { Ok(()) } else { Err(self.fault(TOO_MUCH)) }
    }

    /// An element as it begins.
    fn element(&mut self, start: &BytesStart<'_>) -> Result<XmlElement, XmlFault> {
        let name = start.name().0;
        if self.root.is_some() {
            let cause = format!("<{name}> stands behind the end of the document's element");
            return Err(self.fault(cause));
        }
        if !name.starts_with(|c: char| c.is_alphabetic() || matches!(c, '_' | ':')) {
            return Err(self.fault(format!("'{name}' is no name of an element")));
        }
        if self.open.len() >= DEEPEST {
            return Err(self.fault(TOO_DEEP));
        }
        self.spend(name.len() * 2)?;
        let mut element = XmlElement { name: name.to_owned(), ..XmlElement::default() };
        for attribute in start.attributes() {
            if element.attributes.len() >= MOST_ATTRIBUTES {
                return Err(self.fault("more than 1,000 attributes of one element"));
            }
            let attribute = attribute.map_err(|error| self.fault_of(&error))?;
            let value = attribute.normalized_value(XmlVersion::Implicit1_0);
            let value = value.map_err(|error| {
                self.fault(format!("attribute {}: {}", attribute.key.0, told(&error)))
            })?;
            self.spend(attribute.key.0.len() + value.len())?;
            element.attributes.push((attribute.key.0.to_owned(), value.into_owned()));
        }
        Ok(element)
    }

    /// An element is over: it goes into the one around it, or is the root.
    fn over(&mut self, element: XmlElement) {
        match self.open.last_mut() {
            Some(around) => around.children.push(element),
            None => self.root = Some(element),
        }
    }

    /// A text, or a part of one.
    fn put(&mut self, text: &str) -> Result<(), XmlFault> {
        self.spend(text.len())?;
        match self.open.last_mut() {
            Some(element) => element.text.push_str(text),
            None if text.trim().is_empty() => {}
            None => return Err(self.fault("text outside of all elements")),
        }
        Ok(())
    }
}

fn unknown(name: &str) -> String {
    format!("'&{name};' is none of &amp; &lt; &gt; &quot; &apos; &#…;")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn elements_attributes_texts_and_entities_are_read() {
        let text = "\u{feff}<?xml version='1.0'?><!-- a --><a:b x=\"1 &lt; 2\" y='\"'>t&#65;<c/>\
                    <![CDATA[<&]]><c>é&amp;</c></a:b>\n<!-- z -->";
        let root = read_xml(text).unwrap();
        assert_eq!((root.name.as_str(), root.local(), root.text.as_str()), ("a:b", "b", "tA<&"));
        let attribute = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(root.attributes, [attribute("x", "1 < 2"), attribute("y", "\"")]);
        let texts: Vec<&str> = root.children.iter().map(|child| child.text.as_str()).collect();
        assert_eq!(texts, ["", "é&"]);
        assert_eq!(read_xml(&format!("<a>{}</a>", escaped("<&\">"))).unwrap().text, "<&\">");
    }

    #[test]
    fn what_is_broken_is_refused_with_its_place() {
        for (text, place, words) in [
            ("", (1, 1), "there is no element"),
            ("<a>\n <b></a>", (2, 5), "expected `</b>`, but `</a>` was found"),
            ("<a>\n<b", (2, 1), "tag not closed"),
            ("<a x=1/>", (1, 6), "not in quotes"),
            ("<a x='1' x='2'/>", (1, 10), "stands twice"),
            ("<a x/>", (1, 5), "no '='"),
            ("<a x='&z;'/>", (1, 1), "attribute x: "),
            ("<a>&#0;</a>", (1, 4), "0x0"),
            ("<a>&b;</a>", (1, 4), "'&b;' is none of"),
            ("<a/><b/>", (1, 5), "<b> stands behind"),
            ("x<a/>", (1, 1), "outside of all"),
            ("<a>", (1, 4), "<a> has no end"),
            ("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", (1, 1), "a document type"),
            ("<1/>", (1, 1), "no name"),
            ("</a>", (1, 1), "close tag `</a>` does not match"),
        ] {
            let fault = read_xml(text).unwrap_err();
            assert_eq!((fault.line, fault.column), place, "{text}: {fault}");
            assert!(fault.cause.contains(words), "{text}: {fault}");
        }
        let many: Vec<String> = (0..2000).map(|number| format!(" a{number}=''")).collect();
        let fault = read_xml(&format!("<a{}/>", many.concat())).unwrap_err();
        assert_eq!(fault.cause, "more than 1,000 attributes of one element");
        let deep = "<a>".repeat(200);
        assert_eq!(read_xml(&deep).unwrap_err().cause, TOO_DEEP);
    }

    proptest! {
        #![proptest_config(crate::property_tests::config())]

        #[test]
        fn any_text_is_read_or_refused(text in "[<>/a='\"&;!?\\[\\] é\n-]{0,60}") {
            if let Err(fault) = read_xml(&text) {
                prop_assert!(fault.line > 0 && fault.column > 0);
            }
        }
    }
}
