//! What all pools of connections have in common: their terms, and the connections that they keep.

mod stock;

use serde::{Deserialize, Serialize};

pub use self::stock::Stock;
use crate::engine::agenda::Lane;
use crate::engine::chance::{Law, LawSpec, mix, name_key};
use crate::engine::delay::Delay;
use crate::engine::kernel::{Cx, Note};
use crate::engine::request::{Ask, Cause, ReqId, Want};
use crate::engine::time::{Nanos, SECOND};
use crate::units::Duration;
use crate::wiring::{Flaw, Site, Target};

const TIMEOUT: Nanos = 30 * SECOND;
const CONNECTIONS_MAX: u32 = 100_000;
const SESSION: u64 = name_key("connection pool session");

/// How long a call waits for a connection where the form says so, or does not, ns.
#[must_use]
pub fn wait(timeout: Option<Duration>) -> Nanos {
    timeout.map_or(TIMEOUT, Duration::nanos)
}

/// Whether a connection is of no use after a call on it that failed like this.
#[must_use]
pub fn breaks(cause: Cause) -> bool {
    matches!(cause, Cause::Refused | Cause::Reset | Cause::Lost | Cause::TooManyConnections)
}

/// What every form of a pool says.
pub struct PoolForm<'a> {
    /// Its place below the node, with a dot at the end; empty for the node itself.
    pub under: &'static str,
    /// Where the connections lead.
    pub to: &'a Target,
    /// Connections that are kept.
    pub size: u32,
    /// Further ones in need.
    pub overflow: u32,
    /// How long a call waits for one.
    pub timeout: Option<Duration>,
    /// How long opening one takes.
    pub connect: Option<&'a LawSpec>,
    /// Whether they are sessions of the node behind.
    pub sessions: bool,
}

impl PoolForm<'_> {
    /// Connections that there can be.
    #[must_use]
    pub fn most(&self) -> u64 {
        u64::from(self.size) + u64::from(self.overflow)
    }

    fn flaw(&self, key: &str, message: impl Into<String>, remedy: impl Into<String>) -> Flaw {
        Flaw::new(&format!("{}{key}", self.under), message, remedy)
    }
}

/// What the form says, ready to run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PoolTerms {
    /// The node behind.
    pub to: u32,
    /// Connections that are kept.
    pub size: u32,
    /// Size and overflow together.
    pub limit: u32,
    /// How long a call waits.
    pub timeout: Delay,
    /// How long opening takes; `None` for no time.
    pub connect: Option<Delay>,
    /// Whether connections are sessions of the node behind.
    pub sessions: bool,
    /// The luck of the node that has the pool.
    pub salt: u64,
}

impl PoolTerms {
    /// The terms of a pool.
    ///
    /// # Errors
    /// A flaw at the place of what cannot be.
    pub fn new(form: &PoolForm<'_>, site: &Site) -> Result<Self, Flaw> {
        let to = site.node(form.to).map_err(|flaw| form.flaw("to", flaw.message, flaw.remedy))?;
        for (key, number, least) in [("size", form.size, 1), ("overflow", form.overflow, 0)] {
            if !(least..=CONNECTIONS_MAX).contains(&number) {
                let message = format!("{number} connections are not possible");
                return Err(form.flaw(key, message, format!("write {least} to {CONNECTIONS_MAX}")));
            }
        }
        if form.sessions && !site.place(&form.to.0)?.carries_leases {
            let message = format!("{} sends each query where it likes", form.to.0);
            let remedy = "name the database itself, or write sessions: false";
            return Err(form.flaw("to", message, remedy));
        }
        let connect = form.connect.map(LawSpec::compile).transpose().map_err(|message| {
            Flaw::told(&format!("{}connect", form.under), &message, "correct the law")
        })?;
        Ok(PoolTerms {
            to,
            size: form.size,
            limit: form.size + form.overflow,
            timeout: Delay::new(Law::Constant { nanos: wait(form.timeout) }),
            connect: connect.filter(|law| law.constant_nanos() != Some(0)).map(Delay::new),
            sessions: form.sessions,
            salt: name_key(&site.name),
        })
    }

    /// Fixed delays look up their lanes.
    pub fn prepare(&mut self, lanes: &mut dyn FnMut(Nanos) -> Lane) {
        self.timeout.prepare(lanes);
        if let Some(connect) = &mut self.connect {
            connect.prepare(lanes);
        }
    }

    /// Whether connections that are open can go on under other terms.
    ///
    /// # Errors
    /// A flaw if they lead elsewhere, or would begin or cease to be sessions.
    pub fn check_change(&self, fresh: &Self, form: &PoolForm<'_>) -> Result<(), Flaw> {
        if fresh.to != self.to {
            let message = format!("the open connections do not lead to {}", form.to.0);
            return Err(form.flaw("to", message, "change size, overflow, timeout or connect"));
        }
        if fresh.sessions != self.sessions {
            let message = "open connections cannot become sessions, nor cease to be some";
            return Err(form.flaw("sessions", message, "write it at the start"));
        }
        Ok(())
    }

    /// Asks the other end for a session, or whether the one of that number is still there, for a
    /// request or for nobody yet.
    pub fn dial(
        &self,
        cx: &mut Cx<'_>,
        of: Option<ReqId>,
        (luck, lease): (u64, u64),
        word: u64,
    ) -> ReqId {
        let luck = mix(luck, self.salt ^ SESSION);
        let (client, key, demand, endpoint) = (0, 0, 0, 0);
        let ask = Ask { luck, client, key, demand, lease, endpoint, want: Want::Lease };
        cx.fork(ask, of, self.to, word)
    }

    /// Closes a connection; the other end is told.
    pub fn close(&self, cx: &mut Cx<'_>, stock: &mut Stock, number: u32) {
        let session = stock.remove(number);
        if session != 0 {
            cx.note(self.to, Note::Release { lease: session });
        }
    }

    /// Closes a connection that is broken; where one is taken for all, the others are closed when
    /// somebody wants them.
    pub fn lose(&self, cx: &mut Cx<'_>, stock: &mut Stock, (number, all): (u32, bool)) {
        if all {
            stock.doubt(number, cx.now());
        }
        self.close(cx, stock, number);
    }

    /// The process that has the pool is gone: the other end sees its connections close.
    pub fn hang_up(&self, cx: &mut Cx<'_>, stock: &mut Stock) {
        for connection in stock.drain().iter().filter(|connection| connection.session != 0) {
            cx.note(self.to, Note::Release { lease: connection.session });
        }
    }
}
