//! What any command saved is shown again, in the same words.

use super::plan::Desk;
use super::{SHOP, busyhour};

const SWEEP: &str = "sweep: 1
name: few
scenario: shop.yaml
replications: 2
vary: {nodes.app.workers: [1, 4]}
";
const PLAN: &str = "plan: 1
scenario: shop.yaml
vary: {nodes.app.workers: {from: 1, to: 6, price: 1 USD/h}}
objectives: [latency p(95) < 20ms]
";

#[test]
fn every_answer_is_shown_again_as_it_was() {
    let desk = Desk::new("answers", SHOP, PLAN);
    desk.write("sweep.yaml", SWEEP);
    let at = |name: &str| desk.0.join(name).to_string_lossy().into_owned();
    let (shop, sweep, plan, out) = (at("shop.yaml"), at("sweep.yaml"), at("plan.yaml"), at("out"));
    let commands: [(&[&str], &str); 5] = [
        (&["run", &shop, "--replications", "3"], "HOLDS"),
        (&["compare", &shop, "--change", "nodes.app.workers=1", "--replications", "3"], ""),
        (&["capacity", &shop, "--replications", "8", "--ladder", "1"], "HOLDS UP TO"),
        (&["sweep", &sweep, "--output", &out], "few"),
        (&["plan", &plan], "BEST "),
    ];
    for (words, begins) in commands {
        let said = |more: &[&str]| {
            let output = busyhour(&[words, more, &["--quiet"]].concat(), "");
            String::from_utf8(output.stdout).expect("text")
        };
        let (text, saved) = (said(&[]), said(&["--format", "json"]));
        assert!(text.starts_with(begins) && !text.is_empty(), "{words:?}: {text}");
        let again = |format: &str| busyhour(&["report", "-", "--format", format], &saved);
        assert_eq!(String::from_utf8_lossy(&again("text").stdout), text, "{words:?}");
        assert_eq!(String::from_utf8_lossy(&again("json").stdout), saved, "{words:?}");
        let page = String::from_utf8(again("html").stdout).expect("text");
        assert!(page.starts_with("<!DOCTYPE html>") && page.contains("<table"), "{words:?}");
        let frames = again("csv");
        assert_eq!(frames.status.code(), Some(2), "{words:?}");
        assert!(String::from_utf8_lossy(&frames.stderr).contains("only one run has frames"));
    }
    // a finished sweep leaves it in its folder too
    let kept = busyhour(&["report", &format!("{out}/answer.json")], "");
    assert!(kept.status.success() && kept.stdout.starts_with(b"few"));
}
