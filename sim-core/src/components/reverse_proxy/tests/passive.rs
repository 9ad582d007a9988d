//! Passive health: failures are counted on live requests, in whole seconds.

use serde_json::{Value, json};

use super::{given, journal, kill, once_at, proxied, servers, statuses, steady};
use crate::components::reverse_proxy::peers::{Peer, State, Turn};
use crate::components::tests_world::{count, failed, node, run, tally};
use crate::engine::request::Cause;

fn state(max_fails: u32) -> (Peer, State) {
    let peer = Peer {
        node: 0,
        group: 0,
        name: "a".into(),
        weight: 4,
        max_fails,
        fail_timeout_s: 10,
        max_conns: 0,
        is_backup: false,
        is_down: false,
        is_listed: true,
        is_healthy: true,
    };
    let state = State { conns: 100, ..State::new(&peer) };
    (peer, state)
}

/// When tries at the dead peer failed, to a tenth of a second.
fn failures(seconds: u32, world: &mut crate::engine::kernel::World<super::Node>) -> Vec<f64> {
    let mut times = Vec::new();
    for tenth in 1..=seconds * 10 {
        let before = count(world, "lb", "failures");
        run(world, f64::from(tenth) / 10.0);
        if count(world, "lb", "failures") > before {
            times.push(f64::from(tenth) / 10.0);
        }
    }
    times
}

fn two_peers(more: Value) -> Value {
    let mut proxy = json!({"servers": servers(&["a", "b"])});
    proxy.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    proxy
}

#[test]
fn a_dead_peer_is_probed_by_one_live_request_in_each_fail_timeout() {
    let users = json!({"users": steady("10/s")});
    let mut world = proxied(&two_peers(json!({})), &users);
    kill(&mut world, "b");
    // the first failure is at 0.2 s, in second 0: left out through second 10. From 11.0 s on it may
    // be tried again; having lost its weight, its turn comes with the third request
    assert_eq!(failures(40, &mut world), [0.2, 11.2, 22.2, 33.2]);
    assert_eq!(statuses(&world), [400, 0, 0, 0, 0, 0, 0, 0], "the users notice nothing");
    assert_eq!(journal(&world), [(0.2, "b is left out after 1 failure")]);
    assert_eq!(count(&world, "lb", "disabled"), 1);
}

#[test]
fn time_is_seen_in_whole_seconds() {
    let users = json!({"early": once_at("900ms"), "x": once_at("10s"), "y": once_at("10950ms"),
        "z": once_at("11s")});
    // every request first goes to b, which alone is not a backup
    let servers = json!([{"to": "b"}, {"to": "a", "backup": true}]);
    let mut world = proxied(&json!({"servers": servers}), &users);
    kill(&mut world, "b");
    let mut seen = |seconds: f64| {
        run(&mut world, seconds);
        count(&world, "lb", "failures")
    };
    // 0.9 s is second 0; up to second 10 the rest is not above 10 s
    assert_eq!([seen(0.9), seen(10.9), seen(10.99), seen(11.0)], [1, 1, 1, 2]);
}

#[test]
fn a_peer_that_came_back_is_used_again_after_the_test() {
    let mut world = proxied(&two_peers(json!({})), &json!({"users": steady("10/s")}));
    kill(&mut world, "b");
    run(&mut world, 5.0);
    let b = node(&world, "b") as u32;
    world.start(b);
    run(&mut world, 10.9);
    assert_eq!(given(&world, "b"), 0, "nobody asks it yet");
    run(&mut world, 20.0);
    assert_eq!(journal(&world)[1], (11.2, "b answers again"));
    assert!((40..=50).contains(&given(&world, "b")), "{}", given(&world, "b"));
}

#[test]
fn three_failures_in_any_time_trip_max_fails_3_unless_a_success_came_after_a_test() {
    let (peer, mut state) = state(3);
    assert_eq!((state.fail(&peer, 100), state.fail(&peer, 104)), (None, None));
    assert_eq!(state.succeed(&peer), None);
    assert_eq!(state.fails, 2, "a success within the window of the last failure forgives nothing");
    assert_eq!(state.fail(&peer, 105), Some(Turn::Out));
    assert!(state.is_out(&peer, 115) && !state.is_out(&peer, 116));
    // the test: checked moves on, and its failure arms the window anew
    state.checked = 116;
    assert!(state.is_out(&peer, 117), "one test at a time");
    assert_eq!(state.fail(&peer, 118), None);
    assert!(state.is_out(&peer, 128) && !state.is_out(&peer, 129));
    state.checked = 129;
    assert_eq!((state.succeed(&peer), state.fails), (Some(Turn::Back), 0));
}

