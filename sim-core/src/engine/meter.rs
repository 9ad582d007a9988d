//! Meters: what a component counts so that a report can be written, in exact integers that merge in
//! any order.
//!
//! Everything here is updated with integer arithmetic; floats appear only when a mean or a ratio is
//! read. So a meter's state is the same bits on every target, however a run is sliced and in
//! whatever order shards are merged.

mod buckets;
mod gauge;
mod histogram;
mod sketch;
mod station;
#[cfg(test)]
mod tests;

pub use buckets::{bucket_of, bucket_range};
pub use gauge::{Counter, Gauge};
pub use histogram::Histogram;
pub use sketch::{Sketch, SparseSketch};
pub use station::Station;
