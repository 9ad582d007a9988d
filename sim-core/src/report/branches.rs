//! Two branches of one run, compared over the time since they parted, in numbers and in words.
//!
//! Both share their luck (common random numbers), so what differs is what was changed in one of
//! them. Frames are the grain: the one in which they parted counts whole in both.

use serde::{Deserialize, Serialize};

use super::facts::{Facts, ratio, seconds, total};
use super::figures::{at, count, significant};
use super::frames::{RequestsFrame, rent_usd_per_hour, requests};
use super::objectives::{self, Unit};
use crate::engine::time::Nanos;
use crate::run::{Frame, Run};

/// How a branch did in a span of time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Stretch {
    /// Requests, and the latencies of those answered.
    pub requests: RequestsFrame,
    /// What its instances cost, USD/h on average; `None` without a price.
    pub usd_per_hour: Option<f64>,
    /// The value of each objective; `None` where too little happened.
    pub objectives: Vec<Option<f64>>,
}

/// An objective in both branches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ObjectivePair {
    /// As written.
    pub expression: String,
    /// What its values are measured in.
    pub unit: Unit,
    /// Its value in the original and in the fork.
    pub values: [Option<f64>; 2],
    /// Whether it held in the original and in the fork.
    pub held: [bool; 2],
}

/// What a change made of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// When the branches parted, s.
    pub parted_s: f64,
    /// Up to where both are known, s.
    pub until_s: f64,
    /// The branch without the change.
    pub original: Stretch,
    /// The branch with it.
    pub fork: Stretch,
    /// Every objective of the scenario.
    pub objectives: Vec<ObjectivePair>,
}

impl Difference {
    /// The original and its fork since they parted (ns), as far as both have come; `None` before
    /// a frame has ended in both.
    #[must_use]
    pub fn of(original: &Run, fork: &Run, parted: Nanos) -> Option<Self> {
        let (from, until) = common(original.frames().all(), fork.frames().all(), parted)?;
        let [original_facts, fork_facts] = [original, fork].map(|run| within(run, from, until));
        let plan = original.plan();
        let [original, fork] = [stretch(&original_facts), stretch(&fork_facts)];
        let pair = |(index, objective): (usize, &crate::scenario::objective::Objective)| {
            let values = [original.objectives[index], fork.objectives[index]];
            ObjectivePair {
                expression: objective.expression.clone(),
                unit: objectives::unit(objective),
                held: values.map(|value| objective.holds(value)),
                values,
            }
        };
        let objectives = plan.objectives.iter().enumerate().map(pair).collect();
        let (parted_s, until_s) = (seconds(parted), seconds(until));
        Some(Difference { parted_s, until_s, original, fork, objectives })
    }

    /// Whether nothing that is compared differs.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.original == self.fork
    }

    /// The difference in sentences, the most telling first.
    #[must_use]
    pub fn story(&self) -> Vec<String> {
        let since = format!("Since {}", at(self.parted_s));
        if self.is_none() {
            return vec![format!("{since} both branches are equal so far.")];
        }
        let [was, is] = [&self.original, &self.fork];
        let (was_ms, is_ms) = (&was.requests, &is.requests);
        let tail = latency(("p99", was_ms.p99_ms, is_ms.p99_ms));
        let mut story = vec![format!("{since} the fork has {}; {tail}.", losses(was, is))];
        let half = latency(("p50", was_ms.p50_ms, is_ms.p50_ms));
        let most = latency(("p95", was_ms.p95_ms, is_ms.p95_ms));
        story.push(format!("Latency {half}; {most}."));
        story.extend(self.objectives.iter().map(objective));
        story.extend(cost(was.usd_per_hour, is.usd_per_hour));
        story
    }
}

/// `lost 1,203 requests fewer (57,349 -> 56,146)`.
fn losses(was: &Stretch, is: &Stretch) -> String {
    let (before, now) = (was.requests.failed, is.requests.failed);
    let both = format!("({} \u{2192} {})", count(before), count(now));
    let many =
        |n: u64| if n == 1 { "1 request".to_owned() } else { format!("{} requests", count(n)) };
    match now.cmp(&before) {
        std::cmp::Ordering::Equal if now == 0 => "lost no request, like the original".to_owned(),
        std::cmp::Ordering::Equal => format!("lost {}, as many as the original", many(now)),
        std::cmp::Ordering::Less => format!("lost {} fewer {both}", many(before - now)),
        std::cmp::Ordering::Greater => format!("lost {} more {both}", many(now - before)),
    }
}

fn latency((name, was, is): (&str, Option<f64>, Option<f64>)) -> String {
    let say = |value| Unit::Ms.say(value);
    match (was, is) {
        (Some(was), Some(is)) if was == is => format!("{name} is the same ({})", say(is)),
        (Some(was), Some(is)) => {
            let word = if is < was { "lower" } else { "higher" };
            let by = say(libm::fabs(is - was));
            format!("{name} {by} {word} ({} \u{2192} {})", say(was), say(is))
        }
        (None, Some(is)) => format!("{name} {} where the original answered nothing", say(is)),
        (Some(was), None) => format!("{name} was {}, and the fork answered nothing", say(was)),
        (None, None) => format!("{name} is of nothing: neither answered anything"),
    }
}

