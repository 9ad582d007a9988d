//! What is known of a plan without playing it: its price, and objectives that it can never hold.

use super::Plan;
use crate::components::Bound;
use crate::engine::time::seconds;
use crate::scenario::objective::{Metric, Objective, Relation};

/// What instances cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Price {
    /// USD/h, at least.
    pub usd_per_hour: f64,
    /// Whether it is just that, however it is played: nothing adds, removes or resizes an
    /// instance, nothing fails, all is known, and no traffic is paid for.
    pub is_exact: bool,
}

/// By so much chance may make offered load less, or capacity more, than on average.
const CHANCE: f64 = 0.05;
/// A bound on a latency is missed for sure only where the line alone takes so many times as long.
const CLEARLY: f64 = 2.0;
/// Requests of a run at least, for its load to be near its mean.
const MANY: f64 = 1_000.0;

/// Everybody's way to the first part that has a limit.
struct Narrows {
    bound: Bound,
    part: usize,
    /// What all instances can serve, requests a second.
    can: f64,
    /// What is offered at most, requests a second.
    offered: f64,
}

impl Plan {
    /// The price of all instances.
    #[must_use]
    pub fn price(&self) -> Price {
        let parts = &self.blueprint.parts;
        let happens = !self.events.is_empty() || !self.recurring.is_empty() || self.doubt.is_some();
        let grown: Vec<String> =
            parts.iter().filter_map(|part| part.form.grows()).map(|(service, _)| service).collect();
        let traffic = parts.iter().any(|part| part.form.egress().is_some());
        let paid = parts.iter().filter(|part| !grown.contains(&part.name));
        let each = paid.filter_map(|part| {
            let rent = self.blueprint.rents.get(&part.name)?;
            Some(rent.usd_per_hour * f64::from(part.replicas))
        });
        let usd_per_hour = if happens { 0.0 } else { each.sum() };
        Price { usd_per_hour, is_exact: !happens && grown.is_empty() && !traffic }
    }

    /// Why no play of it can hold all objectives, where that follows from its forms alone: its
    /// price is above what it may cost, a part that all requests pass cannot serve what has to be
    /// served, or the load is above what it can serve all the time and the line alone takes too
    /// long. `None` where that is not certain.
    #[must_use]
    pub fn cannot_hold(&self) -> Option<String> {
        if self.doubt.is_some() {
            return None;
        }
        self.is_too_expensive().or_else(|| self.is_too_narrow()).or_else(|| self.is_overloaded())
    }

    fn is_too_expensive(&self) -> Option<String> {
        let price = self.price();
        let cost = self.objectives.iter().find(|one| one.metric == Metric::Cost)?;
        let too_much = price.is_exact && !cost.holds(Some(price.usd_per_hour));
        too_much.then(|| format!("its price is above \"{}\"", cost.expression))
    }

    /// Served cannot be more than can be served.
    fn is_too_narrow(&self) -> Option<String> {
        let wanted = self.objectives.iter().find(|one| {
            let counts = matches!(one.metric, Metric::Goodput | Metric::Throughput);
            counts && one.class.is_none() && is_floor(one.relation)
        })?;
        let narrows = self.narrows()?;
        let name = &self.blueprint.parts[narrows.part].name;
        let short = narrows.can * (1.0 + CHANCE) < wanted.bound;
        short.then(|| format!("{name} can serve less than \"{}\" asks for", wanted.expression))
    }

