//! The universal scalability law: how queries slow each other down.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::wiring::Flaw;

/// Gunther's universal scalability law. With n queries in progress all of them together compute
/// `X(n) = n / (1 + alpha (n-1) + beta n (n-1))` times as fast as one alone, so each of them at
/// `X(n) / n` of full speed; `cores` cap the total. Only CPU time is stretched, not I/O. Past
/// `n = sqrt((1 - alpha) / beta)` more queries at once mean less throughput.
///
/// Fits from measurements: alpha 0.0277, beta 0.000104 (SPEC SDM91, peak at 97); alpha 0.02 and
/// beta 0.0005 are typical of transaction processing (peak at 44).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UslSpec {
    /// Contention: the share of the work that only one query can do at a time, 0 to 1.
    pub alpha: f64,
    /// Coherency: what each pair of queries costs, as a share of a query, 0 to 1.
    pub beta: f64,
}

/// The law, ready to use.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Usl {
    alpha: f64,
    beta: f64,
}

impl Usl {
    pub(super) fn new(spec: &UslSpec) -> Result<Self, Flaw> {
        for (name, number) in [("alpha", spec.alpha), ("beta", spec.beta)] {
            if !(0.0..=1.0).contains(&number) {
                let message = format!("{name} cannot be {number}");
                return Err(Flaw::new(&format!("contention.{name}"), message, "write 0 to 1"));
            }
        }
        Ok(Usl { alpha: spec.alpha, beta: spec.beta })
    }

    /// Speed of each of `n` queries; 1 where it is alone.
    pub(super) fn speed(self, n: u32) -> f64 {
        let n = f64::from(n.max(1));
        1.0 / (1.0 + self.alpha * (n - 1.0) + self.beta * n * (n - 1.0))
    }

    /// The highest throughput with at most `most` queries, in queries at full speed.
    pub(super) fn peak(self, most: u32) -> f64 {
        let total = |n: u32| f64::from(n) * self.speed(n);
        let top = ((1.0 - self.alpha) / self.beta).sqrt();
        let below = if top < f64::from(most) { (top as u32).max(1) } else { most };
        total(below).max(total((below + 1).min(most)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_fit_peaks_where_it_says() {
        // published for this fit: the peak at 96.5 with 1884 jobs per minute, 1646 at 216
        let usl = Usl::new(&UslSpec { alpha: 0.027_728_5, beta: 0.000_104_4 }).unwrap();
        assert!((usl.peak(1000) * 89.995 - 1884.0).abs() < 1.0, "{}", usl.peak(1000) * 89.995);
        let late = 216.0 * usl.speed(216) * 89.995;
        assert!((late - 1646.0).abs() < 4.0, "{late}");
        assert!((usl.peak(10) - 10.0 * usl.speed(10)).abs() < 1e-12);
        assert_eq!(usl.speed(0), 1.0);
    }

    #[test]
    fn without_coherency_there_is_no_peak() {
        let usl = Usl::new(&UslSpec { alpha: 0.1, beta: 0.0 }).unwrap();
        assert_eq!(usl.peak(50), 50.0 * usl.speed(50));
        let flaw = Usl::new(&UslSpec { alpha: 1.5, beta: 0.0 }).unwrap_err();
        assert_eq!(
            (flaw.path.as_str(), flaw.remedy.as_str()),
            ("contention.alpha", "write 0 to 1")
        );
    }
}
