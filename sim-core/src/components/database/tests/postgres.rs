//! PostgreSQL: sessions and their limit, commits and their log, hot rows, failover.

use serde_json::{Value, json};

use super::{DB, blueprint, completed, even, failed, part, plan, survey, world};
use crate::components::Node;
use crate::components::tests_world::{agrees_without_lanes_and_after_a_snapshot, count, node};
use crate::engine::agenda::Keeping;
use crate::engine::kernel::World;
use crate::engine::meter::Station;
use crate::engine::request::Cause;
use crate::engine::time::{MILLISECOND, Nanos, SECOND};

fn counted(world: &World<Node>, name: &str) -> u64 {
    survey(world, DB).counts.iter().find(|(known, _)| *known == name).unwrap().1
}

fn resource(world: &World<Node>, name: &str) -> Station {
    *survey(world, DB).resources.iter().find(|resource| resource.name == name).unwrap().station
}

/// Users whose queries are all of one kind.
fn of_kind(kind: &str, mut users: Value) -> Value {
    users["mix"] = json!({kind: 1.0});
    users
}

/// The moments, ms, at which so many queries are answered.
fn answers(world: &mut World<Node>, until: u64) -> Vec<u64> {
    let mut moments = Vec::new();
    for ms in 1..=until {
        world.advance(ms * MILLISECOND + 1, u64::MAX);
        moments.resize(completed(world) as usize, ms);
    }
    moments
}

/// Pools of connections that are filled at the start, and the database behind them.
fn pools(sizes: &[u32], db: Value) -> World<Node> {
    let mut parts = vec![
        part("users", json!({"Users": {"enter": "pool0", "closed": 1, "think": "1h"}})),
        part("db", json!({"Database": db})),
    ];
    for (n, size) in sizes.iter().enumerate() {
        let pool = json!({"to": "db", "size": size, "sessions": true, "fill": true});
        parts.push(part(&format!("pool{n}"), json!({"ConnectionPool": pool})));
    }
    blueprint(parts).world(7, Keeping::Lanes).unwrap()
}

#[test]
fn the_98th_ordinary_client_of_100_connections_is_refused_at_once() {
    let db = json!({"max_connections": 100, "reserved": 3, "connect": {"cpu": "1ms", "io": "1ms"}});
    let mut world = pools(&[97, 1], db);
    world.advance(100 * MILLISECOND, u64::MAX);
    assert_eq!(resource(&world, "sessions").busy.level(), 97);
    assert_eq!(resource(&world, "connections").turned_away.count(), 1);
    // the 97 do nothing, and yet nobody else can connect
    assert_eq!(resource(&world, "connections").busy.level(), 0);
    let idle = |world: &World<Node>| resource(world, "sessions").busy.level();
    world.stop(2, Cause::Reset);
    world.advance(200 * MILLISECOND, u64::MAX);
    assert_eq!(idle(&world), 0, "a process that ends closes its connections");
}

#[test]
fn opening_connections_burns_cores() {
    // 40 connections of 10 ms of CPU on two cores, and 5 ms each for the rest: 205 ms
    let db = json!({"cores": 2, "connect": {"cpu": "10ms", "io": "5ms"},
        "connection_memory": "10MiB"});
    let mut world = pools(&[40], db);
    world.advance(204 * MILLISECOND, u64::MAX);
    assert_eq!(resource(&world, "sessions").busy.level(), 0);
    world.advance(205 * MILLISECOND + 40, u64::MAX);
    assert_eq!(resource(&world, "sessions").busy.level(), 40);
    assert_eq!(counted(&world, "connection_mib"), 400);
}

fn writers(closed: u64, log: Value) -> World<Node> {
    let users = of_kind("write", json!({"enter": "db", "closed": closed, "think": "0s"}));
    let queries = json!({"write": {"cpu": "0.1ms", "commit": true}});
    let db = json!({"max_connections": 1000, "queries": queries, "log": log});
    world(users, db)
}

