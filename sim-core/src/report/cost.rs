//! What the cluster costs: price per hour of each instance, for the time that it was in service,
//! and the price of the traffic that left.
//!
//! An instance is paid for from when it comes into service until it has left it, its last requests
//! included, to half a frame; one that leaves within a minute is paid for a whole minute, as EC2
//! bills (per second, 60 s at least). Boot before service and the time in which a killed instance
//! is down are not paid for. Of several instances the one that came last leaves first.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::facts::{Facts, ratio, seconds};
use super::figures::significant;
use crate::engine::time::Nanos;
use crate::scenario::Rent;
use crate::scenario::plan::Change;

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
    /// Its machine type, where one is named; the last one of several.
    pub machine: Option<String>,
    /// The price of an instance, USD/h; the last one of several.
    pub usd_per_instance_hour: f64,
    /// Instances paid for, the mean over the measured time.
    pub instances_mean: f64,
    /// The traffic that leaves over it, where that has a price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traffic: Option<TrafficCost>,
    /// All its instances, and its traffic, USD/h.
    pub usd_per_hour: f64,
    /// Its share of the cost of all priced nodes, 0 to 1.
    pub share: f64,
}

/// What the traffic over one node costs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TrafficCost {
    /// What left in the measured time, 1,000,000,000 bytes each.
    pub gigabytes: f64,
    /// The price, USD/GB.
    pub usd_per_gb: f64,
    /// USD/h, the mean over the measured time.
    pub usd_per_hour: f64,
}

impl NodeCost {
    /// Whether instances are paid for, not traffic alone.
    pub(super) fn has_instances(&self) -> bool {
        self.traffic.is_none() || self.instances_mean > 0.0
    }

    /// A figure of its instances, where any are paid for.
    pub(super) fn or_dash(&self, figure: String) -> String {
        if self.has_instances() { figure } else { "-".to_owned() }
    }

    /// What is paid for, in words: a machine, traffic, or both.
    pub(super) fn paid_for(&self) -> String {
        let traffic = self.traffic.as_ref().map(|traffic| {
            let (gigabytes, price) = (traffic.gigabytes, traffic.usd_per_gb);
            format!("{} GB at {} USD/GB", significant(gigabytes), significant(price))
        });
        let all: Vec<String> = self.machine.clone().into_iter().chain(traffic).collect();
        if all.is_empty() { "-".to_owned() } else { all.join(", ") }
    }
}

/// `None` where no node has a price.
pub(super) fn cost(facts: &Facts<'_>) -> Option<Cost> {
    let blueprint = &facts.plan.blueprint;
    if !blueprint.has_prices() {
        return None;
    }
    let mut cost = Cost::default();
    for (index, part) in facts.parts.iter().enumerate() {
        let rent = blueprint.rents.get(part.name);
        let egress = blueprint.parts[index].form.egress();
        if rent.is_none() && egress.is_none() {
            if part.serves() {
                cost.not_priced.push(part.name.to_owned());
            }
            continue;
        }
        let traffic = egress.map(|usd_per_gb| traffic(facts, index, usd_per_gb));
        let (paid_s, usd) = rent.map_or((0.0, 0.0), |_| paid(facts, index));
        let of_traffic = traffic.as_ref().map_or(0.0, |traffic| traffic.usd_per_hour);
        let usd_per_hour = ratio(usd * HOUR_S, facts.span_s()) + of_traffic;
        cost.usd_per_hour += usd_per_hour;
        let last = rent_at(facts, index, facts.now).or(rent);
        let node = NodeCost {
            machine: last.and_then(|rent| rent.machine.clone()),
            usd_per_instance_hour: last.map_or(0.0, |rent| rent.usd_per_hour),
            instances_mean: ratio(paid_s, facts.span_s()),
            traffic,
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

fn traffic(facts: &Facts<'_>, part: usize, usd_per_gb: f64) -> TrafficCost {
    let megabytes = facts.parts[part].counts.get("megabytes").copied().unwrap_or(0);
    let gigabytes = megabytes as f64 / 1_000.0;
    let usd_per_hour = ratio(gigabytes * usd_per_gb * HOUR_S, facts.span_s());
    TrafficCost { gigabytes, usd_per_gb, usd_per_hour }
}

/// What an instance of a part costs at a time; `None` where nothing is paid for it.
pub(super) fn rent_at<'a>(facts: &Facts<'a>, part: usize, at: Nanos) -> Option<&'a Rent> {
    let resized = facts.plan.events.iter().rev().find_map(|event| match &event.change {
        Change::Resize { part: index, rent, .. } if *index as usize == part && event.at <= at => {
            Some(rent)
        }
        _ => None,
    });
    resized.or_else(|| facts.plan.blueprint.rents.get(facts.parts[part].name))
}

/// Instance-seconds of a part that are paid for after the warm-up, and what they cost, USD.
fn paid(facts: &Facts<'_>, part: usize) -> (f64, f64) {
    let (mut paid_s, mut usd) = (0.0, 0.0);
    let mut before = facts.plan.blueprint.parts[part].replicas;
    // when those came that came while it was played, the last one last
    let mut came: Vec<f64> = Vec::new();
    for frame in facts.frames {
        let now = frame.parts[part].instances;
        let length_s = seconds(frame.end - frame.start);
        let middle_s = seconds(frame.start) + length_s / 2.0;
        let mut instance_s = f64::from(before + now) / 2.0 * length_s;
        came.extend((before..now).map(|_| middle_s));
        for _ in now..before {
            let age = came.pop().map_or(MINIMUM_S, |at| middle_s - at);
            instance_s += (MINIMUM_S - age).max(0.0);
        }
        before = now;
        if frame.start >= facts.since {
            let price = rent_at(facts, part, frame.start).map_or(0.0, |rent| rent.usd_per_hour);
            paid_s += instance_s;
            usd += instance_s * price / HOUR_S;
        }
    }
    (paid_s, usd)
}
