//! What a person writes about a connection pooler; fields bear the names of pgbouncer's settings.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::components::Limits;
use crate::engine::chance::LawSpec;
use crate::engine::time::{Nanos, SECOND};
use crate::rules::pool::PoolForm;
use crate::units::Duration;
use crate::wiring::{Target, Wider};

/// For how long a client has a server connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PoolMode {
    /// From its first query until it disconnects: many idle clients hold many connections.
    #[default]
    Session,
    /// For a transaction: each query or call stands for one.
    Transaction,
    /// For a statement: each query or call stands for one.
    Statement,
}

/// A pooler that works as pgbouncer does, with one pool: clients connect to it at no cost, and
/// those who want to work share few connections to the database, first come, first served.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConnectionPoolerSpec {
    /// The database that the server connections lead to.
    pub to: Target,
    /// For how long a client has a server connection; default `session`.
    #[serde(default)]
    pub pool_mode: PoolMode,
    /// Server connections; default 20. They are opened on demand, one at a time, and the one that
    /// came back last is used first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_pool_size: Option<u32>,
    /// Further ones, opened while a client has waited for `reserve_pool_timeout`; default 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reserve_pool_size: Option<u32>,
    /// How long a client waits before the reserve is used; default 5s, 0s never uses it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reserve_pool_timeout: Option<Duration>,
    /// Server connections at most, the reserve included; default 0: no limit of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_db_connections: Option<u32>,
    /// Clients connected at a time, idle ones included; one more fails at once with
    /// `too_many_connections`. Default 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_client_conn: Option<u32>,
    /// A client whose query has waited for a server connection for this long is disconnected, which
    /// it sees as `reset`; looked at three times a second. Default 120s, 0s waits for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query_wait_timeout: Option<Duration>,
    /// A server connection that nobody used for this long is closed; default 10m, 0s keeps it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_idle_timeout: Option<Duration>,
    /// How long the way to the database takes before a log-in; default 0s. What the database's own
    /// `connect` costs comes on top.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_connect: Option<LawSpec>,
    /// After a log-in that failed none is tried for this long, and clients fail at once if there is
    /// no server connection; default 15s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_login_retry: Option<Duration>,
    /// CPU time of a query in its one thread; default 0s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu: Option<Duration>,
}

impl ConnectionPoolerSpec {
    pub(super) fn size(&self) -> u32 {
        self.default_pool_size.unwrap_or(20)
    }

    pub(super) fn clients(&self) -> u32 {
        self.max_client_conn.unwrap_or(100)
    }

    /// How long a query waits at most, ns; 0 for ever.
    pub(super) fn wait(&self) -> Nanos {
        self.query_wait_timeout.map_or(120 * SECOND, Duration::nanos)
    }

    /// What it says as every pool does.
    pub(super) fn form(&self) -> PoolForm<'_> {
        PoolForm {
            under: "",
            to: &self.to,
            size: self.size(),
            overflow: self.reserve_pool_size.unwrap_or(0),
            timeout: self.query_wait_timeout,
            connect: self.server_connect.as_ref(),
            sessions: true,
        }
    }

    /// Server connections at most.
    pub(super) fn most(&self) -> u64 {
        let all = self.form().most();
        let limit = self.max_db_connections.filter(|&limit| limit > 0);
        limit.map_or(all, |limit| all.min(u64::from(limit)))
    }

    pub(super) fn limits(&self) -> Limits {
        let wait = Some(self.wait()).filter(|&wait| wait > 0);
        Limits {
            opens: vec![(self.to.0.clone(), self.most())],
            accepts: Some(u64::from(self.clients())),
            waits: wait.map(|wait| ("query_wait_timeout", wait)).into_iter().collect(),
            ..Limits::default()
        }
    }

    /// Twice the connections on the side that is short of them.
    pub(super) fn widen(&self, resource: Option<&str>) -> Vec<Vec<Wider>> {
        match resource {
            Some("client connections") => Wider::only("max_client_conn", self.clients()),
            Some("server connections") => {
                let limit = self.max_db_connections.filter(|&limit| limit > 0);
                let limit = limit.map(|limit| Wider::twice("max_db_connections", limit));
                let size = Wider::twice("default_pool_size", self.size());
                vec![[size].into_iter().chain(limit).collect()]
            }
            _ => Vec::new(),
        }
    }
}
