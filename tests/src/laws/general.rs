//! Any service law: M/G/1, M/D/1, priorities, and servers without end.

use sim_core::run::{Advanced, Run};

use super::oracle::md1_quantile;
use super::station;
use super::trial::{Seen, claim, judge, judge_samples};
use crate::support::plan;

/// Pollaczek and Khinchine's mean wait at mean service 1.
fn mg1(name: &str, service: &str, variance: f64, (duration, precision): (u64, f64)) {
    let text = station("0.8/s", (4_000, duration), &format!("service: {service}"));
    let wait = 0.8 * (1.0 + variance) / 0.4;
    let claims = [
        claim("Wq", wait, precision, |seen| seen.wait("line")),
        claim("L", 0.8 * (wait + 1.0), precision, |seen| seen.present("line")),
    ];
    judge(name, 16, &text, &claims);
}

#[test]
fn waits_grow_with_the_variance_of_service() {
    mg1("M/G/1 lognormal cv2 4", "{lognormal: {mean: 1s, cv: 2}}", 4.0, (400_000, 0.12));
    mg1("M/G/1 Erlang-2 cv2 0.5", "{erlang: {k: 2, mean: 1s}}", 0.5, (150_000, 0.06));
}

#[test]
fn constant_service_waits_half_as_long() {
    let text = station("0.8/s", (2_000, 150_000), "service: 1s");
    let sojourn = |p: f64| 1.0 + md1_quantile(0.8, p);
    let claims = [
        claim("Wq", 2.0, 0.05, |seen| seen.wait("line")),
        claim("W p50", sojourn(0.50), 0.03, |seen| seen.quantile(0.50)),
        claim("W p95", sojourn(0.95), 0.05, |seen| seen.quantile(0.95)),
        claim("W p99", sojourn(0.99), 0.07, |seen| seen.quantile(0.99)),
    ];
    judge("M/D/1 rho 0.8", 16, &text, &claims);
}

#[test]
fn the_important_ones_wait_less() {
    let text = "
busyhour: 1
warmup: 2000s
duration: 200000s
users:
  all: {enter: line, arrivals: 0.8/s, mix: {gold: 3, silver: 5}}
nodes:
  line:
    component: station
    service: {exponential: 1s}
    discipline: priority
    priorities: [gold, silver]
";
    let mean = |class| {
        move |seen: &Seen<'_>| {
            seen.class(class, |tally| tally.latency.mean().unwrap_or(f64::NAN)) / 1e9 - 1.0
        }
    };
    // Cobham: R / (1 - rho1) and R / ((1 - rho1) (1 - rho)) with R = 0.8
    let claims = [
        claim("Wq gold", 0.8 / 0.7, 0.03, mean(0)),
        claim("Wq silver", 0.8 / 0.7 / 0.2, 0.06, mean(1)),
        claim("Wq all", 4.0, 0.06, |seen| seen.wait("line")),
    ];
    judge("priority, two classes", 16, text, &claims);
}

/// Requests present at times far apart: their law is Poisson whatever the service is.
fn endless_servers(name: &str, service: &str) {
    const RUNS: u64 = 16;
    const LOOKS: u64 = 4_000;
    let text =
        station("20/s", (0, 10 * (LOOKS + 1)), &format!("servers: 1000, service: {service}"));
    let plan = plan(&text, &[]);
    let (mut means, mut spreads, mut twenties) = (Vec::new(), Vec::new(), Vec::new());
    let mut requests = 0;
    for seed in 1..=RUNS {
        let mut run = Run::new(plan.clone(), seed).expect("a checked plan can be built");
        let (mut sum, mut squares, mut twenty) = (0.0, 0.0, 0.0);
        for look in 1..=LOOKS {
            assert_eq!(run.advance((100 + look * 10) * 1_000_000_000, u64::MAX), Advanced::Reached);
            let level = run.surveys()[1].resources[0].station.busy.level();
            sum += f64::from(level);
            squares += f64::from(level) * f64::from(level);
            twenty += f64::from(u8::from(level == 20));
        }
        let n = LOOKS as f64;
        means.push(sum / n);
        spreads.push((squares - sum * sum / n) / (n - 1.0));
        twenties.push(twenty / n);
        requests += run.surveys()[0].tallies[0].completed;
    }
    let share = libm::exp(20.0 * libm::log(20.0) - 20.0 - libm::lgamma(21.0));
    let says = |what, theory, precision, samples: &[f64]| {
        judge_samples(name, &claim(what, theory, precision, |_| f64::NAN), samples, requests);
    };
    says("E[N]", 20.0, 0.01, &means);
    says("Var N", 20.0, 0.04, &spreads);
    says("P(N = 20)", share, 0.1, &twenties);
}

#[test]
fn endless_servers_hold_a_poisson_number() {
    endless_servers("M/G/inf lognormal cv2 4", "{lognormal: {mean: 1s, cv: 2}}");
    endless_servers("M/D/inf", "1s");
}
