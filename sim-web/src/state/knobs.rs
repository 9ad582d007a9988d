//! What can be turned on a part while it runs, as its component's own form says.

use serde_json::Value;
use sim_core::{Knob, manual};

use crate::protocol::Part;

/// A knob as the page shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// Its place in the scenario, like `nodes.web.pool.size`.
    pub path: String,
    /// Its name below the part.
    pub name: String,
    /// What it means.
    pub doc: String,
    /// What can be set.
    pub kind: Kind,
    /// What it is set to, as a scenario would say it; empty where nothing says it.
    pub value: String,
}

/// What can be set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One of these words.
    Choice(Vec<String>),
    /// A value of this form, in words.
    Text(String),
}

/// Kinds of knobs, by how the manual begins to describe them, that are one value each.
const PLAIN: [&str; 10] = [
    "whole number",
    "number",
    "duration",
    "rate",
    "size",
    "share",
    "true or false",
    "one of ",
    "text or number",
    "condition",
];

/// The knobs of a part that are one value each, in the order of its manual.
#[must_use]
pub fn settings(part: &Part) -> Vec<Setting> {
    let knobs = manual(&part.component).map_or(&[][..], |manual| &manual.knobs);
    knobs.iter().filter_map(|knob| setting(part, knob)).collect()
}

fn setting(part: &Part, knob: &Knob) -> Option<Setting> {
    if !PLAIN.iter().any(|kind| knob.kind.starts_with(kind)) {
        return None;
    }
    let stated = stated(&part.form, &knob.path)?;
    let value = match stated {
        Value::Null => knob.default.clone().unwrap_or_default(),
        Value::Object(_) | Value::Array(_) => return None,
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let kind = match (knob.kind.strip_prefix("one of "), &knob.kind[..]) {
        (Some(words), _) if !words.contains(", or ") => {
            Kind::Choice(words.split(", ").map(str::to_owned).collect())
        }
        (_, "true or false") => Kind::Choice(vec!["true".to_owned(), "false".to_owned()]),
        _ => Kind::Text(knob.kind.clone()),
    };
    let (name, doc) = (knob.path.clone(), knob.doc.replace('`', ""));
    Some(Setting { path: format!("{}.{name}", part.path), name, doc, kind, value })
}

/// What the form says at a path: nothing where a part of it is not there to be set.
fn stated<'a>(form: &'a Value, path: &str) -> Option<&'a Value> {
    let mut here = form;
    let mut steps = path.split('.').peekable();
    while let Some(step) = steps.next() {
        match here.get(step) {
            Some(next) => here = next,
            None if steps.peek().is_none() && here.is_object() => return Some(&Value::Null),
            None => return None,
        }
    }
    Some(here)
}

/// What somebody typed as a value: a number or a truth where it is one, else text.
#[must_use]
pub fn typed(text: &str) -> Value {
    let text = text.trim();
    match serde_json::from_str(text) {
        Ok(value @ (Value::Number(_) | Value::Bool(_))) => value,
        _ => Value::String(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::protocol::{Answer, Command};
    use crate::session::Session;
    use crate::session::tests::text;

    fn loaded(name: &str) -> (Session, Vec<Part>) {
        let mut session = Session::default();
        let load = Command::Load { name: name.to_owned(), text: text(name), seed: None };
        let answers = session.obey(load, 0.0);
        let Answer::Loaded(_, parts, _) = &answers[0] else { panic!("{answers:?}") };
        let parts = parts.clone();
        (session, parts)
    }

    #[test]
    fn knobs_come_from_the_components_form() {
        let (_, parts) = loaded("four-workers-forty-rps");
        let app = parts.iter().find(|part| part.name == "app").unwrap();
        let all = settings(app);
        let knob = |name: &str| all.iter().find(|setting| setting.name == name).unwrap();
        assert_eq!(
            (&knob("workers").path[..], &knob("workers").value[..]),
            ("nodes.app.workers", "4")
        );
        let Kind::Choice(words) = &knob("order").kind else { panic!("{:?}", knob("order")) };
        assert!(words.contains(&"lifo".to_owned()) && knob("order").value == "fifo");
        assert!(all.iter().all(|setting| !setting.doc.is_empty()));
    }

    #[test]
    fn every_knob_that_is_shown_takes_the_value_that_it_shows() {
        let mut tried = 0;
        for name in ["black-friday", "dead-peer", "supervisor-ports", "noisy-neighbour"] {
            let (mut session, parts) = loaded(name);
            for setting in parts.iter().flat_map(settings) {
                if setting.value.is_empty() {
                    continue;
                }
                let event = json!({"set": setting.path, "to": typed(&setting.value)});
                let answers = session.obey(Command::Intervene(event), 0.0);
                let told = matches!(answers[0], Answer::Intervened(_));
                assert!(told, "{name}: {setting:?}: {:?}", answers[0]);
                tried += 1;
            }
        }
        assert!(tried > 60, "{tried}");
    }

    #[test]
    fn what_is_typed_is_a_number_a_truth_or_text() {
        let all = ["8", " 0.5 ", "true", "30s", "least_conn", "[1]"].map(typed);
        assert_eq!(
            all,
            [json!(8), json!(0.5), json!(true), json!("30s"), json!("least_conn"), json!("[1]")]
        );
    }
}
