//! A request at an application server, and where it stands.

use serde::{Deserialize, Serialize};

use crate::engine::agenda::Timer;
use crate::engine::request::{Cause, ReqId};
use crate::engine::share::JobKey;
use crate::engine::time::Nanos;
use crate::steps::NOTHING;

/// The process of a request that no process has accepted.
pub(super) const NOBODY: u32 = u32::MAX;

/// The connection of a request that has none, or for which one is being opened.
pub(super) const NO_CONNECTION: u32 = u32::MAX;

/// Nothing of its connection is missing.
pub(super) const NONE_HALF: u32 = u32::MAX;

/// Where a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Place {
    /// Its connection found the accept queue full so many times; the client tries again.
    Outside { dropped: u32, timer: Timer },
    /// Its client has a connection that the server knows nothing of, or only half.
    Half,
    /// In the accept queue.
    Backlog,
    /// In its worker, which waits for it to be sent.
    Silent,
    /// In its process's line, for a thread or for the event loop.
    Line,
    /// In the line for a connection of the process's pool.
    Pool { ticket: u32, timer: Timer },
    /// On the machine's cores.
    Computing(JobKey),
    /// Until a timer fires.
    Asleep(Timer),
    /// Until others have answered.
    Away,
    /// At work in this instant.
    Running,
}

/// What a request has of its process's pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Hold {
    Nothing,
    /// A connection for the query at hand.
    Query,
    /// One of no more use: it goes back as soon as the request runs again.
    Over,
    /// A connection until a later step gives it back.
    Session,
}

/// A request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Job {
    pub(super) req: ReqId,
    pub(super) began: Nanos,
    /// Since when it waits, ns.
    pub(super) since: Nanos,
    pub(super) process: u32,
    pub(super) place: Place,
    pub(super) pc: u16,
    /// Children under way.
    pub(super) open: u16,
    /// No step of it has begun.
    pub(super) is_new: bool,
    /// The server had no room for it, and closes the connection with the answer.
    pub(super) is_turned_away: bool,
    /// Its caller has left, and it may notice.
    pub(super) is_gone: bool,
    pub(super) hold: Hold,
    /// The connection that it has of its process's pool, or [`NO_CONNECTION`].
    pub(super) pooled: u32,
    pub(super) failed: Option<Cause>,
    pub(super) child: Option<ReqId>,
    /// The connection that had been kept for it, or 0.
    pub(super) connection: u32,
    /// What is missing of its connection or of itself, or [`NONE_HALF`].
    pub(super) half: u32,
    /// Number of its extras.
    pub(super) aside: u32,
}

impl Job {
    /// A request whose connection has just come.
    pub(super) fn new(req: ReqId, now: Nanos, pc: u16) -> Self {
        Job {
            req,
            began: now,
            since: now,
            process: NOBODY,
            place: Place::Running,
            pc,
            open: 0,
            is_new: true,
            is_turned_away: false,
            is_gone: false,
            hold: Hold::Nothing,
            pooled: NO_CONNECTION,
            failed: None,
            child: None,
            connection: 0,
            half: NONE_HALF,
            aside: NOTHING,
        }
    }
}
