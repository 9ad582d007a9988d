//! Sobol' sequences in up to 40 dimensions, with the direction numbers of Joe and Kuo.
//!
//! S. Joe and F. Y. Kuo, "Constructing Sobol sequences with better two-dimensional projections",
//! SIAM Journal on Scientific Computing 30, 2008: the numbers are those of their file
//! `new-joe-kuo-6.21201`.

use crate::engine::chance::{Draw, mix, name_key};
use rand_core::Rng;

/// Dimensions at most.
pub(super) const DIMENSIONS: usize = TABLE.len() + 1;
/// Binary digits of a coordinate.
const BITS: usize = 32;

/// From the second dimension on: the inner coefficients of the primitive polynomial as binary
/// digits, and the first direction integers, as many as the polynomial's degree.
const TABLE: &[(u32, &[u32])] = &[
    (0, &[1]),
    (1, &[1, 3]),
    (1, &[1, 3, 1]),
    (2, &[1, 1, 1]),
    (1, &[1, 1, 3, 3]),
    (4, &[1, 3, 5, 13]),
    (2, &[1, 1, 5, 5, 17]),
    (4, &[1, 1, 5, 5, 5]),
    (7, &[1, 1, 7, 11, 19]),
    (11, &[1, 1, 5, 1, 1]),
    (13, &[1, 1, 1, 3, 11]),
    (14, &[1, 3, 5, 5, 31]),
    (1, &[1, 3, 3, 9, 7, 49]),
    (13, &[1, 1, 1, 15, 21, 21]),
    (16, &[1, 3, 1, 13, 27, 49]),
    (19, &[1, 1, 1, 15, 7, 5]),
    (22, &[1, 3, 1, 15, 13, 25]),
    (25, &[1, 1, 5, 5, 19, 61]),
    (1, &[1, 3, 7, 11, 23, 15, 103]),
    (4, &[1, 3, 7, 13, 13, 15, 69]),
    (7, &[1, 1, 3, 13, 7, 35, 63]),
    (8, &[1, 3, 5, 9, 1, 25, 53]),
    (14, &[1, 3, 1, 13, 9, 35, 107]),
    (19, &[1, 3, 1, 5, 27, 61, 31]),
    (21, &[1, 1, 5, 11, 19, 41, 61]),
    (28, &[1, 3, 5, 3, 3, 13, 69]),
    (31, &[1, 1, 7, 13, 1, 19, 1]),
    (32, &[1, 3, 7, 5, 13, 19, 59]),
    (37, &[1, 1, 3, 9, 25, 29, 41]),
    (41, &[1, 3, 5, 13, 23, 1, 55]),
    (42, &[1, 3, 7, 3, 13, 59, 17]),
    (50, &[1, 3, 1, 3, 5, 53, 69]),
    (55, &[1, 1, 5, 5, 23, 33, 13]),
    (56, &[1, 1, 7, 7, 1, 61, 123]),
    (59, &[1, 1, 7, 9, 13, 61, 49]),
    (62, &[1, 3, 3, 5, 3, 55, 33]),
    (14, &[1, 3, 1, 15, 31, 13, 49, 245]),
    (21, &[1, 3, 5, 15, 31, 59, 63, 97]),
    (22, &[1, 3, 1, 11, 11, 11, 77, 249]),
];

/// A Sobol' sequence, shifted digit by digit, so that another seed gives other points that fill
/// the space as evenly.
pub(super) struct Sobol {
    directions: Vec<[u32; BITS]>,
    shifts: Vec<u32>,
}

impl Sobol {
    /// A sequence in so many dimensions, at most [`DIMENSIONS`].
    pub(super) fn new(dimensions: usize, seed: u64) -> Self {
        let mut draw = Draw::new(mix(seed, name_key("sobol shift")));
        let shifts = (0..dimensions).map(|_| (draw.next_u64() >> 32) as u32).collect();
        Sobol { directions: (0..dimensions).map(directions).collect(), shifts }
    }

    /// The point of this number, in the order of a Gray code; coordinates are above 0 and below 1.
    pub(super) fn point(&self, index: u32) -> Vec<f64> {
        let shifted = self.digits(index).zip(&self.shifts).map(|(x, shift)| x ^ shift);
        shifted.map(|x| (f64::from(x) + 0.5) / 4_294_967_296.0).collect()
    }

    fn digits(&self, index: u32) -> impl Iterator<Item = u32> {
        let gray = index ^ (index >> 1);
        let chosen = move |bit: &usize| gray >> bit & 1 == 1;
        self.directions
            .iter()
            .map(move |all| (0..BITS).filter(chosen).fold(0, |x, bit| x ^ all[bit]))
    }
}

/// The direction numbers of a dimension, the binary point before the first digit.
fn directions(dimension: usize) -> [u32; BITS] {
    let mut all = [0; BITS];
    let Some((inner, first)) = dimension.checked_sub(1).map(|at| TABLE[at]) else {
        return std::array::from_fn(|bit| 1 << (BITS - 1 - bit));
    };
    let degree = first.len();
    for bit in 0..BITS {
        all[bit] = match first.get(bit) {
            Some(integer) => integer << (BITS - 1 - bit),
            None => {
                let before = all[bit - degree];
                let joined = |at: &usize| inner >> (degree - 1 - at) & 1 == 1;
                let inner = (1..degree).filter(joined).map(|at| all[bit - at]);
                inner.fold(before ^ (before >> degree), |x, more| x ^ more)
            }
        };
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequence_is_the_published_one() {
        // FNV-1a over the first 1,024 points in 40 dimensions as SciPy 1.x gives them, unscrambled
        let sobol = Sobol::new(DIMENSIONS, 0);
        let all = (0..1_024).flat_map(|index| sobol.digits(index).collect::<Vec<_>>());
        let hash = all.fold(0xcbf2_9ce4_8422_2325_u64, |hash, x| {
            (hash ^ u64::from(x)).wrapping_mul(0x0100_0000_01b3)
        });
        assert_eq!(hash, 0x8406_c475_a09e_a325);
    }
}
