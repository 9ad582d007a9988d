//! Redis and memcached in a world: full memory, restarts, and stampedes.

use serde_json::{Value, json};

use super::{beside, parts, ratio};
use crate::components::Node;
use crate::components::tests_world::{
    agrees_without_lanes_and_after_a_snapshot, count, failed, flaw, node, retune, run, survey,
    tally, world,
};
use crate::engine::kernel::{Action, World};
use crate::engine::request::Cause;

fn restart(world: &mut World<Node>) {
    let redis = node(world, "redis") as u32;
    world.stop(redis, Cause::Reset);
    world.start(redis);
}

#[test]
fn row_redis_noeviction_at_maxmemory_set_errors_and_get_is_still_served() {
    // 100 keys of 1 KiB, memory for 10
    let users = json!({"arrivals": "100/s", "keys": {"n": 100, "s": 1e-9}});
    let redis = json!({"policy": "noeviction", "memory": "10KiB"});
    let mut world = world(&beside(&users, &redis));
    run(&mut world, 100.0);
    // the eleventh write passes because the limit is looked at before it
    assert_eq!((count(&world, "redis", "entries"), count(&world, "redis", "bytes")), (11, 11_264));
    let (writes, refused) = (count(&world, "redis", "writes"), count(&world, "redis", "refused"));
    assert_eq!((writes - refused, count(&world, "redis", "evicted")), (11, 0));
    assert!(refused > 8000, "{refused}");
    // look-ups go on being answered: one in nine keys is there
    let hits = count(&world, "redis", "hits") as f64;
    let share = hits / (hits + count(&world, "redis", "misses") as f64);
    assert!((share - 0.11).abs() < 0.01, "{share}");
    // whose write fails has the value from the origin all the same
    assert!(tally(&world, "users").failed.iter().all(|&failed| failed == 0));
}

#[test]
fn a_limit_of_memory_and_a_largest_item_hold_in_memcached() {
    let users = json!({"arrivals": "1000/s", "keys": {"n": 1000, "s": 0.8}});
    let cache = json!({"memory": "100KiB", "item": "1KiB", "item_cv": 3.0, "item_max": "10KiB"});
    let mut world = world(&parts(&users, &cache));
    run(&mut world, 60.0);
    let bytes = count(&world, "cache", "bytes");
    assert!(bytes <= 100 << 10 && bytes > 80 << 10, "{bytes}");
    assert!(count(&world, "cache", "refused") > 0 && count(&world, "cache", "evicted") > 0);
    assert_eq!(tally(&world, "users").failed, [0; Cause::ALL.len()], "the origin's answer is good");
}

#[test]
fn one_command_too_many_is_an_error() {
    let users = json!({"closed": 20, "think": "0s", "limit": 20});
    let cache = json!({"service": "1ms", "max_clients": 16});
    let mut world = world(&parts(&users, &cache));
    run(&mut world, 1.0);
    assert_eq!(failed(&world, "users", Cause::TooManyConnections), 4);
    assert_eq!(tally(&world, "users").completed, 16);
}

#[test]
fn four_threads_of_memcached_serve_four_times_as_much_as_one_of_redis() {
    let rate = |servers: u32| {
        let users = json!({"closed": 50, "think": "0s", "keys": {"n": 1, "s": 1.0}});
        let cache = json!({"service": "13us", "servers": servers});
        let mut world = world(&parts(&users, &cache));
        run(&mut world, 1.0);
        tally(&world, "users").completed
    };
    // 1 / 13 us = 76,923; what is in service at the end is not answered
    assert_eq!((rate(1), rate(4)), (76_923, 4 * 76_923));
}

fn single(extra: &Value) -> Value {
    let mut redis = json!({"ttl": "1s", "single_flight": "10s"});
    redis.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    redis
}

