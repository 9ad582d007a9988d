//! The compiled sampler of a duration: one `match`, one or two random words a draw.

use rand_core::Rng;
use rand_distr::Distribution;
use serde::{Deserialize, Serialize};

use super::{exponential, fast_exp, normal, unit};

/// A distribution of durations, in seconds unless a field says otherwise; parameters are valid
/// where it came from [`LawSpec::compile`](super::LawSpec::compile).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each variant's sentence explains its fields")]
pub enum Law {
    /// Always the same; whole nanoseconds, so that it stays exact.
    Constant { nanos: u64 },
    /// Evenly between two ends.
    Uniform { low: f64, high: f64 },
    /// Memoryless.
    Exponential { mean: f64 },
    /// `exp(mu + sigma N)`, the median being `exp(mu)` seconds.
    Lognormal { mu: f64, sigma: f64 },
    /// `P(X > x) = (scale/x)^shape` from `scale` on.
    Pareto { scale: f64, shape: f64 },
    /// The Pareto law from `low` on, given that it is at most `high`.
    BoundedPareto { low: f64, high: f64, shape: f64 },
    /// Mean `shape * scale`; an Erlang law where `shape` is whole.
    Gamma { shape: f64, scale: f64 },
    /// `P(X > x) = exp(-(x/scale)^shape)`.
    Weibull { shape: f64, scale: f64 },
    /// Exponential with `mean1` in a share `p` of cases, else with `mean2`.
    Hyperexponential { p: f64, mean1: f64, mean2: f64 },
    /// Straight lines between `(p, quantile)` knots; p rises from 0 to 1.
    Empirical { knots: Box<[(f64, f64)]> },
    /// A fixed part before a drawn one.
    Shifted { by: f64, law: Box<Law> },
}

/// No draw is longer: 146 years, so that a sum with a time of day never wraps.
const LONGEST_NANOS: u64 = u64::MAX / 4;

impl Law {
    /// A draw in whole nanoseconds, rounded to the nearest; at most a quarter of `u64::MAX`.
    #[inline]
    pub fn sample_nanos<R: Rng + ?Sized>(&self, rng: &mut R) -> u64 {
        match self {
            Self::Constant { nanos } => *nanos,
            Self::Exponential { mean } => to_nanos(mean * exponential(rng)),
            Self::Lognormal { mu, sigma } => to_nanos(fast_exp(mu + sigma * normal(rng))),
            other => to_nanos(other.sample_other(rng)),
        }
    }

    /// A draw in seconds.
    #[inline]
    fn sample_seconds<R: Rng + ?Sized>(&self, rng: &mut R) -> f64 {
        match self {
            Self::Constant { nanos } => *nanos as f64 / 1e9,
            Self::Exponential { mean } => mean * exponential(rng),
            Self::Lognormal { mu, sigma } => fast_exp(mu + sigma * normal(rng)),
            other => other.sample_other(rng),
        }
    }

    /// The rarer laws, out of line to keep the common ones short.
    #[inline(never)]
    fn sample_other<R: Rng + ?Sized>(&self, rng: &mut R) -> f64 {
        match self {
            Self::Uniform { low, high } => low + (high - low) * unit(rng),
            Self::Pareto { scale, shape } => scale * fast_exp(exponential(rng) / shape),
            Self::BoundedPareto { low, high, shape } => bounded_pareto(*low, *high, *shape, rng),
            Self::Gamma { shape, scale } => scale * gamma(*shape, rng),
            Self::Weibull { shape, scale } => scale * fast_exp(libm::log(exponential(rng)) / shape),
            Self::Hyperexponential { p, mean1, mean2 } => {
                let mean = if unit(rng) < *p { mean1 } else { mean2 };
                mean * exponential(rng)
            }
            Self::Empirical { knots } => interpolate(knots, unit(rng)),
            Self::Shifted { by, law } => by + law.sample_seconds(rng),
            Self::Constant { .. } | Self::Exponential { .. } | Self::Lognormal { .. } => {
                self.sample_seconds(rng)
            }
        }
    }
}

