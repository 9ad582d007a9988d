//! A scenario as a tree of values that know where they were written.

mod json;
mod path;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use super::problem::{Code, Place, Problem};
use crate::engine::chance::Family;

pub use json::{from_json, to_json};
pub(crate) use path::push_step;
pub use path::{PathError, Step, parse_path, show_path};

/// A value and its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Where the value starts; for a block map that is its first key.
    pub place: Place,
    /// What it is.
    pub value: Value,
    /// A number, truth value or null as it was written (`1_000`), to show it as written.
    pub raw: Option<String>,
}

/// What a node holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing: `~`, `null`, or simply nothing after the colon.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number; wide enough that every `u64` (a seed) and every `i64` is exact.
    Int(i128),
    /// Any other number, always finite.
    Float(f64),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A map in the order of the file, without duplicate keys.
    Map(Vec<Entry>),
}

/// A named value in a map.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The name.
    pub key: String,
    /// Where the name stands.
    pub key_place: Place,
    /// What it names.
    pub node: Node,
}

impl Node {
    /// A value at a place.
    #[must_use]
    pub fn new(place: Place, value: Value) -> Node {
        Node { place, value, raw: None }
    }

    /// A text at a place.
    #[must_use]
    pub fn text(place: Place, text: impl Into<String>) -> Node {
        Node::new(place, Value::Text(text.into()))
    }

    /// A map without entries, to be filled with [`Node::set`].
    #[must_use]
    pub fn empty_map(place: Place) -> Node {
        Node::new(place, Value::Map(Vec::new()))
    }

