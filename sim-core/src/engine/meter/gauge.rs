//! Counters and gauges: how many so far, and how many at once weighted by time.

use serde::{Deserialize, Serialize};

/// A count that only grows, readable both for the whole run and since the end of the warm-up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counter {
    ever: u64,
    base: u64,
}

impl Counter {
    /// Counts `n` more.
    #[inline]
    pub fn add(&mut self, n: u64) {
        self.ever += n;
    }

    /// The count since the last reset.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.ever - self.base
    }

    /// The count since the run began, whatever was reset: what conservation laws are checked
    /// against.
    #[must_use]
    pub fn ever(&self) -> u64 {
        self.ever
    }

    /// Starts the reported count anew.
    pub fn reset(&mut self) {
        self.base = self.ever;
    }
}

/// Level x ns. Seconds in which nothing changes are rare, and WASM calls a function for each
/// product of more than 64 bits.
#[inline]
fn area(level: u32, span: u64) -> u128 {
    match u32::try_from(span) {
        Ok(span) => u128::from(u64::from(level) * u64::from(span)),
        Err(_) => u128::from(level) * u128::from(span),
    }
}

/// An integer level and the exact area under it, in level x nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gauge {
    level: u32,
    max: u32,
    area: u128,
    since: u64,
    start: u64,
}

impl Gauge {
    /// A gauge that shows `level` from `now` (ns) on.
    #[must_use]
    pub fn new(now: u64, level: u32) -> Self {
        Self { level, max: level, area: 0, since: now, start: now }
    }

    /// Moves the level by `delta`; a fall below zero is a mistake of the caller and stops at zero.
    #[inline]
    pub fn change(&mut self, now: u64, delta: i32) {
        debug_assert!(
            self.level.checked_add_signed(delta).is_some(),
            "level {} {delta:+}",
            self.level
        );
        self.set(now, self.level.saturating_add_signed(delta));
    }

    /// One more.
    #[inline]
    pub fn up(&mut self, now: u64) {
        self.change(now, 1);
    }

    /// One fewer.
    #[inline]
    pub fn down(&mut self, now: u64) {
        self.change(now, -1);
    }

    /// Shows `level` from `now` on.
    #[inline]
    pub fn set(&mut self, now: u64, level: u32) {
        self.area = self.area_at(now);
        self.since = now;
        self.level = level;
        self.max = self.max.max(level);
    }

    /// The level now.
    #[inline]
    #[must_use]
    pub fn level(&self) -> u32 {
        self.level
    }

    /// The highest level since the last reset.
    #[must_use]
    pub fn max(&self) -> u32 {
        self.max
    }

    /// Area under the level from the last reset to `now`, in level x ns, exact.
    #[inline]
    #[must_use]
    pub fn area_at(&self, now: u64) -> u128 {
        debug_assert!(now >= self.since, "time ran backwards: {now} < {}", self.since);
        self.area + area(self.level, now.saturating_sub(self.since))
    }

    /// Nanoseconds from the last reset to `now`.
    #[must_use]
    pub fn span_at(&self, now: u64) -> u64 {
        now.saturating_sub(self.start)
    }

    /// Mean level from the last reset to `now`; the level itself when no time has passed.
    #[must_use]
    pub fn mean(&self, now: u64) -> f64 {
        match self.span_at(now) {
            0 => f64::from(self.level),
            span => self.area_at(now) as f64 / span as f64,
        }
    }

    /// Forgets the past (end of the warm-up) and keeps the level.
    pub fn reset(&mut self, now: u64) {
        *self = Self::new(now, self.level);
    }
}
