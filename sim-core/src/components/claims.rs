//! What the forms of two parts can disagree about, as each says it of itself.

use crate::engine::time::Nanos;
use crate::steps::Demand;

/// What of a form two parts can disagree about.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Limits {
    /// Connections that one instance may hold open to another part, by its name.
    pub opens: Vec<(String, u64)>,
    /// Connections that it accepts.
    pub accepts: Option<u64>,
    /// How long a request may wait for something here, by the field that says so, ns.
    pub waits: Vec<(&'static str, Nanos)>,
    /// After what time those who ask have gone, on average, ns.
    pub leaves_after: Option<Nanos>,
    /// Whether its requests ask for objects that others ask for too.
    pub shares_objects: bool,
    /// Whether its requests bring work with them.
    pub brings_demand: bool,
    /// What requests do here, by endpoint.
    pub work: Vec<Demand>,
    /// How much of that at a time.
    pub room: Option<Room>,
    /// Mean times of what it answers without load, by endpoint, seconds.
    pub takes: Vec<(String, f64)>,
    /// For how long others are waited for at most: a proxy for its peers.
    pub awaits: Option<Clock>,
    /// When a worker is ended that works on one request.
    pub kills_after: Option<(&'static str, Nanos)>,
    /// How long others may take to end when they are told to.
    pub stops: Option<Clock>,
    /// How long it takes to end at most when it is told to.
    pub drains_in: Option<(&'static str, Nanos)>,
    /// The endpoint that it asks others for on its own account, to see whether they are well.
    pub checks: Option<(String, Vec<String>)>,
    /// How often one request is tried from here.
    pub tries: Option<Tries>,
    /// A part that it adds instances to when CPU time is used by more than this share.
    pub scales_on_cpu: Option<(String, f64)>,
    /// How long it keeps a connection on which nothing is under way, where callers keep it too, ns.
    pub keeps: Option<Nanos>,
    /// How long it keeps such connections to whom it calls, ns.
    pub reuses: Option<Nanos>,
    /// Whether it is no end of a connection: what is kept is kept between its neighbours.
    pub is_on_the_way: bool,
    /// Requests after which each of so many workers of an instance ends, all the same.
    pub recycles: Option<(u32, u32)>,
}

/// A time that a part gives to others.
#[derive(Clone, Debug, PartialEq)]
pub struct Clock {
    /// The field that says so.
    pub field: &'static str,
    /// How long, ns.
    pub after: Nanos,
    /// Whom, by the parts' names.
    pub whom: Vec<String>,
}

/// Attempts at one request that repeat its work.
#[derive(Clone, Debug, PartialEq)]
pub struct Tries {
    /// The field that says so.
    pub field: &'static str,
    /// At most so many.
    pub most: u64,
    /// At most one at each instance of these parts; no such limit if empty.
    pub peers: Vec<String>,
    /// Only after this time is another one made, ns; `None` after any failure.
    pub after: Option<Nanos>,
}

/// What a server can do at a time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Room {
    /// Requests in progress.
    pub slots: f64,
    /// Of these, computing: processes whose threads share one lock or one event loop.
    pub computing: f64,
    /// Cores.
    pub cores: f64,
}
