//! From the form to the group of peers; every mistake in it is a flaw.

use super::peers::{Peer, Roster};
use super::spec::{Balance, ReverseProxySpec, ServerSpec};
use crate::engine::time::SECOND;
use crate::rules::servers::{lines, whole};
use crate::units::Duration;
use crate::wiring::{Flaw, Site};

/// Points of a ring at most, as for a thousand peers of weight 10.
const WEIGHT_MAX: u32 = 1_000;
const RING_WEIGHT_MAX: u64 = 10_000;

/// A time above zero.
pub(super) fn span(path: &str, given: Option<Duration>, default_s: u64) -> Result<u64, Flaw> {
    let nanos = given.map_or(default_s * SECOND, Duration::nanos);
    if nanos > 0 {
        return Ok(nanos);
    }
    let message = "a time of 0s lets nothing happen in time";
    Err(Flaw::new(path, message, format!("write a time above zero, like {default_s}s")))
}

/// Whole seconds, as nginx counts them.
fn seconds(path: &str, given: Option<Duration>, default_s: u64) -> Result<u64, Flaw> {
    let nanos = given.map_or(default_s * SECOND, Duration::nanos);
    if nanos.is_multiple_of(SECOND) {
        return Ok(nanos / SECOND);
    }
    let message = format!("{} is not in whole seconds", Duration(nanos));
    Err(Flaw::new(path, message, "write whole seconds, like 10s: nginx sees no others"))
}

/// The group of peers; each is listed once the proxy sees it in service.
pub(super) fn roster(spec: &ReverseProxySpec, site: &Site) -> Result<Roster, Flaw> {
    let mut peers: Vec<Peer> = Vec::new();
    let line = |to| ServerSpec {
        to,
        weight: None,
        max_fails: None,
        fail_timeout: None,
        max_conns: None,
        backup: false,
        down: false,
    };
    for (path, line) in lines(spec.to.as_ref(), &spec.servers, line, "peers")? {
        let at = |field: &str| format!("{path}{field}");
        let place = site.place(&line.to.0).map_err(|flaw| Flaw { path: at("to"), ..flaw })?;
        if peers.iter().any(|peer| peer.group == place.group) {
            let message = format!("{} is a server twice", line.to.0);
            return Err(Flaw::new(&at("to"), message, "name it once, with a weight"));
        }
        check_backup(spec.balance, &line, &at("backup"))?;
        let common = Peer {
            node: 0,
            group: place.group,
            name: String::new(),
            weight: whole(&at("weight"), line.weight, (1, 1, WEIGHT_MAX))?,
            max_fails: line.max_fails.or(spec.max_fails).unwrap_or(1),
            fail_timeout_s: seconds(
                &at("fail_timeout"),
                line.fail_timeout.or(spec.fail_timeout),
                10,
            )?,
            max_conns: line.max_conns.or(spec.max_conns).unwrap_or(0),
            is_backup: line.backup,
            is_down: line.down,
            is_listed: false,
            is_healthy: true,
        };
        let is_one = place.members.len() == 1;
        peers.extend(place.members.iter().enumerate().map(|(number, &node)| {
            let name = if is_one { line.to.0.clone() } else { format!("{}[{number}]", line.to.0) };
            Peer { node, name, ..common.clone() }
        }));
    }
    let has_ring = spec.balance == Balance::ConsistentHash;
    check_ring(&peers, has_ring)?;
    Ok(Roster::new(peers, has_ring))
}

fn check_backup(balance: Balance, line: &ServerSpec, path: &str) -> Result<(), Flaw> {
    if !line.backup || matches!(balance, Balance::RoundRobin | Balance::LeastConn) {
        return Ok(());
    }
    let message = "nginx knows no backup server with this balance";
    Err(Flaw::new(path, message, "use round_robin or least_conn, or drop backup"))
}

fn check_ring(peers: &[Peer], has_ring: bool) -> Result<(), Flaw> {
    let weight: u64 = peers.iter().map(|peer| u64::from(peer.weight)).sum();
    if !has_ring || weight <= RING_WEIGHT_MAX {
        return Ok(());
    }
    let message = format!("a ring for weights of {weight} in all is too large");
    Err(Flaw::new("servers", message, format!("lower the weights to {RING_WEIGHT_MAX} in all")))
}
