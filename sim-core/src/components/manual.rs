//! The manual page of a component, from the schema of its form: every knob with type and default.
//!
//! Deriving it takes every form's schema, which a page must not carry: `schema/knobs.json` holds
//! what was derived, and a test keeps the two equal.

use std::sync::LazyLock;

use schemars::schema_for;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{CATALOGUE, Component, Form, FormReader, read_form};

/// Levels of nested forms that are listed.
const DEPTH: usize = 4;
/// What the house's own quantities look like.
const QUANTITIES: &[(&str, &str)] = &[
    ("Duration", "duration like 250ms"),
    ("Rate", "rate like 26/s"),
    ("Bytes", "size like 512MiB"),
    ("Share", "share like 30%"),
    ("LawSpec", "duration like 250ms, or a distribution like {exponential: 20ms}"),
    ("Target", "name of a node"),
    ("Service", "name of a service"),
    ("EndpointName", "name of an endpoint"),
    ("DataFile", "path of a file"),
    ("RecordedFile", "path of a file with a request a line"),
];

/// What a component is and which knobs it has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manual {
    /// Its name in scenarios.
    pub name: String,
    /// What it is, in one sentence.
    pub summary: String,
    /// Its knobs in the order of the form, nested ones after their parent.
    pub knobs: Vec<Knob>,
}

/// One field of a form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Knob {
    /// Path below the node, like `retry.backoff`.
    pub path: String,
    /// What can be written, in words: `whole number`, `one of fifo, lifo`, `list of ...`.
    pub kind: String,
    /// Whether it must be written.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
    /// Its default as JSON, where the form states one; others are told in `doc`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// What it means.
    pub doc: String,
}

struct Schema;

impl FormReader for Schema {
    type Out = Value;

    fn read<C: Component>(self, _wrap: fn(C::Spec) -> Form) -> Value {
        schema_for!(C::Spec).to_value()
    }
}

/// What was derived last.
static MANUALS: LazyLock<Vec<Manual>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../schema/knobs.json")).unwrap_or_default()
});

/// The manual of the component of that name.
#[must_use]
pub fn manual(name: &str) -> Option<&'static Manual> {
    MANUALS.iter().find(|manual| manual.name == name)
}

/// Every component's manual, derived anew from the forms: what `schema/knobs.json` is to hold.
#[must_use]
pub fn derived_manuals() -> Vec<Manual> {
    let one = |(name, summary): &(&str, &str)| {
        let root = read_form(name, Schema)?;
        let mut knobs = Vec::new();
        Reader { root: &root }.fields(&root, "", DEPTH, &mut knobs);
        Some(Manual { name: (*name).to_owned(), summary: (*summary).to_owned(), knobs })
    };
    CATALOGUE.iter().filter_map(one).collect()
}

struct Reader<'a> {
    root: &'a Value,
}

impl<'a> Reader<'a> {
    /// The definition behind a reference, and the one alternative beside null.
    fn resolved(&self, mut schema: &'a Value) -> &'a Value {
        for _ in 0..8 {
            if let Some(name) = schema["$ref"].as_str() {
                let path = name.trim_start_matches('#');
                let Some(found) = self.root.pointer(path) else { break };
                schema = found;
                continue;
            }
            match real_choices(schema) {
                Some(all) if all.len() == 1 => schema = all[0],
                _ => break,
            }
        }
        schema
    }

    fn fields(&self, schema: &'a Value, above: &str, depth: usize, knobs: &mut Vec<Knob>) {
        let none = Map::new();
        let required = schema["required"].as_array();
        for (name, field) in schema["properties"].as_object().unwrap_or(&none) {
            let path = if above.is_empty() { name.clone() } else { format!("{above}.{name}") };
            if knobs.iter().any(|known| known.path == path) {
                continue;
            }
            let target = self.resolved(field);
            // one of several forms, told by its only field, says what it is itself
            let own = schema["properties"].as_object().is_some_and(|all| all.len() == 1);
            let form = schema["description"].as_str().filter(|_| own);
            let doc = field["description"].as_str().or(form).or(target["description"].as_str());
            let default = field.get("default").filter(|default| !default.is_null());
            knobs.push(Knob {
                kind: self.kind(field, 2),
                required: required.is_some_and(|all| all.iter().any(|known| known == name)),
                default: default.map(plain),
                doc: doc.unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" "),
                path: path.clone(),
            });
            let law = self.quantity(field).is_some();
            if depth > 1 && !law {
                self.nested(target, &path, depth - 1, knobs);
            }
            // what a list holds is listed once: the lists in there are often the same again
            if depth > DEPTH - 2 && !law && target["items"].is_object() {
                let items = self.resolved(&target["items"]);
                let inside = depth.min(DEPTH - 1) - 1;
                self.nested(items, &path, inside, knobs);
            }
        }
    }

    /// The fields of every form that a schema allows; of several forms none has to be written.
    fn nested(&self, schema: &'a Value, path: &str, depth: usize, knobs: &mut Vec<Knob>) {
        let all = real_choices(schema).unwrap_or_else(|| vec![schema]);
        let several = all.len() > 1;
        let before = knobs.len();
        for form in all.into_iter().map(|one| self.resolved(one)) {
            self.fields(form, path, depth, knobs);
        }
        let direct = |knob: &&mut Knob| !knob.path[path.len() + 1..].contains('.');
        knobs[before..].iter_mut().filter(direct).for_each(|knob| knob.required &= !several);
    }

