//! Notable events in order: what happened, when objectives broke and held again, what filled up.

use serde::{Deserialize, Serialize};

use super::bottleneck::Bottleneck;
use super::facts::{Facts, seconds};
use super::objectives::ObjectiveReport;
use crate::engine::kernel::JournalEntry;

/// A line of the timeline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Moment {
    /// When, seconds.
    pub at_s: f64,
    /// `event`, `objective` or `saturation`.
    pub kind: String,
    /// The node, where there is one.
    pub node: Option<String>,
    /// What, in words.
    pub what: String,
}

/// Instances of a part that came into service or left it, to the frame.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scaling {
    /// The end of the frame in which it changed, seconds.
    pub at_s: f64,
    /// The part.
    pub node: String,
    /// Instances in service before.
    pub from: u32,
    /// Instances in service after.
    pub to: u32,
}

/// A line of the journal as a line of the timeline.
pub(super) fn happened(entry: &JournalEntry) -> Moment {
    Moment {
        at_s: seconds(entry.at),
        kind: "event".to_owned(),
        node: Some(entry.node.clone()),
        what: entry.what.clone(),
    }
}

pub(super) fn timeline(
    facts: &Facts<'_>,
    journal: &[JournalEntry],
    objectives: &[ObjectiveReport],
    bottleneck: &Bottleneck,
) -> Vec<Moment> {
    let mut all: Vec<Moment> = journal.iter().map(happened).collect();
    for objective in objectives {
        let moment = |at_s, what| Moment { at_s, kind: "objective".to_owned(), node: None, what };
        for breach in &objective.broken {
            let worst = objective.unit.say(breach.worst);
            let what = format!("broken: {} (worst {worst})", objective.expression);
            all.push(moment(breach.start_s, what));
            if !breach.to_the_end {
                all.push(moment(breach.end_s, format!("holds again: {}", objective.expression)));
            }
        }
    }
    if let (Some(node), Some(at_s), Some(to_s)) =
        (&bottleneck.node, bottleneck.from_s, bottleneck.to_s)
    {
        let resource = bottleneck.resource.as_deref();
        let moment = |at_s, what: String| Moment {
            at_s,
            kind: "saturation".to_owned(),
            node: Some(node.clone()),
            what,
        };
        if let Some(resource) = resource {
            all.push(moment(at_s, format!("{resource} saturated")));
            if to_s < seconds(facts.now) {
                all.push(moment(to_s, format!("{resource} no longer saturated")));
            }
        }
    }
    all.sort_by(|a, b| a.at_s.total_cmp(&b.at_s));
    all
}

pub(super) fn scaling(facts: &Facts<'_>) -> Vec<Scaling> {
    let mut all = Vec::new();
    for (index, part) in facts.plan.blueprint.parts.iter().enumerate() {
        let mut from = part.replicas;
        for frame in facts.frames {
            let to = frame.parts[index].instances;
            if to != from {
                let (at_s, node) = (seconds(frame.end), part.name.clone());
                all.push(Scaling { at_s, node, from, to });
            }
            from = to;
        }
    }
    all.sort_by(|a, b| a.at_s.total_cmp(&b.at_s));
    all
}
