//! The limiter in a world: the micro-scenarios of nginx's limit_req and of the token bucket.

use serde_json::{Value, json};

use crate::components::Node;
use crate::components::tests_world::{
    agrees_without_lanes_and_after_a_snapshot, count, failed, flaw, retune, run, survey, tally,
    world,
};
use crate::engine::kernel::World;
use crate::engine::request::Cause;

/// A limiter before a node that answers at once, and the users given.
fn limited(users: &[Value], limit: &Value) -> World<Node> {
    world(&parts(users, limit))
}

fn parts(users: &[Value], limit: &Value) -> Value {
    let mut parts = json!({"web": {"QueueStation": {"service": "0s", "servers": 1000}}});
    let mut form = json!({"to": "web"});
    form.as_object_mut().unwrap().extend(limit.as_object().unwrap().clone());
    parts["gate"] = json!({"RateLimit": form});
    for (index, users) in users.iter().enumerate() {
        let mut form = json!({"enter": "gate"});
        form.as_object_mut().unwrap().extend(users.as_object().unwrap().clone());
        parts[format!("users{index}")] = json!({"Users": form});
    }
    parts
}

fn hundred_at_once() -> Value {
    json!({"closed": 100, "think": "0s", "limit": 100})
}

fn once_at(time: &str) -> Value {
    json!({"closed": 1, "think": time, "limit": 1})
}

/// Requests answered by each of these times, s.
fn answered(world: &mut World<Node>, times: &[f64]) -> Vec<u64> {
    let mut at = |&time: &f64| {
        run(world, time);
        tally(world, "users0").completed
    };
    times.iter().map(&mut at).collect()
}

#[test]
fn limit_req_lets_a_burst_of_100_leave_one_each_100_ms() {
    let limit = json!({"rate": "10/s", "burst": 20, "algorithm": "leaky-bucket"});
    let mut world = limited(&[hundred_at_once()], &limit);
    let slots: Vec<f64> = (0..=20).map(|slot| f64::from(slot) * 0.1).collect();
    assert_eq!(answered(&mut world, &slots), (1..=21).collect::<Vec<u64>>());
    run(&mut world, 10.0);
    assert_eq!(tally(&world, "users0").completed, 21);
    assert_eq!(failed(&world, "users0", Cause::RateLimited), 79);
    assert_eq!(count(&world, "gate", "limited"), 79);
    let meter = survey(&world, "gate").resources[0].station;
    assert_eq!(meter.wait_max(), 2_000_000_000);
    assert_eq!(meter.wait_sum(), 21_000_000_000, "0 + 100 + ... + 2000 ms");
    assert_eq!(meter.queue.level(), 0);
    assert_eq!(world.alive(), 0);
}

#[test]
fn limit_req_between_two_slots_lets_nothing_through() {
    let limit = json!({"rate": "10/s", "burst": 20, "algorithm": "leaky-bucket"});
    let mut world = limited(&[hundred_at_once()], &limit);
    assert_eq!(answered(&mut world, &[0.099, 0.1, 0.199, 0.2]), [1, 2, 2, 3]);
}

#[test]
fn limit_req_with_nodelay_lets_the_whole_burst_through_at_once() {
    let limit = json!({"rate": "10/s", "burst": 20, "algorithm": "leaky-bucket", "nodelay": true});
    let mut world = limited(&[hundred_at_once()], &limit);
    assert_eq!(answered(&mut world, &[0.0, 10.0]), [21, 21]);
}

#[test]
fn limit_req_with_delay_8_lets_nine_through_at_once() {
    let limit = json!({"rate": "10/s", "burst": 20, "algorithm": "leaky-bucket", "delay": 8});
    let mut world = limited(&[hundred_at_once()], &limit);
    let times = [0.0, 0.099, 0.1, 0.2, 1.1, 1.2, 10.0];
    assert_eq!(answered(&mut world, &times), [9, 9, 10, 11, 20, 21, 21]);
}

#[test]
fn limit_req_without_burst_rejects_anything_within_100_ms_of_the_last_accepted() {
    let users = ["0s", "90ms", "100ms", "110ms", "200ms", "300ms"].map(once_at);
    let limit = json!({"rate": "10/s", "algorithm": "leaky-bucket"});
    let mut world = limited(&users, &limit);
    run(&mut world, 1.0);
    let passed = (0..6).map(|index| tally(&world, &format!("users{index}")).completed);
    assert_eq!(passed.collect::<Vec<_>>(), [1, 0, 1, 0, 1, 1]);
}

#[test]
fn limit_req_sees_time_in_whole_milliseconds() {
    let limit = json!({"rate": "1000/s", "algorithm": "leaky-bucket"});
    // 0.9 and 1.1 ms are 0 and 1 to it
    let users = ["0s", "900us", "1100us", "1900us", "2ms"].map(once_at);
    let mut world = limited(&users, &limit);
    run(&mut world, 1.0);
    let passed = (0..5).map(|index| tally(&world, &format!("users{index}")).completed);
    assert_eq!(passed.collect::<Vec<_>>(), [1, 0, 1, 0, 1]);
}

