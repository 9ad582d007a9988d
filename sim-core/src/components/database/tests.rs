//! What a database does, against hand-made examples and the scalability law.

mod postgres;

use serde_json::{Value, json};

use crate::components::{Form, Node, Survey};
use crate::engine::agenda::Keeping;
use crate::engine::kernel::{Action, World};
use crate::engine::request::Cause;
use crate::engine::time::{MILLISECOND, SECOND};
use crate::scenario::plan::{Blueprint, Part};

const USERS: usize = 0;
const DB: usize = 1;

fn part(name: &str, form: Value) -> Part {
    let form = serde_json::from_value::<Form>(form).unwrap();
    Part { name: name.into(), form, replicas: 1, prepared: 1 }
}

fn blueprint(parts: Vec<Part>) -> Blueprint {
    let endpoints = ["", "read", "write"].map(String::from).to_vec();
    Blueprint { parts, endpoints, stack: 8, ..Blueprint::default() }
}

fn plan(users: Value, db: Value) -> Blueprint {
    blueprint(vec![part("users", json!({"Users": users})), part("db", json!({"Database": db}))])
}

fn world(users: Value, db: Value) -> World<Node> {
    plan(users, db).world(7, Keeping::Lanes).unwrap()
}

fn even(rate: &str, limit: u64) -> Value {
    json!({"enter": "db", "arrivals": {"base": rate, "spacing": "even"}, "limit": limit})
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

#[test]
fn three_queries_share_two_cores() {
    let mut world = world(even("100/s", 3), json!({"cores": 2, "service": "30ms"}));
    // at 10, 20 and 30 ms; from 30 ms on three get 2/3 of a core each: the first, with 10 ms left,
    // ends at 45 ms; then two have a core each: 10 ms left end at 55 ms, 20 ms at 65 ms
    for (at, before, after) in [(45, 0, 1), (55, 1, 2), (65, 2, 3)] {
        world.advance(at * MILLISECOND - 2, u64::MAX);
        assert_eq!(completed(&world), before, "{at} ms");
        world.advance(at * MILLISECOND + 3, u64::MAX);
        assert_eq!(completed(&world), after, "{at} ms");
    }
    let cpu = *survey(&world, DB).resources[1].station;
    assert_eq!((cpu.busy.max(), cpu.queue.max(), cpu.capacity.level()), (2, 1, 2));
    let used = cpu.busy.area_at(65 * MILLISECOND + 3);
    assert!(used.abs_diff(90_000_000) < 20, "{used}");
}

#[test]
fn one_query_too_many_fails_at_once() {
    let mut world = world(even("1000/s", 3), json!({"max_connections": 2, "service": "1s"}));
    world.advance(3 * MILLISECOND + 1, u64::MAX);
    assert_eq!(failed(&world, Cause::TooManyConnections), 1);
    world.advance(2 * SECOND, u64::MAX);
    assert_eq!((completed(&world), world.alive()), (2, 0));
    assert_eq!(survey(&world, DB).resources[0].station.turned_away.count(), 1);
}

#[test]
fn throughput_at_eight_queries_follows_the_scalability_law() {
    let run = |cores: Option<u32>, alpha: f64, beta: f64| {
        let users = json!({"enter": "db", "closed": 8, "think": "0s"});
        let contention = json!({"alpha": alpha, "beta": beta});
        let mut db = json!({"service": "10ms", "contention": contention});
        if let Some(cores) = cores {
            db["cores"] = json!(cores);
        }
        let mut world = world(users, db);
        world.advance(100 * SECOND, u64::MAX);
        completed(&world) as f64 / 100.0
    };
    // X(8) = 8 / (1 + 7 alpha + 56 beta); alone 100 queries a second; at most 8 are unfinished
    for (alpha, beta, speedup) in
        [(0.0, 0.0, 8.0), (0.05, 0.001, 5.689_900), (0.1, 0.05, 1.777_778)]
    {
        let rate = run(None, alpha, beta);
        assert!((rate - 100.0 * speedup).abs() < 0.09, "{rate} for {speedup}");
    }
    // cores cap it, and do not slow a load that is below the cap
    assert!((run(Some(4), 0.05, 0.001) - 400.0).abs() < 0.09);
    assert!((run(Some(6), 0.05, 0.001) - 568.990).abs() < 0.09);
}

#[test]
fn contention_counts_queries_that_wait_for_io_but_stretches_only_the_cpu() {
    let queries = json!({"read": {"cpu": "10ms", "io": "100ms"}});
    let users = json!({"enter": "db", "arrivals": {"base": "50/s", "spacing": "even"}, "limit": 2,
        "mix": {"read": 1.0}});
    let contention = json!({"alpha": 0.5, "beta": 0.0});
    let mut world = world(users, json!({"queries": queries, "contention": contention}));
    // at 20 ms alone: CPU until 30 ms, I/O until 130 ms; at 40 ms 1.5 times as slow: 55 ms, 155 ms
    world.advance(130 * MILLISECOND + 1, u64::MAX);
    assert_eq!(completed(&world), 1);
    world.advance(155 * MILLISECOND - 2, u64::MAX);
    assert_eq!(completed(&world), 1);
    world.advance(155 * MILLISECOND + 2, u64::MAX);
    assert_eq!(completed(&world), 2);
}

#[test]
fn kinds_cost_what_they_say_and_unknown_ones_are_errors() {
    let users = |kind: &str| {
        let mut users = even("10/s", 1);
        users["mix"] = json!({kind: 1.0});
        users
    };
    let queries = json!({"read": {"cpu": "2ms", "io": "3ms"}});
    for cores in [json!({"queries": queries}), json!({"queries": queries, "cores": 1})] {
        let mut world = world(users("read"), cores.clone());
        world.advance(105 * MILLISECOND, u64::MAX);
        assert_eq!(completed(&world), 0);
        world.advance(105 * MILLISECOND + 1, u64::MAX);
        assert_eq!(completed(&world), 1);
    }
    let mut unknown = world(users("write"), json!({"queries": queries}));
    unknown.advance(SECOND, u64::MAX);
    assert_eq!(failed(&unknown, Cause::Error), 1);
    assert_eq!(survey(&unknown, DB).counts, [("unknown_kind", 1)]);
}

#[test]
fn a_slowed_database_takes_longer_from_that_moment() {
    for cores in [1, 2] {
        let mut world = world(even("10/s", 1), json!({"cores": cores, "service": "100ms"}));
        world.advance(150 * MILLISECOND, u64::MAX);
        assert!(world.act(DB as u32, Action::Slow(2.0)));
        world.advance(250 * MILLISECOND - 2, u64::MAX);
        assert_eq!(completed(&world), 0);
        world.advance(250 * MILLISECOND + 2, u64::MAX);
        assert_eq!(completed(&world), 1);
    }
}

#[test]
fn a_dead_worker_leaves_its_query_to_finish_and_its_connection_comes_back() {
    let web = json!({"workers": 2, "database": "pool", "steps": [{"query": "1s"}]});
    let users =
        json!({"enter": "web", "arrivals": {"base": "100/s", "spacing": "even"}, "limit": 3});
    let parts = vec![
        part("users", json!({"Users": users})),
        part("db", json!({"Database": {"cores": 2}})),
        part("pool", json!({"ConnectionPool": {"to": "db", "size": 2}})),
        part("web", json!({"WorkerPool": web})),
    ];
    let mut world = blueprint(parts).world(7, Keeping::Lanes).unwrap();
    let busy = |world: &World<Node>, node| survey(world, node).resources[0].station.busy.level();
    world.advance(500 * MILLISECOND, u64::MAX);
    assert_eq!((busy(&world, DB), busy(&world, 2), busy(&world, 3)), (2, 2, 2));
    world.stop(3, Cause::Reset);
    world.advance(501 * MILLISECOND, u64::MAX);
    // the users know at once; the queries do not
    assert_eq!(failed(&world, Cause::Reset), 3);
    assert_eq!((busy(&world, DB), busy(&world, 2), busy(&world, 3)), (2, 2, 0));
    world.advance(1010 * MILLISECOND + 2, u64::MAX);
    assert_eq!((busy(&world, DB), busy(&world, 2)), (1, 1));
    world.advance(1020 * MILLISECOND + 2, u64::MAX);
    assert_eq!((busy(&world, DB), busy(&world, 2), world.alive()), (0, 0, 0));
}

#[test]
fn the_bound_is_the_scarcer_of_connections_and_power() {
    let bound = |db: Value| {
        let form: Form = serde_json::from_value(json!({"Database": db})).unwrap();
        form.bound().per_second
    };
    assert_eq!(bound(json!({"cores": 2, "service": "10ms"})), Some(200.0));
    assert_eq!(bound(json!({"max_connections": 1, "cores": 2, "service": "10ms"})), Some(100.0));
    assert_eq!(bound(json!({})), None);
    let queries = json!({"read": {"cpu": "125ms", "io": "375ms"}});
    assert_eq!(bound(json!({"queries": queries, "max_connections": 5})), Some(10.0));
    let contention = json!({"alpha": 1.0, "beta": 0.0});
    assert_eq!(bound(json!({"service": "10ms", "contention": contention})), Some(100.0));
}

#[test]
fn wrong_numbers_name_the_value_and_the_remedy() {
    let flaw = |db: Value| plan(even("1/s", 1), db).world(7, Keeping::Lanes).unwrap_err().1;
    let none = flaw(json!({"max_connections": 0}));
    assert_eq!(
        (none.path.as_str(), none.message.as_str()),
        ("max_connections", "max_connections cannot be 0")
    );
    assert_eq!(flaw(json!({"cores": 0})).remedy, "write 1 to 100000");
    let alpha = flaw(json!({"contention": {"alpha": -1.0, "beta": 0.0}}));
    assert_eq!(alpha.path, "contention.alpha");
    assert_eq!(flaw(json!({"queries": {"delete": {}}})).path, "queries.delete");
    let law = flaw(json!({"queries": {"read": {"io": {"exponential": "0s"}}}}));
    assert_eq!(law.path, "queries.read.io");
}
