//! What the form of a connection pooler says, ready to run.

use serde::{Deserialize, Serialize};

use super::spec::{ConnectionPoolerSpec, PoolMode};
use crate::engine::agenda::Lane;
use crate::engine::time::{Nanos, SECOND};
use crate::rules::pool::PoolTerms;
use crate::units::Duration;
use crate::wiring::{Flaw, Site};

const CLIENTS_MAX: u32 = 1_000_000;

/// The form, ready to run; times are ns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Terms {
    pub(super) pool: PoolTerms,
    pub(super) mode: PoolMode,
    pub(super) clients_max: u32,
    /// 0 for ever.
    pub(super) wait: Nanos,
    /// 0 never.
    pub(super) reserve_after: Nanos,
    /// 0 never.
    pub(super) idle_after: Nanos,
    pub(super) retry_after: Nanos,
    pub(super) cpu: Nanos,
}

/// The flaw under the name that this form has for what other pools call differently.
fn renamed(flaw: Flaw) -> Flaw {
    let path = match flaw.path.as_str() {
        "size" => "default_pool_size".to_owned(),
        "overflow" => "reserve_pool_size".to_owned(),
        "connect" => "server_connect".to_owned(),
        _ => return flaw,
    };
    Flaw { path, ..flaw }
}

impl Terms {
    pub(super) fn new(spec: &ConnectionPoolerSpec, site: &Site) -> Result<Self, Flaw> {
        if !site.place(&spec.to.0).map_or(true, |place| place.carries_leases) {
            let message = format!("{} sends each query where it likes", spec.to.0);
            return Err(Flaw::new("to", message, "name the database itself"));
        }
        let mut pool = PoolTerms::new(&spec.form(), site).map_err(renamed)?;
        pool.limit = spec.most() as u32;
        pool.size = pool.size.min(pool.limit);
        let clients_max = spec.clients();
        if !(1..=CLIENTS_MAX).contains(&clients_max) {
            let message = format!("{clients_max} clients are not possible");
            let remedy = format!("write 1 to {CLIENTS_MAX}");
            return Err(Flaw::new("max_client_conn", message, remedy));
        }
        let span =
            |written: Option<Duration>, else_s| written.map_or(else_s * SECOND, Duration::nanos);
        Ok(Terms {
            pool,
            mode: spec.pool_mode,
            clients_max,
            wait: spec.wait(),
            reserve_after: span(spec.reserve_pool_timeout, 5),
            idle_after: span(spec.server_idle_timeout, 600),
            retry_after: span(spec.server_login_retry, 15),
            cpu: span(spec.cpu, 0),
        })
    }

    pub(super) fn prepare(&mut self, lanes: &mut dyn FnMut(Nanos) -> Lane) {
        self.pool.prepare(lanes);
    }

    /// Whether one more server connection may be opened while the first in line has waited so
    /// long.
    pub(super) fn allows_one_more(&self, open: u32, waited: Nanos) -> bool {
        let is_reserve_due = self.reserve_after > 0 && waited >= self.reserve_after;
        open < if is_reserve_due { self.pool.limit } else { self.pool.size }
    }
}
