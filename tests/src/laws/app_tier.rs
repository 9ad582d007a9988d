//! Application servers: where requests wait decides the curve, and capacity is the least of four
//! bounds.

use sim_core::report::Report;

use super::oracle::{Mmc, ekm1};
use super::trial::{Claim, claim, judge};
use crate::support::{plan, play};

/// Even arrivals, so many a second.
fn even(rate: u32) -> String {
    format!("arrivals: {{base: {rate}/s, spacing: even}}")
}

/// A box of four cores; a request computes 20 ms and waits 30 ms. A minute after ten seconds.
fn played(form: &str, steps: &str, users: &str) -> Report {
    let text = format!(
        "
busyhour: 1
warmup: 10s
duration: 70s
users:
  all: {{enter: app, {users}}}
nodes:
  app: {{component: app-server, cores: 4, backlog: 1000000, somaxconn: 1000000, {form}, \
         steps: [{steps}]}}
  db: {{component: database, cores: 64, max_connections: 1000}}
"
    );
    let plan = plan(&text, &[]);
    Report::of(&play(&plan, 1))
}

/// A row of the table: throughput within 2 %, and what is full.
#[track_caller]
fn row(form: &str, (offered, most): (u32, f64), full: &[&str]) -> Report {
    row_of((form, "cpu: 20ms, io: 30ms"), &even(offered), most, full)
}

#[track_caller]
fn row_of((form, steps): (&str, &str), users: &str, most: f64, full: &[&str]) -> Report {
    let report = played(form, steps, users);
    let rate = report.throughput_rps;
    assert!(
        (rate - most).abs() <= 0.02 * most,
        "{form}: {rate}/s, not {most}/s\n{}",
        report.to_text()
    );
    for (name, resource) in &report.nodes["app"].resources {
        let is_full = resource.utilisation > 0.97;
        assert_eq!(full.contains(&name.as_str()), is_full, "{form}: {name} {resource:?}");
    }
    report
}

fn used(report: &Report, resource: &str) -> f64 {
    report.nodes["app"].resources[resource].utilisation
}

/// Row "sync, 9 workers (2 x 4 + 1)": 180/s, the slots; CPU 90 %.
#[test]
fn nine_sync_workers_do_180_a_second() {
    for workers in ["9", "auto"] {
        let report = row(&format!("worker: sync, workers: {workers}"), (200, 180.0), &["workers"]);
        assert!((used(&report, "cpu") - 0.9).abs() < 0.02);
        assert_eq!(report.bottleneck.resource.as_deref(), Some("workers"));
    }
}

/// An open stream of 200/s grows the backlog of nine sync workers by 20/s: its 2,048 slots are full
/// after 102 s.
#[test]
fn a_stream_of_200_fills_the_backlog_in_102_seconds() {
    let text = "
busyhour: 1
duration: 120s
users:
  all: {enter: app, arrivals: {base: 200/s, spacing: even}}
nodes:
  app: {component: app-server, cores: 4, workers: 9, steps: [cpu: 20ms, io: 30ms]}
";
    let plan = plan(text, &[]);
    let mut run = sim_core::run::Run::new(plan, 1).expect("a checked plan can be built");
    let mut full_after = 0;
    while run.surveys()[1].counts.iter().all(|(name, n)| *name != "listen_overflows" || *n == 0) {
        full_after += 1;
        run.advance(full_after * 1_000_000_000, u64::MAX);
    }
    assert!((101..=104).contains(&full_after), "{full_after} s");
}

/// Row "sync, 5 workers": 100/s, the slots; CPU only 50 %, so that a CPU rule sees nothing.
#[test]
fn five_sync_workers_do_100_a_second_with_half_the_cpu() {
    let report = row("worker: sync, workers: 5", (110, 100.0), &["workers"]);
    assert!((used(&report, "cpu") - 0.5).abs() < 0.02);
    assert_eq!(report.bottleneck.resource.as_deref(), Some("workers"));
}

/// Row "sync, 16 workers": 200/s, CPU.
#[test]
fn sixteen_sync_workers_do_200_a_second() {
    let report = row("worker: sync, workers: 16", (220, 200.0), &["workers", "cpu"]);
    assert_eq!(report.bottleneck.resource.as_deref(), Some("cpu"));
}

/// Row "gthread 4 x 4": 200/s, CPU. Nobody waits at 198/s, when every request finds a process that
/// does not compute; at 204/s the line grows.
#[test]
fn four_processes_of_four_threads_do_200_a_second() {
    let form = "worker: gthread, workers: 4, threads: 4";
    let report = row(form, (198, 200.0), &["gil", "cpu"]);
    assert!(report.latency_ms.max.is_some_and(|ms| ms < 50.5), "{:?}", report.latency_ms);
    let above = played(form, "cpu: 20ms, io: 30ms", &even(204));
    assert!(above.nodes["app"].queue_max > 500 && above.throughput_rps < 204.0 * 0.95);
}

