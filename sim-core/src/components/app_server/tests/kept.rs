//! Connections that a reverse proxy keeps open to the server, and who closes them first.

use serde_json::{Value, json};

use super::super::super::tests_world::agrees_without_lanes_and_after_a_snapshot;
use super::{count, ends, failed, run, server, tally, world};
use crate::components::Node;
use crate::engine::kernel::World;
use crate::engine::request::Cause;

/// One request at a stated time.
fn once(time: &str, endpoint: &str) -> Value {
    json!({"Users": {
        "enter": "lb", "closed": 1, "think": time, "limit": 1, "mix": {endpoint: 1},
    }})
}

/// A proxy 5 ms from a server whose requests take 100 ms; opening a connection takes it 10 ms.
/// Requests come at these times, those of the endpoint `post` cannot be sent twice.
fn far(knobs: &Value, asked: &[(&str, &str)]) -> Value {
    let work = json!([{"io": "100ms"}]);
    let mut web = server(knobs);
    web["AppServer"]["endpoints"] = json!({"get": work.clone(), "post": work});
    let proxy = json!({"to": "wire", "connect": "10ms", "post": ["post"]});
    let mut parts = json!({
        "lb": {"ReverseProxy": proxy}, "wire": {"Link": {"to": "web", "latency": "5ms"}},
        "web": web,
    });
    for (at, (time, endpoint)) in asked.iter().enumerate() {
        parts[format!("u{at}")] = once(time, endpoint);
    }
    parts
}

/// How long the request of a group took, in ms; 0 if it failed.
fn took_ms(world: &World<Node>, group: &str) -> f64 {
    tally(world, group).latency.mean().unwrap_or(0.0) / 1e6
}

fn sockets(world: &World<Node>) -> u32 {
    super::survey(world, "lb").resources[0].station.busy.level()
}

fn gthread() -> Value {
    json!({"worker": "gthread", "threads": 4})
}

/// The first answer leaves the server at 115 ms and is back at 120 ms; the server closes at 2.115
/// s, which the proxy learns at 2.120 s. What it sends from 2.110 s on is reset.
#[test]
fn the_server_closes_after_2_s_and_what_crosses_the_news_is_reset() {
    let second = |time: &str, endpoint: &str| {
        let mut world = world(&far(&gthread(), &[("0s", "get"), (time, endpoint)]));
        run(&mut world, 4.9);
        assert_eq!(took_ms(&world, "u0"), 120.0, "a connect, there, work and back");
        let status = |name: &str| count(&world, "lb", name);
        let counts =
            (status("connects"), status("failures"), status("status_502"), sockets(&world));
        (took_ms(&world, "u1"), counts, count(&world, "web", "resets"))
    };
    assert_eq!(second("2.109999s", "get"), (110.0, (1, 0, 0, 0), 0), "on the kept connection");
    // reset after 10 ms, then on a new one
    assert_eq!(second("2.11s", "get"), (130.0, (2, 1, 0, 0), 1));
    assert_eq!(second("2.119999s", "get"), (130.0, (2, 1, 0, 0), 1));
    assert_eq!(second("2.119999s", "post"), (0.0, (1, 1, 1, 0), 1), "a POST is not sent twice");
    assert_eq!(second("2.120001s", "get"), (120.0, (2, 0, 0, 0), 0), "the proxy knows");
}

#[test]
fn each_kind_of_worker_keeps_connections_for_its_own_time() {
    let open_until = |knobs: Value| {
        let parts = far(&knobs, &[("0s", "get")]);
        let mut world = world(&parts);
        run(&mut world, 0.12);
        let mut last = 0.12;
        for ms in (130..8_000).step_by(10) {
            let at = f64::from(ms) / 1e3 + 0.001;
            run(&mut world, at);
            if sockets(&world) > 0 {
                last = at;
            }
        }
        last
    };
    let about = |seen: f64, keepalive: f64| (seen - 0.12 - keepalive).abs() < 0.011;
    assert!(open_until(json!({"worker": "sync"})) < 0.13, "closed with the answer");
    for (worker, keepalive) in [("gthread", 2.0), ("gevent", 2.0), ("uvicorn", 5.0)] {
        let seen = open_until(json!({"worker": worker}));
        assert!(about(seen, keepalive), "{worker} {seen}");
    }
    assert!(about(open_until(json!({"worker": "uvicorn", "keepalive": "3s"})), 3.0));
    assert!(open_until(json!({"worker": "uvicorn", "keepalive": "0s"})) < 0.13);
}

#[test]
fn every_request_to_sync_workers_pays_a_connect_and_others_pay_once() {
    let connects = |knobs: Value| {
        let mut parts = far(&knobs, &[]);
        parts["users"] = json!({"Users": {
            "enter": "lb", "closed": 1, "think": "1s", "limit": 10, "mix": {"get": 1},
        }});
        let mut world = world(&parts);
        run(&mut world, 20.0);
        (count(&world, "lb", "connects"), took_ms(&world, "users"))
    };
    assert_eq!(connects(json!({"worker": "sync"})), (10, 120.0));
    assert_eq!(connects(gthread()), (1, 111.0));
}

