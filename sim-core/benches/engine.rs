//! Time per event of whole runs: textbook and web workloads, every balancing rule, crowds, timers.
//!
//! Each measurement lets one run go on by 10,000 events at a time, so that a slow growth with the
//! length of the run would show too.

use std::hint::black_box;
use std::sync::Arc;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use sim_core::run::Run;
use sim_core::scenario::{NoFiles, read};

const EVENTS: u64 = 10_000;
/// Events before the first measurement, so that runs are past their filling up.
const START: u64 = 200_000;
const RULES: [&str; 7] = [
    "round_robin",
    "weighted",
    "least_connections",
    "ip_hash",
    "consistent_hash",
    "random",
    "random_two",
];

const W1: &str = "
busyhour: 1
name: w1
summary: M/M/10 at nine tenths of its capacity.
duration: 1h
users:
  clients: {enter: s, arrivals: 90/s}
nodes:
  s: {component: station, servers: 10, service: {exponential: 100ms}}
";

/// A balancer before `8 k` instances of four workers, a cache and a database.
fn w2(rule: &str, backends: u32, load: u32) -> String {
    let lb = format!("component: balancer, balance: {rule}");
    web(&lb, "component: worker-pool", (backends, load))
}

/// The same with other components before the database.
fn web(lb: &str, app: &str, (backends, load): (u32, u32)) -> String {
    let k = backends / 8;
    let (rate, connections) = (400 * k * load, 20 * k);
    format!(
        "
busyhour: 1
name: w2
summary: A balancer, instances, a cache and a database.
duration: 1h
users:
  clients: {{enter: lb, arrivals: {rate}/s, timeout: 5s}}
nodes:
  lb: {{{lb}, to: web}}
  web:
    {app}
    replicas: {backends}
    workers: 4
    database: db
    steps:
      - cpu: {{lognormal: {{mean: 20ms, sigma: 0.5}}}}
      - cached: {{hit: 80%, time: 1ms, otherwise: [query: {{time: {{exponential: 10ms}}}}]}}
  db: {{component: station, servers: {connections}, service: {{exponential: 10ms}}}}
"
    )
}

/// Closed users with a thousand requests a second between them; `think` names the law.
fn closed(users: u32, think: &str) -> String {
    format!(
        "
busyhour: 1
name: closed
summary: Closed users at a station that is never full.
duration: 1h
users:
  clients: {{enter: s, closed: {users}, think: {think}}}
nodes:
  s: {{component: station, servers: 1000, service: {{exponential: 100ms}}}}
"
    )
}

fn start(text: &str) -> Run {
    let reading = read("bench", text, &[], &NoFiles);
    let mut plan = reading.plan.unwrap_or_else(|| panic!("{:?}", reading.problems));
    plan.duration = u64::MAX / 4;
    plan.frame = u64::MAX / 4;
    let mut run = Run::new(Arc::new(plan), 1).expect("the parts can be built");
    run.advance(u64::MAX, START);
    run
}

fn measure(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, text: &str) {
    let mut run = start(text);
    group.bench_function(name, |bencher| {
        bencher.iter(|| black_box(run.advance(u64::MAX, EVENTS)));
    });
}

fn engine(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("engine");
    group.throughput(Throughput::Elements(EVENTS));
    measure(&mut group, "w1", W1);
    measure(&mut group, "w2 round_robin", &w2("round_robin", 8, 1));
    measure(&mut group, "w2 least_connections", &w2("least_connections", 8, 1));
    measure(&mut group, "w2 least_connections, load 3", &w2("least_connections", 8, 3));
    for rule in RULES {
        for backends in [80, 1000] {
            measure(&mut group, &format!("w2 {rule} {backends}"), &w2(rule, backends, 1));
        }
    }
    measure(&mut group, "crowd 1000", &closed(1_000, "{exponential: 1s}"));
    measure(&mut group, "crowd 1000000", &closed(1_000_000, "{exponential: 1000s}"));
    group.finish();
}

/// Simulated time in which 10,000 requests of W2 come, ns.
const SLICE: u64 = 25_000_000_000;

/// Time per request, not per event: what a component costs instead of a simpler one in its place.
/// The first line is W2 as it is; the others divided by it are the ratios of docs/performance.md.
fn tiers(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("tiers");
    group.throughput(Throughput::Elements(SLICE * 400 / 1_000_000_000));
    let (balancer, pool) = ("component: balancer, balance: round_robin", "component: worker-pool");
    let app = |kind: &str| format!("component: app-server\n    cores: 4\n    worker: {kind}");
    let proxy = "component: reverse-proxy, balance: round_robin";
    let variants = [
        ("w2", balancer, pool.to_owned()),
        ("w2, app-server sync", balancer, app("sync")),
        ("w2, app-server gthread", balancer, app("gthread\n    threads: 1")),
        ("w2, app-server uvicorn", balancer, app("uvicorn")),
        ("w2, reverse-proxy", proxy, pool.to_owned()),
        ("w2, reverse-proxy, app-server gthread", proxy, app("gthread\n    threads: 1")),
    ];
    for (name, lb, app) in variants {
        let mut run = start(&web(lb, &app, (8, 1)));
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let until = run.now() + SLICE;
                black_box(run.advance(until, u64::MAX))
            });
        });
    }
    group.finish();
}

/// One timer for each thinking user, set anew whenever it fires: the hold model of event lists.
fn agenda(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("agenda");
    group.throughput(Throughput::Elements(EVENTS));
    for (users, mean_ms) in [(20u32, 20u32), (10_000, 10_000), (1_000_000, 1_000_000)] {
        let think = format!("{{lognormal: {{mean: {mean_ms}ms, sigma: 0.5}}}}");
        measure(&mut group, &format!("{users} pending"), &closed(users, &think));
    }
    group.finish();
}

criterion_group!(benches, engine, tiers, agenda);
criterion_main!(benches);
