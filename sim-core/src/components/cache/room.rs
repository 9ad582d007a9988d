//! How large keys are, how much memory there is for them, and how long each of them lives.

use serde::{Deserialize, Serialize};

use super::spec::CacheSpec;
use crate::engine::chance::{
    Draw, Family, Law, LawSpec, LognormalSpec, Stream, below, flip, mix, name_key,
};
use crate::engine::time::Nanos;
use crate::units::{Bytes, Duration};
use crate::wiring::Flaw;

const SIZE: u64 = name_key("cache item size");
const EXPIRING: u64 = name_key("cache item expires");
/// Memory of a key unless the form says otherwise.
const ITEM: u64 = 1024;

/// A write that found no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Full;

/// Sizes of keys, and the memory for all of them together, in bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Room {
    /// Sizes in bytes; a sampler of times serves as one.
    law: Law,
    most: u64,
    pub(super) limit: u64,
    pub(super) used: u64,
}

impl Room {
    /// `None` where neither memory nor the largest key matters.
    pub(super) fn new(spec: &CacheSpec) -> Result<Option<Self>, Flaw> {
        let mean = spec.item.map_or(ITEM, Bytes::bytes);
        let cv = spec.item_cv.unwrap_or(0.0);
        if mean == 0 || mean > 1 << 40 {
            let message = format!("keys of {} are not possible", Bytes(mean));
            return Err(Flaw::new("item", message, "write 1B to 1TiB"));
        }
        if !(0.0..=100.0).contains(&cv) {
            let message = format!("a coefficient of variation of {cv} is not possible");
            return Err(Flaw::new("item_cv", message, "write 0 to 100"));
        }
        let limit = spec.memory.map_or(0, Bytes::bytes);
        let is_needed = [spec.item_max.is_some(), spec.load_per_second.is_some()];
        if limit == 0 && is_needed == [false; 2] && spec.fork_per_gib.is_none() {
            return Ok(None);
        }
        let shape = LognormalSpec { mean: Some(Duration(mean)), cv: Some(cv), ..<_>::default() };
        let law = match cv {
            0.0 => Ok(Law::Constant { nanos: mean }),
            _ => LawSpec::Family(Family::Lognormal(shape)).compile(),
        };
        let law = law.map_err(|message| Flaw::new("item_cv", message, "correct the value"))?;
        let most = spec.item_max.map_or(u64::MAX, Bytes::bytes);
        let limit = if limit == 0 { u64::MAX } else { limit };
        Ok(Some(Room { law, most, limit, used: 0 }))
    }

    /// The memory of a key: the same whenever it is asked for.
    pub(super) fn size(&self, key: u64) -> u64 {
        match self.law.constant_nanos() {
            Some(size) => size,
            None => self.law.sample_nanos(&mut Draw::new(mix(SIZE, key))),
        }
    }

    /// Whether a key can be written at all.
    pub(super) fn takes(&self, key: u64) -> bool {
        let size = self.size(key);
        size <= self.most && size <= self.limit
    }

    /// The same with nothing in it.
    pub(super) fn emptied(self) -> Self {
        Room { used: 0, ..self }
    }

    pub(super) fn add(&mut self, key: u64) {
        self.used += self.size(key);
    }

    pub(super) fn free(&mut self, key: u64) {
        self.used = self.used.saturating_sub(self.size(key));
    }
}

/// How long keys live from their last write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Life {
    /// The shortest time to live; `None` for keys that never grow too old.
    pub(super) ttl: Option<Nanos>,
    /// What may be added to it, ns.
    spread: Nanos,
    /// The share of keys that live for ever.
    lasting: f64,
}

impl Life {
    pub(super) fn new(spec: &CacheSpec) -> Result<Self, Flaw> {
        let Some(ttl) = spec.ttl.map(Duration::nanos) else {
            for (path, given) in
                [("jitter", spec.jitter.is_some()), ("expiring", spec.expiring.is_some())]
            {
                if given {
                    let message = format!("{path} means nothing without a time to live");
                    return Err(Flaw::new(path, message, "write ttl: 60s beside it"));
                }
            }
            return Ok(Life::default());
        };
        if ttl == 0 {
            let remedy = "write entries: 0 for a cache that holds nothing";
            return Err(Flaw::new("ttl", "keys that live 0s are never found", remedy));
        }
        let reach = (spec.jitter.map_or(0.0, |share| share.value()) * ttl as f64) as Nanos;
        let lasting = spec.expiring.map_or(0.0, |share| 1.0 - share.value());
        Ok(Life { ttl: Some((ttl - reach).max(1)), spread: 2 * reach, lasting })
    }

    /// All keys alike.
    #[cfg(test)]
    pub(super) fn fixed(ttl: Option<Nanos>) -> Self {
        Life { ttl, ..Life::default() }
    }

    /// From when on the shortest time to live of a key written now counts: later than now by its
    /// share of luck; the end of time for a key that lives for ever.
    #[inline]
    pub(super) fn stamp(&self, key: u64, now: Nanos, luck: &mut Stream) -> Nanos {
        if self.lasting > 0.0 && flip(&mut Draw::new(mix(EXPIRING, key)), self.lasting) {
            return Nanos::MAX;
        }
        if self.spread == 0 { now } else { now + below(luck, self.spread + 1) }
    }
}
