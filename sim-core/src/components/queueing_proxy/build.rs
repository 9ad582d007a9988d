//! From the form to the servers; every mistake in it is a flaw.

use super::servers::{Server, Servers};
use super::spec::{ProxyServerSpec, QueueingProxySpec};
use crate::components::{Clock, Limits};
use crate::engine::time::SECOND;
use crate::rules::health::CheckTerms;
use crate::rules::servers::{lines, whole};
use crate::units::Duration;
use crate::wiring::{Flaw, Site};

/// A time above zero, or none.
pub(super) fn span(path: &str, given: Option<Duration>) -> Result<Option<u64>, Flaw> {
    match given {
        Some(Duration(0)) => {
            let message = "a time of 0s lets nothing happen in time";
            Err(Flaw::new(path, message, "write a time above zero, or drop it"))
        }
        given => Ok(given.map(Duration::nanos)),
    }
}

/// The servers; each is in once the proxy sees it in service.
pub(super) fn servers(spec: &QueueingProxySpec, site: &Site) -> Result<Servers, Flaw> {
    let mut all: Vec<Server> = Vec::new();
    let line = |to| ProxyServerSpec { to, weight: None, maxconn: None, backup: false };
    for (path, line) in lines(spec.to.as_ref(), &spec.servers, line, "servers")? {
        let at = |field: &str| format!("{path}{field}");
        let place = site.place(&line.to.0).map_err(|flaw| Flaw { path: at("to"), ..flaw })?;
        if all.iter().any(|server| server.group == place.group) {
            let message = format!("{} is a server twice", line.to.0);
            return Err(Flaw::new(&at("to"), message, "name it once, with a weight"));
        }
        let weight = whole(&at("weight"), line.weight, (1, 0, 256))?;
        let maxconn = line.maxconn.or(spec.maxconn).unwrap_or(0);
        let is_one = place.members.len() == 1;
        all.extend(place.members.iter().enumerate().map(|(number, &node)| {
            let name = if is_one { line.to.0.clone() } else { format!("{}[{number}]", line.to.0) };
            Server::new((node, place.group), name, (weight, maxconn), line.backup)
        }));
    }
    Ok(Servers::new(all, spec.balance))
}

/// How servers are checked.
pub(super) fn check(spec: &QueueingProxySpec, site: &Site) -> Result<Option<CheckTerms>, Flaw> {
    let Some(check) = &spec.check else { return Ok(None) };
    let endpoint = check.endpoint.as_ref().map(|name| site.endpoint(&name.0)).transpose();
    let interval = span("check.inter", check.inter)?.unwrap_or(2 * SECOND);
    let timeout = span("check.timeout", check.timeout)?.unwrap_or(interval);
    if timeout > interval {
        let (timeout, interval) = (Duration(timeout), Duration(interval));
        let message = format!("a timeout of {timeout} does not fit an interval of {interval}");
        return Err(Flaw::new("check.timeout", message, "write at most the interval"));
    }
    Ok(Some(CheckTerms {
        endpoint: endpoint.map_err(|flaw| Flaw { path: "check.endpoint".into(), ..flaw })?,
        interval,
        timeout,
        rise: whole("check.rise", check.rise, (2, 1, 1_000))?,
        fall: whole("check.fall", check.fall, (3, 1, 1_000))?,
    }))
}

/// What others can disagree with.
pub(super) fn limits(spec: &QueueingProxySpec) -> Limits {
    let single = spec.to.iter().map(|to| to.0.clone());
    let whom: Vec<String> =
        single.chain(spec.servers.iter().map(|server| server.to.0.clone())).collect();
    let checked = spec.check.as_ref().and_then(|check| check.endpoint.as_ref());
    let checks = checked.map(|endpoint| (endpoint.0.clone(), whom.clone()));
    let after = spec.timeout_server.map(Duration::nanos);
    let awaits = after.map(|after| Clock { field: "timeout_server", after, whom });
    let queue = spec.timeout_queue.or(spec.timeout_connect).map(Duration::nanos);
    let waits = queue.map(|wait| ("timeout_queue", wait)).into_iter().collect();
    Limits { awaits, checks, waits, ..Limits::default() }
}
