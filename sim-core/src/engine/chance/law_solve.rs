//! From what a person knows (percentiles, a mean, a variation) to the parameters of a law.
//!
//! Formulas: the section on service-time distributions of the domain facts.

use indexmap::IndexMap;

use super::Law;
use super::law_params::{
    ErlangSpec, GammaSpec, HyperexponentialSpec, LognormalSpec, ParetoSpec, ShiftedSpec,
    UniformSpec, WeibullSpec,
};
use super::law_spec::Family;
use crate::units::Duration;

/// Standard normal quantiles at 95 % and 99 %.
const Z95: f64 = 1.644_853_626_951_472_2;
const Z99: f64 = 2.326_347_874_040_841;
const LN_2: f64 = std::f64::consts::LN_2;

impl Family {
    pub(super) fn compile(&self) -> Result<Law, String> {
        match self {
            Self::Constant(value) => Ok(Law::Constant { nanos: value.nanos() }),
            Self::Uniform(spec) => uniform(spec),
            Self::Exponential(spec) => {
                Ok(Law::Exponential { mean: positive("mean", spec.mean())? })
            }
            Self::Lognormal(spec) => lognormal(spec),
            Self::Pareto(spec) => pareto(spec),
            Self::Gamma(spec) => gamma(spec),
            Self::Erlang(spec) => erlang(spec),
            Self::Weibull(spec) => weibull(spec),
            Self::Hyperexponential(spec) => hyperexponential(spec),
            Self::Quantiles(points) => quantiles(points),
            Self::Shifted(spec) => shifted(spec),
            Self::Demand(_) => Err(super::LawSpec::NO_REQUEST.to_owned()),
        }
    }
}

fn positive(name: &str, value: Duration) -> Result<f64, String> {
    if value.nanos() > 0 {
        Ok(value.seconds())
    } else {
        Err(format!("{name} ({value}) must be above zero, like 20ms"))
    }
}

/// A bare number from `low` to 1000: beyond that no sampler is meaningful.
fn number(name: &str, value: f64, low: f64) -> Result<f64, String> {
    if value >= low && value <= 1000.0 {
        Ok(value)
    } else {
        Err(format!("{name} ({value}) must be a number from {low} to 1000"))
    }
}

/// Two durations that must rise; in seconds.
fn rising(low: (&str, Duration), high: (&str, Duration)) -> Result<(f64, f64), String> {
    let ends = (positive(low.0, low.1)?, positive(high.0, high.1)?);
    if high.1 > low.1 {
        Ok(ends)
    } else {
        Err(format!("{} ({}) must be above {} ({})", high.0, high.1, low.0, low.1))
    }
}

fn uniform(spec: &UniformSpec) -> Result<Law, String> {
    let (low, high) = (spec.low, spec.high);
    if high < low {
        return Err(format!("high ({high}) must not be below low ({low})"));
    }
    Ok(Law::Uniform { low: low.seconds(), high: high.seconds() })
}

fn lognormal(spec: &LognormalSpec) -> Result<Law, String> {
    let LognormalSpec { mean, p50, p95, p99, cv, sigma } = *spec;
    let (mu, sigma) = match (mean, p50, p95, p99, cv, sigma) {
        (Some(mean), None, None, None, Some(cv), None) => {
            let cv = number("cv", cv, 0.0)?;
            from_mean(positive("mean", mean)?, libm::log1p(cv * cv).sqrt())
        }
        (Some(mean), None, None, None, None, Some(sigma)) => {
            from_mean(positive("mean", mean)?, at_most_10(sigma)?)
        }
        (None, Some(p50), None, Some(p99), None, None) => {
            let (p50, p99) = rising(("p50", p50), ("p99", p99))?;
            (libm::log(p50), libm::log(p99 / p50) / Z99)
        }
        (None, Some(p50), Some(p95), None, None, None) => {
            let (p50, p95) = rising(("p50", p50), ("p95", p95))?;
            (libm::log(p50), libm::log(p95 / p50) / Z95)
        }
        (Some(mean), None, None, Some(p99), None, None) => mean_and_tail(mean, ("p99", p99), Z99)?,
        (Some(mean), None, Some(p95), None, None, None) => mean_and_tail(mean, ("p95", p95), Z95)?,
        (Some(mean), Some(p50), None, None, None, None) => {
            let (p50, mean) = rising(("p50", p50), ("mean", mean))?;
            (libm::log(p50), (2.0 * libm::log(mean / p50)).sqrt())
        }
        _ => {
            let given = given(spec);
            return Err(format!(
                "lognormal got {given}: write mean with cv, sigma, p50, p95 or p99, or p50 \
                 with p95 or p99"
            ));
        }
    };
    Ok(Law::Lognormal { mu, sigma })
}

