//! Idle connections to peers that a worker process keeps, the one used last at the end.

use serde::{Deserialize, Serialize};

use super::spec::KeepaliveSpec;
use crate::engine::time::{Nanos, SECOND};
use crate::units::Duration;

/// The directive `keepalive` and those that belong to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Keepalive {
    connections: u32,
    requests: u32,
    timeout: Nanos,
    time: Nanos,
}

impl Keepalive {
    /// How long idle connections stay open, if any does, ns.
    pub(super) fn reuses(&self) -> Option<Nanos> {
        self.keeps().then_some(self.timeout)
    }

    /// Whether any connection stays open.
    pub(super) fn keeps(&self) -> bool {
        self.connections > 0
    }

    pub(super) fn new(spec: Option<&KeepaliveSpec>) -> Self {
        let spec = spec.cloned().unwrap_or_default();
        Keepalive {
            connections: spec.connections.unwrap_or(32),
            requests: spec.requests.unwrap_or(1_000),
            timeout: spec.timeout.map_or(60 * SECOND, Duration::nanos),
            time: spec.time.map_or(3_600 * SECOND, Duration::nanos),
        }
    }
}

/// A connection to a peer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Connection {
    pub(super) peer: u32,
    /// Its number in the words of the peer; 0 where the peer keeps no account.
    pub(super) number: u64,
    /// Requests that it has carried.
    pub(super) requests: u32,
    pub(super) opened: Nanos,
    /// Idle since then.
    since: Nanos,
}

impl Connection {
    pub(super) fn fresh(peer: u32, now: Nanos) -> Self {
        Connection { peer, number: 0, requests: 0, opened: now, since: now }
    }
}

/// The idle connections of one worker process.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Idle(Vec<Connection>);

impl Idle {
    pub(super) fn len(&self) -> u32 {
        self.0.len() as u32
    }

    /// The one used last at the end.
    pub(super) fn all(&self) -> &[Connection] {
        &self.0
    }

    /// When the one that is idle for longest has been so for too long.
    pub(super) fn first_end(&self, of: &Keepalive) -> Option<Nanos> {
        self.0.first().map(|first| first.since.saturating_add(of.timeout))
    }

    /// Those that were idle for too long, to be closed; they stand first.
    pub(super) fn expire(&mut self, of: &Keepalive, now: Nanos) -> Vec<Connection> {
        let is_alive = |connection: &Connection| now - connection.since < of.timeout;
        if self.0.first().is_none_or(is_alive) {
            return Vec::new();
        }
        self.0.extract_if(.., |connection| !is_alive(connection)).collect()
    }

    /// Takes out the connection to a peer that was used last.
    pub(super) fn take(&mut self, peer: u32) -> Option<Connection> {
        let at = self.0.iter().rposition(|connection| connection.peer == peer)?;
        Some(self.0.remove(at))
    }

    /// Keeps a connection after an answer, unless it has served its time; the one that is idle for
    /// longest makes room. What is to be closed.
    pub(super) fn put(
        &mut self,
        of: &Keepalive,
        connection: Connection,
        now: Nanos,
    ) -> Option<Connection> {
        let worn = connection.requests >= of.requests || now - connection.opened >= of.time;
        if of.connections == 0 || worn {
            return Some(connection);
        }
        let is_full = self.0.len() >= of.connections as usize;
        let oldest = is_full.then(|| self.0.remove(0));
        self.0.push(Connection { since: now, ..connection });
        oldest
    }

    /// The peer has closed a connection; false if it is not among these.
    pub(super) fn end(&mut self, number: u64) -> bool {
        let at = self.0.iter().position(|connection| connection.number == number);
        at.map(|at| self.0.remove(at)).is_some()
    }

    /// A peer died or came back: its side of the connections is gone.
    pub(super) fn forget(&mut self, peer: u32) {
        self.0.retain(|connection| connection.peer != peer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keepalive(connections: u32) -> Keepalive {
        Keepalive { connections, requests: 2, timeout: 60, time: 1_000 }
    }

    #[test]
    fn the_connection_idle_for_longest_makes_room() {
        let (of, mut idle) = (keepalive(2), Idle::default());
        for peer in 0..3 {
            idle.put(&of, Connection::fresh(peer, 0), u64::from(peer));
        }
        assert_eq!((idle.take(0), idle.len()), (None, 2));
        assert_eq!(idle.take(1).map(|connection| connection.peer), Some(1));
    }

    #[test]
    fn connections_end_by_age_requests_and_idleness() {
        let (of, mut idle) = (keepalive(8), Idle::default());
        idle.put(&of, Connection { requests: 2, ..Connection::fresh(0, 0) }, 1);
        idle.put(&of, Connection::fresh(0, 0), 1_000);
        assert_eq!(idle.len(), 0);
        idle.put(&of, Connection::fresh(0, 900), 901);
        idle.put(&of, Connection::fresh(1, 900), 902);
        idle.expire(&of, 961);
        assert_eq!(idle.len(), 1);
        idle.forget(1);
        assert_eq!(idle.len(), 0);
        idle.put(&keepalive(0), Connection::fresh(0, 0), 1);
        assert_eq!(idle.len(), 0);
    }
}
