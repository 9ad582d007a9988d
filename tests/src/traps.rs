//! What simple simulators get wrong, as far as no other test shows it: see docs/facts/traps.md.

use sim_core::engine::request::Cause;
use sim_core::engine::time::{Nanos, SECOND};
use sim_core::run::{Advanced, Run};

use crate::support::{plan, play};

/// Failed users so far, by cause.
fn failed(run: &Run, cause: Cause) -> u64 {
    let surveys = run.surveys();
    surveys.iter().flat_map(|part| &part.tallies).map(|tally| tally.failed[cause as usize]).sum()
}

/// 100 queries of 25 ms a second, and two connections that do 80: the wait grows by a quarter of a
/// second each second, and from 30 s of it on, which is after 150 s, those over 80 time out.
#[test]
fn a_small_pool_times_out_before_a_bored_database() {
    let shop = "
busyhour: 1
duration: 5m
users: {u: {enter: app, arrivals: {base: 100/s, spacing: even}}}
nodes:
  app: {component: worker-pool, workers: 5000, database: pool, steps: [query: {kind: look}]}
  pool: {component: connection-pool, to: db, size: 2, timeout: 30s}
  db: {component: database, cores: 4, queries: {look: {cpu: 1ms, io: 24ms}}}
";
    let mut run = Run::new(plan(shop, &[]), 1).expect("it can be built");
    let mut at = |seconds: Nanos| {
        assert_eq!(run.advance(seconds * SECOND, u64::MAX), Advanced::Reached);
        failed(&run, Cause::PoolTimeout)
    };
    assert_eq!(at(149), 0);
    let (early, late) = (at(200), at(300));
    assert!((1_980..=2_020).contains(&(late - early)), "{early}, {late}");
    let report = sim_core::report::Report::of(&run);
    let cpu = &report.nodes["db"].resources["cpu"];
    assert!((0.019..0.021).contains(&cpu.utilisation), "{}", cpu.utilisation);
    assert_eq!(report.bottleneck.node.as_deref(), Some("pool"));
}

/// The 99th percentile (ms) and the use of one server of 100 ms, exponential.
fn tail(users: &str) -> (f64, f64) {
    let text = format!(
        "busyhour: 1\nduration: 2h\nusers:\n  u: {{enter: server, {users}}}\n\
         nodes:\n  server: {{component: station, servers: 1, service: {{exponential: 100ms}}}}\n"
    );
    let run = play(&plan(&text, &[]), 1);
    let report = sim_core::report::Report::of(&run);
    let p99 = report.latency_ms.p99.expect("requests were answered");
    (p99, report.nodes["server"].utilisation)
}

/// Ten users who think 750 ms use the server to 90 %, as 9 arrivals a second do. But never more
/// than ten are in line.
#[test]
fn at_the_same_use_open_arrivals_wait_far_longer_than_closed_users() {
    let (open, open_use) = tail("arrivals: 9/s");
    let (closed, closed_use) = tail("closed: 10, think: {exponential: 750ms}");
    assert!((open_use - 0.9).abs() < 0.02 && (closed_use - 0.9).abs() < 0.02);
    // ln(100) / (10/s - 9/s) against at most ten services in a row
    assert!(open > 3_500.0 && closed < 1_500.0, "{open} ms, {closed} ms");
}
