//! What it costs: price times time in service, per hour and per good request.

use serde_json::json;

use super::sample::{plan, played, shop};
use crate::engine::time::SECOND;
use crate::report::Report;
use crate::scenario::Rent;
use crate::scenario::objective::Objective;
use crate::scenario::plan::{Change, Event, Plan};

/// Two instances of `web` at 0.36 USD/h: a hundredth of a cent a second each.
fn priced() -> Plan {
    let mut plan = shop(30.0, 4, 20);
    let machine = Some("c7i.large".to_owned());
    plan.blueprint.rents.insert("web".into(), Rent { machine, usd_per_hour: 0.36 });
    plan.blueprint.parts[2].prepared = 4;
    plan.frame = SECOND;
    plan
}

fn with(mut plan: Plan, events: Vec<(u64, Change)>) -> Report {
    plan.events =
        events.into_iter().map(|(at, change)| Event { at: at * SECOND, change }).collect();
    Report::of(&played(plan, 300))
}

fn web(report: &Report) -> f64 {
    report.cost.as_ref().unwrap().nodes["web"].instances_mean
}

#[test]
fn instances_cost_their_price_for_the_time_that_they_are_in_service() {
    let report = with(priced(), Vec::new());
    let cost = report.cost.as_ref().unwrap();
    assert!((cost.usd_per_hour - 0.72).abs() < 1e-9);
    let spent = 0.72 * 300.0 / 3_600.0;
    let each = spent / report.requests.completed as f64 * 1_000.0;
    assert!((cost.usd_per_1000_good.unwrap() - each).abs() < 1e-12);
    assert_eq!(cost.not_priced, ["lb", "db"]);
    assert_eq!(cost.nodes["web"].machine.as_deref(), Some("c7i.large"));
    assert!(report.to_text().contains("0.720 USD/h"), "{}", report.to_text());
    let fewer = with(priced(), vec![(150, Change::Remove(2, 1))]);
    assert!((web(&fewer) - 1.5).abs() <= 1.0 / 300.0, "{}", web(&fewer));
}

#[test]
fn an_instance_that_leaves_at_once_is_billed_for_a_minute() {
    let brief = with(priced(), vec![(100, Change::Add(2, 1)), (110, Change::Remove(2, 1))]);
    assert!((web(&brief) - (2.0 + 60.0 / 300.0)).abs() <= 1.0 / 300.0, "{}", web(&brief));
    let longer = with(priced(), vec![(100, Change::Add(2, 1)), (220, Change::Remove(2, 1))]);
    assert!((web(&longer) - (2.0 + 120.0 / 300.0)).abs() <= 1.0 / 300.0, "{}", web(&longer));
}

#[test]
fn another_machine_costs_its_own_price_and_nothing_while_it_is_changed() {
    let plan = priced();
    let form = Box::new(plan.blueprint.parts[2].form.clone());
    let rent = Rent { machine: Some("c7i.xlarge".to_owned()), usd_per_hour: 0.72 };
    let web: Vec<u32> = vec![2, 3];
    let halt = Change::Halt(web.clone(), "stops to become a c7i.xlarge".to_owned());
    let resize = Change::Resize { part: 2, form, rent };
    let report = with(plan, vec![(100, halt), (160, Change::Start(web)), (160, resize)]);
    // two instances: 100 s at 0.36, a minute at nothing, 140 s at 0.72
    let usd = 2.0 * (100.0 * 0.36 + 140.0 * 0.72) / 300.0;
    let cost = report.cost.as_ref().unwrap();
    assert!((cost.usd_per_hour - usd).abs() < 0.01, "{}: {usd}", cost.usd_per_hour);
    assert_eq!(cost.nodes["web"].machine.as_deref(), Some("c7i.xlarge"));
    let what = |at_s: f64| report.timeline.iter().filter(move |moment| moment.at_s == at_s);
    assert!(what(100.0).any(|moment| moment.what == "stops to become a c7i.xlarge"));
    assert!(what(160.0).any(|moment| moment.what == "runs on c7i.xlarge from now on"));
}

#[test]
fn the_warm_up_costs_nothing() {
    let mut plan = priced();
    plan.warmup = 100 * SECOND;
    let report = with(plan, vec![(50, Change::Remove(2, 1))]);
    assert!((web(&report) - 1.0).abs() < 1e-9, "{}", web(&report));
}

#[test]
fn a_budget_is_an_objective_of_the_whole_run() {
    let mut plan = priced();
    let objectives = [
        "cost < 1 USD/h",
        "cost < 0.5 USD/h",
        "cost < 1 USD/1000 good",
        "cost < 0.000001 USD/1000",
    ];
    plan.objectives = objectives.iter().map(|text| Objective::parse(text).unwrap()).collect();
    let report = with(plan, Vec::new());
    let held: Vec<bool> = report.objectives.iter().map(|objective| objective.held).collect();
    assert_eq!(held, [true, false, true, false]);
    assert!(report.objectives.iter().all(|objective| objective.broken.is_empty()));
    assert_eq!(report.objectives[0].value, Some(report.cost.unwrap().usd_per_hour));
}

#[test]
fn traffic_costs_its_price_for_what_has_left() {
    let users = json!({"enter": "line", "arrivals": {"base": "10/s", "spacing": "even"}});
    let mut line = json!({"to": "web", "bandwidth": "1Gbit/s", "size": "1MB"});
    line["egress"] = json!("0.09 USD/GB");
    let web = json!({"servers": 9, "service": "1ms"});
    let parts = vec![("people", "users", users), ("line", "uplink", line), ("web", "station", web)];
    let report = Report::of(&played(plan(parts), 100));
    let cost = report.cost.as_ref().unwrap();
    let traffic = cost.nodes["line"].traffic.as_ref().unwrap();
    // a request every 100 ms, the first after 100 ms; the last one is still under way
    assert_eq!((report.requests.completed, traffic.gigabytes), (999, 0.999));
    assert!((cost.usd_per_hour - 0.999 * 0.09 * 36.0).abs() < 1e-9);
    // 1,000 answers are a gigabyte
    assert!((cost.usd_per_1000_good.unwrap() - 0.09).abs() < 1e-9);
    assert_eq!(cost.not_priced, ["web"]);
    let text = report.to_text();
    assert!(text.contains("0.999 GB at 0.0900 USD/GB"), "{text}");
    let page = report.to_html();
    assert!(page.contains("0.999 GB at 0.0900 USD/GB"));
}

#[test]
fn without_a_price_nothing_is_said_of_cost() {
    let report = Report::of(&played(shop(30.0, 4, 20), 60));
    assert_eq!(report.cost, None);
    assert!(!report.to_text().contains("Cost") && !report.to_json().unwrap().contains("usd"));
}
