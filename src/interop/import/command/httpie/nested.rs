//! Names of JSON items that say where a value goes: `user[name]=Ann`, `tags[]=a`, `ids[2]:=5`.

use crate::interop::import::data::DataNode;

/// Brackets of one name.
const DEEPEST: usize = 32;
/// Elements that a number makes.
const ELEMENTS: usize = 1_000;

/// Puts a value where its name says; a name that says no place is one member.
pub(super) fn put(whole: &mut DataNode, name: &str, value: DataNode) {
    let path = parts(name).filter(|path| path.len() <= DEEPEST);
    let path = path.unwrap_or_else(|| vec![name.to_owned()]);
    let (first, rest) = path.split_first().map_or((name, &[][..]), |(first, rest)| (first, rest));
    member(whole, first, rest, value);
}

/// The parts of a name; `None` = its brackets say nothing.
fn parts(name: &str) -> Option<Vec<String>> {
    let (first, mut rest) = name.split_at(name.find('[')?);
    let mut parts = vec![first.to_owned()];
    while !rest.is_empty() {
        let (part, behind) = rest.strip_prefix('[')?.split_once(']')?;
        parts.push(part.to_owned());
        rest = behind;
    }
    (!first.is_empty()).then_some(parts)
}

fn member(into: &mut DataNode, name: &str, rest: &[String], value: DataNode) {
    if !matches!(into, DataNode::Map(_)) {
        *into = DataNode::Map(Vec::new());
    }
    let DataNode::Map(pairs) = into else { return };
    let at = pairs.iter().position(|(own, _)| &**own == name).unwrap_or_else(|| {
        pairs.push((name.into(), DataNode::Null));
        pairs.len() - 1
    });
    if let Some((_, found)) = pairs.get_mut(at) {
        below(found, rest, value);
    }
}

fn below(into: &mut DataNode, path: &[String], value: DataNode) {
    let Some((part, rest)) = path.split_first() else {
        *into = value;
        return;
    };
    let number = part.parse::<usize>().ok().filter(|number| *number < ELEMENTS);
    if !part.is_empty() && number.is_none() {
        return member(into, part, rest, value);
    }
    if !matches!(into, DataNode::List(_)) {
        *into = DataNode::List(Vec::new());
    }
    let DataNode::List(items) = into else { return };
    let at = number.unwrap_or(items.len());
    while items.len() <= at {
        items.push(DataNode::Null);
    }
    if let Some(found) = items.get_mut(at) {
        below(found, rest, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_where_their_values_go() {
        let mut whole = DataNode::Map(Vec::new());
        for (name, value) in [
            ("id", "1"),
            ("user[name]", "Ann"),
            ("user[tags][]", "a"),
            ("user[tags][]", "b"),
            ("ids[2]", "c"),
            ("odd[", "d"),
            ("[x]", "e"),
            ("far[5000]", "f"),
        ] {
            put(&mut whole, name, DataNode::from(value));
        }
        assert_eq!(
            whole.json(false),
            r#"{"id":"1","user":{"name":"Ann","tags":["a","b"]},"ids":[null,null,"c"],"odd[":"d","[x]":"e","far":{"5000":"f"}}"#
        );
    }
}
