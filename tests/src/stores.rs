//! Databases, pools and caches as they are shipped: known situations with their exact outcome.

use sim_core::engine::meter::Station;
use sim_core::engine::request::Cause;
use sim_core::engine::time::{MILLISECOND, Nanos, SECOND};
use sim_core::run::{Advanced, Run};

use crate::support::plan;

/// A run of a scenario in its first `until` ns, that instant included.
pub(crate) fn run(text: &str, until: Nanos) -> Run {
    let head = "busyhour: 1\nduration: 1h\n";
    let mut run = Run::new(plan(&format!("{head}{text}"), &[]), 1).expect("it can be built");
    advance(&mut run, until);
    run
}

pub(crate) fn advance(run: &mut Run, until: Nanos) {
    assert_eq!(run.advance(until + 1, u64::MAX), Advanced::Reached);
}

pub(crate) fn node(run: &Run, name: &str) -> usize {
    run.plan().blueprint.site().places[name].members[0] as usize
}

pub(crate) fn count(run: &Run, name: &str, what: &str) -> u64 {
    let surveys = run.surveys();
    let counts = &surveys[node(run, name)].counts;
    counts.iter().find(|(known, _)| *known == what).expect("it is counted").1
}

pub(crate) fn resource(run: &Run, name: &str, what: &str) -> Station {
    let surveys = run.surveys();
    let resources = &surveys[node(run, name)].resources;
    *resources.iter().find(|resource| resource.name == what).expect("it is shown").station
}

pub(crate) fn completed(run: &Run, users: &str) -> u64 {
    run.surveys()[node(run, users)].tallies.iter().map(|tally| tally.completed).sum()
}

pub(crate) fn failed(run: &Run, users: &str, cause: Cause) -> u64 {
    let surveys = run.surveys();
    surveys[node(run, users)].tallies.iter().map(|tally| tally.failed[cause as usize]).sum()
}

/// A cache that is filled has the most popular keys and no others.
#[test]
fn a_filled_cache_knows_its_keys_from_the_start() {
    let text = "users:\n\
        \x20 all: {enter: web, arrivals: 100/s, limit: 20_000, keys: {n: 100, s: 0.01}}\n\
        nodes:\n  web: {component: worker-pool, workers: 100, steps: [cached: {in: redis}]}\n\
        \x20 redis: {component: cache, filled: 40}\n";
    let run = run(text, 300 * SECOND);
    // the other 60 keys miss once each: nobody writes them before they are first asked for
    let (hits, misses) = (count(&run, "redis", "hits"), count(&run, "redis", "misses"));
    assert_eq!((hits + misses, misses), (20_000, 60));
}

#[test]
fn row_redis_noeviction_at_maxmemory_set_errors_get_is_still_served() {
    let shop = "
users: {u: {enter: app, arrivals: 100/s, keys: {n: 100, s: 0.000001}}}
nodes:
  app: {component: worker-pool, workers: 10, steps: [cached: {in: redis, otherwise: [io: 1ms]}]}
  redis: {model: redis, memory: 10KiB, item: 1KiB}
";
    let run = run(shop, 100 * SECOND);
    // memory is looked at before a write, so the eleventh key of 1 KiB reaches beyond 10 KiB
    assert_eq!((count(&run, "redis", "entries"), count(&run, "redis", "evicted")), (11, 0));
    let good = count(&run, "redis", "writes") - count(&run, "redis", "refused");
    assert_eq!(good, 11);
    assert!(count(&run, "redis", "refused") > 8000);
    let hits = count(&run, "redis", "hits") as f64 / completed(&run, "u") as f64;
    assert!((hits - 0.11).abs() < 0.01, "{hits}");
}

