//! What the cluster costs: price per hour of each instance, for the time that it was in service.
//!
//! An instance is paid for from when it comes into service until it has left it, its last requests
//! included, to half a frame; one that leaves within a minute is paid for a whole minute, as EC2
//! bills (per second, 60 s at least). Boot before service and the time in which a killed instance
//! is down are not paid for. Of several instances the one that came last leaves first.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::facts::{Facts, ratio, seconds};

/// The shortest time that an instance is billed for, seconds.
const MINIMUM_S: f64 = 60.0;
const HOUR_S: f64 = 3_600.0;

/// What the nodes with a price cost, after the warm-up.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// All of them, USD/h, the mean over the measured time.
    pub usd_per_hour: f64,
    /// The same per 1,000 requests that were answered to somebody who waited; `None` if none was.
    pub usd_per_1000_good: Option<f64>,
    /// By node.
    pub nodes: IndexMap<String, NodeCost>,
    /// Nodes without a price: what they cost is in no figure.
    pub not_priced: Vec<String>,
}

/// What one node costs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NodeCost {
    /// Its machine type, where one is named.
    pub machine: Option<String>,
    /// The price of an instance, USD/h.
    pub usd_per_instance_hour: f64,
    /// Instances paid for, the mean over the measured time.
    pub instances_mean: f64,
    /// All its instances, USD/h.
    pub usd_per_hour: f64,
    /// Its share of the cost of all priced nodes, 0 to 1.
    pub share: f64,
}

/// `None` where no node has a price.
pub(super) fn cost(facts: &Facts<'_>) -> Option<Cost> {
    let rents = &facts.plan.blueprint.rents;
    if rents.is_empty() {
        return None;
    }
    let mut cost = Cost::default();
    for (index, part) in facts.parts.iter().enumerate() {
        let Some(rent) = rents.get(part.name) else {
            if part.serves() {
                cost.not_priced.push(part.name.to_owned());
            }
            continue;
        };
        let paid_s = paid_s(facts, index);
        let instances_mean = ratio(paid_s, facts.span_s());
        let usd_per_hour = instances_mean * rent.usd_per_hour;
        cost.usd_per_hour += usd_per_hour;
        let node = NodeCost {
            machine: rent.machine.clone(),
            usd_per_instance_hour: rent.usd_per_hour,
            instances_mean,
            usd_per_hour,
            share: 0.0,
        };
        cost.nodes.insert(part.name.to_owned(), node);
    }
    let good = facts.completed() as f64;
    let spent = cost.usd_per_hour * facts.span_s() / HOUR_S;
    cost.usd_per_1000_good = (good > 0.0).then(|| spent / good * 1_000.0);
    for node in cost.nodes.values_mut() {
        node.share = ratio(node.usd_per_hour, cost.usd_per_hour);
    }
    Some(cost)
}

/// Instance-seconds of a part that are paid for after the warm-up.
fn paid_s(facts: &Facts<'_>, part: usize) -> f64 {
    let mut paid = 0.0;
    let mut before = facts.plan.blueprint.parts[part].replicas;
    // when those came that came while it was played, the last one last
    let mut came: Vec<f64> = Vec::new();
    for frame in facts.frames {
        let now = frame.parts[part].instances;
        let length_s = seconds(frame.end - frame.start);
        let middle_s = seconds(frame.start) + length_s / 2.0;
        let measured = frame.start >= facts.since;
        if measured {
            paid += f64::from(before + now) / 2.0 * length_s;
        }
        came.extend((before..now).map(|_| middle_s));
        for _ in now..before {
            let age = came.pop().map_or(MINIMUM_S, |at| middle_s - at);
            if measured && age < MINIMUM_S {
                paid += MINIMUM_S - age;
            }
        }
        before = now;
    }
    paid
}
