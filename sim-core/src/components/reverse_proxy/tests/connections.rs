//! Sockets, kept connections, handshakes and the core that pays for them.

use serde_json::{Value, json};

use super::{kill, once_at, peer, proxied, servers, statuses, steady};
use crate::components::tests_world::{count, failed, run, survey, tally};
use crate::engine::kernel::World;
use crate::engine::request::Cause;

type Shop = World<crate::components::Node>;

/// Mean latency so far in ms.
fn mean_ms(world: &Shop, users: &str) -> f64 {
    tally(world, users).latency.mean().unwrap() / 1e6
}

#[test]
fn a_fresh_connection_costs_a_round_trip_and_a_kept_one_none() {
    let mean = |keepalive: u32| {
        let proxy = json!({"to": "a", "connect": "10ms", "keepalive": {"connections": keepalive}});
        let mut world = proxied(&proxy, &json!({"u": steady("1/s")}));
        run(&mut world, 10.5);
        (mean_ms(&world, "u"), count(&world, "lb", "connects"))
    };
    assert_eq!(mean(0), (10.0, 10));
    assert_eq!(mean(32), (1.0, 1), "10 ms once in ten requests");
}

#[test]
fn a_kept_connection_ends_after_60_s_idle_or_after_its_requests() {
    let users = json!({"u": once_at("0s"), "v": once_at("59s"), "w": once_at("119s")});
    let mut world = proxied(&json!({"to": "a"}), &users);
    run(&mut world, 118.9);
    assert_eq!(count(&world, "lb", "connects"), 1);
    let sockets = |world: &Shop| survey(world, "lb").resources[0].station.busy.level();
    assert_eq!(sockets(&world), 1);
    run(&mut world, 119.0);
    assert_eq!((count(&world, "lb", "connects"), sockets(&world)), (2, 1));
    run(&mut world, 179.0);
    assert_eq!(sockets(&world), 0);
    let keepalive = json!({"requests": 5});
    let mut world =
        proxied(&json!({"to": "a", "keepalive": keepalive}), &json!({"u": steady("1/s")}));
    run(&mut world, 20.5);
    assert_eq!(count(&world, "lb", "connects"), 4);
}

