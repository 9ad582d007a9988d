//! Builds the tree from parser events, counting what it costs.

use std::collections::BTreeMap;

use serde_saphyr::granit_parser::{Event, ScalarStyle, Span, StructureStyle, Tag};

use super::places::{place_of, tagged};
use super::words::{bad, bad_merge, bad_tag, duplicate, too_deep};
use super::{Limits, scalar};
use crate::scenario::problem::{Code, Place, Problem, SourceId};
use crate::scenario::tree::{Entry, Node, Value};

type Outcome = Result<(), Box<Problem>>;

/// At most so many duplicate keys are reported.
const MOST_DUPLICATES: usize = 20;

pub(super) struct Builder {
    source: SourceId,
    limits: Limits,
    open: Vec<Open>,
    root: Option<Node>,
    documents: u32,
    nodes: usize,
    bytes: usize,
    anchors: BTreeMap<usize, Anchored>,
    duplicates: Vec<Problem>,
}

/// A list or map whose end has not come yet.
struct Open {
    node: Node,
    anchor: usize,
    block: bool,
    /// Totals before this collection, so that its own cost is known at its end.
    nodes_before: usize,
    bytes_before: usize,
    height: usize,
    key: Option<Key>,
    seen: BTreeMap<String, Place>,
    /// What `<<` brought; the map's own keys win.
    merged: Vec<Entry>,
}

struct Key {
    text: String,
    place: Place,
    merge: bool,
}

/// A named node and what a copy of it costs.
struct Anchored {
    node: Node,
    nodes: usize,
    bytes: usize,
    height: usize,
}

impl Builder {
    pub(super) fn new(source: SourceId, limits: Limits) -> Builder {
        Builder {
            source,
            limits,
            open: Vec::new(),
            root: None,
            documents: 0,
            nodes: 0,
            bytes: 0,
            anchors: BTreeMap::new(),
            duplicates: Vec::new(),
        }
    }

    pub(super) fn finish(self) -> (Option<Node>, Vec<Problem>) {
        (self.root, self.duplicates)
    }

