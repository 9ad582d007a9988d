//! Networks: closed users by mean value analysis, and a Jackson network with feedback.

use super::oracle::mva;
use super::trial::{claim, judge};

fn closed(users: u32, think: &str, (warmup, duration): (u64, u64), precision: f64) {
    let text = format!(
        "
busyhour: 1
warmup: {warmup}s
duration: {duration}s
users:
  all: {{enter: web, closed: {users}, think: {think}}}
nodes:
  web: {{component: station, service: {{exponential: 50ms}}, next: [{{to: db, p: 1}}]}}
  db: {{component: station, service: {{exponential: 80ms}}, next: [{{to: log, p: 1}}]}}
  log: {{component: station, service: {{exponential: 30ms}}}}
"
    );
    let (throughput, response) = mva(&[0.05, 0.08, 0.03], 5.0, users);
    let claims = [
        claim("X", throughput, 0.02, |seen| seen.throughput()),
        claim("R", response, precision, |seen| seen.sojourn()),
    ];
    let kind = if think == "5s" { "constant" } else { "exponential" };
    judge(&format!("closed, N {users}, {kind} think"), 16, &text, &claims);
}

const THINK: &str = "{exponential: 5s}";

#[test]
fn few_closed_users_meet_nobody() {
    closed(1, THINK, (100, 100_000), 0.03);
    closed(20, THINK, (500, 40_000), 0.02);
}

#[test]
fn closed_users_at_the_knee() {
    closed(60, THINK, (1_000, 20_000), 0.06);
}

#[test]
fn many_closed_users_saturate_the_slowest() {
    closed(100, THINK, (1_000, 12_000), 0.04);
    closed(200, THINK, (1_000, 12_000), 0.02);
    // one in six thinks: few enough that a list of them is kept
    closed(400, THINK, (1_000, 12_000), 0.02);
}

#[test]
fn the_law_of_thinking_does_not_matter() {
    closed(20, "5s", (20_000, 50_000), 0.03);
    closed(60, "5s", (5_000, 25_000), 0.06);
}

#[test]
fn feedback_leaves_the_product_form() {
    let text = "
busyhour: 1
warmup: 200s
duration: 30000s
users:
  all: {enter: one, arrivals: 4/s}
nodes:
  one: {component: station, service: {exponential: 100ms}, next: [{to: two, p: 0.6}]}
  two: {component: station, service: {exponential: 166666667ns}, next: [{to: one, p: 0.5}]}
";
    let claims = [
        claim("W", 2.0 / 3.0, 0.03, |seen| seen.sojourn()),
        claim("L one", 4.0 / 3.0, 0.03, |seen| seen.present("one")),
        claim("L two", 4.0 / 3.0, 0.03, |seen| seen.present("two")),
        claim("busy one", 0.571_428_6, 0.01, |seen| seen.in_service("one")),
    ];
    judge("Jackson, two with feedback", 16, text, &claims);
}
