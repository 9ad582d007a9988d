//! Nodes: how busy they were and who waited at them.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::facts::{Facts, Instance, Part, ratio, seconds};
use crate::engine::meter::Station;
use crate::engine::time::Nanos;

/// A node of the scenario, all its instances together, after the warm-up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NodeReport {
    /// Its component.
    pub kind: String,
    /// The highest utilisation of its resources: time held over time there was to hold, 0 to 1.
    pub utilisation: f64,
    /// Requests in line on average, all lines together.
    pub queue_mean: f64,
    /// The longest line at one instance.
    pub queue_max: u32,
    /// Mean wait of a request here, ms, those who did not wait included; `None` if nobody came.
    pub wait_ms_mean: Option<f64>,
    /// Requests that found no room.
    pub turned_away: u64,
    /// Instances in service.
    pub instances: Instances,
    /// Its resources, from the outermost (held longest) to the innermost.
    pub resources: IndexMap<String, ResourceReport>,
    /// Figures of its component's own.
    pub counts: IndexMap<String, u64>,
    /// Each instance that was ever in service, where there are several.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub each: IndexMap<String, InstanceReport>,
}

/// How many instances were in service, at the ends of frames after the warm-up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instances {
    /// Fewest.
    pub min: u32,
    /// Most.
    pub max: u32,
    /// In the end.
    pub end: u32,
}

/// A resource of a node, all instances together, after the warm-up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ResourceReport {
    /// Places on average.
    pub capacity: f64,
    /// Time held over time there was to hold.
    pub utilisation: f64,
    /// In line for it on average.
    pub queue_mean: f64,
    /// The longest line at one instance.
    pub queue_max: u32,
    /// Mean wait of those who took a place, ms; `None` where nobody took one.
    pub wait_ms_mean: Option<f64>,
    /// Those who found no place, not even in line.
    pub turned_away: u64,
}

/// One instance of a node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct InstanceReport {
    /// The highest utilisation of its resources while it was in service.
    pub utilisation: f64,
    /// Requests in line on average.
    pub queue_mean: f64,
    /// The longest line.
    pub queue_max: u32,
}

pub(super) fn nodes(facts: &Facts<'_>) -> IndexMap<String, NodeReport> {
    let served = facts.parts.iter().enumerate().filter(|(_, part)| !part.source);
    served.map(|(index, part)| (part.name.to_owned(), node(facts, index, part))).collect()
}

fn node(facts: &Facts<'_>, index: usize, part: &Part<'_>) -> NodeReport {
    let mut resources = IndexMap::new();
    let (mut waited, mut visits) = (0, 0);
    for (place, name) in part.resources.iter().enumerate() {
        let stations: Vec<&Station> =
            part.instances.iter().filter_map(|i| i.stations.get(place).copied()).collect();
        waited += stations.iter().map(|station| station.wait_sum()).sum::<u128>();
        visits = visits.max(stations.iter().map(|station| station.seized()).sum::<u64>());
        resources.insert((*name).to_owned(), resource(&stations, facts.now, facts.span_s()));
    }
    let all = || resources.values();
    let counts = part.counts.iter().map(|(name, &n)| ((*name).to_owned(), n)).collect();
    NodeReport {
        kind: part.kind.to_owned(),
        utilisation: all().map(|r: &ResourceReport| r.utilisation).fold(0.0, f64::max),
        queue_mean: all().map(|resource| resource.queue_mean).sum(),
        queue_max: all().map(|resource| resource.queue_max).max().unwrap_or(0),
        wait_ms_mean: (visits > 0).then(|| waited as f64 / visits as f64 / 1e6),
        turned_away: all().map(|resource| resource.turned_away).sum(),
        instances: instances(facts, index),
        counts,
        each: each(facts, part),
        resources,
    }
}

fn resource(stations: &[&Station], now: Nanos, span_s: f64) -> ResourceReport {
    let area = |of: fn(&Station, Nanos) -> u128| -> f64 {
        stations.iter().map(|station| of(station, now)).sum::<u128>() as f64
    };
    let capacity = area(|station, now| station.capacity.area_at(now));
    let seized: u64 = stations.iter().map(|station| station.seized()).sum();
    let waited: u128 = stations.iter().map(|station| station.wait_sum()).sum();
    ResourceReport {
        capacity: ratio(capacity / 1e9, span_s),
        utilisation: ratio(area(|station, now| station.busy.area_at(now)), capacity),
        queue_mean: ratio(area(|station, now| station.queue.area_at(now)) / 1e9, span_s),
        queue_max: stations.iter().map(|station| station.queue.max()).max().unwrap_or(0),
        wait_ms_mean: (seized > 0).then(|| waited as f64 / seized as f64 / 1e6),
        turned_away: stations.iter().map(|station| station.turned_away.count()).sum(),
    }
}

fn instances(facts: &Facts<'_>, index: usize) -> Instances {
    let counts = facts.measured.iter().map(|frame| frame.parts[index].instances);
    Instances {
        min: counts.clone().min().unwrap_or(0),
        max: counts.clone().max().unwrap_or(0),
        end: facts.measured.last().map_or(0, |frame| frame.parts[index].instances),
    }
}

fn each(facts: &Facts<'_>, part: &Part<'_>) -> IndexMap<String, InstanceReport> {
    let offered = |i: &&Instance<'_>| i.stations.iter().any(|s| s.capacity.area_at(facts.now) > 0);
    if part.instances.len() < 2 {
        return IndexMap::new();
    }
    let instance = |instance: &Instance<'_>| {
        let stations = &instance.stations;
        let utilisation = stations.iter().map(|s| s.utilisation(facts.now)).fold(0.0, f64::max);
        let queued: u128 = stations.iter().map(|s| s.queue.area_at(facts.now)).sum();
        let queue_mean = ratio(queued as f64, seconds(facts.now - facts.since) * 1e9);
        let queue_max = stations.iter().map(|s| s.queue.max()).max().unwrap_or(0);
        (instance.name.to_owned(), InstanceReport { utilisation, queue_mean, queue_max })
    };
    part.instances.iter().filter(offered).map(instance).collect()
}
