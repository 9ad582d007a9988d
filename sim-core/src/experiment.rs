//! Many runs with one question: replications with intervals, variants compared on the same luck.
//! Pure: a door plays the runs, in parallel or not, and hands their samples in.

mod capacity;
mod compare;
mod course;
mod gate;
mod html;
mod inputs;
mod known;
mod measure;
mod plan;
mod reality;
mod regression;
mod replications;
mod saved;
mod statistics;
pub mod sweep;
mod text;
mod warmup;

pub use self::capacity::{
    Ask as CapacityAsk, Broken, Capacity, CapacityStudy, Level, RungReport, Terms as CapacityTerms,
};
pub use self::compare::{Comparison, Difference, Finding, Luck, Variant};
pub use self::course::{Course, Spread};
pub use self::gate::{Check, Spot, annotations, job_summary, junit};
pub use self::inputs::{Input, Inputs, Shares, inputs_key};
pub use self::known::Wanted;
pub use self::measure::{Measure, Sample};
pub use self::plan::{
    Fate, LeftOut, PlanAsk, PlanFile, PlanReading, PlanStudy, PlanTerms, Point as PlanPoint,
    Proposal, SetUp, Space, plan_schema, read_plan_file,
};
pub use self::reality::{Cell, Figures, Judged, Predicted, Reality, Regime, Rep, Sent, Trial};
pub use self::regression::{Outcome, Regression};
pub use self::replications::{
    Breaks, Objective, Precision, Replications, Summary, Surety, replication_seed,
};
pub use self::saved::{Saved, is_saved};
pub use self::statistics::{CONFIDENCE, Estimate, t_quantile};
pub use self::warmup::{PILOTS, Pilots, WarmUp, pilot_seed};
