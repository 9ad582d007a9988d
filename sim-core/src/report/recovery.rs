//! How long after each disturbance the objectives held again, or that they never did.
//!
//! A disturbance is a change that takes something away, at a stated time or at random; what gives
//! it back ends it. Its harm is the first stretch of broken objectives that begins before long,
//! with the relapses that follow as closely; where objectives were broken already, that is all one
//! can say.

use serde::{Deserialize, Serialize};

use super::facts::{Facts, seconds};
use super::figures::at;
use super::objectives::{Breach, ObjectiveReport};
use crate::engine::kernel::JournalEntry;
use crate::scenario::plan::Event;

/// Harm begins within this time of the disturbance: seconds, or this part of the run.
const SOON: (f64, f64) = (30.0, 0.05);

/// A disturbance and what became of the objectives.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recovery {
    /// When it began, seconds.
    pub at_s: f64,
    /// When what it took away was given back, seconds, where the scenario says so.
    pub until_s: Option<f64>,
    /// Where: the first node that it hit.
    pub node: String,
    /// What, in words.
    pub what: String,
    /// Whether objectives were broken already when it came: nothing can be said of its harm then.
    #[serde(default)]
    pub broken_before: bool,
    /// Whether objectives were broken soon after it had come.
    pub harmful: bool,
    /// How long after its beginning all objectives held again, seconds; `None` if it did no harm,
    /// or if they never held again.
    pub recovered_after_s: Option<f64>,
}

impl Recovery {
    /// What became of it, in words.
    #[must_use]
    pub fn outcome(&self) -> String {
        if self.broken_before {
            return "objectives were broken already".to_owned();
        }
        match (self.harmful, self.recovered_after_s) {
            (false, _) => "no objective was broken".to_owned(),
            (true, None) => "never recovered".to_owned(),
            (true, Some(after)) => {
                let lasted = self.until_s.map_or(0.0, |until| until - self.at_s);
                let since_end = match after - lasted {
                    rest if lasted > 0.0 && rest > 0.0 => {
                        format!(", {} after it had ended", at(rest))
                    }
                    _ => String::new(),
                };
                format!("recovered after {}{since_end}", at(after))
            }
        }
    }
}

/// One for each disturbance, in order of time; none where nothing says what must hold.
pub(super) fn recoveries(
    facts: &Facts<'_>,
    journal: &[JournalEntry],
    objectives: &[ObjectiveReport],
) -> Vec<Recovery> {
    let events = facts.events();
    let begun = events.iter().enumerate().filter(|(_, event)| {
        event.at >= facts.since && event.at < facts.now && !event.change.gives_back()
    });
    let mut all: Vec<Recovery> = Vec::new();
    let mut outages: Vec<f64> = Vec::new();
    if objectives.is_empty() {
        return all;
    }
    let names: Vec<&str> =
        facts.parts.iter().flat_map(|part| &part.instances).map(|one| one.name).collect();
    for (index, event) in begun {
        // what nobody wrote down did not happen: a node that was dead already
        let Some((node, what)) = said(&names, journal, event) else { continue };
        let until = events[index..].iter().find(|later| event.change.ended_by(&later.change));
        let until = until.map(|later| later.at).filter(|until| *until <= facts.now);
        let recovery = Recovery {
            at_s: seconds(event.at),
            until_s: until.map(seconds),
            node,
            what,
            broken_before: false,
            harmful: false,
            recovered_after_s: None,
        };
        if event.change.takes_away() {
            outages.push(recovery.at_s);
        }
        // several things at once are one disturbance
        if all.last().is_none_or(|last| last.at_s < recovery.at_s) {
            all.push(recovery);
        }
    }
    let mut breaches: Vec<_> = objectives.iter().flat_map(|objective| &objective.broken).collect();
    breaches.sort_by(|a, b| a.start_s.total_cmp(&b.start_s));
    for recovery in &mut all {
        let next = outages.get(outages.partition_point(|&at| at <= recovery.at_s)).copied();
        harm(recovery, &breaches, (facts.span_s(), seconds(facts.plan.frame)), next);
    }
    all
}

/// What the timeline says of the moment: the first line about the nodes that were hit, and how many
/// others there are.
fn said(names: &[&str], journal: &[JournalEntry], event: &Event) -> Option<(String, String)> {
    let journal = &journal[journal.partition_point(|entry| entry.at < event.at)..];
    let hit = |entry: &&JournalEntry| {
        let nodes = event.change.nodes();
        nodes.is_empty() || nodes.iter().any(|&node| names[node as usize] == entry.node)
    };
    let lines = || journal.iter().take_while(|entry| entry.at == event.at);
    let first = lines().find(hit)?;
    let more = match lines().count() - 1 {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    Some((first.node.clone(), format!("{}{more}", first.what)))
}

/// Breaches in order of time; what begins with the `next` outage is that one's harm.
fn harm(
    recovery: &mut Recovery,
    breaches: &[&Breach],
    (span_s, frame_s): (f64, f64),
    next: Option<f64>,
) {
    let soon = SOON.0.max(SOON.1 * span_s);
    let at = recovery.at_s;
    recovery.broken_before =
        breaches.iter().any(|breach| breach.start_s + frame_s <= at && breach.end_s > at);
    if recovery.broken_before {
        return;
    }
    let mut until = recovery.until_s.unwrap_or(recovery.at_s);
    let mut never = false;
    let mut broken_until = None;
    for breach in breaches.iter().filter(|breach| breach.end_s > recovery.at_s) {
        let is_anothers = next.is_some_and(|next| breach.start_s + frame_s > next);
        if breach.start_s > until + soon || is_anothers {
            break;
        }
        until = until.max(breach.end_s);
        broken_until = Some(breach.end_s.max(broken_until.unwrap_or(0.0)));
        never |= breach.to_the_end;
    }
    recovery.harmful = broken_until.is_some();
    recovery.recovered_after_s = broken_until.filter(|_| !never).map(|until| until - recovery.at_s);
}
