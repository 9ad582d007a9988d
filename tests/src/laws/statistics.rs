//! Means over replications and their intervals by Student's t.

/// A mean with the half-width of its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Interval {
    pub(super) mean: f64,
    pub(super) half: f64,
}

/// The mean of independent figures and its two-sided interval at a confidence like 0.99.
pub(super) fn interval(samples: &[f64], confidence: f64) -> Interval {
    let n = samples.len() as f64;
    let mean = samples.iter().sum::<f64>() / n;
    let squares: f64 = samples.iter().map(|x| (x - mean) * (x - mean)).sum();
    let error = (squares / (n - 1.0) / n).sqrt();
    let t = t_quantile(0.5 + confidence / 2.0, samples.len() as u32 - 1);
    Interval { mean, half: t * error }
}

/// The point below which Student's t with `df` degrees of freedom lies with probability `p`.
pub(super) fn t_quantile(p: f64, df: u32) -> f64 {
    let (mut low, mut high) = (-1e6, 1e6);
    for _ in 0..200 {
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
        let found = interval(&[1.0, 2.0, 3.0, 4.0, 5.0], 0.95);
        assert_eq!(found.mean, 3.0);
        assert!((found.half - 2.7764 * 0.5f64.sqrt()).abs() < 1e-4, "{found:?}");
    }

    #[test]
    fn an_interval_misses_as_often_as_it_may() {
        // 20,000 intervals at 90 % over 8 uniform numbers: 2,000 misses, standard deviation 42;
        // uniform numbers are not normal, which costs some tens of misses
        let mut state = 1u64;
        let mut uniform = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 11) as f64 / (1u64 << 53) as f64
        };
        let mut misses = 0;
        for _ in 0..20_000 {
            let samples: Vec<f64> = (0..8).map(|_| uniform()).collect();
            let found = interval(&samples, 0.90);
            misses += u32::from((found.mean - 0.5).abs() > found.half);
        }
        assert!((1_850..2_250).contains(&misses), "{misses}");
    }
}
