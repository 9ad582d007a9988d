//! The bottleneck is named: what is full is told from what waits for it.

use serde_json::json;

use super::sample::{plan, played, shop};
use crate::engine::time::SECOND;
use crate::report::Report;
use crate::scenario::objective::Objective;
use crate::scenario::plan::{Change, Event};

fn named(report: &Report) -> (Option<&str>, Option<&str>) {
    (report.bottleneck.node.as_deref(), report.bottleneck.resource.as_deref())
}

#[test]
fn workers_that_are_too_few_are_named() {
    // 2 x 4 workers of 45 ms serve 178/s; the database of 20 servers 800/s
    let report = Report::of(&played(shop(200.0, 4, 20), 600));
    assert_eq!(named(&report), (Some("web"), Some("workers")), "{}", report.to_text());
}

#[test]
fn a_full_database_is_named_and_the_workers_only_wait_for_it() {
    // 1 server of 25 ms serves 40/s
    let report = Report::of(&played(shop(60.0, 4, 1), 600));
    assert_eq!(named(&report), (Some("db"), Some("servers")), "{}", report.to_text());
    assert_eq!(report.bottleneck.victims, ["web workers"]);
    assert!(report.bottleneck.reason.contains("busy all the time"), "{}", report.bottleneck.reason);
}

#[test]
fn a_pool_in_front_of_an_idle_database_is_named() {
    // two connections held for 25 ms serve 80/s, and the database behind has 20 servers
    let report = Report::of(&played(
        plan(vec![
            ("shoppers", "users", json!({"enter": "web", "arrivals": "100/s"})),
            (
                "web",
                "worker-pool",
                json!({"workers": 40, "steps": [{"cpu": "2ms"}, {"call": {"to": "pool"}}]}),
            ),
            (
                "pool",
                "worker-pool",
                json!({"workers": 2, "steps": [{"query": {"to": "db", "time": "25ms"}}]}),
            ),
            ("db", "station", json!({"servers": 20, "service": "25ms"})),
        ]),
        300,
    ));
    assert_eq!(named(&report), (Some("pool"), Some("workers")), "{}", report.to_text());
    assert_eq!(report.bottleneck.victims, ["web workers"]);
    assert!(
        report.bottleneck.reason.contains("held waiting for db"),
        "{}",
        report.bottleneck.reason
    );
}

#[test]
fn stations_in_a_row_do_not_hold_each_other() {
    // the second one is busy too, but it does not make the first one wait
    let report = Report::of(&played(
        plan(vec![
            ("users", "users", json!({"enter": "a", "arrivals": "120/s"})),
            ("a", "station", json!({"service": "10ms", "next": [{"to": "b", "p": 1.0}]})),
            ("b", "station", json!({"service": "9ms"})),
        ]),
        300,
    ));
    assert_eq!(report.bottleneck.node.as_deref(), Some("a"), "{}", report.to_text());
}

#[test]
fn cores_within_workers_are_named() {
    let report = Report::of(&played(
        plan(vec![
            ("users", "users", json!({"enter": "web", "arrivals": "120/s"})),
            (
                "web",
                "worker-pool",
                json!({"workers": 16, "cores": 1, "queue": 50, "steps": [{"cpu": "10ms"}]}),
            ),
        ]),
        300,
    ));
    assert_eq!(named(&report), (Some("web"), Some("cpu")), "{}", report.to_text());
}

#[test]
fn with_room_everywhere_nothing_is_saturated() {
    let report = Report::of(&played(shop(80.0, 8, 8), 600));
    assert_eq!(named(&report), (None, None), "{}", report.to_text());
    let reason = &report.bottleneck.reason;
    assert!(reason.starts_with("nothing is saturated; the busiest is "), "{reason}");
    assert!(report.to_text().contains("Bottleneck     nothing is saturated"));
}

#[test]
fn the_busiest_is_the_one_that_comes_nearest_to_its_limit() {
    // a worker that naps through all but ten seconds, and a database half busy all the time
    let mut plan = plan(vec![
        (
            "u",
            "users",
            json!({"enter": "web", "arrivals": {"base": "1/s", "peaks": [
            {"at": "100s", "ramp": "0s", "hold": "10s", "rate": "9/s"}]}}),
        ),
        ("web", "station", json!({"servers": 10, "service": "500ms"})),
        ("v", "users", json!({"enter": "db", "arrivals": "5/s"})),
        ("db", "station", json!({"servers": 10, "service": "600ms"})),
    ]);
    plan.frame = 5 * SECOND;
    let reason = Report::of(&played(plan, 300)).bottleneck.reason;
    assert!(reason.starts_with("nothing is saturated; the busiest is web servers: "), "{reason}");
    assert!(reason.contains("at 1m 4"), "when: {reason}");
}

