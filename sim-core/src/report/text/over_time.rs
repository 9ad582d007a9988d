//! The run at a glance: traffic, latency, losses and the busiest resource, one block per moment.

use super::super::Report;
use super::super::figures::{at, duration_ms, percent, significant};
use super::super::frames::FrameReport;
use super::{WIDTH, titled};

const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Moments shown; each stands for the frames within it.
const CELLS: usize = 64;
const LABEL: usize = 16;

pub(super) fn over_time(report: &Report) -> String {
    let Some(frames) = report.frames.as_deref().filter(|frames| frames.len() > 1) else {
        return String::new();
    };
    let cells = cells(frames, report.simulated_s);
    let rate = |cell: &[FrameReport], of: fn(&FrameReport) -> u64| {
        let span: f64 = cell.iter().map(|frame| frame.end_s - frame.start_s).sum();
        Some(cell.iter().map(of).sum::<u64>() as f64 / span)
    };
    let most = |cell: &[FrameReport], of: &dyn Fn(&FrameReport) -> Option<f64>| {
        cell.iter().filter_map(of).max_by(f64::total_cmp)
    };
    let per_second = |n: f64| format!("{}/s", significant(n));
    let mut body = String::new();
    let traffic = cells.iter().map(|cell| rate(cell, |frame| frame.requests.issued)).collect();
    line(&mut body, "requests", traffic, &per_second);
    let p95 = cells.iter().map(|cell| most(cell, &|frame| frame.requests.p95_ms)).collect();
    line(&mut body, "p95", p95, &duration_ms);
    if report.requests.failed > 0 {
        let lost = cells.iter().map(|cell| rate(cell, |frame| frame.requests.failed)).collect();
        line(&mut body, "lost", lost, &per_second);
    }
    if let Some((node, resource)) = watched(report) {
        let busy = |frame: &FrameReport| {
            let resources = &frame.parts.get(node)?.resources;
            resources.get(resource).map(|figures| figures.utilisation.min(1.0))
        };
        let queue = |frame: &FrameReport| {
            let resources = &frame.parts.get(node)?.resources;
            resources.get(resource).map(|figures| figures.queue_mean)
        };
        let all = |of: &dyn Fn(&FrameReport) -> Option<f64>| {
            cells.iter().map(|cell| most(cell, of)).collect::<Vec<_>>()
        };
        line(&mut body, &format!("{node} {resource}"), all(&busy), &percent);
        if all(&queue).iter().flatten().any(|&length| length > 0.0) {
            line(&mut body, "  in line", all(&queue), &significant);
        }
    }
    marks(&mut body, report);
    let end = at(report.simulated_s);
    let gap = CELLS.saturating_sub(2 + end.chars().count());
    body.push_str(&format!("  {:LABEL$}0s{:gap$}{end}\n", "", ""));
    titled("Over time", &body)
}

/// Frames by the moment in which they begin; moments without a frame are left out.
fn cells(frames: &[FrameReport], end_s: f64) -> Vec<&[FrameReport]> {
    (0..CELLS)
        .map(|cell| {
            let at = |cell: usize| end_s * cell as f64 / CELLS as f64;
            let from = frames.partition_point(|frame| frame.end_s <= at(cell));
            let to = frames.partition_point(|frame| frame.start_s < at(cell + 1));
            &frames[from.min(to)..to]
        })
        .collect()
}

fn line(body: &mut String, label: &str, cells: Vec<Option<f64>>, say: &dyn Fn(f64) -> String) {
    let most = cells.iter().flatten().copied().fold(0.0, f64::max);
    let block = |cell: &Option<f64>| match cell {
        Some(value) if most > 0.0 => BLOCKS[((value / most * 8.0) as usize).min(7)],
        Some(_) => BLOCKS[0],
        None => ' ',
    };
    let blocks: String = cells.iter().map(block).collect();
    let label: String = label.chars().take(LABEL - 1).collect();
    let text = format!("  {label:LABEL$}{blocks} most {}", say(most));
    body.push_str(text.chars().take(WIDTH).collect::<String>().trim_end());
    body.push('\n');
}

/// The resource to watch: the bottleneck, or else the busiest.
fn watched(report: &Report) -> Option<(&str, &str)> {
    if let (Some(node), Some(resource)) = (&report.bottleneck.node, &report.bottleneck.resource) {
        return report.nodes.contains_key(node).then_some((node, resource));
    }
    let all = report.nodes.iter().flat_map(|(node, figures)| {
        figures.resources.iter().map(move |(name, resource)| (node, name, resource.utilisation))
    });
    all.max_by(|a, b| a.2.total_cmp(&b.2)).map(|(node, name, _)| (&node[..], &name[..]))
}

/// A mark under each moment in which something happened.
fn marks(body: &mut String, report: &Report) {
    let mut marks = [' '; CELLS];
    for moment in report.timeline.iter().filter(|moment| moment.kind == "event") {
        let place = (moment.at_s / report.simulated_s.max(1e-9) * CELLS as f64) as usize;
        marks[place.min(CELLS - 1)] = '^';
    }
    if marks.contains(&'^') {
        let marks: String = marks.iter().collect();
        body.push_str(&format!("  {:LABEL$}{}\n", "events", marks.trim_end()));
    }
}