#[test]
fn row_sqlalchemy_5_and_10_with_16_concurrent_long_holders_the_16th_errors_after_30_s() {
    let shop = "
users: {u: {enter: app, arrivals: {base: 1000/s, spacing: even}, limit: 16}}
nodes:
  app: {component: worker-pool, workers: 20, database: pool, steps: [hold: {steps: [query: 60s]}]}
  pool: {model: sqlalchemy-pool, to: db}
  db: {component: database}
";
    let sixteenth = 30 * SECOND + 16 * MILLISECOND;
    let mut run = run(shop, sixteenth - 1);
    assert_eq!(failed(&run, "u", Cause::PoolTimeout), 0);
    advance(&mut run, sixteenth);
    assert_eq!(failed(&run, "u", Cause::PoolTimeout), 1);
    advance(&mut run, 61 * SECOND);
    assert_eq!(completed(&run, "u"), 15);
}

/// A hundred processes that hold one connection each, for ever.
#[test]
fn the_98th_ordinary_client_of_postgresql_gets_an_error_at_once() {
    let shop = "
users: {u: {enter: app, arrivals: {base: 1000/s, spacing: even}, limit: 100}}
nodes:
  app: {component: worker-pool, workers: 100, database: pool, steps: [hold: {steps: [io: 30m]}]}
  pool: {model: sqlalchemy-pool, size: 100, overflow: 0, to: db}
  db: {model: postgres, cores: 64}
";
    let run = run(shop, 200 * MILLISECOND);
    assert_eq!(failed(&run, "u", Cause::TooManyConnections), 3);
    let sessions = resource(&run, "db", "sessions");
    assert_eq!((sessions.busy.level(), sessions.capacity.level()), (97, 97));
    assert_eq!(count(&run, "db", "connection_mib"), 970);
}

#[test]
fn an_application_that_scales_out_locks_itself_out_of_postgresql() {
    let shop = "
users: {u: {enter: pool0, closed: 1, think: 1h}}
nodes:
  pool0: {model: hikari-pool, size: 60, to: db}
  lb: {component: balancer, to: pool0}
  db: {model: postgres, cores: 4}
";
    let alone = run(shop, SECOND);
    assert_eq!(resource(&alone, "db", "sessions").busy.level(), 60);
    let twice = shop.replace("enter: pool0", "enter: app").replace(
        "  lb: {component: balancer, to: pool0}\n",
        "  pool1: {model: hikari-pool, size: 60, to: db}\n  app: {component: worker-pool, \
         workers: 1, steps: [call: {to: pool0}, call: {to: pool1}]}\n",
    );
    let both = run(&twice, SECOND);
    assert_eq!(resource(&both, "db", "sessions").busy.level(), 97);
    assert!(resource(&both, "db", "connections").turned_away.count() > 0);
}

/// Machines of eight sync workers, each with a pool of its own; all work at once, and then rest.
fn scaled_out(machines: u32, pool: &str) -> [u64; 4] {
    let crowd = 8 * machines;
    let shop = format!(
        "
users:
  first: {{enter: lb, arrivals: {{base: 100000/s, spacing: even}}, limit: {crowd}}}
  again: {{enter: later, arrivals: {{base: 100000/s, spacing: even}}, limit: {crowd}}}
nodes:
  lb: {{component: balancer, balance: round_robin, to: web}}
  later: {{component: link, latency: 10s, to: lb}}
  web:
    model: gunicorn-sync
    replicas: {machines}
    workers: 8
    cores: 4
    pool: {{to: db, size: 5, overflow: 10{pool}}}
    steps: [query: 1s]
  db: {{model: postgres, cores: 64}}
"
    );
    let mut run = run(&shop, 5 * SECOND);
    let refused = failed(&run, "first", Cause::TooManyConnections);
    let idle = u64::from(resource(&run, "db", "sessions").busy.level());
    advance(&mut run, 25 * SECOND);
    assert_eq!(resource(&run, "db", "connections").busy.level(), 0);
    let again = failed(&run, "again", Cause::TooManyConnections);
    [refused, idle, again, count(&run, "db", "connection_mib")]
}

/// 97 connections for everybody. A process that has none stays without: the others do not give
/// theirs up.
#[test]
fn workers_times_machines_meet_the_connections_of_postgresql_though_nobody_works() {
    assert_eq!(scaled_out(12, ""), [0, 96, 0, 960]);
    let [refused, idle, again, mib] = scaled_out(13, "");
    assert_eq!((refused, idle, mib), (7, 97, 970));
    // who fails at once is free at once, and takes what others would have served
    assert!((8..=104).contains(&again), "{again}");
    // a proxy that shares connections query by query counts 104 queries at once, and then none
    assert_eq!(scaled_out(13, ", sessions: false"), [7, 0, 7, 0]);
}

