//! What the form of a connection pool says, ready to run.

use serde::{Deserialize, Serialize};

use super::spec::ConnectionPoolSpec;
use crate::engine::agenda::Lane;
use crate::engine::chance::{Law, LawSpec};
use crate::engine::queue::Order;
use crate::engine::time::Nanos;
use crate::rules::pool::{PoolForm, PoolTerms};
use crate::units::{Duration, Share};
use crate::wiring::{Flaw, Site};

impl ConnectionPoolSpec {
    /// What it says as every pool does.
    pub(super) fn form(&self) -> PoolForm<'_> {
        PoolForm {
            under: "",
            to: &self.to,
            size: self.size,
            overflow: self.overflow,
            timeout: self.timeout,
            connect: self.connect.as_ref(),
            sessions: self.sessions,
        }
    }
}

/// What the form says, ready to run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Terms {
    pub(super) pool: PoolTerms,
    pub(super) order: Order,
    /// How long a waiter takes to run once it is told that it may.
    pub(super) wake: Option<Law>,
    pub(super) fill: bool,
    pub(super) lifetime: Option<Nanos>,
    /// What a lifetime may be shorter, ns.
    pub(super) spread: Nanos,
    pub(super) test_after: Option<Nanos>,
    pub(super) forget_all: bool,
}

impl Terms {
    pub(super) fn new(spec: &ConnectionPoolSpec, site: &Site) -> Result<Self, Flaw> {
        let pool = PoolTerms::new(&spec.form(), site)?;
        if spec.lifetime == Some(Duration(0)) {
            let message = "connections that live 0s are of no use";
            return Err(Flaw::new("lifetime", message, "write 30m, or drop it"));
        }
        let wake = spec.wake.as_ref().map(LawSpec::compile).transpose();
        let wake = wake.map_err(|message| Flaw::told("wake", &message, "correct the law"))?;
        let lifetime = spec.lifetime.map(Duration::nanos);
        let part = spec.lifetime_spread.map_or(0.0, Share::value);
        Ok(Terms {
            pool,
            order: spec.order,
            wake: wake.filter(|law| law.constant_nanos() != Some(0)),
            fill: spec.fill,
            lifetime,
            spread: (part * lifetime.unwrap_or(0) as f64) as Nanos,
            test_after: spec.test_after.map(Duration::nanos),
            forget_all: spec.forget_all,
        })
    }

    pub(super) fn prepare(&mut self, lanes: &mut dyn FnMut(Nanos) -> Lane) {
        self.pool.prepare(lanes);
    }
}
