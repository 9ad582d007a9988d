//! Trees to JSON and back: for share links, recorded interventions and the page.

use serde_json::{Map, Number, Value as Json};

use super::{Entry, Node, Value};
use crate::scenario::problem::Place;

/// The tree without its places. Whole numbers beyond 64 bits, which YAML cannot yield, become
/// floats.
#[must_use]
pub fn to_json(node: &Node) -> Json {
    match &node.value {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Int(value) => match (u64::try_from(*value), i64::try_from(*value)) {
            (Ok(value), _) => Json::from(value),
            (_, Ok(value)) => Json::from(value),
            _ => Json::from(*value as f64),
        },
        Value::Float(value) => Number::from_f64(*value).map_or(Json::Null, Json::Number),
        Value::Text(text) => Json::String(text.clone()),
        Value::List(items) => Json::Array(items.iter().map(to_json).collect()),
        Value::Map(entries) => Json::Object(
            entries.iter().map(|entry| (entry.key.clone(), to_json(&entry.node))).collect(),
        ),
    }
}

/// A tree that stands wholly at `place`, since JSON knows none.
#[must_use]
pub fn from_json(json: &Json, place: Place) -> Node {
    let value = match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => from_number(number),
        Json::String(text) => Value::Text(text.clone()),
        Json::Array(items) => {
            Value::List(items.iter().map(|item| from_json(item, place)).collect())
        }
        Json::Object(fields) => Value::Map(from_fields(fields, place)),
    };
    Node::new(place, value)
}

fn from_fields(fields: &Map<String, Json>, place: Place) -> Vec<Entry> {
    fields
        .iter()
        .map(|(key, json)| Entry {
            key: key.clone(),
            key_place: place,
            node: from_json(json, place),
        })
        .collect()
}

fn from_number(number: &Number) -> Value {
    match (number.as_u64(), number.as_i64()) {
        (Some(value), _) => Value::Int(value.into()),
        (_, Some(value)) => Value::Int(value.into()),
        _ => Value::Float(number.as_f64().unwrap_or_default()),
    }
}
