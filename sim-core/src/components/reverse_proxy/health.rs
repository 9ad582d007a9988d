//! Active health checks: real requests on the proxy's own account, and what they conclude.

use serde::{Deserialize, Serialize};

use super::build::{span, whole};
use super::spec::HealthSpec;
use super::{LATE, PROBE, ReverseProxy, word};
use crate::engine::agenda::Timer;
use crate::engine::chance::{mix, name_key};
use crate::engine::kernel::Cx;
use crate::engine::request::{Ask, Cause, Outcome, ReqId, Want};
use crate::engine::time::Nanos;
use crate::units::Duration;
use crate::wiring::{Flaw, Site};

/// Names the luck of checks.
const CHECK: u64 = name_key("reverse proxy health check");

/// How peers are checked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Health {
    endpoint: u16,
    interval: Nanos,
    timeout: Nanos,
    rise: u32,
    fall: u32,
    alert: u32,
}

impl Health {
    pub(super) fn new(spec: &HealthSpec, site: &Site) -> Result<Self, Flaw> {
        let at = |flaw| Flaw { path: "health.endpoint".into(), ..flaw };
        let endpoint = site.endpoint(&spec.endpoint.0).map_err(at)?;
        let interval = span("health.interval", spec.interval, 2)?;
        let timeout = spec.timeout.map_or(interval, Duration::nanos);
        if timeout == 0 || timeout > interval {
            let (timeout, interval) = (Duration(timeout), Duration(interval));
            let message = format!("a timeout of {timeout} does not fit an interval of {interval}");
            let remedy = "write a timeout above zero and at most the interval";
            return Err(Flaw::new("health.timeout", message, remedy));
        }
        let count = |path, given, default| whole(path, given, (default, 1, 1_000));
        Ok(Health {
            endpoint,
            interval,
            timeout,
            rise: count("health.rise", spec.rise, 2)?,
            fall: count("health.fall", spec.fall, 3)?,
            alert: count("health.alert", spec.alert, 10)?,
        })
    }
}

/// The checks of one peer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Check {
    child: Option<ReqId>,
    next: Timer,
    late: Timer,
    is_good: bool,
    /// Checks in a row with that result.
    streak: u32,
}

impl Default for Check {
    fn default() -> Self {
        let (next, late) = (Timer::NONE, Timer::NONE);
        Check { child: None, next, late, is_good: true, streak: 0 }
    }
}

impl ReverseProxy {
    /// Checks of a peer begin; those of several are spread over the interval.
    pub(super) fn watch_peer(&mut self, cx: &mut Cx<'_>, peer: u32) {
        let Some(health) = &self.health else { return };
        let count = self.roster.peers.len() as u64;
        let check = &mut self.checks[peer as usize];
        cx.disarm(check.next);
        let offset = health.interval * u64::from(peer) / count;
        check.next = cx.after(offset, word(PROBE, peer));
    }

    /// Checks of a peer end: it left the group, or the proxy dies.
    pub(super) fn unwatch_peer(&mut self, cx: &mut Cx<'_>, peer: u32) {
        let check = std::mem::take(&mut self.checks[peer as usize]);
        cx.disarm(check.next);
        cx.disarm(check.late);
        if let Some(child) = check.child {
            cx.detach(child);
            cx.cancel(child);
        }
        self.roster.peers[peer as usize].is_healthy = true;
    }

    /// The next check of a peer.
    pub(super) fn probe(&mut self, cx: &mut Cx<'_>, peer: u32) {
        self.probe_late(cx, peer);
        let Some(health) = &self.health else { return };
        self.counts.checks += 1;
        self.probes += 1;
        let luck = mix(mix(cx.source_key(), CHECK ^ u64::from(peer)), self.probes);
        let ask = Ask {
            luck,
            client: CHECK,
            key: 0,
            demand: 0,
            lease: 0,
            endpoint: health.endpoint,
            want: Want::Answer,
        };
        let check = &mut self.checks[peer as usize];
        check.next = cx.after(health.interval, word(PROBE, peer));
        check.late = cx.after(health.timeout, word(LATE, peer));
        let node = self.roster.peers[peer as usize].node;
        check.child = Some(cx.fork(ask, None, node, word(PROBE, peer)));
    }

    /// The time for the answer is over.
    pub(super) fn probe_late(&mut self, cx: &mut Cx<'_>, peer: u32) {
        let check = &mut self.checks[peer as usize];
        if let Some(child) = check.child.take() {
            cx.disarm(check.late);
            cx.detach(child);
            cx.cancel(child);
            self.checked(cx, peer, Outcome::Failed(Cause::Timeout));
        }
    }

    /// The answer to a check.
    pub(super) fn probed(&mut self, cx: &mut Cx<'_>, peer: u32, outcome: Outcome) {
        let check = &mut self.checks[peer as usize];
        cx.disarm(check.late);
        check.child = None;
        self.checked(cx, peer, outcome);
    }

    fn checked(&mut self, cx: &mut Cx<'_>, index: u32, outcome: Outcome) {
        let Some(health) = &self.health else { return };
        let check = &mut self.checks[index as usize];
        let peer = &mut self.roster.peers[index as usize];
        check.streak = if check.is_good == outcome.is_done() { check.streak + 1 } else { 1 };
        check.is_good = outcome.is_done();
        let Outcome::Failed(cause) = outcome else {
            if !peer.is_healthy && check.streak >= health.rise {
                peer.is_healthy = true;
                cx.journal(format!("{} is back: {} good checks", peer.name, check.streak));
            }
            return;
        };
        self.counts.checks_failed += 1;
        let why = cause.name().replace('_', " ");
        if peer.is_healthy && check.streak >= health.fall {
            peer.is_healthy = false;
            let streak = check.streak;
            cx.journal(format!("{} is out: {streak} failed checks, the last: {why}", peer.name));
        }
        if check.streak == health.alert {
            let streak = check.streak;
            let text = format!("alert: {} failed {streak} checks in a row: {why}", peer.name);
            cx.journal(text);
        }
    }
}
