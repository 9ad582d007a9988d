//! A pick among numbered choices in proportion to their weights.

use rand_core::Rng;
use serde::{Deserialize, Serialize};

use super::unit;

/// Running sums of the weights; a pick is a binary search, O(log n).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Weights {
    sums: Box<[f64]>,
}

impl Weights {
    /// Weights in any unit; a zero is never picked.
    ///
    /// # Errors
    /// A sentence where a weight is negative or not finite, or where all are zero or missing.
    pub fn new(weights: &[f64]) -> Result<Self, String> {
        let mut sum = 0.0;
        let mut sums = Vec::with_capacity(weights.len());
        for (at, &weight) in weights.iter().enumerate() {
            if !(weight >= 0.0 && weight.is_finite()) {
                let nth = at + 1;
                return Err(format!("weight {nth} is {weight}: write a number of zero or more"));
            }
            sum += weight;
            sums.push(sum);
        }
        if !(sum > 0.0 && sum.is_finite()) {
            return Err(format!("the weights add up to {sum}: at least one must be above zero"));
        }
        Ok(Self { sums: sums.into() })
    }

    /// The number of a choice, from 0.
    #[inline]
    pub fn pick<R: Rng + ?Sized>(&self, rng: &mut R) -> usize {
        let Some(&total) = self.sums.last() else { return 0 };
        let at = unit(rng) * total;
        // unit < 1 - 2^-54 keeps `at` below the total, so an index is always found
        self.sums.partition_point(|&sum| sum <= at).min(self.sums.len() - 1)
    }

    /// How many choices there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sums.len()
    }

    /// Never true: [`Weights::new`] refuses an empty list.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sums.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::chance::Draw;

    #[test]
    fn picks_follow_the_weights_and_a_zero_is_never_picked() {
        let weights = Weights::new(&[1.0, 0.0, 3.0, 0.5, 0.0]).unwrap();
        let mut draw = Draw::new(3);
        let mut counts = [0u32; 5];
        for _ in 0..90_000 {
            counts[weights.pick(&mut draw)] += 1;
        }
        assert_eq!((counts[1], counts[4]), (0, 0));
        for (count, mean) in [(counts[0], 20_000.0), (counts[2], 60_000.0), (counts[3], 10_000.0)] {
            let z = (f64::from(count) - mean) / (mean * (1.0 - mean / 90_000.0)).sqrt();
            assert!(z.abs() < 4.5, "{counts:?}");
        }
    }

    #[test]
    fn impossible_weights_are_refused() {
        let error = |weights: &[f64]| Weights::new(weights).unwrap_err();
        assert_eq!(error(&[]), "the weights add up to 0: at least one must be above zero");
        assert_eq!(error(&[1.0, -2.0]), "weight 2 is -2: write a number of zero or more");
        assert!(error(&[f64::NAN]).starts_with("weight 1 is NaN"));
        assert!(error(&[f64::MAX, f64::MAX]).starts_with("the weights add up to inf"));
    }
}
