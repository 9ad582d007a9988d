//! What was measured on a real stack under a known load, as it is written down.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

/// Probes that fit into the warm-up's first second.
const PROBES_MAX: u32 = 100;

/// One set-up under one load, run a few times under different seeds.
#[derive(Clone, Debug, Deserialize)]
pub struct Cell {
    /// Its name, which is also its scenario's.
    pub cell: String,
    /// What ran under what load, in words.
    pub title: String,
    /// How long the load ran before it was measured, seconds.
    #[serde(default, deserialize_with = "told")]
    pub warmup_s: f64,
    /// What its servers could do at most without any overhead, requests per second.
    pub nominal_capacity_rps: Option<f64>,
    pub(super) load: Load,
    /// What was done to the stack meanwhile, with the second of the measured window.
    #[serde(default)]
    pub(super) events_planned: Vec<(f64, String)>,
    /// What came out, run by run.
    pub reps: Vec<Rep>,
}

/// The load of a cell.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Load {
    /// `open` or `closed`; a burst of jobs has none.
    pub(super) mode: Option<String>,
    /// Seconds and requests per second, one phase after another.
    #[serde(default)]
    pub(super) phases: Vec<(f64, f64)>,
    #[serde(default)]
    pub(super) classes: Vec<Class>,
    pub(super) keys: Option<Keys>,
    /// Networks that clients come from.
    pub(super) clients: Option<Vec<u64>>,
    pub(super) users: Option<f64>,
    pub(super) think_ms: Option<f64>,
    pub(super) retry: Option<Retry>,
    /// Batches: requests in one, and seconds from one to the next.
    pub(super) size: Option<u32>,
    pub(super) every: Option<f64>,
    /// A burst: so many jobs at once.
    pub(super) jobs: Option<u32>,
    pub(super) demand: Option<Dist>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Class {
    pub(super) name: String,
    pub(super) demand: Dist,
    pub(super) share: Option<f64>,
}

/// The distribution of demands, in milliseconds.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "dist", rename_all = "lowercase")]
pub(super) enum Dist {
    Const { mean: f64 },
    Exp { mean: f64 },
    Lognormal { mean: f64, cv: f64 },
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Keys {
    pub(super) n: u64,
    pub(super) zipf: f64,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Retry {
    #[serde(default, deserialize_with = "told")]
    pub(super) max: u32,
}

/// What came out of one run.
#[derive(Clone, Debug, Deserialize)]
pub struct Rep {
    /// What its arrivals and demands were drawn from.
    pub seed: u64,
    /// Length of the measured window, seconds.
    pub window_s: f64,
    /// Requests meant to be sent in the window.
    pub n: u64,
    /// Of these, meant to be sent per second.
    pub offered_rps: f64,
    /// Answered well within the window, per second.
    pub throughput_ok_rps: f64,
    /// Share of the requests that failed.
    pub error_share: f64,
    /// How many failed how.
    #[serde(default)]
    pub errors: BTreeMap<String, u64>,
    #[serde(default, deserialize_with = "told")]
    pub(super) latency_ok_ms: Latency,
    #[serde(default, deserialize_with = "told")]
    overhead_zero_demand_ms: Probes,
    #[serde(default)]
    pub(super) series: Series,
}

/// Requests without any work that were sent before the load.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
struct Probes {
    n: u32,
}

impl Rep {
    /// How many requests without any work were sent before the load, one after another.
    #[must_use]
    pub fn probes(&self) -> u32 {
        self.overhead_zero_demand_ms.n.min(PROBES_MAX)
    }
}

/// Latencies in milliseconds.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Latency {
    #[serde(deserialize_with = "told")]
    pub(super) mean: f64,
    #[serde(deserialize_with = "told")]
    pub(super) p50: f64,
    #[serde(deserialize_with = "told")]
    pub(super) p90: f64,
    #[serde(deserialize_with = "told")]
    pub(super) p95: f64,
    #[serde(deserialize_with = "told")]
    pub(super) p99: f64,
}

/// What is told, or nothing where it is null: a run in which nothing was answered has no latency.
fn told<'de, T, D>(from: D) -> Result<T, D::Error>
where
    T: Default + Deserialize<'de>,
    D: Deserializer<'de>,
{
    Option::<T>::deserialize(from).map(Option::unwrap_or_default)
}

/// Counts of every second from the window's begin on.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Series {
    pub(super) completions_ok: Vec<f64>,
}

/// What a cell is judged by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Regime {
    /// Less comes than can be done, and nothing breaks: latencies count.
    Below,
    /// A queue is emptied, all of it there at the beginning: how fast, and how long jobs take.
    Burst,
    /// More comes than can be done, or something breaks: what gets through, and what fails.
    Beyond,
    /// Clients try again, so that it may go well and then be ruined for good: what gets through
    /// before and after. The second in which that happens is luck, in reality too.
    Tipping,
}

impl Cell {
    /// Reads a cell.
    ///
    /// # Errors
    /// What is wrong with the text, and where.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut cell: Cell = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if cell.load.jobs.is_some() {
            // nothing comes before the jobs, so the play begins with them
            cell.warmup_s = 0.0;
        }
        if cell.reps.is_empty() {
            return Err("it has no runs: reps is empty".to_owned());
        }
        Ok(cell)
    }

    /// The highest rate of open arrivals, per second; `None` where users wait for their answers,
    /// and in a burst.
    #[must_use]
    pub fn highest_rate(&self) -> Option<f64> {
        let rates = self.load.phases.iter().map(|phase| phase.1);
        rates.reduce(f64::max).filter(|_| self.load.users.is_none())
    }

    /// What it is judged by.
    #[must_use]
    pub fn regime(&self) -> Regime {
        if self.load.jobs.is_some() {
            return Regime::Burst;
        }
        let is_full = self.nominal_capacity_rps.is_some_and(|capacity| match self.load.users {
            // as fast as they would come if nothing took any time
            Some(users) => users / (self.load.think_ms.unwrap_or(0.0) / 1e3) >= capacity,
            None => self.highest_rate().is_some_and(|most| most >= capacity),
        });
        let retries = self.load.retry.as_ref().is_some_and(|retry| retry.max > 0);
        let fails = self.reps.iter().any(|rep| rep.error_share > 0.02);
        if retries {
            Regime::Tipping
        } else if is_full || fails || !self.events_planned.is_empty() {
            Regime::Beyond
        } else {
            Regime::Below
        }
    }
}