#[test]
fn commits_a_second_are_the_batch_over_the_time_of_a_flush() {
    let rate = |fsync: &str| {
        let shop = format!(
            "
users: {{u: {{enter: db, closed: 64, think: 0s, mix: {{write: 1}}}}}}
nodes:
  db: {{model: postgres, log: {{fsync: {fsync}}}, queries: {{write: {{commit: true}}}}}}
"
        );
        let run = run(&shop, 10 * SECOND);
        let flushes = count(&run, "db", "flushes");
        (completed(&run, "u"), flushes, resource(&run, "db", "disk").seized())
    };
    // 64 writers without a pause: some are flushed while the others wait for the next flush, so
    // that each commits in every other one: a batch of 32 on average, and 32 / fsync commits
    for (fsync, flushes) in [("2ms", 5000), ("10ms", 1000)] {
        let (commits, there, served) = rate(fsync);
        assert!(there.abs_diff(flushes) <= 1, "{there} flushes of {fsync}");
        assert!(commits.abs_diff(32 * flushes) <= 64, "{commits}");
        assert!(served.abs_diff(commits) <= 64, "{served}");
    }
}

#[test]
fn a_slow_disk_slows_commits_and_nothing_else() {
    let shop = "
users:
  writers: {enter: db, closed: 64, think: 0s, mix: {write: 1}}
  readers: {enter: db, closed: 1, think: 0s, mix: {read: 1}}
nodes:
  db:
    model: postgres
    log: {fsync: 2ms}
    queries: {write: {commit: true}, read: {cpu: 1ms}}
events: [{at: 10s, set: nodes.db.log.fsync, to: 20ms}]
";
    let mut run = run(shop, 10 * SECOND - 1);
    let (before, reads) = (completed(&run, "writers"), completed(&run, "readers"));
    advance(&mut run, 20 * SECOND);
    let after = completed(&run, "writers") - before;
    assert!(before.abs_diff(160_000) <= 64 && after.abs_diff(16_000) <= 64, "{before}, {after}");
    assert!(completed(&run, "readers").abs_diff(2 * reads) <= 2);
}

#[test]
fn a_slow_disk_takes_its_factor_longer_to_read_and_to_flush_until_it_is_well_again() {
    let shop = "
users:
  writers: {enter: db, closed: 64, think: 0s, mix: {write: 1}}
  scans: {enter: db, closed: 1, think: 0s, mix: {scan: 1}}
  readers: {enter: db, closed: 1, think: 0s, mix: {read: 1}}
nodes:
  db:
    model: postgres
    log: {fsync: 2ms}
    queries: {write: {commit: true}, scan: {cpu: 1ms, io: 1ms}, read: {cpu: 1ms}}
events: [{at: 10s, slow_disk: db, factor: 20, for: 10s}]
";
    let mut run = run(shop, 10 * SECOND - 1);
    let figures = |run: &Run| ["writers", "scans", "readers"].map(|who| completed(run, who));
    let mut before = [0; 3];
    // 32 commits a flush of 2 ms, then of 40 ms; scans of 2 ms, then of 21 ms
    for (until, most) in
        [(10, [160_000, 5000, 10_000]), (20, [8000, 476, 10_000]), (30, [160_000, 5000, 10_000])]
    {
        advance(&mut run, until * SECOND - 1);
        let now = figures(&run);
        for at in 0..3 {
            let done = now[at] - before[at];
            assert!(done.abs_diff(most[at]) <= 64, "{done} of kind {at} until {until} s");
        }
        before = now;
    }
}

