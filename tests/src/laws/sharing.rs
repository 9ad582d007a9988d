//! Processor sharing: the mean does not care for the law of service, only for its mean.

use super::oracle::Mmc;
use super::station;
use super::trial::{Claim, claim, judge};

const LAWS: [(&str, &str); 3] = [
    ("exponential", "{exponential: 1s}"),
    ("constant", "1s"),
    ("lognormal cv2 4", "{lognormal: {mean: 1s, cv: 2}}"),
];

fn sojourn(theory: f64, precision: f64) -> Vec<Claim> {
    vec![claim("W", theory, precision, |seen| seen.sojourn())]
}

#[test]
fn one_shared_core_is_insensitive() {
    for (name, law) in LAWS {
        let form = format!("service: {law}, discipline: processor-sharing");
        let text = station("0.8/s", (2_000, 150_000), &form);
        let mut claims = sojourn(5.0, 0.08);
        if name == "exponential" {
            // (2 + rho) / ((2 - rho) (1 - rho)^2), against 25 first in first out
            claims.push(claim("Var W", 58.3333, 0.25, |seen| seen.variance()));
        }
        judge(&format!("PS, 1 core, {name}"), 16, &text, &claims);
    }
}

#[test]
fn four_shared_cores_follow_the_line_with_four_servers() {
    let theory = 1.0 + Mmc { c: 4, a: 3.2 }.wait();
    for (name, law) in LAWS {
        let form = format!("servers: 4, service: {law}, discipline: processor-sharing");
        let text = station("3.2/s", (1_000, 40_000), &form);
        judge(&format!("PS, 4 cores, {name}"), 16, &text, &sojourn(theory, 0.07));
    }
}

/// Workers without end on a machine with cores.
fn pool(name: &str, arrivals: &str, (cores, law): (u32, &str), theory: f64) {
    let text = format!(
        "busyhour: 1\nwarmup: 2000s\nduration: {}s\n\
         users:\n  all: {{enter: web, arrivals: {arrivals}}}\n\
         nodes:\n  web:\n    component: worker-pool\n    workers: 100000\n    cores: {cores}\n\
         \x20   steps: [cpu: {law}]\n",
        if cores == 1 { 150_000 } else { 40_000 },
    );
    judge(name, 16, &text, &sojourn(theory, 0.08));
}

#[test]
fn workers_share_cores_in_the_same_way() {
    let four = 1.0 + Mmc { c: 4, a: 3.2 }.wait();
    pool("PS, pool, 1 core, exponential", "0.8/s", (1, LAWS[0].1), 5.0);
    pool("PS, pool, 1 core, constant", "0.8/s", (1, LAWS[1].1), 5.0);
    pool("PS, pool, 4 cores, exponential", "3.2/s", (4, LAWS[0].1), four);
    pool("PS, pool, 4 cores, lognormal", "3.2/s", (4, LAWS[2].1), four);
}
