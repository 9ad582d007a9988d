//! Rules in a running world, and the readings that they look at.

use serde::{Deserialize, Serialize};

use super::condition::{Condition, Measure};
use super::spec::{DownRule, UpRule};
use crate::engine::meter::SparseSketch;
use crate::engine::time::Nanos;

/// A condition, how many instances it moves, and since when it is true.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Rule {
    pub(super) when: Condition,
    pub(super) by: u32,
    pub(super) since: Option<Nanos>,
}

/// What one scrape showed of the service as a whole; no CPU figure where no time had passed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Reading {
    pub(super) cpu: Option<f64>,
    pub(super) queue: Option<f64>,
    pub(super) latency: SparseSketch,
}

impl Rule {
    /// Takes note of a reading; the value if the condition has held for long enough.
    pub(super) fn update(&mut self, reading: &Reading, now: Nanos) -> Option<f64> {
        let value = reading.value(self.when.measure).filter(|&value| self.when.is_true(value));
        let Some(value) = value else {
            self.since = None;
            return None;
        };
        let since = *self.since.get_or_insert(now);
        (now - since >= self.when.hold.nanos()).then_some(value)
    }
}

impl Reading {
    fn value(&self, measure: Measure) -> Option<f64> {
        match measure {
            Measure::Cpu(_) => self.cpu,
            Measure::Queue(_) => self.queue,
            Measure::Latency { percentile, .. } => {
                let p = f64::from(percentile) / 100.0;
                self.latency.quantile(p).map(|ns| ns as f64)
            }
        }
    }
}

impl DownRule {
    pub(super) fn rule(&self) -> Rule {
        Rule { when: self.when, by: self.remove, since: None }
    }
}

impl UpRule {
    pub(super) fn rule(&self) -> Rule {
        Rule { when: self.when, by: self.add, since: None }
    }
}
