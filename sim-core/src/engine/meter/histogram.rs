//! A log-linear histogram of durations: exact count, sum and extremes, quantiles to 0.39 %.

use super::buckets::{OCTAVE, bucket_of, bucket_range, midpoint, rank};
use serde::{Deserialize, Serialize};

/// Durations in nanoseconds, in buckets of 1/128 octave.
///
/// It grows by whole octaves to the largest value seen: 1 KiB an octave, 30 KiB where a minute is
/// the longest. Two histograms of the same values are equal, however recorded or merged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Histogram {
    counts: Vec<u64>,
    count: u64,
    sum: u128,
    squares: u128,
    min: u64,
    max: u64,
}

impl Histogram {
    /// Records one duration of `ns`.
    #[inline]
    pub fn record(&mut self, ns: u64) {
        let bucket = bucket_of(ns) as usize;
        if bucket >= self.counts.len() {
            self.grow(bucket);
        }
        self.counts[bucket] += 1;
        self.min = if self.count == 0 { ns } else { self.min.min(ns) };
        self.max = self.max.max(ns);
        self.count += 1;
        self.sum += u128::from(ns);
        self.squares = self.squares.saturating_add(u128::from(ns) * u128::from(ns));
    }

    #[cold]
    fn grow(&mut self, bucket: usize) {
        self.counts.resize((bucket / OCTAVE + 1) * OCTAVE, 0);
    }

    /// Adds everything `other` has recorded; the order of merging never matters.
    pub fn merge(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        if self.counts.len() < other.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
            *mine += theirs;
        }
        self.min = if self.count == 0 { other.min } else { self.min.min(other.min) };
        self.max = self.max.max(other.max);
        self.count += other.count;
        self.sum += other.sum;
        self.squares = self.squares.saturating_add(other.squares);
    }

    /// Forgets everything and keeps the memory.
    pub fn reset(&mut self) {
        let mut counts = std::mem::take(&mut self.counts);
        counts.clear();
        *self = Self { counts, ..Self::default() };
    }

    /// How many durations were recorded.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Their exact sum, ns.
    #[must_use]
    pub fn sum(&self) -> u128 {
        self.sum
    }

    /// The shortest, ns.
    #[must_use]
    pub fn min(&self) -> Option<u64> {
        (self.count > 0).then_some(self.min)
    }

    /// The longest, ns.
    #[must_use]
    pub fn max(&self) -> Option<u64> {
        (self.count > 0).then_some(self.max)
    }

    /// The mean, ns, from the exact sum.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum as f64 / self.count as f64)
    }

    /// The sample variance, ns^2, from exact integer sums of values and squares.
    ///
    /// None below two values, and when the squares pass 2^128 (a million values of half an hour
    /// stay far below it).
    #[must_use]
    pub fn variance(&self) -> Option<f64> {
        if self.count < 2 || self.squares == u128::MAX {
            return None;
        }
        // Deviations are taken from the whole part of the mean, exactly, so that nothing cancels in
        // floats.
        let n = u128::from(self.count);
        let (pivot, rest) = (self.sum / n, self.sum % n);
        let deviations = self.squares - pivot * (n * pivot + 2 * rest);
        let correction = rest as f64 * (rest as f64 / self.count as f64);
        Some((deviations as f64 - correction).max(0.0) / (self.count - 1) as f64)
    }

    /// The `p` quantile (0 to 1), ns: the value of rank `ceil(p * count)`, off by at most 1/256 of
    /// itself.
    ///
    /// The first and the last rank are exact: they are the minimum and the maximum.
    #[must_use]
    pub fn quantile(&self, p: f64) -> Option<u64> {
        let rank = rank(p, self.count);
        if self.count == 0 || rank == 1 || rank == self.count {
            return if rank == 1 { self.min() } else { self.max() };
        }
        let mut seen = 0;
        let bucket = self.counts.iter().position(|count| {
            seen += count;
            seen >= rank
        })?;
        Some(midpoint(bucket_range(bucket as u32)).clamp(self.min, self.max))
    }

    /// How many durations were at most `ns`, to bucket resolution: the bucket that holds `ns`
    /// counts whole.
    #[must_use]
    pub fn count_at_most(&self, ns: u64) -> u64 {
        if ns < self.min {
            return 0;
        }
        self.counts.iter().take(bucket_of(ns) as usize + 1).sum()
    }

    /// The buckets that hold anything: index (see [`bucket_range`]) and count, in rising order.
    pub fn buckets(&self) -> impl Iterator<Item = (u32, u64)> + '_ {
        (0u32..).zip(self.counts.iter().copied()).filter(|(_, count)| *count > 0)
    }
}
