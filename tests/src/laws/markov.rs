//! Lines with memoryless gaps and services: M/M/1, M/M/c, losses, patience, even arrivals.

use sim_core::engine::request::Cause;

use super::oracle::{Mmc, dm1, erlang_a, erlang_b, levels};
use super::station;
use super::trial::{claim, judge};

const EXPONENTIAL: &str = "service: {exponential: 1s}";

fn mm1(rho: f64, length: (u64, u64), precision: f64) {
    let text = station(&format!("{rho}/s"), length, EXPONENTIAL);
    let mean = 1.0 / (1.0 - rho);
    let quantile = |p: f64| -libm::log(1.0 - p) * mean;
    let claims = [
        claim("W", mean, precision, |seen| seen.sojourn()),
        claim("L", rho * mean, precision, |seen| seen.present("line")),
        claim("W p50", quantile(0.50), precision, |seen| seen.quantile(0.50)),
        claim("W p95", quantile(0.95), 1.3 * precision, |seen| seen.quantile(0.95)),
        claim("W p99", quantile(0.99), 2.2 * precision, |seen| seen.quantile(0.99)),
        claim("P(wait)", rho, precision, |seen| seen.waited("line")),
    ];
    judge(&format!("M/M/1 rho {rho}"), 16, &text, &claims);
}

#[test]
fn mm1_half_full() {
    mm1(0.5, (500, 60_000), 0.03);
}

#[test]
fn mm1_at_80_percent() {
    mm1(0.8, (2_000, 200_000), 0.05);
}

#[test]
fn mm1_at_90_percent() {
    mm1(0.9, (8_000, 400_000), 0.07);
}

fn mmc(line: Mmc, length: (u64, u64), precision: f64) {
    let Mmc { c, a } = line;
    let text = station(&format!("{a}/s"), length, &format!("servers: {c}, {EXPONENTIAL}"));
    let claims = [
        claim("W", line.wait() + 1.0, precision, |seen| seen.sojourn()),
        claim("Wq", line.wait(), 3.0 * precision, |seen| seen.wait("line")),
        claim("P(wait)", line.waits(), precision, |seen| seen.waited("line")),
        claim("Lq", a * line.wait(), 3.0 * precision, |seen| seen.waiting("line")),
        claim("W p99", line.sojourn_quantile(0.99), 2.5 * precision, |seen| seen.quantile(0.99)),
    ];
    judge(&format!("M/M/{c} a {a}"), 16, &text, &claims);
}

#[test]
fn four_servers_at_80_percent() {
    mmc(Mmc { c: 4, a: 3.2 }, (500, 60_000), 0.03);
}

#[test]
fn ten_servers_at_80_percent() {
    mmc(Mmc { c: 10, a: 8.0 }, (300, 20_000), 0.03);
}

#[test]
fn ten_servers_at_90_percent() {
    mmc(Mmc { c: 10, a: 9.0 }, (1_000, 40_000), 0.03);
}

fn finite(name: &str, born: f64, (c, room): (u32, u32)) {
    let form = format!("servers: {c}, room: {room}, {EXPONENTIAL}");
    let text = station(&format!("{born}/s"), (500, 200_000), &form);
    let servers = f64::from(c);
    let theory = levels(born, room, |n| n.min(servers));
    let claims = [
        claim("loss", theory.lost(), 0.05, |seen| seen.failed(Cause::QueueFull)),
        claim("X", theory.throughput(), 0.01, |seen| seen.throughput()),
        claim("L", theory.mean(|n| n), 0.03, |seen| seen.present("line")),
        claim("W", theory.sojourn(), 0.03, |seen| seen.sojourn()),
    ];
    judge(name, 16, &text, &claims);
}

#[test]
fn a_full_room_turns_away() {
    finite("M/M/1/10 rho 0.9", 0.9, (1, 10));
    finite("M/M/1/10 rho 1.2", 1.2, (1, 10));
    finite("M/M/2/5 lambda 3", 3.0, (2, 5));
}

fn loss(c: u32, a: f64, service: &str, what: &str) {
    let form = format!("servers: {c}, room: {c}, service: {service}");
    let text = station(&format!("{a}/s"), (100, 20_000), &form);
    let theory = erlang_b(c, a);
    let claims = [
        claim("loss", theory, 0.10, |seen| seen.failed(Cause::QueueFull)),
        claim("busy", a * (1.0 - theory), 0.02, |seen| seen.in_service("line")),
    ];
    judge(&format!("Erlang B c {c} a {a} {what}"), 16, &text, &claims);
}

#[test]
fn loss_does_not_care_for_the_law_of_service() {
    loss(10, 10.0, "{exponential: 1s}", "exponential");
    loss(10, 10.0, "1s", "constant");
    loss(10, 10.0, "{lognormal: {mean: 1s, cv: 2}}", "lognormal");
    loss(5, 10.0, "{exponential: 1s}", "exponential");
    loss(10, 5.0, "{exponential: 1s}", "exponential");
    loss(10, 5.0, "1s", "constant");
}

fn impatient(born: f64) {
    let form = format!("servers: 10, {EXPONENTIAL}, patience: {{exponential: 2s}}");
    let text = station(&format!("{born}/s"), (200, 20_000), &form);
    let theory = erlang_a(born, 10, 0.5);
    let waiting = theory.mean(|n| (n - 10.0).max(0.0));
    let waits = theory.mean(|n| f64::from(u8::from(n >= 10.0)));
    let claims = [
        claim("P(abandon)", 0.5 * waiting / born, 0.05, |seen| seen.failed(Cause::Abandoned)),
        claim("E[Wq]", waiting / born, 0.05, move |seen| seen.waiting("line") / born),
        claim("P(wait)", waits, 0.03, |seen| {
            let left = seen.failed(Cause::Abandoned);
            left + (1.0 - left) * seen.waited("line")
        }),
        claim("busy", theory.mean(|n| n.min(10.0)), 0.01, |seen| seen.in_service("line")),
    ];
    judge(&format!("Erlang A lambda {born} c 10"), 16, &text, &claims);
}

#[test]
fn impatient_ones_leave_the_line() {
    impatient(12.0);
    impatient(9.0);
}

#[test]
fn even_arrivals_wait_less() {
    let text = station("{base: 0.8/s, spacing: even}", (2_000, 100_000), EXPONENTIAL);
    let claims = [claim("W", dm1(0.8), 0.04, |seen| seen.sojourn())];
    judge("D/M/1 rho 0.8", 16, &text, &claims);
}

#[test]
fn last_in_first_out_has_the_same_mean() {
    let form = format!("{EXPONENTIAL}, discipline: lifo");
    let text = station("0.8/s", (2_000, 200_000), &form);
    // conservation leaves the mean alone; the second moment of the wait grows by 1 / (1 - rho)
    let second = 40.0 / 0.2;
    let claims = [
        claim("W", 5.0, 0.05, |seen| seen.sojourn()),
        claim("Var W", second - 16.0 + 1.0, 0.5, |seen| seen.variance()),
    ];
    judge("M/M/1 LIFO rho 0.8", 16, &text, &claims);
}
