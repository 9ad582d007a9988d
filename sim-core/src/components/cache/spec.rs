//! What a person writes about a cache.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::chance::LawSpec;
use crate::units::{Bytes, Duration, Share};
use crate::wiring::{Flaw, Target};

/// Which key makes room for a new one. `lru`, `fifo` and `random` are exact; the others are those
/// of Redis, which looks at a few keys at random.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    /// The one that was not asked for or written for the longest time.
    #[default]
    Lru,
    /// The one that was written first.
    Fifo,
    /// Any.
    Random,
    /// None: writes fail once the cache is full, look-ups go on. The default of Redis.
    Noeviction,
    /// Of `samples` keys and up to 16 remembered ones, the one idle for longest.
    AllkeysLru,
    /// Of `samples` keys and up to 16 remembered ones, the one with the smallest counter of use.
    AllkeysLfu,
    /// Any.
    AllkeysRandom,
    /// As `allkeys-lru`, among the keys that have a time to live.
    VolatileLru,
    /// As `allkeys-lfu`, among the keys that have a time to live.
    VolatileLfu,
    /// Any that has a time to live.
    VolatileRandom,
    /// Of `samples` keys and up to 16 remembered ones, the one that ends first.
    VolatileTtl,
}

impl Policy {
    /// Whether it is one of Redis, which has no exact order of keys.
    #[must_use]
    pub fn is_sampled(self) -> bool {
        !matches!(self, Policy::Lru | Policy::Fifo | Policy::Random)
    }

    /// Whether only keys with a time to live make room.
    #[must_use]
    pub fn is_volatile(self) -> bool {
        use Policy::{VolatileLfu, VolatileLru, VolatileRandom, VolatileTtl};
        matches!(self, VolatileLru | VolatileLfu | VolatileRandom | VolatileTtl)
    }
}

/// What is there again after a restart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Persistence {
    /// Nothing, as in memcached.
    #[default]
    None,
    /// The keys of the last snapshot; when one is due, `save` says.
    Rdb,
    /// All but the keys first written since the log was last forced to disk, once a second.
    Aof,
}

impl Persistence {
    fn is_none(&self) -> bool {
        *self == Persistence::None
    }
}

/// When a snapshot is due: so long after the last one, if so many keys were written since.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SaveRule {
    /// Time since the last snapshot.
    pub after: Duration,
    /// Writes since the last snapshot.
    pub changes: u32,
}

/// Refreshing a key before it grows too old, at a moment that luck chooses (XFetch).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EarlySpec {
    /// How eager: a look-up with `x` left to live is told to refresh with probability `e^(-x /
    /// (beta recompute))`. 1 is usual; more refreshes earlier.
    pub beta: f64,
    /// How long making the value anew takes.
    pub recompute: Duration,
}

