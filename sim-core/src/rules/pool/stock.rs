//! The connections that a pool has, and those of them that lie idle.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::engine::slab::Slab;
use crate::engine::time::Nanos;

/// A connection that is open.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Connection {
    /// Its number at the other end; 0 where nobody counts it.
    pub session: u64,
    /// When it is too old.
    pub ends: Nanos,
    idle_since: Nanos,
}

/// Connections under numbers, the idle ones in order of their return.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Stock {
    connections: Slab<Connection>,
    idle: VecDeque<u32>,
}

impl Stock {
    /// Connections that are open, idle or not.
    pub fn len(&self) -> u32 {
        self.connections.len() as u32
    }

    /// Connections that nobody uses.
    pub fn idle(&self) -> u32 {
        self.idle.len() as u32
    }

    /// A new connection, in use.
    pub fn add(&mut self, session: u64, ends: Nanos) -> u32 {
        self.connections.insert(Connection { session, ends, idle_since: 0 })
    }

    /// Its number at the other end.
    #[inline]
    pub fn session(&self, number: u32) -> u64 {
        self.connections.get(number).map_or(0, |connection| connection.session)
    }

    /// A connection comes back; false if it is too old to be kept.
    #[inline]
    pub fn put(&mut self, number: u32, now: Nanos) -> bool {
        let Some(connection) = self.connections.get_mut(number) else { return false };
        connection.idle_since = now;
        let is_young = connection.ends > now;
        if is_young {
            self.idle.push_back(number);
        }
        is_young
    }

    /// The connection that has been idle for longest, and since when.
    #[inline]
    pub fn take(&mut self) -> Option<(u32, Nanos)> {
        let number = self.idle.pop_front()?;
        self.connections.get(number).map(|connection| (number, connection.idle_since))
    }

    /// An idle connection that is too old, or `None`.
    pub fn take_old(&mut self, now: Nanos) -> Option<u32> {
        let is_old = |number: &u32| {
            self.connections.get(*number).is_some_and(|connection| connection.ends <= now)
        };
        let at = self.idle.iter().position(is_old)?;
        self.idle.remove(at)
    }

    /// The connection that came back last.
    pub fn take_last(&mut self) -> Option<u32> {
        self.idle.pop_back()
    }

    /// A connection is closed; its number at the other end.
    pub fn remove(&mut self, number: u32) -> u64 {
        self.connections.remove(number).map_or(0, |connection| connection.session)
    }

    /// All connections, closed.
    pub fn drain(&mut self) -> Vec<Connection> {
        self.idle.clear();
        self.connections.drain()
    }
}
