//! Statistical trials of every sampler: against formulas, and against `rand_distr` as an oracle.

use rand_distr::{Distribution, Exp1, StandardNormal};

use super::golden::laws;
use super::{Draw, Law, Stream, exponential, normal};

const N: usize = 200_000;

fn draws(law: &Law, key: u64) -> Vec<f64> {
    law.sample_iter(Stream::new(key)).take(N).collect()
}

/// Kolmogorov and Smirnov's distance of two samples of N, in units of its scale: 1.95 is the
/// 99.9th percentile, 2.3 the 99.995th.
fn distance(mut a: Vec<f64>, mut b: Vec<f64>) -> f64 {
    a.sort_by(f64::total_cmp);
    b.sort_by(f64::total_cmp);
    let (mut i, mut j, mut worst) = (0, 0, 0);
    while i < a.len() && j < b.len() {
        if a[i] <= b[j] {
            i += 1
        } else {
            j += 1
        }
        worst = worst.max(i.abs_diff(j));
    }
    worst as f64 / N as f64 * (N as f64 / 2.0).sqrt()
}

/// Means within 4.5 standard errors of their formula, where the variance is finite.
#[test]
fn means_meet_their_formulas() {
    for (at, law) in laws().iter().enumerate() {
        let (mean, scv) = (law.mean(), law.scv());
        assert!(mean.is_finite() && mean > 0.0, "{law:?}");
        if scv == 0.0 || scv.is_infinite() {
            continue;
        }
        let sum: f64 = draws(law, at as u64).iter().sum();
        let z = (sum / N as f64 - mean) / (mean * (scv / N as f64).sqrt());
        assert!(z.abs() < 4.5, "{law:?}: z {z}");
    }
}

/// Variances within 4.5 standard errors, the fourth moment being estimated from the draws.
#[test]
fn variations_meet_their_formulas() {
    for (at, law) in laws().iter().enumerate() {
        let (mean, scv) = (law.mean(), law.scv());
        if scv == 0.0 || scv.is_infinite() {
            continue;
        }
        let square = |x: f64| (x / mean - 1.0) * (x / mean - 1.0);
        let squares: Vec<f64> = draws(law, 100 + at as u64).into_iter().map(square).collect();
        let average = squares.iter().sum::<f64>() / N as f64;
        let spread = squares.iter().map(|s| (s - average) * (s - average)).sum::<f64>();
        let z = (average - scv) / (spread.sqrt() / N as f64);
        assert!(z.abs() < 4.5, "{law:?}: z {z}, {average} for {scv}");
    }
}

/// The share of draws below each quantile within 4.5 standard errors.
#[test]
fn quantiles_meet_their_formulas() {
    for (at, law) in laws().iter().enumerate().skip(1) {
        let values = draws(law, 200 + at as u64);
        for p in [0.01, 0.1, 0.5, 0.9, 0.99, 0.999] {
            let Some(quantile) = law.quantile(p) else { continue };
            let below = values.iter().filter(|&&x| x < quantile).count() as f64;
            let z = (below - p * N as f64) / (N as f64 * p * (1.0 - p)).sqrt();
            assert!(z.abs() < 4.5, "{law:?} at {p}: z {z}");
        }
    }
}

#[test]
fn samplers_agree_with_rand_distr() {
    let near = |name: &str, ours: Vec<f64>, theirs: Vec<f64>| {
        let d = distance(ours, theirs);
        assert!(d < 1.95, "{name}: {d}");
    };
    let rng = || Stream::new(1_000);
    for law in laws() {
        let ours = draws(&law, 300);
        let theirs: Vec<f64> = match law {
            Law::Uniform { low, high } => {
                let spread = rand_distr::Uniform::new(low, high).unwrap();
                spread.sample_iter(rng()).take(N).collect()
            }
            Law::Exponential { mean } => {
                rand_distr::Exp::new(1.0 / mean).unwrap().sample_iter(rng()).take(N).collect()
            }
            Law::Lognormal { mu, sigma } => {
                rand_distr::LogNormal::new(mu, sigma).unwrap().sample_iter(rng()).take(N).collect()
            }
            Law::Pareto { scale, shape } => {
                rand_distr::Pareto::new(scale, shape).unwrap().sample_iter(rng()).take(N).collect()
            }
            Law::BoundedPareto { low, high, shape } => {
                let pareto = rand_distr::Pareto::new(low, shape).unwrap();
                pareto.sample_iter(rng()).filter(|&x| x <= high).take(N).collect()
            }
            Law::Gamma { shape, scale } => {
                rand_distr::Gamma::new(shape, scale).unwrap().sample_iter(rng()).take(N).collect()
            }
            Law::Weibull { shape, scale } => {
                rand_distr::Weibull::new(scale, shape).unwrap().sample_iter(rng()).take(N).collect()
            }
            _ => continue,
        };
        near(&format!("{law:?}"), ours, theirs);
    }
    let (mut a, mut b) = (Stream::new(5), Draw::new(6));
    near(
        "exponential",
        (0..N).map(|_| exponential(&mut a)).collect(),
        Exp1.sample_iter(rng()).take(N).collect(),
    );
    near(
        "normal",
        (0..N).map(|_| normal(&mut b)).collect(),
        StandardNormal.sample_iter(rng()).take(N).collect(),
    );
}

/// Tails are drawn by code that few draws reach: counted over ten million.
#[test]
fn tails_beyond_the_ziggurat_are_as_heavy_as_they_should_be() {
    let (mut draw, n) = (Draw::new(77), 10_000_000);
    let (mut far, mut left, mut right) = (0, 0, 0);
    for _ in 0..n {
        far += u32::from(exponential(&mut draw) > 8.0);
        let z = normal(&mut draw);
        left += u32::from(z < -3.7);
        right += u32::from(z > 3.7);
    }
    let tail = 0.5 * libm::erfc(3.7 / std::f64::consts::SQRT_2);
    for (count, p) in [(far, libm::exp(-8.0)), (left, tail), (right, tail)] {
        let mean = f64::from(n) * p;
        let z = (f64::from(count) - mean) / mean.sqrt();
        assert!(z.abs() < 4.5, "{count} draws, {mean} expected");
    }
}

/// The check must be able to fail: it notices a mean that is three per cent off.
#[test]
fn the_distance_notices_a_wrong_mean() {
    let law = Law::Exponential { mean: 1.0 };
    assert!(distance(draws(&law, 1), draws(&law, 2)) < 1.95);
    assert!(distance(draws(&law, 1), draws(&law.scaled(1.03), 2)) > 1.95);
}