/// Row "gthread 2 x 8": 100/s, the lock; the box shows 50 % CPU, each worker a whole core.
#[test]
fn two_processes_of_eight_threads_do_100_a_second_on_half_the_box() {
    let form = "worker: gthread, workers: 2, threads: 8";
    let report = row(form, (130, 100.0), &["threads", "gil"]);
    assert!((used(&report, "cpu") - 0.5).abs() < 0.02);
    assert_eq!(report.bottleneck.resource.as_deref(), Some("gil"));
    // without the lock the same threads have all cores
    row(&format!("{form}, gil: false"), (260, 200.0), &["threads", "cpu"]);
}

/// Row "asyncio x 4": 200/s, CPU: one event loop a core. A hundred users who never rest.
#[test]
fn four_event_loops_do_200_a_second() {
    for worker in ["uvicorn", "gevent"] {
        let form = format!("worker: {worker}, workers: 4");
        let work = (form.as_str(), "cpu: 20ms, io: 30ms");
        row_of(work, "closed: 100, think: 0s", 200.0, &["event-loops", "cpu"]);
    }
}

/// Row "gthread 4 x 4, DB pool 1 per process, 25 ms of the I/O in DB": 160/s, the pool.
#[test]
fn a_pool_of_one_per_process_does_160_a_second() {
    let form = "worker: gthread, workers: 4, threads: 4, pool: {to: db, size: 1}";
    let steps = "cpu: 20ms, io: 5ms, query: 25ms";
    let report = row_of((form, steps), &even(176), 160.0, &["threads", "pool"]);
    assert_eq!(report.bottleneck.resource.as_deref(), Some("pool"));
}

/// The bounds are bounds: with exponential demands nine sync workers form a closed network of nine
/// customers, four cores and a delay, and do 166/s (machine-repair model).
#[test]
fn chance_costs_nine_workers_a_tenth_of_their_bound() {
    let levels = (0..9_u32).scan(1.0, |p, n| {
        *p *= f64::from(9 - n) / f64::from((n + 1).min(4)) * (20.0 / 30.0);
        Some(*p)
    });
    let levels: Vec<f64> = [1.0].into_iter().chain(levels).collect();
    let busy = |(n, p): (usize, &f64)| n.min(4) as f64 * p;
    let cores: f64 = levels.iter().enumerate().map(busy).sum::<f64>() / levels.iter().sum::<f64>();
    let theory = cores / 0.02;
    let steps = "cpu: {exponential: 20ms}, io: {exponential: 30ms}";
    // 500 clients who never rest are answered after 500 / 166 s: nine in service, the rest in line
    for users in [even(250), "closed: 500, think: 0s".to_owned()] {
        let report = played("workers: 9", steps, &users);
        let rate = report.throughput_rps;
        assert!((rate - theory).abs() < 0.02 * theory, "{users}: {rate}/s, not {theory}/s");
        let latency_s = report.latency_ms.mean.unwrap_or(0.0) / 1e3;
        assert!(users.starts_with('a') || (latency_s - 500.0 / rate).abs() < 0.02, "{latency_s} s");
    }
    assert!((166.0..166.5).contains(&theory), "{theory}");
}

fn two(rest: &str) -> String {
    format!(
        "
busyhour: 1
warmup: 2000s
duration: 80000s
users:
  all: {{enter: app, arrivals: 1.6/s}}
nodes:
{rest}"
    )
}

fn sojourn(theory: f64) -> [Claim; 1] {
    [claim("W", theory, 0.06, |seen| seen.sojourn())]
}

const WORK: &str = "timeout: 0s, steps: [cpu: {exponential: 1s}]";

/// The ladder of two servers at 80 %, for one box with one listening socket: sync workers are one
/// line, thread processes that take what they can get are two, the one that is told first longer.
#[test]
fn sync_workers_are_one_line_and_thread_processes_are_two() {
    let app =
        |form: &str| two(&format!("  app: {{component: app-server, cores: 2, {form}, {WORK}}}"));
    let central = sojourn(1.0 + Mmc { c: 2, a: 1.6 }.wait());
    judge("2 sync workers", 16, &app("workers: 2"), &central);
    // the second wins if it is more than a tenth of the mean time to wake up faster
    let second = libm::exp(-0.1) / 2.0;
    let both = [1.0 - second, second].map(|share| share / (1.0 - 1.6 * share));
    let early = "worker: gthread, workers: 2, gil: false";
    judge("2 processes of a thread", 32, &app(early), &sojourn(both.iter().sum()));
}

/// The same for two processes on two ports: the balancer chooses before it knows who is busy.
#[test]
fn processes_on_ports_wait_as_their_balancer_chooses() {
    let ports = |rule: &str| {
        two(&format!(
            "  lb: {{component: balancer, to: app, balance: {rule}}}
  app: {{component: app-server, replicas: 2, cores: 1, {WORK}}}"
        ))
        .replace("enter: app", "enter: lb")
    };
    judge("2 ports, round robin", 16, &ports("round_robin"), &sojourn(ekm1(2, 0.8)));
    judge("2 ports, least connections", 16, &ports("least_connections"), &sojourn(2.9557));
}
