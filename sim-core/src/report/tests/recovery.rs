//! Disturbances: how long until objectives hold again, or never; and availability.

use super::sample::{played, shop};
use crate::engine::chance::Law;
use crate::engine::time::SECOND;
use crate::report::{Recovery, Report};
use crate::scenario::objective::Objective;
use crate::scenario::plan::{Change, Event, Outage, Plan, Recurring};

const SERVERS: u32 = 20;

/// The nodes of the shop: users 0, balancer 1, web 2 and 3, database 4.
fn disturbed(rate: f64, objective: &str, events: Vec<(u64, Change)>) -> Report {
    let mut plan: Plan = shop(rate, 4, SERVERS);
    plan.frame = SECOND;
    plan.objectives = vec![Objective::parse(objective).unwrap()];
    plan.events =
        events.into_iter().map(|(at, change)| Event { at: at * SECOND, change }).collect();
    Report::of(&played(plan, 600))
}

fn only(report: &Report) -> &Recovery {
    assert_eq!(report.recovery.len(), 1, "{:?}", report.recovery);
    &report.recovery[0]
}

#[test]
fn an_outage_is_over_when_what_was_lost_is_back() {
    let outage = vec![(300, Change::Kill(vec![4])), (330, Change::Start(vec![4]))];
    let report = disturbed(60.0, "errors < 1%", outage);
    let recovery = only(&report);
    assert_eq!((recovery.at_s, recovery.until_s), (300.0, Some(330.0)));
    assert_eq!((&recovery.node[..], &recovery.what[..]), ("db", "killed"));
    let after = recovery.recovered_after_s.unwrap();
    assert!(recovery.harmful && (30.0..=35.0).contains(&after), "{recovery:?}");
    assert!(recovery.outcome().starts_with("recovered after 3"), "{}", recovery.outcome());
    assert!(report.to_text().contains("Disturbances\n  5m  db: killed"), "{}", report.to_text());
    assert!(report.to_html().contains("recovered after"));
}

#[test]
fn a_queue_takes_time_to_drain_after_the_disturbance_has_ended() {
    // 1.5 times as slow, the workers serve 118/s of the 150/s: a line grows that drains at 28/s
    let slow =
        vec![(100, Change::Slow(vec![2, 3, 4], 1.5)), (160, Change::Slow(vec![2, 3, 4], 1.0))];
    let report = disturbed(150.0, "latency p(50) < 300ms", slow);
    let recovery = only(&report);
    let after = recovery.recovered_after_s.unwrap();
    assert!(after > 70.0, "{recovery:?}");
    assert!(recovery.outcome().contains("after it had ended"), "{}", recovery.outcome());
}

#[test]
fn what_is_never_given_back_is_never_recovered_from() {
    let report = disturbed(60.0, "errors < 1%", vec![(300, Change::Kill(vec![4]))]);
    let recovery = only(&report);
    assert_eq!((recovery.harmful, recovery.recovered_after_s), (true, None));
    assert_eq!(recovery.outcome(), "never recovered");
    assert!(report.to_text().contains("never recovered from db killed"), "{}", report.to_text());
}

#[test]
fn a_disturbance_that_nobody_notices_did_no_harm() {
    let report = disturbed(20.0, "errors < 50%", vec![(300, Change::Remove(2, 1))]);
    assert_eq!(only(&report).outcome(), "no objective was broken");
    let report = disturbed(20.0, "errors < 50%", vec![(300, Change::Start(vec![2]))]);
    assert!(report.recovery.is_empty(), "starting what runs disturbs nobody");
}

#[test]
fn availability_is_the_share_of_windows_that_answer() {
    // 60 of 600 seconds without a database: windows are 6 s long
    let outage = vec![(300, Change::Kill(vec![4])), (360, Change::Start(vec![4]))];
    let report = disturbed(60.0, "availability > 99.9%", outage.clone());
    let objective = &report.objectives[0];
    let value = objective.value.unwrap();
    assert!((value - 0.9).abs() < 0.011 && !objective.held, "{value}");
    assert_eq!(objective.broken.len(), 1);
    assert!((objective.broken[0].start_s - 300.0).abs() <= 6.0, "{:?}", objective.broken);
    assert!(disturbed(60.0, "availability > 80%", outage).objectives[0].held);
    let calm = disturbed(60.0, "shoppers/buy availability >= 100%", Vec::new());
    assert_eq!((calm.objectives[0].value, calm.objectives[0].held), (Some(1.0), true));
}

#[test]
fn an_outage_that_comes_at_random_is_a_disturbance_like_any_other() {
    let mut plan: Plan = shop(60.0, 4, SERVERS);
    plan.frame = SECOND;
    plan.objectives = vec![Objective::parse("errors < 1%").unwrap()];
    plan.recurring = vec![Recurring {
        nodes: vec![4],
        outage: Outage::Kill,
        every: Law::Constant { nanos: 250 * SECOND },
        repair: Law::Constant { nanos: 20 * SECOND },
    }];
    let report = Report::of(&played(plan, 600));
    let times: Vec<_> = report.recovery.iter().map(|one| (one.at_s, one.until_s)).collect();
    assert_eq!(times, [(250.0, Some(270.0)), (520.0, Some(540.0))]);
    assert!(report.recovery.iter().all(|one| one.harmful && one.node == "db"));
}
