//! What a queueing proxy does, against HAProxy's documented behaviour and hand-made examples.

use serde_json::{Value, json};

use crate::components::Node;
use crate::components::tests_world::{
    agrees_without_lanes_and_after_a_snapshot, count, failed, flaw, node, run, survey, tally, world,
};
use crate::engine::kernel::World;
use crate::engine::meter::Station;
use crate::engine::request::Cause;
use crate::engine::time::MILLISECOND;

/// A server that works on everything at once, so that whatever waits does so in the proxy.
fn server(service: &str) -> Value {
    json!({"QueueStation": {"service": service, "servers": 1000}})
}

fn even(rate: &str, limit: u64) -> Value {
    json!({"Users": {"enter": "lb", "arrivals": {"base": rate, "spacing": "even"},
        "limit": limit}})
}

/// Servers a and b, the proxy, and users.
fn parts(users: Value, proxy: Value, service: &str) -> Value {
    let mut proxy = proxy;
    if proxy.get("servers").is_none() {
        proxy["servers"] = json!([{"to": "a"}, {"to": "b"}]);
    }
    json!({"a": server(service), "b": server(service), "lb": {"QueueingProxy": proxy},
        "u": users})
}

fn shop(users: Value, proxy: Value, service: &str) -> World<Node> {
    world(&parts(users, proxy, service))
}

fn slots(world: &World<Node>) -> Station {
    *survey(world, "lb").resources[0].station
}

fn served(world: &World<Node>, name: &str) -> u64 {
    survey(world, name).resources[0].station.seized()
}

fn kill(world: &mut World<Node>, name: &str) {
    let node = node(world, name) as u32;
    world.stop(node, Cause::Reset);
}

fn start(world: &mut World<Node>, name: &str) {
    let node = node(world, name) as u32;
    world.start(node);
}

#[test]
fn one_queue_for_all_servers_and_the_first_free_slot_takes_the_oldest() {
    // two slots; six requests of 1 s at 10 ms, 20 ms ... 60 ms
    for balance in ["leastconn", "roundrobin", "first"] {
        let proxy = json!({"balance": balance, "maxconn": 1});
        let mut world = shop(even("100/s", 6), proxy, "1s");
        run(&mut world, 0.5);
        let slots = slots(&world);
        assert_eq!((slots.busy.level(), slots.queue.level(), slots.capacity.level()), (2, 4, 2));
        assert_eq!((served(&world, "a"), served(&world, "b")), (1, 1));
        run(&mut world, 10.0);
        // starts at 0.01, 0.02, 1.01, 1.02, 2.01, 2.02 s
        let waits = 2 * 980 + 2 * 1960;
        let slots = self::slots(&world);
        assert_eq!(slots.wait_sum(), u128::from(waits * MILLISECOND), "{balance}");
        assert_eq!((tally(&world, "u").completed, world.alive()), (6, 0));
    }
}

#[test]
fn timeout_queue_answers_503_and_is_timeout_connect_where_it_is_not_said() {
    for times in [json!({"timeout_queue": "2s"}), json!({"timeout_connect": "2s"})] {
        let mut proxy = json!({"maxconn": 1, "servers": [{"to": "a"}]});
        proxy.as_object_mut().unwrap().extend(times.as_object().unwrap().clone());
        let mut world = shop(even("100/s", 3), proxy, "10s");
        run(&mut world, 2.019);
        assert_eq!(failed(&world, "u", Cause::QueueTimeout), 0);
        run(&mut world, 2.031);
        assert_eq!(failed(&world, "u", Cause::QueueTimeout), 2);
        assert_eq!((count(&world, "lb", "status_503"), slots(&world).queue.level()), (2, 0));
        run(&mut world, 11.0);
        assert_eq!((tally(&world, "u").completed, world.alive()), (1, 0));
    }
}

#[test]
fn without_a_limit_nothing_waits() {
    let mut world = shop(even("1000/s", 50), json!({}), "1s");
    run(&mut world, 0.5);
    assert_eq!((slots(&world).busy.level(), slots(&world).queue.level()), (50, 0));
    assert_eq!((served(&world, "a"), served(&world, "b")), (25, 25));
}

