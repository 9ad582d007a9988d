//! Active health checks.

use serde_json::{Value, json};

use super::{journal, kill, parts, peer, proxied, servers, statuses, steady};
use crate::components::tests_world::{count, node, run, survey, tally, world};
use crate::engine::kernel::World;

type Shop = World<crate::components::Node>;

/// A pool whose health endpoint asks the database.
fn web() -> Value {
    json!({"WorkerPool": {"workers": 1, "database": "db", "endpoints": {
        "health": [{"query": "1ms"}], "home": [{"io": "1ms"}]}}})
}

fn checked(knobs: &Value, more: &Value) -> Shop {
    let mut health = json!({"endpoint": "health"});
    health.as_object_mut().unwrap().extend(knobs.as_object().unwrap().clone());
    let proxy = json!({"servers": servers(&["a", "b"]), "health": health, "max_fails": 0});
    let mut all = json!({"a": web(), "b": web(), "db": {"Database": {}}});
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    proxied(&proxy, &all)
}

fn home(rate: &str) -> Value {
    json!({"Users": {"enter": "lb", "arrivals": {"base": rate, "spacing": "even"},
        "mix": {"home": 1}}})
}

fn start(world: &mut Shop, name: &str) {
    let node = node(world, name) as u32;
    world.start(node);
}

#[test]
fn checks_of_haproxys_defaults_take_a_dead_peer_out_at_the_third_and_back_at_the_second() {
    let mut world = checked(&json!({}), &json!({}));
    run(&mut world, 1.0);
    kill(&mut world, "a");
    run(&mut world, 6.5);
    start(&mut world, "a");
    run(&mut world, 20.0);
    // checks at 0, 2, 4, 6, 8, 10 s: down 5 s after the death, up 3.5 s after the return
    let expected = [
        (6.0, "a is out: 3 failed checks, the last: refused"),
        (10.001, "a is back: 2 good checks"),
    ];
    assert_eq!(journal(&world), expected);
}

#[test]
fn a_peer_that_is_out_gets_no_live_request() {
    let mut world = checked(&json!({}), &json!({"u": home("10/s")}));
    kill(&mut world, "a");
    run(&mut world, 4.0);
    let before = count(&world, "lb", "failures");
    run(&mut world, 60.0);
    assert_eq!(count(&world, "lb", "failures"), before, "out at 4 s, and passively never");
    assert_eq!(before, 20);
}

#[test]
fn one_dead_database_takes_every_peer_out() {
    let mut world = checked(&json!({}), &json!({"u": home("10/s")}));
    kill(&mut world, "db");
    run(&mut world, 6.0);
    assert_eq!(tally(&world, "u").completed, 49, "up to the third check of b, at 5 s");
    assert_eq!(statuses(&world)[5], 11, "though home needs no database");
}

#[test]
fn a_check_holds_a_worker_and_counts_as_no_user_request() {
    let slow = json!({"WorkerPool": {"workers": 1, "endpoints": {
        "health": [{"io": "500ms"}], "home": [{"io": "1ms"}]}}});
    let user = json!({"Users": {"enter": "lb", "closed": 1, "think": "100ms", "limit": 1,
        "mix": {"home": 1}}});
    let more = json!({"a": slow, "u": user});
    let mut world = checked(&json!({}), &more);
    run(&mut world, 1.9);
    let latency = tally(&world, "u").latency.mean().unwrap() / 1e6;
    assert_eq!(latency, 401.0, "it waits for the check that began at 0 s");
    assert_eq!(tally(&world, "u").issued, 1);
    assert_eq!(world.core.attempts, 1);
    assert_eq!((count(&world, "lb", "checks"), count(&world, "lb", "tries")), (2, 1));
    assert_eq!(survey(&world, "a").resources[0].station.seized(), 2);
}

#[test]
fn a_late_answer_is_a_failure_and_so_is_a_full_queue() {
    let stuck = json!({"WorkerPool": {"workers": 1, "endpoints": {
        "health": [{"io": "3s"}], "home": [{"io": "1ms"}]}}});
    let mut world = checked(&json!({"timeout": "1s"}), &json!({"a": stuck}));
    run(&mut world, 5.0);
    assert_eq!(journal(&world), [(5.0, "a is out: 3 failed checks, the last: timeout")]);
    let full = json!({"WorkerPool": {"workers": 1, "queue": 0, "endpoints": {
        "health": [{"io": "1ms"}], "home": [{"io": "1h"}]}}});
    let hog = json!({"Users": {"enter": "a", "closed": 1, "think": "500ms", "limit": 1,
        "mix": {"home": 1}}});
    let mut world = checked(&json!({}), &json!({"a": full, "hog": hog}));
    run(&mut world, 6.0);
    assert_eq!(journal(&world), [(6.0, "a is out: 3 failed checks, the last: queue full")]);
}

#[test]
fn failures_must_come_in_a_row() {
    // every other check meets a dead peer
    let mut world = checked(&json!({}), &json!({}));
    for round in 0..10 {
        kill(&mut world, "a");
        run(&mut world, f64::from(round) * 4.0 + 1.0);
        start(&mut world, "a");
        run(&mut world, f64::from(round) * 4.0 + 3.0);
    }
    assert!(count(&world, "lb", "checks_failed") >= 9);
    assert_eq!(journal(&world), []);
}

#[test]
fn ten_failures_in_a_row_raise_one_alert() {
    let mut world = checked(&json!({}), &json!({}));
    kill(&mut world, "a");
    run(&mut world, 100.0);
    let lines = journal(&world);
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[1], (18.0, "alert: a failed 10 checks in a row: refused"));
}

#[test]
fn without_health_nothing_is_asked() {
    let mut world = world(&parts(&json!({"to": "a"}), &json!({"a": peer("0s")})));
    run(&mut world, 100.0);
    assert_eq!(count(&world, "lb", "checks"), 0);
    assert_eq!(world.core.requests.alive(), 0);
    let mut idle = proxied(&json!({"to": "a"}), &json!({"u": steady("1/s")}));
    run(&mut idle, 1.5);
    assert_eq!(count(&idle, "lb", "tries"), 1);
}
