//! Zipf ranks without a table: rejection-inversion after Hörmann and Derflinger (1996).

use rand_core::Rng;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::unit;

/// How keys are asked for: rank k of n with a probability proportional to 1/k^s.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ZipfSpec {
    /// How many keys there are, 1 to 1_000_000_000_000.
    #[schemars(range(min = 1, max = 1_000_000_000_000_u64))]
    pub n: u64,
    /// Exponent: 0.6 to 1.1 for web traffic; above 0, at most 20.
    #[schemars(range(min = 0, max = 20))]
    pub s: f64,
}

impl ZipfSpec {
    /// The sampler.
    ///
    /// # Errors
    /// A sentence where n or s is out of range.
    pub fn compile(&self) -> Result<Zipf, String> {
        Zipf::new(self.n, self.s)
    }
}

/// A Zipf sampler: constant memory, about 1.1 uniforms a draw at worst.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Zipf {
    n: u64,
    s: f64,
    /// The integral of the hat at its two ends.
    top: f64,
    bottom: f64,
    /// Below this distance a rank is accepted at once.
    squeeze: f64,
}

impl Zipf {
    /// Ranks `1..=n` with weights `k^-s`.
    ///
    /// # Errors
    /// A sentence where n or s is out of range.
    pub fn new(n: u64, s: f64) -> Result<Self, String> {
        if !(1..=1_000_000_000_000).contains(&n) {
            return Err(format!("n is {n}: write how many keys there are, 1 to 1_000_000_000_000"));
        }
        if !(s > 0.0 && s <= 20.0) {
            return Err(format!("s is {s}: write an exponent above 0, at most 20, like 0.9"));
        }
        let mut zipf = Self { n, s, top: 0.0, bottom: 0.0, squeeze: 0.0 };
        zipf.top = zipf.integral(1.5) - 1.0;
        zipf.bottom = zipf.integral(n as f64 + 0.5);
        zipf.squeeze = 2.0 - zipf.inverse(zipf.integral(2.5) - zipf.weight(2.0));
        Ok(zipf)
    }

    /// A rank, from 1 (the most popular) to n.
    #[inline]
    pub fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> u64 {
        loop {
            let u = self.bottom + unit(rng) * (self.top - self.bottom);
            let x = self.inverse(u);
            let rank = ((x + 0.5) as u64).clamp(1, self.n);
            let k = rank as f64;
            if k - x <= self.squeeze || u >= self.integral(k + 0.5) - self.weight(k) {
                return rank;
            }
        }
    }

    /// How many ranks there are.
    #[must_use]
    pub fn n(&self) -> u64 {
        self.n
    }

    /// Probability of a rank, from 0 to 1; 0 for a rank that does not exist. Adds n terms: O(n).
    #[must_use]
    pub fn pmf(&self, rank: u64) -> f64 {
        if !(1..=self.n).contains(&rank) {
            return 0.0;
        }
        let total: f64 = (1..=self.n).rev().map(|k| self.weight(k as f64)).sum();
        self.weight(rank as f64) / total
    }

    fn weight(&self, x: f64) -> f64 {
        libm::exp(-self.s * libm::log(x))
    }

    /// The integral of `t^-s` from 1 to x, smooth through s = 1.
    fn integral(&self, x: f64) -> f64 {
        let log = libm::log(x);
        let y = (1.0 - self.s) * log;
        let slope = if y.abs() > 1e-8 { libm::expm1(y) / y } else { 1.0 + 0.5 * y };
        slope * log
    }

    fn inverse(&self, area: f64) -> f64 {
        let y = (area * (1.0 - self.s)).max(-1.0); // rounding may step over the end
        let slope = if y.abs() > 1e-8 { libm::log1p(y) / y } else { 1.0 - 0.5 * y };
        libm::exp(slope * area)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::chance::Draw;

    /// Chi-square as a z-score (Wilson and Hilferty) over cells of at least 20 expected.
    fn z_of_chi_square(n: u64, s: f64, draws: u64) -> f64 {
        let zipf = Zipf::new(n, s).unwrap();
        let mut counts = vec![0u32; n as usize];
        let mut draw = Draw::new(9);
        for _ in 0..draws {
            counts[zipf.sample(&mut draw) as usize - 1] += 1;
        }
        let first = zipf.pmf(1);
        let (mut chi2, mut cells) = (0.0, 0.0);
        for (at, &count) in counts.iter().enumerate() {
            let mean = draws as f64 * first * zipf.weight(at as f64 + 1.0);
            assert!(mean >= 20.0, "rank {at} is too rare for the test");
            chi2 += (f64::from(count) - mean) * (f64::from(count) - mean) / mean;
            cells += 1.0;
        }
        let spread = 2.0 / (9.0 * (cells - 1.0));
        (libm::cbrt(chi2 / (cells - 1.0)) - 1.0 + spread) / spread.sqrt()
    }

    #[test]
    fn frequencies_follow_the_power_law() {
        for (n, s, draws) in [(10, 1.0, 200_000), (1000, 0.8, 1_000_000), (100, 1.3, 1_000_000)] {
            let z = z_of_chi_square(n, s, draws);
            assert!(z.abs() < 3.3, "n {n}, s {s}: z {z}");
        }
    }

    #[test]
    fn a_billion_keys_need_no_table() {
        let zipf = Zipf::new(1_000_000_000, 1.0).unwrap();
        let mut draw = Draw::new(10);
        let firsts = (0..100_000).filter(|_| zipf.sample(&mut draw) == 1).count() as f64;
        let p = 1.0 / (libm::log(1e9) + 0.577_215_664_901_532_9); // 1 / H(1e9)
        let z = (firsts - 1e5 * p) / (1e5 * p * (1.0 - p)).sqrt();
        assert!(z.abs() < 4.5, "{firsts} firsts, z {z}");
        assert!((0..100_000).all(|_| (1..=1_000_000_000).contains(&zipf.sample(&mut draw))));
        assert_eq!(Zipf::new(1, 0.5).unwrap().sample(&mut draw), 1);
    }

    #[test]
    fn out_of_range_is_a_sentence() {
        assert!(Zipf::new(0, 1.0).unwrap_err().starts_with("n is 0: write how many"));
        assert!(Zipf::new(5, 0.0).unwrap_err().starts_with("s is 0: write an exponent"));
        assert!(Zipf::new(5, f64::NAN).is_err());
    }
}