#[test]
fn a_full_token_bucket_of_100_empties_in_2500_ms_then_a_fifth_passes() {
    let users = json!({"arrivals": {"base": "50/s", "spacing": "even"}});
    let limit = json!({"rate": "10/s", "burst": 100});
    let mut world = limited(&[users], &limit);
    run(&mut world, 2.499);
    assert_eq!(count(&world, "gate", "passed"), 124, "every arrival so far");
    assert_eq!(count(&world, "gate", "limited"), 0);
    run(&mut world, 2.5);
    assert_eq!(count(&world, "gate", "limited"), 1);
    run(&mut world, 12.5);
    assert_eq!(count(&world, "gate", "passed"), 124 + 100);
    assert_eq!(count(&world, "gate", "limited"), 1 + 400);
}

#[test]
fn each_client_has_a_limit_of_its_own() {
    let users = json!({"arrivals": "100/s", "clients": 5});
    let limit = json!({"rate": "10/s", "burst": 1, "per": "client"});
    let mut world = limited(&[users], &limit);
    run(&mut world, 1000.0);
    let passed = count(&world, "gate", "passed") as f64 / 1000.0;
    // a client sends 20/s; with one token each passing takes 100 ms plus a mean gap of 50 ms
    assert!((passed - 5.0 / 0.15).abs() < 0.5, "{passed}/s");
}

#[test]
fn a_delayed_request_whose_client_left_is_not_passed_on() {
    let users = json!({"closed": 10, "think": "0s", "limit": 10, "timeout": "350ms"});
    let limit = json!({"rate": "10/s", "burst": 20, "algorithm": "leaky-bucket"});
    let mut world = limited(&[users], &limit);
    run(&mut world, 5.0);
    assert_eq!(count(&world, "gate", "passed"), 4, "at 0, 100, 200 and 300 ms");
    assert_eq!(failed(&world, "users0", Cause::Timeout), 6);
    assert_eq!((world.alive(), survey(&world, "gate").resources[0].station.queue.level()), (0, 0));
}

#[test]
fn a_changed_rate_counts_from_the_change_on() {
    let users = [json!({"arrivals": {"base": "50/s", "spacing": "even"}})];
    let mut world = limited(&users, &json!({"rate": "10/s", "burst": 10}));
    run(&mut world, 10.0);
    let before = count(&world, "gate", "passed");
    retune(&mut world, &parts(&users, &json!({"rate": "20/s", "burst": 10})), "gate").unwrap();
    run(&mut world, 20.0);
    let passed = count(&world, "gate", "passed") - before;
    assert!((200..=201).contains(&passed), "{passed}");
    let other = json!({"rate": "20/s", "algorithm": "leaky-bucket"});
    let flaw = retune(&mut world, &parts(&users, &other), "gate").unwrap_err();
    assert_eq!(flaw.path, "algorithm");
}

#[test]
fn a_stopped_limiter_drops_what_it_delays_and_forgets_its_counts() {
    let limit = json!({"rate": "1/s", "burst": 20, "algorithm": "leaky-bucket"});
    let mut world = limited(&[hundred_at_once(), once_at("10s")], &limit);
    run(&mut world, 0.5);
    let gate = crate::components::tests_world::node(&world, "gate") as u32;
    world.stop(gate, Cause::Reset);
    world.start(gate);
    run(&mut world, 10.0);
    assert_eq!(failed(&world, "users0", Cause::Reset), 20);
    assert_eq!(tally(&world, "users1").completed, 1);
    assert_eq!(world.alive(), 0);
}

#[test]
fn wrong_forms_are_flaws_with_value_and_remedy() {
    let path = |limit: Value| flaw(&parts(&[], &limit)).path;
    assert_eq!(path(json!({"rate": "0/s"})), "rate");
    assert_eq!(path(json!({"rate": "1/s", "burst": 0})), "burst");
    assert_eq!(path(json!({"rate": "1/s", "burst": 2_000_000_000})), "burst");
    assert_eq!(path(json!({"rate": "1/s", "nodelay": true})), "nodelay");
    assert_eq!(path(json!({"rate": "1/s", "delay": 1})), "delay");
    let both = json!({"rate": "1/s", "algorithm": "leaky-bucket", "delay": 3, "nodelay": true});
    assert_eq!(flaw(&parts(&[], &both)).message, "delay 3 and nodelay exclude each other");
    assert_eq!(path(json!({"rate": "1/s", "to": "nowhere"})), "to");
}

#[test]
fn lanes_and_snapshots_do_not_change_a_run() {
    let users = json!({"arrivals": "500/s", "clients": 100, "timeout": "1s"});
    let limit = json!({"rate": "3/s", "burst": 5, "algorithm": "leaky-bucket", "per": "client"});
    agrees_without_lanes_and_after_a_snapshot(&parts(&[users], &limit), 20.0);
    let users = json!({"arrivals": "500/s"});
    let limit = json!({"rate": "3/s", "per": "client"});
    agrees_without_lanes_and_after_a_snapshot(&parts(&[users], &limit), 20.0);
}