#[test]
fn single_flight_makes_exactly_one_regeneration_of_one_plus_lambda_delta() {
    let arrivals = json!({"base": "100/s", "spacing": "even"});
    let users = json!({"arrivals": arrivals, "keys": {"n": 1, "s": 1.0}});
    let mut world = world(&beside(&users, &single(&json!({}))));
    // asked for at 10, 20, ... ms; the only fetch ends at 65 ms, and five wait for it
    run(&mut world, 0.064);
    let fetches = *survey(&world, "redis").resources[1].station;
    assert_eq!((fetches.busy.level(), fetches.queue.level()), (1, 5));
    run(&mut world, 0.1);
    let figures = |world: &World<Node>| {
        ["misses", "joined", "writes", "hits"].map(|n| count(world, "redis", n))
    };
    assert_eq!(figures(&world), [1, 5, 1, 4]);
    let fetches = *survey(&world, "redis").resources[1].station;
    assert_eq!((fetches.busy.level(), fetches.queue.level()), (0, 0));
    // waits of 45, 35, 25, 15 and 5 ms; their own regeneration would have taken 55 ms
    assert_eq!((fetches.wait_sum(), fetches.wait_max()), (125_000_000, 45_000_000));
    // written at 65 ms, too old at 1065 ms: 1070 to 1120 ms miss, one of them fetches
    run(&mut world, 1.2);
    assert_eq!(figures(&world)[..3], [2, 10, 2]);
    assert_eq!(tally(&world, "users").completed, 120);
}

#[test]
fn the_next_in_line_fetches_when_the_lock_has_lasted_too_long() {
    let arrivals = json!({"base": "100/s", "spacing": "even"});
    let users = json!({"arrivals": arrivals, "keys": {"n": 1, "s": 1.0}, "limit": 3});
    let mut world = world(&beside(&users, &single(&json!({"single_flight": "30ms"}))));
    // at 10 ms one fetches; at 40 ms its lock ends and the second fetches; the write at 65 ms
    // answers the third
    run(&mut world, 0.066);
    assert_eq!(
        (count(&world, "redis", "overdue_fetches"), count(&world, "redis", "misses")),
        (1, 2)
    );
    assert_eq!((count(&world, "redis", "joined"), tally(&world, "users").completed), (1, 2));
    run(&mut world, 1.0);
    assert_eq!((tally(&world, "users").completed, count(&world, "redis", "writes")), (3, 2));
    assert_eq!(world.alive(), 0);
}

#[test]
fn a_fetch_that_fails_leaves_the_key_to_the_next_in_line() {
    let arrivals = json!({"base": "100/s", "spacing": "even"});
    let users = json!({"arrivals": arrivals, "keys": {"n": 1, "s": 1.0}, "limit": 3});
    let mut form = parts(&users, &single(&json!({})));
    form["db"]["QueueStation"]["service"] = json!("50ms");
    let mut world = world(&form);
    run(&mut world, 0.035);
    let db = node(&world, "db") as u32;
    world.stop(db, Cause::Reset);
    world.start(db);
    run(&mut world, 1.0);
    assert_eq!((failed(&world, "users", Cause::Reset), tally(&world, "users").completed), (1, 2));
    assert_eq!((count(&world, "cache", "misses"), count(&world, "cache", "joined")), (2, 1));
    assert_eq!(world.alive(), 0);
}

#[test]
fn who_waits_for_a_fetch_leaves_and_a_dead_cache_lets_all_go() {
    let arrivals = json!({"base": "100/s", "spacing": "even"});
    let users =
        json!({"arrivals": arrivals, "keys": {"n": 1, "s": 1.0}, "limit": 5, "timeout": "25ms"});
    let mut form = parts(&users, &single(&json!({})));
    form["db"]["QueueStation"]["service"] = json!("50ms");
    let mut world = world(&form);
    run(&mut world, 0.0501);
    // the first two have left; the others wait
    let waiting = |world: &World<Node>| survey(world, "cache").resources[1].station.queue.level();
    assert_eq!((failed(&world, "users", Cause::Timeout), waiting(&world)), (2, 3));
    let cache = node(&world, "cache") as u32;
    world.stop(cache, Cause::Reset);
    run(&mut world, 1.0);
    assert_eq!((failed(&world, "users", Cause::Reset), waiting(&world)), (3, 0));
    assert_eq!(world.alive(), 0);
}

