//! JSON by structure: what is at each path, elements of lists by what they hold.
//!
//! A list is lined up by the content of its elements. Those left over are the same one moved, the same
//! one by its `id`, what stands there instead, or else removed and added.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Instant;

use similar::{Algorithm, DiffOp, capture_diff_slices_deadline};

use super::change::{Change, ChangeKind, ComparedAs, Comparison, Excerpt};
use super::json::{JsonKind, JsonText, unescaped};

/// Names of members that say which one an element of a list is.
const IDENTITIES: [&str; 6] = ["id", "_id", "uuid", "key", "name", "slug"];

/// What differs between two texts.
pub(super) fn compare(
    old: &JsonText<'_>,
    new: &JsonText<'_>,
    deadline: Option<Instant>,
) -> Comparison {
    let mut pair = Pair { old, new, deadline, found: Comparison::new(ComparedAs::Json) };
    pair.values(0, 0, "");
    pair.found
}

struct Pair<'a> {
    old: &'a JsonText<'a>,
    new: &'a JsonText<'a>,
    deadline: Option<Instant>,
    found: Comparison,
}

/// What became of an element of a list: its numbers in the old and the new one.
enum Element {
    Both(usize, usize),
    Moved(usize, usize),
    Removed(usize),
    Added(usize),
}

impl Pair<'_> {
    fn values(&mut self, old: usize, new: usize, path: &str) {
        let (before, now) = (self.old.node(old), self.new.node(new));
        if before.exact == now.exact {
            return;
        }
        match (before.kind, now.kind) {
            (JsonKind::Object, JsonKind::Object) => self.objects(old, new, path),
            (JsonKind::Array, JsonKind::Array) => self.arrays(old, new, path),
            (JsonKind::Text, JsonKind::Text)
                if unescaped(self.old.value(old)) == unescaped(self.new.value(new)) =>
            {
                self.changed(ChangeKind::Respelled, old, new, path);
            }
            _ => self.changed(ChangeKind::Changed, old, new, path),
        }
    }

    fn changed(&mut self, kind: ChangeKind, before: usize, now: usize, path: &str) {
        let [old, new] = Excerpt::pair(self.old.value(before), self.new.value(now));
        self.push(kind, path, old, new);
    }

    fn removed(&mut self, at: usize, path: &str) {
        self.push(ChangeKind::Removed, path, Some(Excerpt::of(self.old.value(at))), None);
    }

    fn added(&mut self, at: usize, path: &str) {
        self.push(ChangeKind::Added, path, None, Some(Excerpt::of(self.new.value(at))));
    }

    fn push(&mut self, kind: ChangeKind, path: &str, old: Option<Excerpt>, new: Option<Excerpt>) {
        let place = if path.is_empty() { "." } else { path };
        self.found.push(Change { kind, place: place.into(), old, new });
    }

    /// Members by name; of a name that is there several times the first is compared with the first.
    fn objects(&mut self, old: usize, new: usize, path: &str) {
        let mut left: HashMap<String, VecDeque<usize>> = HashMap::new();
        let before = self.old.children(old);
        let mut order_before: Vec<(String, usize)> = Vec::new();
        for member in &before {
            let of_name = left.entry(self.old.key(*member)).or_default();
            of_name.push_back(*member);
            order_before.push((self.old.key(*member), of_name.len()));
        }
        let mut met: HashMap<String, usize> = HashMap::new();
        let mut order_now = Vec::new();
        for member in self.new.children(new) {
            let key = self.new.key(member);
            let path = member_path(path, &key);
            let twin = left.get_mut(&key).and_then(VecDeque::pop_front);
            match twin {
                Some(twin) => {
                    let count = met.entry(key.clone()).or_default();
                    *count += 1;
                    order_now.push((key, *count));
                    self.values(twin, member, &path);
                }
                None => self.added(member, &path),
            }
        }
        let gone: std::collections::HashSet<usize> = left.into_values().flatten().collect();
        let mut stayed = Vec::new();
        for (member, name) in before.iter().zip(order_before) {
            if gone.contains(member) {
                self.removed(*member, &member_path(path, &name.0));
            } else {
                stayed.push(name);
            }
        }
        if stayed != order_now {
            self.push(ChangeKind::Reordered, path, None, None);
        }
    }

    fn arrays(&mut self, old: usize, new: usize, path: &str) {
        let (before, now) = (self.old.children(old), self.new.children(new));
        for element in self.line_up(&before, &now) {
            match element {
                Element::Both(old, new) => {
                    self.values(before[old], now[new], &element_path(path, new));
                }
                Element::Moved(old, new) => {
                    let [from, to] = [old, new].map(|at| format!("[{at}]"));
                    let [from, to] = [from, to].map(|at| Some(Excerpt::of(at.as_bytes())));
                    self.push(ChangeKind::Moved, &element_path(path, new), from, to);
                    self.values(before[old], now[new], &element_path(path, new));
                }
                Element::Removed(old) => self.removed(before[old], &element_path(path, old)),
                Element::Added(new) => self.added(now[new], &element_path(path, new)),
            }
        }
    }

    /// Which element is which, in the order they are told.
    fn line_up(&self, before: &[usize], now: &[usize]) -> Vec<Element> {
        let old: Vec<u64> = before.iter().map(|at| self.old.node(*at).content).collect();
        let new: Vec<u64> = now.iter().map(|at| self.new.node(*at).content).collect();
        let ops = capture_diff_slices_deadline(Algorithm::Myers, &old, &new, self.deadline);
        let mut twins: BTreeMap<usize, (usize, bool)> = BTreeMap::new();
        let (mut gone, mut come) = (Vec::new(), Vec::new());
        for op in &ops {
            if let DiffOp::Equal { old_index, new_index, len } = *op {
                twins.extend((0..len).map(|at| (new_index + at, (old_index + at, false))));
            } else {
                gone.extend(op.old_range());
                come.extend(op.new_range());
            }
        }
        pair_off(
            &mut gone,
            &mut come,
            |at| Some(old[at]),
            |at| Some(new[at]),
            |old, new| {
                twins.insert(new, (old, true));
            },
        );
        let (of_old, of_new) = (identity(self.old, before), identity(self.new, now));
        pair_off(&mut gone, &mut come, of_old, of_new, |old, new| {
            twins.insert(new, (old, false));
        });
        // What stands there instead, of the same run of changes.
        let (mut gone, mut come) = (gone.into_iter().peekable(), come.into_iter().peekable());
        let mut removed = Vec::new();
        for op in &ops {
            let (old_end, new_end) = (op.old_range().end, op.new_range().end);
            while let Some(old) = gone.next_if(|at| *at < old_end) {
                match come.next_if(|at| *at < new_end) {
                    Some(new) => drop(twins.insert(new, (old, false))),
                    None => removed.push(old),
                }
            }
            while come.next_if(|at| *at < new_end).is_some() {}
        }
        in_order(now.len(), &twins, &removed)
    }
}