    /// Definitions of the house's own quantities, which are text or numbers to a schema.
    fn quantity(&self, mut schema: &'a Value) -> Option<&'static str> {
        for _ in 0..8 {
            let definition = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next());
            let known = QUANTITIES.iter().find(|(name, _)| Some(*name) == definition);
            if let Some((_, words)) = known {
                return Some(words);
            }
            match (definition, real_choices(schema)) {
                (Some(_), _) => {
                    schema = self.root.pointer(schema["$ref"].as_str()?.trim_start_matches('#'))?
                }
                (None, Some(all)) if all.len() == 1 => schema = all[0],
                _ => return None,
            }
        }
        None
    }

    /// What can be written, in words.
    fn kind(&self, schema: &'a Value, depth: usize) -> String {
        let target = self.resolved(schema);
        if let Some(quantity) = self.quantity(schema) {
            return quantity.to_owned();
        }
        if let Some(words) = choices(target) {
            return format!("one of {}", words.join(", "));
        }
        if let Some(all) = real_choices(target) {
            let mut kinds: Vec<String> = Vec::new();
            for kind in all.iter().map(|choice| self.kind(choice, depth.saturating_sub(1))) {
                if !kinds.contains(&kind) {
                    kinds.push(kind);
                }
            }
            return if depth == 0 { "a form".to_owned() } else { kinds.join(", or ") };
        }
        match target["type"].as_str().or_else(|| target["type"][0].as_str()) {
            Some("integer") => "whole number".to_owned(),
            Some("number") => "number".to_owned(),
            Some("boolean") => "true or false".to_owned(),
            Some("string") => target["title"].as_str().map_or("text".to_owned(), str::to_lowercase),
            Some("array") if depth > 0 => {
                format!("list of: {}", self.kind(&target["items"], depth - 1))
            }
            Some("object") if target["additionalProperties"].is_object() && depth > 0 => {
                format!("map of: {}", self.kind(&target["additionalProperties"], depth - 1))
            }
            Some("array") => "list".to_owned(),
            Some("object") => form_of(target),
            _ => "text or number".to_owned(),
        }
    }
}

/// `{mean: ..., p99: ...}` in the words of its fields.
fn form_of(schema: &Value) -> String {
    let none = Map::new();
    let fields = schema["properties"].as_object().unwrap_or(&none);
    let names: Vec<&str> = fields.keys().map(String::as_str).collect();
    if names.is_empty() { "map".to_owned() } else { format!("{{{}}}", names.join(", ")) }
}

/// The alternatives of a schema that are not null.
fn real_choices(schema: &Value) -> Option<Vec<&Value>> {
    let all = schema["anyOf"].as_array().or(schema["oneOf"].as_array())?;
    Some(all.iter().filter(|choice| choice["type"] != "null").collect())
}

/// The words of a schema that takes one of a list of words.
fn choices(schema: &Value) -> Option<Vec<String>> {
    if let Some(words) = schema["enum"].as_array() {
        return Some(words.iter().filter(|word| !word.is_null()).map(plain).collect());
    }
    let all = schema["oneOf"].as_array()?;
    let word = |choice: &Value| choice.get("const").or_else(|| choice["enum"].get(0)).map(plain);
    all.iter().map(word).collect()
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_component_has_a_manual_with_documented_knobs() {
        for (name, summary) in CATALOGUE {
            let manual = manual(name).expect("cargo xtask schema derives it");
            assert!(!manual.knobs.is_empty() && !summary.is_empty(), "{name}");
            for knob in &manual.knobs {
                assert!(!knob.doc.is_empty() && !knob.kind.is_empty(), "{name}: {knob:?}");
            }
        }
        assert_eq!(manual("no such thing"), None);
    }

    #[test]
    fn nested_knobs_have_paths_kinds_and_defaults() {
        let users = manual("users").unwrap();
        let knob = |path: &str| users.knobs.iter().find(|knob| knob.path == path).unwrap();
        assert!(knob("enter").required && !knob("patience").required);
        assert_eq!(knob("retry.backoff").kind, "duration like 250ms");
        assert_eq!(knob("enter").kind, "name of a node");
        assert_eq!(knob("retry.attempts").kind, "whole number");
        assert_eq!(knob("retry.jitter").kind, "one of none, full, equal, around, decorrelated");
        let pool = manual("worker-pool").unwrap();
        let order = pool.knobs.iter().find(|knob| knob.path == "order").unwrap();
        assert_eq!(order.default.as_deref(), Some("fifo"));
        let step = |path: &str| pool.knobs.iter().find(|knob| knob.path == path);
        assert_eq!(step("steps.cached.in").unwrap().kind, "name of a node");
        assert_eq!(step("steps.query.kind").unwrap().kind, "name of an endpoint");
        let cpu = step("steps.cpu").unwrap();
        assert!(cpu.doc.starts_with("Computes") && !cpu.required);
        assert!(step("steps.call.to").unwrap().required);
        assert_eq!(step("steps.cached.otherwise.cpu"), None);
        assert!(users.knobs.iter().any(|knob| knob.path == "arrivals.peaks.hold"));
    }
}
