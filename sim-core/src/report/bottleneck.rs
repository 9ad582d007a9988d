//! The bottleneck, named with its evidence.
//!
//! Of all saturated resources the most downstream one is to blame. A resource is a victim, and not
//! to blame, when it is held mostly for others (its places are taken while little is worked on at
//! its part) and a part that it calls, directly or through others, is saturated or down for at
//! least half of the same time; or when a resource further inside the same part is. Of several that
//! are left, one that is down is named if most losses are broken connections, else the one at which
//! most time was waited.

use serde::{Deserialize, Serialize};

use super::facts::{Facts, ratio, seconds};
use super::figures::{clock, count, duration_ms, percent, significant};
use super::saturation::{Kind, Saturated, saturated, trend};
use crate::engine::request::Cause;
use crate::engine::tally::Causes;
use crate::engine::time::Nanos;

/// What limits the cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bottleneck {
    /// The part, or one instance of it; `None` when nothing is saturated.
    pub node: Option<String>,
    /// Its resource; `None` when the part is down or nothing is saturated.
    pub resource: Option<String>,
    /// Why, in a sentence with figures.
    pub reason: String,
    /// When it was saturated first, seconds.
    pub from_s: Option<f64>,
    /// Until when, seconds.
    pub to_s: Option<f64>,
    /// How long in all, seconds.
    pub saturated_s: f64,
    /// The stretches of time in which it was, from and to, seconds.
    #[serde(default)]
    pub stretches: Vec<(f64, f64)>,
    /// Others that are full only because they wait for it, like `web workers`.
    pub victims: Vec<String>,
    /// Others that are saturated by themselves.
    pub also: Vec<String>,
}

pub(super) fn bottleneck(facts: &Facts<'_>, causes: &Causes) -> Bottleneck {
    let all = saturated(facts);
    let (victims, mut roots): (Vec<&Saturated>, Vec<&Saturated>) =
        all.iter().partition(|one| all.iter().any(|other| suffers(facts, one, other)));
    let broken: u64 = [Cause::Refused, Cause::Reset, Cause::NoBackend, Cause::Lost]
        .iter()
        .map(|&cause| causes[cause as usize])
        .sum();
    let torn = broken * 2 > causes.iter().sum::<u64>();
    let weight =
        |one: &Saturated| (torn && one.kind == Kind::Down, one.waiting_ns, one.turned_away);
    roots.sort_by(|a, b| weight(b).cmp(&weight(a)).then(a.from.cmp(&b.from)));
    let Some((worst, also)) = roots.split_first() else { return nothing(facts) };
    Bottleneck {
        node: Some(node(facts, worst)),
        resource: resource(facts, worst),
        reason: reason(facts, worst),
        from_s: Some(seconds(worst.from)),
        to_s: Some(seconds(worst.to)),
        saturated_s: seconds(worst.lasted),
        stretches: stretches(facts, &worst.when),
        victims: victims.iter().map(|one| name(facts, one)).collect(),
        also: also.iter().map(|one| name(facts, one)).collect(),
    }
}

/// Flagged frames that follow each other, as stretches of time.
fn stretches(facts: &Facts<'_>, when: &[bool]) -> Vec<(f64, f64)> {
    let mut all: Vec<(f64, f64)> = Vec::new();
    for (frame, _) in facts.measured.iter().zip(when).filter(|(_, flagged)| **flagged) {
        let (from, to) = (seconds(frame.start), seconds(frame.end));
        match all.last_mut() {
            Some(last) if last.1 == from => last.1 = to,
            _ => all.push((from, to)),
        }
    }
    all
}

/// Whether `one` is full only because of `other`.
fn suffers(facts: &Facts<'_>, one: &Saturated, other: &Saturated) -> bool {
    let mut pairs = one.when.iter().zip(&other.when);
    let both = pairs.clone().filter(|(a, b)| **a && **b).count();
    let overlap = both * 2 >= pairs.by_ref().filter(|(a, _)| **a).count() && both > 0;
    if !overlap || one.kind == Kind::Down {
        return false;
    }
    if one.part == other.part {
        return one.resource < other.resource && other.kind != Kind::TurnsAway;
    }
    one.away > 0.5 && calls(facts, one.part, other.part) && !calls(facts, other.part, one.part)
}

/// Whether a part calls another, directly or through others.
fn calls(facts: &Facts<'_>, from: usize, to: usize) -> bool {
    let mut reached = vec![false; facts.parts.len()];
    let mut open = vec![from];
    while let Some(part) = open.pop() {
        for &next in &facts.parts[part].calls {
            if !std::mem::replace(&mut reached[next], true) {
                open.push(next);
            }
        }
    }
    reached[to]
}

fn node(facts: &Facts<'_>, one: &Saturated) -> String {
    match one.kind {
        Kind::OneInstance(index) => facts.parts[one.part].instances[index].name.to_owned(),
        _ => facts.parts[one.part].name.to_owned(),
    }
}

fn resource(facts: &Facts<'_>, one: &Saturated) -> Option<String> {
    one.resource.map(|index| facts.parts[one.part].resources[index].to_owned())
}

fn name(facts: &Facts<'_>, one: &Saturated) -> String {
    let (node, resource) = (node(facts, one), resource(facts, one));
    let resource = resource.unwrap_or_else(|| "down".to_owned());
    if node == resource { node } else { format!("{node} {resource}") }
}

