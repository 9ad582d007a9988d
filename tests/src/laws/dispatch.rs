//! The dispatching ladder: the better a rule knows its servers, the shorter the stay.

use super::oracle::{Mmc, ekm1, shorter_of_two};
use super::station;
use super::trial::{Claim, claim, judge};

/// Two servers, each at 80 %, behind the shorter queue (from the numeric chain of both lengths).
const SHORTEST_OF_TWO_SERVERS: f64 = 2.9557;

/// Servers behind a balancer, at a load for each of them.
fn balanced(rule: &str, (servers, rho): (u32, f64), (warmup, duration): (u64, u64)) -> String {
    format!(
        "
busyhour: 1
warmup: {warmup}s
duration: {duration}s
users:
  all: {{enter: lb, arrivals: {}/s}}
nodes:
  lb: {{component: balancer, to: web, balance: {rule}}}
  web:
    component: worker-pool
    replicas: {servers}
    workers: 1
    steps: [cpu: {{exponential: 1s}}]
",
        f64::from(servers) * rho
    )
}

fn sojourn(theory: f64, precision: f64) -> Claim {
    claim("W", theory, precision, |seen| seen.sojourn())
}

fn two(rule: &str, theory: f64, precision: f64) {
    let text = balanced(rule, (2, 0.8), (2_000, 80_000));
    judge(&format!("2 servers, {rule}"), 16, &text, &[sojourn(theory, precision)]);
}

#[test]
fn a_random_split_is_as_if_each_were_alone() {
    two("random", 5.0, 0.06);
}

#[test]
fn turns_make_arrivals_more_even() {
    two("round_robin", ekm1(2, 0.8), 0.06);
    for (servers, duration) in [(4, 40_000), (10, 20_000)] {
        let text = balanced("round_robin", (servers, 0.8), (1_000, duration));
        let claims = [sojourn(ekm1(servers, 0.8), 0.05)];
        judge(&format!("{servers} servers, round_robin"), 16, &text, &claims);
    }
}

#[test]
fn two_different_draws_of_two_see_both_queues() {
    two("random_two", SHORTEST_OF_TWO_SERVERS, 0.06);
    two("least_connections", SHORTEST_OF_TWO_SERVERS, 0.06);
}

#[test]
fn one_line_for_both_is_best() {
    let form = "servers: 2, service: {exponential: 1s}";
    let text = station("1.6/s", (2_000, 80_000), form);
    let claims = [sojourn(1.0 + Mmc { c: 2, a: 1.6 }.wait(), 0.06)];
    judge("2 servers, one line", 16, &text, &claims);
}

/// The mean field is the limit of many servers; n of them miss it by a few 1/n: the bound is 3/n of
/// it at 80 % and 5/n at 90 %.
#[test]
fn two_choices_among_many_come_near_the_mean_field() {
    let text = balanced("random_two", (100, 0.8), (200, 2_500));
    let claims = [sojourn(shorter_of_two(0.8), 0.02).within(0.03)];
    judge("100 servers, random_two", 16, &text, &claims);
    let text = balanced("random_two", (500, 0.9), (200, 1_200));
    let claims = [sojourn(shorter_of_two(0.9), 0.02).within(0.01)];
    judge("500 servers, random_two, rho 0.9", 16, &text, &claims);
}
