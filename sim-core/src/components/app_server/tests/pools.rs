//! A connection pool in every process.

use serde_json::{Value, json};

use super::{count, ends, even, failed, run, server, survey, tally, world};
use crate::components::Node;
use crate::components::tests_world::{flaw, node};
use crate::engine::kernel::World;
use crate::engine::request::Cause;
use crate::engine::time::MILLISECOND;

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
            "worker": "gthread", "workers": 9, "threads": threads, "pool": pool, "cores": 9,
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

/// A database that shows the connections that are open, with these knobs.
fn shown(knobs: &Value) -> Value {
    let mut form = json!({"max_connections": 9, "reserved": 0});
    form.as_object_mut().unwrap().extend(knobs.as_object().unwrap().clone());
    json!({ "Database": form })
}

fn sessions(world: &World<Node>) -> u32 {
    let survey = survey(world, "db");
    survey.resources.iter().find(|it| it.name == "sessions").unwrap().station.busy.level()
}

#[test]
fn what_a_process_has_opened_counts_at_the_database_while_it_is_idle() {
    let open = |pool: Value| {
        // three at a time for 100 ms, then nobody
        let web = json!({
            "worker": "gthread", "threads": 3, "pool": pool, "steps": [{"query": "100ms"}],
        });
        let db = shown(&json!({}));
        let parts = json!({"users": even("1000/s", 3), "web": server(&web), "db": db});
        let mut world = world(&parts);
        run(&mut world, 0.05);
        let busy = sessions(&world);
        run(&mut world, 10.0);
        assert_eq!(tally(&world, "users").completed, 3);
        (busy, sessions(&world), count(&world, "web", "pool_opened"))
    };
    assert_eq!(open(json!({"to": "db", "size": 3})), (3, 3, 3));
    assert_eq!(open(json!({"to": "db", "size": 2, "overflow": 5})), (3, 2, 3));
    assert_eq!(open(json!({"to": "db", "size": 3, "sessions": false})), (0, 0, 3));
}

#[test]
fn an_open_connection_costs_the_database_its_log_in_once() {
    let pool = json!({"to": "db", "size": 1, "connect": "50ms"});
    let web = json!({"pool": pool, "steps": [{"query": "100ms"}]});
    let db = shown(&json!({"connect": {"io": "7ms"}}));
    let parts = json!({"users": even("1000/s", 2), "web": server(&web), "db": db});
    // 1 ms + 50 ms on the way + 7 ms at the database + 100 ms
    assert_eq!(ends(&mut world(&parts), "users", 600), [0.158, 0.258]);
}

#[test]
fn a_refused_session_is_the_requests_error_and_its_place_goes_to_the_next() {
    // of 4 threads two have the pool's connections; the database accepts one
    let pool = json!({"to": "db", "size": 2});
    let web = json!({
        "worker": "gthread", "threads": 4, "pool": pool, "steps": [{"query": "100ms"}],
    });
    let db = shown(&json!({"max_connections": 1}));
    let parts = json!({"users": even("1000/s", 4), "web": server(&web), "db": db});
    let mut world = world(&parts);
    // at 2 ms the second is refused; at 3 and 4 ms the others try, and are
    assert_eq!(ends(&mut world, "users", 300), [0.002, 0.003, 0.004, 0.101]);
    assert_eq!(failed(&world, "users", Cause::TooManyConnections), 3);
    assert_eq!((sessions(&world), count(&world, "web", "pool_opened")), (1, 4));
    let pool = *survey(&world, "web").resources.last().unwrap().station;
    assert_eq!((pool.busy.level(), pool.queue.level()), (0, 0));
}

#[test]
fn those_in_line_behind_a_refused_connection_try_their_luck() {
    let pool = json!({"to": "db", "size": 1, "connect": "50ms"});
    let web = json!({
        "worker": "gthread", "threads": 3, "pool": pool, "steps": [{"query": "100ms"}],
    });
    // somebody else has the only place from 40 ms to 60 ms
    let other = json!({"Users": {
        "enter": "db", "arrivals": {"base": "25/s", "spacing": "even"}, "limit": 1,
    }});
    let db = shown(&json!({"max_connections": 1, "service": "20ms"}));
    let parts = json!({"users": even("1000/s", 3), "other": other, "web": server(&web), "db": db});
    let mut world = world(&parts);
    // refused at 51 ms; the second arrives at 101 ms, the third has its connection
    assert_eq!(ends(&mut world, "users", 400), [0.051, 0.201, 0.301]);
    assert_eq!(failed(&world, "users", Cause::TooManyConnections), 1);
}

