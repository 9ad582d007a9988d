//! What a pooler does, against pgbouncer's documented behaviour and hand-made examples.

use serde_json::{Value, json};

use crate::components::{Form, Node, Survey};
use crate::engine::agenda::Keeping;
use crate::engine::kernel::World;
use crate::engine::meter::Station;
use crate::engine::request::Cause;
use crate::engine::time::{MILLISECOND, Nanos, SECOND};
use crate::scenario::plan::{Blueprint, Part};
use crate::wiring::Flaw;

const USERS: usize = 0;
const BOUNCER: usize = 1;
const DB: usize = 2;
const POOL: usize = 3;

fn part(name: &str, form: Value) -> Part {
    let form = serde_json::from_value::<Form>(form).unwrap();
    Part { name: name.into(), form, replicas: 1, prepared: 1 }
}

/// Users, a pooler, a database, and a client's pool of ten before the pooler.
fn plan(users: Value, pooler: Value, db: Value) -> Blueprint {
    let (mut pooler, mut db) = (pooler, db);
    pooler["to"] = json!("db");
    db["reserved"] = json!(0);
    let pool = json!({"to": "bouncer", "size": 10, "sessions": true, "order": "fifo"});
    let parts = vec![
        part("users", json!({"Users": users})),
        part("bouncer", json!({"ConnectionPooler": pooler})),
        part("db", json!({"Database": db})),
        part("pool", json!({"ConnectionPool": pool})),
    ];
    Blueprint { parts, endpoints: vec![String::new()], stack: 8, ..Blueprint::default() }
}

fn world(users: Value, pooler: Value, db: Value) -> World<Node> {
    plan(users, pooler, db).world(7, Keeping::Lanes).unwrap()
}

fn survey(world: &World<Node>, node: usize) -> Survey<'_> {
    let mut survey = Survey::default();
    world.nodes[node].survey(&mut survey);
    survey
}

fn station(world: &World<Node>, node: usize, name: &str) -> Station {
    *survey(world, node).resources.iter().find(|it| it.name == name).unwrap().station
}

fn sessions(world: &World<Node>) -> u32 {
    station(world, DB, "sessions").busy.level()
}

fn clients(world: &World<Node>) -> u32 {
    station(world, BOUNCER, "client connections").busy.level()
}

fn line(world: &World<Node>) -> u32 {
    station(world, BOUNCER, "server connections").queue.level()
}

fn count(world: &World<Node>, name: &str) -> u64 {
    let survey = survey(world, BOUNCER);
    survey.counts.iter().find(|(known, _)| *known == name).unwrap().1
}

fn failed(world: &World<Node>, cause: Cause) -> u64 {
    survey(world, USERS).tallies[0].failed[cause as usize]
}

fn completed(world: &World<Node>) -> u64 {
    survey(world, USERS).tallies[0].completed
}

fn even(enter: &str, rate: &str, limit: u64) -> Value {
    json!({"enter": enter, "arrivals": {"base": rate, "spacing": "even"}, "limit": limit})
}

/// Lets time pass, that instant included.
fn until(world: &mut World<Node>, at: Nanos) {
    world.advance(at + 1, u64::MAX);
}

#[test]
fn row_pool_of_20_with_30_clients_of_5_s_each_20_run_10_wait_none_fail() {
    let pooler = json!({"pool_mode": "transaction"});
    let mut world = world(even("bouncer", "1000/s", 30), pooler, json!({"service": "5s"}));
    until(&mut world, SECOND);
    assert_eq!((sessions(&world), line(&world), clients(&world)), (20, 10, 30));
    until(&mut world, 6 * SECOND);
    assert_eq!((completed(&world), sessions(&world), line(&world)), (20, 20, 0));
    until(&mut world, 11 * SECOND);
    // the 21st came at 21 ms and took over from the first, who came at 1 ms; all waited 4.98 s
    let meter = station(&world, BOUNCER, "server connections");
    assert_eq!((completed(&world), meter.wait_max()), (30, 4980 * MILLISECOND));
    assert_eq!((clients(&world), sessions(&world), world.alive()), (0, 20, 0));
}

#[test]
fn a_client_that_waits_too_long_is_disconnected_at_the_next_look() {
    let pooler = json!({"pool_mode": "transaction", "default_pool_size": 1,
        "query_wait_timeout": "2s"});
    let mut world = world(even("pool", "100/s", 3), pooler, json!({"service": "5s"}));
    // waiting since 20 ms and 30 ms; looked at every third of a second, so at 2.333 s
    until(&mut world, 2333 * MILLISECOND);
    assert_eq!((failed(&world, Cause::Reset), line(&world), clients(&world)), (0, 2, 3));
    until(&mut world, 2334 * MILLISECOND);
    assert_eq!((failed(&world, Cause::Reset), line(&world), clients(&world)), (2, 0, 1));
    assert_eq!(count(&world, "query_wait_timeouts"), 2);
    // the client's pool has closed those connections too
    assert_eq!(station(&world, POOL, "connections").busy.level(), 1);
    until(&mut world, 6 * SECOND);
    assert_eq!((completed(&world), world.alive()), (1, 0));
}

