//! How long after each disturbance the objectives held again, or that they never did.
//!
//! A disturbance is a timed change of the scenario that takes something away; what gives it back
//! ends it. Its harm is the first stretch of broken objectives that begins before long, with the
//! relapses that follow as closely; where objectives were broken already, that is all one can say.

use serde::{Deserialize, Serialize};

use super::facts::{Facts, seconds};
use super::figures::at;
use super::objectives::ObjectiveReport;
use crate::engine::kernel::JournalEntry;
use crate::scenario::plan::{Change, Event};

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
    let events = &facts.plan.events;
    let begun = events.iter().enumerate().filter(|(_, event)| {
        event.at >= facts.since && event.at < facts.now && !event.change.gives_back()
    });
    let mut all: Vec<Recovery> = Vec::new();
    if objectives.is_empty() {
        return all;
    }
    for (index, event) in begun {
        // what nobody wrote down did not happen: a node that was dead already
        let Some((node, what)) = said(facts, journal, event) else { continue };
        let until = events[index..].iter().find(|later| ends(&event.change, later));
        let until = until.map(|later| later.at).filter(|until| *until <= facts.now);
        let mut recovery = Recovery {
            at_s: seconds(event.at),
            until_s: until.map(seconds),
            node,
            what,
            broken_before: false,
            harmful: false,
            recovered_after_s: None,
        };
        harm(&mut recovery, objectives, (facts.span_s(), seconds(facts.plan.frame)));
        // several things at once are one disturbance
        if all.last().is_none_or(|last| last.at_s < recovery.at_s) {
            all.push(recovery);
        }
    }
    all
}

/// What the timeline says of the moment: the first line about the nodes that were hit, and how many
/// others there are.
fn said(facts: &Facts<'_>, journal: &[JournalEntry], event: &Event) -> Option<(String, String)> {
    let names: Vec<&str> =
        facts.parts.iter().flat_map(|part| &part.instances).map(|one| one.name).collect();
    let hit = |entry: &&JournalEntry| {
        let nodes = event.change.nodes();
        nodes.is_empty() || nodes.iter().any(|&node| names[node as usize] == entry.node)
    };
    let lines = || journal.iter().filter(|entry| entry.at == event.at);
    let first = lines().find(hit)?;
    let more = match lines().count() - 1 {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    Some((first.node.clone(), format!("{}{more}", first.what)))
}

/// Whether a later event gives back what a change took away.
fn ends(change: &Change, later: &Event) -> bool {
    match (change, &later.change) {
        (Change::Kill(taken) | Change::Halt(taken, _), Change::Start(given)) => taken == given,
        (Change::Freeze(taken, _), Change::Thaw(given)) => taken == given,
        (Change::Cut(taken, true), Change::Cut(given, false)) => taken == given,
        (Change::Slow(taken, _), Change::Slow(given, factor)) => taken == given && *factor == 1.0,
        (Change::SlowDisk(taken, _), Change::SlowDisk(given, factor)) => {
            taken == given && *factor == 1.0
        }
        (Change::FullDisk(taken, true), Change::FullDisk(given, false)) => taken == given,
        (Change::Remove(taken, _), Change::Add(given, _)) => taken == given,
        _ => false,
    }
}

fn harm(recovery: &mut Recovery, objectives: &[ObjectiveReport], (span_s, frame_s): (f64, f64)) {
    let soon = SOON.0.max(SOON.1 * span_s);
    let mut breaches: Vec<_> = objectives.iter().flat_map(|objective| &objective.broken).collect();
    breaches.sort_by(|a, b| a.start_s.total_cmp(&b.start_s));
    let at = recovery.at_s;
    recovery.broken_before =
        breaches.iter().any(|breach| breach.start_s + frame_s <= at && breach.end_s > at);
    if recovery.broken_before {
        return;
    }
    let mut until = recovery.until_s.unwrap_or(recovery.at_s);
    let mut never = false;
    let mut broken_until = None;
    for breach in breaches.into_iter().filter(|breach| breach.end_s > recovery.at_s) {
        if breach.start_s > until + soon {
            break;
        }
        until = until.max(breach.end_s);
        broken_until = Some(breach.end_s.max(broken_until.unwrap_or(0.0)));
        never |= breach.to_the_end;
    }
    recovery.harmful = broken_until.is_some();
    recovery.recovered_after_s = broken_until.filter(|_| !never).map(|until| until - recovery.at_s);
}
