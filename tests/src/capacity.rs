//! Capacities that theory knows, found by simulation: the highest rate of M/M/c under a bound on
//! the response, the users of a closed network, the ladder of a chain of stations.

use std::sync::Arc;

use sim_core::experiment::{Capacity, CapacityAsk, CapacityStudy, CapacityTerms, Sample};
use sim_core::{Plan, replication_seed};

use crate::support::{file, plan, play, scenarios, tries};

const TERMS: CapacityTerms = CapacityTerms {
    from: 0.01,
    to: 100.0,
    precision: 0.02,
    replications: 20,
    confidence: 0.95,
    ladder: 0,
};

/// Answers a study as a door does, in one thread.
fn answered(text: &str, terms: CapacityTerms, seed: u64) -> Capacity {
    let mut study = CapacityStudy::new(plan(text, &[]), terms).expect("it can be studied");
    loop {
        match study.ask() {
            CapacityAsk::Done => return study.answer(),
            CapacityAsk::Read(changes) => {
                let changes: Vec<&str> = changes.iter().map(String::as_str).collect();
                study.read(Ok(plan(text, &changes)));
            }
            CapacityAsk::Play(wanted) => {
                let one = |n| Sample::of(&play(&wanted.plan, replication_seed(seed, n)));
                study.played(wanted.numbers.map(one).collect());
            }
        }
    }
}

