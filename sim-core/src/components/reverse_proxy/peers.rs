//! The upstream group, what a worker process knows of its peers, and how failures count.

use serde::{Deserialize, Serialize};

use super::crc32::Crc32;

/// Points on the ring for each unit of weight.
const POINTS: u32 = 160;

/// One server of the group, as configured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Peer {
    pub(super) node: u32,
    /// The group of nodes that it belongs to.
    pub(super) group: u32,
    pub(super) name: String,
    pub(super) weight: u32,
    pub(super) max_fails: u32,
    pub(super) fail_timeout_s: u64,
    pub(super) max_conns: u32,
    pub(super) is_backup: bool,
    pub(super) is_down: bool,
    /// It belongs to the group now: instances come and go.
    pub(super) is_listed: bool,
    /// Active checks have not taken it out.
    pub(super) is_healthy: bool,
}

/// What a worker process knows of a peer. Times are whole seconds, as nginx sees them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct State {
    pub(super) effective_weight: i64,
    pub(super) current_weight: i64,
    /// Requests in progress.
    pub(super) conns: u32,
    pub(super) fails: u32,
    /// The last failure.
    pub(super) accessed: u64,
    /// The last failure, or the last try after `fail_timeout`.
    pub(super) checked: u64,
}

/// What a result means for a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// It is left out from now on.
    Out,
    /// It is used again.
    Back,
}

impl State {
    pub(super) fn new(peer: &Peer) -> Self {
        let weight = i64::from(peer.weight);
        State {
            effective_weight: weight,
            current_weight: 0,
            conns: 0,
            fails: 0,
            accessed: 0,
            checked: 0,
        }
    }

    /// Failed too often, and `fail_timeout` is not over.
    #[inline]
    pub(super) fn is_out(&self, peer: &Peer, now_s: u64) -> bool {
        peer.max_fails > 0
            && self.fails >= peer.max_fails
            && now_s - self.checked <= peer.fail_timeout_s
    }

    #[inline]
    pub(super) fn is_full(&self, peer: &Peer) -> bool {
        peer.max_conns > 0 && self.conns >= peer.max_conns
    }

    /// A try at it has failed: it loses weight and trust.
    pub(super) fn fail(&mut self, peer: &Peer, now_s: u64) -> Option<Turn> {
        let was_out = peer.max_fails > 0 && self.fails >= peer.max_fails;
        self.conns -= 1;
        self.fails += 1;
        self.accessed = now_s;
        self.checked = now_s;
        if peer.max_fails == 0 {
            return None;
        }
        let loss = i64::from(peer.weight / peer.max_fails);
        self.effective_weight = (self.effective_weight - loss).max(0);
        (!was_out && self.fails >= peer.max_fails).then_some(Turn::Out)
    }

    /// A try at it ended otherwise: if it was the test after `fail_timeout`, all is forgiven.
    pub(super) fn succeed(&mut self, peer: &Peer) -> Option<Turn> {
        let was_out = peer.max_fails > 0 && self.fails >= peer.max_fails;
        self.conns -= 1;
        if self.accessed >= self.checked {
            return None;
        }
        self.fails = 0;
        was_out.then_some(Turn::Back)
    }
}

/// The group as configured, and who belongs to it at this time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Roster {
    pub(super) peers: Vec<Peer>,
    pub(super) primary: Vec<u32>,
    pub(super) backup: Vec<u32>,
    /// Weights of the primary peers summed up to and including each one.
    sums: Vec<u64>,
    /// Points and peers, if the group is balanced on a ring.
    pub(super) ring: Vec<(u32, u32)>,
    has_ring: bool,
}

impl Roster {
    pub(super) fn new(peers: Vec<Peer>, has_ring: bool) -> Self {
        let mut roster = Roster { peers, has_ring, ..Roster::default() };
        roster.arrange();
        roster
    }

    /// Puts the listed peers in order, after one came or went.
    pub(super) fn arrange(&mut self) {
        let listed = |is_backup: bool| {
            let all = self.peers.iter().enumerate();
            let those = all.filter(|(_, peer)| peer.is_listed && peer.is_backup == is_backup);
            those.map(|(index, _)| index as u32).collect::<Vec<u32>>()
        };
        (self.primary, self.backup) = (listed(false), listed(true));
        let mut sum = 0;
        let weights = self.primary.iter().map(|&index| {
            sum += u64::from(self.peers[index as usize].weight);
            sum
        });
        self.sums = weights.collect();
        if self.has_ring {
            self.ring = ring(&self.peers, &self.primary);
        }
    }

    /// A group of one peer: it is never left out.
    pub(super) fn is_single(&self) -> bool {
        self.primary.len() == 1 && self.backup.is_empty()
    }

    /// Peers that a request can be passed to.
    pub(super) fn tries(&self) -> u32 {
        let all = self.primary.iter().chain(&self.backup);
        all.filter(|&&index| !self.peers[index as usize].is_down).count() as u32
    }

    pub(super) fn total_weight(&self) -> u64 {
        self.sums.last().copied().unwrap_or(0)
    }

    /// The primary peer at a point of the summed weights, which is below all of them together.
    pub(super) fn by_weight(&self, point: u64) -> u32 {
        self.primary[self.sums.partition_point(|&sum| sum <= point)]
    }
}

/// nginx's ring: each point is the CRC-32 of name, port and the point before.
fn ring(peers: &[Peer], primary: &[u32]) -> Vec<(u32, u32)> {
    let mut ring = Vec::new();
    for &index in primary {
        let peer = &peers[index as usize];
        let base = Crc32::new().add(peer.name.as_bytes()).add(&[0]);
        let mut point = 0u32;
        for _ in 0..peer.weight * POINTS {
            point = base.add(&point.to_le_bytes()).finish();
            ring.push((point, index));
        }
    }
    ring.sort_by_key(|&(point, _)| point);
    ring.dedup_by_key(|&mut (point, _)| point);
    ring
}
