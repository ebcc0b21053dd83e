//! XML as a tree of elements, for bodies that a contract describes.
//!
//! What others wrote: a document type is refused (with it comes every kind of entity), depth and size are bounded,
//! and what is wrong is told with line and column. Names are as they are written, with their prefix.

use super::data_tree::{DEEPEST, DataBudget, DataFault, TOO_DEEP, TOO_MUCH};

/// What an entity begins with.
const ENTITY: char = '&';

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
    let mut reader = XmlReader { text, at: 0, budget: DataBudget::new(), open: Vec::new() };
    reader.read().map_err(|(at, cause)| {
        let before = text.get(..at).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        DataFault { line, column, cause }
    })
}

/// Where it is wrong, and what.
type XmlFault = (usize, String);

struct XmlReader<'t> {
    text: &'t str,
    at: usize,
    budget: DataBudget,
    open: Vec<XmlElement>,
}

impl<'t> XmlReader<'t> {
    fn read(&mut self) -> Result<XmlElement, XmlFault> {
        self.at += usize::from(self.text.starts_with('\u{feff}')) * '\u{feff}'.len_utf8();
        loop {
            let begin = self.at;
            let Some(length) = self.rest().find('<') else {
                return Err((self.text.len(), self.unended()));
            };
            self.at += length;
            let between = self.text.split_at(self.at).0.split_at(begin).1;
            self.put(between, begin)?;
            if let Some(root) = self.markup()? {
                return self.end(root);
            }
        }
    }