fn full_disk(events: &str) -> [u64; 5] {
    let shop = format!(
        "
users:
  writers: {{enter: db, arrivals: {{base: 10/s, spacing: even}}, mix: {{write: 1}}}}
  readers: {{enter: db, arrivals: {{base: 10/s, spacing: even}}, mix: {{read: 1}}}}
nodes:
  db:
    model: postgres
    standby: {{failover: 5s}}
    queries: {{write: {{commit: true}}, read: {{io: 1ms}}}}
events: {events}
"
    );
    let run = run(&shop, 40 * SECOND - 1);
    let errors = |who| failed(&run, who, Cause::Error);
    let refused = failed(&run, "writers", Cause::Refused);
    let done = ["writers", "readers"].map(|who| completed(&run, who));
    [errors("writers"), errors("readers"), refused, done[0], done[1]]
}

#[test]
fn on_a_full_disk_writes_are_errors_and_reads_go_on() {
    // 399 of each come before 40 s; 100 of them between 10 s and 20 s
    assert_eq!(full_disk("[{at: 10s, full_disk: db, for: 10s}]"), [100, 0, 0, 299, 399]);
    // from 10 s to 20 s, and from 30 s on
    let random = full_disk("[{every: 10s, repair: 10s, full_disk: db}]");
    assert_eq!(random, [200, 0, 0, 199, 399]);
    // the standby that takes over after 5 s has a disk of its own
    let taken_over = full_disk("[{at: 10s, full_disk: db}, {at: 15s, kill: db}]");
    assert_eq!(taken_over, [50, 0, 50, 299, 349]);
}

#[test]
fn one_hot_row_serves_one_commit_a_flush_however_many_cores_there_are() {
    let shop = "
users: {u: {enter: db, closed: 64, think: 0s, mix: {buy: 1}}}
nodes:
  db:
    model: postgres
    cores: 64
    log: {fsync: 3ms}
    queries: {buy: {cpu: 1ms, commit: true, lock: {rows: 1}}}
";
    let one = run(shop, 100 * SECOND);
    // 1 / (1 ms + 3 ms)
    assert!(completed(&one, "u").abs_diff(25_000) <= 1, "{}", completed(&one, "u"));
    let locks = resource(&one, "db", "row locks");
    assert_eq!((locks.busy.level(), locks.queue.level()), (1, 63));
    let many = run(&shop.replace("rows: 1}", "rows: 1000000}"), 100 * SECOND);
    assert!(completed(&many, "u") > 20 * 25_000, "{}", completed(&many, "u"));
}

#[test]
fn a_failover_of_rds_lasts_60_to_120_s_and_needs_nobody() {
    let shop = "
users: {u: {enter: db, arrivals: {base: 10/s, spacing: even}}}
nodes: {db: {model: rds-postgres, service: 1ms}}
events: [{at: 100s, kill: db}]
";
    for seed in 1..=12 {
        let plan = plan(&format!("busyhour: 1\nduration: 5m\n{shop}"), &[]);
        let mut run = Run::new(plan, seed).expect("it can be built");
        assert_eq!(run.finish(), Advanced::Reached);
        let outage = failed(&run, "u", Cause::Refused) as f64 / 10.0;
        assert!((59.9..=120.1).contains(&outage), "{outage} s");
        assert_eq!(completed(&run, "u") + failed(&run, "u", Cause::Refused), 2999);
    }
}

fn stampede(extra: &str) -> Run {
    let shop = format!(
        "
users: {{u: {{enter: app, arrivals: {{base: 100/s, spacing: even}}, keys: {{n: 1, s: 1}}}}}}
nodes:
  app:
    component: worker-pool
    workers: 100
    steps: [cached: {{in: redis, otherwise: [io: 395ms]}}]
  redis: {{model: redis, ttl: 10s, service: 0s{extra}}}
"
    );
    run(&shop, 10 * SECOND)
}

#[test]
fn an_expired_hot_key_is_regenerated_one_plus_lambda_delta_times() {
    // asked for at 10, 20 ... ms; the first write comes at 405 ms: 1 + 100/s x 0.395 s = 40.5
    let mut run = stampede("");
    assert_eq!(count(&run, "redis", "misses"), 40);
    // the last write comes at 795 ms, so the key grows old at 10795 ms: 10800 ms misses first, and
    // its write comes at 11195 ms
    advance(&mut run, 12 * SECOND);
    assert_eq!((count(&run, "redis", "misses"), count(&run, "redis", "writes")), (80, 80));
}

