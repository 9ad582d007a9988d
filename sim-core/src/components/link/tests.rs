//! The link in a world: latency both ways, the schedule of retransmissions, what travels on.

use serde_json::{Value, json};

use super::{RetransmitSpec, Schedule};
use crate::components::Node;
use crate::components::tests_world::{
    agrees_without_lanes_and_after_a_snapshot, count, failed, flaw, node, retune, run, survey,
    tally, world,
};
use crate::engine::kernel::{Action, World};
use crate::engine::request::{Cause, Doing};
use crate::engine::time::SECOND;

fn parts(users: &Value, link: &Value, service: &str) -> Value {
    let mut users = users.clone();
    users["enter"] = json!("wire");
    let mut link = link.clone();
    if link.get("to").is_none() {
        link["to"] = json!("web");
    }
    let web = json!({"service": service, "servers": 1000});
    json!({"users": {"Users": users}, "wire": {"Link": link}, "web": {"QueueStation": web}})
}

fn one_request() -> Value {
    json!({"closed": 1, "think": "0s", "limit": 1})
}

/// When the only request of a world was answered, in whole ms.
fn answered_ms(world: &mut World<Node>) -> u64 {
    (0..)
        .find(|&ms| {
            run(world, ms as f64 / 1000.0);
            tally(world, "users").completed == 1
        })
        .unwrap()
}

fn seconds(spec: &RetransmitSpec) -> Vec<u64> {
    let schedule = Schedule::new(Some(spec)).unwrap();
    let waits = (0..).map_while(|sent| schedule.wait(sent));
    waits
        .scan(0, |at, wait| {
            *at += wait;
            Some(*at / SECOND)
        })
        .collect()
}

#[test]
fn a_round_trip_takes_the_latency_twice_and_the_time_of_the_node() {
    let link = json!({"latency": "30ms"});
    let mut world = world(&parts(&one_request(), &link, "7ms"));
    assert_eq!(answered_ms(&mut world), 67);
    let seat = &world.core.seats[node(&world, "wire")];
    assert_eq!(seat.spent[Doing::Travelling as usize], 60_000_000);
    assert_eq!(world.alive(), 0);
}

#[test]
fn jitter_is_drawn_anew_for_each_way() {
    let link = json!({"latency": "10ms", "jitter": {"exponential": "5ms"}});
    let users = json!({"arrivals": "100/s", "limit": 50_000});
    let mut world = world(&parts(&users, &link, "0s"));
    run(&mut world, 1000.0);
    let seat = &world.core.seats[node(&world, "wire")];
    let mean = seat.spent[Doing::Travelling as usize] as f64 / 50_000.0 / 1e6;
    // 2 (10 + 5) ms; the standard error is 5 sqrt(2) / sqrt(50 000) = 0.03 ms
    assert!((mean - 30.0).abs() < 0.15, "{mean} ms");
    // two independent draws: variance 2 x 25, not 4 x 25; the p99 of Erlang(2, 5 ms) is 33.2 ms
    let p99 = tally(&world, "users").latency.quantile(0.99).unwrap_or(0) as f64 / 1e6;
    assert!((p99 - 53.2).abs() < 1.5, "{p99} ms");
}

#[test]
fn no_latency_needs_no_timer() {
    let users = json!({"arrivals": {"base": "100/s", "spacing": "even"}, "limit": 1000});
    let mut world = world(&parts(&users, &json!({"latency": "0s"}), "0s"));
    run(&mut world, 20.0);
    assert_eq!(tally(&world, "users").completed, 1000);
    // per request: arrival, service, two calls, two answers; and the arrival that finds the limit
    assert!(world.core.events <= 6 * 1000 + 1, "{}", world.core.events);
}

#[test]
fn lost_requests_are_sent_again_as_linux_does() {
    let older = RetransmitSpec::default();
    assert_eq!(seconds(&older), [1, 3, 7, 15, 31, 63]);
    let newer = RetransmitSpec { linear: Some(4), ..older };
    assert_eq!(seconds(&newer), [1, 2, 3, 4, 5, 7, 11, 19, 35, 67]);
    let long = RetransmitSpec { doubling: Some(9), ..RetransmitSpec::default() };
    assert_eq!(seconds(&long), [1, 3, 7, 15, 31, 63, 127, 247, 367], "120 s at most");
}

#[test]
fn a_request_lost_for_good_is_answered_by_nobody() {
    let link = json!({"latency": "30ms", "loss": 1.0});
    let mut world = world(&parts(&one_request(), &link, "0s"));
    for (at, sent_again) in [(0.9, 0), (1.0, 1), (2.9, 1), (3.0, 2), (7.0, 3), (15.0, 4)] {
        run(&mut world, at);
        assert_eq!(count(&world, "wire", "retransmitted"), sent_again, "{at} s");
    }
    run(&mut world, 1000.0);
    assert_eq!(count(&world, "wire", "retransmitted"), 6);
    assert_eq!(count(&world, "wire", "lost"), 7);
    assert_eq!(count(&world, "wire", "given_up"), 1);
    assert_eq!((world.alive(), tally(&world, "users").in_flight()), (1, 1));
}

#[test]
fn a_client_timeout_ends_the_wait_for_a_lost_request() {
    let mut users = one_request();
    users["timeout"] = json!("5s");
    let link = json!({"latency": "30ms", "loss": 1.0});
    let mut early = world(&parts(&users, &link, "0s"));
    run(&mut early, 1000.0);
    assert_eq!(failed(&early, "users", Cause::Timeout), 1);
    assert_eq!(count(&early, "wire", "retransmitted"), 2, "not after the client has left");
    assert_eq!(early.alive(), 0);
    users["timeout"] = json!("5m");
    let mut late = world(&parts(&users, &link, "0s"));
    run(&mut late, 1000.0);
    assert_eq!((failed(&late, "users", Cause::Timeout), late.alive()), (1, 0));
}