    /// The entries, if this is a map.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        if let Value::Map(entries) = &self.value { entries } else { &[] }
    }

    /// The items, if this is a list.
    #[must_use]
    pub fn items(&self) -> &[Node] {
        if let Value::List(items) = &self.value { items } else { &[] }
    }

    /// The text, if this is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        if let Value::Text(text) = &self.value { Some(text) } else { None }
    }

    /// The entry `key` of a map.
    #[must_use]
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    /// The node at a dotted path, if the path is well formed and leads somewhere.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&Node> {
        parse_path(path).ok()?.iter().try_fold(self, |node, step| node.step(step))
    }

    /// The node one step further.
    #[must_use]
    pub fn step(&self, step: &Step) -> Option<&Node> {
        match step {
            Step::Key(key) => self.entry(key).map(|entry| &entry.node),
            Step::Index(index) => self.items().get(*index),
        }
    }

    /// Takes the entry `key` out of a map, for what is read apart from the rest.
    pub fn take(&mut self, key: &str) -> Option<Entry> {
        let Value::Map(entries) = &mut self.value else { return None };
        let at = entries.iter().position(|entry| entry.key == key)?;
        Some(entries.remove(at))
    }

    /// Puts `node` at a dotted path, replacing what is there. Maps that are missing on the way
    /// are made; the index of a list may be one past its end, which appends.
    ///
    /// # Errors
    /// [`Code::BadPath`] when the path is malformed or runs through a value that has no inside;
    /// the place is that of `node`, whoever asked for it. The tree is then not to be used further.
    pub fn set(&mut self, path: &str, node: Node) -> Result<(), Box<Problem>> {
        let place = node.place;
        let steps = parse_path(path).map_err(|error| {
            Box::new(
                Problem::new(Code::BadPath, path, error.message)
                    .at(place)
                    .with_value(path)
                    .with_remedy(error.remedy),
            )
        })?;
        let mut here = self;
        for (depth, step) in steps.iter().enumerate() {
            here = here.enter(step, place).map_err(|why| {
                let (done, whole) = (show_path(&steps[..depth]), show_path(&steps));
                let done = if done.is_empty() { "the top level" } else { &done };
                let message = format!("{whole} leads nowhere: {done} {}", why.message);
                let problem = Problem::new(Code::BadPath, path, message).at(place);
                Box::new(problem.with_value(path).with_remedy(why.remedy))
            })?;
        }
        *here = node;
        Ok(())
    }

    /// The child that `step` names, made if need be.
    fn enter(&mut self, step: &Step, place: Place) -> Result<&mut Node, PathError> {
        if self.value == Value::Null {
            self.raw = None;
            self.value = match step {
                Step::Key(_) => Value::Map(Vec::new()),
                Step::Index(_) => Value::List(Vec::new()),
            };
        }
        let shown = self.describe();
        let mixed = self.has_several_sources();
        match (&mut self.value, step) {
            (Value::Map(entries), Step::Key(key)) => {
                let found = entries.iter().position(|entry| entry.key == *key);
                if found.is_none() || mixed {
                    // Whoever spoke last owns the map: see `overlay`.
                    self.place = place;
                }
                let at = found.unwrap_or_else(|| {
                    let node = Node::new(place, Value::Null);
                    entries.push(Entry { key: key.clone(), key_place: place, node });
                    entries.len() - 1
                });
                if mixed {
                    entries[at].key_place = place;
                }
                Ok(&mut entries[at].node)
            }
            (Value::List(items), Step::Index(index)) => {
                if *index == items.len() {
                    items.push(Node::new(place, Value::Null));
                }
                let count = items.len();
                items.get_mut(*index).ok_or_else(|| PathError {
                    message: format!("is a list of {count}"),
                    remedy: format!("use an index from 0 to {count}"),
                })
            }
            (Value::List(_), Step::Key(_)) => {
                Err(PathError::new("is a list", "name one of its items, like [0]"))
            }
            (_, Step::Index(_)) => Err(PathError {
                message: format!("is {shown}, not a list"),
                remedy: "leave out the [index]".to_string(),
            }),
            (_, Step::Key(_)) => Err(PathError {
                message: format!("is {shown}, which has no fields"),
                remedy: "end the path there, or set the whole value".to_string(),
            }),
        }
    }

    fn has_several_sources(&self) -> bool {
        self.entries().windows(2).any(|two| two[0].key_place.source != two[1].key_place.source)
    }

    /// The value as written, shortened; a text is quoted.
    #[must_use]
    pub fn shown(&self) -> String {
        match (&self.raw, &self.value) {
            (Some(raw), _) if !raw.is_empty() => shorten(raw),
            (_, Value::Null) => "null".to_string(),
            (_, Value::Bool(value)) => value.to_string(),
            (_, Value::Int(value)) => value.to_string(),
            (_, Value::Float(value)) => value.to_string(),
            (_, Value::Text(text)) => format!("{:?}", shorten(text)),
            (_, Value::List(_)) => "[...]".to_string(),
            (_, Value::Map(_)) => "{...}".to_string(),
        }
    }

    /// The value as part of a sentence: `the text "six"`, `a list`, `6`.
    #[must_use]
    pub fn describe(&self) -> String {
        match &self.value {
            Value::Null => "empty".to_string(),
            Value::Text(_) => format!("the text {}", self.shown()),
            Value::List(_) => "a list".to_string(),
            Value::Map(_) => "a map".to_string(),
            Value::Bool(_) | Value::Int(_) | Value::Float(_) => self.shown(),
        }
    }
}

fn shorten(text: &str) -> String {
    const MOST: usize = 60;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_string(),
    }
}

/// `over` laid on `base`: maps merge key by key, everything else is replaced (lists too).
///
/// Every value keeps its own place, so that a message points into the file at fault. A merged
/// map takes the place of `over`: it tells the decoder which of two variants of one choice was
/// chosen last (`think: {fixed: 2s}` laid on `think: {exponential: 8s}` means the former).
#[must_use]
pub fn overlay(base: &Node, over: &Node) -> Node {
    let (Value::Map(below), Value::Map(above)) = (&base.value, &over.value) else {
        return over.clone();
    };
    if let ([one], [other]) = (&below[..], &above[..])
        && one.key != other.key
        && [one, other].iter().all(|entry| Family::NAMES.contains(&entry.key.as_str()))
    {
        // another distribution, not a second one
        return over.clone();
    }
    let mut merged = below.clone();
    // An index, since a map may have as many keys as a file has room for.
    let at: BTreeMap<&str, usize> = below.iter().map(|e| e.key.as_str()).zip(0..).collect();
    for entry in above {
        match at.get(entry.key.as_str()).and_then(|at| merged.get_mut(*at)) {
            Some(other) => {
                other.node = overlay(&other.node, &entry.node);
                other.key_place = entry.key_place;
            }
            None => merged.push(entry.clone()),
        }
    }
    Node::new(over.place, Value::Map(merged))
}
