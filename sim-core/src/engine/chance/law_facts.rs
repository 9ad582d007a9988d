//! What is known about a law without drawing: mean, variation, quantiles, and stretching it.

use super::Law;
use super::law::{interpolate, to_nanos};

impl Law {
    /// The mean in seconds; infinite for a Pareto law with a shape of 1 or less.
    #[must_use]
    pub fn mean(&self) -> f64 {
        match self {
            Self::Constant { nanos } => *nanos as f64 / 1e9,
            Self::Lognormal { mu, sigma } => libm::exp(mu + 0.5 * sigma * sigma),
            Self::Weibull { shape, scale } => scale * libm::exp(libm::lgamma(1.0 + 1.0 / shape)),
            Self::Shifted { by, law } => by + law.mean(),
            _ => self.moment(1),
        }
    }

    /// The squared coefficient of variation, variance over mean squared; infinite where the
    /// variance is, 0 for a constant.
    #[must_use]
    pub fn scv(&self) -> f64 {
        match self {
            Self::Constant { .. } => 0.0,
            Self::Uniform { low, high } => {
                let ratio = (high - low) / (high + low);
                if high > low { ratio * ratio / 3.0 } else { 0.0 }
            }
            Self::Exponential { .. } => 1.0,
            Self::Lognormal { sigma, .. } => libm::expm1(sigma * sigma),
            Self::Gamma { shape, .. } => 1.0 / shape,
            Self::Pareto { shape, .. } if *shape > 2.0 => 1.0 / (shape * (shape - 2.0)),
            Self::Pareto { .. } => f64::INFINITY,
            Self::Weibull { shape, .. } => {
                let (one, two) = (libm::lgamma(1.0 + 1.0 / shape), libm::lgamma(1.0 + 2.0 / shape));
                libm::expm1(two - 2.0 * one)
            }
            Self::Shifted { by, law } => {
                let share = law.mean() / (by + law.mean());
                if share.is_finite() { law.scv() * share * share } else { law.scv() }
            }
            _ => {
                let mean = self.moment(1);
                if mean > 0.0 { (self.moment(2) / (mean * mean) - 1.0).max(0.0) } else { 0.0 }
            }
        }
    }

    /// The first or second moment about zero where that is a short formula; else NaN.
    fn moment(&self, k: u32) -> f64 {
        let power = |x: f64| if k == 1 { x } else { x * x };
        let order = f64::from(k);
        match self {
            Self::Uniform { low, high } if k == 1 => 0.5 * (low + high),
            Self::Exponential { mean } => power(*mean) * order,
            Self::Pareto { scale, shape } if *shape > order => {
                shape * power(*scale) / (shape - order)
            }
            Self::Pareto { .. } => f64::INFINITY,
            Self::BoundedPareto { low, high, shape } => {
                let log = libm::log(high / low);
                let d = (order - shape) * log;
                let width = if d == 0.0 { log } else { libm::expm1(d) / d * log };
                shape * power(*low) * width / -libm::expm1(-shape * log)
            }
            Self::Gamma { shape, scale } if k == 1 => shape * scale,
            Self::Hyperexponential { p, mean1, mean2 } => {
                order * (p * power(*mean1) + (1.0 - p) * power(*mean2))
            }
            Self::Empirical { knots } => knots.windows(2).map(|w| segment(w[0], w[1], k)).sum(),
            _ => f64::NAN,
        }
    }

    /// The value in seconds below which a share `p` (0 to 1) of draws falls; `None` where it has
    /// no closed form (gamma, hyperexponential) or `p` is out of range.
    #[must_use]
    pub fn quantile(&self, p: f64) -> Option<f64> {
        if !(0.0..=1.0).contains(&p) {
            return None;
        }
        let depth = -libm::log1p(-p); // of the exponential law with mean 1
        match self {
            Self::Constant { .. } => Some(self.mean()),
            Self::Uniform { low, high } => Some(low + (high - low) * p),
            Self::Exponential { mean } => Some(mean * depth),
            Self::Lognormal { mu, sigma } => Some(libm::exp(mu + sigma * normal_quantile(p))),
            Self::Pareto { scale, shape } => Some(scale * libm::exp(depth / shape)),
            Self::BoundedPareto { low, high, shape } => {
                let kept = -libm::expm1(-shape * libm::log(high / low));
                Some((low * libm::exp(-libm::log1p(-p * kept) / shape)).min(*high))
            }
            Self::Weibull { shape, scale } => Some(scale * libm::pow(depth, 1.0 / shape)),
            Self::Empirical { knots } => Some(interpolate(knots, p)),
            Self::Shifted { by, law } => law.quantile(p).map(|x| by + x),
            Self::Gamma { .. } | Self::Hyperexponential { .. } => None,
        }
    }

