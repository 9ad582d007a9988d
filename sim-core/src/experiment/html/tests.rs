//! Pages of many runs are well-formed, load nothing, and draw what the numbers say.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::compare::Comparison;
use super::super::replications::Summary;
use super::super::saved;
use super::super::{Replications, Sample, replication_seed};
use crate::report::html::wellformed::{Piece, pieces};
use crate::run::Run;
use crate::scenario::{NoFiles, read};

fn replicated(workers: u32, count: u32) -> Replications {
    let text = format!(
        "busyhour: 1\nname: shop <{workers}>\nduration: 60s\nusers: {{people: {{enter: app, \
         arrivals: 60/s, patience: 300ms}}}}\nnodes: {{app: {{component: worker-pool, workers: \
         {workers}, steps: [cpu: {{exponential: 30ms}}]}}}}\nobjectives: [latency p(95) < 200ms, \
         errors < 1%]\n"
    );
    let plan = Arc::new(read("shop.yaml", &text, &[], &NoFiles).plan.expect("a scenario"));
    let mut set = Replications::new(Arc::clone(&plan), 0.95);
    for number in 0..count {
        let mut run = Run::new(Arc::clone(&plan), replication_seed(1, number)).expect("it begins");
        while !run.is_over() {
            run.advance(u64::MAX, 1_000_000);
        }
        set.add(Sample::of(&run));
    }
    set
}

/// How many elements have a class.
fn classes(page: &str, wanted: &str) -> usize {
    let found = pieces(page).expect("it is well-formed");
    let has = |piece: &&Piece<'_>| {
        let Piece::Open(_, attributes) = piece else { return false };
        attributes.iter().any(|(name, value)| *name == "class" && value == wanted)
    };
    found.iter().filter(has).count()
}

#[test]
fn a_comparison_is_one_page_with_pictures_and_their_numbers() {
    let (a, b) = (replicated(2, 5), replicated(3, 5));
    let comparison = Comparison::of(&a, &[b], 0.95);
    let page = comparison.to_html();
    assert!(page.contains("shop &lt;3&gt; against shop &lt;2&gt;"), "{page:.300}");
    assert!(!page.contains("http:") && !page.contains("https:") && page.len() < 200_000);
    // mean, p50, p95, p99, errors and goodput differ: a dot each, and a whisker
    let rails = classes(&page, "rail better") + classes(&page, "rail even");
    assert_eq!((rails, classes(&page, "rail worse")), (6, 0));
    // throughput, p95 and errors of both sides, a line and a band each
    for side in ["s0", "s1"] {
        let keys = classes(&page, &format!("key {side} line"));
        let lines = classes(&page, &format!("{side} line"));
        assert_eq!((keys, lines, classes(&page, &format!("{side} band near"))), (3, 3, 3));
    }
    let same = Comparison::of(&a, std::slice::from_ref(&a), 0.95).to_html();
    assert!(same.contains("the very same runs") && classes(&same, "rail even") == 0);
}

#[test]
fn replications_are_one_page_with_bands() {
    let summary = replicated(2, 5).summary();
    let page = summary.to_html();
    assert_eq!(classes(&page, "s0 band far"), 3);
    assert!(page.contains("smallest to largest run"), "{page:.300}");
    // what is saved shows the same, and one run has no bands
    let saved = Summary::from_saved(&summary.to_json().expect("JSON")).expect("it was saved");
    assert_eq!(saved.to_html(), page);
    assert!(saved::is_saved(&summary.to_json().expect("JSON")));
    let single = replicated(2, 1).summary().to_html();
    assert_eq!((classes(&single, "s0 band far"), classes(&single, "s0 line")), (0, 3));
}

#[test]
fn a_plan_and_a_capacity_are_pages_with_the_words_of_the_terminal() {
    let load = json!({"factor": 2, "per_second": 100, "at_the_peak": false, "users": null});
    let objective = json!({
        "expression": "errors < 1%", "unit": "share", "bound": 0.01, "verdict": "held",
        "value": {"value": 0.002, "low": 0.001, "high": 0.003}, "held_in": 4, "held_share": null,
    });
    let capacity = json!({
        "schema_version": 1, "name": "a <b>", "scenario_hash": "0", "confidence": 0.95,
        "objectives": [], "runs": 8, "ends": "enough", "unfinished": null,
        "rungs": [{
            "widened": [], "estimate": load, "holds": load, "fails": load, "holds_again": null,
            "breaks": null, "objectives": [objective],
        }],
    });
    let set_up = |fate: Value| {
        json!({
            "changes": [["nodes.a<b.workers", "3"]], "value": 3, "fate": fate,
            "objectives": [objective], "runs": 4,
        })
    };
    let plan = json!({
        "schema_version": 1, "name": "a <b>", "minimise": "cost.usd_per_hour",
        "confidence": 0.95, "indifference": 0.02, "points": 3, "simulated": 1, "runs": 4,
        "left_out": [{"reason": "a < b", "points": 2}], "exhaustive": 12, "binds": null,
        "chosen": set_up(json!({"best": {"close": false}})), "not_told": 0,
        "runners_up": [set_up(json!("open"))], "interrupted": false,
    });
    for (saved, tables, words) in [(capacity, 2, "It ends here: enough."), (plan, 3, "not looked")]
    {
        let saved = saved.to_string();
        let answer = saved::Saved::read(&saved).expect("it was saved");
        let part = format!("<!DOCTYPE html>\n<main>{}</main>", answer.to_part());
        for page in [answer.to_html(), part] {
            let pieces = pieces(&page).expect("it is well-formed");
            let is_table = |piece: &&Piece<'_>| matches!(piece, Piece::Open("table", _));
            assert_eq!(pieces.iter().filter(is_table).count(), tables, "{page}");
            assert!(page.contains("0.200 %") && page.contains(words), "{page}");
        }
        assert_eq!((answer.name(), saved::is_saved(&saved)), ("a <b>", true));
        let refused = Summary::from_saved(&saved).expect_err("it is no run");
        assert!(refused.contains("name what run saved"), "{refused}");
    }
}

#[test]
fn figures_over_time_do_not_grow_with_the_number_of_runs() {
    let size = |count: u32| {
        let summary = replicated(2, count).summary();
        let course = summary.course.expect("there are frames");
        (course.edges_s.len(), course.p95_ms.len(), course.errors.len())
    };
    assert_eq!(size(2), size(9));
}