/// A kept connection leads to its process, however busy it is; a new one to whoever is free.
#[test]
fn a_kept_connection_binds_its_requests_to_one_process() {
    let mut parts = far(
        &json!({"worker": "gthread", "workers": 2, "threads": 1}),
        &[("0s", "get"), ("1s", "get"), ("1.05s", "get")],
    );
    parts["direct"] = json!({"Users": {
        "enter": "web", "closed": 1, "think": "1.01s", "limit": 1, "mix": {"get": 1},
    }});
    let mut world = world(&parts);
    run(&mut world, 3.0);
    assert_eq!(took_ms(&world, "u1"), 110.0);
    assert_eq!(took_ms(&world, "direct"), 100.0, "the other process was free");
    assert_eq!(count(&world, "lb", "connects"), 2, "the third found no idle connection");
}

#[test]
fn idle_connections_take_places_and_beyond_them_the_server_closes() {
    // two threads and three connections: one idle connection per process at most
    let knobs = json!({"worker": "gthread", "threads": 2, "worker_connections": 3});
    let mut two = world(&far(&knobs, &[("0s", "get"), ("10ms", "get")]));
    run(&mut two, 1.0);
    assert_eq!((sockets(&two), count(&two, "web", "idle_closed")), (1, 0));
    run(&mut two, 3.0);
    assert_eq!((sockets(&two), count(&two, "web", "idle_closed")), (0, 1));
    // an event loop with one place: the kept connection keeps others out until it closes
    let knobs = json!({"worker": "gevent", "worker_connections": 1});
    let mut parts = far(&knobs, &[("0s", "get")]);
    parts["direct"] = json!({"Users": {
        "enter": "web", "closed": 1, "think": "1s", "limit": 1, "mix": {"get": 1},
    }});
    let mut one = world(&parts);
    assert_eq!(ends(&mut one, "direct", 3_000), [2.215], "accepted at 2.115 s");
}

#[test]
fn a_proxy_that_closes_first_frees_the_place() {
    let knobs = json!({"worker": "gevent", "worker_connections": 1, "keepalive": "60s"});
    let mut parts = far(&knobs, &[("0s", "get")]);
    parts["lb"]["ReverseProxy"]["keepalive"] = json!({"timeout": "1s"});
    parts["direct"] = json!({"Users": {
        "enter": "web", "closed": 1, "think": "200ms", "limit": 1, "mix": {"get": 1},
    }});
    let mut world = world(&parts);
    assert_eq!(ends(&mut world, "direct", 3_000), [1.22], "accepted at 1.12 s");
}

/// Who leaves while the server works has closed the connection, which is not kept then.
#[test]
fn a_connection_whose_caller_left_is_not_kept() {
    let mut parts = far(&json!({"worker": "gevent", "worker_connections": 1}), &[]);
    parts["u"] = json!({"Users": {
        "enter": "lb", "closed": 1, "think": "0s", "limit": 1, "timeout": "50ms",
        "mix": {"get": 1},
    }});
    parts["direct"] = json!({"Users": {
        "enter": "web", "closed": 1, "think": "60ms", "limit": 1, "mix": {"get": 1},
    }});
    let mut world = world(&parts);
    assert_eq!(ends(&mut world, "direct", 1_000), [0.22], "accepted when the answer found nobody");
    assert_eq!((failed(&world, "u", Cause::Timeout), sockets(&world)), (1, 0));
}

/// After its last request a worker closes with the answer, and whatever else it had open.
#[test]
fn a_worker_that_is_replaced_closes_its_connections() {
    let knobs = json!({"worker": "gthread", "threads": 4, "max_requests": 3});
    let asked = [("0s", "get"), ("10ms", "get"), ("1s", "get"), ("1.5s", "get")];
    let mut world = world(&far(&knobs, &asked));
    run(&mut world, 0.9);
    assert_eq!((sockets(&world), count(&world, "lb", "connects")), (2, 2));
    run(&mut world, 1.2);
    assert_eq!((sockets(&world), count(&world, "lb", "connects")), (0, 2));
    run(&mut world, 1.7);
    assert_eq!((count(&world, "lb", "connects"), took_ms(&world, "u3")), (3, 120.0));
    assert_eq!(count(&world, "lb", "failures"), 0);
}

#[test]
fn kept_connections_survive_lanes_and_snapshots() {
    let mut parts = far(&json!({"worker": "uvicorn", "workers": 2, "keepalive": "100ms"}), &[]);
    parts["users"] = json!({"Users": {"enter": "lb", "arrivals": "20/s", "mix": {"get": 1}}});
    agrees_without_lanes_and_after_a_snapshot(&parts, 60.0);
    let mut world = world(&parts);
    run(&mut world, 60.0);
    // a gap of more than 100 ms is often, one within the 10 ms of the news is rare
    assert!(count(&world, "web", "idle_closed") > 100 && count(&world, "web", "resets") > 5);
    assert!(count(&world, "lb", "connects") < tally(&world, "users").completed * 9 / 10);
}
