//! What a finished sweep says: the best points, what cannot be bettered, what each factor does.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::super::replications::Surety;
use super::design::Design;
use super::factor::{Factor, Levels, number, said};
use super::record::{Header, PointRecord};
use super::sensitivity::{Index, indices};
use crate::report::Unit;

/// What points are judged by: less is better of each.
pub(super) const GOALS: [(&str, &str, Unit); 3] = [
    ("latency_ms.p99", "latency p99", Unit::Ms),
    ("errors", "errors", Unit::Share),
    ("cost.usd_per_hour", "cost", Unit::UsdPerHour),
];

/// A factor with more values than this is shown in as many groups of equal size.
const VALUES_SHOWN: usize = 12;
const GROUPS: usize = 6;

/// A finished sweep.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// What it was made of.
    pub header: Header,
    /// What came of each point, by number.
    pub records: Vec<PointRecord>,
    /// Numbers of points, the best first: those that hold, the cheapest of them first; then the
    /// others by errors and latency.
    pub ranking: Vec<u32>,
    /// Numbers of points that no other betters in latency, errors and cost at once.
    pub front: Vec<u32>,
    /// What each factor does to each goal.
    pub effects: Vec<Effect>,
    /// Which share of each goal's variance each factor explains, where the design allows it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sensitivity: Vec<Sensitivity>,
}

/// Which share of a goal's variance each factor explains.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sensitivity {
    /// The goal, by the name of its figure.
    pub goal: String,
    /// Indices in the order of the factors; `None` where the goal does not vary or was not
    /// measured at every point.
    pub indices: Option<Vec<Index>>,
}

/// What a factor does: goals averaged over the points that share a value of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Effect {
    /// The factor's name.
    pub factor: String,
    /// By value or group of values.
    pub levels: Vec<Level>,
}

/// One value of a factor, or a group of neighbouring ones.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Level {
    /// The value, or the first and the last of a group.
    pub name: String,
    /// Points that have it.
    pub points: u32,
    /// Those of them at which the objectives hold.
    pub held: u32,
    /// The goals' means over these points: latency p99 in ms, errors as a share, cost in USD/h.
    pub means: [Option<f64>; GOALS.len()],
}

impl Outcome {
    /// What the points of a sweep say together.
    #[must_use]
    pub fn of(header: Header, records: Vec<PointRecord>) -> Self {
        let mut ranked: Vec<&PointRecord> = records.iter().collect();
        ranked.sort_by(|a, b| better(a, b).then(a.id.cmp(&b.id)));
        let ranking = ranked.iter().map(|record| record.id).collect();
        let effects = header.factors.iter().map(|factor| effect(factor, &records)).collect();
        let sensitivity = sensitivity(&header, &records);
        Outcome { front: front(&records), ranking, effects, sensitivity, header, records }
    }

    /// The record of a point.
    pub(super) fn record(&self, id: u32) -> Option<&PointRecord> {
        let at = self.records.binary_search_by_key(&id, |record| record.id).ok()?;
        self.records.get(at)
    }

    /// For programs.
    ///
    /// # Errors
    /// A sentence if a number cannot be written.
    pub fn to_json(&self) -> Result<String, String> {
        crate::report::indented(self)
    }

    /// The records, one a line, in the order of their numbers.
    ///
    /// # Errors
    /// A sentence if a number cannot be written.
    pub fn to_jsonl(&self) -> Result<String, String> {
        let line = |record: &PointRecord| serde_json::to_string(record).map(|text| text + "\n");
        self.records.iter().map(line).collect::<Result<_, _>>().map_err(|error| error.to_string())
    }
}

fn sensitivity(header: &Header, records: &[PointRecord]) -> Vec<Sensitivity> {
    if !matches!(header.design, Design::Saltelli(_)) {
        return Vec::new();
    }
    let of = |(goal, ..): (&str, &str, Unit)| {
        let values: Vec<Option<f64>> = records.iter().map(|record| record.value(goal)).collect();
        let indices = indices(&values, header.factors.len(), header.confidence);
        Sensitivity { goal: goal.to_owned(), indices }
    };
    GOALS.into_iter().map(of).collect()
}

fn goals(record: &PointRecord) -> [f64; GOALS.len()] {
    // nothing measured is the worst that can be measured: nobody was answered
    GOALS.map(|(name, ..)| record.value(name).unwrap_or(f64::INFINITY))
}

