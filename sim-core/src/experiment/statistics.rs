//! Intervals by Student's t, and for shares by Wilson.

use serde::{Deserialize, Serialize};

use crate::engine::chance::normal_quantile;

/// How sure intervals are where nobody asks otherwise: the same in every door.
pub const CONFIDENCE: f64 = 0.95;

/// A figure with the interval in which it lies at the stated confidence.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The best guess.
    pub value: f64,
    /// The interval's lower end; `None` where one sample tells nothing of the spread.
    pub low: Option<f64>,
    /// Its upper end.
    pub high: Option<f64>,
}

impl Estimate {
    /// Around a value that was found from all samples together, by how far each of the independent
    /// samples lies from it (sectioning): for a mean of samples this is the usual interval, and for
    /// a percentile of everything that was recorded it avoids the bias of a mean of percentiles.
    #[must_use]
    pub fn around(value: f64, samples: &[f64], confidence: f64) -> Self {
        let n = samples.len() as f64;
        if samples.len() < 2 {
            return Estimate { value, low: None, high: None };
        }
        let squares: f64 = samples.iter().map(|x| (x - value) * (x - value)).sum();
        let error = (squares / (n - 1.0) / n).sqrt();
        let t = t_quantile(0.5 + confidence / 2.0, samples.len() as u32 - 1);
        Estimate { value, low: Some(value - t * error), high: Some(value + t * error) }
    }

    /// How far the values of two independent sets of samples are apart: the second's minus the
    /// first's, by Welch, who does not ask for equal spread. Each value was found from all samples
    /// of its set together.
    #[must_use]
    pub fn apart(a: (f64, &[f64]), b: (f64, &[f64]), confidence: f64) -> Self {
        let value = b.0 - a.0;
        let most = a.1.len().min(b.1.len());
        if most < 2 {
            return Estimate { value, low: None, high: None };
        }
        let [first, second] = [a, b].map(|(value, samples)| {
            let n = samples.len() as f64;
            let squares: f64 = samples.iter().map(|x| (x - value) * (x - value)).sum();
            (squares / (n - 1.0) / n, n - 1.0)
        });
        let error = first.0 + second.0;
        let freedom = error * error
            / (first.0 * first.0 / first.1 + second.0 * second.0 / second.1).max(f64::MIN_POSITIVE);
        // rounded down: rather too wide than too narrow
        let freedom = freedom.clamp(1.0, f64::from(NORMAL)) as u32;
        let half = t_quantile(0.5 + confidence / 2.0, freedom) * error.sqrt();
        Estimate { value, low: Some(value - half), high: Some(value + half) }
    }

    /// The mean of independent samples; `None` without any.
    #[must_use]
    pub fn mean(samples: &[f64], confidence: f64) -> Option<Self> {
        let mean = samples.iter().sum::<f64>() / samples.len() as f64;
        (!samples.is_empty()).then(|| Self::around(mean, samples, confidence))
    }

    /// A share of `hits` in `n` tries, by Wilson's interval: it never leaves 0 to 1, and is right
    /// where none or all were hits.
    #[must_use]
    pub fn share(hits: u32, n: u32, confidence: f64) -> Option<Self> {
        if n == 0 {
            return None;
        }
        let (share, n) = (f64::from(hits) / f64::from(n), f64::from(n));
        let z = normal_quantile(0.5 + confidence / 2.0);
        let middle = (share + z * z / (2.0 * n)) / (1.0 + z * z / n);
        let half =
            z / (1.0 + z * z / n) * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
        // at the ends only rounding keeps them from being exact
        let low = if hits == 0 { 0.0 } else { middle - half };
        let high = if share == 1.0 { 1.0 } else { middle + half };
        Some(Estimate { value: share, low: Some(low), high: Some(high) })
    }

    /// Half of the interval's length; `None` where there is none.
    #[must_use]
    pub fn half(&self) -> Option<f64> {
        Some((self.high? - self.low?) / 2.0)
    }
}

/// Degrees of freedom at which Student's t is the normal distribution to four digits.
const NORMAL: u32 = 20_000;