#[test]
fn one_flush_serves_all_commits_that_came_during_the_last_one() {
    // N writers share each flush: N commits every 2 ms. With one alone a commit costs 2.1 ms
    for (writers_there, expected) in [(1, 1.0 / 2.1e-3), (20, 20.0 / 2e-3), (200, 200.0 / 2e-3)] {
        let mut world = writers(writers_there, json!({"fsync": "2ms"}));
        world.advance(10 * SECOND, u64::MAX);
        let rate = completed(&world) as f64 / 10.0;
        // from two on half of them compute while the others are flushed: every other flush
        let expected = if writers_there == 1 { expected } else { expected / 2.0 };
        let shown = rate / expected;
        assert!((0.99..2.01).contains(&shown), "{writers_there}: {rate}, {expected}");
        let flushes = counted(&world, "flushes") as f64 / 10.0;
        let disk = resource(&world, "disk").utilisation(world.core.now);
        assert!((flushes * 2e-3 - disk).abs() < 0.001, "{flushes} flushes, {disk} busy");
    }
}

#[test]
fn open_arrivals_commit_in_batches_of_rate_times_fsync() {
    // 5000 commits a second at 10 ms a flush: batches of 50, each commit waits for half a flush
    // and then for a whole one
    let users = of_kind("write", json!({"enter": "db", "arrivals": "5000/s"}));
    let queries = json!({"write": {"commit": true}});
    let db = json!({"max_connections": 1000, "queries": queries, "log": {"fsync": "10ms"}});
    let mut world = world(users, db);
    world.advance(20 * SECOND, u64::MAX);
    assert_eq!(counted(&world, "flushes"), 2000);
    let disk = resource(&world, "disk");
    let batch = disk.seized() as f64 / 2000.0;
    assert!((batch - 50.0).abs() < 1.0, "{batch}");
    let wait = disk.mean_wait().unwrap() / MILLISECOND as f64;
    assert!((wait - 5.0).abs() < 0.05, "{wait}");
    assert!(disk.utilisation(world.core.now) > 0.999);
    let latency = survey(&world, 0).tallies[0].latency.mean().unwrap() / MILLISECOND as f64;
    assert!((latency - 15.0).abs() < 0.05, "{latency}");
}

#[test]
fn without_synchronous_commit_nobody_waits_for_the_disk() {
    let mut world = writers(1, json!({"fsync": "2ms", "synchronous": false}));
    world.advance(SECOND, u64::MAX);
    assert_eq!((completed(&world), counted(&world, "flushes")), (9999, 0));
}

#[test]
fn writers_of_one_hot_row_commit_one_after_another() {
    // at 10, 20, 30 ms; 4 ms of computing and 26 ms of flush each, on eight cores
    let users = of_kind("write", even("100/s", 3));
    let hot = json!({"write": {"cpu": "4ms", "commit": true, "lock": {"rows": 1}}});
    let db = json!({"cores": 8, "queries": hot, "log": {"fsync": "26ms"}});
    let mut world = world(users, db);
    assert_eq!(answers(&mut world, 150), [40, 70, 100]);
    let locks = resource(&world, "row locks");
    // waits of 20 and 40 ms
    assert_eq!((locks.wait_sum(), locks.wait_max()), (60_000_000, 40_000_000));
    assert_eq!((locks.busy.level(), locks.queue.level(), locks.queue.max()), (0, 0, 2));
}

#[test]
fn writers_of_different_rows_do_not_wait_for_each_other() {
    let users = of_kind("write", even("100/s", 3));
    let cold = json!({"write": {"cpu": "4ms", "commit": true, "lock": {"rows": 1_000_000_000}}});
    let mut world = world(users, json!({"queries": cold, "log": {"fsync": "26ms"}}));
    // 10 + 4 + 26; those of 20 and 30 ms share the flush that begins at 40 ms
    assert_eq!(answers(&mut world, 150), [40, 66, 66]);
    assert_eq!(resource(&world, "row locks").waited(), 0);
}

#[test]
fn kinds_that_name_the_same_table_lock_the_same_rows() {
    let ends = |second: Value| {
        let mut users = even("100/s", 2);
        users["mix"] = json!({"read": 0.5, "write": 0.5});
        let queries = json!({
            "read": {"cpu": "30ms", "lock": {"rows": 1, "table": "stock"}},
            "write": {"cpu": "30ms", "lock": second},
        });
        let mut world = (1..50)
            .map(|seed| {
                plan(users.clone(), json!({"queries": queries}))
                    .world(seed, Keeping::Lanes)
                    .unwrap()
            })
            .find_map(|mut world| {
                world.advance(25 * MILLISECOND, u64::MAX);
                let tallies = survey(&world, 0).tallies.iter().all(|tally| tally.issued == 1);
                tallies.then_some(world)
            })
            .unwrap();
        world.advance(200 * MILLISECOND, u64::MAX);
        resource(&world, "row locks").wait_max() / MILLISECOND
    };
    assert_eq!(ends(json!({"rows": 1, "table": "stock"})), 20);
    assert_eq!(ends(json!({"rows": 1})), 0);
}

