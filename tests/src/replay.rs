//! Recorded requests, played as a user has them played: from a file beside the scenario.

use std::sync::Arc;

use proptest::prelude::*;
use sim_core::scenario::{Files, Reading, read};
use sim_core::{Plan, Report, Run};

/// One file, whatever its name.
struct One(String);

impl Files for One {
    fn read(&self, path: &str) -> Result<String, String> {
        if path == "log.csv" { Ok(self.0.clone()) } else { Err("no such file".to_owned()) }
    }
}

/// A shop of one worker whose requests take as long as they say.
fn shop(users: &str, steps: &str) -> String {
    format!(
        "busyhour: 1\nduration: 10s\nusers:\n  people: {{enter: web, {users}}}\n\
         nodes:\n  web: {{component: worker-pool, workers: 1, {steps}}}\n"
    )
}

const OWN: &str = "steps: [io: demand]";

fn reading(users: &str, steps: &str, log: &str) -> Reading {
    read("shop.yaml", &shop(users, steps), &[], &One(log.to_owned()))
}

fn plan(users: &str, steps: &str, log: &str) -> Plan {
    let reading = reading(users, steps, log);
    reading.plan.unwrap_or_else(|| panic!("{:?}", reading.problems.first_error()))
}

fn report(users: &str, steps: &str, log: &str) -> Report {
    let mut run = Run::new(Arc::new(plan(users, steps, log)), 1).expect("it can be built");
    run.finish();
    Report::of(&run)
}

fn mean(report: &Report) -> f64 {
    report.latency_ms.mean.expect("answers")
}

fn said(users: &str, steps: &str, log: &str) -> String {
    let problems = reading(users, steps, log).problems;
    let first = problems.iter().next().expect("something is wrong");
    format!("{}: {} | {}", first.path, first.message, first.remedy)
}

#[test]
fn each_request_comes_when_it_came_and_takes_what_it_took() {
    // the first is served from 0.0 to 0.3 s, the second from there to 0.4 s, the third at once
    let log = "time_s,demand_ms\n0,300\n0.1,100\n1,50\n";
    let all = report("replay: {file: log.csv}", OWN, log);
    assert_eq!((all.requests.issued, all.requests.completed), (3, 3));
    assert!((mean(&all) - (300.0 + 300.0 + 50.0) / 3.0).abs() < 1e-9, "{}", mean(&all));
    // half as fast nobody waits: 300, 200, and 50 ms
    let slow = report("replay: {file: log.csv, speed: 0.5}", OWN, log);
    assert!((mean(&slow) - (300.0 + 200.0 + 50.0) / 3.0).abs() < 1e-9, "{}", mean(&slow));
}

#[test]
fn a_run_begins_with_the_first_request_or_where_it_is_told() {
    let log = "time_s,demand_ms\n1700000000.5,10\n1700000001,10\n1700000003,10\n";
    assert_eq!(report("replay: {file: log.csv}", OWN, log).requests.issued, 3);
    let later = "replay: {file: log.csv, from: 1700000001}";
    assert_eq!(report(later, OWN, log).requests.issued, 2);
    assert_eq!(
        said("replay: {file: log.csv, from: 5}", OWN, "time_s\n1\n2\n"),
        "users.people.replay.from: log.csv has no request at 5s or later | its requests come from \
         1s to 2s"
    );
}

#[test]
fn a_share_of_the_demand_and_the_endpoint_are_its_own() {
    let log = "{\"time_s\": 0, \"endpoint\": \"page\", \"demand_ms\": 200}\n\
               {\"time_s\": 2, \"endpoint\": \"api\", \"demand_ms\": 200}\n";
    let steps = "endpoints: {page: [io: {demand: 25%}], api: [cpu: demand, io: 1ms]}";
    let users = "mix: {api: 1, page: 1}, replay: {file: log.csv}";
    let all = report(users, steps, log);
    let mean = |class: &str| all.classes[class].latency_ms.mean.expect("answers");
    assert_eq!((mean("people/page"), mean("people/api")), (50.0, 201.0));
    assert_eq!(
        said("mix: {api: 1}, replay: {file: log.csv}", "endpoints: {api: [io: demand]}", log),
        "users.people.replay.file: log.csv asks for \"page\", which mix does not name | write mix: \
         {page: 1, api: 1}"
    );
}

#[test]
fn every_attempt_at_a_request_takes_the_same() {
    // 300 ms against a timeout of 200 ms: three attempts, all in vain
    let users = "replay: {file: log.csv}, timeout: 200ms, retry: {attempts: 3, backoff: 1s}";
    let all = report(users, OWN, "time_s,demand_ms\n0,300\n");
    assert_eq!((all.attempts.issued, all.requests.failed), (3, 1));
    let drawn = "arrivals: {base: 1/s, spacing: even}, limit: 5, demand: {exponential: 100ms}";
    let (one, two) = (report(drawn, OWN, ""), report(drawn, "steps: [io: {demand: 50%}]", ""));
    assert!((mean(&one) / mean(&two) - 2.0).abs() < 1e-6, "{} {}", mean(&one), mean(&two));
}

#[test]
fn what_is_wrong_with_a_recording_is_told_with_its_line() {
    assert_eq!(
        said("replay: {file: log.csv}", OWN, "time_s\n3\n1\n"),
        "users.people.replay.file: log.csv cannot be read: line 3: 1s comes after 3s | sort the \
         requests by time"
    );
    assert_eq!(
        said("replay: {file: none.csv}", OWN, ""),
        "users.people.replay.file: none.csv cannot be read: no such file | give a path relative to \
         the scenario file"
    );
    assert_eq!(
        said("replay: {file: log.csv, speed: 0}", OWN, "time_s\n1\n"),
        "users.people.replay.speed: nothing can be played 0 times as fast | write a number like 2, \
         or 0.5 for half as fast"
    );
    assert!(said("replay: {file: log.csv}, arrivals: 3/s", OWN, "time_s\n1\n").contains("2 ways"));
    assert!(said("arrivals: 3/s", OWN, "").contains("say nothing"), "W113");
    assert!(said("arrivals: 3/s, think: demand", "steps: [io: 1ms]", "").contains("only a step"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Written out and read back, a run goes on in its recording; so does a fork.
    #[test]
    fn a_recording_goes_on_after_a_snapshot(
        gaps in prop::collection::vec((0_u64..400, 1_u64..200), 1..60),
        at in 0_u64..10_000,
    ) {
        let mut log = "time_ms,demand_ms\n".to_owned();
        let mut time = 0;
        for (gap, demand) in gaps {
            time += gap;
            log.push_str(&format!("{time},{demand}\n"));
        }
        let plan = Arc::new(plan("replay: {file: log.csv}", OWN, &log));
        let mut whole = Run::new(Arc::clone(&plan), 1).expect("it can be built");
        whole.advance(at * 1_000_000, u64::MAX);
        let mut fork = whole.clone();
        let bytes = whole.snapshot().expect("bytes");
        let mut back = Run::resume(plan, &bytes).expect("its own bytes");
        for run in [&mut whole, &mut fork, &mut back] {
            run.finish();
        }
        prop_assert_eq!(whole.digest(), fork.digest());
        prop_assert_eq!(whole.digest(), back.digest());
    }
}