#[test]
fn early_refreshes_come_with_the_probability_of_xfetch() {
    // 40,000 keys written at about the same time; each is asked for once more at 9 s of 10 s
    let arrivals = json!({"base": "0/s", "steps": [{"at": "9s", "rate": "400000/s"}]});
    let users = json!({"arrivals": arrivals, "limit": 40_000, "keys": {"n": 1, "s": 1.0}});
    let early = json!({"beta": 1.0, "recompute": "400ms"});
    let mut form = parts(&users, &json!({"ttl": "10s", "early": early}));
    form["first"] = json!({"Users": {"enter": "cache", "closed": 1, "think": "1ms", "limit": 1,
        "keys": {"n": 1, "s": 1.0}}});
    form["cache"]["Cache"]["origin"] = Value::Null;
    form["web"] = json!({"WorkerPool": {"workers": 1, "steps": [
        {"cached": {"in": "cache", "otherwise": []}}]}});
    form["first"]["Users"]["enter"] = json!("web");
    let mut world = world(&form);
    run(&mut world, 10.0);
    assert_eq!(count(&world, "cache", "writes"), 1);
    // written at about 1 ms, asked for between 9.0 and 9.1 s: x = 0.95 s on average
    let early = count(&world, "cache", "refreshed_early") as f64 / 40_000.0;
    let expected = (0..100).map(|n| libm::exp(-(1.001 - f64::from(n) / 1000.0) / 0.4)).sum::<f64>();
    assert!((early - expected / 100.0).abs() < 0.005, "{early}, {expected}");
}

#[test]
fn what_survives_a_restart_is_what_was_saved() {
    let arrivals = json!({"base": "10/s", "spacing": "even"});
    let users = json!({"arrivals": arrivals, "keys": {"n": 1_000_000, "s": 1e-9}});
    let left = |persistence: &str, load: &str| {
        let redis = json!({"policy": "noeviction", "persistence": persistence,
            "load_per_second": load});
        let mut world = world(&beside(&users, &redis));
        run(&mut world, 459.5);
        let before = count(&world, "redis", "entries");
        restart(&mut world);
        (before, count(&world, "redis", "entries"), world)
    };
    let (before, none, _) = left("none", "1TB");
    assert!(none == 0 && before > 4580, "{before}");
    // 100 writes and 300 s: the snapshot of 300 s
    let (_, rdb, _) = left("rdb", "1TB");
    assert!((2990..=3000).contains(&rdb), "{rdb}");
    // the log was forced to disk at 459 s
    let (before, aof, mut world) = left("aof", "1MB");
    assert!(before - aof <= 6 && before > aof, "{before}, {aof}");
    // 4585 KiB at 1 MB/s are 4.69 s; meanwhile every request goes to the origin
    let refused = count(&world, "redis", "refused");
    run(&mut world, 463.9);
    let errors = count(&world, "redis", "refused") - refused;
    // a look-up and a write each
    assert!((84..=88).contains(&errors), "{errors}");
    run(&mut world, 470.0);
    assert!(count(&world, "redis", "refused") - refused < 100);
    assert!(tally(&world, "users").failed.iter().all(|&failed| failed == 0));
}

#[test]
fn a_snapshot_stops_everything_for_the_time_of_its_fork() {
    // 1,000 keys of 1 MiB at 1 s a GiB: 977 ms of standstill at 60 s
    let arrivals = json!({"base": "100/s", "spacing": "even"});
    let users =
        json!({"arrivals": arrivals, "keys": {"n": 1_000_000_000, "s": 1e-9}, "limit": 7000});
    let rules = json!([{"after": "60s", "changes": 1}]);
    let redis = json!({"policy": "allkeys-random", "entries": 1000, "item": "1MiB",
        "persistence": "rdb", "save": rules, "fork_per_gib": "1s"});
    let mut world = world(&beside(&users, &redis));
    let line = |world: &World<Node>| survey(world, "redis").resources[0].station.queue.level();
    run(&mut world, 59.999);
    assert_eq!(line(&world), 0);
    // look-ups at 60.00 to 60.97 s wait, and the writes of those who missed just before
    run(&mut world, 60.976);
    assert!((97..=104).contains(&line(&world)), "{}", line(&world));
    run(&mut world, 60.977);
    assert_eq!(line(&world), 0);
    let station = *survey(&world, "redis").resources[0].station;
    assert_eq!(station.wait_max(), 976_562_500);
    run(&mut world, 80.0);
    assert_eq!((tally(&world, "users").completed, world.alive()), (7000, 0));
}

