//! Traces: every nanosecond of a request has its cause, and looking on changes nothing.

mod formats;

use proptest::prelude::*;
use sim_core::report::{Population, Report, TimeShare};
use sim_core::run::{Advanced, Run};
use sim_core::trace::{Pick, Trace, Tracing};

use self::formats::{Otlp, check_chrome};
use crate::properties::world::world;
use crate::support::{file, plan, play};

/// Random scenarios of the property.
const CASES: u32 = 12;

/// Plays twice, in slices, and gives the run and its trace.
pub(crate) fn traced(text: &str, pick: &str, seed: u64) -> (Run, Trace) {
    let pick: Pick = pick.parse().expect("a pick");
    let mut run = Run::new(plan(text, &[]), seed).expect("valid");
    let mut tracing = Tracing::new(pick, &mut run);
    while run.advance(u64::MAX, 9_973) == Advanced::Budget {
        tracing.collect(&mut run);
    }
    let mut replay = tracing.replay(&mut run).expect("it can be built again");
    while !replay.is_over() {
        replay.advance(7_919);
    }
    let trace = replay.trace().expect("the same run");
    (run, trace)
}

fn share(all: &Population, is: impl Fn(&TimeShare) -> bool) -> f64 {
    all.shares.iter().filter(|own| is(own)).map(|own| own.share).sum()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: CASES,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// Attempts, timeouts, retries, forks, leases, proxies and deaths: the critical path covers
    /// each request to the nanosecond, spans lie inside each other, and both plays are one run.
    #[test]
    fn a_critical_path_is_as_long_as_its_request(world in world()) {
        let yaml = world.yaml();
        let (run, trace) = traced(&yaml, "sample:100%", 7);
        prop_assert_eq!(run.digest(), play(&plan(&yaml, &[]), 7).digest(), "{}", yaml);
        let otlp = Otlp::read(&trace.to_otlp().expect("it can be written"));
        otlp.check(&yaml);
        check_chrome(&trace.to_chrome().expect("it can be written"));
        for population in [&trace.why().everybody, &trace.why().slowest] {
            let total: f64 = population.shares.iter().map(|own| own.share).sum();
            prop_assert!(population.shares.is_empty() || (total - 1.0).abs() < 1e-9, "{}", yaml);
        }
    }
}

const SHOP: &str = "busyhour: 1
duration: 1h
users:
  people:
    enter: wire
    arrivals: 80/s
    mix: {one: 3, two: 1}
    retry: {attempts: 3, backoff: 30ms, jitter: full}
    limit: 1500
nodes:
  wire: {component: link, to: lb, latency: {exponential: 4ms}}
  lb: {component: balancer, balance: least_connections, to: web}
  web:
    component: worker-pool
    replicas: 2
    workers: 2
    queue: 5
    database: pool
    endpoints:
      one: [cpu: {exponential: 15ms}, query: {time: {exponential: 20ms}}]
      two:
        - hold: {steps: [query: {kind: write}, io: 3ms, query: {time: 2ms}]}
        - cached: {in: redis, keys: {n: 50, s: 0.8}, otherwise: [query: {time: 4ms}]}
  pool:
    {component: connection-pool, to: db, size: 2, timeout: 200ms, connect: {exponential: 3ms}}
  db:
    component: database
    cores: 2
    queries: {write: {cpu: 9ms, lock: {rows: 3, s: 0.5}}}
  redis: {component: cache, entries: 20, service: {exponential: 1ms}}
";

/// The engine charges every nanosecond to a part on its own account; where nothing runs side by
/// side or for nobody, the spans must add up to the same.
#[test]
fn spans_add_up_to_the_engines_own_account() {
    for seed in 1..5 {
        let (run, trace) = traced(SHOP, "sample:100%", seed);
        let otlp = Otlp::read(&trace.to_otlp().expect("it can be written"));
        let report = Report::of(&run);
        assert_eq!(otlp.traces(), 1_500, "all that there are");
        assert!(report.attempts.issued > 1_500, "seed {seed}: something is tried again");
        assert!(report.time.entries.len() > 7, "seed {seed}");
        for entry in &report.time.entries {
            let ns = (entry.seconds * 1e9 + 0.5) as u64;
            let spans = otlp.time(&entry.node, &entry.doing);
            assert_eq!(spans, ns, "seed {seed}: {} {}", entry.node, entry.doing);
        }
        let latency = report.latency_ms.mean.expect("answers") * report.requests.completed as f64;
        let traced = otlp.latencies_ms("answered");
        assert!((traced / latency - 1.0).abs() < 1e-9, "seed {seed}: {traced} and {latency}");
    }
}