fn reason(facts: &Facts<'_>, one: &Saturated) -> String {
    let (name, when) = (name(facts, one), when(facts, one));
    let mut said = match one.kind {
        Kind::Down => {
            return format!("{}: no instance in service {when}", facts.parts[one.part].name);
        }
        Kind::OneInstance(index) => return lopsided(facts, one, index),
        Kind::TurnsAway => {
            format!("{name}: turned {} requests away {when}", count(one.turned_away))
        }
        Kind::Full => format!("{name}: {} busy {when}", percent(one.utilisation.min(1.0))),
    };
    if one.queue_mean > 0.0 {
        said.push_str(&format!(", {} in line on average", significant(one.queue_mean)));
    }
    let frames = &facts.measured[facts.measured.len().saturating_sub(10)..];
    let (slope, t, _) = trend(frames, one.part, one.resource.unwrap_or(0));
    if t > 4.0 && slope > 0.0 && one.when.last() == Some(&true) && one.kind == Kind::Full {
        said.push_str(&format!(", still growing by {}/s at the end", significant(slope)));
    }
    if one.turned_away > 0 && one.kind != Kind::TurnsAway {
        said.push_str(&format!(", {} turned away", count(one.turned_away)));
    }
    if one.away > 0.5 && one.resource == Some(0) {
        said.push_str(&held_for(facts, one));
    } else if let Some(most) = facts.form(one.part, middle(facts, one)).bound().per_second {
        said.push_str(&format!("; an instance can serve at most {}/s", significant(most)));
    }
    said
}

/// When half of the time had passed in which it was saturated: which form was in force then.
fn middle(facts: &Facts<'_>, one: &Saturated) -> Nanos {
    let flagged = facts.measured.iter().zip(&one.when).filter(|(_, on)| **on);
    let middle = flagged.clone().count() / 2;
    flagged.map(|(frame, _)| frame.start).nth(middle).unwrap_or(one.from)
}

/// A full resource whose places are held while others, who are not full, work.
fn held_for(facts: &Facts<'_>, one: &Saturated) -> String {
    let names: Vec<&str> =
        facts.parts[one.part].calls.iter().map(|&part| facts.parts[part].name).collect();
    let whom = if names.is_empty() { "others".to_owned() } else { names.join(", ") };
    format!("; {} of that is held waiting for {whom}, which has room", percent(one.away))
}

fn lopsided(facts: &Facts<'_>, one: &Saturated, index: usize) -> String {
    let part = &facts.parts[one.part];
    let stations = || part.instances.iter().map(|i| i.stations[one.resource.unwrap_or(0)]);
    let others = stations().enumerate().filter(|(other, _)| *other != index);
    let (busy, capacity) = others.fold((0, 0), |(busy, capacity), (_, station)| {
        (busy + station.busy.area_at(facts.now), capacity + station.capacity.area_at(facts.now))
    });
    let rest = if capacity > 0 { busy as f64 / capacity as f64 } else { 0.0 };
    let wait = stations().nth(index).and_then(|s| s.mean_wait()).unwrap_or(0.0);
    format!(
        "{}: {} busy while the other instances of {} are {} busy; requests wait {} there",
        name(facts, one),
        percent(one.utilisation.min(1.0)),
        part.name,
        percent(rest),
        duration_ms(wait / 1e6),
    )
}

fn when(facts: &Facts<'_>, one: &Saturated) -> String {
    let span = facts.now - facts.since;
    if one.lasted * 20 >= span * 19 {
        return "all the time".to_owned();
    }
    let gaps = (one.to - one.from).saturating_sub(one.lasted);
    let total = if gaps * 5 > one.lasted {
        format!(", {} in all", clock(one.lasted))
    } else {
        String::new()
    };
    format!("from {} to {}{total}", clock(one.from), clock(one.to))
}

fn nothing(facts: &Facts<'_>) -> Bottleneck {
    let resources = facts.parts.iter().enumerate().filter(|(_, part)| !part.source);
    let busiest = resources
        .flat_map(|(part, of)| (0..of.resources.len()).map(move |resource| (part, resource)))
        .map(|at| (busy(facts, at), at))
        .max_by(|(one, _), (other, _)| one.most.total_cmp(&other.most));
    let reason = match busiest {
        Some((Busy { average, most, at }, (part, resource))) => {
            let part = &facts.parts[part];
            format!(
                "nothing is saturated; the busiest is {} {}: {} at most, at {}, {} on average",
                part.name,
                part.resources[resource],
                percent(most),
                clock(at),
                percent(average),
            )
        }
        None => "nothing here has a capacity that could be used up".to_owned(),
    };
    Bottleneck {
        node: None,
        resource: None,
        reason,
        from_s: None,
        to_s: None,
        saturated_s: 0.0,
        stretches: Vec::new(),
        victims: Vec::new(),
        also: Vec::new(),
    }
}

/// How busy a resource is.
struct Busy {
    /// On average.
    average: f64,
    /// In its busiest frame, and when that began.
    most: f64,
    at: Nanos,
}

fn busy(facts: &Facts<'_>, (part, resource): (usize, usize)) -> Busy {
    let (mut busy, mut capacity) = (0_u128, 0_u128);
    let (mut most, mut at) = (0.0, 0);
    for frame in facts.measured {
        let Some(one) = frame.parts[part].resources.get(resource) else { continue };
        busy += u128::from(one.busy_ns);
        capacity += u128::from(one.capacity_ns);
        let share = ratio(one.busy_ns as f64, one.capacity_ns as f64);
        if share > most {
            (most, at) = (share, frame.start);
        }
    }
    Busy { average: ratio(busy as f64, capacity as f64), most, at }
}
