//! Little's law, to the nanosecond: what gauges integrate is what requests have spent.
//!
//! Gauges count how many are there and integrate it over time; the kernel charges every request's
//! time to the place that holds it; components take the time between two marks of one request. The
//! three must agree in integers, in every frame of every run.

use sim_core::components::Form;
use sim_core::run::{PartFrame, ResourceFrame, Run};

use crate::support::{plan, play};

/// Requests of the run that ends empty.
const LIMIT: u64 = 20_000;

/// In each frame: the line's area is the time that requests waited in it, those who were served,
/// those who left and those who still wait; the servers' area is the time that requests were worked
/// on. Where servers are shared, requests beyond the cores count as well.
pub(super) fn holds_in_every_frame(run: &Run) {
    let parts = &run.plan().blueprint.parts;
    let shared: Vec<bool> = parts.iter().map(|part| is_shared(&part.form)).collect();
    for frame in run.frames().all() {
        for (part, shared) in frame.parts.iter().zip(&shared) {
            assert_eq!(fault(part, *shared), None, "in the frame from {} ns", frame.start);
        }
    }
}

/// Where gauges and requests disagree in a part.
fn fault(part: &PartFrame, shared: bool) -> Option<&'static str> {
    let [waiting, working, _] = part.spent_ns;
    let first = part.resources.first()?;
    let busy = if shared { first.busy_ns <= working } else { first.busy_ns == working };
    let cores = part.resources.get(1).is_none_or(|cpu| cpu.busy_ns + cpu.queue_ns == working);
    let checks = [
        (first.queue_ns == waiting, "the line's area is not the time waited in it"),
        (busy, "the servers' area is not the time worked"),
        (cores, "the cores' area and their queue's are not the time worked"),
    ];
    checks.iter().find(|(fine, _)| !fine).map(|(_, what)| *what)
}

fn is_shared(form: &Form) -> bool {
    form.to_json()["discipline"] == "processor-sharing"
}

/// The same users, but only so many requests, until the last one is answered: all the time that
/// they spent is the sum of their latencies and of the waits of those who gave up, and a line that
/// nobody gave up has exactly the area of the waits of those who were served.
pub(super) fn holds_for_whole_lives(text: &str) {
    let limit = format!("users.all.limit={LIMIT}");
    let plan = plan(text, &[&limit, "warmup=0s", "duration=100000000s"]);
    let run = play(&plan, 1);
    let surveys = run.surveys();
    let tallies = surveys.iter().flat_map(|survey| &survey.tallies);
    assert_eq!(tallies.clone().map(|tally| tally.issued).sum::<u64>(), LIMIT);
    assert!(tallies.clone().all(|tally| tally.in_flight() == 0), "the run ends empty");
    let latencies: u128 = tallies.clone().map(|tally| tally.latency.sum()).sum();
    let gave_up = tallies.map(|tally| tally.failed.iter().sum::<u64>()).sum::<u64>();
    let mut left_waits = 0;
    for survey in &surveys {
        let Some(resource) = survey.resources.first() else { continue };
        let line = resource.station;
        left_waits += line.queue.area_at(run.now()) - line.wait_sum();
        assert_eq!(line.queue.level() + line.busy.level(), 0);
    }
    assert!(left_waits == 0 || gave_up > 0, "a wait that nobody had: {left_waits} ns");
    let frames = run.frames().all();
    let parts = frames.iter().flat_map(|frame| &frame.parts);
    let spent: u128 = parts.flat_map(|part| part.spent_ns).map(u128::from).sum();
    assert_eq!(spent, latencies + left_waits, "time spent is time waited for");
}

#[test]
fn one_nanosecond_too_many_is_seen() {
    let resource = |busy_ns, queue_ns| ResourceFrame { busy_ns, queue_ns, capacity_ns: 100 };
    let part = |resources: &[ResourceFrame]| PartFrame {
        instances: 1,
        resources: resources.to_vec(),
        spent_ns: [70, 90, 0],
        ..PartFrame::default()
    };
    let fine = resource(90, 70);
    assert_eq!(fault(&part(&[fine]), false), None);
    assert_eq!(fault(&part(&[fine, resource(60, 30)]), false), None);
    assert_eq!(fault(&part(&[resource(60, 70)]), true), None);
    assert!(fault(&part(&[resource(90, 71)]), false).is_some());
    assert!(fault(&part(&[resource(89, 70)]), false).is_some());
    assert!(fault(&part(&[resource(91, 70)]), true).is_some());
    assert!(fault(&part(&[fine, resource(60, 29)]), false).is_some());
}
