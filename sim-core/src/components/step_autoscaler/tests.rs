//! When an autoscaler acts, computed by hand.
//!
//! One instance has one core and takes 10 ms of it for a request: 100 requests a second at most.

use serde_json::{Value, json};

use crate::components::{Component, Form, Node, Survey};
use crate::engine::agenda::Keeping;
use crate::engine::kernel::World;
use crate::engine::request::Cause;
use crate::engine::time::{MILLISECOND, Nanos, SECOND};
use crate::scenario::plan::{Blueprint, Part};

const USERS: usize = 0;
const SCALER: usize = 2;
const WEB: u32 = 3;

fn part(name: &str, form: Value, (replicas, prepared): (u32, u32)) -> Part {
    let form = serde_json::from_value::<Form>(form).unwrap();
    Part { name: name.into(), form, replicas, prepared }
}

fn plan(arrivals: Value, scaler: Value, replicas: u32) -> Blueprint {
    let mut form = json!({"service": "web", "min": 1, "max": 8});
    for (key, value) in scaler.as_object().unwrap() {
        form[key] = value.clone();
    }
    let users = json!({"enter": "lb", "arrivals": arrivals, "timeout": "30s"});
    let web = json!({"workers": 50, "cores": 1, "steps": [{"cpu": "10ms"}]});
    let parts = vec![
        part("users", json!({"Users": users}), (1, 1)),
        part("lb", json!({"Balancer": {"to": "web", "balance": "round_robin"}}), (1, 1)),
        part("scaler", json!({"StepAutoscaler": form}), (1, 1)),
        part("web", json!({"WorkerPool": web}), (replicas, 8)),
    ];
    Blueprint { parts, endpoints: vec![String::new()], stack: 8, ..Blueprint::default() }
}

fn world(arrivals: Value, scaler: Value, replicas: u32) -> World<Node> {
    plan(arrivals, scaler, replicas).world(7, Keeping::Lanes).unwrap()
}

/// 50 requests a second, and from `at` on `rate`: with 2 instances 25 % busy, then rate / 2 %.
fn step(at: &str, rate: &str) -> Value {
    json!({"base": "50/s", "spacing": "even", "steps": [{"at": at, "rate": rate}]})
}

fn survey(world: &World<Node>, node: usize) -> Survey<'_> {
    let mut survey = Survey::default();
    world.nodes[node].survey(&mut survey);
    survey
}

fn count(world: &World<Node>, name: &str) -> u64 {
    let survey = survey(world, SCALER);
    survey.counts.iter().find(|(known, _)| *known == name).unwrap().1
}

fn size(world: &mut World<Node>, at: Nanos) -> usize {
    world.advance(at, u64::MAX);
    world.core.in_service(WEB).count()
}

fn journal(world: &World<Node>) -> Vec<(u64, &str)> {
    world.core.journal.iter().map(|entry| (entry.at / SECOND, entry.what.as_str())).collect()
}

#[test]
fn a_step_load_is_answered_after_the_duration_and_the_boot() {
    let scaler = json!({"up": {"when": "cpu > 70% for 1m"}, "boot": "40s"});
    let mut world = world(step("2m", "160/s"), scaler, 2);
    // the scrape at 135 s is the first above 70 %; it has held for 1 min at 195 s; 40 s of boot
    assert_eq!(size(&mut world, 235 * SECOND), 2);
    assert_eq!(count(&world, "scale_ups"), 1);
    assert_eq!(size(&mut world, 235 * SECOND + 1), 3);
    assert_eq!(size(&mut world, 900 * SECOND), 3);
    assert_eq!(
        journal(&world),
        [
            (195, "web scales from 2 to 3: cpu 80.0% > 70% for 1m"),
            (235, "web[2] in service after boot"),
        ]
    );
}

#[test]
fn old_figures_delay_the_action_by_exactly_their_age() {
    let at = |delay: &str| {
        let scaler = json!({"up": {"when": "cpu > 70% for 1m"}, "delay": delay});
        let mut world = world(step("2m", "160/s"), scaler, 2);
        size(&mut world, 600 * SECOND);
        world.core.journal[0].at
    };
    assert_eq!(at("0s"), 195 * SECOND);
    assert_eq!(at("15s"), 210 * SECOND);
    assert_eq!(at("37.5s"), 232_500 * MILLISECOND);
    assert_eq!(at("2m"), 315 * SECOND);
}

