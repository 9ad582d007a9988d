//! The first lines: does it hold, what breaks first, when, why, and what was lost
//! and what it costs.

use super::super::Report;
use super::super::figures::at;
use super::WIDTH;
use super::table::wrapped;

/// Columns of the label before each line.
const LABEL: usize = 15;

pub(super) fn head(report: &Report) -> String {
    let mut out = String::new();
    if report.interrupted {
        let (now, all) = (at(report.simulated_s), at(report.duration_s));
        let text = format!("at {now} of {all}: what follows is about that part only");
        labelled(&mut out, "INTERRUPTED", &text);
    }
    let (verdict, said) = report.verdict_said();
    labelled(&mut out, verdict, &format!("{}: {said}", report.name));
    let (label, why) = report.why();
    labelled(&mut out, label, &why);
    if let Some(when) = report.when() {
        labelled(&mut out, "When", &when);
    }
    labelled(&mut out, "Lost", &report.lost());
    if let Some(costs) = report.costs() {
        labelled(&mut out, "Cost", &costs);
    }
    out
}

fn labelled(out: &mut String, label: &str, text: &str) {
    for (index, line) in wrapped(text, WIDTH - LABEL).iter().enumerate() {
        let label = if index == 0 { label } else { "" };
        out.push_str(&format!("{label:LABEL$}{line}\n"));
    }
}
