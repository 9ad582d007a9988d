//! The connections that a pool has, those of them that lie idle, and those that are being opened.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::PoolTerms;
use crate::engine::slab::Slab;
use crate::engine::time::Nanos;

/// A connection that is open.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Connection {
    /// Its number at the other end; 0 where nobody counts it.
    pub session: u64,
    /// When it is too old.
    pub ends: Nanos,
    opened: Nanos,
    idle_since: Nanos,
}

/// Connections under numbers, the idle ones in order of their return.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Stock {
    connections: Slab<Connection>,
    idle: VecDeque<u32>,
    opening: u32,
    /// Connections opened before this are taken for broken.
    void_before: Nanos,
}

impl Stock {
    /// Connections there are: taken, being opened or idle.
    #[must_use]
    pub fn open(&self) -> u32 {
        self.connections.len() as u32 + self.opening
    }

    /// Connections that nobody uses.
    #[must_use]
    pub fn idle(&self) -> u32 {
        self.idle.len() as u32
    }

    /// Whether a connection is idle or may be opened.
    #[must_use]
    pub fn has_room(&self, terms: &PoolTerms) -> bool {
        !self.idle.is_empty() || self.open() < terms.limit
    }

    /// A connection is being opened: its place is taken.
    pub fn begin(&mut self) {
        self.opening += 1;
    }

    /// One that was being opened will not be.
    pub fn fail(&mut self) {
        self.opening -= 1;
    }

    /// One that was being opened is open, and in use.
    pub fn add(&mut self, now: Nanos, session: u64, ends: Nanos) -> u32 {
        self.opening -= 1;
        self.connections.insert(Connection { session, ends, opened: now, idle_since: now })
    }

    /// One was found broken, and all that are as old are taken for broken too.
    pub fn doubt(&mut self, number: u32, now: Nanos) {
        let opened = self.connections.get(number).map_or(0, |connection| connection.opened);
        // a connection that was in doubt already tells nothing new
        if opened >= self.void_before {
            self.void_before = now;
        }
    }

    /// Whether a connection is taken for broken: who takes it opens another in its place.
    #[inline]
    #[must_use]
    pub fn is_void(&self, number: u32) -> bool {
        let opened = |connection: &Connection| connection.opened < self.void_before;
        self.void_before > 0 && self.connections.get(number).is_some_and(opened)
    }

    /// Whether a connection of that number is open.
    #[must_use]
    pub fn has(&self, number: u32) -> bool {
        self.connections.get(number).is_some()
    }

    /// Its number at the other end.
    #[inline]
    #[must_use]
    pub fn session(&self, number: u32) -> u64 {
        self.connections.get(number).map_or(0, |connection| connection.session)
    }

    /// A connection comes back; false if it is too old, or one too many, to be kept.
    #[inline]
    #[must_use]
    pub fn put(&mut self, number: u32, now: Nanos, terms: &PoolTerms) -> bool {
        let is_over = self.open() > terms.limit;
        let Some(connection) = self.connections.get_mut(number) else { return false };
        connection.idle_since = now;
        let is_kept = !is_over && connection.ends > now;
        if is_kept {
            self.idle.push_back(number);
        }
        is_kept
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

    /// Since when the connection lies idle that does so for longest.
    #[must_use]
    pub fn oldest_idle(&self) -> Option<Nanos> {
        self.connections.get(*self.idle.front()?).map(|connection| connection.idle_since)
    }

    /// The connection that has been idle for longest, if it came back at `before` or earlier.
    pub fn take_idle_since(&mut self, before: Nanos) -> Option<u32> {
        self.oldest_idle().filter(|&since| since <= before)?;
        self.idle.pop_front()
    }

    /// The connection that came back last.
    pub fn take_last(&mut self) -> Option<u32> {
        self.idle.pop_back()
    }

    /// An idle connection that nobody needs, or `None`.
    pub fn take_spare(&mut self, terms: &PoolTerms) -> Option<u32> {
        let has_spare = self.idle() > terms.size || self.open() > terms.limit;
        if has_spare { self.take_last() } else { None }
    }

    /// A connection is closed; its number at the other end.
    pub fn remove(&mut self, number: u32) -> u64 {
        self.connections.remove(number).map_or(0, |connection| connection.session)
    }

    /// All connections, closed.
    pub fn drain(&mut self) -> Vec<Connection> {
        self.idle.clear();
        self.opening = 0;
        self.connections.drain()
    }
}
