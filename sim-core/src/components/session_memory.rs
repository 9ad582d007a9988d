//! The sessions that one instance of an application keeps in its own memory.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Unbounded};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Component, Limits, Survey};
use crate::engine::kernel::{Answer, Behaviour, Cancelled, Cx, Note};
use crate::engine::request::{Cause, Outcome, ReqId};
use crate::engine::time::{Nanos, SECOND};
use crate::units::Duration;
use crate::wiring::{EndpointName, Flaw, Site, Target};

/// What an instance knows of its users: who logged in here is known here, and nowhere else. All of
/// it is lost when the instance dies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SessionMemorySpec {
    /// The instance that gets what passes; it answers.
    pub to: Target,
    /// Endpoints that begin a session, once they are answered.
    pub login: Vec<EndpointName>,
    /// Endpoints that need no session; all others do. Default: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub open: Vec<EndpointName>,
    /// A session that is not used for this long ends; default 30m, as in the web.xml of Tomcat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
}

/// What a call remembers: whether its answer begins a session.
const LOGIN: u64 = 1;

/// The memory in a running world.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SessionMemory {
    to: u32,
    login: Vec<u16>,
    open: Vec<u16>,
    timeout: Nanos,
    /// Clients with a session, and when each was used last. Every new one looks at two others and
    /// drops those that have ended.
    sessions: BTreeMap<u64, Nanos>,
    cursor: u64,
    begun: u64,
    unknown: u64,
    lost: u64,
}

impl SessionMemory {
    fn begin(&mut self, client: u64, now: Nanos) {
        for _ in 0..2 {
            let mut after = self.sessions.range((Excluded(self.cursor), Unbounded));
            let next = after.next().or_else(|| self.sessions.first_key_value());
            let Some((&id, &used)) = next else { break };
            self.cursor = id;
            if now - used >= self.timeout {
                self.sessions.remove(&id);
            }
        }
        self.begun += 1;
        self.sessions.insert(client, now);
    }

    /// Uses a session, if there is one that has not ended.
    fn touch(&mut self, client: u64, now: Nanos) -> bool {
        let Some(used) = self.sessions.get_mut(&client) else { return false };
        let is_known = now - *used < self.timeout;
        if is_known {
            *used = now;
        }
        is_known
    }
}

fn numbers(names: &[EndpointName], path: &str, site: &Site) -> Result<Vec<u16>, Flaw> {
    let all = names.iter().enumerate();
    let number = |(at, name): (usize, &EndpointName)| {
        site.endpoint(&name.0).map_err(|flaw| Flaw { path: format!("{path}[{at}]"), ..flaw })
    };
    all.map(number).collect()
}

impl Component for SessionMemory {
    const NAME: &'static str = "session-memory";
    const SUMMARY: &'static str =
        "Sessions in an instance's own memory: who logged in here is known here, until it dies.";
    type Spec = SessionMemorySpec;

    fn build(spec: &SessionMemorySpec, site: &Site) -> Result<Self, Flaw> {
        if spec.login.is_empty() {
            let message = "no endpoint begins a session";
            return Err(Flaw::new("login", message, "name at least one, like login: [login]"));
        }
        let timeout = spec.timeout.map_or(1_800 * SECOND, Duration::nanos);
        if timeout == 0 {
            let message = "a session of 0s ends as it begins";
            return Err(Flaw::new("timeout", message, "write a time above zero, like 30m"));
        }
        Ok(SessionMemory {
            to: site.node(&spec.to).map_err(|flaw| Flaw { path: "to".into(), ..flaw })?,
            login: numbers(&spec.login, "login", site)?,
            open: numbers(&spec.open, "open", site)?,
            timeout,
            sessions: BTreeMap::new(),
            cursor: 0,
            begun: 0,
            unknown: 0,
            lost: 0,
        })
    }

    fn retune(
        &mut self,
        _cx: &mut Cx<'_>,
        spec: &SessionMemorySpec,
        site: &Site,
    ) -> Result<(), Flaw> {
        let fresh = Self::build(spec, site)?;
        (self.to, self.timeout) = (fresh.to, fresh.timeout);
        (self.login, self.open) = (fresh.login, fresh.open);
        Ok(())
    }

    fn limits(_spec: &SessionMemorySpec) -> Limits {
        Limits { is_on_the_way: true, ..Limits::default() }
    }

    fn survey<'a>(&'a self, survey: &mut Survey<'a>) {
        survey.counts.push(("sessions_begun", self.begun));
        survey.counts.push(("sessions_unknown", self.unknown));
        survey.counts.push(("sessions_lost", self.lost));
    }
}

impl Behaviour for SessionMemory {
    fn start(&mut self, _cx: &mut Cx<'_>) {}

    fn call(&mut self, cx: &mut Cx<'_>, req: ReqId) {
        let (endpoint, client) = (cx.ask(req).endpoint, cx.ask(req).client);
        if self.login.contains(&endpoint) {
            cx.call(req, self.to, LOGIN);
        } else if self.open.contains(&endpoint) || self.touch(client, cx.now()) {
            cx.call(req, self.to, 0);
        } else {
            self.unknown += 1;
            cx.reply(req, Outcome::Failed(Cause::LoggedOut));
        }
    }

    fn answer(&mut self, cx: &mut Cx<'_>, answer: Answer) {
        if answer.word == LOGIN && answer.outcome.is_done() {
            self.begin(cx.ask(answer.req).client, cx.now());
        }
        cx.reply(answer.req, answer.outcome);
    }

    fn cancelled(&mut self, cx: &mut Cx<'_>, gone: Cancelled) {
        cx.pass_on(gone);
    }

    /// What is given back goes to whom it belongs.
    fn note(&mut self, cx: &mut Cx<'_>, note: Note) {
        if let Note::Release { .. } = note {
            cx.note(self.to, note);
        }
    }

    /// Calls under way break when their answer finds this incarnation gone.
    fn stop(&mut self, cx: &mut Cx<'_>, _cause: Cause) {
        let (now, timeout) = (cx.now(), self.timeout);
        self.lost += self.sessions.values().filter(|&&used| now - used < timeout).count() as u64;
        self.sessions.clear();
    }

    fn reset_meters(&mut self, _now: Nanos) {
        (self.begun, self.unknown, self.lost) = (0, 0, 0);
    }
}
