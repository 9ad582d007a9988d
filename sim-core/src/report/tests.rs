//! The report's promises: conservation, an exact account of time, objectives, the JSON contract.

mod blame;
mod cost;
mod orders;
mod recovery;
pub(super) mod sample;

use self::sample::{played, shop};
use super::{Report, Verdict};
use crate::engine::request::Cause;
use crate::engine::time::SECOND;
use crate::run::Run;
use crate::scenario::objective::Objective;
use std::sync::Arc;

#[test]
fn requests_are_conserved_in_total_and_by_class() {
    let run = played(shop(200.0, 4, 20), 300);
    let report = Report::of(&run);
    let all = report.requests;
    assert!(all.issued > 20_000 && all.failed > 0, "{all:?}");
    assert_eq!(all.issued, all.completed + all.failed + all.in_flight);
    assert_eq!(report.failures.values().sum::<u64>(), all.failed);
    let by_class: u64 = report.classes.values().map(|class| class.requests.issued).sum();
    assert_eq!(by_class, all.issued);
    assert_eq!(report.attempts.issued, all.issued);
    let frames = report.frames.unwrap();
    assert_eq!(frames.iter().map(|frame| frame.requests.issued).sum::<u64>(), all.issued);
    assert_eq!(frames.iter().map(|frame| frame.requests.completed).sum::<u64>(), all.completed);
}

#[test]
fn every_nanosecond_of_every_request_is_accounted_for() {
    let mut plan = shop(60.0, 4, 20);
    sample::limit(&mut plan, 5_000);
    let run = played(plan, 600);
    let report = Report::of(&run);
    assert_eq!(report.requests.in_flight, 0);
    let facts_sum: u128 = report.time.entries.iter().map(|entry| entry.ns).sum();
    assert_eq!(facts_sum, report.time.total_ns);
    let answered: u128 =
        run.surveys().iter().flat_map(|s| &s.tallies).map(|t| t.latency.sum()).sum();
    assert_eq!(report.requests.failed, 0, "a lost request's time is in no latency");
    assert_eq!(report.time.total_ns, answered);
    assert!(report.time.entries.iter().map(|entry| entry.share).sum::<f64>() > 0.999_999);
}

#[test]
fn objectives_are_judged_after_the_warm_up() {
    let mut plan = shop(30.0, 4, 20);
    plan.warmup = 60 * SECOND;
    let objectives = [
        "latency p(95) < 10s",
        "p(50) < 1ms",
        "errors <= 0%",
        "goodput > 25/s",
        "shoppers/buy latency mean < 1s",
        "shoppers latency max < 60s",
        "nobody latency p(99) < 1s",
    ];
    plan.objectives = objectives.iter().map(|text| Objective::parse(text).unwrap()).collect();
    let report = Report::of(&played(plan, 600));
    let held: Vec<bool> = report.objectives.iter().map(|objective| objective.held).collect();
    assert_eq!(held, [true, false, true, true, true, true, false]);
    assert_eq!(report.verdict, Verdict::Missed);
    assert_eq!(report.objectives[1].value, report.latency_ms.p50);
    assert_eq!(report.objectives[6].value, None);
    let broken = &report.objectives[1].broken;
    assert!(broken.len() == 1 && broken[0].to_the_end && broken[0].start_s >= 60.0, "{broken:?}");
    assert!(report.objectives[0].broken.is_empty());
}

#[test]
fn a_report_of_half_a_run_says_so_and_changes_nothing() {
    let plan = Arc::new(sample::lasting(shop(60.0, 4, 20), 600));
    let mut straight = Run::new(Arc::clone(&plan), 1).unwrap();
    straight.finish();
    let mut run = Run::new(plan, 1).unwrap();
    run.advance(200 * SECOND + 17, u64::MAX);
    let report = Report::of(&run);
    assert!(report.interrupted && report.simulated_s > 200.0 && report.simulated_s < 201.0);
    assert_eq!(report, Report::of(&run));
    assert!(
        report.to_text().starts_with("INTERRUPTED    at 3m 20s of 10m"),
        "{}",
        report.to_text()
    );
    run.finish();
    assert_eq!(run.digest(), straight.digest());
    assert_eq!(Report::of(&run), Report::of(&straight));
}

