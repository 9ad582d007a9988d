//! What passes a request on to the next peer, and what an answer means in HTTP.

use serde::{Deserialize, Serialize};

use super::spec::{Condition, ReverseProxySpec};
use crate::components::{Clock, Limits, Tries};
use crate::engine::request::Cause;
use crate::engine::time::{Nanos, SECOND};
use crate::units::Duration;
use crate::wiring::{Flaw, Site};

/// The directives that begin with `proxy_next_upstream`, and what bears on them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct NextUpstream {
    /// One bit for each condition.
    on: u16,
    pub(super) tries: u32,
    timeout: Nanos,
    is_buffered: bool,
    /// Endpoints that are not idempotent, by number.
    post: Vec<u16>,
}

/// How long an answer is waited for where the form does not say it, s.
pub(super) const READ_TIMEOUT_S: u64 = 60;

/// The failures after which a request is passed on to the next peer.
fn passed_on(spec: &ReverseProxySpec) -> &[Condition] {
    spec.proxy_next_upstream.as_deref().unwrap_or(&[Condition::Error, Condition::Timeout])
}

/// What others can disagree with. A try that was refused has cost nobody anything; work is repeated
/// after an answer that is an error, and after waiting in vain.
pub(super) fn limits(spec: &ReverseProxySpec) -> Limits {
    use Condition::{Http429, Http500, Http502, Http503, Http504, Timeout};
    let single = spec.to.iter().map(|to| to.0.clone());
    let whom: Vec<String> =
        single.chain(spec.servers.iter().map(|server| server.to.0.clone())).collect();
    let after = spec.proxy_read_timeout.map_or(READ_TIMEOUT_S * SECOND, Duration::nanos);
    let listed = |condition| passed_on(spec).contains(&condition);
    let on_answer = [Http500, Http502, Http503, Http504, Http429].into_iter().any(listed);
    let most = spec.proxy_next_upstream_tries.filter(|&tries| tries > 0);
    let tries = (on_answer || listed(Timeout)).then(|| Tries {
        field: "proxy_next_upstream",
        most: most.map_or(u64::MAX, u64::from),
        peers: whom.clone(),
        after: (!on_answer).then_some(after),
    });
    let checks = spec.health.as_ref().map(|health| (health.endpoint.0.clone(), whom.clone()));
    let awaits = Some(Clock { field: "proxy_read_timeout", after, whom });
    Limits { awaits, checks, tries, ..Limits::default() }
}

/// How a try ended, where it could be followed by another one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Failure {
    pub(super) condition: Condition,
    pub(super) cause: Cause,
    /// The peer had got the request.
    pub(super) is_sent: bool,
}

fn bit(condition: Condition) -> u16 {
    1 << condition as u16
}

impl NextUpstream {
    pub(super) fn new(spec: &ReverseProxySpec, site: &Site) -> Result<Self, Flaw> {
        let post = spec.post.iter().enumerate().map(|(at, name)| {
            let path = format!("post[{at}]");
            site.endpoint(&name.0).map_err(|flaw| Flaw { path, ..flaw })
        });
        Ok(NextUpstream {
            on: passed_on(spec).iter().fold(0, |on, &condition| on | bit(condition)),
            tries: spec.proxy_next_upstream_tries.unwrap_or(0),
            timeout: spec.proxy_next_upstream_timeout.map_or(0, Duration::nanos),
            is_buffered: spec.proxy_request_buffering.unwrap_or(true),
            post: post.collect::<Result<_, _>>()?,
        })
    }

    /// Whether a request of an endpoint that has been under way for `spent` may be passed on.
    pub(super) fn allows(&self, failure: Failure, endpoint: u16, spent: Nanos) -> bool {
        let mut needed = bit(failure.condition);
        if failure.is_sent && self.post.contains(&endpoint) {
            needed |= bit(Condition::NonIdempotent);
        }
        self.on & needed == needed
            && (self.is_buffered || !failure.is_sent)
            && (self.timeout == 0 || spent < self.timeout)
    }
}

/// The status with which a living peer answers an error. What fails inside an application is its
/// own error, whatever the reason; queues, limits and proxies say more.
pub(super) fn status_of(cause: Cause) -> u16 {
    match cause {
        Cause::QueueFull | Cause::QueueTimeout => 503,
        Cause::RateLimited => 429,
        Cause::NoBackend => 502,
        Cause::GatewayTimeout => 504,
        Cause::Miss => 404,
        // the way to the login page
        Cause::LoggedOut => 302,
        _ => 500,
    }
}

/// The condition that lists an answer's status; a 404 has none here.
pub(super) fn condition_of(status: u16) -> Option<Condition> {
    match status {
        500 => Some(Condition::Http500),
        502 => Some(Condition::Http502),
        503 => Some(Condition::Http503),
        504 => Some(Condition::Http504),
        429 => Some(Condition::Http429),
        _ => None,
    }
}

/// The status that the client gets after a failure that nobody else makes good.
pub(super) fn status_after(condition: Condition) -> u16 {
    match condition {
        Condition::Timeout | Condition::Http504 => 504,
        Condition::Http500 => 500,
        Condition::Http503 => 503,
        Condition::Http429 => 429,
        Condition::Error | Condition::Http502 | Condition::NonIdempotent => 502,
    }
}
