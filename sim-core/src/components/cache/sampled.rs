//! What a cache holds under the policies of Redis: eviction by samples, expiry by chance.
//!
//! Follows `evict.c` and `expire.c` of Redis. Uniform samples stand for its samples of neighbouring
//! buckets.

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use super::room::{Full, Life, Room};
use super::spec::Policy;
use crate::engine::chance::{Stream, below, flip};
use crate::engine::index::Index;
use crate::engine::time::{MILLISECOND, Nanos, SECOND};

/// Candidates remembered from one eviction to the next (`EVPOOL_SIZE`).
const POOL: usize = 16;
/// Expired keys are looked for so often (`hz 10`) ...
const CYCLE: Nanos = 100 * MILLISECOND;
/// ... by so many samples (`ACTIVE_EXPIRE_CYCLE_KEYS_PER_LOOP`) ...
const CYCLE_KEYS: u32 = 20;
/// ... again and again while more than one in ten is stale (`ACTIVE_EXPIRE_CYCLE_ACCEPTABLE_STALE`)
/// ...
const STALE_PARTS: u32 = 10;
/// ... but for a quarter of the time at most (`ACTIVE_EXPIRE_CYCLE_SLOW_TIME_PERC`): 25 ms at about
/// a microsecond a key.
const CYCLE_ROUNDS: u32 = 1250;
/// The counter of use of a new key (`LFU_INIT_VAL`), and how rarely it grows (`lfu-log-factor`).
const LFU_FIRST: u32 = 5;
const LFU_FACTOR: u32 = 10;
/// The clocks of use: `lru_clock` counts seconds, the LFU clock minutes (`lfu-decay-time 1`).
const LFU_DECAY: Nanos = 60 * SECOND;

/// A key: 32 bytes, and 12 more for finding it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Item {
    key: u64,
    /// When it is too old; the end of time if never.
    expires: Nanos,
    /// When it was first written.
    born: Nanos,
    /// LRU: second of the last use. LFU: minute of the last use and, in the low byte, the counter.
    used: u32,
    /// Where it stands among the keys with, or without, a time to live.
    place: u32,
}

/// Keys that can be picked at random, and what an eviction remembers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Keyspace {
    pub(super) capacity: u32,
    pub(super) life: Life,
    pub(super) policy: Policy,
    pub(super) room: Option<Room>,
    pub(super) samples: u32,
    items: Vec<Item>,
    free: Vec<u32>,
    index: Index,
    /// Slots of the keys that live for ever, and of those with a time to live.
    ranks: [Vec<u32>; 2],
    /// Candidates by rising merit: how much an eviction would like them, and the key.
    pool: Vec<(u64, u64)>,
    next_cycle: Nanos,
    pub(super) evicted: u64,
    pub(super) expired: u64,
}

impl Keyspace {
    pub(super) fn new(capacity: u32, life: Life, (policy, samples): (Policy, u32)) -> Self {
        Keyspace {
            capacity,
            life,
            policy,
            room: None,
            samples,
            items: Vec::new(),
            free: Vec::new(),
            index: Index::default(),
            ranks: [Vec::new(), Vec::new()],
            pool: Vec::new(),
            next_cycle: 0,
            evicted: 0,
            expired: 0,
        }
    }

    /// Keys held, those too old included that nobody has found yet.
    pub(super) fn len(&self) -> u32 {
        (self.items.len() - self.free.len()) as u32
    }

    fn find(&self, key: u64) -> Option<u32> {
        self.index.find(key, |slot| self.items[slot as usize].key)
    }

    /// Whether a key is there and not too old; it then counts as used.
    pub(super) fn get(&mut self, key: u64, now: Nanos, luck: &mut Stream) -> bool {
        self.expire_some(now, luck);
        if self.room.is_some() {
            let _full = self.make_room(now, luck);
        }
        let Some(slot) = self.find(key) else { return false };
        if self.items[slot as usize].expires <= now {
            self.expired += 1;
            self.remove(slot);
            return false;
        }
        self.touch(slot, now, luck);
        true
    }

    /// How long a key that is there has left to live, ns.
    pub(super) fn left(&self, key: u64, now: Nanos) -> Option<Nanos> {
        let expires = self.items[self.find(key)? as usize].expires;
        (expires != Nanos::MAX).then(|| expires.saturating_sub(now))
    }

