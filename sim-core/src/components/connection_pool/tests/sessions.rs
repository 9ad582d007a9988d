//! Pools whose connections count at the database: SQLAlchemy's and Hikari's ways.

use serde_json::{Value, json};

use super::{DB, POOL, busy, completed, count, even, failed, part, plan, survey};
use crate::components::Node;
use crate::engine::agenda::Keeping;
use crate::engine::kernel::World;
use crate::engine::request::Cause;
use crate::engine::time::{MILLISECOND, SECOND};
use crate::scenario::plan::Blueprint;

fn world(users: Value, pool: Value, db: Value) -> World<Node> {
    let mut pool = pool;
    pool["to"] = json!("db");
    pool["sessions"] = json!(true);
    let mut db = db;
    db["reserved"] = json!(0);
    plan(users, pool, db).world(7, Keeping::Lanes).unwrap()
}

fn sessions(world: &World<Node>) -> u32 {
    let survey = survey(world, DB);
    survey.resources.iter().find(|it| it.name == "sessions").unwrap().station.busy.level()
}

#[test]
fn row_sqlalchemy_5_and_10_with_16_long_holders_the_16th_errors_after_30_s() {
    let pool = json!({"size": 5, "overflow": 10, "timeout": "30s", "forget_all": true});
    let mut world = world(even("1000/s", 16), pool, json!({"service": "60s"}));
    world.advance(30 * SECOND + 16 * MILLISECOND, u64::MAX);
    assert_eq!((sessions(&world), failed(&world, Cause::PoolTimeout)), (15, 0));
    world.advance(30 * SECOND + 16 * MILLISECOND + 1, u64::MAX);
    assert_eq!((sessions(&world), failed(&world, Cause::PoolTimeout)), (15, 1));
    world.advance(61 * SECOND, u64::MAX);
    // five stay open, ten were closed as they came back
    assert_eq!((completed(&world), sessions(&world), count(&world, "opened")), (15, 5, 15));
}

#[test]
fn hikari_opens_all_its_connections_at_the_start_and_sqlalchemy_none() {
    for (fill, open) in [(false, 0), (true, 10)] {
        let pool = json!({"size": 10, "fill": fill, "connect": "20ms"});
        let mut world = world(even("1/s", 1), pool, json!({"service": "1ms"}));
        world.advance(20 * MILLISECOND, u64::MAX);
        assert_eq!((sessions(&world), busy(&world, POOL)), (0, open));
        world.advance(21 * MILLISECOND, u64::MAX);
        assert_eq!((sessions(&world), busy(&world, POOL)), (open, 0));
    }
}

#[test]
fn a_refused_connection_is_the_callers_error_at_once() {
    let pool = json!({"size": 5, "overflow": 10});
    let db = json!({"max_connections": 3, "service": "1s"});
    let mut world = world(even("1000/s", 5), pool, db);
    world.advance(10 * MILLISECOND, u64::MAX);
    assert_eq!((failed(&world, Cause::TooManyConnections), busy(&world, POOL)), (2, 3));
    world.advance(2 * SECOND, u64::MAX);
    assert_eq!((completed(&world), busy(&world, POOL), sessions(&world)), (3, 0, 3));
}

/// What fails of 50 requests, one every 100 ms, on ten idle connections of a database that was
/// restarted meanwhile.
fn after_a_restart(extra: &Value) -> u64 {
    let mut pool = json!({"size": 10, "fill": true});
    pool.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    let mut world = world(even("10/s", 50), pool, json!({"service": "1ms"}));
    world.advance(50 * MILLISECOND, u64::MAX);
    assert_eq!(sessions(&world), 10);
    world.stop(DB as u32, Cause::Reset);
    world.start(DB as u32);
    world.advance(10 * SECOND, u64::MAX);
    assert_eq!(completed(&world) + failed(&world, Cause::Reset), 50);
    assert_eq!((sessions(&world), busy(&world, POOL), world.alive()), (10, 0, 0));
    failed(&world, Cause::Reset)
}

#[test]
fn a_restarted_database_costs_each_stale_connection_one_request_or_one_in_all_or_none() {
    assert_eq!(after_a_restart(&json!({})), 10);
    assert_eq!(after_a_restart(&json!({"forget_all": true})), 1, "as SQLAlchemy");
    assert_eq!(after_a_restart(&json!({"test_after": "0s"})), 0, "pool_pre_ping");
    // the first comes after 50 ms of idleness and fails; it leaves nine, of which none has been
    // idle for less than half a second but the ones that were never tried
    assert_eq!(after_a_restart(&json!({"test_after": "500ms"})), 4, "as Hikari");
}

#[test]
fn connections_end_at_their_lifetime_when_nobody_uses_them() {
    let pool = json!({"size": 2, "lifetime": "1s"});
    let mut world = world(even("10/s", 40), pool, json!({"service": "1ms"}));
    world.advance(950 * MILLISECOND, u64::MAX);
    assert_eq!((count(&world, "opened"), sessions(&world)), (1, 1));
    world.advance(5 * SECOND, u64::MAX);
    // opened at 0.1, 1.1, 2.1 and 3.1 s
    assert_eq!((count(&world, "opened"), completed(&world)), (4, 40));
    assert_eq!(failed(&world, Cause::Reset), 0);
}

#[test]
fn a_process_that_dies_frees_its_sessions_and_a_query_in_progress_its_own_at_the_end() {
    let pool = json!({"size": 5, "fill": true});
    let mut world = world(even("10/s", 1), pool, json!({"service": "1s"}));
    world.advance(500 * MILLISECOND, u64::MAX);
    world.stop(POOL as u32, Cause::Reset);
    world.advance(501 * MILLISECOND, u64::MAX);
    assert_eq!((sessions(&world), busy(&world, DB)), (1, 1));
    world.advance(1101 * MILLISECOND, u64::MAX);
    assert_eq!((sessions(&world), busy(&world, DB), world.alive()), (0, 0, 0));
}

#[test]
fn wrong_terms_name_the_value_and_the_remedy() {
    let flaw =
        |pool: Value| plan(even("1/s", 1), pool, json!({})).world(7, Keeping::Lanes).unwrap_err().1;
    assert_eq!(flaw(json!({"to": "db", "size": 1, "lifetime": "0s"})).path, "lifetime");
}

#[test]
fn sessions_across_a_wire_are_closed_at_the_other_end() {
    let pool = json!({"to": "wire", "size": 1, "overflow": 4, "sessions": true});
    let link = json!({"to": "db", "latency": "5ms"});
    let parts = vec![
        part("users", json!({"Users": even("1000/s", 5)})),
        part("pool", json!({"ConnectionPool": pool})),
        part("db", json!({"Database": {"service": "50ms", "reserved": 0}})),
        part("wire", json!({"Link": link})),
    ];
    let plan = Blueprint { parts, endpoints: vec![String::new()], stack: 8, ..Default::default() };
    let mut world = plan.world(7, Keeping::Lanes).unwrap();
    world.advance(50 * MILLISECOND, u64::MAX);
    assert_eq!((sessions(&world), completed(&world)), (5, 0));
    world.advance(SECOND, u64::MAX);
    assert_eq!((sessions(&world), completed(&world)), (1, 5));
}
