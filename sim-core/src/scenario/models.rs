//! Models: components with calibrated numbers, each with unit and source, shipped as YAML files.

use super::problem::{Code, Problem, SourceId, Sources};
use super::tree::{Entry, Node, Value};
use super::yaml;

include!(concat!(env!("OUT_DIR"), "/models.rs"));

/// Names of all shipped models, in order.
#[must_use]
pub fn names() -> Vec<&'static str> {
    MODELS.iter().map(|(name, _)| *name).collect()
}

/// The text of a model's file.
#[must_use]
pub fn text(name: &str) -> Option<&'static str> {
    MODELS.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// A model read: its component's name and its values as a form.
pub(super) struct Model {
    pub(super) component: String,
    pub(super) form: Node,
}

/// Reads a model. Each of its values stands under `values` with its source beside it.
pub(super) fn load(name: &str, sources: &mut Sources) -> Result<Model, Vec<Problem>> {
    let text = text(name).unwrap_or_default();
    let source = sources.add(format!("models/{name}.yaml"), text);
    let root = yaml::parse(source, text, yaml::Limits::default())?;
    let component = root.get("component").and_then(Node::as_text).unwrap_or_default().to_owned();
    let mut form = Node::empty_map(root.place);
    if let (Some(values), Value::Map(entries)) = (root.get("values"), &mut form.value) {
        for entry in values.entries() {
            let Some(value) = entry.node.get("value") else {
                return Err(vec![unsourced(&entry.key, source)]);
            };
            entries.push(Entry { node: value.clone(), ..entry.clone() });
        }
    }
    Ok(Model { component, form })
}

fn unsourced(key: &str, _source: SourceId) -> Problem {
    Problem::new(Code::UnknownModel, key, "a model's value has no value field")
        .with_remedy("write {value: ..., source: ...}")
}
