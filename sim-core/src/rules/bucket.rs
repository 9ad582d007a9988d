//! Both buckets in whole numbers, and a bounded table of them by key.

use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Unbounded};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::request::Ask;
use crate::engine::time::{MILLISECOND, Nanos};

/// One token of a token bucket: nano-tokens a second times nanoseconds need no division.
pub const TOKEN: u128 = 1_000_000_000_000_000_000;
/// One request of a leaky bucket, in the thousandths in which nginx counts.
pub const REQUEST: u64 = 1_000;

/// Whose requests share one limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Per {
    /// Everybody's.
    #[default]
    Global,
    /// Those of one client.
    Client,
    /// Those for one object.
    Key,
}

impl Per {
    /// The key under which a request is counted.
    #[inline]
    #[must_use]
    pub fn key(self, ask: &Ask) -> u64 {
        match self {
            Per::Global => 0,
            Per::Client => ask.client,
            Per::Key => ask.key,
        }
    }
}

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Passes at once.
    Pass,
    /// Passes after this time, ns.
    Hold(Nanos),
    /// Is turned away.
    Reject,
}

/// The state of one key.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bucket {
    /// Tokens left in units of 1/`TOKEN`, or excess in thousandths of a request.
    amount: u128,
    /// When that was so: ns, or whole ms for a leaky bucket.
    at: Nanos,
}

/// A limit and its numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Limit {
    /// `rate` in nano-tokens a second, `burst` in units of 1/`TOKEN`.
    Token {
        /// Nano-tokens a second.
        rate: u64,
        /// In units of 1/`TOKEN`.
        burst: u128,
    },
    /// `rate` in thousandths of a request a second, `burst` and `delay` in thousandths.
    Leaky {
        /// Thousandths of a request a second.
        rate: u64,
        /// Thousandths of a request.
        burst: u64,
        /// Thousandths of a request.
        delay: u64,
    },
}

fn tokens(bucket: &Bucket, rate: u64, burst: u128, now: Nanos) -> u128 {
    let grown = u128::from(rate) * u128::from(now - bucket.at);
    bucket.amount.saturating_add(grown).min(burst)
}

/// What has leaked since, in thousandths of a request.
fn leaked(bucket: &Bucket, rate: u64, now_ms: u64) -> u128 {
    u128::from(rate) * u128::from(now_ms.saturating_sub(bucket.at)) / 1_000
}

impl Limit {
    /// The leaky bucket of nginx: requests a second, the burst beyond them, and how many of the
    /// burst pass without delay (`None` for all).
    #[must_use]
    pub fn leaky(per_second: f64, burst: u32, delay: Option<u32>) -> Self {
        // whole thousandths, cut off as nginx does: 100/m is 1.666 a second; the small addend
        // keeps 0.57 from being cut to 0.569
        let rate = (per_second * 1_000.0 + 1e-6) as u64;
        let thousandths = |requests: u32| u64::from(requests) * REQUEST;
        let delay = delay.map_or(u64::MAX, thousandths);
        Limit::Leaky { rate, burst: thousandths(burst), delay }
    }

    /// Judges a request of a key; a rejected one leaves no trace.
    #[inline]
    fn admit(&self, bucket: Option<Bucket>, now: Nanos) -> (Option<Bucket>, Verdict) {
        match *self {
            Limit::Token { rate, burst } => {
                let amount = bucket.map_or(burst, |bucket| tokens(&bucket, rate, burst, now));
                match amount.checked_sub(TOKEN) {
                    Some(amount) => (Some(Bucket { amount, at: now }), Verdict::Pass),
                    None => (bucket, Verdict::Reject),
                }
            }
            Limit::Leaky { rate, burst, delay } => {
                let at = now / MILLISECOND;
                let amount = bucket.map_or(0, |bucket| {
                    let full = bucket.amount + u128::from(REQUEST);
                    full.saturating_sub(leaked(&bucket, rate, at))
                });
                if amount > u128::from(burst) {
                    return (bucket, Verdict::Reject);
                }
                let wait_ms = amount.saturating_sub(u128::from(delay)) * 1_000 / u128::from(rate);
                let verdict = match wait_ms as u64 {
                    0 => Verdict::Pass,
                    wait_ms => Verdict::Hold(wait_ms.saturating_mul(MILLISECOND)),
                };
                (Some(Bucket { amount, at }), verdict)
            }
        }
    }