#[test]
fn what_holds_over_the_whole_run_is_not_said_to_break() {
    let mut plan = shop(40.0, 8, 8);
    let kill = |at, nodes| Event { at: at * SECOND, change: Change::Kill(nodes) };
    plan.events =
        vec![kill(100, vec![4]), Event { at: 110 * SECOND, change: Change::Start(vec![4]) }];
    plan.objectives = vec![Objective::parse("errors < 10%").unwrap()];
    let report = Report::of(&played(plan.clone(), 600));
    let text = report.to_text();
    assert!(report.objectives[0].held && report.worst_s().is_none(), "{text}");
    assert!(!text.contains("Breaks first") && !text.contains("held    errors < 10%  broken"));
    assert!(text.contains("over the whole run all objectives hold; from 1m 40s to "), "{text}");
    assert!(text.contains("but not from 1m 40s to "), "{text}");
    plan.objectives = vec![Objective::parse("errors < 0.1%").unwrap()];
    let report = Report::of(&played(plan, 600));
    assert!(report.to_text().contains("Breaks first   db: no instance in service"));
    let worst_s = report.worst_s().unwrap();
    assert!((100.0..=115.0).contains(&worst_s), "{worst_s}");
}

#[test]
fn a_part_without_an_instance_is_named_while_it_is_down() {
    let mut plan = shop(40.0, 8, 8);
    let kill = |at, nodes| Event { at: at * SECOND, change: Change::Kill(nodes) };
    plan.events =
        vec![kill(100, vec![4]), Event { at: 160 * SECOND, change: Change::Start(vec![4]) }];
    plan.objectives = vec![Objective::parse("errors < 0.1%").unwrap()];
    let report = Report::of(&played(plan, 600));
    assert_eq!(named(&report), (Some("db"), None), "{}", report.to_text());
    assert_eq!(report.bottleneck.reason, "db: no instance in service from 1m 40s to 2m 40s");
    let broken = &report.objectives[0].broken;
    assert_eq!(broken.len(), 1);
    assert_eq!((broken[0].start_s, broken[0].end_s, broken[0].to_the_end), (100.0, 160.0, false));
    let said: Vec<&str> = report.timeline.iter().map(|moment| &moment.what[..]).collect();
    assert!(said.contains(&"killed") && said.contains(&"holds again: errors < 0.1%"), "{said:?}");
    let words: Vec<String> = report.to_text().split_whitespace().map(str::to_owned).collect();
    assert!(words.join(" ").contains("just before, at 1m 40s: db killed"), "{}", report.to_text());
}

#[test]
fn a_spike_is_dated() {
    let mut plan = shop(40.0, 4, 2);
    let form = json!({"enter": "lb", "mix": {"browse": 1.0}, "arrivals":
        {"base": "40/s", "peaks":
            [{"at": "300s", "ramp": "10s", "hold": "60s", "rate": "120/s"}]}});
    plan.blueprint.parts[0].form = serde_json::from_value(json!({"Users": form})).unwrap();
    plan.objectives = vec![Objective::parse("latency p(95) < 500ms").unwrap()];
    let report = Report::of(&played(plan, 900));
    assert_eq!(named(&report), (Some("db"), Some("servers")), "{}", report.to_text());
    let from = report.bottleneck.from_s.unwrap();
    assert!((280.0..330.0).contains(&from), "{from}");
    assert!(!report.objectives[0].broken[0].to_the_end, "{}", report.to_text());
}

#[test]
fn what_an_instance_can_serve_is_told_of_the_form_in_force() {
    // one station of 20 ms serves 50/s; from 100 s on it has two servers, still too few
    let mut plan = plan(vec![
        ("users", "users", json!({"enter": "db", "arrivals": "130/s"})),
        ("db", "station", json!({"service": "20ms", "room": 500})),
    ]);
    let report = Report::of(&played(plan.clone(), 600));
    let reason = &report.bottleneck.reason;
    assert!(reason.ends_with("an instance can serve at most 50.0/s"), "{reason}");
    let form = serde_json::from_value(
        json!({"QueueStation": {"servers": 2, "service": "20ms", "room": 500}}),
    );
    let said = "nodes.db.servers set to 2".to_owned();
    let set = Change::Set { part: 1, form: Box::new(form.unwrap()), said };
    plan.events = vec![Event { at: 100 * SECOND, change: set }];
    let report = Report::of(&played(plan, 600));
    let reason = &report.bottleneck.reason;
    assert!(reason.ends_with("an instance can serve at most 100/s"), "{reason}");
}
