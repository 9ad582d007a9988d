//! Where a run comes from: a scenario's text, and what was changed while it ran.

use std::sync::Arc;

use serde_json::{Value, json};
use sim_core::{NoFiles, Plan, Reading, append_events, read};

use crate::protocol::{Note, Part};

/// A scenario and the interventions in it.
#[derive(Clone)]
pub(super) struct Source {
    name: String,
    text: String,
    /// Events in order of time, in YAML.
    interventions: Vec<String>,
}

impl Source {
    /// A scenario as it was written.
    pub(super) fn new(name: &str, text: &str) -> Self {
        Source { name: name.to_owned(), text: text.to_owned(), interventions: Vec::new() }
    }

    /// The scenario's text, with the interventions among its events.
    pub(super) fn text(&self) -> String {
        // whatever was appended was read again before it was kept
        append_events(&self.text, &self.interventions).unwrap_or_else(|_| self.text.clone())
    }

    /// The same with an event more, which is handed back with its time (ns).
    pub(super) fn with(&self, event: &Value, at: u64) -> (Self, Value) {
        let mut whole = json!({ "at": format!("{at}ns") });
        if let (Some(whole), Some(event)) = (whole.as_object_mut(), event.as_object()) {
            whole.extend(event.clone());
        }
        let mut changed = self.clone();
        changed.interventions.push(whole.to_string());
        (changed, whole)
    }

    /// What it says, or what is wrong with it.
    pub(super) fn read(&self) -> Result<(Arc<Plan>, Vec<Note>), Vec<Note>> {
        let text = append_events(&self.text, &self.interventions).map_err(unable)?;
        let Reading { plan, problems, .. } = read(&self.name, &text, &[], &NoFiles);
        let notes: Vec<Note> = problems.iter().map(Note::of).collect();
        match plan {
            Some(plan) => Ok((Arc::new(plan), notes)),
            None => Err(notes),
        }
    }
}

fn unable(message: String) -> Vec<Note> {
    let (path, remedy) = ("events".to_owned(), String::new());
    vec![Note { code: "E012".to_owned(), error: true, line: None, path, message, remedy }]
}

/// The parts of a plan with their knobs.
pub(super) fn parts(plan: &Plan) -> Vec<Part> {
    let calls = |at: usize| plan.blueprint.calls.get(at).cloned().unwrap_or_default();
    let part = |(at, part): (usize, &sim_core::Part)| {
        let component = part.form.component();
        let path = match part.name.split_once(':') {
            Some((section, name)) => format!("{section}.{name}"),
            None if component == "users" => format!("users.{}", part.name),
            None => format!("nodes.{}", part.name),
        };
        Part {
            name: part.name.clone(),
            path,
            component: component.to_owned(),
            instances: part.prepared,
            form: part.form.to_json(),
            calls: calls(at),
        }
    };
    plan.blueprint.parts.iter().enumerate().map(part).collect()
}
