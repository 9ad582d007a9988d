//! Many runs with one question: replications with intervals, variants compared on the same luck.
//! Pure: a door plays the runs, in parallel or not, and hands their samples in.

mod compare;
mod inputs;
mod measure;
mod replications;
mod statistics;
mod text;
mod warmup;

pub use self::compare::{Comparison, Difference, Finding, Variant};
pub use self::inputs::{Input, Inputs, Shares, inputs_key};
pub use self::measure::{Measure, Sample};
pub use self::replications::{
    Breaks, Objective, Precision, Replications, Summary, Surety, replication_seed,
};
pub use self::statistics::{Estimate, t_quantile};
pub use self::warmup::{PILOTS, Pilots, WarmUp, pilot_seed};
