//! How much of a figure's doubt comes from what the scenario does not know for sure.
//!
//! Replications come in pairs: both of a pair have the same drawn inputs, and luck of their own.
//! What pairs differ by beyond the luck within them is the inputs' (one-way analysis of variance).
//! More replications narrow the luck; they cannot narrow the inputs, so an interval holds both.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::measure::Sample;
use super::statistics::{Estimate, t_quantile};
use crate::engine::chance::{mix, name_key};
use crate::scenario::{Doubt, Uncertain};

/// Runs under the same inputs.
const PAIR: usize = 2;

/// The luck by which the uncertain inputs of a replication are drawn: the same for both of a pair.
#[must_use]
pub fn inputs_key(seed: u64, replication: u32) -> u64 {
    mix(mix(seed, name_key("inputs")), u64::from(replication / PAIR as u32))
}

/// What is known within limits only, and what that makes of each figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Inputs {
    /// The values, in the order of the scenario.
    pub inputs: Vec<Input>,
    /// By measure: where the doubt about it comes from.
    pub shares: IndexMap<String, Shares>,
}

/// A value that is known within limits only.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Input {
    /// Where it stands, like `nodes.web.steps[0].cpu`.
    pub path: String,
    /// What is written, like `6ms`.
    pub written: String,
    /// The limits, like `4.8ms` and `7.2ms`.
    pub limits: [String; 2],
}

/// Where the doubt about a figure comes from, as shares of the square of its interval.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shares {
    /// From luck: this part gets smaller with more replications.
    pub luck: f64,
    /// From each input; this part does not.
    pub inputs: Vec<f64>,
}

/// Where the spread of a figure over pairs of runs comes from.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Spread {
    /// The pairs' means, by the number of the pair.
    means: Vec<(usize, f64)>,
    /// Variance of the inputs' effect.
    inputs: f64,
    /// Variance of the mean over all pairs.
    of_mean: f64,
    /// The part of it that is luck.
    luck: f64,
}

/// The means of those who met the same inputs, by replication.
pub(super) fn means_of_pairs(runs: &[Option<f64>]) -> Vec<f64> {
    let pairs = runs.chunks_exact(PAIR);
    pairs
        .filter_map(|pair| Some(pair.iter().copied().sum::<Option<f64>>()? / PAIR as f64))
        .collect()
}

impl Spread {
    /// Of values by replication around what was found from all together; `None` for fewer than
    /// two pairs.
    pub(super) fn of(value: f64, runs: &[Option<f64>]) -> Option<Self> {
        let pairs = runs.chunks_exact(PAIR).enumerate();
        let pairs = pairs.filter_map(|(number, pair)| Some((number, pair[0]?, pair[1]?)));
        let pairs: Vec<(usize, f64, f64)> = pairs.collect();
        let n = pairs.len() as f64;
        if pairs.len() < 2 {
            return None;
        }
        let means: Vec<(usize, f64)> =
            pairs.iter().map(|(number, a, b)| (*number, (a + b) / 2.0)).collect();
        let around = |middle: f64| {
            means.iter().map(|(_, x)| (x - middle) * (x - middle)).sum::<f64>() / (n - 1.0)
        };
        let within = pairs.iter().map(|(_, a, b)| (a - b) * (a - b) / 2.0).sum::<f64>() / n;
        let mean = means.iter().map(|(_, x)| x).sum::<f64>() / n;
        let inputs = (around(mean) - within / 2.0).max(0.0);
        Some(Spread { inputs, of_mean: around(value) / n, luck: within / 2.0 / n, means })
    }

    /// The interval around the value.
    pub(super) fn estimate(&self, value: f64, confidence: f64) -> Estimate {
        let t = t_quantile(0.5 + confidence / 2.0, self.means.len() as u32 - 1);
        let half = t * (self.inputs + self.of_mean).sqrt();
        Estimate { value, low: Some(value - half), high: Some(value + half) }
    }

    /// Half of what would be left of the interval after any number of replications.
    pub(super) fn floor(&self, confidence: f64) -> f64 {
        let t = t_quantile(0.5 + confidence / 2.0, self.means.len() as u32 - 1);
        t * self.inputs.sqrt()
    }

    /// Where it comes from, by what was drawn in each pair.
    fn shares(&self, drawn: &[&[f64]]) -> Shares {
        let all = self.inputs + self.of_mean;
        let luck = if all > 0.0 { (self.luck / all).min(1.0) } else { 1.0 };
        let count = drawn.first().map_or(0, |values| values.len());
        let explained: Vec<f64> = (0..count).map(|input| self.explained(drawn, input)).collect();
        let sum: f64 = explained.iter().sum();
        let share = |part: &f64| if sum > 0.0 { (1.0 - luck) * part / sum } else { 0.0 };
        let inputs: Vec<f64> = explained.iter().map(share).collect();
        let luck = 1.0 - inputs.iter().sum::<f64>();
        Shares { luck, inputs }
    }