#[test]
fn a_timeout_of_0_s_waits_for_ever_and_the_default_is_120_s() {
    for (timeout, gone) in [(json!("0s"), 0), (Value::Null, 1)] {
        let mut pooler = json!({"default_pool_size": 1});
        if timeout != Value::Null {
            pooler["query_wait_timeout"] = timeout;
        }
        let mut world = world(even("bouncer", "100/s", 2), pooler, json!({"service": "10m"}));
        until(&mut world, 120 * SECOND);
        assert_eq!(failed(&world, Cause::Reset), 0);
        until(&mut world, 121 * SECOND);
        assert_eq!(failed(&world, Cause::Reset), gone);
    }
}

#[test]
fn the_reserve_is_opened_once_somebody_has_waited_5_s() {
    let pooler = json!({"pool_mode": "transaction", "default_pool_size": 1,
        "reserve_pool_size": 1});
    let mut world = world(even("bouncer", "100/s", 3), pooler, json!({"service": "1m"}));
    until(&mut world, 5019 * MILLISECOND);
    assert_eq!((sessions(&world), line(&world)), (1, 2));
    until(&mut world, 5020 * MILLISECOND);
    assert_eq!((sessions(&world), line(&world)), (2, 1));
    until(&mut world, 10 * SECOND);
    assert_eq!((sessions(&world), line(&world)), (2, 1));
}

#[test]
fn max_db_connections_limits_pool_and_reserve_together() {
    let pooler = json!({"pool_mode": "transaction", "default_pool_size": 5,
        "reserve_pool_size": 5, "max_db_connections": 3});
    let mut world = world(even("bouncer", "100/s", 9), pooler, json!({"service": "1m"}));
    until(&mut world, 10 * SECOND);
    assert_eq!((sessions(&world), line(&world)), (3, 6));
}

#[test]
fn one_client_too_many_is_refused_at_once_idle_ones_count() {
    let pooler = json!({"pool_mode": "transaction", "max_client_conn": 2});
    let mut world = world(even("pool", "10/s", 4), pooler, json!({"service": "150ms"}));
    // at 100, 200, 300 ms: the pool has two connections then, and the third query finds one idle
    until(&mut world, SECOND);
    assert_eq!((completed(&world), clients(&world)), (4, 2));
    let mut busy = plan(
        even("pool", "100/s", 4),
        json!({"pool_mode": "transaction", "max_client_conn": 2}),
        json!({"service": "10s"}),
    )
    .world(7, Keeping::Lanes)
    .unwrap();
    until(&mut busy, 40 * MILLISECOND);
    assert_eq!((failed(&busy, Cause::TooManyConnections), clients(&busy)), (2, 2));
    assert_eq!(station(&busy, BOUNCER, "client connections").turned_away.count(), 2);
}

#[test]
fn an_idle_client_holds_its_server_connection_in_session_mode_only() {
    // two clients stay connected and idle; the third wants to work
    let run = |mode: &str| {
        let pooler = json!({"pool_mode": mode, "default_pool_size": 2});
        let mut plan = plan(even("pool", "100/s", 2), pooler, json!({"service": "100ms"}));
        plan.parts.push(part("others", json!({"Users": even("bouncer", "1/s", 1)})));
        let mut world = plan.world(7, Keeping::Lanes).unwrap();
        until(&mut world, 2 * SECOND);
        assert_eq!(completed(&world), 2);
        (survey(&world, 4).tallies[0].completed, line(&world), clients(&world))
    };
    assert_eq!(run("session"), (0, 1, 3));
    assert_eq!(run("transaction"), (1, 0, 2));
    assert_eq!(run("statement"), (1, 0, 2));
}

#[test]
fn server_connections_are_opened_one_at_a_time() {
    let pooler = json!({"pool_mode": "transaction", "server_connect": "100ms"});
    let mut world = world(even("bouncer", "1000/s", 3), pooler, json!({"service": "10s"}));
    // asked for at 1 ms: there at 101 ms, 201 ms, 301 ms
    for (at, open) in [(100, 0), (101, 1), (200, 1), (201, 2), (300, 2), (301, 3)] {
        until(&mut world, at * MILLISECOND);
        assert_eq!(station(&world, DB, "connections").busy.level(), open, "{at} ms");
    }
}

#[test]
fn a_client_that_leaves_in_the_middle_of_a_query_costs_a_server_connection() {
    let mut users = even("bouncer", "100/s", 2);
    users["timeout"] = json!("1s");
    let pooler = json!({"pool_mode": "transaction", "default_pool_size": 1});
    let mut world = world(users, pooler, json!({"service": "3s"}));
    // the first leaves at 1.01 s: a fresh connection serves the second, the database works for both
    until(&mut world, 1015 * MILLISECOND);
    assert_eq!((failed(&world, Cause::Timeout), count(&world, "opened")), (1, 2));
    assert_eq!((line(&world), sessions(&world)), (0, 2));
    assert_eq!(station(&world, DB, "connections").busy.level(), 2);
    until(&mut world, 5 * SECOND);
    assert_eq!((failed(&world, Cause::Timeout), sessions(&world), world.alive()), (2, 0, 0));
}