/// The point between two ends at which a rising function crosses zero.
fn root(mut low: f64, mut high: f64, rising: impl Fn(f64) -> f64) -> f64 {
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        if rising(middle) < 0.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

/// Mean response of M/M/1, or of M/M/2 with servers of that speed, seconds.
fn response(rate: f64, mu: f64, servers: u32) -> f64 {
    let busy = rate / mu / f64::from(servers);
    match servers {
        1 => 1.0 / (mu - rate),
        _ => 1.0 / (mu * (1.0 - busy * busy)),
    }
}

const PAIR: &str = "
busyhour: 1
duration: 100s
warmup: 10s
users: {u: {enter: line, arrivals: 10/s}}
nodes: {line: {component: station, servers: 2, service: {exponential: 100ms}}}
objectives: [latency mean < 200ms]
";

#[test]
fn the_highest_rate_of_two_servers_is_that_of_erlang_in_as_many_cases_as_it_says() {
    // M/M/2: W = 1 / (mu (1 - rho^2)) is 200 ms at rho = sqrt(1/2)
    let truth = root(0.0, 19.99, |rate| response(rate, 10.0, 2) - 0.2) / 10.0;
    assert!((truth - 2.0f64.sqrt()).abs() < 1e-6);
    let (studies, mut wrong, mut open, mut runs) = (tries(16), 0, 0, 0);
    for seed in 0..studies {
        let found = answered(PAIR, TERMS, 1_000 + seed);
        let rung = &found.rungs[0];
        runs += found.runs;
        match (rung.holds, rung.fails) {
            (Some(holds), Some(fails)) => {
                wrong += u32::from(holds.factor > truth || fails.factor < truth);
                assert!(fails.factor / holds.factor < 1.6, "{holds:?} {fails:?}");
            }
            _ => open += 1,
        }
    }
    println!("{wrong} of {studies} wrong, {open} open, {} runs each", runs / studies);
    // 5 % and 3.5 standard deviations
    let n = studies as f64;
    let most = 0.05 * n + 3.5 * (0.05 * 0.95 * n).sqrt();
    assert!(f64::from(wrong) <= most && open <= studies / 5, "{wrong} wrong, {open} open");
}

#[test]
fn the_users_of_a_closed_network_are_those_of_mean_value_analysis() {
    let text = "
busyhour: 1
duration: 200s
warmup: 20s
users: {u: {enter: line, closed: 5, think: {exponential: 1s}}}
nodes: {line: {component: station, service: {exponential: 50ms}}}
objectives: [latency mean < 200ms]
";
    let (mut queue, mut most) = (0.0, 0u64);
    for users in 1..100u32 {
        let response = 0.05 * (1.0 + queue);
        queue = f64::from(users) / (1.0 + response) * response;
        if response < 0.2 {
            most = u64::from(users);
        }
    }
    let found = answered(text, TERMS, 3);
    let rung = &found.rungs[0];
    let users = |level: Option<sim_core::experiment::Level>| level.and_then(|one| one.users);
    let (holds, fails) = (users(rung.holds).unwrap(), users(rung.fails).unwrap());
    assert!(holds <= most && most < fails, "{most} users: {holds} to {fails}");
    assert!(fails - holds <= 8, "{holds} to {fails}");
    assert!(found.to_text().contains(" users"), "{}", found.to_text());
}

#[test]
fn a_chain_breaks_at_one_station_and_then_at_the_other() {
    let text = "
busyhour: 1
duration: 200s
warmup: 20s
users: {u: {enter: a, arrivals: 10/s}}
nodes:
  a: {component: station, service: {exponential: 50ms}, next: [{to: b, p: 1}]}
  b: {component: station, service: {exponential: 30ms}}
objectives: [latency mean < 300ms]
";
    let found = answered(text, CapacityTerms { ladder: 2, ..TERMS }, 5);
    // Jackson: each station is M/M/c by itself
    let b = 1e3 / 30.0;
    let truth = [(1, 1, 19.9, "a"), (2, 1, 33.2, "b"), (2, 2, 39.9, "a")];
    assert_eq!(found.rungs.len(), 3, "{}", found.to_text());
    for (rung, (one, other, most, breaks)) in found.rungs.iter().zip(truth) {
        let over = |rate| response(rate, 20.0, one) + response(rate, b, other) - 0.3;
        let (truth, estimate) = (root(0.1, most, over), rung.estimate.unwrap());
        let miss = estimate.per_second.unwrap() / truth - 1.0;
        assert!(miss.abs() < 0.06, "{truth} is told as {estimate:?}");
        assert_eq!(rung.breaks.as_ref().unwrap().part, breaks, "{}", found.to_text());
    }
    let wider = |rung: usize| found.rungs[rung].widened[0].path.as_str();
    assert_eq!((wider(1), wider(2)), ("nodes.a.servers", "nodes.b.servers"));
    assert!(found.ends.contains("2 times"), "{}", found.ends);
}

#[test]
fn a_chain_that_is_slow_before_it_is_full_is_slowest_where_it_is_busiest() {
    let text = "
busyhour: 1
duration: 200s
warmup: 20s
users: {u: {enter: a, arrivals: 5/s}}
nodes:
  a: {component: station, service: {exponential: 50ms}, next: [{to: b, p: 1}]}
  b: {component: station, service: {exponential: 30ms}}
objectives: [latency mean < 130ms]
";
    // at no load that is tried is anything full
    let found = answered(text, CapacityTerms { to: 2.0, ..TERMS }, 5);
    let breaks = found.rungs[0].breaks.as_ref().unwrap();
    assert_eq!((&breaks.part[..], breaks.saturated), ("a", false), "{}", found.to_text());
    // 1/(20 - x) + 1/(33.3 - x) = 0.13 at 8.26/s, of which a can serve 20/s
    let used = breaks.utilisation.unwrap();
    assert!((0.35..0.55).contains(&used), "{used}");
}

#[test]
fn it_says_when_nothing_breaks_when_nothing_holds_and_when_more_load_holds_again() {
    let found = answered(PAIR, CapacityTerms { to: 1.1, ..TERMS }, 1);
    let rung = &found.rungs[0];
    assert!((rung.estimate.is_none(), rung.fails.is_none()) == (true, true), "{rung:?}");
    assert_eq!(rung.holds.map(|level| level.factor), Some(1.1));
    assert!(found.to_text().contains("nothing within reach breaks"), "{}", found.to_text());
    let never = PAIR.replace("mean < 200ms", "mean < 50ms");
    let found = answered(&never, CapacityTerms { from: 0.3, ..TERMS }, 1);
    assert!(!found.holds_somewhere(), "{:?}", found.rungs);
    assert!(found.to_text().contains("fails at 0.300 times"), "{}", found.to_text());
    // few are too few for this one, so more of them hold it
    let rising = PAIR.replace("latency mean < 200ms", "goodput > 15/s");
    let found = answered(&rising, CapacityTerms { from: 0.3, ..TERMS }, 1);
    assert!(found.to_text().contains("NOT MONOTONE"), "{}", found.to_text());
    let none = plan(&PAIR.replace("objectives: [latency mean < 200ms]", ""), &[]);
    let refused = CapacityStudy::new(none, TERMS).expect_err("nothing to hold");
    assert!(refused.contains("--set 'objectives="), "{refused}");
}

#[test]
fn every_shipped_scenario_s_load_is_multiplied_whatever_form_it_has() {
    for path in scenarios() {
        let plan = plan(&file(&path), &[]);
        let (once, twice) = (plan.load(), plan.scaled(2.0).expect("users").load());
        let both = once.per_second.zip(twice.per_second);
        assert!(both.is_none_or(|(a, b)| (b / a - 2.0).abs() < 1e-9), "{path}: {both:?}");
        assert_eq!(once.users.map(|users| users * 2), twice.users, "{path}");
        assert!(once.users.is_some() || both.is_some(), "{path} has no load");
    }
}

#[test]
fn a_multiplied_schedule_plays_what_its_rates_say() {
    let text = |rates: &str| PAIR.replace("arrivals: 10/s", &format!("arrivals: {rates}"));
    let peaks = "{base: 4/s, peaks: [{at: 30s, ramp: 5s, hold: 40s, rate: 12/s}], times: 1.5}";
    let by_hand = "{base: 6/s, peaks: [{at: 30s, ramp: 5s, hold: 40s, rate: 18/s}]}";
    let digest = |plan: &Arc<Plan>| play(plan, 9).digest();
    let whole = digest(&plan(&text(by_hand), &[]));
    assert_eq!(digest(&plan(&text(peaks), &[])), whole);
    let unit = plan(&text(&peaks.replace(", times: 1.5", "")), &[]);
    assert_eq!(digest(&Arc::new(unit.scaled(1.5).expect("users"))), whole);
    // users that an event changes are multiplied as well
    let change = "events: [{at: 20s, set: users.u.arrivals, to: 8/s}]\n";
    let changed = plan(&(PAIR.to_owned() + change), &[]);
    let doubled = plan(&(text("20/s") + &change.replace("8/s", "16/s")), &[]);
    assert_eq!(digest(&Arc::new(changed.scaled(2.0).expect("users"))), digest(&doubled));
}