    fn rest(&self) -> &'t str {
        self.text.split_at(self.at).1
    }

    fn unended(&self) -> String {
        match self.open.last() {
            Some(element) => format!("<{}> has no end", element.name),
            None => "there is no element".to_owned(),
        }
    }

    /// What stands between two marks.
    fn put(&mut self, between: &str, at: usize) -> Result<(), XmlFault> {
        let plain = self.plain(between, at)?;
        match self.open.last_mut() {
            Some(element) => element.text.push_str(&plain),
            None if between.trim().is_empty() => {}
            None => return Err((at, "text outside of all elements".to_owned())),
        }
        Ok(())
    }

    /// A text with what its entities stand for.
    fn plain(&mut self, text: &str, at: usize) -> Result<String, XmlFault> {
        if !self.budget.take(text.len()) {
            return Err((at, TOO_MUCH.to_owned()));
        }
        let (mut made, mut rest) = (String::with_capacity(text.len()), text);
        while let Some(found) = rest.find(ENTITY) {
            let (before, after) = rest.split_at(found);
            let after = after.split_at(1).1;
            made.push_str(before);
            let named = after.split_once(';').filter(|(name, _)| name.len() <= 10);
            let Some((meant, behind)) = named.and_then(|(name, it)| Some((entity(name)?, it)))
            else {
                let cause = "'&' that begins none of &amp; &lt; &gt; &quot; &apos; &#…;";
                let place = text.len() - after.len() - 1;
                return Err((at + place, cause.to_owned()));
            };
            made.push(meant);
            rest = behind;
        }
        made.push_str(rest);
        Ok(made)
    }

    /// What begins with `<`; the root when it is over.
    fn markup(&mut self) -> Result<Option<XmlElement>, XmlFault> {
        let rest = self.rest();
        if rest.starts_with("<!--") {
            self.skip(4, "-->")?;
        } else if rest.starts_with("<?") {
            self.skip(2, "?>")?;
        } else if rest.starts_with("<![CDATA[") {
            let text = self.skip(9, "]]>")?;
            match self.open.last_mut() {
                Some(element) if self.budget.take(text.len()) => element.text.push_str(text),
                Some(_) => return Err((self.at, TOO_MUCH.to_owned())),
                None => return Err((self.at, "text outside of all elements".to_owned())),
            }
        } else if rest.starts_with("<!") {
            return Err((self.at, "a document type, which is not read".to_owned()));
        } else if rest.starts_with("</") {
            return self.close();
        } else {
            return self.begin();
        }
        Ok(None)
    }

    /// Goes behind `end`; what stood before it.
    fn skip(&mut self, mark: usize, end: &str) -> Result<&'t str, XmlFault> {
        let inner = self.rest().split_at(mark).1;
        let Some(length) = inner.find(end) else {
            return Err((self.at, format!("'{end}' is missing")));
        };
        self.at += mark + length + end.len();
        Ok(inner.split_at(length).0)
    }

    fn name(&mut self) -> Result<&'t str, XmlFault> {
        let rest = self.rest();
        let ends = |c: char| c.is_whitespace() || "/>=<\"'&".contains(c);
        let name = rest.split_at(rest.find(ends).unwrap_or(rest.len())).0;
        let begins = name.chars().next();
        if !begins.is_some_and(|c| c.is_alphabetic() || c == '_' || c == ':') {
            return Err((self.at, "no name stands here".to_owned()));
        }
        self.at += name.len();
        Ok(name)
    }

    fn space(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    fn close(&mut self) -> Result<Option<XmlElement>, XmlFault> {
        let begin = self.at;
        self.at += 2;
        let name = self.name()?;
        self.space();
        if !self.rest().starts_with('>') {
            return Err((self.at, format!("'>' of </{name}> is missing")));
        }
        self.at += 1;
        match self.open.pop() {
            Some(element) if element.name == name => Ok(self.over(element)),
            Some(element) => Err((begin, format!("</{name}> ends <{}>", element.name))),
            None => Err((begin, format!("</{name}> ends nothing"))),
        }
    }

    /// An element is over: it goes into the one around it, or is the root.
    fn over(&mut self, element: XmlElement) -> Option<XmlElement> {
        match self.open.last_mut() {
            Some(around) => {
                around.children.push(element);
                None
            }
            None => Some(element),
        }
    }

    fn begin(&mut self) -> Result<Option<XmlElement>, XmlFault> {
        let begin = self.at;
        self.at += 1;
        let name = self.name()?.to_owned();
        if self.open.len() >= DEEPEST {
            return Err((begin, TOO_DEEP.to_owned()));
        }
        if !self.budget.take(name.len() * 2) {
            return Err((begin, TOO_MUCH.to_owned()));
        }
        let mut element = XmlElement { name, ..XmlElement::default() };
        loop {
            self.space();
            let rest = self.rest();
            if rest.starts_with("/>") {
                self.at += 2;
                return Ok(self.over(element));
            }
            if rest.starts_with('>') {
                self.at += 1;
                self.open.push(element);
                return Ok(None);
            }
            if rest.is_empty() {
                return Err((self.text.len(), format!("'>' of <{}> is missing", element.name)));
            }
            let attribute = self.attribute()?;
            if element.attributes.iter().any(|(own, _)| *own == attribute.0) {
                return Err((self.at, format!("attribute {} stands twice", attribute.0)));
            }
            element.attributes.push(attribute);
        }
    }

    fn attribute(&mut self) -> Result<(String, String), XmlFault> {
        let name = self.name()?;
        self.space();
        if !self.rest().starts_with('=') {
            return Err((self.at, format!("attribute {name} has no '='")));
        }
        self.at += 1;
        self.space();
        let quote = self.rest().chars().next().filter(|c| matches!(c, '"' | '\''));
        let Some(quote) = quote else {
            return Err((self.at, format!("the value of {name} is not in quotes")));
        };
        let begin = self.at + 1;
        let Some((value, _)) = self.text.split_at(begin).1.split_once(quote) else {
            return Err((self.at, format!("the value of {name} has no end")));
        };
        self.at = begin + value.len() + 1;
        let value = self.plain(value, begin)?;
        Ok((name.to_owned(), value))
    }

    /// Behind the root there is nothing but remarks.
    fn end(&mut self, root: XmlElement) -> Result<XmlElement, XmlFault> {
        loop {
            self.space();
            let rest = self.rest();
            if rest.is_empty() {
                return Ok(root);
            }
            if rest.starts_with("<!--") {
                self.skip(4, "-->")?;
            } else if rest.starts_with("<?") {
                self.skip(2, "?>")?;
            } else {
                return Err((self.at, format!("more stands behind </{}>", root.name)));
            }
        }
    }
}

/// The character an entity stands for.
fn entity(name: &str) -> Option<char> {
    let number = || {
        let digits = name.strip_prefix('#')?;
        let code = match digits.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16),
            None => digits.parse(),
        };
        char::from_u32(code.ok()?)
    };
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => number(),
    }
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
            ("<a>\n <b></a>", (2, 5), "</a> ends <b>"),
            ("<a>\n<b", (2, 3), "'>' of <b> is missing"),
            ("<a x=1/>", (1, 6), "not in quotes"),
            ("<a x='1' x='2'/>", (1, 15), "stands twice"),
            ("<a>&b;</a>", (1, 4), "'&' that begins none"),
            ("<a/><b/>", (1, 5), "more stands behind"),
            ("x<a/>", (1, 1), "outside of all"),
            ("<a>", (1, 4), "<a> has no end"),
            ("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", (1, 1), "a document type"),
            ("<1/>", (1, 2), "no name"),
            ("</a>", (1, 1), "ends nothing"),
        ] {
            let fault = read_xml(text).unwrap_err();
            assert_eq!((fault.line, fault.column), place, "{text}: {fault}");
            assert!(fault.cause.contains(words), "{text}: {fault}");
        }
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