/// Whether one point is to be preferred: by verdict; among those that hold by cost, then latency.
#[must_use]
pub(super) fn better(a: &PointRecord, b: &PointRecord) -> Ordering {
    let rank = |record: &PointRecord| match record.verdict {
        Surety::Held => 0,
        Surety::NoObjectives | Surety::CannotTell => 1,
        Surety::Missed => 2,
    };
    let order = |record: &PointRecord| {
        let [p99, errors, cost] = goals(record);
        if record.verdict == Surety::Held { [cost, p99, errors] } else { [errors, p99, cost] }
    };
    let (first, second) = (order(a), order(b));
    let mut pairs = first.iter().zip(&second).map(|(a, b)| a.total_cmp(b));
    rank(a).cmp(&rank(b)).then_with(|| pairs.find(|o| o.is_ne()).unwrap_or(Ordering::Equal))
}

/// Points that no other betters, by number.
fn front(records: &[PointRecord]) -> Vec<u32> {
    let mut all: Vec<([f64; GOALS.len()], u32)> =
        records.iter().map(|record| (goals(record), record.id)).collect();
    // in this order nobody is bettered by one who comes later
    all.sort_by(|(a, i), (b, j)| {
        let mut pairs = a.iter().zip(b).map(|(a, b)| a.total_cmp(b));
        pairs.find(|o| o.is_ne()).unwrap_or(Ordering::Equal).then(i.cmp(j))
    });
    let mut kept: Vec<([f64; GOALS.len()], u32)> = Vec::new();
    for (goals, id) in all {
        let beats = |other: &[f64; GOALS.len()]| {
            other.iter().zip(&goals).all(|(a, b)| a <= b) && *other != goals
        };
        if !kept.iter().any(|(other, _)| beats(other)) {
            kept.push((goals, id));
        }
    }
    let mut ids: Vec<u32> = kept.into_iter().map(|(_, id)| id).collect();
    ids.sort_unstable();
    ids
}

fn effect(factor: &Factor, records: &[PointRecord]) -> Effect {
    let groups = groups(factor, records);
    let mut levels: Vec<Level> = Vec::new();
    for (at, name) in groups.names.iter().enumerate() {
        let inside = || records.iter().zip(&groups.of).filter(|(_, of)| **of == at).map(|(r, _)| r);
        levels.push(level(name, inside));
    }
    Effect { factor: factor.name.clone(), levels }
}

fn level<'a, I: Iterator<Item = &'a PointRecord>>(name: &str, inside: impl Fn() -> I) -> Level {
    Level {
        name: name.to_owned(),
        points: inside().count() as u32,
        held: inside().filter(|record| record.verdict == Surety::Held).count() as u32,
        means: GOALS.map(|(goal, ..)| mean(inside().filter_map(|record| record.value(goal)))),
    }
}

pub(super) fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, n) = values.fold((0.0, 0.0), |(sum, n), value| (sum + value, n + 1.0));
    (n > 0.0).then_some(sum / n)
}

/// Values of a factor in groups: each one by itself, or where there are many, neighbours together.
pub(super) struct Groups {
    /// What to call them.
    pub(super) names: Vec<String>,
    /// The group of each record.
    pub(super) of: Vec<usize>,
}

/// Groups the values of a factor at the points, in the order of the points.
pub(super) fn groups(factor: &Factor, records: &[PointRecord]) -> Groups {
    let all: Vec<&Json> = records.iter().map(|record| &record.values[&factor.name]).collect();
    let mut distinct: Vec<&Json> = Vec::new();
    let used: BTreeSet<String> = all.iter().map(|value| value.to_string()).collect();
    let mut seen = BTreeSet::new();
    // a list keeps its order
    let listed = if let Levels::Values(values) = &factor.levels { &values[..] } else { &[] };
    for value in listed.iter().chain(all.iter().copied()) {
        let text = value.to_string();
        if used.contains(&text) && seen.insert(text) {
            distinct.push(value);
        }
    }
    let numbers: Option<Vec<f64>> =
        distinct.iter().map(|value| number(value).map(|(n, _)| n)).collect();
    if let Some(numbers) = &numbers {
        let mut order: Vec<usize> = (0..distinct.len()).collect();
        order.sort_by(|a, b| numbers[*a].total_cmp(&numbers[*b]));
        distinct = order.into_iter().map(|at| distinct[at]).collect();
    }
    let count = distinct.len();
    let groups = if numbers.is_some() && count > VALUES_SHOWN { GROUPS } else { count };
    let group = |at: usize| at * groups / count;
    let mut names: Vec<String> = Vec::new();
    for index in 0..groups {
        let inside: Vec<&&Json> = distinct
            .iter()
            .enumerate()
            .filter(|(at, _)| group(*at) == index)
            .map(|(_, v)| v)
            .collect();
        let (first, last) = (said(inside[0]), said(inside[inside.len() - 1]));
        names.push(if first == last { first } else { format!("{first} to {last}") });
    }
    let places: BTreeMap<String, usize> =
        distinct.iter().enumerate().map(|(at, value)| (value.to_string(), group(at))).collect();
    Groups { names, of: all.iter().map(|value| places[&value.to_string()]).collect() }
}
