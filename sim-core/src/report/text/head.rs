//! The first lines: does it hold, what breaks first, when, why, and what was lost
//! and what it costs.

use super::super::Report;
use super::WIDTH;
use super::table::wrapped;

/// Columns of the label before each line.
const LABEL: usize = 15;

pub(super) fn head(report: &Report) -> String {
    let mut out = String::new();
    let (verdict, said) = report.verdict_said();
    let mut lines = report.story();
    // that a run was cut short stands before what it seems to show
    let cut = usize::from(report.interrupted);
    lines.insert(cut, (verdict, format!("{}: {said}", report.name)));
    for (label, text) in &lines {
        let label = if *label == "Interrupted" { "INTERRUPTED" } else { label };
        labelled(&mut out, label, text);
    }
    out
}

fn labelled(out: &mut String, label: &str, text: &str) {
    for (index, line) in wrapped(text, WIDTH - LABEL).iter().enumerate() {
        let label = if index == 0 { label } else { "" };
        out.push_str(&format!("{label:LABEL$}{line}\n"));
    }
}