    pub(super) fn take(&mut self, (event, span): (Event<'_>, Span)) -> Outcome {
        let place = place_of(self.source, &span);
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    let message = "not one YAML document but several";
                    return Err(bad(place, message, "remove everything from the second `---` on"));
                }
                Ok(())
            }
            Event::Scalar(text, style, anchor, tag) => {
                // The library writes `~` for a value that is not there at all.
                let absent = style == ScalarStyle::Plain && span.is_empty();
                let text = if absent { "" } else { &*text };
                let place = tagged(self.source, &span, tag.is_some()).unwrap_or(place);
                let node = self.scalar(text, style, tag.as_deref(), place)?;
                self.spend(1, text.len(), place)?;
                if anchor > 0 {
                    let copy =
                        Anchored { node: node.clone(), nodes: 1, bytes: text.len(), height: 0 };
                    self.spend(0, text.len(), place)?;
                    self.anchors.insert(anchor, copy);
                }
                self.add(node, style == ScalarStyle::Plain, 0)
            }
            Event::SequenceStart(style, anchor, tag) => {
                let place = tagged(self.source, &span, tag.is_some()).unwrap_or(place);
                self.begin(Value::List(Vec::new()), style, (anchor, tag.as_deref()), place)
            }
            Event::MappingStart(style, anchor, tag) => {
                let place = tagged(self.source, &span, tag.is_some()).unwrap_or(place);
                self.begin(Value::Map(Vec::new()), style, (anchor, tag.as_deref()), place)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Alias(id) => self.alias(id, place),
            _ => Ok(()),
        }
    }

    fn scalar(
        &self,
        text: &str,
        style: ScalarStyle,
        tag: Option<&Tag>,
        place: Place,
    ) -> Result<Node, Box<Problem>> {
        let is_text = match tag {
            None => style != ScalarStyle::Plain,
            Some(tag) => match tag.core_suffix() {
                Some("str") => true,
                Some("int" | "float" | "bool" | "null") => false,
                _ => return Err(bad_tag(place)),
            },
        };
        let value = if is_text { Value::Text(text.to_string()) } else { scalar::plain(text) };
        let raw = (!matches!(value, Value::Text(_))).then(|| text.to_string());
        Ok(Node { place, value, raw })
    }

    fn begin(
        &mut self,
        value: Value,
        style: StructureStyle,
        (anchor, tag): (usize, Option<&Tag>),
        place: Place,
    ) -> Outcome {
        if tag.is_some_and(|tag| !matches!(tag.core_suffix(), Some("map" | "seq"))) {
            return Err(bad_tag(place));
        }
        if self.open.len() >= self.limits.depth {
            return Err(Box::new(too_deep(place)));
        }
        let (nodes_before, bytes_before) = (self.nodes, self.bytes);
        self.spend(1, 0, place)?;
        self.open.push(Open {
            node: Node::new(Place { width: 1, ..place }, value),
            anchor,
            block: style == StructureStyle::Block,
            nodes_before,
            bytes_before,
            height: 0,
            key: None,
            seen: BTreeMap::new(),
            merged: Vec::new(),
        });
        Ok(())
    }

    fn end(&mut self) -> Outcome {
        let Some(mut done) = self.open.pop() else { return Ok(()) };
        if let Value::Map(entries) = &mut done.node.value {
            if let (true, Some(first)) = (done.block, entries.first()) {
                done.node.place = first.key_place;
            }
            for entry in done.merged {
                if !done.seen.contains_key(&entry.key) {
                    done.seen.insert(entry.key.clone(), entry.key_place);
                    entries.push(entry);
                }
            }
        }
        let height = done.height + 1;
        if done.anchor > 0 {
            let (nodes, bytes) = (self.nodes - done.nodes_before, self.bytes - done.bytes_before);
            // The kept copy is paid for too.
            self.spend(nodes, bytes, done.node.place)?;
            let node = done.node.clone();
            self.anchors.insert(done.anchor, Anchored { node, nodes, bytes, height });
        }
        self.add(done.node, false, height)
    }

    fn alias(&mut self, id: usize, place: Place) -> Outcome {
        let Some(found) = self.anchors.get(&id) else {
            let message = "not valid YAML: an alias stands inside the value that it names";
            return Err(bad(place, message, "write the value out"));
        };
        let (nodes, bytes, height) = (found.nodes, found.bytes, found.height);
        if self.open.len() + height > self.limits.depth {
            return Err(Box::new(too_deep(place)));
        }
        self.spend(nodes, bytes, place)?;
        let Some(copy) = self.anchors.get(&id).map(|found| found.node.clone()) else {
            return Ok(());
        };
        self.add(copy, false, height)
    }

    /// Counts before anything is copied, so that aliases of aliases cannot grow without bound.
    fn spend(&mut self, nodes: usize, bytes: usize, place: Place) -> Outcome {
        self.nodes = self.nodes.saturating_add(nodes);
        self.bytes = self.bytes.saturating_add(bytes);
        let (what, most) = if self.nodes > self.limits.nodes {
            ("values", self.limits.nodes)
        } else if self.bytes > self.limits.expanded_bytes {
            ("bytes of values", self.limits.expanded_bytes)
        } else {
            return Ok(());
        };
        let message = format!("more than {most} {what}, with aliases written out");
        let problem = Problem::new(Code::TooBig, "", message).at(place);
        let remedy = "use fewer aliases, or move long data into a CSV file";
        Err(Box::new(problem.with_remedy(remedy)))
    }

    /// Puts a finished node into the innermost open collection.
    fn add(&mut self, node: Node, plain: bool, height: usize) -> Outcome {
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        open.height = open.height.max(height);
        match (&mut open.node.value, open.key.take()) {
            (Value::List(items), _) => items.push(node),
            (Value::Map(_), None) => open.key = Some(key(node, plain)?),
            (Value::Map(_), Some(Key { merge: true, place, .. })) => {
                merge(&mut open.merged, node, place)?;
            }
            (Value::Map(entries), Some(Key { text, place, .. })) => {
                if let Some(first) = open.seen.get(&text) {
                    if self.duplicates.len() < MOST_DUPLICATES {
                        self.duplicates.push(duplicate(&text, *first, place));
                    }
                } else {
                    open.seen.insert(text.clone(), place);
                    entries.push(Entry { key: text, key_place: place, node });
                }
            }
            _ => {}
        }
        Ok(())
    }
}

fn key(node: Node, plain: bool) -> Result<Key, Box<Problem>> {
    let place = node.place;
    let text = match (node.raw, node.value) {
        (_, Value::Text(text)) => text,
        (Some(raw), Value::Bool(_) | Value::Int(_) | Value::Float(_)) => raw,
        (Some(raw), Value::Null) if !raw.is_empty() => raw,
        _ => {
            let message = "not valid here: a key must be a name";
            return Err(bad(place, message, "write `name: value`, and quote a name with brackets"));
        }
    };
    Ok(Key { merge: plain && text == "<<", text, place })
}

/// `<<: *base` or `<<: [*one, *two]`: earlier ones win.
fn merge(merged: &mut Vec<Entry>, node: Node, place: Place) -> Outcome {
    match node.value {
        Value::Map(entries) => merged.extend(entries),
        Value::List(items) => {
            for item in items {
                let Value::Map(entries) = item.value else { return Err(bad_merge(place)) };
                merged.extend(entries);
            }
        }
        _ => return Err(bad_merge(place)),
    }
    Ok(())
}