fn from_mean(mean: f64, sigma: f64) -> (f64, f64) {
    (libm::log(mean) - 0.5 * sigma * sigma, sigma)
}

fn at_most_10(sigma: f64) -> Result<f64, String> {
    if (0.0..=10.0).contains(&sigma) {
        Ok(sigma)
    } else {
        Err(format!("sigma ({sigma}) must be a number from 0 to 10, like 0.8"))
    }
}

/// `mu + z sigma = ln tail` with `mu = ln mean - sigma^2/2`: the smaller root, which is the one
/// with the thinner tail.
fn mean_and_tail(mean: Duration, tail: (&str, Duration), z: f64) -> Result<(f64, f64), String> {
    let (low, high) = rising(("mean", mean), tail)?;
    let left = z * z - 2.0 * libm::log(high / low);
    if left < 0.0 {
        let most = libm::exp(0.5 * z * z);
        let (name, value) = tail;
        return Err(format!(
            "{name} ({value}) is more than {most:.1} times the mean ({mean}), which no lognormal \
             reaches: lower {name}, or write p50 instead of mean"
        ));
    }
    Ok(from_mean(low, z - left.sqrt()))
}

fn pareto(spec: &ParetoSpec) -> Result<Law, String> {
    let (scale, shape) = match (spec.scale, spec.shape, spec.p50, spec.p99) {
        (Some(scale), Some(shape), None, None) => {
            (positive("scale", scale)?, number("shape", shape, 0.01)?)
        }
        (None, None, Some(p50), Some(p99)) => {
            let (p50, p99) = rising(("p50", p50), ("p99", p99))?;
            let shape = libm::log(50.0) / libm::log(p99 / p50);
            (p50 * libm::exp2(-1.0 / shape), shape)
        }
        _ => {
            let given = given(spec);
            return Err(format!("pareto got {given}: write scale and shape, or p50 and p99"));
        }
    };
    match spec.max {
        None => Ok(Law::Pareto { scale, shape }),
        Some(max) if max.seconds() > scale => {
            Ok(Law::BoundedPareto { low: scale, high: max.seconds(), shape })
        }
        Some(max) => Err(format!("max ({max}) must be above the shortest value ({scale}s)")),
    }
}

fn gamma(spec: &GammaSpec) -> Result<Law, String> {
    let shape = match (spec.mean, spec.cv, spec.shape) {
        (Some(_), Some(cv), None) => {
            let cv = number("cv", cv, 0.001)?;
            1.0 / (cv * cv)
        }
        (Some(_), None, Some(shape)) => number("shape", shape, 0.000_001)?,
        _ => {
            let given = given(spec);
            return Err(format!("gamma got {given}: write mean and cv, or mean and shape"));
        }
    };
    let mean = positive("mean", spec.mean.unwrap_or_default())?;
    Ok(Law::Gamma { shape, scale: mean / shape })
}