#[test]
fn it_rests_for_the_cooldown_between_two_actions() {
    // 600/s keep the CPU of every size up to 6 above 90 %
    let starts = |scaler: Value| {
        let mut world = world(step("2m", "600/s"), scaler, 2);
        size(&mut world, 700 * SECOND);
        journal(&world)
            .iter()
            .filter_map(|(at, what)| what.contains("scales").then_some(*at))
            .collect::<Vec<_>>()
    };
    let when = "cpu > 90%";
    assert_eq!(starts(json!({"up": {"when": when}, "cooldown": "2m", "max": 5})), [135, 255, 375]);
    // the default is five minutes
    assert_eq!(starts(json!({"up": {"when": when}, "max": 5})), [135, 435]);
    let two = json!({"up": {"when": when, "add": 2}, "cooldown": "0s", "max": 5, "boot": "1m"});
    assert_eq!(starts(two), [135, 150]);
}

#[test]
fn it_stops_at_the_maximum_with_booting_instances_counted() {
    let scaler = json!({
        "up": {"when": "cpu > 90%", "add": 2}, "cooldown": "0s", "max": 5, "boot": "1m"
    });
    let mut world = world(step("2m", "900/s"), scaler, 2);
    assert_eq!(size(&mut world, 180 * SECOND), 2);
    assert_eq!(size(&mut world, 600 * SECOND), 5);
    assert_eq!((count(&world, "scale_ups"), count(&world, "scale_downs")), (2, 0));
    // at its limit since 150 s, last evaluated at 585 s
    assert_eq!(count(&world, "seconds_at_max"), 435);
    let lines = journal(&world);
    assert_eq!(lines[1].1, "web scales from 4 to 5: cpu 100.0% > 90%");
    assert_eq!(lines[2], (165, "at max 5, wanted more"));
    assert_eq!(lines.iter().filter(|(_, what)| what.contains("at max")).count(), 1);
}

#[test]
fn instances_leave_when_the_load_falls_and_no_request_is_lost() {
    let arrivals = json!({"base": "160/s", "spacing": "poisson",
        "steps": [{"at": "5m", "rate": "40/s"}]});
    let scaler = json!({
        "up": {"when": "cpu > 95% for 10m"}, "down": {"when": "cpu < 30% for 1m", "remove": 2},
        "min": 3, "cooldown": "90s"
    });
    let mut world = world(arrivals, scaler, 6);
    // 160/s over 6 are 27 %: below 30 % since the scrape at 15 s, held for 1 min at 75 s; 4 are
    // 40 %; from 300 s on 10 %: first seen at 315 s, held at 375 s, then the minimum
    assert_eq!(size(&mut world, 75 * SECOND), 6);
    assert_eq!(size(&mut world, 75 * SECOND + 1), 4);
    assert_eq!(size(&mut world, 375 * SECOND), 4);
    assert_eq!(size(&mut world, 375 * SECOND + 1), 3);
    assert_eq!(size(&mut world, 1200 * SECOND), 3);
    assert_eq!((count(&world, "scale_downs"), count(&world, "scale_ups")), (2, 0));
    assert_eq!(journal(&world).len(), 2);
    let tally = survey(&world, USERS).tallies[0].clone();
    assert!(tally.completed > 80_000, "{}", tally.completed);
    assert_eq!(tally.failed.iter().sum::<u64>(), 0);
    let alive = |node: u32| world.core.seats[node as usize].alive;
    assert_eq!((3..11).map(alive).filter(|alive| *alive).count(), 3);
}

#[test]
fn a_busy_instance_finishes_its_work_before_it_ends() {
    let web = json!({"workers": 50, "steps": [{"io": "40s"}]});
    let scaler = json!({"up": {"when": "queue > 100"}, "down": {"when": "queue < 1"}});
    let arrivals = json!({"base": "1/s", "spacing": "even"});
    let mut plan = plan(arrivals, scaler, 2);
    plan.parts[3] = part("web", json!({"WorkerPool": web}), (2, 8));
    let Form::Users(users) = &mut plan.parts[USERS].form else { panic!("no users") };
    users.timeout = None;
    let mut world = plan.world(7, Keeping::Lanes).unwrap();
    // the scrape at 15 s removes the second one, which has the requests of 2 s to 14 s
    assert_eq!(size(&mut world, 15 * SECOND + 1), 1);
    let alive = |world: &World<Node>| world.core.seats[4].alive;
    world.advance(54 * SECOND, u64::MAX);
    assert!(alive(&world));
    world.advance(54 * SECOND + 1, u64::MAX);
    assert!(!alive(&world));
    assert_eq!(survey(&world, USERS).tallies[0].failed.iter().sum::<u64>(), 0);
}

