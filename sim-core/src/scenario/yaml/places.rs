//! From the YAML library's marks to places, and places moved along a line.

use serde_saphyr::granit_parser::{Marker, Span};

use crate::scenario::problem::{Place, SourceId};
use crate::scenario::tree::{Entry, Node, Value};

pub(super) fn place_at(source: SourceId, marker: &Marker) -> Place {
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let (line, column) = (number(marker.line()).max(1), number(marker.col()).saturating_add(1));
    Place { source, line, column, width: 1 }
}

/// Where the tag of a value stands, which is before the value.
pub(super) fn tagged(source: SourceId, span: &Span, has_tag: bool) -> Option<Place> {
    span.tag_span().filter(|_| has_tag).map(|tag| place_of(source, &tag))
}

pub(super) fn place_of(source: SourceId, span: &Span) -> Place {
    let mut place = place_at(source, &span.start);
    if span.end.line() == span.start.line() {
        let width = span.end.col().saturating_sub(span.start.col()).max(1);
        place.width = u32::try_from(width).unwrap_or(u32::MAX);
    }
    place
}

pub(super) fn place_of_byte(source: SourceId, text: &str, at: usize) -> Place {
    let mut place = Place::start(source);
    let mut before = text[..at].chars().peekable();
    while let Some(c) = before.next() {
        place.column = place.column.saturating_add(1);
        if c == '\n' || (c == '\r' && before.peek() != Some(&'\n')) {
            place.line = place.line.saturating_add(1);
            place.column = 1;
        }
    }
    place
}

pub(super) fn shift_node(node: &mut Node, by: u32) {
    shift_place(&mut node.place, by);
    match &mut node.value {
        Value::List(items) => items.iter_mut().for_each(|item| shift_node(item, by)),
        Value::Map(entries) => {
            for Entry { key_place, node, .. } in entries {
                shift_place(key_place, by);
                shift_node(node, by);
            }
        }
        _ => {}
    }
}

pub(super) fn shift_place(place: &mut Place, by: u32) {
    if place.line == 1 {
        place.column = place.column.saturating_add(by);
    }
}