#[test]
fn leastconn_prefers_the_idle_and_gives_equals_their_turn() {
    // a takes 10 s, b 10 ms: of ten requests a gets the first alone
    let mut parts = parts(even("10/s", 10), json!({"balance": "leastconn"}), "10ms");
    parts["a"] = server("10s");
    let mut slow = world(&parts);
    run(&mut slow, 2.0);
    assert_eq!((served(&slow, "a"), served(&slow, "b")), (1, 9));
    let mut same = shop(even("10/s", 10), json!({"balance": "leastconn"}), "10ms");
    run(&mut same, 2.0);
    assert_eq!((served(&same, "a"), served(&same, "b")), (5, 5));
}

#[test]
fn weights_share_requests_and_weight_0_gets_none() {
    let split = |weights: [u32; 2]| {
        let servers = json!([{"to": "a", "weight": weights[0]}, {"to": "b", "weight": weights[1]}]);
        let mut world = shop(even("100/s", 40), json!({"servers": servers}), "1ms");
        run(&mut world, 1.0);
        (served(&world, "a"), served(&world, "b"))
    };
    assert_eq!(split([3, 1]), (30, 10));
    assert_eq!(split([0, 1]), (0, 40));
}

#[test]
fn first_fills_the_first_server_before_the_second() {
    let proxy = json!({"balance": "first", "maxconn": 3});
    let mut world = shop(even("100/s", 4), proxy, "1s");
    run(&mut world, 0.5);
    assert_eq!((served(&world, "a"), served(&world, "b")), (3, 1));
}

#[test]
fn a_client_bound_to_a_server_waits_for_it_though_the_other_is_idle() {
    // one client, so one server; with leastconn both would work
    let users = |balance: &str| {
        let users = json!({"Users": {"enter": "lb", "limit": 2, "clients": 1,
            "arrivals": {"base": "100/s", "spacing": "even"}}});
        let mut world = shop(users, json!({"balance": balance, "maxconn": 1}), "1s");
        run(&mut world, 0.5);
        (slots(&world).busy.level(), slots(&world).queue.level())
    };
    assert_eq!((users("source"), users("leastconn")), ((1, 1), (2, 0)));
}

#[test]
fn a_backup_is_used_while_all_others_are_out() {
    let servers = json!([{"to": "a"}, {"to": "b", "backup": true}]);
    let proxy = json!({"servers": servers, "check": {"inter": "1050ms", "fall": 1}});
    let mut world = shop(even("10/s", 100), proxy, "1ms");
    run(&mut world, 3.05);
    assert_eq!(served(&world, "b"), 0);
    kill(&mut world, "a");
    run(&mut world, 10.1);
    // out at the check at 3.15 s; the request of 3.1 s tries a until it has failed
    assert_eq!((served(&world, "b"), failed(&world, "u", Cause::Refused)), (69, 1));
}

#[test]
fn a_refused_connection_is_tried_three_times_more_a_second_apart_at_the_same_server() {
    let proxy = json!({"balance": "leastconn", "servers": [{"to": "a"}]});
    let mut world = shop(even("10/s", 1), proxy, "1ms");
    kill(&mut world, "a");
    run(&mut world, 3.09);
    assert_eq!((failed(&world, "u", Cause::Refused), count(&world, "lb", "retries")), (0, 3));
    run(&mut world, 3.11);
    assert_eq!(failed(&world, "u", Cause::Refused), 1);
    assert_eq!((count(&world, "lb", "connect_errors"), count(&world, "lb", "status_503")), (4, 1));
}

#[test]
fn a_server_that_is_back_in_time_answers_after_all() {
    let proxy = json!({"balance": "leastconn", "timeout_connect": "500ms",
        "servers": [{"to": "a"}]});
    let mut world = shop(even("10/s", 1), proxy, "1ms");
    kill(&mut world, "a");
    run(&mut world, 1.0);
    start(&mut world, "a");
    run(&mut world, 1.2);
    // asked at 0.1, 0.6 and 1.1 s: the pause is timeout_connect where that is shorter than 1 s
    assert_eq!((tally(&world, "u").completed, count(&world, "lb", "retries")), (1, 2));
}

