//! The parameters of each family as a person writes them; `law_solve.rs` turns them into laws.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::LawSpec;
use super::law_spec::PlainOr;
use crate::units::Duration;

/// Gives each parameter struct the same derives and refuses unknown names.
macro_rules! parameters {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
            #[serde(deny_unknown_fields)]
            pub struct $name { $($(#[$field_doc])* pub $field: $type,)* }
        )*
    };
}

/// The same where every parameter may be left out.
macro_rules! choices {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
            #[serde(default, deny_unknown_fields)]
            pub struct $name {
                $(
                    $(#[$field_doc])*
                    #[serde(skip_serializing_if = "Option::is_none")]
                    pub $field: Option<$type>,
                )*
            }
        )*
    };
}

parameters! {
    /// Evenly between two ends.
    UniformSpec {
        /// The shortest.
        low: Duration,
        /// The longest.
        high: Duration,
    }
    /// A mean, spelled out.
    MeanSpec {
        /// The mean.
        mean: Duration,
    }
    /// The sum of `k` memoryless stages.
    ErlangSpec {
        /// How many stages, 1 or more; the coefficient of variation is 1/sqrt(k).
        k: u32,
        /// The mean of the sum.
        mean: Duration,
    }
    /// A mix of short and long exponential times with balanced means.
    HyperexponentialSpec {
        /// The mean.
        mean: Duration,
        /// Coefficient of variation (standard deviation over mean), 1 or more.
        cv: f64,
    }
    /// A fixed part before a drawn one.
    ShiftedSpec {
        /// The fixed part.
        by: Duration,
        /// What is drawn on top of it.
        law: Box<LawSpec>,
    }
}

choices! {
    /// Two of: mean with cv, sigma, p95 or p99; p50 with mean, p95 or p99.
    LognormalSpec {
        /// The mean.
        mean: Duration,
        /// The median.
        p50: Duration,
        /// 95 % are shorter.
        p95: Duration,
        /// 99 % are shorter.
        p99: Duration,
        /// Coefficient of variation (standard deviation over mean).
        cv: f64,
        /// Standard deviation of the logarithm.
        sigma: f64,
    }
    /// Scale and shape, or p50 and p99; with `max` the law is cut there and drawn from the rest.
    ParetoSpec {
        /// The shortest.
        scale: Duration,
        /// Tail exponent: the mean is finite above 1, the variance above 2.
        shape: f64,
        /// The median, before `max` cuts the tail.
        p50: Duration,
        /// 99 % are shorter, before `max` cuts the tail.
        p99: Duration,
        /// The longest.
        max: Duration,
    }
    /// A mean with cv or shape.
    GammaSpec {
        /// The mean.
        mean: Duration,
        /// Coefficient of variation (standard deviation over mean).
        cv: f64,
        /// Shape: 1/cv^2.
        shape: f64,
    }
    /// p50 and p99, shape and scale, or mean and shape.
    WeibullSpec {
        /// The mean.
        mean: Duration,
        /// The median.
        p50: Duration,
        /// 99 % are shorter.
        p99: Duration,
        /// Shape: below 1 the tail is heavier than exponential.
        shape: f64,
        /// 63.2 % are shorter.
        scale: Duration,
    }
}

/// A mean, bare (`20ms`) or spelled out (`{mean: 20ms}`).
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum ExponentialSpec {
    /// The mean alone.
    Mean(Duration),
    /// The mean with its name.
    Spelled(MeanSpec),
}

impl ExponentialSpec {
    /// The mean, however it was written.
    #[must_use]
    pub fn mean(&self) -> Duration {
        match self {
            Self::Mean(mean) | Self::Spelled(MeanSpec { mean }) => *mean,
        }
    }
}

impl<'de> Deserialize<'de> for ExponentialSpec {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(match PlainOr::<MeanSpec>::read(from, "a mean like 20ms or {mean: 20ms}")? {
            PlainOr::Plain(mean) => Self::Mean(mean),
            PlainOr::Spelled(spec) => Self::Spelled(spec),
        })
    }
}
