//! What the form of a connection pool says, ready to run.

use serde::{Deserialize, Serialize};

use super::spec::ConnectionPoolSpec;
use crate::engine::agenda::Lane;
use crate::engine::chance::{Law, LawSpec, name_key};
use crate::engine::delay::Delay;
use crate::engine::queue::Order;
use crate::engine::time::{Nanos, SECOND};
use crate::units::{Duration, Share};
use crate::wiring::{Flaw, Site};

const TIMEOUT: Nanos = 30 * SECOND;

/// How long a call waits for a connection, ns.
pub(super) fn wait(spec: &ConnectionPoolSpec) -> Nanos {
    spec.timeout.map_or(TIMEOUT, Duration::nanos)
}

/// What the form says, ready to run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Terms {
    pub(super) to: u32,
    pub(super) size: u32,
    pub(super) limit: u32,
    pub(super) timeout: Delay,
    pub(super) connect: Option<Delay>,
    pub(super) order: Order,
    pub(super) sessions: bool,
    pub(super) fill: bool,
    pub(super) lifetime: Option<Nanos>,
    /// What a lifetime may be shorter, ns.
    pub(super) spread: Nanos,
    pub(super) test_after: Option<Nanos>,
    pub(super) forget_all: bool,
    pub(super) salt: u64,
}

impl Terms {
    pub(super) fn new(spec: &ConnectionPoolSpec, site: &Site) -> Result<Self, Flaw> {
        let to = site.node(&spec.to).map_err(|flaw| Flaw { path: "to".into(), ..flaw })?;
        for (path, number, least) in [("size", spec.size, 1), ("overflow", spec.overflow, 0)] {
            if !(least..=100_000).contains(&number) {
                let message = format!("{number} connections are not possible");
                return Err(Flaw::new(path, message, format!("write {least} to 100000")));
            }
        }
        if spec.sessions && !site.place(&spec.to.0)?.carries_leases {
            let message = format!("{} sends each query where it likes", spec.to.0);
            let remedy = "name the database itself, or write sessions: false";
            return Err(Flaw::new("to", message, remedy));
        }
        if spec.lifetime == Some(Duration(0)) {
            let message = "connections that live 0s are of no use";
            return Err(Flaw::new("lifetime", message, "write 30m, or drop it"));
        }
        let connect = spec.connect.as_ref().map(LawSpec::compile).transpose();
        let connect =
            connect.map_err(|message| Flaw::told("connect", &message, "correct the law"))?;
        let wait = wait(spec);
        let lifetime = spec.lifetime.map(Duration::nanos);
        let part = spec.lifetime_spread.map_or(0.0, Share::value);
        Ok(Terms {
            to,
            size: spec.size,
            limit: spec.size + spec.overflow,
            timeout: Delay::new(Law::Constant { nanos: wait }),
            connect: connect.filter(|law| law.constant_nanos() != Some(0)).map(Delay::new),
            order: spec.order,
            sessions: spec.sessions,
            fill: spec.fill,
            lifetime,
            spread: (part * lifetime.unwrap_or(0) as f64) as Nanos,
            test_after: spec.test_after.map(Duration::nanos),
            forget_all: spec.forget_all,
            salt: name_key(&site.name),
        })
    }

    pub(super) fn prepare(&mut self, lanes: &mut dyn FnMut(Nanos) -> Lane) {
        self.timeout.prepare(lanes);
        if let Some(connect) = &mut self.connect {
            connect.prepare(lanes);
        }
    }
}
