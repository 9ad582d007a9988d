//! Variants against a baseline, run by run under the same seeds: the difference is the change's
//! own, because both meet the same luck. Saved reports may have met other luck.

use serde::{Deserialize, Serialize};

use super::inputs::means_of_pairs;
use super::measure::{Measure, Sample};
use super::replications::{Replications, Summary, Surety};
use super::statistics::Estimate;
use crate::report::Unit;
use crate::report::figures::at;

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
    /// What its runs have in common with the baseline's.
    pub luck: Luck,
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
        let variants = variants.iter().map(Replications::summary).collect();
        Self::of_summaries(baseline.summary(), variants, confidence)
    }

    /// Compares saved reports, of single runs or of replications: run by run where both sides had
    /// the same seeds, else as independent samples.
    ///
    /// # Errors
    /// A sentence if they are no match: they last differently, or measure in different units.
    pub fn of_saved(
        baseline: Summary,
        variants: Vec<Summary>,
        confidence: f64,
    ) -> Result<Self, String> {
        variants.iter().try_for_each(|one| comparable(&baseline, one))?;
        Ok(Self::of_summaries(baseline, variants, confidence))
    }

    fn of_summaries(baseline: Summary, variants: Vec<Summary>, confidence: f64) -> Self {
        let variants = variants.into_iter().map(|one| variant(&baseline, one, confidence));
        Comparison {
            schema_version: 1,
            confidence,
            replications: baseline.samples.len() as u32,
            variants: variants.collect(),
            baseline,
        }
    }
}

/// Whether figures of one mean the same as figures of the other.
fn comparable(a: &Summary, b: &Summary) -> Result<(), String> {
    if (a.duration_s - b.duration_s).abs() > 1e-9 {
        return Err(format!(
            "{} was played for {} and {} for {}: figures of different lengths are not comparable; \
             play one of them again with --duration",
            a.name,
            at(a.duration_s),
            b.name,
            at(b.duration_s)
        ));
    }
    let other = |of: &Measure| b.measures.iter().find(|one| one.name == of.name);
    let differs = |of: &&Measure| other(of).is_some_and(|one| one.unit != of.unit);
    match a.measures.iter().find(differs) {
        None => Ok(()),
        Some(of) => Err(format!(
            "{} is measured in different units in {} and {}: play one of them again with this \
             version",
            of.name, a.name, b.name
        )),
    }
}

/// What two sides have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Luck {
    /// Both met the same days, so runs are compared one by one.
    Shared,
    /// Each met days of its own.
    Independent,
    /// One of them is a single run: there are differences, and nothing says how sure they are.
    OneRun,
}

impl Luck {
    fn of(a: &Summary, b: &Summary) -> Self {
        let seeds = |of: &Summary| of.samples.iter().map(|one| one.seed).collect::<Vec<_>>();
        match a.samples.len().min(b.samples.len()) {
            0 | 1 => Luck::OneRun,
            _ if seeds(a) == seeds(b) => Luck::Shared,
            _ => Luck::Independent,
        }
    }
}

fn variant(a: &Summary, b: Summary, confidence: f64) -> Variant {
    let place = |of: &Summary, name: &str| of.measures.iter().position(|one| one.name == name);
    let both: Vec<(usize, usize)> =
        HEADLINE.iter().filter_map(|name| Some((place(a, name)?, place(&b, name)?))).collect();
    let each = 1.0 - (1.0 - confidence) / both.len().max(1) as f64;
    let luck = Luck::of(a, &b);
    let differences =
        both.iter().filter_map(|&places| difference((a, &b), places, (luck, each))).collect();
    let pairs = a.samples.iter().zip(&b.samples);
    let identical =
        a.samples.len() == b.samples.len() && pairs.into_iter().all(|(a, b)| a.digest == b.digest);
    Variant { summary: b, identical, luck, differences }
}

fn difference(
    (a, b): (&Summary, &Summary),
    (at_a, at_b): (usize, usize),
    (luck, confidence): (Luck, f64),
) -> Option<Difference> {
    let measure = &a.measures[at_a];
    let point = |of: &Summary| of.estimates.get(&measure.name).copied().flatten();
    let (baseline, variant) = (point(a)?.value, point(b)?.value);
    let value = variant - baseline;
    let both = |(a, b): (&Sample, &Sample)| Some((a.values[at_a]?, b.values[at_b]?));
    let runs: Vec<Option<(f64, f64)>> = a.samples.iter().zip(&b.samples).map(both).collect();
    let pairs: Vec<(f64, f64)> = runs.iter().copied().flatten().collect();
    let apart: Vec<f64> = pairs.iter().map(|(a, b)| b - a).collect();
    let doubtful = a.inputs.is_some() || b.inputs.is_some();
    let found = if luck == Luck::Independent {
        let (first, second) = (independent(a, at_a), independent(b, at_b));
        Estimate::apart((baseline, &first), (variant, &second), confidence)
    } else {
        let by_inputs: Vec<Option<f64>> = runs.iter().map(|run| run.map(|(a, b)| b - a)).collect();
        // runs with the same inputs are not independent of each other
        let samples = if doubtful { means_of_pairs(&by_inputs) } else { apart.clone() };
        Estimate::around(value, &samples, confidence)
    };
    let equal = value == 0.0
        && match luck {
            Luck::Independent => found.half() == Some(0.0),
            Luck::Shared | Luck::OneRun => apart.iter().all(|d| *d == 0.0),
        };
    let agree = apart.iter().filter(|apart| **apart * value > 0.0).count() as u32;
    Some(Difference {
        name: measure.name.clone(),
        unit: measure.unit,
        baseline,
        variant,
        difference: found,
        agree: (doubtful && luck == Luck::Shared).then_some(agree),
        finding: if equal { Finding::Equal } else { finding(&found, apart.len()) },
        luck_shared: luck_shared(&pairs).filter(|_| luck == Luck::Shared),
    })
}

/// The values of a measure by run; by pair of runs where both of a pair had the same inputs.
fn independent(of: &Summary, place: usize) -> Vec<f64> {
    let runs: Vec<Option<f64>> = of.samples.iter().map(|sample| sample.values[place]).collect();
    if of.inputs.is_some() { means_of_pairs(&runs) } else { runs.into_iter().flatten().collect() }
}

fn finding(found: &Estimate, runs: usize) -> Finding {
    match (found.low, found.high) {
        (Some(low), _) if low > 0.0 => Finding::Higher,
        (_, Some(high)) if high < 0.0 => Finding::Lower,
        (Some(low), Some(high)) => {
            let times = (high - low) / 2.0 / found.value;
            let needed = times * times * runs as f64;
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
