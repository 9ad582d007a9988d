//! Warnings about parts that are right by themselves and do not fit together.

mod clocks;
mod retries;
mod watchers;

use super::check::Graph;
use super::parts::ReadPart;
use super::plan::Blueprint;
use super::problem::{Code, Problem};
use crate::components::Limits;
use crate::engine::time::{Nanos, SECOND};
use crate::units::Duration;

/// What two parts can disagree about, of all parts.
struct Cluster<'a> {
    limits: &'a [Limits],
    blueprint: &'a Blueprint,
    graph: &'a Graph,
}

impl Cluster<'_> {
    fn name(&self, at: usize) -> &str {
        &self.blueprint.parts[at].name
    }

    /// The parts of these names.
    fn named<'a>(&'a self, names: &'a [String]) -> impl Iterator<Item = usize> + 'a {
        let parts = self.blueprint.parts.iter().enumerate();
        parts.filter(|(_, part)| names.contains(&part.name)).map(|(at, _)| at)
    }

    /// Whether requests can be under way for so long at a part with somebody waiting: its steps
    /// take long by themselves, or they ask others, and some user is that patient.
    fn can_last(&self, at: usize, nanos: Nanos) -> bool {
        let seconds = nanos as f64 / SECOND as f64;
        let work = &self.limits[at].work;
        let long = work.iter().any(|demand| demand.held_s * TAIL >= seconds);
        let asks = work.iter().any(|demand| demand.calls);
        let mut waits = self.users_of(at).map(|from| self.limits[from].leaves_after);
        (long || asks) && waits.any(|leaves| leaves.is_none_or(|leaves| leaves > nanos))
    }

    /// Those whose requests come to a part.
    fn users_of(&self, at: usize) -> impl Iterator<Item = usize> + '_ {
        let users = (0..self.limits.len()).filter(|&from| self.is_source(from));
        users.filter(move |&from| self.graph.reach(from).contains(&at))
    }

    /// Whether requests begin there.
    fn is_source(&self, at: usize) -> bool {
        self.blueprint.parts[at].form.asks().is_some()
    }
}

/// Hardly a request lasts so many times as long as the mean.
const TAIL: f64 = 20.0;

/// Warns of pools that add up to more than a server accepts, of times that do not fit each other,
/// of connections that the wrong end closes first, of workers that end together, of rules and
/// checks that look at the wrong thing, and of retries that multiply.
pub(super) fn check(
    graph: &Graph,
    parts: &[ReadPart],
    blueprint: &Blueprint,
    problems: &mut Vec<Problem>,
) {
    let limits: Vec<Limits> = blueprint.parts.iter().map(|part| part.form.limits()).collect();
    let cluster = Cluster { limits: &limits, blueprint, graph };
    for (at, part) in parts.iter().enumerate() {
        let found = pools(&cluster, at).into_iter().chain(timeouts(&cluster, at));
        let found = found.chain(clocks::peers(&cluster, at)).chain(clocks::stops(&cluster, at));
        let found = found.chain(watchers::scaling(&cluster, at));
        let found = found.chain(watchers::checks(&cluster, at));
        let found = found.chain(watchers::lookups(&cluster, at));
        let found = found.chain(watchers::own_work(&cluster, at));
        let found = found.chain(retries::stacked(&cluster, at));
        let found = found.chain(idle_ends(&cluster, at)).chain(recycling(&cluster, at));
        problems.extend(found.map(|(code, message, remedy)| {
            Problem::new(code, part.path.clone(), message).at(part.place).with_remedy(remedy)
        }));
    }
}

type Finding = (Code, String, String);

/// All pools before a server, with every instance that there can be.
fn pools(cluster: &Cluster<'_>, at: usize) -> Option<Finding> {
    let accepts = cluster.limits[at].accepts?;
    let name = cluster.name(at);
    let mut all = 0;
    let mut sums = Vec::new();
    for (part, limits) in cluster.blueprint.parts.iter().zip(cluster.limits) {
        for (_, each) in limits.opens.iter().filter(|(to, _)| to == name) {
            let instances = u64::from(part.prepared);
            all += each * instances;
            sums.push(match instances {
                1 => format!("{} {each}", part.name),
                _ => format!("{} {instances} x {each}", part.name),
            });
        }
    }
    (all > accepts).then(|| {
        let sums = sums.join(" + ");
        let message =
            format!("pools may open {all} connections ({sums}) to {name}, which accepts {accepts}");
        let remedy = "make the pools smaller, put a shared pool before it, or accept more";
        (Code::PoolArithmetic, message, remedy.to_owned())
    })
}

/// Timeouts on the way of users who leave before these fire.
fn timeouts(cluster: &Cluster<'_>, at: usize) -> Option<Finding> {
    let leaves = cluster.limits[at].leaves_after?;
    let late: Vec<String> = cluster
        .graph
        .reach(at)
        .into_iter()
        .flat_map(|to| cluster.limits[to].waits.iter().map(move |wait| (to, wait)))
        .filter(|(_, (_, wait))| *wait > leaves)
        .map(|(to, (field, wait))| format!("{}.{field} {}", cluster.name(to), Duration(*wait)))
        .collect();
    (!late.is_empty()).then(|| {
        let (name, leaves, late) = (cluster.name(at), Duration(leaves), late.join(", "));
        let message = format!(
            "{name} have gone after about {leaves}, before these timeouts fire: {late}; until then \
             the work goes on for nobody"
        );
        (Code::TimeoutOrder, message, format!("make them shorter than {leaves}"))
    })
}

/// Servers that close idle connections which a proxy would still use.
fn idle_ends(cluster: &Cluster<'_>, at: usize) -> Option<Finding> {
    let reuses = cluster.limits[at].reuses?;
    let hasty: Vec<(usize, Nanos)> = cluster
        .graph
        .far_ends(at, |part| cluster.limits[part].is_on_the_way)
        .into_iter()
        .filter_map(|to| Some((to, cluster.limits[to].keeps?)))
        .filter(|&(_, keeps)| keeps <= reuses)
        .collect();
    let shortest = hasty.iter().map(|&(_, keeps)| keeps).min()?;
    let told = hasty.iter().map(|&(to, keeps)| format!("{} {}", cluster.name(to), Duration(keeps)));
    let (name, told) = (cluster.name(at), told.collect::<Vec<_>>().join(", "));
    let message = format!(
        "{name} uses an idle connection again within {}, but servers close it before: {told}; a \
         request that crosses the close on the wire is reset, and is a 502 where it cannot be sent \
         again",
        Duration(reuses)
    );
    let remedy = format!(
        "raise the servers' keepalive above {}, or lower keepalive.timeout of {name} below {}",
        Duration(reuses),
        Duration(shortest)
    );
    Some((Code::IdleOrder, message, remedy))
}

/// Workers that all end after the same number of requests.
fn recycling(cluster: &Cluster<'_>, at: usize) -> Option<Finding> {
    let (requests, workers) = cluster.limits[at].recycles?;
    let all = u64::from(workers) * u64::from(cluster.blueprint.parts[at].prepared);
    (all > 1).then(|| {
        let message = format!(
            "all {all} workers of {} end after {requests} requests each, under even load at about \
             the same time",
            cluster.name(at)
        );
        let jitter = (requests / 10).max(1);
        (Code::RecycleTogether, message, format!("spread them: max_requests_jitter: {jitter}"))
    })
}
