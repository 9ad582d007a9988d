//! Uniform draws: a real in (0, 1), an integer below a bound, a coin.

use rand_core::Rng;

/// A uniform real strictly between 0 and 1: `(m + 1/2) 2^-52` with `m` from the top 52 bits.
///
/// Neither 0 nor 1 ever comes, so its logarithm is finite; the mean is exactly one half.
#[inline]
pub fn unit<R: Rng + ?Sized>(rng: &mut R) -> f64 {
    fraction(rng.next_u64())
}

/// The real that [`unit`] makes of 64 random bits; the low 12 are not looked at.
#[inline]
pub(super) fn fraction(bits: u64) -> f64 {
    // 1 + m 2^-52, less 1 - 2^-53: exact, and quicker than an integer conversion
    f64::from_bits((bits >> 12) | 0x3ff0_0000_0000_0000) - (1.0 - f64::EPSILON / 2.0)
}

/// A uniform integer in `0..n`, without bias (Lemire 2019); 0 where `n` is 0.
#[inline]
pub fn below<R: Rng + ?Sized>(rng: &mut R, n: u64) -> u64 {
    let mut wide = u128::from(rng.next_u64()) * u128::from(n);
    if (wide as u64) < n {
        let unfair = n.wrapping_neg() % n;
        while (wide as u64) < unfair {
            wide = u128::from(rng.next_u64()) * u128::from(n);
        }
    }
    (wide >> 64) as u64
}

/// True with probability `p`: never for `p <= 0`, always for `p >= 1`.
#[inline]
pub fn flip<R: Rng + ?Sized>(rng: &mut R, p: f64) -> bool {
    unit(rng) < p
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::chance::Draw;

    #[test]
    fn the_ends_are_never_drawn() {
        assert_eq!(fraction(0), 0.5 / 4_503_599_627_370_496.0);
        assert_eq!(fraction(u64::MAX), 1.0 - f64::EPSILON / 2.0);
        assert_eq!(fraction(1 << 63), 0.5 + f64::EPSILON / 2.0);
    }

    #[test]
    fn integers_below_a_bound_are_even() {
        let mut draw = Draw::new(5);
        let mut counts = [0u32; 7];
        for _ in 0..70_000 {
            counts[below(&mut draw, 7) as usize] += 1;
        }
        let chi2: f64 =
            counts.iter().map(|&c| (f64::from(c) - 1e4) * (f64::from(c) - 1e4) / 1e4).sum();
        assert!(chi2 < 22.5, "chi-square {chi2} with 6 degrees: 22.5 is its 99.9th percentile");
        assert_eq!(below(&mut draw, 0), 0);
        assert_eq!(below(&mut draw, 1), 0);
    }

    #[test]
    fn a_bound_near_the_word_size_is_still_fair() {
        let mut draw = Draw::new(7);
        let mut residues = [0u32; 3];
        for _ in 0..30_000 {
            let x = below(&mut draw, 3 << 62); // without rejection a residue comes twice as often
            assert!(x < 3 << 62);
            residues[(x % 3) as usize] += 1;
        }
        assert!(residues.iter().all(|count| count.abs_diff(10_000) < 370), "{residues:?}");
    }

    #[test]
    fn a_coin_keeps_its_odds() {
        let mut draw = Draw::new(6);
        let heads = (0..100_000).filter(|_| flip(&mut draw, 0.3)).count();
        assert!(heads.abs_diff(30_000) < 650, "{heads}: 4.5 standard deviations are 652");
        assert!(!flip(&mut draw, 0.0) && flip(&mut draw, 1.0));
    }
}
