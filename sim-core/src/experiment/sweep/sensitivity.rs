//! Sobol' indices: which share of a goal's variance over the swept space each factor explains.
//!
//! The design and the first-order estimator are those of A. Saltelli and others, "Variance based
//! sensitivity analysis of model output", Computer Physics Communications 181, 2010; the total
//! index is by M. Jansen's estimator from the same paper. Intervals are by the bootstrap over base
//! points.

use serde::{Deserialize, Serialize};

use crate::engine::chance::{Draw, below, mix, name_key};

/// Times that base points are drawn anew for an interval.
const RESAMPLES: u32 = 400;

/// How much of a goal's variance a factor explains.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Index {
    /// By itself: the share of the variance that would be gone if it were known.
    pub first: Share,
    /// With all that it does together with others: what would be left if only it were unknown.
    pub total: Share,
}

/// A share of the variance, with an interval by the bootstrap.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// The estimate; chance may put it a little outside 0 to 1.
    pub value: f64,
    /// Its interval's ends.
    pub ends: [f64; 2],
}

/// The indices of each factor from the values at the points of Saltelli's design, in the design's
/// order; nothing where the values do not vary or are not all there.
#[must_use]
pub fn indices(values: &[Option<f64>], factors: usize, confidence: f64) -> Option<Vec<Index>> {
    let all: Option<Vec<f64>> = values.iter().copied().collect();
    let all = all.filter(|all| all.iter().all(|value| value.is_finite()))?;
    let rows: Vec<&[f64]> = all.chunks_exact(factors + 2).collect();
    let picked: Vec<usize> = (0..rows.len()).collect();
    let found = estimate(&rows, &picked, factors)?;
    let mut draw = Draw::new(mix(name_key("bootstrap"), rows.len() as u64));
    let mut again: Vec<Vec<[f64; 2]>> = Vec::new();
    for _ in 0..RESAMPLES {
        let draws = rows.iter().map(|_| below(&mut draw, rows.len() as u64) as usize);
        let picked: Vec<usize> = draws.collect();
        again.extend(estimate(&rows, &picked, factors));
    }
    let share = |factor: usize, which: usize| {
        let mut all: Vec<f64> = again.iter().map(|one| one[factor][which]).collect();
        all.sort_by(f64::total_cmp);
        let end = |p: f64| all[((p * all.len() as f64) as usize).min(all.len() - 1)];
        let outside = (1.0 - confidence) / 2.0;
        Share { value: found[factor][which], ends: [end(outside), end(1.0 - outside)] }
    };
    let index = |factor| Index { first: share(factor, 0), total: share(factor, 1) };
    Some((0..factors).map(index).collect())
}

/// First-order and total index of each factor from these rows: A, A with one of B each, B.
fn estimate(rows: &[&[f64]], picked: &[usize], factors: usize) -> Option<Vec<[f64; 2]>> {
    let n = picked.len() as f64;
    let ends = || picked.iter().flat_map(|&at| [rows[at][0], rows[at][factors + 1]]);
    let mean = ends().sum::<f64>() / (2.0 * n);
    let variance = ends().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (2.0 * n);
    if variance <= 1e-12 * mean * mean {
        return None;
    }
    let of = |factor: usize| {
        let (mut first, mut total) = (0.0, 0.0);
        for row in picked.iter().map(|&at| rows[at]) {
            let (a, mixed, b) = (row[0], row[factor + 1], row[factors + 1]);
            // less the mean: the estimate is the same, its spread is smaller
            first += (b - mean) * (mixed - a);
            total += (a - mixed) * (a - mixed) / 2.0;
        }
        [first / n / variance, total / n / variance]
    };
    Some((0..factors).map(of).collect())
}
