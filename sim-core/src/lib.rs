//! Busyhour's heart: a deterministic discrete-event engine, the components of a web cluster, and
//! the way from a scenario to a report. A pure library: no clock, no thread, no files.

pub mod components;
pub mod engine;
mod play;
pub mod report;
pub mod run;
pub mod scenario;
pub mod shorthand;
pub mod units;
pub mod wiring;

pub use play::{node_digests, play};