#[test]
fn redispatch_goes_elsewhere_at_once_unless_the_client_decides_where() {
    let lost = |balance: &str, redispatch: bool, until: f64| {
        let proxy = json!({"balance": balance, "redispatch": redispatch});
        let mut world = shop(even("10/s", 1), proxy, "1ms");
        kill(&mut world, "a");
        run(&mut world, until);
        (tally(&world, "u").completed, count(&world, "lb", "redispatches"))
    };
    for balance in ["leastconn", "roundrobin", "first"] {
        assert_eq!(lost(balance, false, 10.0), (0, 0), "{balance}");
        assert_eq!(lost(balance, true, 0.2), (1, 1), "{balance}");
    }
    // by address: two more attempts there, a second apart each, and the last one elsewhere
    assert_eq!((lost("source", true, 2.09), lost("source", true, 2.2)), ((0, 0), (1, 1)));
    assert_eq!(lost("source", false, 10.0), (0, 0));
}

/// The dead one is the only one with a free slot: all attempts are spent on it within a moment.
#[test]
fn a_dead_server_with_slots_eats_what_the_full_ones_cannot_take() {
    let proxy = json!({"balance": "leastconn", "redispatch": true, "maxconn": 1});
    let mut world = shop(even("100/s", 3), proxy, "1s");
    kill(&mut world, "a");
    run(&mut world, 0.1);
    assert_eq!((failed(&world, "u", Cause::Refused), served(&world, "b")), (2, 1));
    assert_eq!(count(&world, "lb", "redispatches"), 1 + 3 + 3);
}

#[test]
fn timeout_server_is_504_and_frees_the_slot() {
    let proxy = json!({"maxconn": 1, "servers": [{"to": "a"}], "timeout_server": "1s"});
    let mut world = shop(even("100/s", 2), proxy, "10s");
    run(&mut world, 1.02);
    assert_eq!((failed(&world, "u", Cause::GatewayTimeout), slots(&world).busy.level()), (1, 1));
    assert_eq!((count(&world, "lb", "status_504"), served(&world, "a")), (1, 2));
    run(&mut world, 3.0);
    assert_eq!(failed(&world, "u", Cause::GatewayTimeout), 2);
}

#[test]
fn a_server_that_dies_in_the_middle_is_502_and_not_tried_again() {
    let mut world = shop(even("10/s", 1), json!({}), "1s");
    run(&mut world, 0.5);
    kill(&mut world, "a");
    run(&mut world, 0.6);
    assert_eq!((failed(&world, "u", Cause::Reset), count(&world, "lb", "status_502")), (1, 1));
    assert_eq!((count(&world, "lb", "retries"), served(&world, "b")), (0, 0));
}

#[test]
fn who_cannot_be_reached_is_tried_again_after_timeout_connect() {
    let mut parts = parts(even("10/s", 1), json!({"timeout_connect": "1s"}), "1ms");
    parts["lb"]["QueueingProxy"]["servers"] = json!([{"to": "hole"}]);
    parts["hole"] = json!({"Link": {"to": "a", "latency": "1ms", "loss": "100%"}});
    let mut world = world(&parts);
    run(&mut world, 4.09);
    assert_eq!(
        (failed(&world, "u", Cause::GatewayTimeout), count(&world, "lb", "retries")),
        (0, 3)
    );
    run(&mut world, 4.11);
    assert_eq!(failed(&world, "u", Cause::GatewayTimeout), 1);
    assert_eq!(count(&world, "lb", "status_503"), 1);
}

#[test]
fn checks_take_a_dead_server_out_at_the_third_failure_and_back_at_the_second_success() {
    let parts = parts(even("10/s", 1000), json!({"check": {}, "retries": 0}), "1ms");
    let mut world = world(&parts);
    run(&mut world, 1.0);
    kill(&mut world, "a");
    run(&mut world, 7.0);
    start(&mut world, "a");
    run(&mut world, 20.0);
    let seen: Vec<(f64, &str)> = world
        .core
        .journal
        .iter()
        .map(|entry| (entry.at as f64 / 1e9, entry.what.as_str()))
        .collect();
    // a is checked at 0, 2, 4 ... s
    let expected =
        [(6.0, "a is out: 3 failed checks, the last: refused"), (10.0, "a is back: 2 good checks")];
    assert_eq!(seen, expected);
    // every second request failed from 1 s to 6 s
    assert_eq!(failed(&world, "u", Cause::Refused), 25);
}