#[test]
fn the_connection_that_came_back_last_is_used_first_so_idle_ones_grow_old() {
    let pooler = json!({"pool_mode": "transaction", "server_idle_timeout": "10s"});
    let users = json!({"enter": "bouncer", "limit": 35, "arrivals": {"base": "1000/s",
        "spacing": "even", "steps": [{"at": "5ms", "rate": "1/s"}]}});
    let mut world = world(users, pooler, json!({"service": "100ms"}));
    until(&mut world, SECOND);
    assert!(sessions(&world) >= 4, "{}", sessions(&world));
    // one query a second needs one connection: the others were last used before 0.2 s
    until(&mut world, 10 * SECOND + 200 * MILLISECOND);
    assert_eq!(sessions(&world), 1);
    until(&mut world, 25 * SECOND);
    assert_eq!(sessions(&world), 1);
}

#[test]
fn while_log_ins_fail_clients_fail_at_once_and_15_s_later_one_is_tried() {
    let pooler = json!({"pool_mode": "transaction"});
    let mut world = world(even("bouncer", "1/s", 40), pooler, json!({"service": "1ms"}));
    world.advance(500 * MILLISECOND, u64::MAX);
    world.stop(DB as u32, Cause::Reset);
    // who asked for the first log-in waits; those who come later are sent away
    until(&mut world, 5 * SECOND);
    assert_eq!((line(&world), failed(&world, Cause::Refused)), (1, 4));
    world.start(DB as u32);
    until(&mut world, 15 * SECOND);
    assert_eq!((line(&world), failed(&world, Cause::Refused)), (1, 14));
    // the log-in failed at 1 s
    until(&mut world, 16500 * MILLISECOND);
    assert_eq!((line(&world), failed(&world, Cause::Refused)), (0, 14));
    assert_eq!(completed(&world), 2);
}

#[test]
fn a_database_that_dies_takes_its_clients_connections_along() {
    let pooler = json!({"pool_mode": "transaction"});
    let mut world = world(even("pool", "100/s", 3), pooler, json!({"service": "1s"}));
    until(&mut world, 100 * MILLISECOND);
    world.stop(DB as u32, Cause::Reset);
    world.start(DB as u32);
    until(&mut world, 200 * MILLISECOND);
    assert_eq!((failed(&world, Cause::Reset), clients(&world), sessions(&world)), (3, 0, 0));
    assert_eq!(station(&world, BOUNCER, "server connections").busy.level(), 0);
}

#[test]
fn its_one_thread_takes_queries_in_turn() {
    let pooler = json!({"pool_mode": "transaction", "cpu": "10ms"});
    let mut world = world(even("bouncer", "1000/s", 3), pooler, json!({"service": "1s"}));
    // at 1, 2, 3 ms: done with at 11, 21, 31 ms
    for (at, busy) in [(10, 0), (11, 1), (21, 2), (30, 2), (31, 3)] {
        until(&mut world, at * MILLISECOND);
        assert_eq!(station(&world, DB, "connections").busy.level(), busy, "{at} ms");
    }
    assert_eq!(station(&world, BOUNCER, "cpu").wait_max(), 18 * MILLISECOND);
}

#[test]
fn a_dead_pooler_fails_whom_it_holds_and_the_database_sees_it_go() {
    let pooler = json!({"pool_mode": "session", "default_pool_size": 1, "cpu": "1ms"});
    let mut world = world(even("pool", "100/s", 3), pooler, json!({"service": "1s"}));
    until(&mut world, 100 * MILLISECOND);
    world.stop(BOUNCER as u32, Cause::Reset);
    world.start(BOUNCER as u32);
    until(&mut world, 3 * SECOND);
    assert_eq!((failed(&world, Cause::Reset), clients(&world), sessions(&world)), (3, 0, 0));
    assert_eq!(world.alive(), 0);
}

#[test]
fn wrong_numbers_name_the_value_and_the_remedy() {
    let flaw = |pooler: Value| -> Flaw {
        plan(even("bouncer", "1/s", 1), pooler, json!({})).world(7, Keeping::Lanes).unwrap_err().1
    };
    let size = flaw(json!({"default_pool_size": 0}));
    assert_eq!(
        (size.path.as_str(), size.remedy.as_str()),
        ("default_pool_size", "write 1 to 100000")
    );
    assert_eq!(flaw(json!({"reserve_pool_size": 200_000})).path, "reserve_pool_size");
    assert_eq!(flaw(json!({"server_connect": {"exponential": "0s"}})).path, "server_connect");
    let clients = flaw(json!({"max_client_conn": 0}));
    assert_eq!(
        (clients.path.as_str(), clients.message.as_str()),
        ("max_client_conn", "0 clients are not possible")
    );
}
