//! Connections of clients as TLS sees them, one each as with HTTP/2: kept, resumed or new.

use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Unbounded};

use serde::{Deserialize, Serialize};

use super::spec::TlsSpec;
use crate::engine::time::{Nanos, SECOND};
use crate::units::Duration;

/// The costs and lifetimes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Tls {
    handshake: Nanos,
    resumed: Nanos,
    session_timeout: Nanos,
    keepalive_timeout: Nanos,
    keepalive_requests: u32,
}

/// What is known of a client.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Client {
    /// Requests in progress.
    open: u32,
    /// Requests that the connection has carried.
    requests: u32,
    /// The session was negotiated then.
    session: Nanos,
    /// The last request began or ended then.
    seen: Nanos,
}

/// How a request's connection came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hello {
    /// The connection was still open.
    Kept,
    /// A new connection, an old session.
    Resumed,
    /// A new session.
    Full,
}

/// Clients seen lately. Every new one looks at two others and drops those whose connection and
/// session have ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Clients {
    tls: Tls,
    known: BTreeMap<u64, Client>,
    cursor: u64,
}

impl Clients {
    pub(super) fn new(spec: &TlsSpec) -> Self {
        let or = |time: Option<Duration>, seconds| time.map_or(seconds * SECOND, Duration::nanos);
        let tls = Tls {
            handshake: spec.handshake.nanos(),
            resumed: spec.resumed.unwrap_or(spec.handshake).nanos(),
            session_timeout: or(spec.session_timeout, 300),
            keepalive_timeout: or(spec.keepalive_timeout, 75),
            keepalive_requests: spec.keepalive_requests.unwrap_or(1_000),
        };
        Clients { tls, known: BTreeMap::new(), cursor: 0 }
    }

    /// A request of a client begins: how it is connected, and the CPU time of the handshake.
    pub(super) fn enter(&mut self, id: u64, now: Nanos) -> (Hello, Nanos) {
        let Some(client) = self.known.get_mut(&id) else {
            self.sweep(now);
            let client = Client { open: 1, requests: 1, session: now, seen: now };
            self.known.insert(id, client);
            return (Hello::Full, self.tls.handshake);
        };
        let is_open = client.open > 0 || now - client.seen < self.tls.keepalive_timeout;
        client.open += 1;
        client.seen = now;
        client.requests += 1;
        if is_open && client.requests <= self.tls.keepalive_requests {
            return (Hello::Kept, 0);
        }
        client.requests = 1;
        if now - client.session < self.tls.session_timeout {
            return (Hello::Resumed, self.tls.resumed);
        }
        client.session = now;
        (Hello::Full, self.tls.handshake)
    }

    /// A request ends; the connection stays open.
    pub(super) fn leave(&mut self, id: u64, now: Nanos) {
        if let Some(client) = self.known.get_mut(&id) {
            client.open -= 1;
            client.seen = now;
        }
    }

    /// Fresh processes: the next request of every client opens a connection; sessions are shared.
    pub(super) fn hang_up(&mut self) {
        for client in self.known.values_mut() {
            client.requests = self.tls.keepalive_requests;
        }
    }

    fn sweep(&mut self, now: Nanos) {
        let life = self.tls.session_timeout.max(self.tls.keepalive_timeout);
        for _ in 0..2 {
            let mut after = self.known.range((Excluded(self.cursor), Unbounded));
            let next = after.next().or_else(|| self.known.first_key_value());
            let Some((&id, client)) = next else { return };
            self.cursor = id;
            if client.open == 0 && now - client.seen >= life {
                self.known.remove(&id);
            }
        }
    }

    /// Takes over the clients known under other costs and lifetimes.
    pub(super) fn succeed(&mut self, before: Clients) {
        self.known = before.known;
    }

    /// The proxy was restarted.
    pub(super) fn clear(&mut self) {
        self.known.clear();
    }
}
