//! The JSON Schema (draft-07) of a scenario, for editors: derived from the forms.

use schemars::generate::{SchemaGenerator, SchemaSettings};
use serde_json::{Value, json};

use super::spec::ScenarioForm;
use super::uncertain::SECTIONS;
use super::{machines, models};
use crate::components::{CATALOGUE, Component, Form, FormReader, read_form};

struct SchemaOf<'a>(&'a mut SchemaGenerator);

impl FormReader for SchemaOf<'_> {
    type Out = Value;

    fn read<C: Component>(self, _wrap: fn(C::Spec) -> Form) -> Value {
        let mut schema = self.0.root_schema_for::<C::Spec>().to_value();
        if let Some(map) = schema.as_object_mut() {
            map.remove("$schema");
            map.remove("definitions");
        }
        schema
    }
}

/// The schema of a component's form.
fn form(name: &str, generator: &mut SchemaGenerator) -> Value {
    read_form(name, SchemaOf(generator)).unwrap_or_default()
}

/// A form that says by a field which component it is.
fn named(name: &str, summary: &str, mut form: Value) -> Value {
    if let Some(map) = form.as_object_mut() {
        map.insert("title".to_owned(), json!(name));
        map.insert("description".to_owned(), json!(summary));
        let properties = map.entry("properties").or_insert_with(|| json!({}));
        if let Some(properties) = properties.as_object_mut() {
            properties.insert("component".to_owned(), json!({ "const": name }));
            properties.extend(rent());
        }
        let required = map.entry("required").or_insert_with(|| json!([]));
        if let Some(required) = required.as_array_mut() {
            required.push(json!("component"));
        }
    }
    form
}

/// A node by model: the model's own values stand for what is left out.
fn by_model() -> Value {
    let mut form = json!({
        "title": "model",
        "description": "A component with calibrated numbers; fields written here win.",
        "type": "object",
        "properties": { "model": { "enum": models::names() } },
        "required": ["model"],
    });
    if let Some(properties) = form["properties"].as_object_mut() {
        properties.extend(rent());
    }
    form
}

/// What every node may say: the machine of an instance, and its price.
fn rent() -> [(String, Value); 2] {
    let names: Vec<String> = machines::all().into_iter().map(|machine| machine.name).collect();
    let machine = json!({
        "description": "The machine type of an instance: its cores, memory and price.",
        "enum": names,
    });
    let price = json!({
        "description": "What an instance costs, like `0.10 USD/h` or `72 USD/month`.",
        "type": "string",
    });
    [("machine".to_owned(), machine), ("price".to_owned(), price)]
}

/// The form of a part that looks after a service, which its key names.
fn over_service(name: &str, generator: &mut SchemaGenerator) -> Value {
    let mut form = form(name, generator);
    if let Some(required) = form.get_mut("required").and_then(Value::as_array_mut) {
        required.retain(|field| field != "service");
    }
    form
}

/// A section of parts by name, all of one shape.
fn section(of: Value, about: &str) -> Value {
    json!({ "type": "object", "description": about, "additionalProperties": of })
}

/// The JSON Schema of a scenario.
#[must_use]
pub fn schema() -> Value {
    let mut generator = SchemaSettings::draft07().into_generator();
    let mut nodes = vec![by_model()];
    for &(name, summary) in CATALOGUE {
        if !["users", "step-autoscaler", "supervisor"].contains(&name) {
            nodes.push(named(name, summary, form(name, &mut generator)));
        }
    }
    let users = form("users", &mut generator);
    let scaler = over_service("step-autoscaler", &mut generator);
    let supervisor = over_service("supervisor", &mut generator);
    let mut root = generator.root_schema_for::<ScenarioForm>().to_value();
    let definitions = Value::Object(generator.take_definitions(true));
    if let Some(map) = root.as_object_mut() {
        if let Some(properties) = map.get_mut("properties").and_then(Value::as_object_mut) {
            let about = "Groups of users by name.";
            properties.insert("users".to_owned(), section(users, about));
            let about = "Nodes by name, each a component or a model.";
            properties.insert("nodes".to_owned(), section(json!({ "oneOf": nodes }), about));
            let about = "Step autoscaling rules by the service that they scale.";
            properties.insert("autoscale".to_owned(), section(scaler, about));
            let about = "Supervisors by the service whose instances they start again.";
            properties.insert("supervise".to_owned(), section(supervisor, about));
        }
        map.insert("definitions".to_owned(), definitions);
    }
    for section in SECTIONS {
        root.pointer_mut(&format!("/properties/{section}")).map(widen);
    }
    root.pointer_mut("/definitions").map(widen);
    root
}

/// A number and what it may differ by, like `6ms +-20%`.
const LIMITS: &str = "^[0-9][0-9_.]* ?[^0-9+\u{b1}]*(\\+-|\u{b1}|\\+/-) ?[0-9][0-9_.]* ?[^0-9]*$";

/// Lets every quantity be written with limits.
fn widen(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(widen),
        Value::Object(map) => {
            let kind = map.get("type").and_then(Value::as_str).map(str::to_owned);
            if let Some(kind) = kind.filter(|kind| ["integer", "number"].contains(&kind.as_str()))
                && !map.contains_key("const")
            {
                map.insert("type".to_owned(), json!([kind, "string"]));
                map.insert("pattern".to_owned(), json!(LIMITS));
            }
            let choices = map.get_mut("anyOf").and_then(Value::as_array_mut);
            if let Some(choices) =
                choices.filter(|all| all.iter().any(|one| one.get("pattern").is_some()))
            {
                choices.push(json!({ "type": "string", "pattern": LIMITS }));
            }
            map.values_mut().for_each(widen);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_may_be_written_with_limits_and_names_may_not() {
        let schema = schema();
        let workers = schema.pointer("/properties/nodes/additionalProperties/oneOf");
        let forms = workers.and_then(Value::as_array).unwrap().iter();
        let mut forms = forms.filter(|form| form["title"] == "worker-pool");
        let fields = &forms.next().unwrap()["properties"];
        assert_eq!(fields["workers"]["pattern"], LIMITS);
        assert!(fields["database"].get("pattern").is_none_or(|pattern| pattern != LIMITS));
        let rate = &schema["definitions"]["Rate"]["anyOf"];
        assert!(rate.as_array().unwrap().iter().any(|choice| choice["pattern"] == LIMITS));
        assert!(schema["properties"]["seed"].get("pattern").is_none());
    }
}
