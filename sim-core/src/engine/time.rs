//! Simulated time: whole nanoseconds since the run began.

/// A point in simulated time or a span of it, in nanoseconds. 2^64 ns are 584 years.
pub type Nanos = u64;

/// One microsecond in nanoseconds.
pub const MICROSECOND: Nanos = 1_000;
/// One millisecond in nanoseconds.
pub const MILLISECOND: Nanos = 1_000_000;
/// One second in nanoseconds.
pub const SECOND: Nanos = 1_000_000_000;

/// Nanoseconds as seconds, for reports only: the engine never computes in floating seconds.
#[must_use]
pub fn seconds(span: Nanos) -> f64 {
    span as f64 / SECOND as f64
}
