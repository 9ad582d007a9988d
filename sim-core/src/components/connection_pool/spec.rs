//! What a person writes about a connection pool.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::chance::LawSpec;
use crate::engine::queue::Order;
use crate::units::{Duration, Share};
use crate::wiring::{Target, Wider};

/// A pool of connections to one node. It starts empty and opens connections when they are needed,
/// unless `fill` is set. Connections lie idle in a line; the one idle for longest is used first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConnectionPoolSpec {
    /// The database that the connections lead to, or the next pool before it.
    pub to: Target,
    /// Connections that stay open once opened. `SQLAlchemy` has 5 by default, `HikariCP` 10.
    pub size: u32,
    /// Further connections, opened when `size` are taken; one that comes back while `size` lie idle
    /// is closed. Default 0, as in `HikariCP`; `SQLAlchemy` has 10.
    #[serde(default)]
    pub overflow: u32,
    /// How long a call waits for a connection before it fails with `pool_timeout`. Default 30s, as
    /// in `SQLAlchemy` (`pool_timeout`) and `HikariCP` (`connectionTimeout`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// How long opening a connection takes: network, process start and log-in. Default 0s; 2 ms to
    /// 10 ms is usual to a `PostgreSQL` nearby, 20 ms to 100 ms with encryption and distance. What
    /// the database's own `connect` costs comes on top.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connect: Option<LawSpec>,
    /// Which waiting call gets the next connection; default `fifo`.
    #[serde(default)]
    pub order: Order,
    /// How long a waiter takes to run once a connection has come back; who asks meanwhile takes
    /// that, and the waiter waits again, behind all others. Threads that wake each other by a
    /// condition variable do that. Default: no time, so that nobody is overtaken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wake: Option<LawSpec>,
    /// Whether its connections are sessions of the node behind it: they count there from opening
    /// to closing, idle or not, opening one may be refused, and when that node dies all of them
    /// break. Default false: only queries in progress count there.
    #[serde(default, skip_serializing_if = "is_false")]
    pub sessions: bool,
    /// Whether `size` connections are opened at the start and whenever some have broken, rather
    /// than on demand; default false. `HikariCP` does (`minimumIdle` = `maximumPoolSize`).
    #[serde(default, skip_serializing_if = "is_false")]
    pub fill: bool,
    /// Age at which a connection is closed when nobody uses it. Default: never, as in `SQLAlchemy`
    /// (`pool_recycle` -1); 30m in `HikariCP` (`maxLifetime`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifetime: Option<Duration>,
    /// By how much lifetimes are shortened at random, so that not all end together; default 0.
    /// 2.5% in `HikariCP`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifetime_spread: Option<Share>,
    /// A session that lay idle for this long is tried before it is handed over, and replaced if
    /// it is broken. Default: never tried. 500ms in `HikariCP`; 0s is `SQLAlchemy`'s
    /// `pool_pre_ping`, which is off by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_after: Option<Duration>,
    /// Whether all connections are taken for broken when one is found so: each is opened anew when
    /// it is next taken. Default false; `SQLAlchemy` does (`invalidate_pool_on_disconnect`).
    #[serde(default, skip_serializing_if = "is_false")]
    pub forget_all: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_false(value: &bool) -> bool {
    !value
}

impl ConnectionPoolSpec {
    /// Twice the connections, those opened in need included.
    pub(super) fn widen(&self) -> Vec<Vec<Wider>> {
        let overflow = (self.overflow > 0).then(|| Wider::twice("overflow", self.overflow));
        vec![[Wider::twice("size", self.size)].into_iter().chain(overflow).collect()]
    }
}