    /// Whoever neither fails nor is served stands in line, and the line grows all the time. Where
    /// it is served in order, those served have waited for all of it. The more unevenly instances
    /// are loaded the fewer have waited long, but one of them has at least its share.
    fn is_overloaded(&self) -> Option<String> {
        let steady = self.events.is_empty() && self.recurring.is_empty();
        let varies = self.blueprint.parts.iter().any(|part| part.form.varies());
        let overall = |one: &&Objective| one.class.is_none() && !is_floor(one.relation);
        let mut all = self.objectives.iter().filter(overall);
        let errors = all.clone().find(|one| one.metric == Metric::Errors)?.bound;
        let narrows = self.narrows().filter(|narrows| narrows.bound.in_order)?;
        let stays = narrows.offered * (1.0 - errors) * (1.0 - CHANCE);
        let length_s = seconds(self.duration);
        if !steady || varies || stays <= narrows.can || narrows.offered * length_s < MANY {
            return None;
        }
        let half_s = (seconds(self.warmup) + length_s) / 2.0;
        let part = &self.blueprint.parts[narrows.part];
        let instances = f64::from(part.prepared);
        let over = stays / narrows.can - 1.0;
        let waits_s = |one: &Objective| match one.metric {
            Metric::LatencyMean => half_s * over / (1.0 + instances * over),
            Metric::LatencyPercentile(p) if 2.0 * (1.0 - p / 100.0) * instances <= 1.0 => {
                half_s * over / (1.0 + over)
            }
            _ => 0.0,
        };
        let missed = all.find(|one| waits_s(one) * 1e3 > CLEARLY * one.bound)?;
        Some(format!(
            "more is offered to {} than it can serve, so \"{}\" is missed",
            part.name, missed.expression
        ))
    }

    /// The first part with a limit, where all users' requests come to it and pass through all
    /// parts before it.
    fn narrows(&self) -> Option<Narrows> {
        let parts = &self.blueprint.parts;
        let sources = (0..parts.len()).filter(|&at| parts[at].form.asks().is_some());
        let mut met: Option<usize> = None;
        for source in sources {
            let here = self.first_limit(source)?;
            if met.is_some_and(|met| met != here) {
                return None;
            }
            met = Some(here);
        }
        let part = met?;
        let bound = parts[part].form.bound();
        let can = bound.per_second? * f64::from(parts[part].prepared);
        let load = self.load();
        let offered = load.per_second.filter(|_| load.users.is_none())?;
        Some(Narrows { bound, part, can, offered })
    }

    fn first_limit(&self, source: usize) -> Option<usize> {
        let mut here = source;
        for _ in 0..self.blueprint.parts.len() {
            let [next] = self.blueprint.calls.get(here)?[..] else { return None };
            here = next as usize;
            let bound = self.blueprint.parts[here].form.bound();
            if bound.per_second.is_some() {
                return Some(here);
            }
            bound.forwards.then_some(())?;
        }
        None
    }
}

fn is_floor(relation: Relation) -> bool {
    matches!(relation, Relation::Above | Relation::AtLeast)
}

#[cfg(test)]
mod tests {
    use crate::scenario::{NoFiles, read};

    fn cannot(workers: u32, objectives: &str) -> Option<String> {
        let text = format!(
            "busyhour: 1\nduration: 100s\nusers: {{u: {{enter: lb, arrivals: 50/s}}}}\nnodes:\n  \
             lb: {{component: balancer, to: app}}\n  app: {{component: worker-pool, replicas: 2, \
             workers: {workers}, price: 1 USD/h, steps: [io: 100ms]}}\nobjectives: [{objectives}]\n"
        );
        let reading = read("x.yaml", &text, &[], &NoFiles);
        reading.plan.unwrap_or_else(|| panic!("{:?}", reading.problems)).cannot_hold()
    }

    #[test]
    fn what_cannot_hold_is_told_and_what_may_hold_is_not() {
        // two instances with two workers of 100 ms serve 40/s, with three 60/s
        let both = "errors < 1%, latency p(95) < 500ms";
        assert!(cannot(2, both).is_some_and(|why| why.contains("p(95)")));
        assert_eq!(cannot(3, both), None);
        assert_eq!(cannot(2, "latency p(95) < 500ms"), None, "it may fail the rest");
        assert_eq!(cannot(2, "errors < 1%"), None, "all of the rest may wait");
        assert_eq!(cannot(2, "errors < 30%, latency p(95) < 500ms"), None);
        assert_eq!(cannot(2, "errors < 1%, latency p(95) < 30s"), None, "the run is short");
        assert!(cannot(2, "goodput > 45/s").is_some() && cannot(3, "goodput > 45/s").is_none());
        assert!(cannot(3, "cost < 1.5 USD/h").is_some() && cannot(3, "cost < 3 USD/h").is_none());
    }
}
