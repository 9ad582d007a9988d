//! The servers of a backend: who is in, who has a free slot, and whose turn it is.

use serde::{Deserialize, Serialize};

use super::spec::ProxyBalance;
use crate::engine::queue::Queue;
use crate::rules::address::octets;

/// One server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Server {
    pub(super) node: u32,
    /// The group of nodes that it belongs to.
    pub(super) group: u32,
    pub(super) name: String,
    pub(super) weight: u32,
    /// Requests at a time; 0 for no limit.
    pub(super) maxconn: u32,
    is_backup: bool,
    /// It belongs to the group now: instances come and go.
    pub(super) is_listed: bool,
    /// Active checks have not taken it out.
    pub(super) is_healthy: bool,
    /// Requests that have a slot.
    pub(super) served: u32,
    /// Those who wait for this server and no other.
    pub(super) line: Queue,
    /// Where it stands in round robin.
    current: i64,
    /// When its load last changed, as a number of such changes: ties go to the one for longest.
    changed: u64,
}

impl Server {
    pub(super) fn new(
        (node, group): (u32, u32),
        name: String,
        (weight, maxconn): (u32, u32),
        is_backup: bool,
    ) -> Self {
        Server {
            node,
            group,
            name,
            weight,
            maxconn,
            is_backup,
            is_listed: false,
            is_healthy: true,
            served: 0,
            line: Queue::default(),
            current: 0,
            changed: 0,
        }
    }

    /// Whether it may get requests.
    pub(super) fn is_usable(&self) -> bool {
        self.is_listed && self.is_healthy && self.weight > 0
    }

    /// Whether all its slots are taken.
    pub(super) fn is_full(&self) -> bool {
        self.maxconn > 0 && self.served >= self.maxconn
    }

    /// Requests for its weight, one more included; none at all is least.
    fn load(&self) -> u64 {
        let inside = u64::from(self.served) + u64::from(self.line.len());
        if inside == 0 { 0 } else { (inside + 1) * 65_536 / u64::from(self.weight) }
    }
}

/// What a search for a server found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pick {
    /// This one has a free slot.
    Free(u32),
    /// It must be this one, and its slots are taken.
    Pinned(u32),
    /// All slots are taken.
    Full,
    /// No server is in.
    Nobody,
}

/// All servers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Servers {
    pub(super) all: Vec<Server>,
    pub(super) balance: ProxyBalance,
    changes: u64,
}

impl Servers {
    pub(super) fn new(all: Vec<Server>, balance: ProxyBalance) -> Self {
        Servers { all, balance, changes: 0 }
    }

    /// Servers that may get requests: the backup only while all others are out.
    fn candidates(&self) -> Vec<u32> {
        let of = |is_backup: bool| {
            let all = self.all.iter().enumerate();
            let those = all.filter(move |(_, it)| it.is_usable() && it.is_backup == is_backup);
            those.map(|(index, _)| index as u32)
        };
        let primary: Vec<u32> = of(false).collect();
        if primary.is_empty() { of(true).take(1).collect() } else { primary }
    }

    /// Whether more than one may get requests.
    pub(super) fn are_many(&self) -> bool {
        self.candidates().len() > 1
    }

    /// Whether a request may just as well go to another one: its client's address picks none.
    pub(super) fn has_choice(&self) -> bool {
        self.balance != ProxyBalance::Source && self.are_many()
    }

    /// Whether a server takes requests from the queue.
    pub(super) fn can_take(&self, index: u32) -> bool {
        !self.all[index as usize].is_full() && self.candidates().contains(&index)
    }

    /// Picks a server for a client, another one than `avoid` if there is one.
    pub(super) fn pick(&mut self, client: u64, avoid: Option<u32>) -> Pick {
        let candidates = self.candidates();
        if candidates.is_empty() {
            return Pick::Nobody;
        }
        if self.balance == ProxyBalance::Source {
            return self.by_address(&candidates, client, avoid);
        }
        let free: Vec<u32> =
            candidates.into_iter().filter(|&at| !self.all[at as usize].is_full()).collect();
        let others: Vec<u32> = free.iter().copied().filter(|&at| Some(at) != avoid).collect();
        let among = if others.is_empty() { free } else { others };
        let found = match self.balance {
            ProxyBalance::Roundrobin => self.in_turns(&among),
            ProxyBalance::Leastconn => among.into_iter().min_by_key(|&at| {
                let server = &self.all[at as usize];
                (server.load(), server.changed)
            }),
            ProxyBalance::First | ProxyBalance::Source => among.first().copied(),
        };
        found.map_or(Pick::Full, Pick::Free)
    }

    /// Each as often as its weight says, spread evenly.
    fn in_turns(&mut self, among: &[u32]) -> Option<u32> {
        let mut total = 0;
        for &at in among {
            let server = &mut self.all[at as usize];
            server.current += i64::from(server.weight);
            total += i64::from(server.weight);
        }
        let furthest = |&at: &u32| (self.all[at as usize].current, std::cmp::Reverse(at));
        let found = among.iter().copied().max_by_key(furthest)?;
        self.all[found as usize].current -= total;
        Some(found)
    }

    /// The address as a number, modulo the weights of all that are in.
    fn by_address(&self, candidates: &[u32], client: u64, avoid: Option<u32>) -> Pick {
        let others: Vec<u32> = candidates.iter().copied().filter(|&at| Some(at) != avoid).collect();
        let among = if others.is_empty() { candidates } else { &others };
        let weight = |at: u32| u64::from(self.all[at as usize].weight);
        let total: u64 = among.iter().map(|&at| weight(at)).sum();
        let mut point = u64::from(u32::from_be_bytes(octets(client))) % total;
        for &at in among {
            if point < weight(at) {
                let server = &self.all[at as usize];
                let is_free = !server.is_full() && server.line.is_empty();
                return if is_free { Pick::Free(at) } else { Pick::Pinned(at) };
            }
            point -= weight(at);
        }
        Pick::Nobody
    }

    /// A slot is taken, or comes back.
    pub(super) fn serve(&mut self, index: u32, more: bool) {
        let server = &mut self.all[index as usize];
        if more {
            server.served += 1;
        } else {
            server.served -= 1;
        }
        self.changes += 1;
        server.changed = self.changes;
    }

    /// Slots of all servers that are listed; `None` where one has no limit.
    pub(super) fn slots(&self) -> Option<u32> {
        let listed = self.all.iter().filter(|server| server.is_listed);
        listed.map(|server| (server.maxconn > 0).then_some(server.maxconn)).sum()
    }
}