/// A cache. Beside an origin (cache-aside) it answers a miss with a miss: the caller asks the
/// origin and writes the key afterwards. Before an origin (read-through) it asks the origin itself.
/// Misses of one key at the same time all go to the origin, unless `single_flight` is given.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CacheSpec {
    /// Keys that it has room for, 0 to 10000000; default: the most, 10000000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entries: Option<u64>,
    /// Keys that it holds when the run begins: so many of the most popular ones; default 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filled: Option<u64>,
    /// Memory for its keys: `maxmemory` of Redis, `-m` of memcached. Default, and 0B: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<Bytes>,
    /// Memory of a key: its name, its value and what the cache keeps about it; default 1KiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<Bytes>,
    /// How unequal keys are: the coefficient of variation of their lognormal sizes, `item` being
    /// the mean; default 0, all alike. A key has one size for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item_cv: Option<f64>,
    /// The largest key that can be written; a larger one fails. Default: no limit. 1MiB in
    /// memcached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item_max: Option<Bytes>,
    /// Time after which a key is too old, counted from its last write; a hit does not prolong it.
    /// Default: keys never grow too old.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl: Option<Duration>,
    /// By how much times to live differ: each is drawn evenly within this share of `ttl` below
    /// and above it, so that keys written together do not all end together. Default: not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jitter: Option<Share>,
    /// The share of keys that have a time to live; default: all, if `ttl` is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiring: Option<Share>,
    /// Which key makes room for a new one; default `lru`.
    #[serde(default)]
    pub policy: Policy,
    /// Keys that a policy of Redis looks at each time, 1 to 64; default 5, as `maxmemory-samples`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub samples: Option<u32>,
    /// Time of a look-up or a write; default 0s. Redis takes about 13 us for either over the
    /// loopback without pipelining (its benchmark page: 72000 to 79000 operations a second).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<LawSpec>,
    /// Look-ups and writes at the same time; default 1: Redis runs commands in one thread,
    /// memcached in 4.
    #[serde(default = "one")]
    pub servers: u32,
    /// Look-ups and writes that can be there at the same time, waiting ones included; one more
    /// fails with `too_many_connections`. Default: no limit. 10000 in Redis (`maxclients`), 1024 in
    /// memcached (`-c`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_clients: Option<u32>,
    /// A stated hit ratio instead of real keys: nothing is remembered, so it is never cold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hit: Option<Share>,
    /// The node that the cache itself asks after a miss; default: the caller is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Target>,
    /// One fetch a key at a time: who misses a key while another fetches it waits for the write,
    /// or until the fetcher's lock has lasted this long; then the next one in line fetches.
    /// Default: everybody fetches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub single_flight: Option<Duration>,
    /// Refreshing keys before they are too old. Default: not done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub early: Option<EarlySpec>,
    /// What survives a restart; default `none`.
    #[serde(default, skip_serializing_if = "Persistence::is_none")]
    pub persistence: Persistence,
    /// When snapshots are due. Default, as `save` of Redis: after 1h with 1 write, 5m with 100, 1m
    /// with 10000.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub save: Vec<SaveRule>,
    /// How long it stands still at each snapshot, for each GiB that it holds, while the system
    /// copies its page table. Default: not at all. 13ms on bare metal, 240ms on old Xen machines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fork_per_gib: Option<Duration>,
    /// Memory that it reads back a second after a restart; until all is there every request fails
    /// with `error`. Default: at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load_per_second: Option<Bytes>,
}

fn one() -> u32 {
    1
}

/// Mistakes in the form that no other part of the cache would see.
pub(super) fn check(spec: &CacheSpec) -> Result<(), Flaw> {
    if spec.servers == 0 || spec.servers > 100_000 {
        let message = format!("{} servers are not possible", spec.servers);
        return Err(Flaw::new("servers", message, "write 1 to 100000"));
    }
    let keys = [
        ("entries", spec.entries.is_some()),
        ("ttl", spec.ttl.is_some()),
        ("early", spec.early.is_some()),
    ];
    if spec.hit.is_some()
        && let Some((path, _)) = keys.iter().find(|(_, given)| *given)
    {
        let message = format!("{path} has no meaning beside a stated hit ratio");
        return Err(Flaw::new(path, message, "keep either hit or the real keys"));
    }
    if spec.max_clients == Some(0) {
        return Err(Flaw::new("max_clients", "no client could ever ask", "write 1 or more"));
    }
    if spec.single_flight.is_some_and(|lock| lock.nanos() == 0) {
        let message = "a lock of 0s keeps nobody out";
        return Err(Flaw::new("single_flight", message, "write 10s, or drop it"));
    }
    if let Some(early) = spec.early {
        if !(early.beta > 0.0 && early.beta <= 1000.0) {
            let message = format!("beta cannot be {}", early.beta);
            return Err(Flaw::new("early.beta", message, "write above 0 to 1000; 1 is usual"));
        }
        if spec.ttl.is_none() {
            let message = "keys that never grow too old need no refreshing";
            return Err(Flaw::new("early", message, "write ttl: 60s beside it"));
        }
    }
    Ok(())
}