#[test]
fn who_waits_for_a_row_too_long_is_an_error_and_leaves_the_line() {
    let users = of_kind("write", even("100/s", 3));
    let hot = json!({"write": {"cpu": "100ms", "lock": {"rows": 1}}});
    let mut world = world(users, json!({"queries": hot, "lock_timeout": "85ms"}));
    // the second waits from 20 to 105 ms, the third from 30 ms to 110 ms and then computes
    assert_eq!(answers(&mut world, 300), [110, 210]);
    assert_eq!((failed(&world, Cause::Error), counted(&world, "lock_timeouts")), (1, 1));
    assert_eq!(resource(&world, "row locks").queue.level(), 0);
}

#[test]
fn a_statement_that_takes_too_long_is_cancelled_wherever_it_is() {
    let queries = json!({
        "read": {"cpu": "40ms", "io": "40ms"},
        "write": {"cpu": "70ms", "lock": {"rows": 1}},
    });
    for (kind, timeout, answered) in
        [("read", "30ms", 0), ("read", "60ms", 0), ("read", "90ms", 3), ("write", "90ms", 1)]
    {
        for cores in [None, Some(8)] {
            let users = of_kind(kind, even("100/s", 3));
            let mut db = json!({"queries": queries, "statement_timeout": timeout});
            cores.into_iter().for_each(|cores| db["cores"] = json!(cores));
            let mut world = world(users, db);
            world.advance(SECOND, u64::MAX);
            assert_eq!(completed(&world), answered, "{kind} {timeout}");
            assert_eq!(failed(&world, Cause::Error), 3 - answered);
            assert_eq!(counted(&world, "statement_timeouts"), 3 - answered);
            for name in ["connections", "cpu", "row locks"] {
                let station = resource(&world, name);
                assert_eq!((station.busy.level(), station.queue.level()), (0, 0), "{name}");
            }
            assert_eq!(world.alive(), 0);
        }
    }
}

#[test]
fn a_statement_goes_on_when_its_client_has_left() {
    let mut users = of_kind("write", even("100/s", 2));
    users["timeout"] = json!("15ms");
    let hot = json!({"write": {"cpu": "50ms", "lock": {"rows": 1}}});
    let mut world = world(users, json!({"queries": hot}));
    world.advance(100 * MILLISECOND, u64::MAX);
    assert_eq!(failed(&world, Cause::Timeout), 2);
    // the first until 60 ms, and then the second, for nobody
    assert_eq!(resource(&world, "connections").busy.level(), 1);
    world.advance(110 * MILLISECOND + 1, u64::MAX);
    assert_eq!((resource(&world, "connections").busy.level(), world.alive()), (0, 0));
}

/// The outage of a database with a standby that dies at 100 s, as a client that asks every 10 ms
/// sees it: from the first failure to the first answer, s.
fn outage(seed: u64) -> f64 {
    let users = json!({"enter": "db", "arrivals": {"base": "100/s", "spacing": "even"}});
    let standby = json!({"failover": {"uniform": {"low": "60s", "high": "120s"}}});
    let db = json!({"service": "1ms", "cores": 2, "standby": standby});
    let mut world = plan(users, db).world(seed, Keeping::Lanes).unwrap();
    world.advance(100 * SECOND, u64::MAX);
    let before = completed(&world);
    world.stop(DB as u32, Cause::Reset);
    let mut now: Nanos = 100 * SECOND;
    while completed(&world) == before && now < 300 * SECOND {
        now += 10 * MILLISECOND;
        world.advance(now, u64::MAX);
    }
    let lost = failed(&world, Cause::Refused) as f64 / 100.0;
    let span = (now - 100 * SECOND) as f64 / SECOND as f64;
    assert!((lost - span).abs() < 0.05, "{lost} s of refusals in {span} s");
    assert!(
        world.core.journal.iter().any(|entry| entry.what.starts_with("its standby takes over"))
    );
    assert!(world.core.journal.iter().any(|entry| entry.what.starts_with("its standby serves")));
    span
}

