//! Connections held by workers across several queries.

use serde_json::{Value, json};

use super::part;
use crate::components::{Node, Survey};
use crate::engine::agenda::Keeping;
use crate::engine::chance::{Draw, below};
use crate::engine::kernel::World;
use crate::engine::request::Cause;
use crate::engine::time::{MILLISECOND, SECOND};
use crate::scenario::plan::Blueprint;
use crate::wiring::Flaw;

const USERS: usize = 0;
const WEB: usize = 1;
const POOL: usize = 2;
const DB: usize = 3;

fn build(users: Value, steps: Value, pool: Value) -> Result<World<Node>, (usize, Flaw)> {
    let web = json!({"workers": 8, "database": "pool", "steps": steps});
    let parts = vec![
        part("users", json!({"Users": users})),
        part("web", json!({"WorkerPool": web})),
        part("pool", json!({"ConnectionPool": pool})),
        part("db", json!({"Database": {}})),
    ];
    let endpoints = vec![String::new()];
    Blueprint { parts, endpoints, stack: 8, ..Blueprint::default() }.world(7, Keeping::Lanes)
}

fn world(users: Value, steps: Value, pool: Value) -> World<Node> {
    build(users, steps, pool).unwrap()
}

fn even(limit: u64) -> Value {
    json!({"enter": "web", "arrivals": {"base": "100/s", "spacing": "even"}, "limit": limit})
}

fn one() -> Value {
    json!({"to": "db", "size": 1})
}

/// 10 ms of database, 80 ms elsewhere, 10 ms of database.
fn sandwich() -> Value {
    json!([{"query": "10ms"}, {"io": "80ms"}, {"query": "10ms"}])
}

fn survey(world: &World<Node>, node: usize) -> Survey<'_> {
    let mut survey = Survey::default();
    world.nodes[node].survey(&mut survey);
    survey
}

fn completed(world: &World<Node>) -> u64 {
    survey(world, USERS).tallies[0].completed
}

fn failed(world: &World<Node>, cause: Cause) -> u64 {
    survey(world, USERS).tallies[0].failed[cause as usize]
}

fn busy(world: &World<Node>, node: usize) -> u32 {
    survey(world, node).resources[0].station.busy.level()
}

#[test]
fn a_held_connection_keeps_others_waiting_between_its_queries() {
    let ends = |steps: Value| {
        let mut world = world(even(2), steps, one());
        let mut ends = Vec::new();
        for ms in 1..=300 {
            world.advance(ms * MILLISECOND + 1, u64::MAX);
            if completed(&world) > ends.len() as u64 {
                ends.push(ms);
            }
        }
        assert_eq!((busy(&world, POOL), world.alive()), (0, 0));
        ends
    };
    // arrivals at 10 and 20 ms: one after the other, or the second query in the pause of the first
    assert_eq!(ends(json!([{"hold": {"steps": sandwich()}}])), [110, 210]);
    assert_eq!(ends(sandwich()), [110, 120]);
}

#[test]
fn waiting_for_a_connection_to_hold_times_out_like_any_other() {
    let pool = json!({"to": "db", "size": 1, "timeout": "50ms"});
    let mut world = world(even(2), json!([{"hold": {"steps": sandwich()}}]), pool);
    world.advance(SECOND, u64::MAX);
    assert_eq!((completed(&world), failed(&world, Cause::PoolTimeout)), (1, 1));
    assert_eq!((busy(&world, POOL), busy(&world, WEB), world.alive()), (0, 0, 0));
}

#[test]
fn a_worker_that_dies_between_queries_gives_its_connection_back_at_once() {
    let mut world = world(even(2), json!([{"hold": {"steps": sandwich()}}]), one());
    world.advance(50 * MILLISECOND, u64::MAX);
    assert_eq!((busy(&world, POOL), busy(&world, DB)), (1, 0));
    world.stop(WEB as u32, Cause::Reset);
    world.advance(51 * MILLISECOND, u64::MAX);
    assert_eq!((busy(&world, POOL), failed(&world, Cause::Reset), world.alive()), (0, 2, 0));
}

