//! The order in the text of a `_defaults.toml`: written anew with the comments that stand beside its names, which move
//! with them. Pure; for `store/folders.rs`.

use toml_edit::{Array, DocumentMut, RawString, TomlError, Value};

use super::folders::array;
use super::preset::with_mark_of;

const ORDER: &str = "order";

/// The text with this order, without one where it is empty; nothing else of it changes.
pub(super) fn with_order(text: &str, order: &[String]) -> Result<String, TomlError> {
    ordered_text(text, order).map(|ordered| with_mark_of(text, ordered))
}

fn ordered_text(text: &str, order: &[String]) -> Result<String, TomlError> {
    let mut document: DocumentMut = text.parse()?;
    let Some(Value::Array(old)) = document.get(ORDER).and_then(|item| item.as_value()) else {
        if !order.is_empty() {
            document[ORDER] = toml_edit::value(array(order));
        }
        return Ok(document.to_string());
    };
    let entries = OrderEntries::of(old);
    if order.is_empty() {
        let above = document.key(ORDER).and_then(|key| key.leaf_decor().prefix()?.as_str());
        let beside = old.decor().suffix().and_then(RawString::as_str).unwrap_or_default().trim();
        let beside = if beside.is_empty() { String::new() } else { format!("{beside}\n") };
        let kept = [above.unwrap_or_default(), &entries.comments(), &beside].concat();
        document.remove(ORDER);
        let rest = document.to_string();
        // What was said about it stays where it was, at the top: an order stands before all tables.
        return Ok(if kept.trim().is_empty() { rest } else { format!("{kept}{rest}") });
    }
    let mut new = entries.array(order);
    *new.decor_mut() = old.decor().clone();
    document[ORDER] = toml_edit::Item::Value(Value::Array(new));
    Ok(document.to_string())
}

/// A name with what stands before it on its lines, and behind it on its own.
#[derive(Clone)]
struct OrderEntry {
    name: String,
    before: String,
    behind: String,
}

struct OrderEntries {
    /// Behind the bracket, on its line.
    head: String,
    entries: Vec<OrderEntry>,
    /// Before the bracket that closes.
    tail: String,
    is_on_lines: bool,
}

impl OrderEntries {
    fn of(old: &Array) -> Self {
        let is_on_lines = old.to_string().trim().contains('\n');
        let first = text(old.get(0).and_then(|value| value.decor().prefix()));
        let (head, mut before) = of_line(first);
        let mut entries = Vec::new();
        for (at, value) in old.iter().enumerate() {
            let own = text(value.decor().suffix()).to_owned();
            let following = match old.get(at + 1) {
                Some(next) => text(next.decor().prefix()).to_owned(),
                None => text(Some(old.trailing())).to_owned(),
            };
            let (behind, next) = of_line(&[own, following].concat());
            let name = value.as_str().unwrap_or_default().to_owned();
            entries.push(OrderEntry { name, before: std::mem::replace(&mut before, next), behind });
        }
        OrderEntries { head, entries, tail: before, is_on_lines }
    }

    /// The comments in it, a line each.
    fn comments(&self) -> String {
        let of = |entry: &OrderEntry| [entry.before.clone(), entry.behind.clone()];
        let parts = [self.head.clone()].into_iter().chain(self.entries.iter().flat_map(of));
        let all: Vec<String> = parts.chain([self.tail.clone()]).collect();
        let lines = all.iter().flat_map(|part| part.lines()).map(str::trim);
        let mut lines: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
        // The last one ends, too.
        lines.push("");
        lines.join("\n")
    }

    /// These names, each with what stood beside it. One that takes the place of another has that one's.
    fn array(&self, order: &[String]) -> Array {
        if !self.is_on_lines {
            return array(order);
        }
        let gone: Vec<&OrderEntry> =
            self.entries.iter().filter(|entry| !order.contains(&entry.name)).collect();
        let is_known = |name: &String| self.entries.iter().any(|entry| entry.name == *name);
        let is_renamed =
            gone.len() == 1 && order.iter().filter(|name| !is_known(name)).count() == 1;
        let mut array = Array::new();
        let mut behind = self.head.clone();
        for name in order {
            let known = self.entries.iter().find(|entry| entry.name == *name);
            let known = known.or_else(|| gone.first().copied().filter(|_| is_renamed));
            let before = known.map_or("\n  ", |entry| entry.before.as_str());
            let before = if before.contains('\n') { before } else { "\n  " };
            let mut value = Value::from(name.as_str());
            value.decor_mut().set_prefix(format!("{behind}{before}"));
            behind = known.map_or_else(String::new, |entry| entry.behind.clone());
            array.push_formatted(value);
        }
        let tail = if self.tail.contains('\n') { self.tail.as_str() } else { "\n" };
        array.set_trailing(format!("{behind}{tail}"));
        array.set_trailing_comma(true);
        array
    }
}

/// What stands there; nothing where nothing does.
fn text(raw: Option<&RawString>) -> &str {
    raw.and_then(RawString::as_str).unwrap_or_default()
}

/// What stands on the line, and what from its end on.
fn of_line(text: &str) -> (String, String) {
    let (line, rest) = text.split_at(text.find('\n').unwrap_or(0));
    (line.trim_end().to_owned(), rest.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ordered(text: &str, order: &[&str]) -> String {
        let order: Vec<String> = order.iter().map(|name| (*name).to_owned()).collect();
        with_order(text, &order).unwrap()
    }

    #[test]
    fn comments_stay_beside_their_names_when_an_order_changes() {
        let text = "# folder\norder = [ # of it\n  \"b\",   # first b\n  # then\n  \"a\",\n  \"c\", # last\n  # end\n] # all\n\n[vars]\nx = \"1\" # x\n";
        assert_eq!(ordered(text, &["b", "a", "c"]), text);
        assert_eq!(
            ordered(text, &["a", "c", "b"]),
            "# folder\norder = [ # of it\n  # then\n  \"a\",\n  \"c\", # last\n  \"b\",   # first b\n  # end\n] # all\n\n[vars]\nx = \"1\" # x\n"
        );
        let renamed = ordered(text, &["new", "a", "c"]);
        assert_eq!(renamed, text.replace("\"b\"", "\"new\""));
        let without = ordered(text, &[]);
        assert_eq!(
            without,
            "# folder\n# of it\n# first b\n# then\n# last\n# end\n# all\n\n[vars]\nx = \"1\" # x\n"
        );
    }

    #[test]
    fn an_order_of_any_layout_is_written() {
        for text in
            ["", "[vars]\na = \"1\"\n", "order = [\"a\", \"b\"]\n", "order = [\n\"a\",\"b\"\n]"]
        {
            for order in [&["b", "a"][..], &["c"], &["b", "c", "a", "d"]] {
                let written: DocumentMut = ordered(text, order).parse().unwrap();
                let names: Vec<&str> =
                    written["order"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
                assert_eq!(names, order, "{text}");
            }
            assert!(!ordered(text, &[]).contains("order"), "{text}");
        }
        let lines = ordered("order = [\"a\", \"b\"] # x\n", &["b", "a"]);
        assert_eq!(lines, "order = [\n  \"b\",\n  \"a\",\n] # x\n");
    }
}
