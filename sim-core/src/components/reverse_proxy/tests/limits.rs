//! limit_req and limit_conn before peers.

use serde_json::{Value, json};

use super::{once_at, parts, peer, proxied, statuses};
use crate::components::tests_world::{count, failed, flaw, retune, run, tally};
use crate::engine::request::Cause;

fn at_once(count: u32) -> Value {
    json!({"Users": {"enter": "lb", "closed": count, "think": "0s", "limit": count}})
}

fn limit(knobs: &Value) -> Value {
    let mut limit = json!({"rate": "10/s", "per": "global"});
    limit.as_object_mut().unwrap().extend(knobs.as_object().unwrap().clone());
    json!({"to": "a", "limit_req": limit})
}

/// Answers by each of these times of 100 requests at 0 s.
fn answered(knobs: &Value, times: &[f64]) -> Vec<u64> {
    let mut world = proxied(&limit(knobs), &json!({"u": at_once(100)}));
    let mut at = |&time: &f64| {
        run(&mut world, time);
        tally(&world, "u").completed
    };
    let answered = times.iter().map(&mut at).collect();
    assert_eq!(world.alive(), 0);
    answered
}

#[test]
fn limit_req_10r_s_burst_20_of_100_at_0_passes_21_at_0_100_to_2000_ms_and_79_are_503() {
    let slots: Vec<f64> = (0..=20).map(|slot| f64::from(slot) * 0.1).collect();
    let passed = answered(&json!({"burst": 20}), &slots);
    assert_eq!(passed, (1..=21).collect::<Vec<u64>>());
    assert_eq!(answered(&json!({"burst": 20}), &[0.099, 0.199, 2.0]), [1, 2, 21]);
    let mut world = proxied(&limit(&json!({"burst": 20})), &json!({"u": at_once(100)}));
    run(&mut world, 3.0);
    assert_eq!(statuses(&world), [21, 0, 0, 0, 0, 0, 79, 0]);
    assert_eq!(count(&world, "lb", "delayed"), 20);
    assert_eq!(failed(&world, "u", Cause::RateLimited), 79);
}

#[test]
fn limit_req_10r_s_burst_0_at_0_90_100_110_200_300_ms() {
    let mut more = json!({});
    for (index, time) in ["0s", "90ms", "100ms", "110ms", "200ms", "300ms"].iter().enumerate() {
        more[format!("u{index}")] = once_at(time);
    }
    let mut world = proxied(&limit(&json!({})), &more);
    run(&mut world, 1.0);
    let passed = (0..6).map(|index| tally(&world, &format!("u{index}")).completed);
    assert_eq!(passed.collect::<Vec<_>>(), [1, 0, 1, 0, 1, 1], "pass,503,pass,503,pass,pass");
}

#[test]
fn nodelay_and_delay_8_let_21_and_9_leave_at_once() {
    assert_eq!(answered(&json!({"burst": 20, "nodelay": true}), &[0.0, 9.0]), [21, 21]);
    let delayed = answered(&json!({"burst": 20, "delay": 8}), &[0.0, 0.1, 1.1, 1.2]);
    assert_eq!(delayed, [9, 10, 20, 21]);
}

#[test]
fn a_client_that_leaves_while_it_is_delayed_is_499() {
    let users = json!({"Users": {"enter": "lb", "closed": 10, "think": "0s", "limit": 10,
        "timeout": "350ms"}});
    let mut world = proxied(&limit(&json!({"burst": 20})), &json!({"u": users}));
    run(&mut world, 5.0);
    assert_eq!(statuses(&world), [4, 0, 0, 6, 0, 0, 0, 0], "passed at 0, 100, 200 and 300 ms");
    assert_eq!(world.alive(), 0);
}

#[test]
fn limit_req_comes_before_limit_conn() {
    // 5 at once pass one each 100 ms and take 90 ms: never two at a time in progress
    let mut proxy = limit(&json!({"burst": 20}));
    proxy["limit_conn"] = json!({"connections": 1, "per": "global"});
    let mut world = proxied(&proxy, &json!({"u": at_once(5), "a": peer("90ms")}));
    run(&mut world, 2.0);
    assert_eq!(statuses(&world), [5, 0, 0, 0, 0, 0, 0, 0]);
}

#[test]
fn each_client_has_limits_of_its_own() {
    let users = json!({"Users": {"enter": "lb", "arrivals": "100/s", "clients": 5}});
    let proxy = json!({"to": "a", "limit_req": {"rate": "2/s"}, "limit_conn": {"connections": 1}});
    let mut world = proxied(&proxy, &json!({"u": users}));
    run(&mut world, 100.0);
    let passed = tally(&world, "u").completed;
    // after 500 ms the next request of a client passes, a mean gap of 50 ms later
    assert!((890..=930).contains(&passed), "{passed}, 5 x 100 s / 0.55 s expected");
}

#[test]
fn a_changed_limit_keeps_the_counts() {
    let more = json!({"u": at_once(100), "later": once_at("1s")});
    let mut world = proxied(&limit(&json!({"burst": 20, "nodelay": true})), &more);
    run(&mut world, 0.5);
    // 20 requests above the rate at 0 s, 10 less at 1 s: over a burst of 9
    let other = limit(&json!({"burst": 9, "nodelay": true}));
    retune(&mut world, &parts(&other, &more), "lb").unwrap();
    run(&mut world, 1.0);
    assert_eq!(failed(&world, "later", Cause::RateLimited), 1);
    let flaw = retune(&mut world, &parts(&json!({"to": "b"}), &more), "lb").unwrap_err();
    assert!(flaw.message.contains("fixed"), "{}", flaw.message);
}

#[test]
fn wrong_limits_are_flaws_with_value_and_remedy() {
    let path = |knobs: Value| flaw(&parts(&limit(&knobs), &json!({}))).path;
    assert_eq!(path(json!({"rate": "0/s"})), "limit_req.rate");
    assert_eq!(path(json!({"burst": 2_000_000_000})), "limit_req.burst");
    assert_eq!(path(json!({"delay": 3, "nodelay": true})), "limit_req.delay");
    let none = json!({"to": "a", "limit_conn": {"connections": 0}});
    assert_eq!(flaw(&parts(&none, &json!({}))).path, "limit_conn.connections");
}
