//! The first lines: does it hold, what breaks first, when, why, and what was lost
//! and what it costs.

use super::super::Report;
use super::WIDTH;
use super::table::{LABEL, labelled};

pub(super) fn head(report: &Report) -> String {
    let (verdict, said) = report.verdict_said();
    let mut lines = report.story();
    // that a run was cut short stands before what it seems to show
    let cut = usize::from(report.interrupted);
    lines.insert(cut, (verdict, format!("{}: {said}", report.name)));
    let line = |(label, text): (&str, String)| {
        let label = if label == "Interrupted" { "INTERRUPTED" } else { label };
        labelled(label, &text, WIDTH - LABEL)
    };
    lines.into_iter().map(line).collect()
}
