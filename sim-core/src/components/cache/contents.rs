//! What a cache holds, under either kind of policy.

use serde::{Deserialize, Serialize};

use super::room::{Full, Life, Room};
use super::sampled::Keyspace;
use super::spec::CacheSpec;
use super::store::Store;
use crate::engine::chance::Stream;
use crate::engine::time::Nanos;
use crate::wiring::Flaw;

const ENTRIES_MAX: u32 = 10_000_000;
/// `maxmemory-samples` of Redis.
const SAMPLES: u32 = 5;

/// Keys with an exact order, or with samples.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Contents {
    Exact(Store),
    Sampled(Box<Keyspace>),
}

impl Contents {
    pub(super) fn new(spec: &CacheSpec) -> Result<Self, Flaw> {
        let entries = spec.entries.unwrap_or(u64::from(ENTRIES_MAX));
        if entries > u64::from(ENTRIES_MAX) {
            let message = format!("{entries} entries are too many");
            let remedy = format!("write at most {ENTRIES_MAX}, or state the hit ratio: hit: 90%");
            return Err(Flaw::new("entries", message, remedy));
        }
        let samples = spec.samples.unwrap_or(SAMPLES);
        if !(1..=64).contains(&samples) {
            return Err(Flaw::new("samples", format!("{samples} samples"), "write 1 to 64"));
        }
        let (life, room) = (Life::new(spec)?, Room::new(spec)?);
        let entries = entries as u32;
        if spec.policy.is_sampled() {
            let mut keys = Keyspace::new(entries, life, (spec.policy, samples));
            keys.room = room;
            return Ok(Contents::Sampled(Box::new(keys)));
        }
        let mut store = Store::new(entries, life, spec.policy);
        store.room = room;
        Ok(Contents::Exact(store))
    }

    /// Takes the limits of another form over.
    pub(super) fn retune(
        &mut self,
        fresh: Contents,
        now: Nanos,
        luck: &mut Stream,
    ) -> Result<(), Flaw> {
        match (self, fresh) {
            (Contents::Exact(store), Contents::Exact(fresh)) => {
                store.life = fresh.life;
                store.policy = fresh.policy;
                store.resize((fresh.capacity, fresh.room), now, luck);
            }
            (Contents::Sampled(keys), Contents::Sampled(fresh)) => keys.retune(*fresh),
            _ => {
                let message = "exact and sampled policies cannot be exchanged in a running cache";
                return Err(Flaw::new("policy", message, "keep to one kind"));
            }
        }
        Ok(())
    }

    #[inline]
    pub(super) fn get(&mut self, key: u64, now: Nanos, luck: &mut Stream) -> bool {
        match self {
            Contents::Exact(store) => store.get(key, now),
            Contents::Sampled(keys) => keys.get(key, now, luck),
        }
    }

    #[inline]
    pub(super) fn put(&mut self, key: u64, now: Nanos, luck: &mut Stream) -> Result<(), Full> {
        match self {
            Contents::Exact(store) => store.put(key, now, luck),
            Contents::Sampled(keys) => keys.put(key, now, luck),
        }
    }

    pub(super) fn left(&self, key: u64, now: Nanos) -> Option<Nanos> {
        match self {
            Contents::Exact(store) => store.left(key, now),
            Contents::Sampled(keys) => keys.left(key, now),
        }
    }

    pub(super) fn clear(&mut self) {
        match self {
            Contents::Exact(store) => store.clear(),
            Contents::Sampled(keys) => keys.clear(),
        }
    }

    /// Keeps the keys that were there at a time; those of an exact order are all lost.
    pub(super) fn keep_born_by(&mut self, time: Option<Nanos>) {
        match self {
            Contents::Exact(store) => store.clear(),
            Contents::Sampled(keys) => keys.keep_born_by(time),
        }
    }

    pub(super) fn len(&self) -> u32 {
        match self {
            Contents::Exact(store) => store.len(),
            Contents::Sampled(keys) => keys.len(),
        }
    }

    /// Bytes taken, where sizes matter.
    pub(super) fn used(&self) -> Option<u64> {
        let room = match self {
            Contents::Exact(store) => &store.room,
            Contents::Sampled(keys) => &keys.room,
        };
        room.as_ref().map(|room| room.used)
    }

    /// Keys that made room, and keys found too old.
    pub(super) fn gone(&self) -> (u64, u64) {
        match self {
            Contents::Exact(store) => (store.evicted, store.expired),
            Contents::Sampled(keys) => (keys.evicted, keys.expired),
        }
    }

    pub(super) fn reset_counts(&mut self) {
        let (evicted, expired) = match self {
            Contents::Exact(store) => (&mut store.evicted, &mut store.expired),
            Contents::Sampled(keys) => (&mut keys.evicted, &mut keys.expired),
        };
        (*evicted, *expired) = (0, 0);
    }
}
