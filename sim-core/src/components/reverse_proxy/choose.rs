//! How nginx picks a peer, module by module.

use serde::{Deserialize, Serialize};

use super::crc32::Crc32;
use super::peers::{Roster, State};
use super::spec::Balance;
use crate::engine::chance::{Stream, below};
use crate::engine::request::Ask;
use crate::rules::address::{FIRST, ip_hash, octets};

/// Misses after which a hash or a draw gives up and takes turns.
const MISSES: u32 = 20;

/// What a request remembers of its search: peers tried, and where its hash stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Search {
    /// The first 64 peers, one bit each.
    tried: u64,
    /// Further ones, in the rare large group.
    more: Vec<u32>,
    hash: u32,
    rehash: u32,
    misses: u32,
    on_backup: bool,
    /// Tries left, the one in progress included.
    pub(super) tries: u32,
}

impl Search {
    /// A search that has begun nowhere.
    pub(super) fn new(roster: &Roster, tries_max: u32) -> Self {
        let all = roster.tries();
        let tries = if tries_max > 0 { all.min(tries_max) } else { all };
        Search { tries, ..Search::default() }
    }

    #[inline]
    fn was_tried(&self, index: u32) -> bool {
        if index < 64 { self.tried >> index & 1 == 1 } else { self.more.contains(&index) }
    }

    fn mark(&mut self, index: u32) {
        if index < 64 {
            self.tried |= 1 << index;
        } else {
            self.more.push(index);
        }
    }

    /// nginx starts anew when it turns to the backup peers.
    fn turn_to_backup(&mut self) {
        self.on_backup = true;
        self.tried = 0;
        self.more.clear();
    }
}

/// A worker process that looks for a peer.
pub(super) struct Chooser<'a> {
    pub(super) roster: &'a Roster,
    pub(super) states: &'a mut [State],
    pub(super) stream: &'a mut Stream,
    pub(super) balance: Balance,
    pub(super) ask: Ask,
    pub(super) now_s: u64,
}

