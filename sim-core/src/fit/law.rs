//! The distribution of times: which family fits, how well, and whether that held later.

use serde::Serialize;
use serde_json::{Value, json};

use crate::engine::chance::{Law, LawSpec};

/// A distribution that was fitted, and how far it is from what it was not fitted to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FittedLaw {
    /// As a scenario has it.
    pub law: LawSpec,
    /// Mean of the times, seconds.
    pub mean_s: f64,
    /// Largest distance of the distribution functions (Kolmogorov and Smirnov) on the times that it
    /// was fitted to.
    pub distance: f64,
    /// The same on the last third, which it was not fitted to.
    pub held_out: Option<f64>,
}

/// Points at which distribution functions are compared.
const POINTS: u32 = 200;
/// Quantiles that stand for a distribution which no family fits.
const KNOTS: [f64; 9] = [0.0, 10.0, 25.0, 50.0, 75.0, 90.0, 95.0, 99.0, 100.0];
/// A family that is nearer than this is said rather than the percentiles themselves.
const NEAR: f64 = 0.05;
/// Times within this share of each other are one time.
const ALIKE: f64 = 0.02;
/// Times below this cannot be told from none, seconds.
const LEAST: f64 = 1e-6;

/// Microseconds as a scenario has them.
fn time(seconds: f64) -> String {
    let us = (seconds.max(LEAST) * 1e6 + 0.5) as u64;
    match us {
        _ if us.is_multiple_of(1_000) => format!("{}ms", us / 1_000),
        _ => format!("{}ms", us as f64 / 1e3),
    }
}

/// A number with three digits.
fn three(number: f64) -> f64 {
    format!("{number:.2e}").parse().unwrap_or(number)
}

fn spec(value: Value) -> Option<(LawSpec, Law)> {
    let spec: LawSpec = serde_json::from_value(value).ok()?;
    let law = spec.compile().ok()?;
    Some((spec, law))
}

/// How far the law is from sorted times.
fn distance(law: &Law, sorted: &[f64]) -> f64 {
    if law.constant_nanos().is_some() {
        return 1.0 - share_alike(sorted, law.mean());
    }
    let apart = |point: u32| {
        let p = f64::from(point) / f64::from(POINTS);
        let x = law.quantile(p)?;
        let below = sorted.partition_point(|&time| time <= x);
        Some((below as f64 / sorted.len() as f64 - p).abs())
    };
    (1..POINTS).filter_map(apart).fold(0.0, f64::max)
}

/// The share of times that cannot be told from this one.
fn share_alike(sorted: &[f64], time: f64) -> f64 {
    let alike = sorted.iter().filter(|x| (*x / time - 1.0).abs() <= ALIKE);
    alike.count() as f64 / sorted.len() as f64
}

fn quantile(sorted: &[f64], percent: f64) -> f64 {
    let at = percent / 100.0 * (sorted.len() - 1) as f64;
    let (below, part) = (at as usize, at - libm::floor(at));
    let above = sorted[(below + 1).min(sorted.len() - 1)];
    sorted[below] + (above - sorted[below]) * part
}

fn quantiles(points: impl Iterator<Item = (f64, f64)>) -> Value {
    let points = points.map(|(percent, seconds)| (format!("p{percent}"), json!(time(seconds))));
    json!({"quantiles": points.collect::<serde_json::Map<_, _>>()})
}

impl FittedLaw {
    /// The law of times in their order; `None` of fewer than ten.
    pub(super) fn of(times: &[f64]) -> Option<Self> {
        if times.len() < 10 {
            return None;
        }
        let (fitted, held) = match times.len() {
            few if few < 60 => (times, &[][..]),
            many => times.split_at(many - many / 3),
        };
        let (mut fitted, mut held) = (fitted.to_vec(), held.to_vec());
        for all in [&mut fitted, &mut held] {
            all.sort_unstable_by(f64::total_cmp);
        }
        let (spec, law, near) = nearest(&fitted)?;
        let mean_s = times.iter().sum::<f64>() / times.len() as f64;
        let held_out = (!held.is_empty()).then(|| distance(&law, &held));
        Some(FittedLaw { law: spec, mean_s, distance: near, held_out })
    }

    /// The law of stated percentiles.
    pub(super) fn of_percentiles(points: &[(f64, f64)]) -> Option<Self> {
        let least = points.first()?.1;
        let mut knots = vec![(0.0, least / 2.0)];
        knots.extend(points);
        let (law, ready) = spec(quantiles(knots.into_iter()))?;
        Some(FittedLaw { law, mean_s: ready.mean(), distance: 0.0, held_out: None })
    }
}

/// The family that fits best; the percentiles themselves where none fits well.
fn nearest(sorted: &[f64]) -> Option<(LawSpec, Law, f64)> {
    let count = sorted.len() as f64;
    let mean = sorted.iter().sum::<f64>() / count;
    let logs: Vec<f64> = sorted.iter().map(|x| libm::log(x.max(LEAST))).collect();
    let mu = logs.iter().sum::<f64>() / count;
    let sigma2 = logs.iter().map(|x| (x - mu) * (x - mu)).sum::<f64>() / count;
    let log_mean = libm::exp(mu + sigma2 / 2.0);
    let log_cv = libm::expm1(sigma2).sqrt();
    let candidates = [
        json!({"exponential": time(mean)}),
        json!({"lognormal": {"mean": time(log_mean), "cv": three(log_cv)}}),
        json!({"constant": time(quantile(sorted, 50.0))}),
    ];
    let best = candidates
        .into_iter()
        .filter_map(spec)
        .map(|(spec, law)| {
            let far = distance(&law, sorted);
            (spec, law, far)
        })
        .min_by(|a, b| a.2.total_cmp(&b.2));
    if let Some(best) = best.filter(|best| best.2 <= NEAR) {
        return Some(best);
    }
    let (spec, law) = spec(quantiles(KNOTS.iter().map(|&p| (p, quantile(sorted, p)))))?;
    let far = distance(&law, sorted);
    Some((spec, law, far))
}
