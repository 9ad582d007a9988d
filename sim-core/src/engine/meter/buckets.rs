//! The one grid under histograms and sketches: 128 equal buckets to each octave of nanoseconds.
//!
//! Values below 256 ns have a bucket each. From there on the buckets of an octave are `2^(octave -
//! 7)` ns wide, so a bucket's midpoint is off by at most 1/256 (0.39 %) of any value in it. The
//! whole `u64` range needs 7,424 buckets.

/// Bits of a value that choose the bucket inside its octave.
const SUB_BITS: u32 = 7;
/// Buckets of an octave.
pub(super) const OCTAVE: usize = 1 << SUB_BITS;
/// Buckets that cover every `u64`.
pub(super) const BUCKETS: u32 = (64 - SUB_BITS + 1) << SUB_BITS;
/// A coarse bucket is this many bits' worth of neighbouring fine ones: 8 of them, 16 to an octave.
pub(super) const COARSE_BITS: u32 = 3;

/// Index of the bucket that holds `ns`; below 7,424.
#[inline]
#[must_use]
pub fn bucket_of(ns: u64) -> u32 {
    // The first two octaves share a formula: their shift is 0 and their index the value itself.
    let shift = u64::BITS - 1 - SUB_BITS - (ns | OCTAVE as u64).leading_zeros();
    (shift << SUB_BITS) + (ns >> shift) as u32
}

/// First and last nanosecond of bucket `index`, both inclusive; an index past the grid gives the
/// last bucket.
#[must_use]
pub fn bucket_range(index: u32) -> (u64, u64) {
    let index = index.min(BUCKETS - 1);
    let shift = (index >> SUB_BITS).saturating_sub(1);
    let first = u64::from(index - (shift << SUB_BITS)) << shift;
    (first, first + ((1 << shift) - 1))
}

/// First and last nanosecond of coarse bucket `index`, both inclusive.
pub(super) fn coarse_range(index: u16) -> (u64, u64) {
    let fine = u32::from(index) << COARSE_BITS;
    (bucket_range(fine).0, bucket_range(fine + (1 << COARSE_BITS) - 1).1)
}

/// The integer in the middle of an inclusive range, the lower one of two.
pub(super) fn midpoint((first, last): (u64, u64)) -> u64 {
    first + (last - first) / 2
}

/// Rank of the `p` quantile among `count` sorted values, from 1 to `count`: the ceiling of `p *
/// count`.
///
/// The product is first lowered by two units in its last place: 0.07 * 100 is 7.000000000000001 in
/// binary, and means 7.
pub(super) fn rank(p: f64, count: u64) -> u64 {
    let product = p * count as f64;
    (libm::ceil(product - product * (2.0 * f64::EPSILON)) as u64).clamp(1, count.max(1))
}
