//! Each status code where nginx gives it.

use serde_json::{Value, json};

use super::{black_hole, given, kill, once_at, peer, proxied, servers, statuses, steady};
use crate::components::Node;
use crate::components::tests_world::{count, failed, node, run, survey, tally};
use crate::engine::kernel::World;
use crate::engine::request::Cause;

/// One request at 0 s; where it stands after a time.
fn one(proxy: &Value, more: &Value, seconds: f64) -> World<Node> {
    let mut more = more.clone();
    more["u"] = once_at("0s");
    let mut world = proxied(proxy, &more);
    run(&mut world, seconds);
    world
}

/// The status and the cause, and that nothing is left.
fn verdict(world: &World<Node>) -> (&'static str, Option<Cause>) {
    let counts = survey(world, "lb").counts;
    let status = counts.iter().find(|(name, count)| name.starts_with("status_") && *count == 1);
    let causes = Cause::ALL.into_iter().find(|&cause| failed(world, "u", cause) == 1);
    assert_eq!((tally(world, "u").in_flight(), world.alive()), (0, 0));
    (status.unwrap().0, causes)
}

#[test]
fn a_refused_connection_is_502() {
    let mut world = proxied(&json!({"to": "a"}), &json!({"u": once_at("1s")}));
    kill(&mut world, "a");
    run(&mut world, 1.0);
    assert_eq!(verdict(&world), ("status_502", Some(Cause::Refused)));
}

#[test]
fn a_connection_that_breaks_before_the_answer_is_502() {
    let mut world = one(&json!({"to": "a"}), &json!({"a": peer("10s")}), 1.0);
    kill(&mut world, "a");
    run(&mut world, 1.0);
    assert_eq!(verdict(&world), ("status_502", Some(Cause::Reset)));
}

#[test]
fn a_worker_killed_by_its_timeout_is_500_if_it_answers_and_502_if_its_connections_break() {
    let killed = |worker: &str, step: &str| {
        let form = json!({"worker": worker, "cores": 1, "steps": [{step: "45s"}]});
        verdict(&one(&json!({"to": "a"}), &json!({"a": {"AppServer": form}}), 59.0))
    };
    assert_eq!(killed("sync", "io"), ("status_500", Some(Cause::Error)));
    assert_eq!(killed("gevent", "cpu"), ("status_502", Some(Cause::Reset)));
}

#[test]
fn no_live_peer_is_502() {
    let down = json!({"servers": [{"to": "a", "down": true}, {"to": "b", "down": true}]});
    assert_eq!(verdict(&one(&down, &json!({}), 0.0)), ("status_502", Some(Cause::NoBackend)));
}

#[test]
fn max_conns_answers_502_and_does_not_queue() {
    let users = json!({"Users": {"enter": "lb", "closed": 5, "think": "0s", "limit": 5}});
    let more = json!({"u": users, "a": peer("1s"), "b": peer("1s")});
    let proxy = json!({"servers": servers(&["a", "b"]), "max_conns": 2});
    let mut world = proxied(&proxy, &more);
    run(&mut world, 0.0);
    assert_eq!((given(&world, "a"), given(&world, "b")), (2, 2));
    assert_eq!(statuses(&world), [0, 0, 0, 0, 0, 1, 0, 0]);
    run(&mut world, 1.0);
    assert_eq!(statuses(&world), [4, 0, 0, 0, 0, 1, 0, 0]);
    assert_eq!(failed(&world, "u", Cause::NoBackend), 1);
}

#[test]
fn a_black_hole_is_504_after_the_connect_timeout() {
    let proxy = json!({"to": "x", "proxy_connect_timeout": "4s", "proxy_read_timeout": "60s"});
    let early = one(&proxy, &json!({"x": black_hole()}), 3.999);
    assert_eq!(tally(&early, "u").in_flight(), 1);
    let world = one(&proxy, &json!({"x": black_hole()}), 4.1);
    assert_eq!(verdict(&world), ("status_504", Some(Cause::GatewayTimeout)));
}

#[test]
fn a_silent_peer_is_504_after_the_read_timeout() {
    let proxy = json!({"to": "a", "proxy_connect_timeout": "1s", "proxy_read_timeout": "5s"});
    let early = one(&proxy, &json!({"a": peer("1h")}), 4.999);
    assert_eq!(tally(&early, "u").in_flight(), 1);
    let mut world = one(&proxy, &json!({"a": peer("6s")}), 5.0);
    assert_eq!(failed(&world, "u", Cause::GatewayTimeout), 1);
    run(&mut world, 6.0);
    assert_eq!(verdict(&world), ("status_504", Some(Cause::GatewayTimeout)));
}

#[test]
fn a_peer_cut_off_is_too_late_to_connect_and_one_that_has_the_request_too_late_to_answer() {
    let proxy = json!({"to": "a", "proxy_connect_timeout": "2s", "proxy_read_timeout": "5s"});
    let when_cut = |before: f64| {
        let more = json!({"a": peer("3s"), "u": once_at("1s")});
        let mut world = proxied(&proxy, &more);
        run(&mut world, before);
        world.cut(node(&world, "a") as u32, true);
        let mut over = 0.0;
        while statuses(&world)[7] == 0 {
            over += 0.5;
            run(&mut world, over);
        }
        over
    };
    assert_eq!((when_cut(0.5), when_cut(1.5)), (3.0, 6.0));
}