#[test]
fn a_worker_that_dies_in_a_query_gives_its_connection_back_after_it() {
    let steps = json!([{"hold": {"steps": [{"query": "1s"}]}}]);
    let mut world = world(even(1), steps, one());
    world.advance(100 * MILLISECOND, u64::MAX);
    world.stop(WEB as u32, Cause::Reset);
    world.advance(SECOND, u64::MAX);
    assert_eq!((busy(&world, POOL), busy(&world, DB)), (1, 1));
    world.advance(1010 * MILLISECOND + 1, u64::MAX);
    assert_eq!((busy(&world, POOL), busy(&world, DB), world.alive()), (0, 0, 0));
}

#[test]
fn a_held_connection_that_breaks_fails_the_request_and_is_not_used_again() {
    let mut world = world(even(2), json!([{"hold": {"steps": sandwich()}}]), one());
    world.advance(15 * MILLISECOND, u64::MAX);
    world.stop(DB as u32, Cause::Reset);
    world.start(DB as u32);
    world.advance(SECOND, u64::MAX);
    assert_eq!((failed(&world, Cause::Reset), completed(&world)), (1, 1));
    let opened = survey(&world, POOL).counts[1];
    assert_eq!((opened, busy(&world, POOL)), (("opened", 2), 0));
}

#[test]
fn queries_on_a_connection_of_a_pool_that_died_meanwhile_fail() {
    let mut world = world(even(1), json!([{"hold": {"steps": sandwich()}}]), one());
    world.advance(50 * MILLISECOND, u64::MAX);
    world.stop(POOL as u32, Cause::Reset);
    world.start(POOL as u32);
    world.advance(SECOND, u64::MAX);
    assert_eq!((failed(&world, Cause::Reset), busy(&world, POOL), world.alive()), (1, 0, 0));
}

#[test]
fn no_connection_is_ever_lost_whoever_leaves_or_dies() {
    let steps = json!([
        {"hold": {"steps": [
            {"query": {"time": {"exponential": "10ms"}}}, {"io": {"exponential": "20ms"}},
            {"parallel": [{"query": {"to": "db", "time": "3ms"}}, {"query": {"time": "5ms"}}]}
        ]}},
        {"query": {"time": {"exponential": "5ms"}}}
    ]);
    let users = json!({"enter": "web", "arrivals": "120/s", "timeout": "120ms"});
    let pool = json!({
        "to": "db", "size": 2, "overflow": 1, "timeout": "60ms", "connect": {"exponential": "4ms"}
    });
    let mut world = world(users, steps, pool);
    let mut draw = Draw::new(3);
    for round in 1..=600 {
        world.advance(round * 300 * MILLISECOND + below(&mut draw, 299 * MILLISECOND), u64::MAX);
        let victim = [WEB, WEB, WEB, POOL, DB][below(&mut draw, 5) as usize] as u32;
        world.stop(victim, Cause::Reset);
        world.start(victim);
    }
    // no further arrivals: everything in the house ends
    world.stop(USERS as u32, Cause::Reset);
    world.advance(200 * SECOND, u64::MAX);
    assert!(completed(&world) > 500, "{}", completed(&world));
    for cause in [Cause::PoolTimeout, Cause::Timeout, Cause::Reset] {
        assert!(failed(&world, cause) > 100, "{cause:?} {}", failed(&world, cause));
    }
    let left = (busy(&world, WEB), busy(&world, POOL), busy(&world, DB), world.alive());
    assert_eq!(left, (0, 0, 0, 0));
}

#[test]
fn wrong_holds_are_told_apart() {
    let flaw = |steps: Value| build(even(1), steps, one()).unwrap_err().1;
    let twice = flaw(json!([{"hold": {"steps": [{"hold": {"steps": []}}]}}]));
    assert_eq!(twice.path, "steps[0].hold.steps[0].hold");
    assert_eq!(twice.message, "a connection of pool is held already");
    let both = json!([{"query": "1ms"}, {"query": "2ms"}]);
    let both = flaw(json!([{"hold": {"steps": [{"parallel": both}]}}]));
    assert_eq!(both.message, "a connection that is held runs one query at a time");
    assert_eq!(flaw(json!([{"hold": {"pool": "nobody", "steps": []}}])).path, "steps[0].hold");
}