    /// Whether a bucket has become the same as none.
    fn is_idle(&self, bucket: &Bucket, now: Nanos) -> bool {
        match *self {
            Limit::Token { rate, burst } => tokens(bucket, rate, burst, now) == burst,
            Limit::Leaky { rate, .. } => {
                bucket.amount + u128::from(REQUEST) <= leaked(bucket, rate, now / MILLISECOND)
            }
        }
    }

    /// Brings a bucket up to date before the rate changes.
    fn settle(&self, bucket: &mut Bucket, now: Nanos) {
        if let Limit::Token { rate, burst } = *self {
            *bucket = Bucket { amount: tokens(bucket, rate, burst, now), at: now };
        }
    }
}

/// Buckets by key. Every new key looks at two others and drops the idle ones, so that the table
/// stays within a small multiple of the keys that are in use.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Buckets {
    by_key: BTreeMap<u64, Bucket>,
    /// The key looked at last.
    cursor: u64,
}

impl Buckets {
    /// Judges a request of a key.
    #[inline]
    pub fn admit(&mut self, limit: &Limit, key: u64, now: Nanos) -> Verdict {
        let Some(bucket) = self.by_key.get_mut(&key) else {
            self.sweep(limit, now);
            let (bucket, verdict) = limit.admit(None, now);
            self.by_key.extend(bucket.map(|bucket| (key, bucket)));
            return verdict;
        };
        let (fresh, verdict) = limit.admit(Some(*bucket), now);
        *bucket = fresh.unwrap_or(*bucket);
        verdict
    }

    fn sweep(&mut self, limit: &Limit, now: Nanos) {
        for _ in 0..2 {
            let mut after = self.by_key.range((Excluded(self.cursor), Unbounded));
            let Some((&key, bucket)) = after.next().or_else(|| self.by_key.first_key_value())
            else {
                return;
            };
            self.cursor = key;
            if limit.is_idle(bucket, now) {
                self.by_key.remove(&key);
            }
        }
    }

    /// Brings every bucket up to date before the limit changes.
    pub fn settle(&mut self, limit: &Limit, now: Nanos) {
        self.by_key.values_mut().for_each(|bucket| limit.settle(bucket, now));
    }

    /// Keys remembered.
    #[cfg(test)]
    fn len(&self) -> usize {
        self.by_key.len()
    }

    /// Forgets every key.
    pub fn clear(&mut self) {
        *self = Buckets::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKENS: Limit = Limit::Token { rate: 10_000_000_000, burst: 2 * TOKEN };
    const LEAKY: Limit = Limit::Leaky { rate: 10_000, burst: 0, delay: 0 };

    #[test]
    fn tokens_come_back_to_the_nanosecond() {
        let mut buckets = Buckets::default();
        let mut admit = |now| buckets.admit(&TOKENS, 1, now) == Verdict::Pass;
        assert!(admit(0) && admit(0) && !admit(0));
        assert!(!admit(99_999_999) && admit(100_000_000));
        assert!(!admit(199_999_999) && admit(200_000_000), "a rejection takes nothing");
    }

    #[test]
    fn a_bucket_is_dropped_only_when_it_is_the_same_as_none() {
        let (drained, _) = TOKENS.admit(None, 0);
        let drained = drained.unwrap();
        assert!(!TOKENS.is_idle(&drained, 99_999_999) && TOKENS.is_idle(&drained, 100_000_000));
        // nginx forgives the first request of a key: only an entry that is a whole request below
        // zero does the same
        let (first, _) = LEAKY.admit(None, 0);
        let first = first.unwrap();
        assert!(!LEAKY.is_idle(&first, 99 * MILLISECOND));
        assert!(LEAKY.is_idle(&first, 100 * MILLISECOND));
        let again = |bucket| LEAKY.admit(bucket, 100 * MILLISECOND);
        assert_eq!(again(Some(first)), again(None));
    }

    #[test]
    fn keys_that_are_no_longer_used_are_forgotten() {
        let mut buckets = Buckets::default();
        for n in 0..100_000 {
            // a new key every ms, full again after 100 ms
            buckets.admit(&TOKENS, crate::engine::chance::mix(1, n), n * MILLISECOND);
        }
        assert!(buckets.len() < 400, "{} keys for 100 in use", buckets.len());
    }
}
