//! Active health checks: real requests on the proxy's own account, and what they conclude.

use serde::{Deserialize, Serialize};

use super::build::span;
use super::spec::HealthSpec;
use super::{LATE, PROBE, ReverseProxy, word};
use crate::engine::chance::{mix, name_key};
use crate::engine::kernel::Cx;
use crate::engine::request::{Ask, Cause, Outcome, Want};
use crate::rules::health::CheckTerms;
use crate::rules::servers::whole;
use crate::units::Duration;
use crate::wiring::{Flaw, Site};

/// Names the luck of checks.
const CHECK: u64 = name_key("reverse proxy health check");

/// How peers are checked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Health {
    terms: CheckTerms,
    alert: u32,
}

impl Health {
    pub(super) fn new(spec: &HealthSpec, site: &Site) -> Result<Self, Flaw> {
        let at = |flaw| Flaw { path: "health.endpoint".into(), ..flaw };
        let endpoint = Some(site.endpoint(&spec.endpoint.0).map_err(at)?);
        let interval = span("health.interval", spec.interval, 2)?;
        let timeout = spec.timeout.map_or(interval, Duration::nanos);
        if timeout == 0 || timeout > interval {
            let (timeout, interval) = (Duration(timeout), Duration(interval));
            let message = format!("a timeout of {timeout} does not fit an interval of {interval}");
            let remedy = "write a timeout above zero and at most the interval";
            return Err(Flaw::new("health.timeout", message, remedy));
        }
        let count = |path, given, default| whole(path, given, (default, 1, 1_000));
        let rise = count("health.rise", spec.rise, 2)?;
        let fall = count("health.fall", spec.fall, 3)?;
        Ok(Health {
            terms: CheckTerms { endpoint, interval, timeout, rise, fall },
            alert: count("health.alert", spec.alert, 10)?,
        })
    }
}

impl ReverseProxy {
    /// Checks of a peer begin; those of several are spread over the interval.
    pub(super) fn watch_peer(&mut self, cx: &mut Cx<'_>, peer: u32) {
        let Some(health) = &self.health else { return };
        let count = self.roster.peers.len() as u64;
        let offset = health.terms.interval * u64::from(peer) / count;
        self.checks[peer as usize].schedule(cx, offset, word(PROBE, peer));
    }

    /// Checks of a peer end: it left the group, or the proxy dies.
    pub(super) fn unwatch_peer(&mut self, cx: &mut Cx<'_>, peer: u32) {
        self.checks[peer as usize].end(cx);
        self.roster.peers[peer as usize].is_healthy = true;
    }

    /// The next check of a peer.
    pub(super) fn probe(&mut self, cx: &mut Cx<'_>, peer: u32) {
        self.probe_late(cx, peer);
        let Some(Health { terms, .. }) = &self.health else { return };
        self.counts.checks += 1;
        self.probes += 1;
        let luck = mix(mix(cx.source_key(), CHECK ^ u64::from(peer)), self.probes);
        let ask = Ask {
            luck,
            client: CHECK,
            key: 0,
            demand: 0,
            lease: 0,
            endpoint: terms.endpoint.unwrap_or(0),
            want: Want::Answer,
        };
        let node = self.roster.peers[peer as usize].node;
        let words = (word(PROBE, peer), word(LATE, peer));
        self.checks[peer as usize].ask(cx, terms, (ask, node), words);
    }

    /// The time for the answer is over.
    pub(super) fn probe_late(&mut self, cx: &mut Cx<'_>, peer: u32) {
        if self.checks[peer as usize].expire(cx) {
            self.checked(cx, peer, Outcome::Failed(Cause::Timeout));
        }
    }

    /// The answer to a check.
    pub(super) fn probed(&mut self, cx: &mut Cx<'_>, peer: u32, outcome: Outcome) {
        self.checks[peer as usize].heard(cx);
        self.checked(cx, peer, outcome);
    }

    fn checked(&mut self, cx: &mut Cx<'_>, index: u32, outcome: Outcome) {
        let Some(health) = &self.health else { return };
        let check = &mut self.checks[index as usize];
        let peer = &mut self.roster.peers[index as usize];
        let was_healthy = peer.is_healthy;
        peer.is_healthy = check.conclude(&health.terms, outcome.is_done(), was_healthy);
        let (name, streak) = (&peer.name, check.streak);
        let Outcome::Failed(cause) = outcome else {
            if peer.is_healthy && !was_healthy {
                cx.journal(format!("{name} is back: {streak} good checks"));
            }
            return;
        };
        self.counts.checks_failed += 1;
        let why = cause.name().replace('_', " ");
        if was_healthy && !peer.is_healthy {
            cx.journal(format!("{name} is out: {streak} failed checks, the last: {why}"));
        }
        if streak == health.alert {
            cx.journal(format!("alert: {name} failed {streak} checks in a row: {why}"));
        }
    }
}
