//! What became of the requests of one class: counts by outcome and latencies of the answered ones.

use serde::{Deserialize, Serialize};

use super::meter::{Histogram, Sketch};
use super::request::Cause;
use super::time::Nanos;

/// Counts by cause, in the order of [`Cause::ALL`].
pub type Causes = [u64; Cause::ALL.len()];

/// The tally of one class of requests. Totals cover the whole run, `measured` what came after the
/// warm-up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    /// The class: `users/endpoint`.
    pub name: String,
    /// Logical requests begun.
    pub issued: u64,
    /// Answered.
    pub completed: u64,
    /// Given up, by the last cause.
    pub failed: Causes,
    /// Never begun, because who would have asked had left before.
    pub forgone: u64,
    /// What an answer brings in, USD; 0 where it does not say.
    pub usd_each: f64,
    /// Begun after the warm-up.
    pub measured_issued: u64,
    /// Given up after the warm-up, by cause.
    pub measured_failed: Causes,
    /// Time from the first attempt to the answer, ns, of requests answered after the warm-up.
    pub latency: Histogram,
    /// The same of the current frame.
    pub window: Sketch,
}

impl Tally {
    /// An empty tally.
    #[must_use]
    pub fn new(name: String) -> Self {
        Tally {
            name,
            issued: 0,
            completed: 0,
            failed: [0; Cause::ALL.len()],
            forgone: 0,
            usd_each: 0.0,
            measured_issued: 0,
            measured_failed: [0; Cause::ALL.len()],
            latency: Histogram::default(),
            window: Sketch::default(),
        }
    }

    /// A request begins.
    #[inline]
    pub fn issue(&mut self) {
        self.issued += 1;
        self.measured_issued += 1;
    }

    /// A request is answered.
    #[inline]
    pub fn complete(&mut self, latency: Nanos) {
        self.completed += 1;
        self.latency.record(latency);
        self.window.record(latency);
    }

    /// A request is given up.
    pub fn fail(&mut self, cause: Cause) {
        self.failed[cause as usize] += 1;
        self.measured_failed[cause as usize] += 1;
    }

    /// Requests begun and neither answered nor given up.
    #[must_use]
    pub fn in_flight(&self) -> u64 {
        self.issued - self.completed - self.failed.iter().sum::<u64>()
    }

    /// Ends the warm-up.
    pub fn reset(&mut self) {
        self.measured_issued = 0;
        self.measured_failed = [0; Cause::ALL.len()];
        self.latency.reset();
    }
}
