//! The report for a terminal: at most 100 columns, the answer in the first five lines.

mod head;
mod over_time;
mod table;
mod why;

pub(crate) use self::table::{LABEL, Table, labelled, wrapped};
use super::counts::{ClassReport, Latency};
use super::figures::{at, count, duration_ms, percent, significant};
use super::nodes::NodeReport;
use super::story::{meaning, words};
use super::timeline::Moment;
use super::{Report, Unit};

/// Columns of a line at most.
const WIDTH: usize = 100;
/// Lines of the timeline that are shown: the first ones and the last ones.
const TIMELINE: (usize, usize) = (18, 6);
/// Lines of the account of time that are shown.
const ACCOUNT: usize = 8;
/// A share of the time below which a line is not worth reading.
const LITTLE: f64 = 0.001;

impl Report {
    /// The report as text, without colour.
    #[must_use]
    pub fn to_text(&self) -> String {
        let sections = [
            head::head(self),
            objectives(self),
            account(self),
            why::why(self),
            losses(self),
            classes(self),
            nodes(self),
            cost(self),
            over_time::over_time(self),
            scaling(self),
            recovery(self),
            timeline(self),
            origin(self),
        ];
        let filled: Vec<String> = sections.into_iter().filter(|text| !text.is_empty()).collect();
        // a name may hold what would steer a terminal
        let plain = |c: char| if c.is_control() && c != '\n' { '\u{fffd}' } else { c };
        filled.join("\n").chars().map(plain).collect()
    }
}

pub(crate) fn titled(title: &str, body: &str) -> String {
    if body.is_empty() { String::new() } else { format!("{title}\n{body}") }
}

fn objectives(report: &Report) -> String {
    let mut table = Table::new(&["", "", ""]).left(&[0, 1]);
    for objective in &report.objectives {
        let verdict = if objective.held { "held" } else { "MISSED" };
        let said = objective.value.map_or("nothing to measure".into(), |v| objective.unit.say(v));
        let mut row = vec![verdict.to_owned(), objective.expression.clone(), said];
        row.push(objective.broken_said());
        table.row(row);
    }
    titled("Objectives", &table.left(&[0, 1, 3]).body())
}

fn account(report: &Report) -> String {
    let Some(each) = report.time.ms_per_completed else { return String::new() };
    let mut table = Table::new(&["", "", "", "", ""]).left(&[0, 1, 4]);
    let entries = &report.time.entries;
    let worth = entries.iter().take(ACCOUNT).filter(|entry| entry.share >= LITTLE).count();
    for entry in &entries[..worth] {
        let bar = "█".repeat((entry.share * 30.0 + 0.5) as usize);
        let ms = entry.ms_per_completed.map_or(String::new(), duration_ms);
        let row = [entry.node.clone(), entry.doing.to_owned(), ms, percent(entry.share), bar];
        table.row(row.to_vec());
    }
    let rest = entries.iter().skip(worth);
    let (share, ms) = rest.fold((0.0, 0.0), |(share, ms), entry| {
        (share + entry.share, ms + entry.ms_per_completed.unwrap_or(0.0))
    });
    if share >= LITTLE {
        let row = ["the rest".to_owned(), String::new(), duration_ms(ms), percent(share)];
        table.row(row.to_vec());
    }
    let title = format!("Where the time went: {} per answered request", duration_ms(each));
    let lost = if report.requests.failed > 0 { ", what was lost included" } else { "" };
    titled(&format!("{title}{lost}"), &table.body())
}

fn losses(report: &Report) -> String {
    let mut table = Table::new(&["", "", "", ""]).left(&[0, 3]);
    for (cause, n) in report.causes() {
        let share = percent(n as f64 / report.requests.issued.max(1) as f64);
        table.row(vec![words(cause), count(n), share, meaning(cause).to_owned()]);
    }
    titled("Losses by cause, of all requests", &table.body())
}

fn classes(report: &Report) -> String {
    let columns =
        ["", "issued", "lost", "answered", "mean", "p50", "p90", "p95", "p99", "p99.9", "max"];
    // what is left out first where the line is too long
    let mut table = Table::new(&columns).left(&[0]).may_drop(&[9, 6, 4]);
    let mut row = |name: &str, (issued, lost): (u64, u64), rate: f64, latency: &Latency| {
        let mut cells = vec![name.to_owned(), count(issued), count(lost)];
        cells.push(format!("{}/s", significant(rate)));
        let l = latency;
        for value in [l.mean, l.p50, l.p90, l.p95, l.p99, l.p999, l.max] {
            cells.push(value.map_or("-".to_owned(), duration_ms));
        }
        table.row(cells);
    };
    for (name, class) in &report.classes {
        let ClassReport { requests, goodput_rps, latency_ms, .. } = class;
        row(name, (requests.issued, requests.failed), *goodput_rps, latency_ms);
    }
    if report.classes.len() > 1 {
        let requests = (report.requests.issued, report.requests.failed);
        row("all", requests, report.goodput_rps, &report.latency_ms);
    }
    let mut body = table.body();
    body.push_str(&format!(
        "  throughput {}/s, goodput {}/s; {} attempts, {} answers for nobody\n",
        significant(report.throughput_rps),
        significant(report.goodput_rps),
        count(report.attempts.issued),
        count(report.attempts.wasted),
    ));
    titled("Latency", &body)
}