/// The new list from its first element to its last, what was removed before what stood behind it.
fn in_order(len: usize, twins: &BTreeMap<usize, (usize, bool)>, gone: &[usize]) -> Vec<Element> {
    let mut gone = gone.iter().copied().peekable();
    let mut elements = Vec::with_capacity(len);
    for at in 0..len {
        let twin = twins.get(&at);
        if let Some((old, false)) = twin {
            while let Some(removed) = gone.next_if(|removed| removed < old) {
                elements.push(Element::Removed(removed));
            }
        }
        elements.push(match twin {
            Some((old, false)) => Element::Both(*old, at),
            Some((old, true)) => Element::Moved(*old, at),
            None => Element::Added(at),
        });
    }
    elements.extend(gone.map(Element::Removed));
    elements
}

/// Takes out of both lists what has the same name there, the first with the first.
fn pair_off<K: std::hash::Hash + Eq>(
    gone: &mut Vec<usize>,
    come: &mut Vec<usize>,
    of_old: impl Fn(usize) -> Option<K>,
    of_new: impl Fn(usize) -> Option<K>,
    mut found: impl FnMut(usize, usize),
) {
    let mut known: HashMap<K, VecDeque<usize>> = HashMap::new();
    for at in gone.iter() {
        if let Some(name) = of_old(*at) {
            known.entry(name).or_default().push_back(*at);
        }
    }
    let mut taken = std::collections::HashSet::new();
    come.retain(|at| {
        let twin = of_new(*at).and_then(|name| known.get_mut(&name)?.pop_front());
        if let Some(twin) = twin {
            taken.insert(twin);
            found(twin, *at);
        }
        twin.is_none()
    });
    gone.retain(|at| !taken.contains(at));
}

/// What says which one an element is: the first of [`IDENTITIES`] it has, with its plain value.
fn identity<'a>(
    text: &'a JsonText<'a>,
    elements: &'a [usize],
) -> impl Fn(usize) -> Option<(usize, &'a [u8])> {
    |at| {
        let element = *elements.get(at)?;
        if text.node(element).kind != JsonKind::Object {
            return None;
        }
        let members = text.children(element);
        let named = members.iter().filter_map(|member| {
            let key = text.key(*member);
            let rank = IDENTITIES.iter().position(|name| *name == key)?;
            let is_plain = matches!(text.node(*member).kind, JsonKind::Text | JsonKind::Word);
            is_plain.then(|| (rank, text.value(*member)))
        });
        named.min_by_key(|(rank, _)| *rank)
    }
}

/// `.users[2]`, or `.[2]` at the top, as jq writes it.
fn element_path(path: &str, at: usize) -> String {
    let dot = if path.is_empty() { "." } else { "" };
    format!("{path}{dot}[{at}]")
}

/// `.name`, or `["a name"]` where it is no word.
fn member_path(path: &str, key: &str) -> String {
    let is_word = !key.is_empty()
        && !key.starts_with(|c: char| c.is_ascii_digit())
        && key.chars().all(|c| c.is_alphanumeric() || c == '_');
    if is_word {
        format!("{path}.{key}")
    } else {
        let quoted = serde_json::to_string(key).unwrap_or_default();
        let dot = if path.is_empty() { "." } else { "" };
        format!("{path}{dot}[{quoted}]")
    }
}
