//! Who looks at the wrong thing: rules at CPU that nobody uses, checks at somebody else's health,
//! look-ups by keys that never come again.

use super::{Cluster, Finding};
use crate::components::Limits;
use crate::scenario::problem::Code;

/// A rule for CPU time where workers are full before CPU is.
pub(super) fn scaling(cluster: &Cluster<'_>, at: usize) -> Option<Finding> {
    let (service, limit) = cluster.limits[at].scales_on_cpu.as_ref()?;
    let part = cluster.named(std::slice::from_ref(service)).next()?;
    let share = most_cpu(cluster, part)?;
    if share >= *limit {
        return None;
    }
    let message = format!(
        "{} looks at CPU (cpu > {:.0}%), but with every worker of {service} busy CPU is used by \
         {:.0} % at most: it never acts",
        cluster.name(at),
        limit * 100.0,
        share * 100.0
    );
    let remedy = "let it look at queue or p95, or give an instance more workers for its cores";
    Some((Code::BlindScaling, message, remedy.to_owned()))
}

/// The share of an instance's CPU time that its work can use at most, where that is known: the
/// endpoint that computes most, in every slot, and others as fast as they can be.
fn most_cpu(cluster: &Cluster<'_>, part: usize) -> Option<f64> {
    let own = &cluster.limits[part];
    let room = own.room?;
    let mut most: Option<f64> = None;
    for demand in &own.work {
        let asked: f64 = demand.kinds.iter().map(|kind| quickest(cluster, kind)).sum();
        let held = demand.held_s + asked;
        if demand.is_open || held <= 0.0 {
            return None;
        }
        let computing = (room.slots * demand.cpu_s / held).min(room.computing).min(room.cores);
        let share = if demand.cpu_s > 0.0 { computing / room.cores } else { 0.0 };
        most = Some(most.map_or(share, |most| most.max(share)));
    }
    most
}

/// How long a kind of query takes where it takes least, seconds.
fn quickest(cluster: &Cluster<'_>, kind: &str) -> f64 {
    let all = cluster.limits.iter().flat_map(|limits| &limits.takes);
    let times = all.filter(|(name, _)| name == kind).map(|(_, seconds)| *seconds);
    times.reduce(f64::min).unwrap_or(0.0)
}

/// A health check that depends on a database.
pub(super) fn checks(cluster: &Cluster<'_>, at: usize) -> Option<Finding> {
    let (endpoint, whom) = cluster.limits[at].checks.as_ref()?;
    let asks = |&part: &usize| {
        let work = &cluster.limits[part].work;
        let own = work.iter().find(|demand| demand.endpoint == *endpoint);
        own.is_some_and(|demand| demand.queries)
    };
    let server = cluster.named(whom).find(asks)?;
    let (own, web) = (cluster.name(at), cluster.name(server));
    let message = format!(
        "{own} checks {web} by {endpoint}, which queries the database: when that is slow, every \
         instance is taken out at once"
    );
    let remedy = format!("let {endpoint} compute only, and watch the database apart");
    Some((Code::CheckAsksDatabase, message, remedy))
}

/// Steps that take as long as their request says, and users who say nothing.
pub(super) fn own_work(cluster: &Cluster<'_>, at: usize) -> Option<Finding> {
    let takes = |limits: &Limits| limits.work.iter().any(|work| work.takes_own);
    if !takes(&cluster.limits[at]) {
        return None;
    }
    let silent = cluster.users_of(at).find(|&from| !cluster.limits[from].brings_demand)?;
    let (own, users) = (cluster.name(at), cluster.name(silent));
    let message = format!(
        "{own} takes the time that its request's own demand says, and {users} say nothing: their \
         requests take no time there"
    );
    let remedy = format!("write demand: {{exponential: 100ms}} at {users}, or a time at {own}");
    Some((Code::NoDemand, message, remedy))
}

/// Look-ups in a cache that nothing is ever found in.
pub(super) fn lookups(cluster: &Cluster<'_>, at: usize) -> Option<Finding> {
    let cache = cluster.limits[at].work.iter().flat_map(|demand| &demand.own_keys).next()?;
    if cluster.users_of(at).any(|from| cluster.limits[from].shares_objects) {
        return None;
    }
    let own = cluster.name(at);
    let message = format!(
        "{own} looks into {cache} by the request's own key, and every request has another one: \
         nothing is ever found there"
    );
    let remedy = format!(
        "say how keys come again: cached: {{in: {cache}, keys: {{n: 50_000, s: 0.9}}}}, or keys \
         at the users"
    );
    Some((Code::NeverFound, message, remedy))
}
