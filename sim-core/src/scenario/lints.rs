//! Warnings about parts that are right by themselves and do not fit together.

mod clocks;
mod retries;
mod watchers;

use super::check::Graph;
use super::parts::ReadPart;
use super::plan::{Blueprint, Part};
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
        let comes = |from: &usize| self.graph.reach(*from).contains(&at);
        let users = (0..self.limits.len()).filter(|&from| self.is_source(from));
        let mut waits = users.filter(comes).map(|from| self.limits[from].leaves_after);
        (long || asks) && waits.any(|leaves| leaves.is_none_or(|leaves| leaves > nanos))
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
    for (at, own) in limits.iter().enumerate() {
        let found = pools(&limits, blueprint, (at, own)).into_iter();
        let found = found.chain(timeouts(&limits, (parts, graph), (at, own)));
        let found = found.chain(clocks::peers(&cluster, at)).chain(clocks::stops(&cluster, at));
        let found = found.chain(watchers::scaling(&cluster, at));
        let found = found.chain(watchers::checks(&cluster, at));
        let found = found.chain(watchers::lookups(&cluster, at));
        let found = found.chain(retries::stacked(&cluster, at));
        let found = found.chain(idle_ends(&limits, (parts, graph), (at, own)));
        let found = found.chain(recycling(&blueprint.parts[at], own));
        problems.extend(found.map(|(code, message, remedy)| {
            Problem::new(code, parts[at].path.clone(), message)
                .at(parts[at].place)
                .with_remedy(remedy)
        }));
    }
}

type Finding = (Code, String, String);

/// All pools before a server, with every instance that there can be.
fn pools(limits: &[Limits], blueprint: &Blueprint, (at, own): (usize, &Limits)) -> Option<Finding> {
    let accepts = own.accepts?;
    let name = &blueprint.parts[at].name;
    let mut all = 0;
    let mut sums = Vec::new();
    for (part, limits) in blueprint.parts.iter().zip(limits) {
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
fn timeouts(
    limits: &[Limits],
    (parts, graph): (&[ReadPart], &Graph),
    (at, own): (usize, &Limits),
) -> Option<Finding> {
    let leaves = own.leaves_after?;
    let late: Vec<String> = graph
        .reach(at)
        .into_iter()
        .flat_map(|to| limits[to].waits.iter().map(move |wait| (to, wait)))
        .filter(|(_, (_, wait))| *wait > leaves)
        .map(|(to, (field, wait))| format!("{}.{field} {}", parts[to].name, Duration(*wait)))
        .collect();
    (!late.is_empty()).then(|| {
        let (name, leaves, late) = (&parts[at].name, Duration(leaves), late.join(", "));
        let message = format!(
            "{name} have gone after about {leaves}, before these timeouts fire: {late}; until then \
             the work goes on for nobody"
        );
        (Code::TimeoutOrder, message, format!("make them shorter than {leaves}"))
    })
}

/// Servers that close idle connections which a proxy would still use.
fn idle_ends(
    limits: &[Limits],
    (parts, graph): (&[ReadPart], &Graph),
    (at, own): (usize, &Limits),
) -> Option<Finding> {
    let reuses = own.reuses?;
    let hasty: Vec<(usize, Nanos)> = graph
        .far_ends(at, |part| limits[part].is_on_the_way)
        .into_iter()
        .filter_map(|to| Some((to, limits[to].keeps?)))
        .filter(|&(_, keeps)| keeps <= reuses)
        .collect();
    let longest = hasty.iter().map(|&(_, keeps)| keeps).min()?;
    let told = hasty.iter().map(|&(to, keeps)| format!("{} {}", parts[to].name, Duration(keeps)));
    let (name, told) = (&parts[at].name, told.collect::<Vec<_>>().join(", "));
    let message = format!(
        "{name} uses an idle connection again within {}, but servers close it before: {told}; a \
         request that crosses the close on the wire is reset, and is a 502 where it cannot be sent \
         again",
        Duration(reuses)
    );
    let remedy = format!(
        "raise the servers' keepalive above {}, or lower keepalive.timeout of {name} below {}",
        Duration(reuses),
        Duration(longest)
    );
    Some((Code::IdleOrder, message, remedy))
}

/// Workers that all end after the same number of requests.
fn recycling(part: &Part, own: &Limits) -> Option<Finding> {
    let (requests, workers) = own.recycles?;
    let all = u64::from(workers) * u64::from(part.prepared);
    (all > 1).then(|| {
        let message = format!(
            "all {all} workers of {} end after {requests} requests each, under even load at about \
             the same time",
            part.name
        );
        let jitter = (requests / 10).max(1);
        (Code::RecycleTogether, message, format!("spread them: max_requests_jitter: {jitter}"))
    })
}