#[test]
fn without_a_socket_for_the_client_the_connection_is_closed() {
    let users = json!({"Users": {"enter": "lb", "closed": 5, "think": "0s", "limit": 5}});
    let proxy = json!({"to": "a", "worker_connections": 4});
    let mut world = proxied(&proxy, &json!({"u": users, "a": peer("1s")}));
    run(&mut world, 1.0);
    // two clients with two sockets each
    assert_eq!(statuses(&world), [2, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(count(&world, "lb", "dropped"), 3);
    assert_eq!(failed(&world, "u", Cause::TooManyConnections), 3);
}

#[test]
fn without_a_socket_for_the_peer_the_answer_is_500() {
    let users = json!({"Users": {"enter": "lb", "closed": 2, "think": "0s", "limit": 2}});
    let proxy = json!({"to": "a", "worker_connections": 3});
    let mut world = proxied(&proxy, &json!({"u": users, "a": peer("1s")}));
    run(&mut world, 1.0);
    assert_eq!(statuses(&world), [1, 0, 0, 0, 1, 0, 0, 0]);
}

#[test]
fn idle_connections_to_peers_take_sockets_from_clients() {
    let two =
        |time: &str| json!({"Users": {"enter": "lb", "closed": 2, "think": time, "limit": 2}});
    let idle = |keepalive: u32| {
        let proxy = json!({"servers": servers(&["a", "b"]), "worker_connections": 4,
            "keepalive": {"connections": keepalive}});
        let mut world = proxied(&proxy, &json!({"u": two("0s"), "a": peer("1s")}));
        run(&mut world, 5.0);
        survey(&world, "lb").resources[0].station.busy.level()
    };
    assert_eq!((idle(0), idle(1), idle(32)), (0, 1, 2));
    // three sockets: two idle ones at a and b, one for the client; the pick is c, which gets none
    let proxy = json!({"servers": servers(&["a", "b", "c"]), "worker_connections": 3});
    let more = json!({"x": once_at("0s"), "y": once_at("1s"), "z": once_at("2s")});
    let mut world = proxied(&proxy, &more);
    run(&mut world, 5.0);
    assert_eq!(statuses(&world), [2, 0, 0, 0, 1, 0, 0, 0]);
}

#[test]
fn a_round_trip_above_the_connect_timeout_is_504() {
    let proxy = json!({"to": "a", "connect": "3s", "proxy_connect_timeout": "2s"});
    let mut world = proxied(&proxy, &json!({"u": once_at("0s")}));
    run(&mut world, 1.999);
    assert_eq!(statuses(&world)[7], 0);
    run(&mut world, 2.0);
    assert_eq!(statuses(&world)[7], 1);
    assert_eq!(count(&world, "lb", "tries"), 0, "it was never sent");
}

#[test]
fn an_error_on_a_kept_connection_gives_the_try_back() {
    let status = |keepalive: u32| {
        let proxy = json!({"servers": servers(&["a", "b"]), "proxy_next_upstream_tries": 1,
            "keepalive": {"connections": keepalive}});
        // the first goes to a, the second to b, the third to a again
        let more = json!({"x": once_at("0s"), "y": once_at("2s"), "z": once_at("4s"),
            "a": peer("1s")});
        let mut world = proxied(&proxy, &more);
        run(&mut world, 4.5);
        kill(&mut world, "a");
        run(&mut world, 5.0);
        statuses(&world)
    };
    assert_eq!(status(32), [3, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(status(0), [2, 0, 0, 0, 0, 1, 0, 0]);
}

fn tls(knobs: &Value) -> Value {
    let mut tls = json!({"handshake": "20ms", "resumed": "5ms"});
    tls.as_object_mut().unwrap().extend(knobs.as_object().unwrap().clone());
    json!({"to": "a", "tls": tls})
}

#[test]
fn new_clients_wait_in_line_for_the_core_that_shakes_hands() {
    let users = json!({"Users": {"enter": "lb", "closed": 4, "think": "0s", "limit": 4}});
    let mut world = proxied(&tls(&json!({})), &json!({"u": users}));
    run(&mut world, 1.0);
    assert_eq!(mean_ms(&world, "u"), 50.0, "20, 40, 60 and 80 ms");
    let cpu = survey(&world, "lb").resources[1].station;
    assert_eq!((cpu.wait_sum(), cpu.wait_max()), (120_000_000, 60_000_000));
    assert_eq!(count(&world, "lb", "handshakes"), 4);
}

#[test]
fn a_client_shakes_hands_once_resumes_after_75_s_and_starts_anew_after_5_minutes() {
    let greeted = |think: &str| {
        let users = json!({"Users": {"enter": "lb", "closed": 1, "think": think, "limit": 4}});
        let mut world = proxied(&tls(&json!({})), &json!({"u": users}));
        run(&mut world, 4000.0);
        (count(&world, "lb", "handshakes"), count(&world, "lb", "handshakes_resumed"))
    };
    assert_eq!(greeted("60s"), (1, 0));
    assert_eq!(greeted("80s"), (1, 3));
    // a session of 200 s can be resumed at 200 s, not at 400 s
    assert_eq!(greeted("200s"), (2, 2));
    assert_eq!(greeted("301s"), (4, 0));
}

#[test]
fn a_connection_ends_after_keepalive_requests() {
    let users = json!({"Users": {"enter": "lb", "closed": 1, "think": "1s", "limit": 10}});
    let mut world = proxied(&tls(&json!({"keepalive_requests": 5})), &json!({"u": users}));
    run(&mut world, 60.0);
    let shaken = ["handshakes", "handshakes_resumed"].map(|name| count(&world, "lb", name));
    assert_eq!(shaken, [1, 1]);
}

#[test]
fn worker_processes_are_as_many_cores() {
    let answered = |workers: u32| {
        let proxy = json!({"to": "a", "cpu": "10ms", "worker_processes": workers});
        let users = json!({"Users": {"enter": "lb", "arrivals": "400/s", "clients": 1000}});
        let mut world = proxied(&proxy, &json!({"u": users}));
        run(&mut world, 10.0);
        tally(&world, "u").completed
    };
    assert_eq!(answered(1), 999, "one core does 100/s, from the first arrival on");
    assert!((1_960..2_000).contains(&answered(2)), "{}", answered(2));
}

#[test]
fn a_client_that_left_before_the_core_came_to_it_is_499_and_no_peer_sees_it() {
    let users = json!({"Users": {"enter": "lb", "closed": 4, "think": "0s", "limit": 4,
        "timeout": "30ms"}});
    let mut world = proxied(&tls(&json!({})), &json!({"u": users}));
    run(&mut world, 1.0);
    assert_eq!(statuses(&world), [1, 0, 0, 3, 0, 0, 0, 0]);
    assert_eq!((count(&world, "lb", "tries"), world.alive()), (1, 0));
}