impl Chooser<'_> {
    /// The next peer for a request; `None` if none is live.
    pub(super) fn pick(&mut self, search: &mut Search) -> Option<u32> {
        if self.roster.is_single() {
            return self.only();
        }
        let found = if search.on_backup || self.roster.primary.is_empty() {
            self.by_turns(search)
        } else {
            match self.balance {
                Balance::RoundRobin | Balance::LeastConn => self.by_turns(search),
                Balance::IpHash => self.by_address(search),
                Balance::Hash => self.by_hash(search),
                Balance::ConsistentHash => self.by_ring(search),
                Balance::Random => self.at_random(search),
                Balance::RandomTwo => self.best_of_two(search),
            }
        }?;
        let state = &mut self.states[found as usize];
        if self.now_s - state.checked > self.roster.peers[found as usize].fail_timeout_s {
            state.checked = self.now_s;
        }
        state.conns += 1;
        search.mark(found);
        Some(found)
    }

    /// Failures do not count in a group of one.
    fn only(&mut self) -> Option<u32> {
        let index = self.roster.primary[0];
        let (peer, state) = (&self.roster.peers[index as usize], &mut self.states[index as usize]);
        if peer.is_down || !peer.is_healthy || state.is_full(peer) {
            return None;
        }
        state.conns += 1;
        Some(index)
    }

    #[inline]
    fn is_eligible(&self, index: u32, search: &Search) -> bool {
        let (peer, state) = (&self.roster.peers[index as usize], &self.states[index as usize]);
        !search.was_tried(index)
            && !peer.is_down
            && peer.is_healthy
            && !state.is_out(peer, self.now_s)
            && !state.is_full(peer)
    }

    /// Round robin or least connections, on the backup peers if there is no other.
    fn by_turns(&mut self, search: &mut Search) -> Option<u32> {
        let least = self.balance == Balance::LeastConn;
        let roster = self.roster;
        if !search.on_backup {
            let found = self.among(&roster.primary, search, least);
            if found.is_some() || roster.backup.is_empty() {
                return found;
            }
            search.turn_to_backup();
        }
        self.among(&roster.backup, search, least)
    }

    fn among(&mut self, group: &[u32], search: &Search, least: bool) -> Option<u32> {
        if !least {
            return self.smooth(group, search, None);
        }
        let (mut best, mut many) = (None, false);
        for &index in group.iter().filter(|&&index| self.is_eligible(index, search)) {
            match best.map(|best| self.compare(index, best)) {
                None | Some(std::cmp::Ordering::Less) => (best, many) = (Some(index), false),
                Some(std::cmp::Ordering::Equal) => many = true,
                Some(std::cmp::Ordering::Greater) => {}
            }
        }
        if many { self.smooth(group, search, best) } else { best }
    }

    /// Requests in progress for the weight, of one peer against another.
    fn compare(&self, one: u32, other: u32) -> std::cmp::Ordering {
        let conns = |index: u32| u64::from(self.states[index as usize].conns);
        let weight = |index: u32| u64::from(self.roster.peers[index as usize].weight);
        (conns(one) * weight(other)).cmp(&(conns(other) * weight(one)))
    }

    /// Smooth weighted round robin among the eligible peers, or those as little loaded as `like`.
    fn smooth(&mut self, group: &[u32], search: &Search, like: Option<u32>) -> Option<u32> {
        let (mut best, mut heaviest, mut total) = (None, i64::MIN, 0);
        for &index in group {
            let alike = like.is_none_or(|like| self.compare(index, like).is_eq());
            if !alike || !self.is_eligible(index, search) {
                continue;
            }
            let state = &mut self.states[index as usize];
            state.current_weight += state.effective_weight;
            total += state.effective_weight;
            if state.effective_weight < i64::from(self.roster.peers[index as usize].weight) {
                state.effective_weight += 1;
            }
            if state.current_weight > heaviest {
                (best, heaviest) = (Some(index), state.current_weight);
            }
        }
        self.states[best? as usize].current_weight -= total;
        best
    }

    /// Guesses until one is eligible; after too many misses takes turns.
    fn guess(
        &mut self,
        search: &mut Search,
        mut next: impl FnMut(&mut Self, &mut Search) -> u32,
    ) -> Option<u32> {
        while search.misses <= MISSES {
            let index = next(self, search);
            if self.is_eligible(index, search) {
                return Some(index);
            }
            search.misses += 1;
        }
        self.by_turns(search)
    }

    fn by_address(&mut self, search: &mut Search) -> Option<u32> {
        let address = octets(self.ask.client);
        self.guess(search, |chooser, search| {
            let hash = if search.rehash == 0 { FIRST } else { u64::from(search.hash) };
            let hash = ip_hash(hash, address);
            (search.hash, search.rehash) = (hash as u32, 1);
            chooser.roster.by_weight(hash % chooser.roster.total_weight())
        })
    }

    fn by_hash(&mut self, search: &mut Search) -> Option<u32> {
        let key = self.ask.key;
        self.guess(search, |chooser, search| {
            let mut crc = Crc32::new();
            if search.rehash > 0 {
                crc = crc.add_number(u64::from(search.rehash));
            }
            search.rehash += 1;
            let hash = crc.add_number(key).finish() >> 16 & 0x7fff;
            search.hash = search.hash.wrapping_add(hash);
            chooser.roster.by_weight(u64::from(search.hash) % chooser.roster.total_weight())
        })
    }

    fn by_ring(&mut self, search: &mut Search) -> Option<u32> {
        let ring = &self.roster.ring;
        if search.rehash == 0 {
            let hash = Crc32::new().add_number(self.ask.key).finish();
            search.hash = ring.partition_point(|&(point, _)| point < hash) as u32;
            search.rehash = 1;
        }
        while search.misses <= MISSES {
            let index = ring[search.hash as usize % ring.len()].1;
            let found = self.smooth(&[index], search, None);
            if found.is_some() {
                return found;
            }
            search.hash += 1;
            search.misses += 1;
        }
        self.by_turns(search)
    }

    fn draw(&mut self) -> u32 {
        self.roster.by_weight(below(self.stream, self.roster.total_weight()))
    }

    fn at_random(&mut self, search: &mut Search) -> Option<u32> {
        if self.roster.primary.len() < 2 {
            return self.by_turns(search);
        }
        self.guess(search, |chooser, _| chooser.draw())
    }

    fn best_of_two(&mut self, search: &mut Search) -> Option<u32> {
        if self.roster.primary.len() < 2 {
            return self.by_turns(search);
        }
        let mut before = None;
        while search.misses <= MISSES {
            let index = self.draw();
            if before != Some(index) && self.is_eligible(index, search) {
                match before {
                    None => before = Some(index),
                    Some(before) if self.compare(index, before).is_gt() => return Some(before),
                    Some(_) => return Some(index),
                }
            }
            search.misses += 1;
        }
        self.by_turns(search)
    }
}
