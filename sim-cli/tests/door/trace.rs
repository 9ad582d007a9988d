//! Traces as a person asks for them.

use super::{SHOP, busyhour, json};

#[test]
fn a_trace_goes_into_the_report_and_into_a_file() {
    let file = std::env::temp_dir().join(format!("busyhour-trace-{}.json", std::process::id()));
    let name = file.to_string_lossy();
    let plain = json(&busyhour(&["run", "-", "--format", "json"], SHOP));
    for (format, key) in [("otlp", "resourceSpans"), ("chrome", "traceEvents")] {
        let words = ["run", "-", "--format", "json", "--trace", "slowest:3", "--trace-format"];
        let words = [&words[..], &[format, "--trace-output", &name[..]]].concat();
        let output = busyhour(&words, SHOP);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        let report = json(&output);
        assert_eq!(report["digest"], plain["digest"], "looking on changes nothing");
        assert_eq!((&report["trace"]["traced"], &plain["trace"]), (&3.into(), &().into()));
        let text = std::fs::read(&file).expect("the trace is there");
        let trace: serde_json::Value = serde_json::from_slice(&text).expect("JSON");
        assert!(trace[key].as_array().is_some_and(|all| !all.is_empty()), "{format}");
    }
    std::fs::remove_file(&file).expect("it is there");
    let text = ["run", "-", "--trace", "first:2", "--trace-output", "-", "--trace-format", "text"];
    let text = busyhour(&[&text[..], &["--output", &name[..]]].concat(), SHOP);
    assert!(String::from_utf8_lossy(&text.stdout).contains("Request 2 of 2: people"));
    std::fs::remove_file(&file).expect("the report is there");
}

#[test]
fn a_trace_that_makes_no_sense_is_refused_with_a_remedy() {
    let wrong = [
        (&["--trace", "slow"][..], "write slowest:20, sample:1% or first:100"),
        (&["--trace", "sample:200%"], "write sample:1%"),
        (&["--trace", "slowest:0"], "write slowest:20"),
        (&["--trace", "slowest:3", "--replications", "3"], "choose the run with --seed"),
        (&["--trace", "slowest:3", "--trace-output", "-"], "with --output FILE"),
        (&["--trace-output", "trace.json"], "--trace"),
        (&["--trace", "slowest:3", "--trace-format", "text"], "--trace-output"),
    ];
    for (words, remedy) in wrong {
        let output = busyhour(&[&["run", "-"], words].concat(), SHOP);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{words:?}: {said}");
        assert!(said.contains(remedy), "{words:?}: {said}");
    }
}