#[test]
fn a_server_that_is_back_takes_from_the_queue_at_once() {
    let proxy = json!({"maxconn": 1, "check": {"inter": "1s", "fall": 1, "rise": 1},
        "servers": [{"to": "a"}, {"to": "b"}]});
    let mut world = shop(even("100/s", 3), proxy, "10s");
    kill(&mut world, "a");
    run(&mut world, 1.5);
    assert_eq!((slots(&world).busy.level(), slots(&world).queue.level()), (1, 2));
    start(&mut world, "a");
    run(&mut world, 2.1);
    assert_eq!((slots(&world).busy.level(), slots(&world).queue.level()), (2, 1));
}

#[test]
fn clients_who_left_are_served_all_the_same_unless_abortonclose() {
    let served = |drops: bool| {
        let mut users = even("100/s", 5);
        users["Users"]["timeout"] = json!("500ms");
        let proxy = json!({"maxconn": 1, "servers": [{"to": "a"}], "abortonclose": drops});
        let mut parts = parts(users, proxy, "1s");
        // somebody patient has the only slot until 1.005 s
        parts["w"] = even("200/s", 1);
        let mut world = world(&parts);
        run(&mut world, 10.0);
        assert_eq!((failed(&world, "u", Cause::Timeout), world.alive()), (5, 0));
        served(&world, "a")
    };
    assert_eq!((served(false), served(true)), (6, 1));
}

#[test]
fn its_one_thread_takes_requests_in_turn() {
    let mut world = shop(even("1000/s", 3), json!({"cpu": "10ms"}), "1s");
    for (at, busy) in [(0.0109, 0), (0.011, 1), (0.021, 2), (0.0309, 2), (0.031, 3)] {
        run(&mut world, at);
        assert_eq!(slots(&world).busy.level(), busy, "{at} s");
    }
}

#[test]
fn a_dead_proxy_fails_whom_it_holds_and_starts_with_free_slots() {
    let mut world = shop(even("100/s", 5), json!({"maxconn": 1, "cpu": "1ms"}), "1s");
    run(&mut world, 0.2);
    kill(&mut world, "lb");
    start(&mut world, "lb");
    run(&mut world, 3.0);
    assert_eq!(failed(&world, "u", Cause::Reset), 5);
    assert_eq!((slots(&world).busy.level(), slots(&world).queue.level()), (0, 0));
    assert_eq!(world.alive(), 0);
}

#[test]
fn it_is_the_same_without_lanes_and_after_a_snapshot() {
    let users = json!({"Users": {"enter": "lb", "arrivals": "30/s", "timeout": "2s"}});
    let proxy = json!({"maxconn": 1, "timeout_queue": "1s", "timeout_server": "3s",
        "check": {}, "connect": "1ms", "cpu": "1ms"});
    let mut parts = parts(users, proxy, "0s");
    for name in ["a", "b"] {
        parts[name] = json!({"QueueStation": {"service": {"exponential": "70ms"}}});
    }
    agrees_without_lanes_and_after_a_snapshot(&parts, 20.0);
}

#[test]
fn wrong_values_are_told_with_their_place() {
    let told = |proxy: Value| {
        let flaw = flaw(&json!({"a": server("1s"), "lb": {"QueueingProxy": proxy}}));
        (flaw.path, flaw.message)
    };
    assert_eq!(told(json!({})), (String::new(), "the proxy has no servers".into()));
    let twice = json!({"servers": [{"to": "a"}, {"to": "a"}]});
    assert_eq!(told(twice).0, "servers[1].to");
    let heavy = json!({"servers": [{"to": "a", "weight": 257}]});
    assert_eq!(told(heavy), ("servers[0].weight".into(), "weight 257 is not possible".into()));
    assert_eq!(told(json!({"to": "a", "timeout_queue": "0s"})).0, "timeout_queue");
    assert_eq!(told(json!({"to": "a", "check": {"fall": 0}})).0, "check.fall");
    let late = json!({"to": "a", "check": {"inter": "1s", "timeout": "2s"}});
    assert_eq!(told(late).0, "check.timeout");
}
