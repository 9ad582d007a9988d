//! A quick exponential function for lognormal draws: a table of powers and a short polynomial.

use super::tables::{LN2_HIGH, LN2_LOW, POWERS};

/// `e^x` within two units in the last place; `libm::exp` beyond ±690 and for NaN.
///
/// `x = (128 e + i) ln2/128 + r`, so that `e^x = 2^e 2^(i/128) e^r` with |r| <= ln2/256.
#[inline]
#[must_use]
pub fn fast_exp(x: f64) -> f64 {
    const STEPS: f64 = 184.664_965_233_787_3; // 128 / ln 2
    const ROUND: f64 = 6_755_399_441_055_744.0; // 1.5 * 2^52: adding it rounds to an integer
    if x.abs() <= 690.0 {
        let shifted = x * STEPS + ROUND;
        let steps = shifted - ROUND;
        let r = (x - steps * (LN2_HIGH / 128.0)) - steps * (LN2_LOW / 128.0);
        let bits = shifted.to_bits(); // the integer stands in the lowest bits
        let power = POWERS[(bits & 127) as usize].to_bits();
        let scale = f64::from_bits(power.wrapping_add((bits & !127) << 45));
        let r2 = r * r;
        let tail = r + r2 * ((0.5 + r * (1.0 / 6.0)) + r2 * (1.0 / 24.0 + r * (1.0 / 120.0)));
        scale + scale * tail
    } else {
        libm::exp(x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::chance::{Draw, unit};

    #[test]
    fn a_million_points_are_within_two_units_in_the_last_place() {
        let mut draw = Draw::new(1);
        let mut worst = 0;
        for i in 0..1_000_000 {
            let reach = if i % 2 == 0 { 690.0 } else { 20.0 };
            let x = (2.0 * unit(&mut draw) - 1.0) * reach;
            let off = fast_exp(x).to_bits().abs_diff(libm::exp(x).to_bits());
            worst = worst.max(off);
        }
        assert!(worst <= 2, "{worst} units in the last place");
    }

    #[test]
    fn the_ends_are_those_of_libm() {
        for x in [0.0, -0.0, 690.0, -690.0, 700.0, 800.0, -800.0, f64::INFINITY, -f64::INFINITY] {
            let (ours, theirs) = (fast_exp(x), libm::exp(x));
            assert!(ours == theirs || (ours / theirs - 1.0).abs() < 1e-15, "{x}: {ours}");
        }
        assert!(fast_exp(f64::NAN).is_nan());
        assert_eq!(fast_exp(0.0), 1.0);
    }
}
