//! What freezes, black holes and random outages do to those who call.

use sim_core::engine::request::Cause;
use sim_core::report::Report;
use sim_core::run::Run;

use crate::support::{plan, play};

/// One client a tenth of a second before a server that takes a millisecond.
fn shop(users: &str, events: &str) -> Run {
    let text = format!(
        "busyhour: 1\nduration: 60s\n\
         users:\n  all: {{enter: server, arrivals: {{base: 10/s, spacing: even}}{users}}}\n\
         nodes:\n  server: {{component: station, servers: 4, service: 1ms}}\n\
         events:\n  - {events}\n"
    );
    play(&plan(&text, &[]), 1)
}

fn outcome(run: &Run) -> (u64, u64, u64) {
    let surveys = run.surveys();
    let tally = &surveys[0].tallies[0];
    (tally.completed, tally.failed.iter().sum(), tally.in_flight())
}

#[test]
fn a_frozen_server_answers_everything_late_and_nothing_is_lost() {
    let run = shop("", "{at: 20.05s, freeze: server, for: 10s}");
    let surveys = run.surveys();
    let latency = &surveys[0].tallies[0].latency;
    assert_eq!(outcome(&run), (599, 0, 0));
    // the first to come in the freeze waits for nearly all of it
    let longest = latency.quantile(1.0).expect("answered") as f64 / 1e9;
    assert!((9.9..10.1).contains(&longest), "{longest}");
    // a hundred came meanwhile and waited: 5 s on average
    let mean = latency.mean().expect("answered") / 1e6;
    assert!((mean - (1.0 + 100.0 / 599.0 * 5_000.0)).abs() < 20.0, "{mean}");
}

#[test]
fn who_gives_up_on_a_frozen_server_is_served_for_nothing_when_it_thaws() {
    let text = "busyhour: 1\nduration: 60s\n\
         users:\n  all: {enter: web, arrivals: {base: 10/s, spacing: even}, timeout: 1s}\n\
         nodes:\n\
         \x20 web: {component: worker-pool, workers: 4, client_gone: ignore, steps: [io: 1ms]}\n\
         events:\n  - {at: 20.05s, freeze: web, for: 10s}\n";
    let run = play(&plan(text, &[]), 1);
    let served = run.surveys()[1].resources[0].station.seized();
    assert_eq!((outcome(&run), served), ((509, 90, 0), 599));
}

#[test]
fn a_black_hole_answers_nobody_and_costs_each_caller_its_whole_timeout() {
    let run = shop(", timeout: 2s", "{at: 20.05s, black_hole: server, for: 10s}");
    let surveys = run.surveys();
    let tally = &surveys[0].tallies[0];
    assert_eq!(tally.failed[Cause::Timeout as usize], 100);
    assert_eq!(outcome(&run), (499, 100, 0));
}

#[test]
fn without_a_timeout_a_black_hole_keeps_its_callers_for_good() {
    let run = shop("", "{at: 20.05s, black_hole: server, for: 10s}");
    assert_eq!(outcome(&run), (499, 0, 100));
}

#[test]
fn a_dead_server_refuses_at_once_where_a_black_hole_keeps_callers_waiting() {
    let run = shop(", timeout: 2s", "{at: 20.05s, kill: server, for: 10s}");
    let surveys = run.surveys();
    assert_eq!(surveys[0].tallies[0].failed[Cause::Refused as usize], 100);
}

#[test]
fn an_answer_on_its_way_out_of_a_black_hole_is_lost() {
    let text = "busyhour: 1\nduration: 60s\n\
         users:\n  all: {enter: server, arrivals: {base: 10/s, spacing: even}, timeout: 5s}\n\
         nodes:\n  server: {component: station, servers: 40, service: 1s}\n\
         events:\n  - {at: 20.05s, black_hole: server, for: 500ms}\n";
    let run = play(&plan(text, &[]), 1);
    let surveys = run.surveys();
    // five arrive in the half second, and five others are answered in it
    assert_eq!(surveys[0].tallies[0].failed[Cause::Timeout as usize], 10);
}

#[test]
fn a_link_that_loses_packets_for_a_while_delays_each_request_by_the_waits_of_its_connection() {
    let text = "busyhour: 1\nduration: 60s\n\
         users:\n  all: {enter: wan, arrivals: {base: 10/s, spacing: even}}\n\
         nodes:\n\
         \x20 wan: {component: link, latency: 10ms, to: server}\n\
         \x20 server: {component: station, servers: 9, service: 1ms}\n\
         events:\n\
         \x20 - {at: 10s, set: nodes.wan.loss, to: 100%}\n\
         \x20 - {at: 15s, set: nodes.wan.loss, to: 0%}\n";
    let run = play(&plan(text, &[]), 1);
    let surveys = run.surveys();
    // sent again after 1, 3 and 7 s: the 20 of the first two seconds are lost three times, the 20
    // of the next two twice, the 10 of the last one once
    let lost = 20 * 3 + 20 * 2 + 10;
    let counts = [("sent", 599), ("lost", lost), ("retransmitted", lost), ("given_up", 0)];
    assert_eq!(surveys[1].counts, counts);
    assert_eq!(outcome(&run), (599, 0, 0));
    let latency = &surveys[0].tallies[0].latency;
    let longest = latency.quantile(1.0).expect("answered") as f64 / 1e9;
    assert!((7.0..7.1).contains(&longest), "{longest}");
}

#[test]
fn outages_at_random_take_their_share_of_the_time() {
    let text = "busyhour: 1\nduration: 100h\n\
         users:\n  all: {enter: lb, arrivals: {base: 1/s, spacing: even}}\n\
         nodes:\n  lb: {component: balancer, balance: random, to: web, tries: 1}\n\
         \x20 web: {component: station, servers: 4, service: 1ms}\n\
         events:\n\
         \x20 - {kill: web, every: {exponential: 9m}, repair: {exponential: 1m}}\n";
    let mut shares = Vec::new();
    for seed in 1..=8 {
        let run = play(&plan(text, &[]), seed);
        let (completed, failed, _) = outcome(&run);
        shares.push(failed as f64 / (completed + failed) as f64);
    }
    let mean = shares.iter().sum::<f64>() / shares.len() as f64;
    // about 600 outages a run: a standard error of 0.0018 over eight runs
    assert!((mean - 0.1).abs() < 0.007, "{mean}");
    assert!(shares.iter().any(|share| *share != shares[0]), "a seed is a fate of its own");
}

#[test]
fn an_outage_that_came_at_random_is_reported_with_its_end_and_what_became_of_it() {
    let text = "busyhour: 1\nduration: 60s\nobjectives: [errors < 1%]\n\
         users:\n  all: {enter: server, arrivals: {base: 200/s, spacing: even}}\n\
         nodes:\n  server: {component: station, servers: 4, service: 1ms}\n\
         events:\n  - {every: 20s, repair: 5s, kill: server}\n";
    let report = Report::of(&play(&plan(text, &[]), 1));
    let told: Vec<_> = report.recovery.iter().map(|one| (one.at_s, one.until_s)).collect();
    assert_eq!(told, [(20.0, Some(25.0)), (45.0, Some(50.0))]);
    // each is over with its own end, though the second one follows soon
    let outcomes: Vec<String> = report.recovery.iter().map(|one| one.outcome()).collect();
    assert_eq!(outcomes, ["recovered after 5s", "recovered after 5s"]);
}
