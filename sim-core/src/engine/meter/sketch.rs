//! The histogram's coarse sibling for frames: 16 buckets to an octave, sealed into a few words per
//! window.

use super::buckets::{BUCKETS, COARSE_BITS, bucket_of, coarse_range, midpoint, rank};
use serde::{Deserialize, Serialize};

/// Buckets in an octave of the sketch.
const OCTAVE: usize = 16;

/// The durations of the window that is still open, in coarse buckets: eight neighbours of the
/// histogram's each.
///
/// Below 128 ns a bucket is 8 ns wide; above, its midpoint is off by at most 1/32 (3.2 %) of any
/// value in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sketch {
    counts: Vec<u32>,
}

impl Sketch {
    /// Records one duration of `ns`; a bucket stops at 2^32 - 1.
    #[inline]
    pub fn record(&mut self, ns: u64) {
        let bucket = (bucket_of(ns) >> COARSE_BITS) as usize;
        if bucket >= self.counts.len() {
            self.grow(bucket);
        }
        self.counts[bucket] = self.counts[bucket].saturating_add(1);
    }

    #[cold]
    fn grow(&mut self, bucket: usize) {
        self.counts.resize((bucket / OCTAVE + 1) * OCTAVE, 0);
    }

    /// Ends the window: hands over what it holds and starts an empty one in the same memory.
    pub fn seal(&mut self) -> SparseSketch {
        let filled = self.counts.iter().filter(|count| **count > 0).count();
        let mut cells = Vec::with_capacity(filled);
        cells.extend((0u16..).zip(self.counts.iter().copied()).filter(|(_, count)| *count > 0));
        self.counts.clear();
        SparseSketch { cells }
    }
}

/// A sealed window: (coarse bucket, count), rising, no empty buckets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SparseSketch {
    cells: Vec<(u16, u32)>,
}

impl SparseSketch {
    /// Adds what `other` holds; counts saturate, so that the order of merging never matters.
    pub fn merge(&mut self, other: &Self) {
        let mut merged = Vec::with_capacity(self.cells.len() + other.cells.len());
        let (mut mine, mut theirs) = (&self.cells[..], &other.cells[..]);
        while let ([(a, n), my_rest @ ..], [(b, m), their_rest @ ..]) = (mine, theirs) {
            merged.push((
                *a.min(b),
                if a == b { n.saturating_add(*m) } else { if a < b { *n } else { *m } },
            ));
            mine = if a <= b { my_rest } else { mine };
            theirs = if b <= a { their_rest } else { theirs };
        }
        merged.extend_from_slice(mine);
        merged.extend_from_slice(theirs);
        self.cells = merged;
    }

    /// How many durations it holds.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.cells.iter().map(|(_, count)| u64::from(*count)).sum()
    }

    /// The `p` quantile (0 to 1), ns: the midpoint of the bucket that holds rank `ceil(p * count)`.
    #[must_use]
    pub fn quantile(&self, p: f64) -> Option<u64> {
        let rank = rank(p, self.count());
        let mut seen = 0;
        let (bucket, _) = self.cells.iter().find(|(_, count)| {
            seen += u64::from(*count);
            seen >= rank
        })?;
        Some(midpoint(coarse_range(*bucket)))
    }

    /// The mean, ns, estimated with each duration at its bucket's midpoint (within 3.2 %).
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        let weigh =
            |&(bucket, n): &(u16, u32)| u128::from(midpoint(coarse_range(bucket))) * u128::from(n);
        let sum: u128 = self.cells.iter().map(weigh).sum();
        (!self.cells.is_empty()).then(|| sum as f64 / self.count() as f64)
    }

    /// (first ns, last ns, count) of each bucket that holds anything, rising: a column of a heat
    /// map.
    pub fn ranges(&self) -> impl Iterator<Item = (u64, u64, u32)> + '_ {
        self.cells.iter().map(|&(bucket, count)| {
            let (first, last) = coarse_range(bucket);
            (first, last, count)
        })
    }
}

const _: () = assert!(BUCKETS >> COARSE_BITS <= u16::MAX as u32, "a coarse index fits 16 bits");
