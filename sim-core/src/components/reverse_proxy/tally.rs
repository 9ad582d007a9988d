//! What a proxy counts: requests by status, and what it did for them.

use serde::{Deserialize, Serialize};

use super::clients::Hello;
use crate::components::Survey;

/// The statuses that are told apart; any other one counts as 200, a 302 too.
const STATUSES: [(u16, &str); 8] = [
    (200, "status_200"),
    (404, "status_404"),
    (429, "status_429"),
    (499, "status_499"),
    (500, "status_500"),
    (502, "status_502"),
    (503, "status_503"),
    (504, "status_504"),
];

/// Counts since the warm-up.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Counts {
    by_status: [u64; STATUSES.len()],
    /// Requests sent to peers, passed on ones included.
    pub(super) tries: u64,
    /// Of them those that failed.
    pub(super) failures: u64,
    /// Connections to peers that were opened.
    pub(super) connects: u64,
    /// Times that a peer was left out for `fail_timeout` after it had been in use.
    pub(super) disabled: u64,
    /// Connections of clients closed because no socket was free.
    pub(super) dropped: u64,
    /// Requests that limit_req held back.
    pub(super) delayed: u64,
    /// Active checks.
    pub(super) checks: u64,
    /// Of them those that failed.
    pub(super) checks_failed: u64,
    handshakes: u64,
    resumed: u64,
}

impl Counts {
    pub(super) fn answer(&mut self, status: u16) {
        let at = STATUSES.iter().position(|&(known, _)| known == status).unwrap_or(0);
        self.by_status[at] += 1;
    }

    pub(super) fn greet(&mut self, hello: Hello) {
        match hello {
            Hello::Full => self.handshakes += 1,
            Hello::Resumed => self.resumed += 1,
            Hello::Kept => {}
        }
    }

    pub(super) fn show(&self, survey: &mut Survey<'_>) {
        let statuses = STATUSES.iter().zip(self.by_status);
        survey.counts.extend(statuses.map(|(&(_, name), count)| (name, count)));
        survey.counts.extend([
            ("tries", self.tries),
            ("failures", self.failures),
            ("connects", self.connects),
            ("disabled", self.disabled),
            ("dropped", self.dropped),
            ("delayed", self.delayed),
            ("checks", self.checks),
            ("checks_failed", self.checks_failed),
            ("handshakes", self.handshakes),
            ("handshakes_resumed", self.resumed),
        ]);
    }
}
