//! What a scenario file says beside its parts: what it is, how long it is played, what happens.

use schemars::JsonSchema;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::engine::chance::LawSpec;
use crate::units::Duration;

/// The version of the scenario format.
pub const VERSION: u64 = 1;

/// The head of a scenario; users, nodes, autoscale and supervise are read part by part.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Head {
    #[serde(rename = "busyhour")]
    _busyhour: u64,
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) summary: Option<String>,
    pub(super) duration: Duration,
    #[serde(default)]
    pub(super) warmup: Option<Duration>,
    #[serde(default)]
    pub(super) seed: Option<u64>,
    #[serde(default)]
    pub(super) frame: Option<Duration>,
    #[serde(default, rename = "users")]
    _users: Option<IgnoredAny>,
    #[serde(default, rename = "nodes")]
    _nodes: Option<IgnoredAny>,
    #[serde(default, rename = "autoscale")]
    _autoscale: Option<IgnoredAny>,
    #[serde(default, rename = "supervise")]
    _supervise: Option<IgnoredAny>,
    #[serde(default)]
    pub(super) events: Vec<EventSpec>,
    #[serde(default)]
    pub(super) objectives: Vec<String>,
}

/// A scenario as a person writes it; only its schema is used, the parts are read one by one.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, title = "Busyhour scenario")]
#[expect(dead_code, reason = "the type is the schema")]
pub(super) struct ScenarioForm {
    /// The version of this format: 1.
    busyhour: u64,
    /// A short name; default: the file's.
    #[schemars(default)]
    name: Option<String>,
    /// What the scenario demonstrates.
    #[schemars(default)]
    summary: Option<String>,
    /// How long it is played, like `2h`.
    duration: Duration,
    /// Nothing is measured before this time; default 0s.
    #[schemars(default)]
    warmup: Option<Duration>,
    /// The seed when none is given; default 1.
    #[schemars(default)]
    seed: Option<u64>,
    /// Length of a frame of the report's series; default: about a thousandth of the duration.
    #[schemars(default)]
    frame: Option<Duration>,
    /// Timed changes: kill, restart, reload, freeze, black_hole, slow, slow_disk, full_disk, flush,
    /// set, add, remove, resize.
    #[schemars(default)]
    events: Vec<EventSpec>,
    /// What must hold, like `latency p(95) < 500ms`, `errors < 0.1%`, `availability > 99.9%` or
    /// `cost < 3 USD/h`.
    #[schemars(default)]
    objectives: Vec<String>,
}

/// A timed change. Exactly one of kill, restart, reload, freeze, black_hole, slow, slow_disk,
/// full_disk, flush, set, add, remove and resize is given, and either `at`, or `every` with
/// `repair` for outages that come at random.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventSpec {
    /// When; it precedes everything else at that time.
    #[serde(default)]
    pub at: Option<Duration>,
    /// With kill, freeze, black_hole, slow, slow_disk, full_disk: the law of the time from the
    /// start or the last repair to the next outage, for each instance by itself, like
    /// `{exponential: 30m}`.
    #[serde(default)]
    pub every: Option<LawSpec>,
    /// With every: the law of the time until it is repaired.
    #[serde(default)]
    pub repair: Option<LawSpec>,
    /// A node or instance dies, like `web[0]`; what it holds is lost.
    #[serde(default)]
    pub kill: Option<String>,
    /// A node or instance dies and comes back after `for` (default at once); see `graceful`.
    #[serde(default)]
    pub restart: Option<String>,
    /// A node or instance reloads, as on HUP. An application server starts fresh workers, and the
    /// old ones accept no more and finish what they hold within `graceful_timeout`; what is left
    /// then is lost. A reverse proxy forgets what it knew of its peers and closes idle connections.
    #[serde(default)]
    pub reload: Option<String>,
    /// The time of a node or instance stands still, like a stopped process, a long garbage
    /// collection or a paused machine: it answers nobody and gets afterwards what came meanwhile.
    /// What would have ended in the freeze ends with it.
    #[serde(default)]
    pub freeze: Option<String>,
    /// A node or instance is cut off: what is sent to it and what it answers is lost, so that its
    /// callers wait until they lose patience.
    #[serde(default)]
    pub black_hole: Option<String>,
    /// A node or instance works `factor` times as slowly.
    #[serde(default)]
    pub slow: Option<String>,
    /// The disk of a database works `factor` times as slowly: what queries read and the log's
    /// flushes take that much longer, from the next one on. What computes does not.
    #[serde(default)]
    pub slow_disk: Option<String>,
    /// The disk of a database is full: queries that write fail with `error` where they would
    /// commit, reads go on.
    #[serde(default)]
    pub full_disk: Option<String>,
    /// A cache forgets everything.
    #[serde(default)]
    pub flush: Option<String>,
    /// A knob changes, by its path in the scenario, like `nodes.web.workers`; see `to`.
    #[serde(default)]
    pub set: Option<String>,
    /// Instances are added to a service, `count` of them.
    #[serde(default)]
    pub add: Option<String>,
    /// Instances are taken out of a service, `count` of them; they finish what they hold.
    #[serde(default)]
    pub remove: Option<String>,
    /// All instances of a service move to another type of machine: they are down for `downtime`,
    /// lose what they hold, and come back with the cores, memory and price of `machine`.
    #[serde(default)]
    pub resize: Option<String>,
    /// With resize: the new type of machine, like `c7i.xlarge`.
    #[serde(default)]
    pub machine: Option<String>,
    /// With resize: how long it takes. EC2: stop, change and start take 1 to 5 minutes; a database
    /// with a second zone fails over in 60 to 120 s.
    #[serde(default)]
    pub downtime: Option<Duration>,
    /// With kill, restart, freeze, black_hole, slow, slow_disk, full_disk: how long it lasts.
    #[serde(default, rename = "for")]
    pub lasts: Option<Duration>,
    /// With restart: it is told to stop (TERM) and finishes what it holds, an application server
    /// within its `graceful_timeout`, before it goes; default false: it goes at once (QUIT).
    #[serde(default)]
    pub graceful: Option<bool>,
    /// With slow, slow_disk: how many times as long work takes.
    #[serde(default)]
    pub factor: Option<f64>,
    /// With add, remove: how many; default 1.
    #[serde(default)]
    pub count: Option<u32>,
    /// With set: the new value.
    #[serde(default)]
    pub to: Option<serde_json::Value>,
}