#[test]
fn the_json_contract_has_these_keys() {
    let report = Report::of(&played(shop(30.0, 4, 20), 120)).with_cpu_seconds(2.0);
    let json: serde_json::Value = serde_json::from_str(&report.to_json().unwrap()).unwrap();
    let keys = |value: &serde_json::Value| -> Vec<String> {
        value.as_object().unwrap().keys().cloned().collect()
    };
    let top = "schema_version name summary verdict objectives bottleneck time requests attempts \
               failures throughput_rps goodput_rps latency_ms classes nodes scaling timeline \
               timeline_cut duration_s simulated_s warmup_s interrupted version scenario_hash seed \
               digest command engine frames latency_map";
    assert_eq!(keys(&json).join(" "), top.split_whitespace().collect::<Vec<_>>().join(" "));
    assert_eq!(json["schema_version"], 1);
    assert_eq!(json["digest"].as_str().unwrap().len(), 16);
    assert_eq!(keys(&json["requests"]).join(" "), "issued completed failed in_flight");
    assert_eq!(keys(&json["latency_ms"]).join(" "), "mean p50 p90 p95 p99 p999 max");
    assert_eq!(keys(&json["failures"]).len(), Cause::ALL.len());
    let db = &json["nodes"]["db"];
    for key in ["kind", "utilisation", "queue_mean", "queue_max", "wait_ms_mean"] {
        assert!(!db[key].is_null(), "{key}");
    }
    for key in ["capacity", "utilisation"] {
        assert!(db["resources"]["servers"][key].is_f64(), "{key}");
    }
    assert_eq!(json["engine"]["cpu_seconds"], 2.0);
    assert_eq!(keys(&json["bottleneck"])[..3].join(" "), "node resource reason");
    let frame = &json["frames"][0];
    assert_eq!(keys(frame).join(" "), "start_s end_s requests classes parts");
    let db = &frame["parts"]["db"];
    assert_eq!(
        keys(db).join(" "),
        "instances waiting working travelling taken turned_away resources"
    );
    assert!(db["resources"]["servers"]["queue_mean"].is_f64());
    let map = &json["latency_map"];
    let rows = map["edges_ms"].as_array().unwrap().len() - 1;
    assert_eq!(map["windows"][0]["counts"].as_array().unwrap().len(), rows);
}

#[test]
fn a_saved_report_is_shown_as_it_was() {
    let mut plan = shop(200.0, 4, 20);
    plan.objectives = vec![Objective::parse("latency p(95) < 500ms").unwrap()];
    let report = Report::of(&played(plan, 120)).with_cpu_seconds(0.3);
    let json = report.to_json().unwrap();
    let again = Report::from_json(&json).unwrap();
    assert_eq!(again.to_json().unwrap(), json);
    assert_eq!(again.to_text(), report.to_text());
    assert_eq!(again.to_html(), report.to_html());
    assert_eq!(again.to_csv(), report.to_csv());
    for (wrong, why) in [
        ("{}", "no saved report"),
        ("nonsense", "no saved report"),
        ("{\"schema_version\": 2}", "schema_version is 2"),
        ("{\"schema_version\": 1}", "another version"),
    ] {
        let said = Report::from_json(wrong).unwrap_err();
        assert!(said.contains(why) && said.contains(": "), "{wrong}: {said}");
    }
}

#[test]
fn every_answer_is_in_the_latency_map() {
    let report = Report::of(&played(shop(30.0, 4, 20), 2_000));
    let map = report.latency_map.unwrap();
    let counted: u64 = map.windows.iter().flat_map(|window| &window.counts).sum();
    assert_eq!(counted, report.requests.completed);
    assert!(map.windows.len() <= 200 && map.windows.len() > 100, "{}", map.windows.len());
    let ends: Vec<f64> = map.windows.iter().map(|window| window.end_s).collect();
    assert!(ends.is_sorted() && ends.last() == Some(&2_000.0));
}

#[test]
fn what_is_inside_is_told_by_what_it_does() {
    // by Little's law the requests inside a node are its arrival rate times the time spent there
    let report = Report::of(&played(shop(30.0, 4, 20), 600));
    let frames = report.frames.unwrap();
    let mean = |of: fn(&crate::report::PartFrameReport) -> f64| {
        frames.iter().map(|frame| of(&frame.parts["db"])).sum::<f64>() / frames.len() as f64
    };
    let entry = |doing: &str| {
        let found = report.time.entries.iter().find(|e| e.node == "db" && e.doing == doing);
        found.map_or(0.0, |entry| entry.seconds / report.simulated_s)
    };
    assert!((mean(|part| part.working) - entry("working")).abs() < 1e-6);
    assert!((mean(|part| part.waiting) - entry("waiting")).abs() < 1e-6);
    assert!(entry("working") > 0.5);
}

#[test]
fn text_keeps_within_a_hundred_columns() {
    for (rate, servers) in [(30.0, 20), (90.0, 20), (60.0, 1)] {
        let mut plan = shop(rate, 4, servers);
        plan.name = "a-shop-with-quite-a-long-name-".repeat(3);
        plan.objectives = vec![Objective::parse("latency p(95) < 500ms").unwrap()];
        let text = Report::of(&played(plan, 600)).with_cpu_seconds(1.0).to_text();
        for line in text.lines() {
            assert!(line.chars().count() <= 100, "{line}");
        }
        assert!(text.lines().take(6).any(|line| line.starts_with("Lost")), "{text}");
    }
}

#[test]
fn csv_has_six_columns_everywhere() {
    let csv = Report::of(&played(shop(30.0, 4, 20), 120)).to_csv();
    assert!(csv.lines().count() > 100);
    assert!(csv.lines().all(|line| line.split(',').count() == 6));
    assert!(csv.contains(",resource,db/servers,utilisation,"));
}
