//! The first lines: does it hold, what breaks first, when, why, and what was lost.

use super::super::figures::{count, percent};
use super::super::timeline::Moment;
use super::super::{Report, Verdict};
use super::table::wrapped;
use super::{WIDTH, at, words};

/// Columns of the label before each line.
const LABEL: usize = 15;
/// Causes of loss that are named here; all of them follow below.
const CAUSES: usize = 3;

pub(super) fn head(report: &Report) -> String {
    let mut out = String::new();
    if report.interrupted {
        let (now, all) = (at(report.simulated_s), at(report.duration_s));
        let text = format!("at {now} of {all}: what follows is about that part only");
        labelled(&mut out, "INTERRUPTED", &text);
    }
    let missed = report.objectives.iter().filter(|objective| !objective.held).count();
    let (all, name) = (report.objectives.len(), &report.name);
    match report.verdict {
        Verdict::Held => labelled(&mut out, "HOLDS", &format!("{name}: {} met", objectives(all))),
        Verdict::Missed => {
            let text = format!("{name}: {missed} of {} missed", objectives(all));
            labelled(&mut out, "DOES NOT HOLD", &text);
        }
        Verdict::NoObjectives => {
            labelled(&mut out, "NO OBJECTIVES", &format!("{name}: nothing says what must hold"));
        }
    }
    let label = if report.bottleneck.node.is_some() { "Breaks first" } else { "Bottleneck" };
    labelled(&mut out, label, &why(report));
    if let Some(when) = when(report) {
        labelled(&mut out, "When", &when);
    }
    labelled(&mut out, "Lost", &lost(report));
    out
}

fn objectives(n: usize) -> String {
    if n == 1 { "1 objective".to_owned() } else { format!("{n} objectives") }
}

fn labelled(out: &mut String, label: &str, text: &str) {
    for (index, line) in wrapped(text, WIDTH - LABEL).iter().enumerate() {
        let label = if index == 0 { label } else { "" };
        out.push_str(&format!("{label:LABEL$}{line}\n"));
    }
}

fn why(report: &Report) -> String {
    let found = &report.bottleneck;
    let mut text = found.reason.clone();
    if !found.victims.is_empty() {
        text.push_str(&format!("; {} only wait for it", found.victims.join(", ")));
    }
    if !found.also.is_empty() {
        text.push_str(&format!("; also saturated: {}", found.also.join(", ")));
    }
    text
}

/// From when to when objectives were broken, and what happened just before.
fn when(report: &Report) -> Option<String> {
    let all = || report.objectives.iter().flat_map(|objective| &objective.broken);
    let first = all().map(|breach| breach.start_s).min_by(f64::total_cmp)?;
    let last = all().map(|breach| breach.end_s).max_by(f64::total_cmp)?;
    let broken: f64 = all().map(|breach| breach.end_s - breach.start_s).sum();
    let steadily = if broken < 0.7 * (last - first) { "on and off " } else { "" };
    let mut text = format!("objectives are broken {steadily}from {}", at(first));
    if all().any(|breach| breach.to_the_end) {
        text.push_str(" and not met again until the end");
    } else {
        text.push_str(&format!(" to {}; from then on they hold again", at(last)));
    }
    let near = (report.duration_s / 20.0).max(30.0);
    let before = |moment: &&Moment| {
        moment.kind == "event" && moment.at_s <= first && moment.at_s > (first - near).max(0.0)
    };
    if let Some(event) = report.timeline.iter().rfind(before) {
        let node = event.node.as_deref().unwrap_or("");
        text.push_str(&format!(" (just before, at {}: {node} {})", at(event.at_s), event.what));
    }
    Some(text)
}

fn lost(report: &Report) -> String {
    let requests = report.requests;
    if requests.failed == 0 {
        return format!("none of {} requests{}", count(requests.issued), open(report));
    }
    let mut causes: Vec<(&str, u64)> = report.failures.iter().map(|(c, &n)| (*c, n)).collect();
    causes.retain(|(_, n)| *n > 0);
    causes.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    let named =
        causes.iter().take(CAUSES).map(|(cause, n)| format!("{} {}", count(*n), words(cause)));
    let named: Vec<String> = named.collect();
    format!(
        "{} of {} requests ({}): {}{}",
        count(requests.failed),
        count(requests.issued),
        percent(requests.failed as f64 / requests.issued.max(1) as f64),
        named.join(", "),
        open(report),
    )
}

/// Requests without an end, where they are too many to be just under way.
fn open(report: &Report) -> String {
    let Report { requests, goodput_rps, .. } = report;
    let many = requests.in_flight as f64 > (requests.issued as f64 / 100.0).max(*goodput_rps);
    if many {
        format!("; {} not answered when it ended", count(requests.in_flight))
    } else {
        String::new()
    }
}
