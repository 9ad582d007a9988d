//! Busyhour's heart: a deterministic discrete-event engine, the components of a web cluster, and
//! the way from a scenario to a report. A pure library: no clock, no thread, no files.

pub mod components;
pub mod engine;
pub mod experiment;
pub mod fit;
mod play;
pub mod recorded;
pub mod report;
pub mod rules;
pub mod run;
pub mod scenario;
pub mod shorthand;
pub mod steps;
pub mod trace;
pub mod units;
pub mod wiring;

/// The digest epoch of this version: within one, a scenario and a seed give the same digest. The
/// changelog names it, and what began it.
pub const DIGEST_EPOCH: u32 = 2;

// The front: doors use these names and no path behind them.
pub use components::CATALOGUE;
pub use components::manual::{Knob, Manual, derived_manuals, manual};
pub use experiment::sweep::{
    Cells as ColumnCells, Column, Header, Job, Manifest, Outcome, Point, PointRecord, Shard, Sweep,
    SweepReading, merged, read_sweep, sweep_schema,
};
pub use experiment::{
    CONFIDENCE, CapacityAsk, CapacityStudy, CapacityTerms, Cell, Check, Comparison, Figures,
    Judged, PILOTS, Pilots, PlanAsk, PlanFile, PlanPoint, PlanReading, PlanStudy, PlanTerms,
    Precision, Predicted, Reality, Regression, Rep, Replications, Sample, Saved, Spot, Summary,
    Surety, Trial, Wanted, WarmUp, annotations, inputs_key, is_saved, job_summary, junit,
    pilot_seed, plan_schema, read_plan_file, replication_seed,
};
pub use fit::{Collector, Fit};
pub use play::{node_digests, play};
pub use recorded::{Bytes, Recording};
pub use report::{
    Cells, Difference, FrameReport, LatencyMap, LatencyWindow, Moment, News, ObjectiveReport,
    PartFrameReport, Report, RequestsFrame, SHADES, Scale, Unit, Verdict, WINDOWS_MAX, figures,
    times, times_between,
};
pub use run::{Advanced, Run};
pub use scenario::plan::{Part, Plan};
pub use scenario::problem::{
    Code, Place, Problem, Problems, Severity, Sources, nearest_remedy, render, render_all,
};
pub use scenario::{
    Changes, Edit, Files, NoFiles, Reading, append_events, edit, machines, models, read,
    read_changed, schema,
};
pub use trace::{Pick, Replay, Trace, Tracing};
pub use units::{Duration, Share};
