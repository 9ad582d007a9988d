//! How long runs that are meant to be in balance take to forget that they began empty: MSER-5.
//!
//! Window by window over some runs, the number of requests inside, their mean latency and its 95th
//! percentile climb to their level, each at its own pace. MSER cuts where the mean of what is left
//! is surest: at the smallest sum of squares over the square of the count. Five windows make one
//! observation (White, Cobb and Spratt 2000). The latest of the three cuts is taken, twice: MSER
//! leaves about as much bias as there is noise, which is too much for an interval, and what fades
//! exponentially to a share of itself has faded to the square of that share at twice the time.
//! Where more come inside still at the end, there is no balance to wait for.

use serde::{Deserialize, Serialize};

use super::statistics::Estimate;
use crate::engine::chance::{mix, name_key};
use crate::engine::meter::SparseSketch;
use crate::engine::time::{Nanos, seconds};
use crate::run::{Frame, Run};

/// Runs that are looked at: enough to see a level behind the luck of one.
pub const PILOTS: u32 = 10;
/// Windows of one observation.
const BATCH: usize = 5;
/// So many times what MSER cuts off is left out.
const MARGIN: usize = 2;
/// How sure it must be that there is no balance.
const SURE: f64 = 0.99;

/// What was found out about the beginning of runs that are meant to be in balance.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WarmUp {
    /// The first so many seconds are not measured.
    Removed {
        /// Seconds.
        s: f64,
    },
    /// There is no balance, the number of requests inside grows still: nothing is removed.
    Endless,
}

/// The seed of a run that is looked at: none of those that are measured.
#[must_use]
pub fn pilot_seed(seed: u64, index: u32) -> u64 {
    mix(mix(seed, name_key("pilot")), u64::from(index))
}

/// Runs that are looked at to find the warm-up.
#[derive(Clone, Debug, Default)]
pub struct Pilots {
    /// Where each window ends, ns.
    ends: Vec<Nanos>,
    /// Requests inside in each window, over all runs.
    inside: Vec<f64>,
    /// Latencies of those answered in each window, over all runs.
    latency: Vec<SparseSketch>,
    /// By run: how many more were inside in the last quarter than in the one before.
    growth: Vec<f64>,
}

impl Pilots {
    /// Takes a finished run in. All are of one plan.
    pub fn add(&mut self, run: &Run) {
        let frames = run.frames().all();
        self.ends = frames.iter().map(|frame| frame.end).collect();
        self.inside.resize(frames.len(), 0.0);
        let inside = |frame: &Frame| {
            let spent: u64 = frame.parts.iter().flat_map(|part| part.spent_ns).sum();
            spent as f64 / (frame.end - frame.start).max(1) as f64
        };
        let inside: Vec<f64> = frames.iter().map(inside).collect();
        self.inside.iter_mut().zip(&inside).for_each(|(sum, one)| *sum += one);
        self.latency.resize(frames.len(), SparseSketch::default());
        for (all, frame) in self.latency.iter_mut().zip(frames) {
            frame.classes.iter().for_each(|class| all.merge(&class.latency));
        }
        let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len().max(1) as f64;
        let quarter = inside.len() / 4;
        let (before, last) = inside[inside.len() - 2 * quarter..].split_at(quarter);
        self.growth.push(mean(last) - mean(before));
    }

    /// When the runs are in balance, ns, at most half of them; `None` if they do not get there.
    #[must_use]
    pub fn warmup(&self) -> Option<Nanos> {
        let growth = Estimate::mean(&self.growth, SURE)?;
        if growth.low.is_none_or(|low| low > 0.0) {
            return None;
        }
        let inside = self.inside.chunks_exact(BATCH).map(|batch| batch.iter().sum::<f64>());
        let latency: Vec<SparseSketch> = self.latency.chunks_exact(BATCH).map(merged).collect();
        let p95 = latency.iter().map(|batch| batch.quantile(0.95).map(|ns| ns as f64));
        let mean = latency.iter().map(SparseSketch::mean);
        let series = [inside.collect(), level(mean), level(p95)];
        let cut = series.iter().filter_map(|batches: &Vec<f64>| cut(batches)).max().unwrap_or(0);
        let windows = (MARGIN * cut * BATCH).min(self.ends.len() / 2);
        if windows == 0 { Some(0) } else { self.ends.get(windows - 1).copied() }
    }
}

fn merged(batch: &[SparseSketch]) -> SparseSketch {
    let mut all = SparseSketch::default();
    batch.iter().for_each(|one| all.merge(one));
    all
}

/// A series without gaps: where nothing was answered, what was known before stands.
fn level(series: impl Iterator<Item = Option<f64>>) -> Vec<f64> {
    let mut last = 0.0;
    series
        .map(|one| {
            last = one.unwrap_or(last);
            last
        })
        .collect()
}

impl WarmUp {
    /// Of variants that are compared: each must be in balance.
    #[must_use]
    pub fn of(found: &[Option<Nanos>]) -> Self {
        let latest = found.iter().try_fold(0, |latest, one| Some((*one)?.max(latest)));
        latest.map_or(WarmUp::Endless, |ns: Nanos| WarmUp::Removed { s: seconds(ns) })
    }

    /// What is not measured, ns.
    #[must_use]
    pub fn nanos(self) -> Nanos {
        match self {
            WarmUp::Removed { s } => (s * 1e9).round() as Nanos,
            WarmUp::Endless => 0,
        }
    }
}

/// How many observations at the beginning MSER cuts off, of the first half of them.
fn cut(batches: &[f64]) -> Option<usize> {
    let score = |from: usize| {
        let left = &batches[from..];
        let n = left.len() as f64;
        let mean = left.iter().sum::<f64>() / n;
        left.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n * n)
    };
    (0..batches.len().div_ceil(2)).min_by(|a, b| score(*a).total_cmp(&score(*b)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noisy(index: usize) -> f64 {
        (mix(7, index as u64) >> 11) as f64 / (1u64 << 53) as f64 - 0.5
    }

    #[test]
    fn a_climb_is_cut_off_and_a_level_is_not() {
        let climb = |index: usize| 10.0 * (1.0 - libm::exp(-(index as f64) / 8.0)) + noisy(index);
        let batches: Vec<f64> = (0..200).map(climb).collect();
        let found = cut(&batches).unwrap();
        assert!((15..60).contains(&found), "{found}");
        let level: Vec<f64> = (0..200).map(|index| 10.0 + noisy(index)).collect();
        assert!(cut(&level).unwrap() < 20);
        assert_eq!(cut(&[3.0; 200]), Some(0));
    }

    #[test]
    fn what_never_comes_to_rest_has_no_warm_up() {
        let ends: Vec<Nanos> = (1..=200).collect();
        let pilots = |growth: &[f64]| Pilots {
            ends: ends.clone(),
            inside: (0..200).map(noisy).collect(),
            latency: Vec::new(),
            growth: growth.to_vec(),
        };
        assert_eq!(pilots(&[3.0, 3.5, 2.5, 3.1, 2.9]).warmup(), None);
        assert!(pilots(&[3.0, -3.5, 2.5, -3.1, 0.1]).warmup().is_some());
        assert_eq!((pilots(&[3.0]).warmup(), Pilots::default().warmup()), (None, None));
        assert_eq!(WarmUp::of(&[Some(3_000_000_000), None]), WarmUp::Endless);
        let both = WarmUp::of(&[Some(3_000_000_000), Some(5_000_000_000)]);
        assert_eq!((both, both.nanos()), (WarmUp::Removed { s: 5.0 }, 5_000_000_000));
    }
}