impl Distribution<f64> for Law {
    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> f64 {
        self.sample_seconds(rng)
    }
}

/// Seconds to whole nanoseconds, to the nearest; what is not a time becomes 0.
#[inline]
pub(super) fn to_nanos(seconds: f64) -> u64 {
    // through i64: one machine instruction where u64 would take a branch
    ((seconds * 1e9 + 0.5) as i64).clamp(0, LONGEST_NANOS as i64) as u64
}

/// By rejection, which is quick where little is cut; by inversion where three tries miss.
fn bounded_pareto<R: Rng + ?Sized>(low: f64, high: f64, shape: f64, rng: &mut R) -> f64 {
    for _ in 0..3 {
        let x = low * fast_exp(exponential(rng) / shape);
        if x <= high {
            return x;
        }
    }
    let kept = -libm::expm1(-shape * libm::log(high / low));
    (low * fast_exp(-libm::log1p(-unit(rng) * kept) / shape)).min(high)
}

/// Marsaglia and Tsang (2000), scale 1; a shape below one borrows from the shape above.
fn gamma<R: Rng + ?Sized>(shape: f64, rng: &mut R) -> f64 {
    if shape < 1.0 {
        return gamma(shape + 1.0, rng) * fast_exp(-exponential(rng) / shape);
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let x = normal(rng);
        let root = 1.0 + c * x;
        if root <= 0.0 {
            continue;
        }
        let v = root * root * root;
        let (u, x2) = (unit(rng), x * x);
        if u < 1.0 - 0.0331 * x2 * x2 || libm::log(u) < 0.5 * x2 + d * (1.0 - v + libm::log(v)) {
            return d * v;
        }
    }
}

/// The quantile at `p` on straight lines between knots.
pub(super) fn interpolate(knots: &[(f64, f64)], p: f64) -> f64 {
    let after = knots.partition_point(|knot| knot.0 <= p).clamp(1, knots.len().max(2) - 1);
    match (knots.get(after - 1), knots.get(after)) {
        (Some(a), Some(b)) => a.1 + (b.1 - a.1) * ((p - a.0) / (b.0 - a.0)),
        (Some(a), None) => a.1,
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::chance::Draw;

    #[test]
    fn nanoseconds_are_rounded_and_bounded() {
        assert_eq!(to_nanos(1.5e-9), 2);
        assert_eq!(to_nanos(1.4e-9), 1);
        assert_eq!(to_nanos(1e30), u64::MAX / 4);
        assert_eq!(to_nanos(f64::INFINITY), u64::MAX / 4);
        assert_eq!((to_nanos(-1.0), to_nanos(f64::NAN)), (0, 0));
        let constant = Law::Constant { nanos: 123_456_789_012_345_679 };
        assert_eq!(constant.sample_nanos(&mut Draw::new(1)), 123_456_789_012_345_679);
    }

    #[test]
    fn both_ways_to_draw_agree() {
        let law = Law::Shifted { by: 0.5, law: Box::new(Law::Exponential { mean: 1.0 }) };
        let (mut one, mut two) = (Draw::new(1), Draw::new(1));
        for _ in 0..100 {
            assert_eq!(law.sample_nanos(&mut one), to_nanos(law.sample(&mut two)));
        }
    }

    #[test]
    fn straight_lines_between_knots() {
        let knots = [(0.0, 1.0), (0.5, 5.0), (1.0, 9.0)];
        for (p, x) in [(0.0, 1.0), (0.25, 3.0), (0.5, 5.0), (0.75, 7.0), (1.0, 9.0)] {
            assert_eq!(interpolate(&knots, p), x);
        }
        assert_eq!((interpolate(&[], 0.5), interpolate(&knots[..1], 0.5)), (0.0, 1.0));
    }
}