/// The point below which Student's t with `df` degrees of freedom lies with probability `p`.
#[must_use]
pub fn t_quantile(p: f64, df: u32) -> f64 {
    let (mut low, mut high) = (-1e6, 1e6);
    for _ in 0..80 {
        let middle = (low + high) / 2.0;
        if t_below(middle, df) < p {
            low = middle;
        } else {
            high = middle;
        }
    }
    (low + high) / 2.0
}

/// P(T <= t), by the finite sums for whole degrees of freedom (Abramowitz and Stegun 26.7.3 and 4).
fn t_below(t: f64, df: u32) -> f64 {
    let angle = libm::atan(t / f64::from(df).sqrt());
    let (sin, cos) = (libm::sin(angle), libm::cos(angle));
    let odd = df % 2 == 1;
    let (mut term, mut sum) = if odd { (cos, 0.0) } else { (1.0, 0.0) };
    let mut k = if odd { 2.0 } else { 1.0 };
    for _ in 0..df / 2 {
        sum += term;
        term *= k / (k + 1.0) * cos * cos;
        k += 2.0;
    }
    let both = if odd { (angle + sin * sum) * 2.0 / core::f64::consts::PI } else { sin * sum };
    0.5 + both / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t_quantiles_are_those_of_the_tables() {
        let table = [
            (0.975, 1, 12.7062),
            (0.975, 2, 4.3027),
            (0.975, 4, 2.7764),
            (0.975, 9, 2.2622),
            (0.975, 19, 2.0930),
            (0.975, 29, 2.0452),
            (0.975, NORMAL, 1.9600),
            (0.995, 15, 2.9467),
            (0.9995, 15, 4.0728),
            (0.9995, 10, 4.5869),
        ];
        for (p, df, expected) in table {
            let t = t_quantile(p, df);
            assert!((t - expected).abs() < 1e-4, "t({p}, {df}) is {t}, not {expected}");
        }
        assert!(t_quantile(0.5, 7).abs() < 1e-9);
    }

    #[test]
    fn an_interval_is_what_the_formula_says() {
        // mean 3, variance 2.5, standard error sqrt(0.5)
        let found = Estimate::mean(&[1.0, 2.0, 3.0, 4.0, 5.0], 0.95).unwrap();
        assert_eq!(found.value, 3.0);
        assert!((found.half().unwrap() - 2.7764 * 0.5f64.sqrt()).abs() < 1e-4, "{found:?}");
        assert_eq!(Estimate::mean(&[7.0], 0.95).unwrap().half(), None);
        assert_eq!(Estimate::mean(&[], 0.95), None);
    }

    #[test]
    fn two_sets_are_apart_as_welch_says() {
        // variances 2.5 of 5 and 4 of 3: error 1/2 + 4/3, freedom 3.3611 / (1/16 + 8/9) = 3.53
        let (a, b) = ([1.0, 2.0, 3.0, 4.0, 5.0], [6.0, 8.0, 10.0]);
        let found = Estimate::apart((3.0, &a), (8.0, &b), 0.95);
        assert_eq!(found.value, 5.0);
        let half = t_quantile(0.975, 3) * (0.5f64 + 4.0 / 3.0).sqrt();
        assert!((found.half().unwrap() - half).abs() < 1e-9, "{found:?}");
        assert_eq!(Estimate::apart((3.0, &a), (8.0, &[8.0]), 0.95).half(), None);
        assert_eq!(Estimate::apart((1.0, &[1.0; 4]), (2.0, &[2.0; 4]), 0.95).half(), Some(0.0));
    }

    #[test]
    fn a_share_keeps_a_doubt_where_nothing_was_hit() {
        // Wilson's interval for 0 of 40 ends at z^2 / (n + z^2)
        let none = Estimate::share(0, 40, 0.95).unwrap();
        assert_eq!((none.value, none.low), (0.0, Some(0.0)));
        assert!((none.high.unwrap() - 3.8415 / 43.8415).abs() < 1e-4, "{none:?}");
        let half = Estimate::share(20, 40, 0.95).unwrap();
        assert!((half.low.unwrap() - 0.3520).abs() < 1e-3, "{half:?}");
    }
}
