//! The uplink in a world: exact times of answers that share a line.

use serde_json::{Value, json};

use crate::components::tests_world::{
    agrees_without_lanes_and_after_a_snapshot, count, failed, flaw, retune, run, survey, tally,
    world,
};
use crate::engine::request::Cause;

fn parts(users: Value, uplink: &Value) -> Value {
    let mut users = users;
    users["enter"] = json!("line");
    let mut uplink = uplink.clone();
    uplink["to"] = json!("web");
    let web = json!({"service": "0s", "servers": 1000});
    json!({"users": {"Users": users}, "line": {"Uplink": uplink}, "web": {"QueueStation": web}})
}

/// `n` users who ask once, all at time 0.
fn at_once(n: u32) -> Value {
    json!({"closed": n, "think": "0s", "limit": n})
}

/// Answers after so many seconds.
fn answered(parts: &Value, seconds: f64) -> u64 {
    let mut world = world(parts);
    run(&mut world, seconds);
    tally(&world, "users").completed
}

#[test]
fn an_answer_takes_its_bits_over_the_bandwidth() {
    let parts = parts(at_once(1), &json!({"bandwidth": "8Mbit/s", "size": "1MB"}));
    assert_eq!((answered(&parts, 0.999), answered(&parts, 1.0)), (0, 1));
}

#[test]
fn answers_under_way_share_the_line_equally() {
    let parts = parts(at_once(4), &json!({"bandwidth": "8Mbit/s", "size": "1MB"}));
    assert_eq!((answered(&parts, 3.999), answered(&parts, 4.0)), (0, 4));
}

#[test]
fn no_answer_is_faster_than_its_clients_line() {
    let line = json!({"bandwidth": "16Mbit/s", "client": "8Mbit/s", "size": "1MB"});
    let two = parts(at_once(2), &line);
    assert_eq!((answered(&two, 0.999), answered(&two, 1.0)), (0, 2));
    let four = parts(at_once(4), &line);
    assert_eq!((answered(&four, 1.999), answered(&four, 2.0)), (0, 4));
}

#[test]
fn a_line_that_is_shared_is_insensitive_to_the_sizes() {
    // M/G/1 with processor sharing: 50/s of 10 ms each, half full, mean 10 ms / (1 - 0.5)
    for cv in [0.0, 2.0] {
        let line = json!({"bandwidth": "80Mbit/s", "size": "100kB", "size_cv": cv});
        let users = json!({"arrivals": "50/s", "limit": 60_000});
        let mut world = world(&parts(users, &line));
        run(&mut world, 1_300.0);
        let mean = tally(&world, "users").latency.mean().unwrap() / 1e6;
        assert!((mean - 20.0).abs() < 0.8, "cv {cv}: {mean} ms");
        let megabytes = count(&world, "line", "megabytes") as f64;
        assert!((megabytes / 6_000.0 - 1.0).abs() < 0.05, "cv {cv}: {megabytes} MB");
        assert_eq!(world.alive(), 0);
    }
}

#[test]
fn a_client_who_leaves_frees_the_line() {
    let mut users = at_once(2);
    users["patience"] = json!("1500ms");
    let line = json!({"bandwidth": "8Mbit/s", "size": "1MB"});
    let mut world = world(&parts(users, &line));
    run(&mut world, 10.0);
    assert_eq!((failed(&world, "users", Cause::Abandoned), world.alive()), (2, 0));
    let line = survey(&world, "line").resources[0].station;
    // both leave after 1.5 s, and nothing is on the line from then on
    assert_eq!((line.busy.level(), line.busy.area_at(10_000_000_000)), (0, 1_500_000_000));
    assert_eq!(count(&world, "line", "answers"), 0);
}

#[test]
fn a_wider_line_carries_what_is_under_way_faster() {
    let narrow = parts(at_once(1), &json!({"bandwidth": "8Mbit/s", "size": "2MB"}));
    let wide = parts(at_once(1), &json!({"bandwidth": "16Mbit/s", "size": "2MB"}));
    let mut world = world(&narrow);
    run(&mut world, 1.0);
    retune(&mut world, &wide, "line").unwrap();
    run(&mut world, 1.499);
    assert_eq!(tally(&world, "users").completed, 0);
    run(&mut world, 1.501);
    assert_eq!(tally(&world, "users").completed, 1);
}

#[test]
fn lanes_and_snapshots_change_nothing() {
    let line =
        json!({"bandwidth": "20Mbit/s", "client": "5Mbit/s", "size": "50kB", "size_cv": 1.0});
    let users = json!({"arrivals": "40/s", "patience": "300ms"});
    agrees_without_lanes_and_after_a_snapshot(&parts(users, &line), 20.0);
}

#[test]
fn impossible_lines_are_told() {
    let wrong = |line: Value| flaw(&parts(at_once(1), &line)).path;
    assert_eq!(wrong(json!({"bandwidth": "fast", "size": "1kB"})), "bandwidth");
    assert_eq!(wrong(json!({"bandwidth": "1Gbit/s", "client": "1", "size": "1kB"})), "client");
    let cv = json!({"bandwidth": "1Gbit/s", "size": "1kB", "size_cv": -1.0});
    assert_eq!(wrong(cv), "size_cv");
    let sizes = json!({"bandwidth": "1Gbit/s", "size": "1kB", "sizes": {"home": "2kB"}});
    assert_eq!(wrong(sizes), "sizes.home");
}

#[test]
fn what_a_client_breaks_off_has_left_as_far_as_it_was_sent() {
    let mut users = at_once(1);
    users["timeout"] = json!("3s");
    let mut world = world(&parts(users, &json!({"bandwidth": "8Mbit/s", "size": "5MB"})));
    run(&mut world, 9.0);
    assert_eq!((count(&world, "line", "answers"), count(&world, "line", "megabytes")), (0, 3));
}

#[test]
fn traffic_has_one_price_in_the_whole_run() {
    let line = |egress: &str| {
        parts(at_once(1), &json!({"bandwidth": "8Mbit/s", "size": "1MB", "egress": egress}))
    };
    let mut world = world(&line("0.09 USD/GB"));
    run(&mut world, 0.5);
    assert_eq!(retune(&mut world, &line("0.090 USD/GB"), "line"), Ok(()));
    assert_eq!(retune(&mut world, &line("0.08 USD/GB"), "line").unwrap_err().path, "egress");
    assert_eq!(flaw(&line("9 cents")).message, "\"9 cents\" is no price of traffic");
}