#[test]
fn a_failover_lasts_60_to_120_s_and_ends_by_itself() {
    let outages: Vec<f64> = (1..=20).map(outage).collect();
    assert!(outages.iter().all(|span| (60.0..120.1).contains(span)), "{outages:?}");
    let mean = outages.iter().sum::<f64>() / 20.0;
    // standard error: 60 / sqrt(12 20) = 3.9 s
    assert!((mean - 90.0).abs() < 12.0, "{mean}");
}

#[test]
fn after_a_failover_every_old_connection_is_broken() {
    let users = json!({"enter": "pool", "arrivals": {"base": "10/s", "spacing": "even"}});
    let pool = json!({"to": "db", "size": 2, "sessions": true});
    let db = json!({"service": "150ms", "standby": {"failover": "1s"}});
    let parts = vec![
        part("users", json!({"Users": users})),
        part("db", json!({"Database": db})),
        part("pool", json!({"ConnectionPool": pool})),
    ];
    let mut world = blueprint(parts).world(7, Keeping::Lanes).unwrap();
    world.advance(1050 * MILLISECOND, u64::MAX);
    world.stop(DB as u32, Cause::Reset);
    world.advance(2040 * MILLISECOND, u64::MAX);
    // those of 0.9 and 1.0 s were in progress; those of 1.1 to 2.0 s find nobody
    assert_eq!((failed(&world, Cause::Reset), failed(&world, Cause::Refused)), (2, 10));
    world.advance(4 * SECOND, u64::MAX);
    assert_eq!((failed(&world, Cause::Reset), failed(&world, Cause::Refused)), (2, 10));
    let opened = survey(&world, 2).counts.iter().find(|(name, _)| *name == "opened").unwrap().1;
    // two, one for each refusal, and two
    assert_eq!(opened, 14);
}

#[test]
fn wrong_terms_name_the_value_and_the_remedy() {
    let flaw = |db: Value| plan(even("1/s", 1), db).world(7, Keeping::Lanes).unwrap_err().1;
    assert_eq!(flaw(json!({"max_connections": 3, "reserved": 3})).path, "reserved");
    let commit = flaw(json!({"queries": {"write": {"commit": true}}}));
    assert_eq!(commit.path, "queries.write.commit");
    assert_eq!(commit.remedy, "write log: {fsync: 1ms} in the database");
    let rows = flaw(json!({"queries": {"write": {"lock": {"rows": 0}}}}));
    assert_eq!(rows.path, "queries.write.lock.rows");
    let s = flaw(json!({"queries": {"write": {"lock": {"rows": 9, "s": -1.0}}}}));
    assert_eq!(s.path, "queries.write.lock.s");
    let law = json!({"exponential": "0s"});
    assert_eq!(flaw(json!({"log": {"fsync": law}})).path, "log.fsync");
    assert_eq!(flaw(json!({"standby": {"failover": law}})).path, "standby.failover");
    assert_eq!(flaw(json!({"connect": {"cpu": law}})).path, "connect.cpu");
}

#[test]
fn lanes_and_snapshots_do_not_change_a_run() {
    let slow = json!({"query": {"time": {"exponential": "3ms"}}});
    let steps = json!([{"hold": {"steps": [{"query": "2ms"}, {"io": "5ms"}, slow]}}]);
    let web = json!({"workers": 20, "database": "pool", "steps": steps});
    let pool = json!({"to": "db", "size": 3, "overflow": 4, "sessions": true, "lifetime": "300ms",
        "lifetime_spread": 0.1, "test_after": "20ms", "forget_all": true, "timeout": "50ms"});
    let db = json!({"cores": 2, "contention": {"alpha": 0.05, "beta": 0.001}, "reserved": 3,
        "connect": {"cpu": "1ms", "io": {"exponential": "2ms"}}, "statement_timeout": "40ms"});
    let users = json!({"enter": "web", "arrivals": "300/s", "timeout": "100ms"});
    let form = json!({"users": {"Users": users}, "web": {"WorkerPool": web},
        "pool": {"ConnectionPool": pool}, "db": {"Database": db}});
    agrees_without_lanes_and_after_a_snapshot(&form, 10.0);
    let mut world = crate::components::tests_world::world(&form);
    crate::components::tests_world::run(&mut world, 10.0);
    assert!(count(&world, "pool", "opened") > 50 && node(&world, "db") > 0);
}
