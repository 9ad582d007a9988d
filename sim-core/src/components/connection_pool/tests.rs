//! What a pool does, against hand-made examples and the textbook.

mod hold;
mod sessions;

use serde_json::{Value, json};

use crate::components::{Form, Node, Survey};
use crate::engine::agenda::Keeping;
use crate::engine::kernel::World;
use crate::engine::request::Cause;
use crate::engine::time::{MILLISECOND, SECOND};
use crate::scenario::plan::{Blueprint, Part};

const USERS: usize = 0;
const POOL: usize = 1;
const DB: usize = 2;

fn part(name: &str, form: Value) -> Part {
    let form = serde_json::from_value::<Form>(form).unwrap();
    Part { name: name.into(), form, replicas: 1, prepared: 1 }
}

fn plan(users: Value, pool: Value, db: Value) -> Blueprint {
    let parts = vec![
        part("users", json!({"Users": users})),
        part("pool", json!({"ConnectionPool": pool})),
        part("db", json!({"Database": db})),
    ];
    Blueprint { parts, endpoints: vec![String::new()], stack: 8, ..Blueprint::default() }
}

fn world(users: Value, pool: Value, db: Value) -> World<Node> {
    plan(users, pool, db).world(7, Keeping::Lanes).unwrap()
}

fn survey(world: &World<Node>, node: usize) -> Survey<'_> {
    let mut survey = Survey::default();
    world.nodes[node].survey(&mut survey);
    survey
}

fn failed(world: &World<Node>, cause: Cause) -> u64 {
    survey(world, USERS).tallies[0].failed[cause as usize]
}

fn completed(world: &World<Node>) -> u64 {
    survey(world, USERS).tallies[0].completed
}

fn busy(world: &World<Node>, node: usize) -> u32 {
    survey(world, node).resources[0].station.busy.level()
}

fn count(world: &World<Node>, name: &str) -> u64 {
    let survey = survey(world, POOL);
    survey.counts.iter().find(|(known, _)| *known == name).unwrap().1
}

fn even(rate: &str, limit: u64) -> Value {
    json!({"enter": "pool", "arrivals": {"base": rate, "spacing": "even"}, "limit": limit})
}

#[test]
fn the_sixteenth_long_query_waits_thirty_seconds_for_five_and_ten_connections() {
    let pool = json!({"to": "db", "size": 5, "overflow": 10});
    let mut world = world(even("1000/s", 16), pool, json!({"service": "60s"}));
    // the 16th arrives at 16 ms; nothing is said about the timeout
    world.advance(30 * SECOND + 16 * MILLISECOND, u64::MAX);
    assert_eq!((busy(&world, POOL), failed(&world, Cause::PoolTimeout)), (15, 0));
    world.advance(30 * SECOND + 16 * MILLISECOND + 1, u64::MAX);
    assert_eq!((busy(&world, POOL), failed(&world, Cause::PoolTimeout)), (15, 1));
    world.advance(61 * SECOND, u64::MAX);
    assert_eq!((completed(&world), count(&world, "timeouts")), (15, 1));
    assert_eq!((count(&world, "opened"), busy(&world, POOL)), (15, 0));
    assert_eq!(world.alive(), 0);
}

#[test]
fn overflow_connections_are_closed_when_they_come_back_and_opened_again() {
    // three at once, all back, three at once again: 1 stays, 2 are opened anew
    let users = json!({"enter": "pool", "closed": 3, "think": "1s"});
    let pool = json!({"to": "db", "size": 1, "overflow": 2});
    let mut world = world(users, pool, json!({"service": "100ms"}));
    world.advance(3 * SECOND, u64::MAX);
    let rounds = completed(&world) / 3;
    assert!(rounds >= 2, "{rounds}");
    assert_eq!(count(&world, "opened"), 1 + 2 * rounds);
}

#[test]
fn a_pool_hands_connections_over_in_order_of_arrival() {
    let run = |order: &str| {
        let pool = json!({"to": "db", "size": 1, "order": order});
        let mut world = world(even("10/s", 5), pool, json!({"service": "1s"}));
        world.advance(10 * SECOND, u64::MAX);
        assert_eq!(completed(&world), 5);
        let meter = *survey(&world, POOL).resources[0].station;
        (meter.wait_max() / MILLISECOND, meter.wait_sum() / u128::from(MILLISECOND))
    };
    // arrivals at 0.1 s to 0.5 s, starts at 0.1, 1.1, 2.1, 3.1, 4.1 s: waits 0, 0.9, 1.8, 2.7, 3.6
    assert_eq!(run("fifo"), (3600, 9000));
    // last come first served: 0, 0.6, 1.7, 2.8, 3.9
    assert_eq!(run("lifo"), (3900, 9000));
}

#[test]
fn who_asks_before_a_waiter_runs_overtakes_it() {
    let run = |wake: &str| {
        let pool = json!({"to": "db", "size": 1, "wake": wake});
        let mut world = world(even("10/s", 3), pool, json!({"service": "150ms"}));
        world.advance(10 * SECOND, u64::MAX);
        assert_eq!((completed(&world), busy(&world, POOL)), (3, 0));
        let meter = *survey(&world, POOL).resources[0].station;
        (meter.wait_max() / MILLISECOND, meter.wait_sum() / u128::from(MILLISECOND))
    };
    // arrivals at 100, 200 and 300 ms, the connection comes back at 250 ms: in order the second
    // waits 50 ms and the third 100 ms
    assert_eq!(run("0ms"), (100, 150));
    // woken at 310 ms the second finds that the third took it at 300 ms, waits behind everybody,
    // and is woken again 60 ms after 450 ms
    assert_eq!(run("60ms"), (310, 310));
}

