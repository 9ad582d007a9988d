//! Retries: how often, how long to wait before, and the budget that stops a storm.

use rand_core::Rng;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::chance::unit;
use crate::engine::time::Nanos;
use crate::units::{Duration, Share};
use crate::wiring::Flaw;

/// What a client does when an attempt fails.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RetrySpec {
    /// Attempts in all, the first one included (1 to 20).
    pub attempts: u16,
    /// Wait before the second attempt; it doubles with each further one. Default 0s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backoff: Option<Duration>,
    /// The wait never exceeds this; default 20s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap: Option<Duration>,
    /// How the wait is spread; default `none`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jitter: Option<Jitter>,
    /// At most this share of requests may be retried, counted by a bucket of 500 tokens that every
    /// first attempt fills by the share and every retry empties by one. Default: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<Share>,
}

/// How the wait before a retry is spread, with v = min(cap, backoff x 2^n).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Jitter {
    /// Exactly v.
    #[default]
    None,
    /// Uniform between 0 and v.
    Full,
    /// v/2 plus uniform between 0 and v/2.
    Equal,
    /// v/2 plus uniform between 0 and v: v on average.
    Around,
    /// min(cap, uniform between backoff and three times the last wait).
    Decorrelated,
}

/// Tokens in a full retry budget.
const BUDGET_TOKENS: f64 = 500.0;

/// The policy made ready.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Retry {
    pub(super) attempts: u16,
    base: Nanos,
    cap: Nanos,
    jitter: Jitter,
    budget: Option<f64>,
    tokens: f64,
}

impl Retry {
    pub(super) fn new(spec: Option<&RetrySpec>) -> Result<Self, Flaw> {
        let Some(spec) = spec else {
            let jitter = Jitter::None;
            return Ok(Retry { attempts: 1, base: 0, cap: 0, jitter, budget: None, tokens: 0.0 });
        };
        if spec.attempts == 0 || spec.attempts > 20 {
            return Err(Flaw::new(
                "retry.attempts",
                format!("{} attempts are not possible", spec.attempts),
                "write 1 (never retry) to 20, the first attempt included",
            ));
        }
        let base = spec.backoff.as_ref().map_or(0, |backoff| backoff.nanos());
        let cap = spec.cap.as_ref().map_or(20_000_000_000, |cap| cap.nanos());
        if cap < base {
            return Err(Flaw::new(
                "retry.cap",
                "the cap is below the first back-off",
                "raise cap or lower backoff",
            ));
        }
        let budget = spec.budget.as_ref().map(|share| share.value());
        let jitter = spec.jitter.unwrap_or_default();
        Ok(Retry { attempts: spec.attempts, base, cap, jitter, budget, tokens: BUDGET_TOKENS })
    }

    /// A first attempt pays into the budget.
    #[inline]
    pub(super) fn first(&mut self) {
        if let Some(share) = self.budget {
            self.tokens = (self.tokens + share).min(BUDGET_TOKENS);
        }
    }

    /// Whether another attempt is allowed after `made`; it costs a token of the budget.
    pub(super) fn allow(&mut self, made: u16) -> bool {
        if made >= self.attempts {
            return false;
        }
        if self.budget.is_some() {
            if self.tokens < 1.0 {
                return false;
            }
            self.tokens -= 1.0;
        }
        true
    }

    /// The wait before the attempt after `made`, given the wait before.
    pub(super) fn wait(&self, made: u16, last: Nanos, rng: &mut impl Rng) -> Nanos {
        let doubled = u128::from(self.base) << (made - 1).min(63);
        let v = doubled.min(u128::from(self.cap)) as f64;
        let base = self.base as f64;
        let wait = match self.jitter {
            Jitter::None => v,
            Jitter::Full => unit(rng) * v,
            Jitter::Equal => v / 2.0 + unit(rng) * v / 2.0,
            Jitter::Around => v / 2.0 + unit(rng) * v,
            Jitter::Decorrelated => {
                let high = (3.0 * last as f64).max(base);
                (base + unit(rng) * (high - base)).min(self.cap as f64)
            }
        };
        wait as Nanos
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::chance::Draw;

    fn retry(jitter: Jitter) -> Retry {
        Retry { attempts: 9, base: 100, cap: 1_000, jitter, budget: None, tokens: 0.0 }
    }

    #[test]
    fn waits_double_up_to_the_cap() {
        let plain = retry(Jitter::None);
        let waits: Vec<Nanos> =
            (1..=6).map(|made| plain.wait(made, 0, &mut Draw::new(1))).collect();
        assert_eq!(waits, [100, 200, 400, 800, 1_000, 1_000]);
    }

    #[test]
    fn jitter_keeps_within_its_formula() {
        for n in 0..1_000 {
            let rng = &mut Draw::new(n);
            assert!(retry(Jitter::Full).wait(3, 0, rng) <= 400);
            assert!((200..=400).contains(&retry(Jitter::Equal).wait(3, 0, rng)));
            assert!((200..=600).contains(&retry(Jitter::Around).wait(3, 0, rng)));
            assert!((100..=900).contains(&retry(Jitter::Decorrelated).wait(3, 300, rng)));
        }
    }

    #[test]
    fn a_budget_of_ten_percent_allows_one_retry_for_ten_requests() {
        let mut tight = Retry { budget: Some(0.1), tokens: 0.0, ..retry(Jitter::None) };
        let mut retried = 0;
        for _ in 0..10_000 {
            tight.first();
            retried += u32::from(tight.allow(1));
        }
        assert!((999..=1_001).contains(&retried), "{retried}");
    }
}
