//! The cache in a world: hit ratios of theory, the write after a miss, the server, cold starts.

mod redis;

use serde_json::{Value, json};

use crate::components::Node;
use crate::components::tests_world::{
    agrees_without_lanes_and_after_a_snapshot, count, failed, flaw, node, retune, run, survey,
    tally, world,
};
use crate::engine::kernel::{Action, World};
use crate::engine::request::Cause;

/// Users who ask a cache before an origin that answers at once.
fn parts(users: &Value, cache: &Value) -> Value {
    let mut users = users.clone();
    users["enter"] = json!("cache");
    let mut cache = cache.clone();
    if cache.get("origin").is_none() {
        cache["origin"] = json!("db");
    }
    let db = json!({"service": "0s", "servers": 1000});
    json!({"users": {"Users": users}, "cache": {"Cache": cache}, "db": {"QueueStation": db}})
}

fn reset(world: &mut World<Node>) {
    world.reset_meters();
}

fn ratio(world: &World<Node>) -> f64 {
    let (hits, misses) = (count(world, "cache", "hits"), count(world, "cache", "misses"));
    hits as f64 / (hits + misses) as f64
}

/// The hit ratio under Zipf keys after a warm-up of 40 requests a place.
fn zipf_ratio(keys: (u64, f64), entries: u64, policy: &str) -> f64 {
    let users = json!({"arrivals": "10000/s", "keys": {"n": keys.0, "s": keys.1}});
    let mut world = world(&parts(&users, &json!({"entries": entries, "policy": policy})));
    run(&mut world, entries as f64 * 40.0 / 10_000.0);
    reset(&mut world);
    run(&mut world, entries as f64 * 40.0 / 10_000.0 + 100.0);
    assert_eq!(count(&world, "cache", "entries"), entries);
    ratio(&world)
}

/// Three times the standard error of a million requests, and the error of Che's approximation.
const BOUND: f64 = 0.002;

#[test]
fn lru_hits_as_che_and_the_independent_simulation_say() {
    for (n, entries, s, expected) in
        [(1_000, 100, 0.8, 0.3776), (10_000, 1_000, 0.8, 0.4361), (10_000, 1_000, 1.0, 0.6753)]
    {
        let hit = zipf_ratio((n, s), entries, "lru");
        assert!((hit - expected).abs() < BOUND, "N {n}, C {entries}: {hit}, not {expected}");
    }
}

#[test]
fn fifo_and_random_hit_alike_and_less_than_lru() {
    for policy in ["fifo", "random"] {
        let hit = zipf_ratio((10_000, 0.8), 1_000, policy);
        assert!((hit - 0.39418).abs() < BOUND, "{policy}: {hit}");
    }
}

#[test]
fn a_time_to_live_of_60_s_at_a_request_each_10_s_hits_six_of_seven() {
    let users = json!({"arrivals": "100/s", "keys": {"n": 1000, "s": 1e-9}});
    let mut world = world(&parts(&users, &json!({"ttl": "60s"})));
    run(&mut world, 200.0);
    reset(&mut world);
    run(&mut world, 4200.0);
    // the standard error is 0.0006: a miss in seven of 400 000, and misses renew
    assert!((ratio(&world) - 6.0 / 7.0).abs() < 0.002, "{}", ratio(&world));
    assert!(count(&world, "cache", "expired") > 50_000);
    assert_eq!(count(&world, "cache", "evicted"), 0);
}

#[test]
fn a_flushed_or_restarted_cache_is_cold() {
    let users = json!({"arrivals": "1000/s", "keys": {"n": 100, "s": 0.8}});
    let mut world = world(&parts(&users, &json!({})));
    run(&mut world, 10.0);
    let warm = count(&world, "cache", "misses");
    assert_eq!((warm, count(&world, "cache", "entries")), (100, 100), "a miss for each key");
    run(&mut world, 20.0);
    assert_eq!(count(&world, "cache", "misses"), 100);
    let cache = node(&world, "cache") as u32;
    assert!(world.act(cache, Action::Flush));
    assert_eq!(count(&world, "cache", "entries"), 0);
    run(&mut world, 30.0);
    assert_eq!(count(&world, "cache", "misses"), 200);
    world.stop(cache, Cause::Reset);
    world.start(cache);
    run(&mut world, 40.0);
    assert_eq!(count(&world, "cache", "misses"), 300);
}