    /// Writes a key; its time to live begins anew. As in Redis memory is made free before a write,
    /// so the last key written may reach beyond it.
    pub(super) fn put(&mut self, key: u64, now: Nanos, luck: &mut Stream) -> Result<(), Full> {
        self.expire_some(now, luck);
        if self.room.as_ref().is_some_and(|room| !room.takes(key)) {
            return Err(Full);
        }
        self.make_room(now, luck)?;
        let stamp = self.life.stamp(key, now, luck);
        let expires = self.life.ttl.map_or(Nanos::MAX, |ttl| stamp.saturating_add(ttl));
        if let Some(slot) = self.find(key) {
            self.leave_rank(slot);
            self.items[slot as usize].expires = expires;
            self.join_rank(slot);
            self.touch(slot, now, luck);
            return Ok(());
        }
        while self.len() >= self.capacity {
            self.evict(now, luck)?;
        }
        let used = if self.counts_use() { minute(now) << 8 | LFU_FIRST } else { second(now) };
        self.insert(Item { key, expires, born: now, used, place: 0 });
        Ok(())
    }

    /// Before each command keys are let go until the others fit in the memory.
    fn make_room(&mut self, now: Nanos, luck: &mut Stream) -> Result<(), Full> {
        while self.room.as_ref().is_some_and(|room| room.used > room.limit) {
            self.evict(now, luck)?;
        }
        Ok(())
    }

    fn insert(&mut self, item: Item) {
        let slot = match self.free.pop() {
            Some(slot) => {
                self.items[slot as usize] = item;
                slot
            }
            None => {
                self.items.push(item);
                (self.items.len() - 1) as u32
            }
        };
        if let Some(room) = &mut self.room {
            room.add(item.key);
        }
        self.join_rank(slot);
        self.index.insert(item.key, slot, |slot| self.items[slot as usize].key);
    }

    fn rank_of(&self, slot: u32) -> usize {
        usize::from(self.items[slot as usize].expires != Nanos::MAX)
    }

    fn join_rank(&mut self, slot: u32) {
        let rank = self.rank_of(slot);
        self.items[slot as usize].place = self.ranks[rank].len() as u32;
        self.ranks[rank].push(slot);
    }

    fn leave_rank(&mut self, slot: u32) {
        let (rank, place) = (self.rank_of(slot), self.items[slot as usize].place);
        self.ranks[rank].swap_remove(place as usize);
        if let Some(&moved) = self.ranks[rank].get(place as usize) {
            self.items[moved as usize].place = place;
        }
    }

    fn remove(&mut self, slot: u32) {
        let key = self.items[slot as usize].key;
        self.index.remove(key, |slot| self.items[slot as usize].key);
        self.leave_rank(slot);
        if let Some(room) = &mut self.room {
            room.free(key);
        }
        self.free.push(slot);
    }

    // use --------------------------------------------------------------------------------------

    fn counts_use(&self) -> bool {
        matches!(self.policy, Policy::AllkeysLfu | Policy::VolatileLfu)
    }

    fn touch(&mut self, slot: u32, now: Nanos, luck: &mut Stream) {
        let used = if self.counts_use() {
            minute(now) << 8 | grown(self.counter(slot, now), luck)
        } else {
            second(now)
        };
        self.items[slot as usize].used = used;
    }

    /// The counter of use, one lower for each minute since the last use.
    fn counter(&self, slot: u32, now: Nanos) -> u32 {
        let used = self.items[slot as usize].used;
        (used & 0xff).saturating_sub(minute(now).saturating_sub(used >> 8))
    }

    // eviction ---------------------------------------------------------------------------------

    /// A key that the policy may let go, any of them alike.
    fn pick(&self, luck: &mut Stream) -> Option<u32> {
        let [lasting, ending] = &self.ranks;
        let lasting = if self.policy.is_volatile() { &[][..] } else { lasting.as_slice() };
        let all = lasting.len() + ending.len();
        let at = below(luck, all as u64) as usize;
        lasting.get(at).or_else(|| ending.get(at - lasting.len())).copied()
    }

    fn evict(&mut self, now: Nanos, luck: &mut Stream) -> Result<(), Full> {
        let slot = match self.policy {
            Policy::Noeviction => None,
            Policy::AllkeysRandom | Policy::VolatileRandom => self.pick(luck),
            _ => self.best(now, luck),
        };
        let slot = slot.ok_or(Full)?;
        if self.items[slot as usize].expires <= now {
            self.expired += 1;
        } else {
            self.evicted += 1;
        }
        self.remove(slot);
        Ok(())
    }

