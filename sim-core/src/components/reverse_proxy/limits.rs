//! limit_req and limit_conn: both count in memory that all worker processes share.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::spec::{LimitConnSpec, LimitReqSpec};
use crate::engine::request::Ask;
use crate::engine::time::Nanos;
use crate::rules::bucket::{Buckets, Limit, Per, Verdict};
use crate::wiring::Flaw;

const RATE_MAX: f64 = 1e9;
const BURST_MAX: u32 = 1_000_000_000;

/// The rate limit and its counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct LimitReq {
    limit: Limit,
    per: Per,
    buckets: Buckets,
}

impl LimitReq {
    pub(super) fn new(spec: &LimitReqSpec) -> Result<Self, Flaw> {
        let rate = spec.rate.per_second();
        if !(1e-3..=RATE_MAX).contains(&rate) {
            let message = format!("a rate of {} is not possible", spec.rate);
            let remedy = "write 0.001/s to 1000000000/s, like 10/s";
            return Err(Flaw::new("limit_req.rate", message, remedy));
        }
        if let Some(burst) = spec.burst.filter(|&burst| burst > BURST_MAX) {
            let message = format!("a burst of {burst} is not possible");
            return Err(Flaw::new(
                "limit_req.burst",
                message,
                format!("write at most {BURST_MAX}"),
            ));
        }
        if let (Some(delay), true) = (spec.delay, spec.nodelay) {
            let message = format!("delay {delay} and nodelay exclude each other");
            return Err(Flaw::new("limit_req.delay", message, "keep one of the two"));
        }
        let delay = if spec.nodelay { None } else { Some(spec.delay.unwrap_or(0)) };
        Ok(LimitReq {
            limit: Limit::leaky(rate, spec.burst.unwrap_or(0), delay),
            per: spec.per.unwrap_or(Per::Client),
            buckets: Buckets::default(),
        })
    }

    pub(super) fn judge(&mut self, ask: &Ask, now: Nanos) -> Verdict {
        self.buckets.admit(&self.limit, self.per.key(ask), now)
    }

    pub(super) fn clear(&mut self) {
        self.buckets.clear();
    }

    /// Takes the counts over from the limit that it replaces.
    pub(super) fn succeed(&mut self, before: Option<LimitReq>, now: Nanos) {
        let Some(before) = before.filter(|before| before.per == self.per) else { return };
        self.buckets = before.buckets;
        self.buckets.settle(&before.limit, now);
    }
}

/// The limit on requests in progress, and how many there are by key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct LimitConn {
    max: u32,
    per: Per,
    by_key: BTreeMap<u64, u32>,
}

impl LimitConn {
    pub(super) fn new(spec: &LimitConnSpec) -> Result<Self, Flaw> {
        if spec.connections == 0 {
            let message = "a limit of 0 connections lets nothing pass";
            return Err(Flaw::new("limit_conn.connections", message, "write at least 1"));
        }
        let per = spec.per.unwrap_or(Per::Client);
        Ok(LimitConn { max: spec.connections, per, by_key: BTreeMap::new() })
    }

    /// One more, or none left.
    pub(super) fn enter(&mut self, ask: &Ask) -> bool {
        let count = self.by_key.entry(self.per.key(ask)).or_default();
        if *count >= self.max {
            return false;
        }
        *count += 1;
        true
    }

    /// One less; whoever has none is forgotten.
    pub(super) fn leave(&mut self, ask: &Ask) {
        let key = self.per.key(ask);
        if let Some(count) = self.by_key.get_mut(&key) {
            *count -= 1;
            if *count == 0 {
                self.by_key.remove(&key);
            }
        }
    }

    /// Takes over from the limit that it replaces who is in progress; keys stay what they were.
    pub(super) fn succeed(&mut self, before: Option<LimitConn>) {
        if let Some(before) = before.filter(|before| before.per == self.per) {
            self.by_key = before.by_key;
        }
    }

    pub(super) fn clear(&mut self) {
        self.by_key.clear();
    }
}
