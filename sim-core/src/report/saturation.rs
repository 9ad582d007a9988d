//! Which resources were saturated, and in which frames: the evidence from which blame follows.
//!
//! A resource is saturated over a window of frames when it is at least 90 % busy and somebody had
//! to wait for it (the outermost resource of a part needs no queue: its places are all there is),
//! or when it is at least 80 % busy and requests there wait longer than they are worked on, or when
//! its line is longer than two requests per place and grows significantly. A part without an
//! instance in service is down. A resource that turns requests away is saturated while requests
//! fail.

use super::facts::{Facts, ratio, seconds};
use crate::engine::meter::Station;
use crate::engine::time::Nanos;
use crate::run::{Frame, PartFrame};

const FULL: f64 = 0.9;
const HIGH: f64 = 0.8;
/// Frames of a window at least: a single frame says little.
const WINDOW: usize = 5;
/// Mean holding times in a window at least: with fewer, a busy stretch is chance.
const HOLDS: f64 = 50.0;
/// Frames over which a line's growth is judged, and the t-value that makes it significant.
const TREND: usize = 10;
const T_SIGNIFICANT: f64 = 4.0;

/// Why a resource is held to be saturated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Full,
    Down,
    TurnsAway,
    /// One instance is full while the part as a whole is not.
    OneInstance(usize),
}

/// A saturated resource, with figures over its saturated frames.
#[derive(Clone, Debug)]
pub(super) struct Saturated {
    pub(super) part: usize,
    /// `None` for a part that is down.
    pub(super) resource: Option<usize>,
    pub(super) kind: Kind,
    /// By measured frame.
    pub(super) when: Vec<bool>,
    pub(super) from: Nanos,
    pub(super) to: Nanos,
    pub(super) lasted: Nanos,
    pub(super) utilisation: f64,
    pub(super) queue_mean: f64,
    /// Share of the places' time that was held for others, not for work here.
    pub(super) away: f64,
    /// Request-nanoseconds waited in the part.
    pub(super) waiting_ns: u128,
    pub(super) turned_away: u64,
}

pub(super) fn saturated(facts: &Facts<'_>) -> Vec<Saturated> {
    let mut found = Vec::new();
    for (index, part) in facts.parts.iter().enumerate().filter(|(_, part)| !part.source) {
        found.extend(down(facts, index));
        for resource in 0..part.resources.len() {
            found.extend(full(facts, index, resource));
        }
    }
    found
}

/// A part that had instances and has none.
fn down(facts: &Facts<'_>, part: usize) -> Option<Saturated> {
    let mut seen = facts.plan.blueprint.parts[part].replicas > 0;
    let when = facts.measured.iter().map(|frame| {
        let alive = frame.parts[part].instances > 0;
        seen |= alive;
        seen && !alive
    });
    describe(facts, (part, None), Kind::Down, when.collect())
}

fn full(facts: &Facts<'_>, part: usize, resource: usize) -> Option<Saturated> {
    let frames = facts.measured;
    let stations: Vec<&Station> =
        facts.parts[part].instances.iter().map(|i| i.stations[resource]).collect();
    let sums = Sums::of(frames, (part, resource));
    let width = width(frames, &sums, &stations);
    let mut when: Vec<bool> = (0..frames.len())
        .map(|index| {
            let from = index.saturating_sub(width / 2);
            let window = sums.over(from..(index + width / 2 + 1).min(frames.len()));
            is_full(&window, resource) || grows(facts, (index, &sums), (part, resource))
        })
        .collect();
    if when.iter().any(|&full| full) {
        sustained(&mut when, WINDOW.min(frames.len()));
        let found = describe(facts, (part, Some(resource)), Kind::Full, when);
        // a short burst of no consequence is not worth a name
        let worth = |found: &Saturated| seconds(found.lasted) * 50.0 >= facts.span_s();
        return found.filter(|found| worth(found) || found.turned_away > 0);
    }
    if stations.iter().any(|station| station.turned_away.count() > 0) {
        let failing = |frame: &Frame| frame.classes.iter().any(|c| c.failed.iter().any(|&n| n > 0));
        let when = frames.iter().map(failing).collect();
        return describe(facts, (part, Some(resource)), Kind::TurnsAway, when);
    }
    let hot =
        stations.iter().position(|s| stations.len() > 1 && s.utilisation(facts.now) >= FULL)?;
    let kind = Kind::OneInstance(hot);
    let found = describe(facts, (part, Some(resource)), kind, vec![true; frames.len()])?;
    let utilisation = stations[hot].utilisation(facts.now);
    (stations[hot].queue.mean(facts.now) >= 1.0).then_some(Saturated { utilisation, ..found })
}

/// Frames of a window: long enough for many holding times.
fn width(frames: &[Frame], sums: &Sums, stations: &[&Station]) -> usize {
    let busy = sums.over(0..frames.len()).busy;
    let seized: u64 = stations.iter().map(|station| station.seized()).sum();
    let Some(frame) = frames.first() else { return WINDOW };
    let held = ratio(busy as f64, seized as f64);
    let needed = ratio(held * HOLDS, (frame.end - frame.start) as f64);
    (libm::ceil(needed) as usize).clamp(WINDOW, frames.len().max(WINDOW))
}

fn is_full(window: &Sum, resource: usize) -> bool {
    let (busy, queue) = (window.utilisation(), window.queue_mean());
    let waits = busy >= HIGH && queue >= 1.0 && window.waiting > window.working;
    busy >= FULL && (resource == 0 || queue > 0.0) || waits
}