#[test]
fn a_lost_request_takes_a_second_more_and_a_retry_travels_with_luck_of_its_own() {
    let link = json!({"latency": "10ms", "loss": "20%"});
    let users = json!({"arrivals": "100/s", "limit": 20_000});
    let mut patient = world(&parts(&users, &link, "0s"));
    run(&mut patient, 1000.0);
    let lost = count(&patient, "wire", "lost") as f64;
    // 0.2 + 0.04 + ... = 0.25 losses a request; standard deviation 0.56 / sqrt(20 000)
    assert!((lost / 20_000.0 - 0.25).abs() < 0.016, "{lost}");
    let users = json!({"arrivals": "100/s", "limit": 20_000, "timeout": "100ms",
        "retry": {"attempts": 3}});
    let mut hasty = world(&parts(&users, &link, "0s"));
    run(&mut hasty, 1000.0);
    let failed = failed(&hasty, "users", Cause::Timeout) as f64 / 20_000.0;
    assert!((failed - 0.008).abs() < 0.003, "0.2 cubed, not 0.2: {failed}");
}

#[test]
fn the_news_that_a_client_left_follows_its_request() {
    let mut users = one_request();
    users["timeout"] = json!("20ms");
    // the station has one server, which works for nobody; the request in line is taken out
    let mut form = parts(&users, &json!({"latency": "30ms"}), "1s");
    form["web"]["QueueStation"]["servers"] = json!(1);
    form["other"] = json!({"Users": {"enter": "web", "closed": 1, "think": "0s", "limit": 1}});
    let mut world = world(&form);
    run(&mut world, 0.02);
    assert_eq!(failed(&world, "users", Cause::Timeout), 1);
    run(&mut world, 0.029);
    assert_eq!(survey(&world, "web").resources[0].station.queue.max(), 0);
    run(&mut world, 0.061);
    let queue = survey(&world, "web").resources[0].station.queue;
    assert_eq!((queue.max(), queue.level()), (1, 0), "it arrived, and so did the news");
    run(&mut world, 5.0);
    assert_eq!(world.alive(), 0);
}

#[test]
fn the_news_takes_the_latency_too() {
    let mut users = one_request();
    users["timeout"] = json!("50ms");
    let mut form = parts(&users, &json!({"latency": "30ms"}), "1s");
    form["web"]["QueueStation"]["servers"] = json!(1);
    form["other"] = json!({"Users": {"enter": "web", "closed": 1, "think": "0s", "limit": 1}});
    let mut world = world(&form);
    run(&mut world, 0.079);
    assert_eq!(survey(&world, "web").resources[0].station.queue.level(), 1);
    run(&mut world, 0.081);
    assert_eq!(survey(&world, "web").resources[0].station.queue.level(), 0);
}

#[test]
fn a_broken_link_fails_what_is_on_it_and_a_slow_one_takes_longer() {
    let users = json!({"closed": 10, "think": "0s", "limit": 10});
    let mut broken = world(&parts(&users, &json!({"latency": "30ms"}), "0s"));
    run(&mut broken, 0.01);
    let wire = node(&broken, "wire") as u32;
    broken.stop(wire, Cause::Reset);
    run(&mut broken, 1.0);
    assert_eq!((failed(&broken, "users", Cause::Reset), broken.alive()), (10, 0));
    let mut slow = world(&parts(&one_request(), &json!({"latency": "30ms"}), "7ms"));
    let wire = node(&slow, "wire") as u32;
    assert!(slow.act(wire, Action::Slow(3.0)));
    assert!(!slow.act(wire, Action::Flush));
    assert_eq!(answered_ms(&mut slow), 187);
}

#[test]
fn a_changed_latency_holds_from_the_next_packet_on() {
    let mut world = world(&parts(&one_request(), &json!({"latency": "30ms"}), "7ms"));
    run(&mut world, 0.01);
    let form = parts(&one_request(), &json!({"latency": "50ms"}), "7ms");
    retune(&mut world, &form, "wire").unwrap();
    assert_eq!(answered_ms(&mut world), 30 + 7 + 50);
}

#[test]
fn wrong_forms_are_flaws_with_value_and_remedy() {
    let path = |link: Value| flaw(&parts(&one_request(), &link, "0s")).path;
    let law = json!({"lognormal": {"p50": "10ms", "p99": "5ms"}});
    assert_eq!(path(json!({"latency": law})), "latency");
    assert_eq!(path(json!({"latency": "1ms", "jitter": law})), "jitter");
    assert_eq!(path(json!({"latency": "1ms", "to": "nowhere"})), "to");
    let retransmit = |spec: Value| path(json!({"latency": "1ms", "retransmit": spec}));
    assert_eq!(retransmit(json!({"first": "0s"})), "retransmit.first");
    assert_eq!(retransmit(json!({"doubling": 31})), "retransmit.doubling");
}

#[test]
fn lanes_and_snapshots_do_not_change_a_run() {
    let users = json!({"arrivals": "500/s", "timeout": "50ms", "retry": {"attempts": 3}});
    let link = json!({"latency": "10ms", "loss": "10%", "retransmit": {"first": "20ms"}});
    agrees_without_lanes_and_after_a_snapshot(&parts(&users, &link, "10ms"), 10.0);
    let link = json!({"latency": "10ms", "jitter": {"exponential": "10ms"}});
    agrees_without_lanes_and_after_a_snapshot(&parts(&users, &link, "10ms"), 10.0);
}