#[test]
fn sampled_lru_hits_nearly_as_often_as_true_lru() {
    let users = json!({"arrivals": "10/s", "keys": {"n": 1000, "s": 0.8}});
    let hits = |policy: &str| {
        let mut world = world(&parts(&users, &json!({"entries": 100, "policy": policy})));
        run(&mut world, 1000.0);
        world.reset_meters();
        run(&mut world, 11_000.0);
        ratio(&world)
    };
    // Che: 0.37779; the standard error of 100,000 requests is 0.0015
    let (exact, sampled) = (hits("lru"), hits("allkeys-lru"));
    assert!((exact - 0.3776).abs() < 0.006, "{exact}");
    assert!(sampled < exact + 0.003 && sampled > exact - 0.015, "{sampled}");
}

#[test]
fn a_flush_and_a_new_limit_reach_a_sampled_cache() {
    let users = json!({"arrivals": "1000/s", "keys": {"n": 500, "s": 0.5}});
    let form = |cache: Value| parts(&users, &cache);
    let big = json!({"policy": "allkeys-lru", "memory": "1MiB"});
    let mut world = world(&form(big));
    run(&mut world, 10.0);
    assert_eq!(count(&world, "cache", "bytes"), 500 << 10);
    let small = json!({"policy": "allkeys-lfu", "memory": "100KiB"});
    retune(&mut world, &form(small), "cache").unwrap();
    run(&mut world, 20.0);
    let bytes = count(&world, "cache", "bytes");
    assert!(bytes == 100 << 10 || bytes == 101 << 10, "{bytes}");
    assert!(world.act(node(&world, "cache") as u32, Action::Flush));
    assert_eq!(count(&world, "cache", "bytes"), 0);
    let exact = retune(&mut world, &form(json!({"policy": "lru"})), "cache").unwrap_err();
    assert_eq!(exact.path, "policy");
}

#[test]
fn wrong_forms_are_flaws_with_value_and_remedy() {
    let path = |cache: Value| flaw(&parts(&json!({"arrivals": "1/s"}), &cache)).path;
    assert_eq!(path(json!({"item": "0B"})), "item");
    assert_eq!(path(json!({"item_cv": -1.0, "memory": "1MiB"})), "item_cv");
    assert_eq!(path(json!({"jitter": 0.1})), "jitter");
    assert_eq!(path(json!({"expiring": 0.1})), "expiring");
    assert_eq!(path(json!({"samples": 0})), "samples");
    assert_eq!(path(json!({"max_clients": 0})), "max_clients");
    assert_eq!(path(json!({"single_flight": "0s"})), "single_flight");
    assert_eq!(path(json!({"early": {"beta": 1.0, "recompute": "1s"}})), "early");
    let eager = json!({"beta": 0.0, "recompute": "1s"});
    assert_eq!(path(json!({"early": eager, "ttl": "1s"})), "early.beta");
    assert_eq!(path(json!({"persistence": "rdb"})), "persistence");
    let rules = json!([{"after": "1m", "changes": 1}]);
    assert_eq!(path(json!({"save": rules})), "save");
    assert_eq!(path(json!({"load_per_second": "0B"})), "load_per_second");
    let eager = json!({"beta": 1.0, "recompute": "1s"});
    assert_eq!(path(json!({"hit": 0.5, "early": eager})), "early");
}

#[test]
fn lanes_and_snapshots_do_not_change_a_run() {
    let users = json!({"arrivals": "2000/s", "keys": {"n": 500, "s": 0.8}, "timeout": "20ms"});
    let mut form = beside(&users, &json!({}));
    form["redis"]["Cache"] = json!({"service": {"exponential": "400us"}, "memory": "50KiB",
        "item_cv": 1.0, "ttl": "1s", "jitter": 0.1, "policy": "volatile-lfu",
        "single_flight": "30ms", "early": {"beta": 1.0, "recompute": "55ms"},
        "persistence": "rdb", "max_clients": 100, "fork_per_gib": "10s",
        "save": [{"after": "1s", "changes": 9}]});
    agrees_without_lanes_and_after_a_snapshot(&form, 10.0);
}