#[test]
fn nothing_leaves_while_something_boots() {
    let arrivals = json!({"base": "160/s", "spacing": "even",
        "steps": [{"at": "1m", "rate": "10/s"}]});
    let scaler = json!({
        "up": {"when": "cpu > 70%"}, "down": {"when": "cpu < 30%"}, "cooldown": "0s", "boot": "2m"
    });
    let mut world = world(arrivals, scaler, 2);
    // up at 15 s, 30 s, 45 s and 60 s; the last boot ends at 180 s
    world.advance(180 * SECOND, u64::MAX);
    assert_eq!((count(&world, "scale_ups"), count(&world, "scale_downs")), (4, 0));
    assert_eq!(size(&mut world, 400 * SECOND), 1);
    assert_eq!(count(&world, "scale_downs"), 5);
}

#[test]
fn a_killed_instance_is_replaced_below_the_minimum() {
    let scaler = json!({"up": {"when": "cpu > 95%"}, "min": 2, "boot": "10s"});
    let mut world = world(step("10m", "60/s"), scaler, 2);
    world.advance(20 * SECOND, u64::MAX);
    world.stop(4, Cause::Reset);
    assert_eq!(size(&mut world, 40 * SECOND), 1);
    assert_eq!(size(&mut world, 40 * SECOND + 1), 2);
    assert_eq!(journal(&world)[0], (30, "web scales from 1 to 2: below min"));
}

#[test]
fn queues_and_percentiles_are_measured_too() {
    let first = |when: &str| {
        let scaler = json!({"up": {"when": when}, "max": 3});
        let mut world = world(step("2m", "300/s"), scaler, 2);
        size(&mut world, 300 * SECOND);
        journal(&world).first().map_or(0, |(at, _)| *at)
    };
    // 50 a second too many for each; 50 workers are busy after 1 s: 14 s later 700 wait at each
    assert_eq!(first("queue > 600"), 135);
    assert_eq!(first("queue > 1000"), 150);
    assert_eq!(first("p95 > 20ms"), 135);
    assert_eq!(first("p95 > 1h"), 0);
    assert_eq!(first("p95 < 20ms for 45s"), 60);
}

#[test]
fn the_end_of_the_warm_up_is_no_news() {
    let scaler = json!({"up": {"when": "cpu > 60%"}, "down": {"when": "cpu < 20%"}});
    let mut world = world(step("1h", "50/s"), scaler, 2);
    world.advance(20 * SECOND, u64::MAX);
    world.reset_meters();
    assert_eq!(size(&mut world, 600 * SECOND), 2);
    assert_eq!(journal(&world), []);
}

#[test]
fn wrong_numbers_name_the_value_and_the_remedy() {
    let up = json!({"when": "cpu > 70%"});
    let flaw = |mut scaler: Value| {
        scaler["up"] = if scaler["up"].is_null() { up.clone() } else { scaler["up"].clone() };
        plan(step("1m", "1/s"), scaler, 2).world(7, Keeping::Lanes).unwrap_err().1
    };
    let min = flaw(json!({"min": 5, "max": 3}));
    assert_eq!((min.path.as_str(), min.message.as_str()), ("min", "min (5) is above max (3)"));
    assert_eq!(min.remedy, "write min: 3 or less, or a larger max");
    assert_eq!(flaw(json!({"min": 0})).path, "min");
    assert_eq!(flaw(json!({"every": "0s"})).path, "every");
    assert_eq!(flaw(json!({"up": {"when": "cpu > 70%", "add": 0}})).path, "up.add");
    assert_eq!(flaw(json!({"down": {"when": "cpu < 7%", "remove": 0}})).path, "down.remove");
    assert_eq!(flaw(json!({"service": "nobody"})).path, "service");
    assert_eq!(flaw(json!({"boot": {"exponential": "0s"}})).path, "boot");
}

#[test]
fn it_says_how_many_instances_have_to_be_at_hand() {
    let form = json!({"service": "web", "up": {"when": "cpu > 70%"}, "min": 1, "max": 20});
    let spec = serde_json::from_value(form).unwrap();
    assert_eq!(<super::StepAutoscaler as Component>::grows(&spec), Some(("web".to_owned(), 20)));
}