#[test]
fn a_frozen_peer_takes_connections_and_is_504_after_the_read_timeout() {
    let proxy = json!({"to": "a", "proxy_connect_timeout": "2s", "proxy_read_timeout": "5s"});
    let mut world = proxied(&proxy, &json!({"u": once_at("1s")}));
    world.freeze(node(&world, "a") as u32, 60_000_000_000);
    run(&mut world, 5.999);
    assert_eq!(statuses(&world)[7], 0);
    run(&mut world, 6.0);
    assert_eq!(statuses(&world)[7], 1);
}

#[test]
fn the_read_timeout_counts_from_the_connection_even_if_that_took_retransmissions() {
    // lost with 60 %: some requests travel at once, others after 1 s or 3 s; a read timeout of 2 s
    // hits none of them, for the peer answers in 1.5 s
    let wire = json!({"Link": {"to": "a", "latency": "1ms", "loss": "60%"}});
    let more = json!({"x": wire, "a": peer("1500ms"), "u": steady("20/s")});
    let fresh = json!({"connections": 0});
    let proxy = json!({"to": "x", "proxy_read_timeout": "2s", "keepalive": fresh});
    let mut world = proxied(&proxy, &more);
    run(&mut world, 60.0);
    assert_eq!(count(&world, "lb", "status_504"), 0);
    assert!(tally(&world, "u").completed > 800);
}

#[test]
fn a_client_that_leaves_is_499_and_its_peer_is_told() {
    let leaves = |ignore: bool| {
        let user = json!({"Users": {"enter": "lb", "closed": 1, "think": "0s", "limit": 1,
            "timeout": "1s"}});
        let pool = json!({"WorkerPool": {"workers": 1, "steps": [{"io": "1s"}, {"io": "1s"}]}});
        let proxy = json!({"to": "a", "proxy_ignore_client_abort": ignore});
        let mut world = proxied(&proxy, &json!({"u": user, "a": pool}));
        run(&mut world, 10.0);
        let busy = survey(&world, "a").resources[0].station.busy.area_at(10_000_000_000);
        assert_eq!(failed(&world, "u", Cause::Timeout), 1);
        assert_eq!(world.alive(), 0);
        (statuses(&world), busy / 1_000_000_000)
    };
    assert_eq!(leaves(false), (vec![0, 0, 0, 1, 0, 0, 0, 0], 1), "it stops after the first step");
    assert_eq!(leaves(true), (vec![1, 0, 0, 0, 0, 0, 0, 0], 2));
}

#[test]
fn a_rate_limit_answers_503() {
    let users = json!({"Users": {"enter": "lb", "closed": 3, "think": "0s", "limit": 3}});
    let proxy = json!({"to": "a", "limit_req": {"rate": "1/s", "per": "global"}});
    let mut world = proxied(&proxy, &json!({"u": users}));
    run(&mut world, 0.0);
    assert_eq!(statuses(&world), [1, 0, 0, 0, 0, 0, 2, 0]);
    assert_eq!(failed(&world, "u", Cause::RateLimited), 2);
}

#[test]
fn a_limit_on_requests_in_progress_answers_503() {
    let users = json!({"Users": {"enter": "lb", "closed": 3, "think": "0s", "limit": 4}});
    let proxy = json!({"to": "a", "limit_conn": {"connections": 2, "per": "global"}});
    let mut world = proxied(&proxy, &json!({"u": users, "a": peer("1s")}));
    run(&mut world, 0.5);
    assert_eq!(failed(&world, "u", Cause::RateLimited), 2, "the third one came again");
    run(&mut world, 1.0);
    assert_eq!(statuses(&world), [2, 0, 0, 0, 0, 0, 2, 0]);
}

/// An answer of a living peer in its own words.
fn passed_through(more: &Value) -> (&'static str, Option<Cause>) {
    verdict(&one(&json!({"servers": servers(&["x", "b"])}), more, 10.0))
}

#[test]
fn what_a_living_peer_answers_is_passed_through() {
    let full = json!({"WorkerPool": {"workers": 1, "queue": 0, "steps": [{"io": "1s"}]}});
    let busy = json!({"Users": {"enter": "x", "closed": 1, "think": "0s",
        "limit": 1}});
    assert_eq!(
        passed_through(&json!({"x": full, "busy": busy})),
        ("status_503", Some(Cause::QueueFull))
    );
    let limit = json!({"RateLimit": {"to": "a", "rate": "0.001/s", "burst": 1}});
    let first = json!({"Users": {"enter": "x", "closed": 1, "think": "0s", "limit": 1}});
    assert_eq!(
        passed_through(&json!({"x": limit, "first": first})),
        ("status_429", Some(Cause::RateLimited))
    );
    let proxy = json!({"ReverseProxy": {"servers": [{"to": "a", "down": true}, {"to": "c",
        "down": true}]}});
    assert_eq!(passed_through(&json!({"x": proxy})), ("status_502", Some(Cause::NoBackend)));
    let slow = json!({"ReverseProxy": {"to": "a", "proxy_read_timeout": "1s"}});
    assert_eq!(
        passed_through(&json!({"x": slow, "a": peer("6s")})),
        ("status_504", Some(Cause::GatewayTimeout))
    );
}