#[test]
fn with_single_flight_it_is_regenerated_exactly_once() {
    let mut run = stampede(", single_flight: 60s");
    let figures = |run: &Run| ["misses", "joined", "writes"].map(|what| count(run, "redis", what));
    assert_eq!(figures(&run), [1, 39, 1]);
    // written at 405 ms: old at 10405 ms, asked for at 10410 ms, there again at 10805 ms
    advance(&mut run, 12 * SECOND);
    assert_eq!(figures(&run), [2, 78, 2]);
}

/// Users whom a full Redis serves, with a restart after 100 s; the hit ratio of the 10 s after it.
fn after_a_restart(redis: &str) -> f64 {
    let shop = format!(
        "
users: {{u: {{enter: app, arrivals: 100/s, keys: {{n: 1000, s: 0.000001}}}}}}
nodes:
  app:
    component: worker-pool
    workers: 100
    steps: [cached: {{in: cache, otherwise: [io: 1ms]}}]
  cache: {{{redis}}}
events: [{{at: 100s, restart: cache}}]
"
    );
    let mut run = run(&shop, 100 * SECOND - 1);
    let hits = count(&run, "cache", "hits");
    advance(&mut run, 110 * SECOND);
    (count(&run, "cache", "hits") - hits) as f64 / 1000.0
}

#[test]
fn what_survives_a_restart_is_nothing_of_memcached_and_nearly_all_of_redis_with_a_log() {
    let cold = after_a_restart("model: memcached");
    let warm = after_a_restart("model: redis, persistence: aof, save: []");
    let saved = after_a_restart("model: redis, save: [{after: 60s, changes: 100}]");
    // of 1,000 keys those asked for in 10 s at 100/s are found again: about a third of look-ups
    assert!((cold - 0.37).abs() < 0.05, "{cold}");
    assert!(warm > 0.95 && saved > 0.95, "{warm}, {saved}");
}

#[test]
fn a_snapshot_is_due_once_there_are_so_many_writes_and_not_before() {
    let kept = |writes: u32| {
        let shop = format!(
            "
users:
  u: {{enter: app, arrivals: 100/s, limit: {writes}, keys: {{n: 1000000000, s: 0.000001}}}}
nodes:
  app: {{component: worker-pool, workers: 9, steps: [cached: {{in: redis, otherwise: [io: 1ms]}}]}}
  redis: {{model: redis, save: [{{after: 60s, changes: 100}}]}}
events: [{{at: 100s, restart: redis}}]
"
        );
        count(&run(&shop, 101 * SECOND), "redis", "entries")
    };
    assert_eq!((kept(99), kept(100)), (0, 100));
}

/// Ten requests at once, and then one every second, with a restart of the database between: how
/// many fail on connections that it does not know any more.
fn stale_failures(pool: &str) -> u64 {
    let shop = format!(
        "
users:
  crowd: {{enter: app, arrivals: {{base: 100000/s, spacing: even}}, limit: 10}}
  u: {{enter: app, arrivals: {{base: 1/s, spacing: even}}, limit: 50}}
nodes:
  app: {{component: worker-pool, workers: 99, database: pool, steps: [query: 100ms]}}
  pool: {{{pool}, to: db}}
  db: {{component: database}}
events: [{{at: 900ms, restart: db}}]
"
    );
    let run = run(&shop, 100 * SECOND);
    assert_eq!((completed(&run, "crowd"), failed(&run, "crowd", Cause::Reset)), (10, 0));
    assert_eq!(completed(&run, "u") + failed(&run, "u", Cause::Reset), 50);
    failed(&run, "u", Cause::Reset)
}

#[test]
fn sqlalchemy_learns_of_a_restarted_database_by_one_error_and_hikari_by_none() {
    assert_eq!(stale_failures("model: sqlalchemy-pool, size: 10"), 1);
    assert_eq!(stale_failures("model: hikari-pool"), 0);
    assert_eq!(stale_failures("component: connection-pool, size: 10, sessions: true"), 10);
}