    /// The same law with every duration times `k` (above 0, finite).
    #[must_use]
    pub fn scaled(&self, k: f64) -> Self {
        let mut law = self.clone();
        match &mut law {
            Self::Constant { nanos } if k != 1.0 => *nanos = to_nanos(*nanos as f64 * k / 1e9),
            Self::Constant { .. } => {}
            Self::Uniform { low, high } | Self::BoundedPareto { low, high, .. } => {
                (*low, *high) = (*low * k, *high * k);
            }
            Self::Exponential { mean } => *mean *= k,
            Self::Lognormal { mu, .. } => *mu += libm::log(k),
            Self::Pareto { scale, .. }
            | Self::Gamma { scale, .. }
            | Self::Weibull { scale, .. } => *scale *= k,
            Self::Hyperexponential { mean1, mean2, .. } => {
                (*mean1, *mean2) = (*mean1 * k, *mean2 * k);
            }
            Self::Empirical { knots } => knots.iter_mut().for_each(|knot| knot.1 *= k),
            Self::Shifted { by, law } => (*by, **law) = (*by * k, law.scaled(k)),
        }
        law
    }

    /// The whole nanoseconds of a constant law: its draws need no timer heap.
    #[inline]
    #[must_use]
    pub fn constant_nanos(&self) -> Option<u64> {
        if let Self::Constant { nanos } = self { Some(*nanos) } else { None }
    }
}

/// A straight line's part of a moment.
fn segment(a: (f64, f64), b: (f64, f64), k: u32) -> f64 {
    let width = b.0 - a.0;
    if k == 1 {
        width * 0.5 * (a.1 + b.1)
    } else {
        width * (a.1 * a.1 + a.1 * b.1 + b.1 * b.1) / 3.0
    }
}

/// The standard normal's quantile at `p` by Newton's method on `erfc`; infinite at 0 and 1.
#[must_use]
pub fn normal_quantile(p: f64) -> f64 {
    if p > 0.5 {
        return -normal_quantile(1.0 - p);
    }
    if p <= 0.0 || p.is_nan() {
        return if p == 0.0 { f64::NEG_INFINITY } else { f64::NAN };
    }
    // P(N < x) <= exp(-x^2/2)/2 puts the start left of the root, and there log P(N < x), which is
    // concave, lets Newton's method only rise towards it
    let mut x = -(-2.0 * libm::log(2.0 * p)).max(0.0).sqrt();
    for _ in 0..60 {
        let below = 0.5 * libm::erfc(-x / std::f64::consts::SQRT_2);
        let density = libm::exp(-0.5 * x * x) / 2.506_628_274_631_000_5; // sqrt(2 pi)
        let step = libm::log(below / p) * (below / density);
        if !step.is_finite() {
            break; // beyond the smallest f64
        }
        x -= step;
        if step.abs() <= 1e-15 * x.abs() {
            break;
        }
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_quantiles_are_those_of_the_tables() {
        for (p, z) in [
            (0.5, 0.0),
            (0.95, 1.644_853_626_951_472_2),
            (0.99, 2.326_347_874_040_841),
            (0.999, 3.090_232_306_167_813_5),
            (1e-9, -5.997_807_015_007_686),
        ] {
            assert!((normal_quantile(p) - z).abs() < 1e-14 * (1.0 + z * z), "{p}");
        }
        let far = normal_quantile(1e-300);
        let back = 0.5 * libm::erfc(-far / std::f64::consts::SQRT_2);
        assert!((back / 1e-300 - 1.0).abs() < 1e-11, "{far} {back:e}");
        assert_eq!(normal_quantile(1.0), f64::INFINITY);
        assert!(normal_quantile(f64::NAN).is_nan());
    }

    #[test]
    fn a_stretched_law_has_a_stretched_mean_and_the_same_shape() {
        for law in super::super::golden::laws() {
            let long = law.scaled(3.0);
            assert!((long.mean() / (3.0 * law.mean()) - 1.0).abs() < 1e-9, "{law:?}");
            let (a, b) = (long.scv(), law.scv());
            assert!(a == b || (a / b - 1.0).abs() < 1e-9, "{law:?}");
        }
    }

    #[test]
    fn infinite_moments_are_infinite() {
        let pareto = |shape| Law::Pareto { scale: 1.0, shape };
        assert_eq!(pareto(1.0).mean(), f64::INFINITY);
        assert_eq!((pareto(2.0).mean(), pareto(2.0).scv()), (2.0, f64::INFINITY));
        assert!((pareto(3.0).scv() - 1.0 / 3.0).abs() < 1e-15);
    }
}