    /// The share of the pairs' spread that goes along with an input: the square of the
    /// correlation, without what chance alone gives.
    fn explained(&self, drawn: &[&[f64]], input: usize) -> f64 {
        let points: Vec<(f64, f64)> =
            self.means.iter().map(|(pair, y)| (drawn[*pair][input], *y)).collect();
        let n = points.len() as f64;
        let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / n;
        let (x, y) = (mean(|p| p.0), mean(|p| p.1));
        let sum = |of: &dyn Fn(f64, f64) -> f64| -> f64 {
            points.iter().map(|p| of(p.0 - x, p.1 - y)).sum()
        };
        let (xx, yy, xy) = (sum(&|x, _| x * x), sum(&|_, y| y * y), sum(&|x, y| x * y));
        if xx * yy == 0.0 {
            return 0.0;
        }
        (xy * xy / (xx * yy) - 1.0 / (n - 1.0)).max(0.0)
    }
}

impl Inputs {
    /// What the samples of a doubtful scenario say; `spreads` are those of the measures by name.
    pub(super) fn of<'a>(
        doubt: &Doubt,
        samples: &[Sample],
        spreads: impl Iterator<Item = (&'a str, Option<Spread>)>,
    ) -> Self {
        let pairs = samples.chunks_exact(PAIR);
        let drawn: Vec<&[f64]> = pairs.map(|pair| &pair[0].drawn[..]).collect();
        let shares = spreads.filter_map(|(name, spread)| Some((name, spread?)));
        let shares = shares.map(|(name, spread)| (name.to_owned(), spread.shares(&drawn)));
        Inputs { inputs: doubt.inputs.iter().map(input).collect(), shares: shares.collect() }
    }
}

fn input(of: &Uncertain) -> Input {
    let limit = |value: f64| format!("{value}{}", of.unit);
    let limits = [limit(of.low), limit(of.high)];
    Input { path: of.path.clone(), written: of.written.clone(), limits }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pairs of `y = 3 x0 + x1 + luck` for even inputs in -1 to 1 and even luck of that width.
    fn pairs(count: u64) -> (Vec<Option<f64>>, Vec<[f64; 2]>) {
        let even = |key: u64| (mix(9, key) >> 11) as f64 / (1u64 << 52) as f64 - 1.0;
        let drawn = |pair: u64| [even(4 * pair), even(4 * pair + 1)];
        let value = |pair: u64, twin: u64| {
            let [x0, x1] = drawn(pair);
            Some(3.0 * x0 + x1 + even(4 * pair + 2 + twin))
        };
        let runs = (0..count).flat_map(|pair| [value(pair, 0), value(pair, 1)]).collect();
        (runs, (0..count).map(drawn).collect())
    }

    #[test]
    fn the_spread_is_parted_into_inputs_and_luck() {
        let (runs, drawn) = pairs(4_000);
        let spread = Spread::of(0.0, &runs).unwrap();
        // an even law of width 2 has variance 1/3: inputs (9 + 1) / 3, luck 1/3
        assert!((spread.inputs - 10.0 / 3.0).abs() < 0.15, "{spread:?}");
        assert!((spread.luck * 8_000.0 - 1.0 / 3.0).abs() < 0.03, "{spread:?}");
        let drawn: Vec<&[f64]> = drawn.iter().map(|values| &values[..]).collect();
        let shares = spread.shares(&drawn);
        assert!(shares.luck < 0.001, "{shares:?}");
        assert!((shares.inputs[0] - 0.9).abs() < 0.02, "{shares:?}");
        assert!((shares.inputs[1] - 0.1).abs() < 0.02, "{shares:?}");
        // so many pairs leave nothing of the luck, and all of the inputs
        let half = spread.estimate(0.0, 0.95).half().unwrap();
        assert!((half - 1.96 * (10.0f64 / 3.0).sqrt()).abs() < 0.1, "{half}");
        assert!((spread.floor(0.95) - half).abs() < 0.01);
    }

    #[test]
    fn without_any_effect_all_is_luck() {
        let (runs, _) = pairs(500);
        let luck: Vec<Option<f64>> =
            (0..runs.len() as u64).map(|run| Some((mix(3, run) >> 40) as f64)).collect();
        let mean = luck.iter().flatten().sum::<f64>() / luck.len() as f64;
        let spread = Spread::of(mean, &luck).unwrap();
        let shares = spread.shares(&vec![&[1.0, 2.0][..]; 500]);
        assert_eq!(shares, Shares { luck: 1.0, inputs: vec![0.0, 0.0] });
        assert_eq!(Spread::of(0.0, &[Some(1.0), Some(2.0), None, Some(1.0)]), None);
    }
}
