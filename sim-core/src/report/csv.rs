//! Frames as CSV, one figure a line: `start_s,end_s,kind,name,measure,value`.

use std::fmt::Write;

use super::Report;
use super::frames::{FrameReport, RequestsFrame};

/// The header line.
const HEADER: &str = "start_s,end_s,kind,name,measure,value\n";

impl Report {
    /// The frames as CSV in long form: kind is `total`, `class`, `node` or `resource`; a figure
    /// that does not exist, like a percentile of nothing, has no line.
    #[must_use]
    pub fn to_csv(&self) -> String {
        let mut out = HEADER.to_owned();
        for frame in self.frames.iter().flatten() {
            rows(&mut out, frame);
        }
        out
    }
}

fn rows(out: &mut String, frame: &FrameReport) {
    let mut line = |kind: &str, name: &str, measure: &str, value: Option<f64>| {
        if let Some(value) = value {
            let (start, end, name) = (frame.start_s, frame.end_s, quoted(name));
            // writing to a string cannot fail
            let _ = writeln!(out, "{start},{end},{kind},{name},{measure},{value}");
        }
    };
    let mut requests = |kind: &str, name: &str, figures: &RequestsFrame| {
        line(kind, name, "issued", Some(figures.issued as f64));
        line(kind, name, "completed", Some(figures.completed as f64));
        line(kind, name, "failed", Some(figures.failed as f64));
        line(kind, name, "p50_ms", figures.p50_ms);
        line(kind, name, "p95_ms", figures.p95_ms);
        line(kind, name, "p99_ms", figures.p99_ms);
    };
    requests("total", "", &frame.requests);
    frame.classes.iter().for_each(|(name, figures)| requests("class", name, figures));
    for (name, part) in &frame.parts {
        line("node", name, "instances", Some(f64::from(part.instances)));
        for (resource, figures) in &part.resources {
            let name = format!("{name}/{resource}");
            line("resource", &name, "utilisation", Some(figures.utilisation));
            line("resource", &name, "queue_mean", Some(figures.queue_mean));
        }
    }
}

/// A cell as CSV has it.
pub(crate) fn quoted(name: &str) -> String {
    if name.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", name.replace('"', "\"\""))
    } else {
        name.to_owned()
    }
}