fn line(utilisation: &str) -> String {
    format!(
        "busyhour: 1\nduration: 2000s\nwarmup: 100s\nusers: {{u: {{enter: box, arrivals: \
         {utilisation}/s}}}}\nnodes: {{box: {{component: station, service: {{exponential: \
         10ms}}}}}}\n"
    )
}

/// M/M/1 at 90 %: nine tenths of the time are waiting, nearly all of the slowest requests'. A
/// thousand of 171,000 requests are looked at: the standard error of the share is below 1 point.
#[test]
fn at_a_full_line_waiting_takes_the_time() {
    let (run, trace) = traced(&line("90"), "slowest:20", 3);
    let (all, slow) = (&trace.why().everybody, &trace.why().slowest);
    assert_eq!((all.sampled, slow.sampled, trace.why().traced), (1_000, 1_000, 20));
    let report = Report::of(&run);
    assert_eq!(all.requests, report.requests.completed - answered_in_warmup(&run));
    assert!((all.waiting() - 0.9).abs() < 0.04, "{}", all.waiting());
    assert!(slow.waiting() > 0.96, "{}", slow.waiting());
    let first = &slow.shares[0];
    let found = (&first.node[..], &first.doing[..], first.resource.as_deref());
    assert_eq!(found, ("box", "waiting", Some("servers")));
    let p99 = report.latency_ms.p99.expect("answers");
    // the histogram's buckets are 1.6 % wide
    assert!((slow.from_ms / p99 - 1.0).abs() < 0.02, "{} and {p99}", slow.from_ms);
}

fn answered_in_warmup(run: &Run) -> u64 {
    let surveys = run.surveys();
    let tallies = surveys.iter().flat_map(|survey| &survey.tallies);
    tallies.map(|tally| tally.completed - tally.latency.count()).sum()
}

#[test]
fn an_exhausted_pool_is_named() {
    let text = "busyhour: 1\nduration: 120s\nusers: {u: {enter: web, arrivals: 95/s}}\nnodes:\n  \
                web: {component: worker-pool, workers: 500, database: pool, steps: [cpu: 2ms, \
                query: {time: {exponential: 20ms}}]}\n  pool: {component: connection-pool, to: db, \
                size: 2, timeout: 30s}\n  db: {component: database, cores: 8}\n";
    let (_, trace) = traced(text, "slowest:5", 1);
    let first = &trace.why().slowest.shares[0];
    let found = (&first.node[..], &first.doing[..], first.resource.as_deref());
    assert_eq!(found, ("pool", "waiting", Some("connections")));
    assert!(first.share > 0.7, "{}", first.share);
    let text =
        Report { trace: Some(trace.why().clone()), ..Report::of(&traced(text, "first:1", 1).0) };
    for view in [text.to_text(), text.to_html()] {
        assert!(view.contains("waiting at pool for connections"), "{view}");
    }
}

#[test]
fn a_pool_inside_a_server_is_told_from_its_workers() {
    let text = "busyhour: 1\nduration: 60s\nusers: {u: {enter: web, arrivals: 60/s}}\nnodes:\n  \
                web: {component: app-server, worker: gthread, workers: 1, threads: 40, cores: 4, \
                pool: {to: db, size: 1, overflow: 0, timeout: 30s}, steps: [cpu: 1ms, query: \
                {time: {exponential: 15ms}}]}\n  db: {component: database, cores: 8}\n";
    let (_, trace) = traced(text, "slowest:5", 1);
    let first = &trace.why().slowest.shares[0];
    assert_eq!((&first.node[..], first.resource.as_deref()), ("web", Some("pool")));
}

