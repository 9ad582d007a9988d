//! Runs that an experiment asks for, and what came of those that it asked for before. What to ask
//! for next is a function of what is known: an experiment has no other state.

use std::ops::Range;
use std::sync::Arc;

use super::measure::Sample;
use super::replications::{Replications, Surety};
use crate::scenario::plan::Plan;

/// Runs that an experiment needs next.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// What is played.
    pub plan: Arc<Plan>,
    /// The numbers of the replications: the same number is the same luck for every plan.
    pub numbers: Range<u32>,
    /// What they are for, in a few words.
    pub what_for: String,
}

/// Replications by what they are of.
#[derive(Clone, Debug)]
pub(super) struct Known<K> {
    sets: Vec<(K, Replications)>,
    confidence: f64,
    runs: u64,
}

/// Runs that are not known yet, and what they are of.
#[derive(Clone, Debug)]
pub(super) struct Need<K> {
    pub(super) key: K,
    pub(super) wanted: Wanted,
}

/// So many replications of one plan, from a number on.
pub(super) struct Asked {
    pub(super) first: u32,
    pub(super) count: u32,
}

impl<K: Clone + PartialEq> Known<K> {
    /// Nothing yet; intervals that are shown hold the truth at this confidence.
    pub(super) fn new(confidence: f64) -> Self {
        Known { sets: Vec::new(), confidence, runs: 0 }
    }

    /// All runs so far.
    pub(super) fn runs(&self) -> u64 {
        self.runs
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &(K, Replications)> {
        self.sets.iter()
    }

    pub(super) fn find(&self, key: &K) -> Option<&Replications> {
        self.sets.iter().find(|(known, _)| known == key).map(|(_, set)| set)
    }

    /// At least so many replications, or the runs that are missing.
    pub(super) fn at(
        &self,
        key: &K,
        asked: &Asked,
        plan: impl FnOnce() -> (Arc<Plan>, String),
    ) -> Result<&Replications, Need<K>> {
        let set = self.find(key);
        let have = set.map_or(0, Replications::len);
        if let Some(set) = set.filter(|_| have >= asked.count) {
            return Ok(set);
        }
        let (plan, what_for) = plan();
        let numbers = asked.first + have..asked.first + asked.count;
        Err(Need { key: key.clone(), wanted: Wanted { plan, numbers, what_for } })
    }

    /// Takes in the samples of runs that were missing, in the order of their numbers.
    pub(super) fn add(&mut self, need: &Need<K>, samples: Vec<Sample>) {
        self.runs += samples.len() as u64;
        let known = self.sets.iter().position(|(known, _)| *known == need.key);
        let at = known.unwrap_or_else(|| {
            let set = Replications::new(Arc::clone(&need.wanted.plan), self.confidence);
            self.sets.push((need.key.clone(), set));
            self.sets.len() - 1
        });
        samples.into_iter().for_each(|sample| self.sets[at].1.add(sample));
    }
}

/// What some replications say of all objectives together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Joint {
    /// Every one holds.
    Hold,
    /// At least one does not.
    Fail,
    /// It cannot be told; about so many replications would.
    CannotTell {
        /// All in all.
        needed: f64,
    },
}

/// Tests all objectives on the first `runs` of a set: each side of each interval errs with the
/// probability `alpha`. That all hold needs no correction for their number (each must be shown to
/// hold), that one fails does (any one may be the false alarm).
pub(super) fn joint(set: &Replications, runs: u32, alpha: f64) -> Joint {
    let count = set.plan().objectives.len();
    let (sure, surer) = (1.0 - 2.0 * alpha, 1.0 - 2.0 * alpha / count.max(1) as f64);
    let mut needed: f64 = 0.0;
    let mut all = true;
    for index in 0..count {
        if set.judged(index, runs, surer).0 == Surety::Missed {
            return Joint::Fail;
        }
        let (verdict, value) = set.judged(index, runs, sure);
        if verdict != Surety::Held {
            all = false;
            let bound = set.plan().objectives[index].bound;
            let times = value.and_then(|one| Some(one.half()? / (one.value - bound).abs()));
            let times = times.filter(|times| times.is_finite()).unwrap_or(1e3);
            needed = needed.max(times * times * f64::from(runs));
        }
    }
    if all { Joint::Hold } else { Joint::CannotTell { needed } }
}

/// Whether the means of the first `runs` hold all objectives: a guess, not a proof.
pub(super) fn seems_to_hold(set: &Replications, runs: u32) -> bool {
    let plan = set.plan();
    let value = |index| set.judged(index, runs, 0.5).1.map(|one| one.value);
    (0..plan.objectives.len()).all(|index| plan.objectives[index].holds(value(index)))
}