#[test]
fn a_waiter_that_is_overtaken_keeps_its_timeout() {
    let pool = json!({"to": "db", "size": 1, "wake": "60ms", "timeout": "200ms"});
    let mut world = world(even("10/s", 3), pool, json!({"service": "150ms"}));
    world.advance(10 * SECOND, u64::MAX);
    // the second has asked at 200 ms and goes at 400 ms, before it is its turn again
    assert_eq!((completed(&world), failed(&world, Cause::PoolTimeout)), (2, 1));
    assert_eq!((busy(&world, POOL), world.alive()), (0, 0));
}

#[test]
fn pool_waits_are_those_of_erlang_c() {
    let users = json!({"enter": "pool", "arrivals": "3.2/s", "limit": 1_500_000});
    let db = json!({"service": {"exponential": "1s"}});
    let mut world = world(users, json!({"to": "db", "size": 4, "timeout": "10d"}), db);
    world.advance(480_000 * SECOND, u64::MAX);
    let meter = *survey(&world, POOL).resources[0].station;
    assert!(meter.seized() > 1_499_000, "{}", meter.seized());
    // M/M/4 at 3.2 erlang: Wq = C(4, 3.2) / (4 - 3.2) = 0.745541 service times
    let wait = meter.mean_wait().unwrap() / SECOND as f64;
    assert!((wait / 0.745_541 - 1.0).abs() < 0.02, "{wait}");
}

#[test]
fn a_connection_takes_time_to_open_once() {
    let pool = json!({"to": "db", "size": 1, "connect": "50ms"});
    let mut world = world(even("5/s", 2), pool, json!({"service": "100ms"}));
    // arrivals at 200 ms and 400 ms: the first opens
    world.advance(350 * MILLISECOND, u64::MAX);
    assert_eq!(completed(&world), 0);
    world.advance(350 * MILLISECOND + 1, u64::MAX);
    assert_eq!(completed(&world), 1);
    world.advance(500 * MILLISECOND + 1, u64::MAX);
    assert_eq!((completed(&world), count(&world, "opened")), (2, 1));
}

#[test]
fn callers_who_leave_give_up_their_place_but_not_a_query_in_progress() {
    let mut users = even("100/s", 3);
    users["timeout"] = json!("500ms");
    let pool = json!({"to": "db", "size": 1});
    let mut world = world(users, pool, json!({"service": "2s"}));
    // at 10, 20 and 30 ms; all give up after 500 ms, the first one's query goes on until 2.01 s
    world.advance(SECOND, u64::MAX);
    assert_eq!(failed(&world, Cause::Timeout), 3);
    assert_eq!((busy(&world, POOL), busy(&world, DB)), (1, 1));
    assert_eq!(survey(&world, POOL).resources[0].station.queue.level(), 0);
    world.advance(2010 * MILLISECOND + 1, u64::MAX);
    assert_eq!((busy(&world, POOL), busy(&world, DB), world.alive()), (0, 0, 0));
    assert_eq!(survey(&world, DB).resources[0].station.seized(), 1);
}

#[test]
fn a_caller_who_leaves_while_its_connection_opens_leaves_it_to_the_next() {
    let mut users = even("100/s", 2);
    users["timeout"] = json!("30ms");
    let pool = json!({"to": "db", "size": 1, "connect": "35ms"});
    let mut world = world(users, pool, json!({"service": "4ms"}));
    // at 10 ms the first opens until 45 ms and leaves at 40 ms; the second has waited since 20 ms
    world.advance(49 * MILLISECOND + 1, u64::MAX);
    assert_eq!((failed(&world, Cause::Timeout), completed(&world)), (1, 1));
    assert_eq!((count(&world, "opened"), busy(&world, POOL)), (1, 0));
}

#[test]
fn a_connection_to_a_dead_database_is_not_used_again() {
    let pool = json!({"to": "db", "size": 1});
    let mut world = world(even("10/s", 4), pool, json!({"service": "10ms"}));
    world.advance(150 * MILLISECOND, u64::MAX);
    world.stop(DB as u32, Cause::Reset);
    world.advance(350 * MILLISECOND, u64::MAX);
    assert_eq!((completed(&world), failed(&world, Cause::Refused)), (1, 2));
    world.start(DB as u32);
    world.advance(SECOND, u64::MAX);
    // the second breaks the first one's connection, the third its own, the fourth has a third one
    assert_eq!((completed(&world), count(&world, "opened")), (2, 3));
}

#[test]
fn a_dead_pool_fails_whom_it_holds_and_starts_empty() {
    let pool = json!({"to": "db", "size": 1});
    let mut world = world(even("100/s", 3), pool, json!({"service": "1s"}));
    world.advance(100 * MILLISECOND, u64::MAX);
    world.stop(POOL as u32, Cause::Reset);
    world.start(POOL as u32);
    world.advance(3 * SECOND, u64::MAX);
    assert_eq!((failed(&world, Cause::Reset), busy(&world, POOL), world.alive()), (3, 0, 0));
}

#[test]
fn wrong_numbers_name_the_value_and_the_remedy() {
    let flaw =
        |pool: Value| plan(even("1/s", 1), pool, json!({})).world(7, Keeping::Lanes).unwrap_err().1;
    let size = flaw(json!({"to": "db", "size": 0}));
    assert_eq!((size.path.as_str(), size.remedy.as_str()), ("size", "write 1 to 100000"));
    assert_eq!(size.message, "0 connections are not possible");
    assert_eq!(flaw(json!({"to": "nobody", "size": 1})).path, "to");
    let many = flaw(json!({"to": "db", "size": 1, "overflow": 200_000}));
    assert_eq!(many.path, "overflow");
    let law = json!({"to": "db", "size": 1, "connect": {"exponential": "0s"}});
    assert_eq!(flaw(law).path, "connect");
}