/// Two branches at a time, of 50 ms and of 10 ms: the shorter one never counts.
#[test]
fn a_join_waits_for_its_slowest_branch() {
    let text = "busyhour: 1\nduration: 20s\nusers: {u: {enter: web, arrivals: {base: 10/s, \
                spacing: even}}}\nnodes:\n  web: {component: worker-pool, workers: 9, steps: \
                [cpu: 5ms, parallel: [call: {to: long}, call: {to: short}], io: 1ms]}\n  \
                long: {component: station, servers: 9, service: 50ms}\n  \
                short: {component: station, servers: 9, service: 10ms}\n";
    let (_, trace) = traced(text, "first:50", 1);
    let all = &trace.why().everybody;
    let at = |node| share(all, |own| own.node == node) * all.mean_ms;
    assert!((at("long") - 50.0).abs() < 1e-6 && (at("web") - 6.0).abs() < 1e-6, "{all:?}");
    assert_eq!(share(all, |own| own.node == "short"), 0.0);
    for request in trace.requests() {
        let line = |name| request.spans.iter().position(|span| span.name == name).expect("there");
        let (long, short) = (&request.spans[line("long") + 1], &request.spans[line("short") + 1]);
        assert!(long.critical && !short.critical, "{}", request.tree((99, 0)));
        assert!((short.ms - 10.0).abs() < 1e-6, "it is in the tree all the same");
    }
}

/// A server that takes 80 ms, a client that waits 50 ms, twice: 50 + 20 + 50 ms.
#[test]
fn timeouts_and_retries_are_attempts_of_one_request() {
    let text = "busyhour: 1\nduration: 20s\nusers: {u: {enter: box, arrivals: {base: 2/s, spacing: \
                even}, timeout: 50ms, retry: {attempts: 2, backoff: 20ms}}}\nnodes: {box: \
                {component: station, servers: 9, service: 80ms}}\n";
    let (_, trace) = traced(text, "first:3", 1);
    assert_eq!(trace.why().everybody.requests, 0);
    assert!(trace.why().said().contains("no request was answered"));
    let requests = trace.requests();
    assert_eq!(requests.len(), 3);
    for request in requests {
        assert_eq!((&request.outcome[..], request.latency_ms), ("timeout", 120.0));
        let lines: Vec<(&str, f64, f64, Option<&str>)> = request
            .spans
            .iter()
            .map(|span| (&span.name[..], span.start_ms, span.ms, span.ended.as_deref()))
            .collect();
        let wanted = [
            ("u", 0.0, 120.0, Some("timeout")),
            ("attempt 1", 0.0, 50.0, Some("given_up")),
            ("box", 0.0, 50.0, Some("given_up")),
            ("work", 0.0, 50.0, None),
            ("waiting to try again", 50.0, 20.0, None),
            ("attempt 2", 70.0, 50.0, Some("given_up")),
            ("box", 70.0, 50.0, Some("given_up")),
            ("work", 70.0, 50.0, None),
        ];
        assert_eq!(lines, wanted);
    }
}

/// A client that waits 50 ms, and a server behind a wire and a proxy that goes on for 100 ms and
/// calls another one then: nobody waits for that call, so it is no part of the request.
#[test]
fn what_is_begun_for_nobody_is_not_shown() {
    let text = "busyhour: 1\nduration: 5s\nusers: {u: {enter: wire, arrivals: {base: 2/s, \
                spacing: even}, timeout: 50ms, retry: {attempts: 4}}}\nnodes:\n  \
                wire: {component: link, to: lb, latency: 1ms}\n  \
                lb: {component: reverse-proxy, to: web, proxy_ignore_client_abort: true}\n  \
                web: {component: worker-pool, workers: 9, client_gone: ignore, \
                steps: [io: 100ms, call: {to: box}]}\n  \
                box: {component: station, servers: 9, service: 10ms}\n";
    let (run, trace) = traced(text, "first:3", 1);
    let used = Report::of(&run).nodes["box"].resources["servers"].utilisation;
    assert!(used > 0.0, "it was called, before the last attempt was given up");
    for request in trace.requests() {
        assert!(request.spans.iter().all(|span| span.name != "box"), "{}", request.tree((99, 0)));
        assert_eq!(request.spans.iter().filter(|span| span.name == "web").count(), 4);
    }
}

#[test]
fn looking_on_changes_nothing_and_a_sample_takes_its_share() {
    let text = file("scenarios/retry-storm.yaml");
    let (run, trace) = traced(&text, "sample:1%", 1);
    let plain = play(&plan(&text, &[]), 1);
    assert_eq!(run.digest(), plain.digest());
    assert_eq!(Report::of(&run), Report::of(&plain));
    let requests = Report::of(&run).requests;
    let (n, asked) = ((requests.issued - requests.in_flight) as f64, trace.why().asked as f64);
    // binomial, four standard deviations
    assert!((asked - 0.01 * n).abs() < 4.0 * (n * 0.01 * 0.99).sqrt(), "{asked} of {n}");
    assert_eq!(run.plan().warmup, 0, "or the count above is not what was measured");
}
