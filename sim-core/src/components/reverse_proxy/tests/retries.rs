//! proxy_next_upstream: when a request is passed on, and when it is not.

use serde_json::{Value, json};

use super::{black_hole, given, kill, once_at, peer, proxied, servers, statuses};
use crate::components::Node;
use crate::components::tests_world::{count, run};
use crate::engine::kernel::World;

/// One request at 1 s through a proxy with these knobs, before the peers `x` and `b`; it meets `x`
/// first.
fn passed(knobs: Value, more: &Value) -> World<Node> {
    let mut proxy = json!({"servers": servers(&["x", "b"]), "proxy_read_timeout": "2s",
        "proxy_connect_timeout": "1s"});
    proxy.as_object_mut().unwrap().extend(knobs.as_object().unwrap().clone());
    let mut more = more.clone();
    if more.get("u").is_none() {
        more["u"] = once_at("1s");
    }
    proxied(&proxy, &more)
}

/// The one status given, after the request had its time.
fn status(mut world: World<Node>) -> u16 {
    run(&mut world, 100.0);
    let all = [200, 404, 429, 499, 500, 502, 503, 504];
    let given = statuses(&world).into_iter().zip(all).find(|(count, _)| *count == 1);
    assert_eq!(world.alive(), 0);
    given.unwrap().1
}

fn dead(knobs: Value) -> World<Node> {
    let mut world = passed(knobs, &json!({"x": peer("0s")}));
    kill(&mut world, "x");
    world
}

fn silent(knobs: Value) -> World<Node> {
    passed(knobs, &json!({"x": endless()}))
}

fn endless() -> Value {
    json!({"WorkerPool": {"workers": 9, "endpoints": {"buy": [{"io": "60s"}]}}})
}

/// A living peer whose database is down: it answers 500.
fn failing(knobs: Value) -> World<Node> {
    let x = json!({"WorkerPool": {"workers": 9, "database": "db", "steps": [{"query": "1ms"}]}});
    let mut world = passed(knobs, &json!({"x": x, "db": {"Database": {}}}));
    kill(&mut world, "db");
    world
}

#[test]
fn errors_and_timeouts_are_passed_on_by_default() {
    assert_eq!(status(dead(json!({}))), 200);
    assert_eq!(status(silent(json!({}))), 200);
    assert_eq!(status(passed(json!({}), &json!({"x": black_hole()}))), 200);
    assert_eq!(status(failing(json!({}))), 500);
}

#[test]
fn only_what_is_listed_is_passed_on() {
    let only = |what: &[&str]| json!({"proxy_next_upstream": what});
    assert_eq!(status(dead(only(&["timeout"]))), 502);
    assert_eq!(status(silent(only(&["error"]))), 504);
    assert_eq!(status(failing(only(&["http_500"]))), 200);
    assert_eq!(status(failing(only(&["http_503"]))), 500);
    assert_eq!(status(dead(only(&[]))), 502);
}

#[test]
fn an_http_error_is_passed_on_while_a_peer_is_left_and_then_passed_through() {
    let knobs = json!({"proxy_next_upstream": ["http_500"], "servers": servers(&["x", "y"])});
    let pool = json!({"WorkerPool": {"workers": 9, "database": "db", "steps": [{"query": "1ms"}]}});
    let mut world = passed(knobs, &json!({"x": pool, "y": pool.clone(), "db": {"Database": {}}}));
    kill(&mut world, "db");
    run(&mut world, 2.0);
    assert_eq!(statuses(&world)[4], 1);
    assert_eq!(count(&world, "lb", "tries"), 2);
    // the first is a failure; the last one's own answer is not
    assert_eq!(count(&world, "lb", "failures"), 1);
}

#[test]
fn each_peer_gets_a_request_at_most_once() {
    let knobs = json!({"servers": servers(&["a", "b", "c"])});
    let mut world = passed(knobs, &json!({}));
    ["a", "b", "c"].iter().for_each(|name| kill(&mut world, name));
    run(&mut world, 1.0);
    assert_eq!(count(&world, "lb", "tries"), 3);
    assert_eq!(statuses(&world)[5], 1);
}

#[test]
fn a_hung_pool_costs_the_read_timeout_at_each_peer_in_turn() {
    let knobs = json!({"servers": servers(&["a", "b", "c"])});
    let more = json!({"a": endless(), "b": peer("60s"), "c": peer("60s")});
    let mut world = passed(knobs, &more);
    run(&mut world, 6.99);
    assert_eq!((count(&world, "lb", "tries"), given(&world, "c")), (3, 1));
    assert_eq!(statuses(&world)[7], 0);
    run(&mut world, 7.0);
    assert_eq!(statuses(&world)[7], 1, "1 s + three times 2 s");
}

#[test]
fn the_last_failure_gives_the_status() {
    // the first peer is silent: 504 alone; then none is live
    let mut world = silent(json!({}));
    kill(&mut world, "b");
    assert_eq!(status(world), 502);
    let mut world = passed(json!({"servers": servers(&["b", "x"])}), &json!({"x": endless()}));
    kill(&mut world, "b");
    assert_eq!(status(world), 504);
}

#[test]
fn next_upstream_tries_and_timeout_end_the_search() {
    let three = |knobs: &Value| {
        let mut knobs = knobs.clone();
        knobs["servers"] = servers(&["x", "y", "b"]);
        passed(knobs, &json!({"x": endless(), "y": endless()}))
    };
    assert_eq!(status(three(&json!({}))), 200);
    assert_eq!(status(three(&json!({"proxy_next_upstream_tries": 2}))), 504);
    assert_eq!(status(three(&json!({"proxy_next_upstream_tries": 3}))), 200);
    // 4 s are gone after two read timeouts
    assert_eq!(status(three(&json!({"proxy_next_upstream_timeout": "4s"}))), 504);
    assert_eq!(status(three(&json!({"proxy_next_upstream_timeout": "4001ms"}))), 200);
}

#[test]
fn a_post_is_not_sent_twice_unless_it_is_allowed() {
    let pool = json!({"WorkerPool": {"workers": 9, "endpoints": {"buy": [{"io": "1ms"}]}}});
    let buy = |knobs: Value, x: Value| {
        let mut knobs = knobs;
        knobs["post"] = json!(["buy"]);
        let users = json!({"Users": {"enter": "lb", "closed": 1, "think": "1s", "limit": 1,
            "mix": {"buy": 1}}});
        passed(knobs, &json!({"x": x, "b": pool, "u": users}))
    };
    let allowed = json!({"proxy_next_upstream": ["error", "timeout", "non_idempotent"]});
    assert_eq!(status(buy(json!({}), endless())), 504, "x has got it");
    assert_eq!(status(buy(allowed, endless())), 200);
    assert_eq!(status(buy(json!({}), black_hole())), 200, "x never got it");
    let mut refused = buy(json!({}), pool.clone());
    kill(&mut refused, "x");
    assert_eq!(status(refused), 200, "nor here");
}

#[test]
fn without_request_buffering_nothing_that_was_sent_is_passed_on() {
    let unbuffered = || json!({"proxy_request_buffering": false});
    assert_eq!(status(silent(unbuffered())), 504);
    assert_eq!(status(dead(unbuffered())), 200);
}