fn nodes(report: &Report) -> String {
    let columns =
        ["", "kind", "instances", "resource", "places", "busy", "in line", "most", "wait", "lost"];
    let mut table = Table::new(&columns).left(&[0, 1, 3]).may_drop(&[1]);
    for (name, node) in &report.nodes {
        let instances = instances(node);
        if node.resources.is_empty() {
            table.row(vec![name.clone(), node.kind.clone(), instances]);
            continue;
        }
        let mut first = vec![name.clone(), node.kind.clone(), instances];
        for (resource, figures) in &node.resources {
            let mut cells = std::mem::replace(&mut first, vec![String::new(); 3]);
            cells.push(resource.clone());
            let unlimited = figures.capacity == 0.0;
            let dash = |text: String| if unlimited { "-".to_owned() } else { text };
            cells.push(dash(significant(figures.capacity)));
            cells.push(dash(percent(figures.utilisation)));
            cells.push(significant(figures.queue_mean));
            cells.push(count(u64::from(figures.queue_max)));
            cells.push(figures.wait_ms_mean.map_or("-".to_owned(), duration_ms));
            cells.push(if figures.turned_away > 0 {
                count(figures.turned_away)
            } else {
                "-".into()
            });
            table.row(cells);
        }
    }
    titled("Nodes", &table.body())
}

fn instances(node: &NodeReport) -> String {
    let all = node.instances;
    if all.min == all.max { all.end.to_string() } else { format!("{}-{}", all.min, all.max) }
}

fn cost(report: &Report) -> String {
    let Some(cost) = &report.cost else { return String::new() };
    let mut table = Table::new(&["", "machine", "each", "instances", "all", "share"]).left(&[0, 1]);
    for (name, node) in &cost.nodes {
        table.row(vec![
            name.clone(),
            node.paid_for(),
            node.or_dash(Unit::UsdPerHour.say(node.usd_per_instance_hour)),
            node.or_dash(significant(node.instances_mean)),
            Unit::UsdPerHour.say(node.usd_per_hour),
            percent(node.share),
        ]);
    }
    titled("Cost", &table.body())
}

fn scaling(report: &Report) -> String {
    let width = report.scaling.iter().map(|step| at(step.at_s).len()).max().unwrap_or(0);
    let line = |step: &super::Scaling| {
        format!("  {:>width$}  {}  {} -> {}\n", at(step.at_s), step.node, step.from, step.to)
    };
    let lines = report.scaling.iter().map(line).collect();
    titled("Instances in service", &shortened(lines, (8, 4)))
}

fn timeline(report: &Report) -> String {
    let width = report.timeline.iter().map(|moment| at(moment.at_s).len()).max().unwrap_or(0);
    let line = |moment: &Moment| {
        let node = moment.node.as_deref().map_or(String::new(), |node| format!("{node}: "));
        let text = format!("{node}{}", moment.what);
        let indent = width + 4;
        let wrapped = wrapped(&text, WIDTH - indent).join(&format!("\n{:indent$}", ""));
        format!("  {:>width$}  {wrapped}\n", at(moment.at_s))
    };
    let lines = report.timeline.iter().map(line).collect();
    titled("Timeline", &shortened(lines, TIMELINE))
}

fn recovery(report: &Report) -> String {
    let mut table = Table::new(&["", "", ""]).left(&[1, 2]);
    for one in &report.recovery {
        table.row(vec![at(one.at_s), format!("{}: {}", one.node, one.what), one.outcome()]);
    }
    let lines = table.body().split_inclusive('\n').map(str::to_owned).collect();
    titled("Disturbances", &shortened(lines, TIMELINE))
}

/// The first and the last lines of many, and how many were left out between.
fn shortened(lines: Vec<String>, (first, last): (usize, usize)) -> String {
    if lines.len() <= first + last + 1 {
        return lines.concat();
    }
    let left_out = lines.len() - first - last;
    let more = format!("  ... {} more, all of them in --format json\n", count(left_out as u64));
    format!("{}{more}{}", lines[..first].concat(), lines[lines.len() - last..].concat())
}

fn origin(report: &Report) -> String {
    let warmup = match report.warmup_s {
        s if s > 0.0 => format!(", of which the first {} are warm-up and not measured", at(s)),
        _ => String::new(),
    };
    let mut body = format!("  {} simulated{warmup}\n", at(report.simulated_s));
    body.push_str(&format!(
        "  busyhour {}, scenario {}, seed {}, digest {}\n",
        report.version, report.scenario_hash, report.seed, report.digest
    ));
    if let (Some(cpu), Some(speed)) =
        (report.engine.cpu_seconds, report.engine.requests_per_cpu_second)
    {
        let (events, ms) = (count(report.engine.events), duration_ms(cpu * 1e3));
        let speed = significant(speed);
        body.push_str(&format!(
            "  {events} events in {ms} of CPU time: {speed} requests a second\n"
        ));
    }
    if let Some(command) = &report.command {
        body.push_str(&format!("  repeat: {command}\n"));
    }
    titled("This run", &body)
}