fn objective(pair: &ObjectivePair) -> String {
    let word = |held| if held { "met" } else { "missed" };
    let say = |value: Option<f64>| value.map_or("-".to_owned(), |value| pair.unit.say(value));
    let [was, is] = pair.held.map(word);
    let values = format!("({} \u{2192} {})", say(pair.values[0]), say(pair.values[1]));
    if was == is {
        return format!("{}: {is} in both {values}.", pair.expression);
    }
    format!("{}: {was} in the original, {is} in the fork {values}.", pair.expression)
}

fn cost(was: Option<f64>, is: Option<f64>) -> Option<String> {
    let (was, is) = (was?, is?);
    let say = |usd: f64| format!("{} USD/h", significant(usd));
    if libm::fabs(is - was) < 5e-4 {
        return Some(format!("Its instances cost the same, {}.", say(is)));
    }
    let word = if is < was { "less" } else { "more" };
    let by = say(libm::fabs(is - was));
    Some(format!("Its instances cost {by} {word} ({} \u{2192} {}).", say(was), say(is)))
}

/// The largest span of whole frames of both that begins where they parted.
fn common(one: &[Frame], other: &[Frame], parted: Nanos) -> Option<(Nanos, Nanos)> {
    let starts = |frames: &[Frame], at| frames.binary_search_by_key(&at, |f: &Frame| f.start);
    let ends = |frames: &[Frame], at| frames.binary_search_by_key(&at, |f: &Frame| f.end);
    let began = one.iter().rev().map(|frame| frame.start).filter(|start| *start <= parted);
    let from = began.into_iter().find(|start| starts(other, *start).is_ok())?;
    let mut ended = one.iter().rev().map(|frame| frame.end);
    let until = ended.find(|end| ends(other, *end).is_ok())?;
    (until > from.max(parted)).then_some((from, until))
}

/// What a run measured in a span, as if it had been all of it.
fn within(run: &Run, from: Nanos, until: Nanos) -> Facts<'_> {
    let mut facts = Facts::of(run);
    let first = facts.frames.partition_point(|frame| frame.start < from);
    let end = facts.frames.partition_point(|frame| frame.end <= until);
    facts.measured = &facts.frames[first..end];
    (facts.since, facts.now) = (from, until);
    facts
}

fn stretch(facts: &Facts<'_>) -> Stretch {
    let classes = facts.measured.iter().flat_map(|frame| &frame.classes);
    let usd_per_hour = facts.plan.blueprint.has_prices().then(|| {
        let usd =
            |frame: &Frame| rent_usd_per_hour(facts, frame) * (frame.end - frame.start) as f64;
        ratio(facts.measured.iter().map(usd).sum(), (facts.now - facts.since) as f64)
    });
    let value = |objective| objectives::in_stretch(facts, objective, usd_per_hour);
    let values = facts.plan.objectives.iter().map(value);
    Stretch { requests: requests(&total(classes)), usd_per_hour, objectives: values.collect() }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::scenario::{NoFiles, read};

    const BASE: &str = "busyhour: 1\nduration: 60s\nusers: {u: {enter: app, arrivals: 20/s, \
                        patience: 2s}}\nnodes:\n  app: {component: worker-pool, workers: 1, \
                        price: 1 USD/h, steps: [cpu: 80ms]}\nobjectives: [latency p(50) < 300ms]\n";

    fn run(events: &str) -> Run {
        let plan = read("t", &format!("{BASE}{events}"), &[], &NoFiles).plan.unwrap();
        Run::new(Arc::new(plan), 3).unwrap()
    }

    #[test]
    fn equal_branches_are_said_to_be_equal() {
        let (mut one, mut other) = (run(""), run(""));
        one.finish();
        other.advance(40_000_000_000, u64::MAX);
        let found = Difference::of(&one, &other, 20_000_000_000).unwrap();
        assert_eq!((found.is_none(), found.parted_s, found.until_s), (true, 20.0, 40.0));
        assert_eq!(found.story(), ["Since 20s both branches are equal so far."]);
        assert_eq!(Difference::of(&one, &other, 40_000_000_000), None);
    }

    #[test]
    fn a_difference_is_that_of_the_requests_since_the_branches_parted() {
        let (mut one, mut other) =
            (run(""), run("events: [{at: 20s, set: nodes.app.workers, to: 4}]"));
        one.finish();
        other.finish();
        let found = Difference::of(&one, &other, 20_000_000_000).unwrap();
        // as many were lost as in the whole runs, less what was lost before
        let lost = |run: &Run, from: u64| -> u64 {
            let since = run.frames().all().iter().filter(|frame| frame.start >= from);
            since.flat_map(|frame| &frame.classes).flat_map(|class| class.failed).sum()
        };
        let since = [&one, &other].map(|run| lost(run, 20_000_000_000));
        assert_eq!([found.original.requests.failed, found.fork.requests.failed], since);
        assert!(lost(&one, 0) > since[0] && since[0] > since[1], "{since:?}");
        assert_eq!(found.original.requests.issued, found.fork.requests.issued, "shared luck");
        assert_eq!(found.objectives[0].held, [false, true]);
        let story = found.story().join("\n");
        let fewer = format!(
            "lost {} requests fewer ({} \u{2192} {})",
            since[0] - since[1],
            since[0],
            since[1]
        );
        for wanted in [
            &fewer[..],
            "p99 ",
            " lower (",
            "latency p(50) < 300ms: missed in the original, met in the fork",
            "Its instances cost the same, 1.00 USD/h.",
        ] {
            assert!(story.contains(wanted), "{wanted}\n{story}");
        }
    }
}