fn erlang(spec: &ErlangSpec) -> Result<Law, String> {
    let mean = positive("mean", spec.mean)?;
    if spec.k == 0 {
        return Err("k (0) must be 1 or more: it counts stages".into());
    }
    let shape = f64::from(spec.k);
    Ok(Law::Gamma { shape, scale: mean / shape })
}

fn weibull(spec: &WeibullSpec) -> Result<Law, String> {
    let WeibullSpec { mean, p50, p99, shape, scale } = *spec;
    let (shape, scale) = match (mean, p50, p99, shape, scale) {
        (None, Some(p50), Some(p99), None, None) => {
            let (p50, p99) = rising(("p50", p50), ("p99", p99))?;
            let shape = libm::log(libm::log(100.0) / LN_2) / libm::log(p99 / p50);
            (shape, p50 / libm::pow(LN_2, 1.0 / shape))
        }
        (None, None, None, Some(shape), Some(scale)) => {
            (number("shape", shape, 0.01)?, positive("scale", scale)?)
        }
        (Some(mean), None, None, Some(shape), None) => {
            let shape = number("shape", shape, 0.01)?;
            (shape, positive("mean", mean)? / libm::exp(libm::lgamma(1.0 + 1.0 / shape)))
        }
        _ => {
            let given = given(spec);
            return Err(format!(
                "weibull got {given}: write p50 and p99, shape and scale, or mean and shape"
            ));
        }
    };
    Ok(Law::Weibull { shape, scale })
}

fn hyperexponential(spec: &HyperexponentialSpec) -> Result<Law, String> {
    let mean = positive("mean", spec.mean)?;
    let cv = spec.cv;
    if !(1.0..=1000.0).contains(&cv) {
        return Err(format!("cv ({cv}) must be from 1 to 1000: below 1, use gamma or erlang"));
    }
    let scv = cv * cv;
    let p = 0.5 * (1.0 + ((scv - 1.0) / (scv + 1.0)).sqrt());
    Ok(Law::Hyperexponential { p, mean1: mean / (2.0 * p), mean2: mean / (2.0 * (1.0 - p)) })
}

fn quantiles(points: &IndexMap<String, Duration>) -> Result<Law, String> {
    let mut named = Vec::with_capacity(points.len());
    for (name, &value) in points {
        let percent = name.strip_prefix('p').and_then(|text| text.parse::<f64>().ok());
        match percent {
            Some(percent) if (0.0..=100.0).contains(&percent) => {
                named.push((percent, name, value));
            }
            _ => return Err(format!("\"{name}\" is no percentile: write p0 to p100, like p99.9")),
        }
    }
    named.sort_by(|a, b| a.0.total_cmp(&b.0));
    for pair in named.windows(2) {
        let (a, b) = (&pair[0], &pair[1]);
        if a.0 == b.0 {
            return Err(format!("{} and {} are the same percentile: remove one", a.1, b.1));
        }
        if b.2 < a.2 {
            return Err(format!("{} ({}) must not be below {} ({})", b.1, b.2, a.1, a.2));
        }
    }
    match (named.first(), named.last()) {
        (Some(first), Some(last)) if first.0 == 0.0 && last.0 == 100.0 => {}
        _ => return Err("quantiles lack p0 or p100: add the shortest and the longest".into()),
    }
    let knots = named.iter().map(|point| (point.0 / 100.0, point.2.seconds())).collect();
    Ok(Law::Empirical { knots })
}

fn shifted(spec: &ShiftedSpec) -> Result<Law, String> {
    let law = Box::new(spec.law.compile()?);
    Ok(Law::Shifted { by: spec.by.seconds(), law })
}

/// The names of the parameters that were written, for an error sentence.
fn given<T: serde::Serialize>(spec: &T) -> String {
    match serde_json::to_value(spec) {
        Ok(serde_json::Value::Object(map)) if !map.is_empty() => {
            map.keys().map(String::as_str).collect::<Vec<_>>().join(" and ")
        }
        _ => "nothing".into(),
    }
}
