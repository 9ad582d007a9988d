//! Active checks of the servers, and what follows from them.

use super::{LATE, PROBE, QueueingProxy};
use crate::engine::chance::{mix, name_key};
use crate::engine::kernel::Cx;
use crate::engine::request::{Ask, Cause, Outcome, Want};

/// Names the luck of checks.
const CHECK: u64 = name_key("queueing proxy check");

impl QueueingProxy {
    /// Checks of a server begin; those of several are spread over the interval.
    pub(super) fn watch(&mut self, cx: &mut Cx<'_>, index: u32) {
        let Some(terms) = &self.check else { return };
        let offset = terms.interval * u64::from(index) / self.checks.len() as u64;
        self.checks[index as usize].schedule(cx, offset, PROBE | u64::from(index));
    }

    /// Checks of a server end: it left, or the proxy dies.
    pub(super) fn unwatch(&mut self, cx: &mut Cx<'_>, index: u32) {
        self.checks[index as usize].end(cx);
        self.servers.all[index as usize].is_healthy = true;
    }

    /// The next check of a server.
    pub(super) fn probe(&mut self, cx: &mut Cx<'_>, index: u32) {
        self.probe_late(cx, index);
        let Some(terms) = &self.check else { return };
        self.counts.checks += 1;
        self.probes += 1;
        let (check, node) =
            (&mut self.checks[index as usize], self.servers.all[index as usize].node);
        let word = PROBE | u64::from(index);
        let Some(endpoint) = terms.endpoint else {
            check.schedule(cx, terms.interval, word);
            let is_there = cx.in_service(node);
            let outcome = if is_there { Outcome::Done } else { Outcome::Failed(Cause::Refused) };
            self.checked(cx, index, outcome);
            return;
        };
        let luck = mix(mix(cx.source_key(), CHECK ^ u64::from(index)), self.probes);
        let (client, key, demand, lease, want) = (CHECK, 0, 0, 0, Want::Answer);
        let ask = Ask { luck, client, key, demand, lease, endpoint, want };
        check.ask(cx, terms, (ask, node), (word, LATE | u64::from(index)));
    }

    /// The time for the answer is over.
    pub(super) fn probe_late(&mut self, cx: &mut Cx<'_>, index: u32) {
        if self.checks[index as usize].expire(cx) {
            self.checked(cx, index, Outcome::Failed(Cause::Timeout));
        }
    }

    /// The answer to a check.
    pub(super) fn probed(&mut self, cx: &mut Cx<'_>, index: u32, outcome: Outcome) {
        self.checks[index as usize].heard(cx);
        self.checked(cx, index, outcome);
    }

    fn checked(&mut self, cx: &mut Cx<'_>, index: u32, outcome: Outcome) {
        let Some(terms) = &self.check else { return };
        let check = &mut self.checks[index as usize];
        let server = &mut self.servers.all[index as usize];
        let was_healthy = server.is_healthy;
        server.is_healthy = check.conclude(terms, outcome.is_done(), was_healthy);
        let (name, streak) = (&server.name, check.streak);
        self.counts.checks_failed += u64::from(!outcome.is_done());
        match (was_healthy, server.is_healthy, outcome) {
            (true, false, Outcome::Failed(cause)) => {
                let why = cause.name().replace('_', " ");
                cx.journal(format!("{name} is out: {streak} failed checks, the last: {why}"));
                self.send_away(cx, index);
            }
            (false, true, _) => {
                cx.journal(format!("{name} is back: {streak} good checks"));
                self.take_over(cx, index);
            }
            _ => {}
        }
    }
}
