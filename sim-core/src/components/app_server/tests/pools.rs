//! A connection pool in every process.

use serde_json::{Value, json};

use super::{count, ends, even, failed, run, server, survey, tally, world};
use crate::engine::request::Cause;

fn database(max_connections: u32) -> Value {
    json!({"Database": {"max_connections": max_connections}})
}

/// The row "SQLAlchemy 5+10, 16 concurrent long holders".
#[test]
fn the_sixteenth_holder_errs_after_thirty_seconds() {
    let pool = json!({"to": "db", "size": 5, "overflow": 10});
    let web = json!({
        "worker": "gthread", "threads": 16, "pool": pool, "steps": [{"query": "100s"}],
    });
    let parts = json!({"users": even("1000/s", 16), "web": server(&web), "db": database(100)});
    let mut world = world(&parts);
    let ends = ends(&mut world, "users", 40_000);
    assert_eq!(ends, [30.016]);
    assert_eq!(failed(&world, "users", Cause::PoolTimeout), 1);
    assert_eq!(count(&world, "web", "pool_timeouts"), 1);
    assert_eq!(survey(&world, "db").resources[0].station.busy.level(), 15);
}

/// Nine processes of 15 threads may open 135 connections: more than PostgreSQL's 100.
#[test]
fn processes_times_pool_size_meet_the_databases_limit() {
    let refused = |threads: u32| {
        let pool = json!({"to": "db", "size": 5, "overflow": 10});
        let web = json!({
            "worker": "gthread", "workers": 9, "threads": threads, "pool": pool,
            "steps": [{"query": "10s"}],
        });
        let parts =
            json!({"users": even("1000/s", 2_000), "web": server(&web), "db": database(100)});
        let mut world = world(&parts);
        run(&mut world, 5.0);
        let held = survey(&world, "web").resources.last().unwrap().station.busy.max();
        (held, failed(&world, "users", Cause::TooManyConnections) > 0)
    };
    assert_eq!(refused(11), (99, false));
    let (held, is_refused) = refused(15);
    assert!(held > 100 && is_refused, "{held}");
}

#[test]
fn a_pool_belongs_to_its_process() {
    // two processes with one connection each: two queries at once, though one process could have
    // both requests
    let pool = json!({"to": "db", "size": 1});
    let web = json!({"workers": 2, "pool": pool, "steps": [{"query": "100ms"}]});
    let parts = json!({"users": even("1000/s", 2), "web": server(&web), "db": database(9)});
    assert_eq!(ends(&mut world(&parts), "users", 300), [0.101, 0.102]);
    let one =
        json!({"worker": "gevent", "pool": {"to": "db", "size": 1}, "steps": [{"query": "100ms"}]});
    let parts = json!({"users": even("1000/s", 2), "web": server(&one), "db": database(9)});
    assert_eq!(ends(&mut world(&parts), "users", 300), [0.101, 0.201]);
}

#[test]
fn opening_a_connection_takes_its_time_once() {
    let pool = json!({"to": "db", "size": 1, "connect": "50ms"});
    let web = json!({"pool": pool, "steps": [{"query": "100ms"}]});
    let parts = json!({"users": even("1000/s", 3), "web": server(&web), "db": database(9)});
    assert_eq!(ends(&mut world(&parts), "users", 600), [0.151, 0.251, 0.351]);
}

#[test]
fn a_session_holds_its_connection_between_queries() {
    let steps = json!([{"query": "10ms"}, {"io": "80ms"}, {"query": "10ms"}]);
    let ends_of = |steps: Value| {
        let pool = json!({"to": "db", "size": 1});
        let web = json!({"worker": "gthread", "threads": 2, "pool": pool, "steps": steps});
        let parts = json!({"users": even("100/s", 2), "web": server(&web), "db": database(9)});
        let mut world = world(&parts);
        let ends = ends(&mut world, "users", 400);
        assert_eq!(
            survey(&world, "web").resources.iter().map(|r| r.station.busy.level()).max(),
            Some(0)
        );
        ends
    };
    assert_eq!(ends_of(steps.clone()), [0.11, 0.12]);
    assert_eq!(ends_of(json!([{"hold": {"steps": steps}}])), [0.11, 0.21]);
}

#[test]
fn a_killed_worker_takes_its_connections_along() {
    let pool = json!({"to": "db", "size": 1});
    let web = json!({"workers": 1, "timeout": "1s", "pool": pool, "steps": [{"query": "10s"}]});
    let parts = json!({"users": even("1/s", 2), "web": server(&web), "db": database(9)});
    let mut world = world(&parts);
    run(&mut world, 30.0);
    assert_eq!(failed(&world, "users", Cause::Error), 2);
    assert_eq!(survey(&world, "web").resources.last().unwrap().station.busy.level(), 0);
    assert_eq!(tally(&world, "users").completed, 0);
}

/// A coroutine gives its connection back when it runs, and the next one takes it when that one
/// waits.
#[test]
fn on_an_event_loop_a_connection_changes_hands_between_computations() {
    let steps = json!([{"query": "100ms"}, {"cpu": "50ms"}]);
    let ends_of = |worker: &str| {
        let pool = json!({"to": "db", "size": 1});
        let web = json!({
            "worker": worker, "threads": if worker == "gthread" { json!(3) } else { json!(null) },
            "pool": pool, "steps": steps,
        });
        let parts = json!({"users": even("1000/s", 3), "web": server(&web), "db": database(9)});
        ends(&mut world(&parts), "users", 600)
    };
    assert_eq!(ends_of("gthread"), [0.151, 0.251, 0.351]);
    assert_eq!(ends_of("uvicorn"), [0.151, 0.301, 0.451]);
}