    /// The best candidate that is still there, after new samples have joined the pool.
    fn best(&mut self, now: Nanos, luck: &mut Stream) -> Option<u32> {
        loop {
            for _ in 0..self.samples {
                let slot = self.pick(luck)?;
                let merit = self.merit(slot, now);
                self.remember(merit, self.items[slot as usize].key);
            }
            while let Some((_, key)) = self.pool.pop() {
                if let Some(slot) = self.find(key) {
                    return Some(slot);
                }
            }
        }
    }

    fn merit(&self, slot: u32, now: Nanos) -> u64 {
        let item = &self.items[slot as usize];
        match self.policy {
            Policy::VolatileTtl => Nanos::MAX - item.expires,
            Policy::AllkeysLfu | Policy::VolatileLfu => 255 - u64::from(self.counter(slot, now)),
            _ => u64::from(second(now).saturating_sub(item.used)),
        }
    }

    /// A candidate joins the pool in order of merit; a full pool forgets its worst one.
    fn remember(&mut self, merit: u64, key: u64) {
        let place = self.pool.partition_point(|&(known, _)| known < merit);
        if self.pool.len() < POOL {
            self.pool.insert(place, (merit, key));
        } else if place > 0 {
            self.pool.remove(0);
            self.pool.insert(place - 1, (merit, key));
        }
    }

    // expiry -----------------------------------------------------------------------------------

    /// Ten times a second keys with a time to live are sampled and those too old dropped.
    fn expire_some(&mut self, now: Nanos, luck: &mut Stream) {
        if now < self.next_cycle || self.ranks[1].is_empty() {
            return;
        }
        self.next_cycle = now - now % CYCLE + CYCLE;
        for _ in 0..CYCLE_ROUNDS {
            let keys = CYCLE_KEYS.min(self.ranks[1].len() as u32);
            let stale = (0..keys).filter(|_| self.expire_any(now, luck)).count() as u32;
            if stale * STALE_PARTS <= keys {
                return;
            }
        }
    }

    fn expire_any(&mut self, now: Nanos, luck: &mut Stream) -> bool {
        let ending = &self.ranks[1];
        let Some(&slot) = ending.get(below(luck, ending.len() as u64) as usize) else {
            return false;
        };
        let is_old = self.items[slot as usize].expires <= now;
        if is_old {
            self.expired += 1;
            self.remove(slot);
        }
        is_old
    }

    // the whole --------------------------------------------------------------------------------

    /// Takes the limits of another form over. Keys beyond them go with the next command; what was
    /// counted of their use means nothing to a policy that counts otherwise.
    pub(super) fn retune(&mut self, fresh: Keyspace) {
        let counted = self.counts_use();
        let Keyspace { capacity, life, policy, samples, room, .. } = fresh;
        (self.capacity, self.life, self.policy, self.samples) = (capacity, life, policy, samples);
        if self.counts_use() != counted {
            self.items.iter_mut().for_each(|item| item.used = 0);
        }
        self.pool.clear();
        self.room = room;
        if let Some(room) = &mut self.room {
            let held = self.ranks.iter().flatten();
            held.for_each(|&slot| room.add(self.items[slot as usize].key));
        }
    }

    /// Forgets every key; counts stay.
    pub(super) fn clear(&mut self) {
        self.keep_born_by(None);
    }

    /// Keeps only the keys that were there at a time, or none; counts stay.
    pub(super) fn keep_born_by(&mut self, time: Option<Nanos>) {
        let lasting = (self.policy, self.samples);
        let mut fresh = Keyspace::new(self.capacity, self.life, lasting);
        fresh.room = self.room.take().map(Room::emptied);
        (fresh.evicted, fresh.expired) = (self.evicted, self.expired);
        for &slot in self.ranks.iter().flatten() {
            let item = self.items[slot as usize];
            if time.is_some_and(|time| item.born <= time) {
                fresh.insert(item);
            }
        }
        *self = fresh;
    }
}

fn second(now: Nanos) -> u32 {
    (now / SECOND) as u32
}

/// 24 bits of minutes are 31 years.
fn minute(now: Nanos) -> u32 {
    (now / LFU_DECAY) as u32 & 0xff_ffff
}

/// A counter of use after one more: the higher it is, the rarer it grows; 255 is the end.
fn grown(counter: u32, luck: &mut Stream) -> u32 {
    let above = counter.saturating_sub(LFU_FIRST) * LFU_FACTOR + 1;
    if counter < 255 && flip(luck, 1.0 / f64::from(above)) { counter + 1 } else { counter }
}