#[test]
fn a_cache_without_entries_misses_always() {
    let users = json!({"arrivals": "1000/s", "keys": {"n": 1, "s": 1.0}, "limit": 1000});
    let mut world = world(&parts(&users, &json!({"entries": 0})));
    run(&mut world, 10.0);
    assert_eq!((count(&world, "cache", "misses"), tally(&world, "users").completed), (1000, 1000));
}

#[test]
fn a_stated_ratio_is_kept_and_never_cold() {
    let users = json!({"arrivals": "1000/s", "limit": 100_000});
    let mut world = world(&parts(&users, &json!({"hit": "90%"})));
    run(&mut world, 200.0);
    assert!((ratio(&world) - 0.9).abs() < 0.004, "{}", ratio(&world));
    assert_eq!(count(&world, "cache", "entries"), 0);
}

#[test]
fn a_single_server_is_an_m_d_1_queue() {
    let users = json!({"arrivals": "800/s", "keys": {"n": 1, "s": 1.0}});
    let mut world = world(&parts(&users, &json!({"service": "1ms"})));
    run(&mut world, 20.0);
    reset(&mut world);
    run(&mut world, 1020.0);
    let meter = survey(&world, "cache").resources[0].station;
    // rho / (2 mu (1 - rho)) = 2 ms
    let wait = meter.mean_wait().unwrap_or(0.0) / 1e6;
    assert!((wait - 2.0).abs() < 0.08, "{wait} ms");
    assert!((meter.utilisation(world.core.now) - 0.8).abs() < 0.005);
    assert!(matches!(world.nodes[node(&world, "cache")], Node::Cache(_)));
}

#[test]
fn a_miss_without_an_origin_is_told_to_the_caller() {
    let users = json!({"arrivals": "100/s", "limit": 100});
    let mut form = parts(&users, &json!({}));
    form["cache"]["Cache"]["origin"] = Value::Null;
    let mut world = world(&form);
    run(&mut world, 10.0);
    assert_eq!(failed(&world, "users", Cause::Miss), 100);
    assert_eq!(count(&world, "cache", "entries"), 0);
}

/// Workers who look into a cache and compute for 55 ms after a miss.
fn beside(users: &Value, cache: &Value) -> Value {
    let otherwise = json!([{"io": "55ms"}]);
    let steps = json!([{"cached": {"in": "redis", "otherwise": otherwise}}]);
    let mut users = users.clone();
    users["enter"] = json!("web");
    json!({
        "users": {"Users": users},
        "web": {"WorkerPool": {"workers": 1000, "steps": steps}},
        "redis": {"Cache": cache},
    })
}

#[test]
fn a_hot_key_that_is_missing_is_regenerated_by_everybody_who_asks_meanwhile() {
    let arrivals = json!({"base": "100/s", "spacing": "even"});
    let users = json!({"arrivals": arrivals, "keys": {"n": 1, "s": 1.0}});
    let mut world = world(&beside(&users, &json!({"ttl": "1s"})));
    // asked for at 10, 20, ... ms; the first write comes at 65 ms, and 1 + lambda delta is 6.5
    run(&mut world, 0.1);
    assert_eq!(count(&world, "redis", "misses"), 6);
    assert_eq!(count(&world, "redis", "hits"), 4);
    run(&mut world, 0.2);
    assert_eq!((count(&world, "redis", "misses"), count(&world, "redis", "writes")), (6, 6));
    // the last write at 115 ms makes it old at 1115 ms
    run(&mut world, 1.11);
    assert_eq!(count(&world, "redis", "misses"), 6);
    run(&mut world, 2.0);
    assert_eq!(count(&world, "redis", "misses"), 12);
}

