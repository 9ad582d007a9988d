//! What was changed while a run went on: in sentences, and as a list that can be edited.

use serde_json::Value;
use sim_core::Duration;
use sim_core::figures::clock;

use super::course::Course;
use super::knobs::typed;
use super::{Effect, State};
use crate::protocol::{Command, Doing, Note, Part};

/// Fields of an event that hold a value to edit, the most telling first.
const VALUES: [&str; 4] = ["to", "factor", "count", "for"];

/// An edit of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// Take one out.
    Remove(usize),
    /// Another time, as a scenario says it.
    At(usize, String),
    /// Another value.
    Value(usize, String),
    /// Forget the edits.
    Undo,
}

/// When a change happens, ns; `None` where its time is none.
#[must_use]
pub fn at_ns(change: &Value) -> Option<u64> {
    Some(change["at"].as_str()?.parse::<Duration>().ok()?.nanos())
}

/// When a change happens, as a scenario says it: `12m3s`.
#[must_use]
pub fn time(change: &Value) -> String {
    match (at_ns(change), &change["at"]) {
        (Some(at), _) => Duration(at).to_string(),
        (None, Value::String(text)) => text.clone(),
        (None, other) => other.to_string(),
    }
}

/// What of a change can be set to another value: its name and the value.
#[must_use]
pub fn value(change: &Value) -> Option<(&'static str, String)> {
    VALUES.into_iter().find_map(|name| Some((name, plain(change.get(name)?))))
}

/// A change in words: `nodes.web.workers is set to 8`.
#[must_use]
pub fn sentence(change: &Value) -> String {
    let of = |name: &str| change.get(name).map(plain);
    let lasting = of("for").map_or(String::new(), |span| format!(" for {span}"));
    let said = |name: &str, what: &str| of(name).map(|node| format!("{node} {what}{lasting}"));
    if let (Some(path), Some(value)) = (of("set"), of("to")) {
        return format!("{path} is set to {value}");
    }
    if let (Some(node), Some(factor)) = (of("slow"), of("factor")) {
        let pace = if factor == "1" {
            "at its normal speed".to_owned()
        } else {
            format!("{factor} times as slowly")
        };
        return format!("{node} works {pace}{lasting}");
    }
    let many = of("count").unwrap_or_else(|| "1".to_owned());
    let instances = |node: String, what: &str| {
        let noun = if many == "1" { "instance" } else { "instances" };
        format!("{many} {noun} of {node} {what}")
    };
    said("kill", "is killed")
        .or_else(|| said("restart", "is restarted"))
        .or_else(|| said("freeze", "is frozen"))
        .or_else(|| said("black_hole", "is cut off"))
        .or_else(|| said("flush", "is flushed"))
        .or_else(|| of("add").map(|node| instances(node, "more")))
        .or_else(|| of("remove").map(|node| instances(node, "fewer")))
        .unwrap_or_else(|| change.to_string())
}

/// Whether a change is one of this part.
fn is_about(change: &Value, part: &Part) -> bool {
    if let Some(path) = change["set"].as_str() {
        return path.strip_prefix(&part.path).is_some_and(|knob| knob.starts_with('.'));
    }
    let named = |value: &Value| {
        let name = value.as_str()?.split('[').next()?;
        (name == part.name).then_some(())
    };
    change.as_object().is_some_and(|fields| fields.values().any(|value| named(value).is_some()))
}

impl Course {
    /// What was changed of a part, in sentences.
    #[must_use]
    pub fn done_to(&self, part: &Part) -> Vec<String> {
        let waits = self.progress.doing == Doing::Paused;
        let said = |change: &Value| {
            // a change is made a nanosecond after the time that the run stood at
            let at =
                at_ns(change).map_or_else(|| time(change), |at| clock(at / 1_000_000 * 1_000_000));
            let due = waits && at_ns(change) == Some(self.progress.now + 1);
            let hint = if due { "; press play to see what it does" } else { "" };
            format!("At {at}: {}{hint}.", sentence(change))
        };
        self.changes.iter().filter(|change| is_about(change, part)).map(said).collect()
    }

    /// Why the last change was refused, if it was one of this part.
    #[must_use]
    pub fn refused_to(&self, part: &Part) -> Option<&[Note]> {
        let (event, notes) = self.refused.as_ref()?;
        event.as_ref().filter(|event| is_about(event, part)).map(|_| &notes[..])
    }
}

impl State {
    pub(super) fn edit(&mut self, edit: Edit) {
        if edit == Edit::Undo {
            self.draft = None;
            return;
        }
        let draft = self.draft.get_or_insert_with(|| self.course.changes.clone());
        revise(draft, edit);
    }

    /// The run that has the edited changes, from the beginning.
    pub(super) fn replay(&mut self) -> Vec<Effect> {
        let changes = self.draft.clone().unwrap_or_else(|| self.course.changes.clone());
        let mut effects = self.running(Command::Amend(changes));
        effects.extend(self.running(Command::Play(self.speed)));
        effects
    }
}

/// Does an edit to a list; a number beyond its end does nothing.
fn revise(changes: &mut Vec<Value>, edit: Edit) {
    match edit {
        Edit::Remove(index) if index < changes.len() => {
            changes.remove(index);
        }
        Edit::At(index, text) => {
            if let Some(change) = changes.get_mut(index) {
                change["at"] = Value::String(text.trim().to_owned());
            }
        }
        Edit::Value(index, text) => {
            if let Some(change) = changes.get_mut(index)
                && let Some((name, _)) = value(change)
            {
                change[name] = typed(&text);
            }
        }
        Edit::Remove(_) | Edit::Undo => {}
    }
}

/// A value without the quotes of JSON.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_change_is_a_sentence() {
        let said = [
            (
                json!({"at": "1ns", "set": "nodes.app.workers", "to": 8}),
                "nodes.app.workers is set to 8",
            ),
            (json!({"kill": "app[0]", "for": "2s"}), "app[0] is killed for 2s"),
            (json!({"black_hole": "db", "for": "30s"}), "db is cut off for 30s"),
            (json!({"slow": "db", "factor": 3}), "db works 3 times as slowly"),
            (json!({"slow": "db", "factor": 1}), "db works at its normal speed"),
            (json!({"add": "web"}), "1 instance of web more"),
            (json!({"remove": "web", "count": 2}), "2 instances of web fewer"),
            (json!({"resize": "db"}), "{\"resize\":\"db\"}"),
        ];
        for (change, wanted) in said {
            assert_eq!(sentence(&change), wanted);
        }
    }

    #[test]
    fn time_and_value_can_be_edited() {
        let mut all = vec![
            json!({"at": "20123000001ns", "set": "a.b", "to": 8}),
            json!({"at": "90s", "flush": "cache"}),
        ];
        assert_eq!(time(&all[0]), "20.123000001s");
        assert_eq!((at_ns(&all[1]), value(&all[1])), (Some(90_000_000_000), None));
        revise(&mut all, Edit::Value(0, "30s".into()));
        revise(&mut all, Edit::At(0, " 25s ".into()));
        revise(&mut all, Edit::Value(1, "x".into()));
        revise(&mut all, Edit::Remove(7));
        assert_eq!(all[0], json!({"at": "25s", "set": "a.b", "to": "30s"}));
        revise(&mut all, Edit::Remove(0));
        assert_eq!(all, [json!({"at": "90s", "flush": "cache"})]);
    }
}