#[test]
fn max_fails_0_keeps_every_peer() {
    let mut world = proxied(&two_peers(json!({"max_fails": 0})), &json!({"u": steady("10/s")}));
    kill(&mut world, "b");
    run(&mut world, 10.0);
    assert_eq!(count(&world, "lb", "failures"), 50);
    assert_eq!(count(&world, "lb", "disabled"), 0);
}

#[test]
fn a_group_of_one_peer_is_never_left_out() {
    let users = json!({"u": steady("10/s")});
    let mut world = proxied(&json!({"to": "a"}), &users);
    kill(&mut world, "a");
    run(&mut world, 5.0);
    assert_eq!(count(&world, "lb", "tries"), 50, "every request is tried");
    assert_eq!(statuses(&world), [0, 0, 0, 0, 0, 50, 0, 0]);
    assert_eq!(failed(&world, "u", Cause::Refused), 50);
    let a = node(&world, "a") as u32;
    world.start(a);
    run(&mut world, 6.0);
    assert_eq!(tally(&world, "u").completed, 10, "and the first one after its return is answered");
}

#[test]
fn when_all_peers_are_left_out_502_comes_at_once() {
    let mut world = proxied(&two_peers(json!({})), &json!({"u": steady("10/s")}));
    kill(&mut world, "a");
    kill(&mut world, "b");
    run(&mut world, 10.9);
    // one request met both; the others none, through second 10
    assert_eq!(count(&world, "lb", "tries"), 2);
    assert_eq!(failed(&world, "u", Cause::Refused), 1);
    assert_eq!(failed(&world, "u", Cause::NoBackend), 108);
    assert_eq!(statuses(&world)[5], 109);
}

#[test]
fn an_error_answer_is_no_failure_of_the_peer() {
    let broken = json!({"WorkerPool": {"workers": 9, "database": "db",
        "steps": [{"query": "1ms"}]}});
    let more = json!({"a": broken, "db": {"Database": {}}, "u": steady("10/s")});
    let mut world = proxied(&two_peers(json!({})), &more);
    kill(&mut world, "db");
    run(&mut world, 10.0);
    assert_eq!(statuses(&world), [50, 0, 0, 0, 50, 0, 0, 0]);
    assert_eq!(count(&world, "lb", "failures"), 0);
    assert_eq!(failed(&world, "u", Cause::Refused), 50, "the reason is the database's");
}

#[test]
fn a_client_that_leaves_clears_the_peer_that_its_request_tests() {
    // nginx accounts a 499 as no failure
    let (peer, mut state) = state(1);
    state.fail(&peer, 100);
    state.checked = 111;
    assert_eq!(state.succeed(&peer), Some(Turn::Back));
}

#[test]
fn without_a_zone_each_worker_process_learns_for_itself() {
    let failures = |zone: bool| {
        let proxy = two_peers(json!({"worker_processes": 4, "zone": zone}));
        let users = json!({"Users": {"enter": "lb", "arrivals": "100/s", "clients": 1000}});
        let mut world = proxied(&proxy, &json!({"u": users}));
        kill(&mut world, "b");
        run(&mut world, 10.0);
        count(&world, "lb", "failures")
    };
    assert_eq!((failures(true), failures(false)), (1, 4));
}

#[test]
fn a_peer_on_its_way_out_of_the_service_is_dropped_and_one_that_returns_starts_afresh() {
    let mut world = proxied(&two_peers(json!({})), &json!({"u": steady("10/s")}));
    run(&mut world, 1.0);
    let b = node(&world, "b") as u32;
    world.core.drain(b);
    run(&mut world, 30.0);
    assert_eq!((given(&world, "b"), count(&world, "lb", "failures")), (5, 0));
    world.start(b);
    run(&mut world, 31.0);
    assert_eq!(given(&world, "b"), 10);
}
