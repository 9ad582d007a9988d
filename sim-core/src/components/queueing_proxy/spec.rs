//! What a person writes about a queueing proxy; fields bear the names of HAProxy's keywords.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::units::Duration;
use crate::wiring::{EndpointName, Service};

/// How a server is picked, as HAProxy does it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ProxyBalance {
    /// In turns by weight, leaving out servers without a free slot.
    #[default]
    Roundrobin,
    /// Fewest requests for its weight, served and queued; those that tie take turns.
    Leastconn,
    /// The first server in order that has a free slot.
    First,
    /// The client's address modulo all weights: a client waits for its server.
    Source,
}

/// A line `server` of a backend.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProxyServerSpec {
    /// The node, or a service: each of its instances becomes a server with these values.
    pub to: Service,
    /// Its share of requests, 0 to 256; 0 gets none. Default 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<u32>,
    /// Requests there at a time; default: the proxy's `maxconn`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maxconn: Option<u32>,
    /// Is used only while all others are out, the first such one alone; default false.
    #[serde(default)]
    pub backup: bool,
}

/// Active checks of the servers. Without an endpoint only the connection is tried, which a server
/// accepts that lives.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProxyCheckSpec {
    /// The endpoint asked (`option httpchk`); its steps cost the server a worker like any other's.
    /// Default: only the connection is tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<EndpointName>,
    /// From one check of a server to the next; default 2s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inter: Option<Duration>,
    /// An answer later than this is a failure (`timeout check`); at most `inter`, which is the
    /// default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// Failures in a row after which a server is out; default 3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fall: Option<u32>,
    /// Successes in a row after which it is back; default 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rise: Option<u32>,
}

/// A proxy that works as HAProxy does: it limits the requests at each server, and those for whom no
/// slot is free wait in one queue, of which the first server with a free slot takes the oldest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QueueingProxySpec {
    /// The service whose instances are the servers; or else write `servers`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Service>,
    /// The servers of the backend in full.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub servers: Vec<ProxyServerSpec>,
    /// How a server is picked; default `roundrobin`.
    #[serde(default)]
    pub balance: ProxyBalance,
    /// Requests at a server at a time (`maxconn` of a server line); default 0: no limit, and no
    /// queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maxconn: Option<u32>,
    /// How long a request waits in the queue before it is answered 503, `queue_timeout`; default:
    /// `timeout_connect`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_queue: Option<Duration>,
    /// To establish a connection; default: for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_connect: Option<Duration>,
    /// How long a server may be silent before the request is answered 504; default: for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_server: Option<Duration>,
    /// Further attempts to connect, after which the request is answered 503; default 3. They go to
    /// the same server after a pause of a second, or of `timeout_connect` if that is shorter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retries: Option<u32>,
    /// These attempts go to another server at once; with `source`, and where only one is in, only
    /// the last of them does (`option redispatch`). Default false.
    #[serde(default)]
    pub redispatch: bool,
    /// Requests of clients who left are dropped (`option abortonclose`); default false: they wait
    /// on, and are served for nobody.
    #[serde(default)]
    pub abortonclose: bool,
    /// Active checks; default: none, a server that is gone stays in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<ProxyCheckSpec>,
    /// Time of a fresh connection to a server, one round trip; default 0s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connect: Option<Duration>,
    /// CPU time of a request in the proxy's one thread; default 0s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu: Option<Duration>,
}
