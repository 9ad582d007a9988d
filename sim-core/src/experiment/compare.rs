//! Variants against a baseline, run by run under the same seeds: the difference is the change's
//! own, because both meet the same luck.

use serde::{Deserialize, Serialize};

use super::inputs::means_of_pairs;
use super::replications::{Replications, Summary, Surety};
use super::statistics::Estimate;
use crate::report::Unit;

/// Measures that a verdict is spoken on, as far as both sides have them.
const HEADLINE: [&str; 8] = [
    "latency_ms.mean",
    "latency_ms.p50",
    "latency_ms.p95",
    "latency_ms.p99",
    "errors",
    "goodput_rps",
    "orders.usd_lost",
    "cost.usd_per_hour",
];

/// More replications than this are not proposed: the difference is too small to matter.
const WORTH_IT: f64 = 100_000.0;

/// Variants against a baseline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The version of this form, 1.
    pub schema_version: u32,
    /// How sure all differences of a variant are together, 0 to 1: each one's interval is wider
    /// for it (Bonferroni), so that many looks do not make a false verdict likely.
    pub confidence: f64,
    /// Replications of each.
    pub replications: u32,
    /// What the others are compared with.
    pub baseline: Summary,
    /// The others.
    pub variants: Vec<Variant>,
}

/// A variant and how it differs from the baseline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Variant {
    /// By itself.
    pub summary: Summary,
    /// Whether every run had the digest of the baseline's.
    pub identical: bool,
    /// How it differs.
    pub differences: Vec<Difference>,
}

/// How one figure differs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// The measure.
    pub name: String,
    /// Its unit.
    pub unit: Unit,
    /// The baseline's value.
    pub baseline: f64,
    /// The variant's value.
    pub variant: f64,
    /// The variant's minus the baseline's.
    pub difference: Estimate,
    /// Where inputs are uncertain: in how many runs it differs the same way. The difference itself
    /// is the mean over what is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agree: Option<u32>,
    /// What can be said of it.
    pub finding: Finding,
    /// How many times longer the interval would be had both not met the same luck.
    pub luck_shared: Option<f64>,
}

/// What can be said of a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// The same in every run.
    Equal,
    /// The variant's is lower.
    Lower,
    /// The variant's is higher.
    Higher,
    /// The interval holds zero.
    CannotTell {
        /// About how many replications would tell a difference of this size; `None` where more
        /// than anybody would play.
        needed: Option<u64>,
    },
}

impl Comparison {
    /// Compares what was replicated under the same seeds.
    #[must_use]
    pub fn of(baseline: &Replications, variants: &[Replications], confidence: f64) -> Self {
        Comparison {
            schema_version: 1,
            confidence,
            replications: baseline.len(),
            baseline: baseline.summary(),
            variants: variants.iter().map(|one| variant(baseline, one, confidence)).collect(),
        }
    }
}

fn variant(a: &Replications, b: &Replications, confidence: f64) -> Variant {
    let both: Vec<(usize, usize)> =
        HEADLINE.iter().filter_map(|name| Some((a.place(name)?, b.place(name)?))).collect();
    let each = 1.0 - (1.0 - confidence) / both.len().max(1) as f64;
    let differences = both.iter().filter_map(|&places| difference(a, b, places, each)).collect();
    let pairs = a.samples().iter().zip(b.samples());
    let identical = a.len() == b.len() && pairs.into_iter().all(|(a, b)| a.digest == b.digest);
    Variant { summary: b.summary(), identical, differences }
}

fn difference(
    a: &Replications,
    b: &Replications,
    (at_a, at_b): (usize, usize),
    confidence: f64,
) -> Option<Difference> {
    let (baseline, variant) = (a.point(at_a)?, b.point(at_b)?);
    let both = |(a, b): (&super::Sample, &super::Sample)| Some((a.values[at_a]?, b.values[at_b]?));
    let runs: Vec<Option<(f64, f64)>> = a.samples().iter().zip(b.samples()).map(both).collect();
    let pairs: Vec<(f64, f64)> = runs.iter().copied().flatten().collect();
    let apart: Vec<f64> = pairs.iter().map(|(a, b)| b - a).collect();
    let by_inputs: Vec<Option<f64>> = runs.iter().map(|run| run.map(|(a, b)| b - a)).collect();
    // runs with the same inputs are not independent of each other
    let doubtful = a.is_doubtful() || b.is_doubtful();
    let samples = if doubtful { means_of_pairs(&by_inputs) } else { apart.clone() };
    let value = variant - baseline;
    let found = Estimate::around(value, &samples, confidence);
    let agree = apart.iter().filter(|apart| **apart * value > 0.0).count() as u32;
    let measure = &a.measures()[at_a];
    Some(Difference {
        name: measure.name.clone(),
        unit: measure.unit,
        baseline,
        variant,
        difference: found,
        agree: doubtful.then_some(agree),
        finding: finding(&found, &apart),
        luck_shared: luck_shared(&pairs),
    })
}

fn finding(found: &Estimate, apart: &[f64]) -> Finding {
    if found.value == 0.0 && apart.iter().all(|d| *d == 0.0) {
        return Finding::Equal;
    }
    match (found.low, found.high) {
        (Some(low), _) if low > 0.0 => Finding::Higher,
        (_, Some(high)) if high < 0.0 => Finding::Lower,
        (Some(low), Some(high)) => {
            let times = (high - low) / 2.0 / found.value;
            let needed = times * times * apart.len() as f64;
            let needed = (needed < WORTH_IT).then(|| needed.ceil() as u64);
            Finding::CannotTell { needed }
        }
        _ => Finding::CannotTell { needed: None },
    }
}

/// The spread of differences between runs that share no luck, over that of these.
fn luck_shared(pairs: &[(f64, f64)]) -> Option<f64> {
    let spread = |values: Vec<f64>| {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>()
    };
    let apart = spread(pairs.iter().map(|(a, b)| b - a).collect());
    let alone = spread(pairs.iter().map(|(a, _)| *a).collect())
        + spread(pairs.iter().map(|p| p.1).collect());
    (pairs.len() > 1 && apart > 0.0).then(|| (alone / apart).sqrt())
}

impl Variant {
    /// Whether it holds its objectives where the baseline does not, or the other way round.
    #[must_use]
    pub fn turns(&self, baseline: &Summary) -> Option<(Surety, Surety)> {
        let (before, after) = (baseline.verdict, self.summary.verdict);
        (before != after).then_some((before, after))
    }
}
