//! What a person writes about a reverse proxy; fields bear the names of nginx's directives.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rules::bucket::Per;
use crate::units::{Duration, Rate};
use crate::wiring::{EndpointName, Service};

/// How a peer is picked; each exactly as nginx does it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Balance {
    /// Smooth weighted round robin: weights 5, 1, 1 give a a b a c a a.
    #[default]
    RoundRobin,
    /// Fewest requests in progress for its weight; those that tie take turns by weight.
    LeastConn,
    /// A running hash over the first three octets of the client's address. Clients are numbers
    /// here, and each number gives one address.
    IpHash,
    /// CRC-32 of the requested object's key, modulo all weights.
    Hash,
    /// The same key on a ring with 160 points for each unit of weight (ketama).
    ConsistentHash,
    /// At random by weight.
    Random,
    /// Two at random by weight; the one with fewer requests in progress for its weight.
    RandomTwo,
}

/// When a request is passed to the next peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// The connection was refused, or broke before the answer.
    Error,
    /// Connecting, or waiting for the answer, took too long.
    Timeout,
    /// The peer answered 500: its own error, or that of something it needs.
    #[serde(rename = "http_500")]
    Http500,
    /// The peer is a proxy and answered 502.
    #[serde(rename = "http_502")]
    Http502,
    /// The peer answered 503: its queue has no room.
    #[serde(rename = "http_503")]
    Http503,
    /// The peer is a proxy and answered 504.
    #[serde(rename = "http_504")]
    Http504,
    /// The peer answered 429: a limiter turned the request away.
    #[serde(rename = "http_429")]
    Http429,
    /// Not a condition of its own: endpoints under `post` are passed on as well, once sent.
    NonIdempotent,
}

/// A line `server` of an upstream group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServerSpec {
    /// The node, or a service: each of its instances becomes a peer with these values.
    pub to: Service,
    /// Its share of requests; default 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<u32>,
    /// Failures after which it is left out; default: the proxy's `max_fails`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_fails: Option<u32>,
    /// For how long, in whole seconds; default: the proxy's `fail_timeout`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fail_timeout: Option<Duration>,
    /// Requests in progress there at most; default: the proxy's `max_conns`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_conns: Option<u32>,
    /// Is used only while no other peer can be; default false.
    #[serde(default)]
    pub backup: bool,
    /// Is never used; default false.
    #[serde(default)]
    pub down: bool,
}

/// Connections to peers that stay open between requests.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeepaliveSpec {
    /// Idle ones kept, of all peers together, in each worker process; 0 keeps none. Default 32
    /// (nginx since 1.29.7; before that none).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connections: Option<u32>,
    /// Requests after which one is closed; default 1000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests: Option<u32>,
    /// An idle one is closed after this time; default 60s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// None is used for longer than this; default 1h.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<Duration>,
}

/// nginx's limit_req: excess over the rate is delayed, above the burst turned away with 503.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitReqSpec {
    /// The rate that passes in the long run, above 0.
    pub rate: Rate,
    /// Requests that may come at once beyond the rate; default 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub burst: Option<u32>,
    /// Requests of the burst that pass without delay; default 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay: Option<u32>,
    /// The whole burst passes without delay; default false.
    #[serde(default)]
    pub nodelay: bool,
    /// Whose requests share one limit; default `client`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per: Option<Per>,
}

/// nginx's limit_conn: more requests in progress at a time are turned away with 503.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitConnSpec {
    /// Requests in progress at most, at least 1.
    pub connections: u32,
    /// Whose requests share one limit; default `client`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per: Option<Per>,
}

/// What TLS costs the worker process; new connections of clients pay it, not every request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TlsSpec {
    /// CPU time of a full handshake. A core of 2014 did 350 with ECDHE and RSA-2048 a second, so
    /// 2.9ms (nginx.com, NGINX SSL Performance); ECDSA keys and newer cores need a fraction.
    pub handshake: Duration,
    /// CPU time of a handshake that resumes a session; default: that of a full one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resumed: Option<Duration>,
    /// How long a session can be resumed (`ssl_session_timeout`); default 5m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_timeout: Option<Duration>,
    /// An idle connection of a client is closed after this time; default 75s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keepalive_timeout: Option<Duration>,
    /// Requests after which a client's connection is closed; default 1000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keepalive_requests: Option<u32>,
}

/// Active health checks, which open-source nginx does not have. The numbers left out are those of
/// HAProxy: every 2s, 3 failures out, 2 successes back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HealthSpec {
    /// The endpoint asked; its steps cost the peer a worker like any other's.
    pub endpoint: EndpointName,
    /// From one check of a peer to the next; default 2s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<Duration>,
    /// An answer later than this is a failure; at most the interval, which is the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// Successes in a row after which a peer is back; default 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rise: Option<u32>,
    /// Failures in a row after which a peer is out; default 3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fall: Option<u32>,
    /// Failures in a row after which the timeline shows an alert; default 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert: Option<u32>,
}

/// A reverse proxy that works as nginx does. What is left out has nginx's default of version 1.31.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReverseProxySpec {
    /// The service whose instances are the peers; or else write `servers`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Service>,
    /// The upstream group in full.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub servers: Vec<ServerSpec>,
    /// How a peer is picked; default `round_robin`.
    #[serde(default)]
    pub balance: Balance,
    /// Failures within `fail_timeout` after which a peer is left out; 0 never. Default 1. A group
    /// of one peer ignores it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_fails: Option<u32>,
    /// For how long a peer is left out, in whole seconds; then live requests, one at a time, test
    /// it. Default 10s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fail_timeout: Option<Duration>,
    /// Requests in progress at a peer at most; nothing queues, one more goes elsewhere or is
    /// answered 502. Default 0: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_conns: Option<u32>,
    /// Worker processes share what they know of peers; default false: each learns for itself.
    #[serde(default)]
    pub zone: bool,
    /// When a request is passed to the next peer; default error and timeout. Each peer gets it at
    /// most once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy_next_upstream: Option<Vec<Condition>>,
    /// Peers that a request is passed to at most; default 0: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy_next_upstream_tries: Option<u32>,
    /// After this time a request is passed on no more; default 0: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy_next_upstream_timeout: Option<Duration>,
    /// To establish a connection; default 60s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy_connect_timeout: Option<Duration>,
    /// Between two reads, which here means until the answer; default 60s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy_read_timeout: Option<Duration>,
    /// The peer works on for a client that left, instead of seeing its connection close; default
    /// false.
    #[serde(default)]
    pub proxy_ignore_client_abort: bool,
    /// Requests are read in full before a peer sees them; default true. Without it a request that
    /// was sent is never passed on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy_request_buffering: Option<bool>,
    /// Endpoints asked for with POST, LOCK or PATCH: they are not sent twice.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub post: Vec<EndpointName>,
    /// Time of a fresh connection to a peer, one round trip; default 0s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connect: Option<Duration>,
    /// Connections to peers that stay open between requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keepalive: Option<KeepaliveSpec>,
    /// Worker processes, each with one core; a client stays with one. Default 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worker_processes: Option<u32>,
    /// Sockets of clients and peers in each worker process; default 512. Without a free one a
    /// client's connection is closed at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worker_connections: Option<u32>,
    /// CPU time of a request in its worker process; default 0s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu: Option<Duration>,
    /// What TLS costs; default: no TLS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<TlsSpec>,
    /// A limit on the rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit_req: Option<LimitReqSpec>,
    /// A limit on requests in progress.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit_conn: Option<LimitConnSpec>,
    /// Active health checks; default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<HealthSpec>,
}