#[test]
fn a_session_is_held_without_another_log_in() {
    let steps = json!([{"query": "10ms"}, {"io": "80ms"}, {"query": "10ms"}]);
    let steps = json!([{"hold": {"steps": steps}}]);
    let pool = json!({"to": "db", "size": 1});
    let web = json!({"worker": "gthread", "threads": 2, "pool": pool, "steps": steps});
    let db = shown(&json!({"connect": {"io": "5ms"}}));
    let parts = json!({"users": even("100/s", 2), "web": server(&web), "db": db});
    let mut world = world(&parts);
    assert_eq!(ends(&mut world, "users", 400), [0.115, 0.215]);
    assert_eq!(sessions(&world), 1);
}

#[test]
fn who_holds_a_session_calls_others_without_it() {
    let steps = json!([{"query": "10ms"}, {"call": {"to": "other"}}, {"query": "10ms"}]);
    let web = json!({"pool": {"to": "db", "size": 1}, "steps": [{"hold": {"steps": steps}}]});
    let other = json!({"Database": {"service": "5ms"}});
    let parts = json!({
        "users": even("10/s", 1), "web": server(&web), "db": shown(&json!({})), "other": other,
    });
    let mut world = world(&parts);
    assert_eq!(ends(&mut world, "users", 400), [0.125]);
    assert_eq!((tally(&world, "users").completed, sessions(&world)), (1, 1));
}

#[test]
fn a_restarted_database_costs_a_process_one_request_or_one_for_each_connection() {
    let stale = |forget_all: Option<bool>| {
        let mut pool = json!({"to": "db", "size": 3});
        if let Some(forget_all) = forget_all {
            pool["forget_all"] = json!(forget_all);
        }
        let web = json!({
            "worker": "gthread", "threads": 3, "pool": pool, "steps": [{"query": "5ms"}],
        });
        // three at a time at 10 ms, then one after the other
        let burst = json!({"Users": {
            "enter": "web", "arrivals": {"base": "100000/s", "spacing": "even"}, "limit": 3,
        }});
        let db = shown(&json!({}));
        let parts =
            json!({"burst": burst, "users": even("20/s", 10), "web": server(&web), "db": db});
        let mut world = world(&parts);
        run(&mut world, 0.04);
        assert_eq!(sessions(&world), 3);
        let db = node(&world, "db") as u32;
        world.stop(db, Cause::Reset);
        world.start(db);
        run(&mut world, 5.0);
        let reset = failed(&world, "users", Cause::Reset);
        assert_eq!(tally(&world, "users").completed + reset, 10);
        (reset, sessions(&world))
    };
    // the others are opened anew when their turn comes
    assert_eq!(stale(None), (1, 2), "as SQLAlchemy");
    assert_eq!(stale(Some(false)), (3, 1));
}

#[test]
fn a_process_that_ends_closes_its_sessions_and_a_query_in_progress_its_own_at_the_end() {
    let pool = json!({"to": "db", "size": 2});
    let web = json!({
        "worker": "gthread", "threads": 2, "pool": pool, "steps": [{"query": "100ms"}],
    });
    let db = shown(&json!({}));
    let parts = json!({"users": even("5/s", 2), "web": server(&web), "db": db});
    let mut world = world(&parts);
    // the first is answered at 300 ms, the second begins at 400 ms
    run(&mut world, 0.45);
    assert_eq!(sessions(&world), 1);
    let web = node(&world, "web") as u32;
    world.stop(web, Cause::Reset);
    world.advance(451 * MILLISECOND, u64::MAX);
    assert_eq!(sessions(&world), 1, "the server process does not notice before its end");
    run(&mut world, 0.6);
    assert_eq!((sessions(&world), world.alive()), (0, 0));
}

#[test]
fn a_worker_that_is_replaced_leaves_no_session_behind() {
    let pool = json!({"to": "db", "size": 1});
    let web = json!({"max_requests": 1, "pool": pool, "steps": [{"query": "10ms"}]});
    let db = shown(&json!({}));
    let parts = json!({"users": even("1/s", 20), "web": server(&web), "db": db});
    let mut world = world(&parts);
    run(&mut world, 30.0);
    assert_eq!((tally(&world, "users").completed, sessions(&world)), (20, 0));
    assert_eq!(count(&world, "web", "pool_opened"), 20);
}

#[test]
fn a_pool_before_a_node_that_keeps_no_session_says_so() {
    let pool = json!({"to": "lb", "size": 1});
    let flaw = flaw(&json!({
        "users": even("1/s", 1), "web": server(&json!({"pool": pool})), "db": shown(&json!({})),
        "lb": {"Balancer": {"to": "db"}},
    }));
    assert_eq!(flaw.path, "pool.to");
    assert_eq!(flaw.message, "lb sends each query where it likes");
    assert_eq!(flaw.remedy, "name the database itself, or write sessions: false");
}
