//! Where the time went: every request-nanosecond after the warm-up, by part and by what was done.

use serde::{Deserialize, Serialize};

use super::facts::{Facts, ratio};

/// What the time was spent on, in the order of a part's figures.
const DOINGS: [&str; 3] = ["waiting", "working", "travelling"];

/// The time of all requests: answered, failed, still in flight, and run on with for nobody.
///
/// A request's time is charged to the part that holds it; while it waits for calls of its own,
/// those are charged instead. So the total is the sum of all attempts' durations and of the waits
/// before retries, where no calls run side by side; side by side each is counted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Account {
    /// All of it, seconds.
    pub total_s: f64,
    /// All of it per answered request, ms; `None` if none was answered.
    pub ms_per_completed: Option<f64>,
    /// By part and kind, the largest first; they add up to the total.
    pub entries: Vec<Entry>,
    #[serde(skip)]
    pub(super) total_ns: u128,
}

/// One part and what was done there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The part.
    pub node: String,
    /// `waiting`, `working` or `travelling`; at users, waiting means before a retry.
    pub doing: String,
    /// Seconds.
    pub seconds: f64,
    /// Share of the total, 0 to 1.
    pub share: f64,
    /// Per answered request, ms.
    pub ms_per_completed: Option<f64>,
    #[serde(skip)]
    pub(super) ns: u128,
}

pub(super) fn account(facts: &Facts<'_>) -> Account {
    let completed = facts.completed();
    let per = |ns: u128| (completed > 0).then(|| ns as f64 / 1e6 / completed as f64);
    let total_ns: u128 = facts.parts.iter().flat_map(|part| part.spent).sum();
    let mut entries = Vec::new();
    for part in &facts.parts {
        for (doing, ns) in DOINGS.into_iter().zip(part.spent).filter(|(_, ns)| *ns > 0) {
            entries.push(Entry {
                node: part.name.to_owned(),
                doing: doing.to_owned(),
                seconds: ns as f64 / 1e9,
                share: ratio(ns as f64, total_ns as f64),
                ms_per_completed: per(ns),
                ns,
            });
        }
    }
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.ns));
    let (total_s, ms_per_completed) = (total_ns as f64 / 1e9, per(total_ns));
    Account { total_s, ms_per_completed, entries, total_ns }
}
