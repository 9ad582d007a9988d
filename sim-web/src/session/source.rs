//! Where a run comes from: a scenario's text, and what was changed while it ran.

use std::sync::Arc;

use serde_json::{Value, json};
use sim_core::{Duration, NoFiles, Plan, Reading, append_events, read};

use crate::protocol::{Note, Part, Subject};

/// A scenario and the interventions in it.
#[derive(Clone)]
pub(crate) struct Source {
    name: String,
    text: String,
    /// Events with their times in whole nanoseconds.
    changes: Vec<Value>,
}

impl Source {
    /// A scenario as it was written.
    pub(super) fn new(name: &str, text: &str) -> Self {
        Source { name: name.to_owned(), text: text.to_owned(), changes: Vec::new() }
    }

    /// What is studied.
    pub(crate) fn of(subject: &Subject) -> Self {
        let Subject { name, text, changes } = subject;
        Source::new(name, text).changed(changes.clone())
    }

    /// What is to be said of it, and its parts if it can be played.
    pub(super) fn check(&self) -> (Vec<Note>, Option<Vec<Part>>) {
        match self.read() {
            Ok((plan, notes)) => (notes, Some(parts(&plan))),
            Err(notes) => (notes, None),
        }
    }

    /// The scenario's text, with the interventions among its events.
    pub(super) fn text(&self) -> String {
        // whatever was appended was read again before it was kept
        self.appended().unwrap_or_else(|_| self.text.clone())
    }

    /// The interventions.
    pub(super) fn changes(&self) -> &[Value] {
        &self.changes
    }

    /// The same with an event more, which is handed back with its time (ns).
    pub(super) fn with(&self, event: &Value, at: u64) -> (Self, Value) {
        let whole = timed(event, &format!("{at}ns"));
        let mut changed = self.clone();
        changed.changes.push(whole.clone());
        (changed, whole)
    }

    /// The same with other interventions, in order of time. A time that is none stays as it is:
    /// who reads it says what is wrong with it.
    pub(super) fn changed(&self, changes: Vec<Value>) -> Self {
        let time = |event: &Value| event["at"].as_str()?.parse::<Duration>().ok();
        let whole = |event: Value| match time(&event) {
            Some(at) => timed(&event, &format!("{}ns", at.nanos())),
            None => event,
        };
        let mut changes: Vec<Value> = changes.into_iter().map(whole).collect();
        changes.sort_by_key(|event| time(event).map(Duration::nanos));
        Source { changes, ..self.clone() }
    }

    fn appended(&self) -> Result<String, String> {
        let lines: Vec<String> = self.changes.iter().map(Value::to_string).collect();
        append_events(&self.text, &lines)
    }

    /// What it says, or what is wrong with it.
    pub(crate) fn read(&self) -> Result<(Arc<Plan>, Vec<Note>), Vec<Note>> {
        let text = self.appended().map_err(unable)?;
        let Reading { plan, problems, .. } = read(&self.name, &text, &[], &NoFiles);
        let notes: Vec<Note> = problems.iter().map(Note::of).collect();
        match plan {
            Some(plan) => Ok((Arc::new(plan), notes)),
            None => Err(notes),
        }
    }
}

/// An event at a time, which stands first.
fn timed(event: &Value, at: &str) -> Value {
    let mut whole = json!({ "at": at });
    if let (Some(whole), Some(event)) = (whole.as_object_mut(), event.as_object()) {
        whole.extend(event.clone().into_iter().filter(|(key, _)| key != "at"));
    }
    whole
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