#[test]
fn a_write_goes_through_what_stands_between_and_takes_time_there() {
    let users = json!({"closed": 1, "think": "1s", "limit": 2, "keys": {"n": 1, "s": 1.0}});
    let mut form = beside(&users, &json!({"service": "1ms"}));
    form["redis"]["Cache"] = json!({"service": "1ms"});
    form["wire"] = json!({"Link": {"to": "redis", "latency": "10ms"}});
    form["web"]["WorkerPool"]["steps"][0]["cached"]["in"] = json!("wire");
    let mut world = world(&form);
    run(&mut world, 10.0);
    assert_eq!((count(&world, "redis", "misses"), count(&world, "redis", "hits")), (1, 1));
    let latency = &tally(&world, "users").latency;
    // look-up 21 ms, origin 55 ms, write 21 ms; then a hit in 21 ms
    assert_eq!((latency.max(), latency.min()), (Some(97_000_000), Some(21_000_000)));
    assert_eq!(world.alive(), 0);
}

#[test]
fn a_dead_cache_costs_its_hits_and_nothing_else() {
    let users = json!({"arrivals": "100/s", "keys": {"n": 1, "s": 1.0}, "limit": 100});
    let mut world = world(&beside(&users, &json!({})));
    world.stop(node(&world, "redis") as u32, Cause::Reset);
    run(&mut world, 10.0);
    assert_eq!(tally(&world, "users").completed, 100);
    assert_eq!(tally(&world, "users").latency.min(), Some(55_000_000));
}

#[test]
fn who_waits_for_the_server_leaves_and_a_fetch_goes_on() {
    let users = json!({"closed": 3, "think": "0s", "limit": 3, "timeout": "15ms"});
    let mut form = parts(&users, &json!({"service": "10ms"}));
    form["db"]["QueueStation"]["service"] = json!("50ms");
    let mut world = world(&form);
    run(&mut world, 1.0);
    assert_eq!(failed(&world, "users", Cause::Timeout), 3);
    // one was being fetched at 15 ms, one was looked up, one waited
    assert_eq!(count(&world, "cache", "misses"), 2);
    assert_eq!((count(&world, "cache", "writes"), world.alive()), (2, 0));
    assert_eq!(survey(&world, "cache").resources[0].station.queue.level(), 0);
}

#[test]
fn a_smaller_cache_lets_keys_go_and_more_servers_start_at_once() {
    let users = json!({"arrivals": "1000/s", "keys": {"n": 100, "s": 0.8}});
    let form = |cache: Value| parts(&users, &cache);
    let mut world = world(&form(json!({"service": "2ms"})));
    run(&mut world, 2.0);
    let meter = |world: &World<Node>| *survey(world, "cache").resources[0].station;
    assert!(meter(&world).queue.level() > 500);
    retune(&mut world, &form(json!({"entries": 50, "servers": 100})), "cache").unwrap();
    assert_eq!(count(&world, "cache", "entries"), 50);
    run(&mut world, 2.1);
    assert_eq!(meter(&world).queue.level(), 0);
    assert_eq!(
        retune(&mut world, &form(json!({"servers": 0})), "cache").unwrap_err().path,
        "servers"
    );
}

#[test]
fn wrong_forms_are_flaws_with_value_and_remedy() {
    let path = |cache: Value| flaw(&parts(&json!({"arrivals": "1/s"}), &cache)).path;
    assert_eq!(path(json!({"servers": 0})), "servers");
    assert_eq!(path(json!({"entries": 10_000_001})), "entries");
    assert_eq!(path(json!({"ttl": "0s"})), "ttl");
    assert_eq!(path(json!({"hit": 0.5, "ttl": "1s"})), "ttl");
    assert_eq!(path(json!({"origin": "nowhere"})), "origin");
    let law = json!({"lognormal": {"p50": "10ms", "p99": "5ms"}});
    assert_eq!(path(json!({"service": law})), "service");
}

#[test]
fn lanes_and_snapshots_do_not_change_a_run() {
    let users = json!({"arrivals": "2000/s", "keys": {"n": 500, "s": 0.8}, "timeout": "20ms"});
    let mut form = beside(&users, &json!({}));
    form["redis"]["Cache"] = json!({"service": {"exponential": "400us"}, "entries": 50,
        "ttl": "1s", "policy": "random"});
    agrees_without_lanes_and_after_a_snapshot(&form, 10.0);
}