/// Whether the line at the end of a stretch of frames is long and has grown significantly: a
/// least-squares line through the mean lengths, judged by the t-value of its slope.
fn grows(facts: &Facts<'_>, (end, sums): (usize, &Sums), (part, resource): (usize, usize)) -> bool {
    // where nobody stands in line, nothing grows
    if end + 1 < TREND || sums.over(end + 1 - TREND..end + 1).queue == 0 {
        return false;
    }
    let stretch = &facts.measured[end + 1 - TREND..=end];
    let last = &stretch[TREND - 1];
    let places = ratio(
        last.parts[part].resources[resource].capacity_ns as f64,
        (last.end - last.start) as f64,
    );
    let (slope, t, last) = trend(stretch, part, resource);
    slope > 0.0 && t > T_SIGNIFICANT && last > 2.0 * places.max(1.0)
}

/// Slope in requests per second, its t-value, and the fitted length at the end.
pub(super) fn trend(stretch: &[Frame], part: usize, resource: usize) -> (f64, f64, f64) {
    let point = |frame: &Frame| {
        let span = (frame.end - frame.start) as f64;
        let queue = frame.parts.get(part).and_then(|p: &PartFrame| p.resources.get(resource));
        let length = ratio(queue.map_or(0.0, |r| r.queue_ns as f64), span);
        (seconds(frame.start) + span / 2e9, length)
    };
    let points: Vec<(f64, f64)> = stretch.iter().map(point).collect();
    let n = points.len() as f64;
    let mean_x = points.iter().map(|p| p.0).sum::<f64>() / n;
    let mean_y = points.iter().map(|p| p.1).sum::<f64>() / n;
    let xx: f64 = points.iter().map(|p| (p.0 - mean_x) * (p.0 - mean_x)).sum();
    let xy: f64 = points.iter().map(|p| (p.0 - mean_x) * (p.1 - mean_y)).sum();
    if points.len() < 3 || xx <= 0.0 {
        return (0.0, 0.0, mean_y);
    }
    let slope = xy / xx;
    let fit = |x: f64| mean_y + slope * (x - mean_x);
    let rest: f64 = points.iter().map(|p| (p.1 - fit(p.0)) * (p.1 - fit(p.0))).sum();
    let error = libm::sqrt(rest / (n - 2.0) / xx);
    let t = if error > 0.0 { slope / error } else { f64::MAX };
    (slope, t, fit(points[points.len() - 1].0))
}

/// Forgets stretches shorter than `least` frames.
fn sustained(when: &mut [bool], least: usize) {
    for stretch in when.chunk_by_mut(|a, b| a == b) {
        if stretch.len() < least {
            stretch.fill(false);
        }
    }
}

/// Of some frames together, at one resource of a part.
#[derive(Clone, Copy, Default)]
struct Sum {
    /// Place-nanoseconds.
    busy: u128,
    capacity: u128,
    /// Request-nanoseconds.
    queue: u128,
    waiting: u128,
    working: u128,
    span: Nanos,
}

impl Sum {
    /// The same with one frame more.
    fn with(mut self, frame: &Frame, (part, resource): (usize, usize)) -> Self {
        let part = &frame.parts[part];
        self.span += frame.end - frame.start;
        self.waiting += u128::from(part.spent_ns[0]);
        self.working += u128::from(part.spent_ns[1]);
        if let Some(more) = part.resources.get(resource) {
            self.busy += u128::from(more.busy_ns);
            self.capacity += u128::from(more.capacity_ns);
            self.queue += u128::from(more.queue_ns);
        }
        self
    }

    fn utilisation(&self) -> f64 {
        ratio(self.busy as f64, self.capacity as f64)
    }

    fn queue_mean(&self) -> f64 {
        ratio(self.queue as f64, self.span as f64)
    }
}

/// Sums over all frames before each, so that a window costs no more than its ends.
struct Sums(Vec<Sum>);

impl Sums {
    fn of(frames: &[Frame], at: (usize, usize)) -> Self {
        let mut sums = vec![Sum::default()];
        for (index, frame) in frames.iter().enumerate() {
            sums.push(sums[index].with(frame, at));
        }
        Sums(sums)
    }

    fn over(&self, frames: std::ops::Range<usize>) -> Sum {
        let (from, to) = (&self.0[frames.start], &self.0[frames.end]);
        Sum {
            busy: to.busy - from.busy,
            capacity: to.capacity - from.capacity,
            queue: to.queue - from.queue,
            waiting: to.waiting - from.waiting,
            working: to.working - from.working,
            span: to.span - from.span,
        }
    }
}

fn describe(
    facts: &Facts<'_>,
    (part, resource): (usize, Option<usize>),
    kind: Kind,
    when: Vec<bool>,
) -> Option<Saturated> {
    let flagged =
        || facts.measured.iter().zip(&when).filter(|(_, on)| **on).map(|(frame, _)| frame);
    let (from, to) = (flagged().next()?.start, flagged().next_back()?.end);
    let place = (part, resource.unwrap_or(0));
    let sum = flagged().fold(Sum::default(), |sum, frame| sum.with(frame, place));
    let turned = |resource: usize| -> u64 {
        let all = facts.parts[part].instances.iter();
        all.map(|instance| instance.stations[resource].turned_away.count()).sum()
    };
    Some(Saturated {
        part,
        resource,
        kind,
        from,
        to,
        lasted: sum.span,
        utilisation: sum.utilisation(),
        queue_mean: sum.queue_mean(),
        away: (1.0 - ratio(sum.working as f64, sum.busy as f64)).clamp(0.0, 1.0),
        waiting_ns: sum.waiting,
        turned_away: resource.map_or(0, turned),
        when,
    })
}
