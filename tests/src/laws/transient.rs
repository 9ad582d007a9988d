//! What passes: overload as a fluid, rates that change, and retries that multiply load.

use sim_core::run::{Advanced, Run};

use super::trial::{Seen, claim, judge, judge_samples};
use crate::support::plan;

fn overload(spacing: &str) -> String {
    format!(
        "
busyhour: 1
duration: 200s
users:
  all:
    enter: line
    arrivals: {{base: 1500/s, steps: [{{at: 60s, rate: 700/s}}], spacing: {spacing}}}
nodes:
  line: {{component: station, service: 1ms}}
"
    )
}

/// Peak backlog, worst wait in seconds, and when the line was first empty after the overload.
fn peak_wait_and_drain(text: &str, seed: u64) -> ([f64; 3], u64) {
    let mut run = Run::new(plan(text, &[]), seed).expect("a checked plan can be built");
    assert_eq!(run.advance(60_000_000_000, u64::MAX), Advanced::Reached);
    let line = |run: &Run| *run.surveys()[1].resources[0].station;
    while line(&run).queue.level() > 0 {
        assert_eq!(run.advance(run.now() + 5_000_000, u64::MAX), Advanced::Reached);
        assert!(!run.is_over(), "the line is never empty again");
    }
    let drained = run.now() as f64 / 1e9 - 60.0;
    let station = line(&run);
    let seen = [f64::from(station.queue.max()), station.wait_max() as f64 / 1e9, drained];
    (seen, run.surveys()[0].tallies[0].completed)
}

/// 1500/s for a minute against 1000/s, then 700/s: 30,000 wait at the end of the minute, 30 s long,
/// and are gone 100 s later.
#[test]
fn an_even_overload_is_the_fluid_itself() {
    let ([peak, wait, drain], _) = peak_wait_and_drain(&overload("even"), 1);
    assert!((29_997.0..=30_003.0).contains(&peak), "{peak}");
    assert!((29.99..=30.01).contains(&wait), "{wait}");
    assert!((99.9..=100.1).contains(&drain), "{drain}");
}

#[test]
fn a_poisson_overload_is_the_fluid_with_noise() {
    let (mut samples, mut requests) = ([Vec::new(), Vec::new(), Vec::new()], 0);
    for seed in 1..=24 {
        let (seen, answered) = peak_wait_and_drain(&overload("poisson"), seed);
        samples.iter_mut().zip(seen).for_each(|(samples, x)| samples.push(x));
        requests += answered;
    }
    // 90,000 arrivals have a standard deviation of 300: 1 % of the backlog in each run
    let claims = [("peak line", 30_000.0), ("worst wait", 30.0), ("drain", 100.0)];
    for ((what, theory), samples) in claims.into_iter().zip(&samples) {
        let claim = claim(what, theory, 0.02, |_| f64::NAN);
        judge_samples("fluid overload 1.5, then 0.7", &claim, samples, requests);
    }
}

/// Arrivals in the frames from one second to another.
fn arrivals(seen: &Seen<'_>, from: u64, to: u64) -> f64 {
    let frames = seen.0.frames().all().iter();
    let inside = frames.filter(|f| f.start >= from * 1_000_000_000 && f.end <= to * 1_000_000_000);
    inside.map(|frame| frame.classes[0].issued as f64).sum()
}

/// Up from 0 to 100/s in 100 s, level for 50 s, down to 20/s in 50 s.
#[test]
fn arrivals_follow_the_integral_of_the_rate() {
    let text = "
busyhour: 1
duration: 250s
frame: 10s
users:
  all:
    enter: line
    arrivals:
      ramps: [{at: 0s, rate: 0/s}, {at: 100s, rate: 100/s}, {at: 150s, rate: 100/s},
              {at: 200s, rate: 20/s}]
nodes:
  line: {component: station, servers: 100, service: 10ms}
";
    let rate = |t: f64| match t {
        t if t < 100.0 => t,
        t if t < 150.0 => 100.0,
        t if t < 200.0 => 100.0 - 1.6 * (t - 150.0),
        _ => 20.0,
    };
    let claims = [
        claim("0 - 50 s", 1_250.0, 0.02, |seen| arrivals(seen, 0, 50)),
        claim("50 - 100 s", 3_750.0, 0.01, |seen| arrivals(seen, 50, 100)),
        claim("100 - 150 s", 5_000.0, 0.01, |seen| arrivals(seen, 100, 150)),
        claim("150 - 200 s", 3_000.0, 0.01, |seen| arrivals(seen, 150, 200)),
        claim("200 - 250 s", 1_000.0, 0.02, |seen| arrivals(seen, 200, 250)),
        // the variance of a Poisson count is its mean; the rate is straight within a frame
        claim("Var / mean", 1.0, 0.15, move |seen| {
            let ratio = |from: u64| {
                let mean = 10.0 * rate(from as f64 + 5.0);
                let off = arrivals(seen, from, from + 10) - mean;
                off * off / mean
            };
            (0..25).map(|frame| ratio(10 * frame)).sum::<f64>() / 25.0
        }),
    ];
    judge("Poisson with a changing rate", 100, text, &claims);
}

/// Ten servers, of which three hang with one request each and turn all others away: an attempt at a
/// random one fails with p = 0.3. The others are never found busy: arrivals are 100 ms apart.
#[test]
fn retries_multiply_the_load() {
    let text = "
busyhour: 1
warmup: 20s
duration: 900s
users:
  all: {enter: lb, arrivals: {base: 10/s, spacing: even}, retry: {attempts: 3}}
nodes:
  lb: {component: balancer, to: web, balance: random}
  web: {component: worker-pool, replicas: 10, workers: 1, queue: 0, steps: [cpu: 1ms]}
events:
  - {at: 0s, slow: 'web[0]', factor: 1000000}
  - {at: 0s, slow: 'web[1]', factor: 1000000}
  - {at: 0s, slow: 'web[2]', factor: 1000000}
";
    let p: f64 = 0.3;
    let cubed = p * p * p;
    let attempts = |seen: &Seen<'_>| {
        let turned_away: u64 = seen.stations("web").iter().map(|s| s.turned_away.count()).sum();
        let served: u64 = seen.stations("web").iter().map(|s| s.seized()).sum();
        (turned_away + served) as f64 / seen.class(0, |tally| tally.measured_issued) as f64
    };
    let claims = [
        claim("attempts", (1.0 - cubed) / (1.0 - p), 0.01, attempts),
        claim("answered", 1.0 - cubed, 0.005, |seen| {
            seen.answered() as f64 / seen.class(0, |tally| tally.measured_issued) as f64
        }),
    ];
    judge("three attempts, each fails by 0.3", 16, text, &claims);
}
