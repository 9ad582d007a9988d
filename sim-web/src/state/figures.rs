//! What the charts show: lines, bands and rules on one time axis, from the rows known so far.

use std::rc::Rc;

use sim_core::figures::{count, significant};
use sim_core::{ObjectiveReport, Report, Scale, Unit};

use crate::rows::{Column, END, START, Table};

/// Points of a line at most: neighbouring rows become one point where there are more.
const POINTS_MAX: usize = 1_000;
/// Lines of a chart at most: as many as can be told apart.
const LINES_MAX: usize = 6;
/// The slowest percentile over the median from which a linear axis would hide one of them.
const WIDE: f64 = 20.0;

/// A chart, ready to be drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// Its name in the page.
    pub id: &'static str,
    /// Its title.
    pub title: &'static str,
    /// What is to be seen, in a sentence.
    pub note: String,
    /// What is drawn, in the order of the legend.
    pub lines: Vec<Line>,
    /// How lines are drawn.
    pub shape: Shape,
    /// What must hold, as lines across: name and value.
    pub rules: Vec<(String, f64)>,
    /// The vertical axis.
    pub scale: Scale,
    /// What values are measured in; `None` for plain numbers.
    pub unit: Option<Unit>,
}

impl Figure {
    /// A value with its unit, for people.
    #[must_use]
    pub fn say(&self, value: f64) -> String {
        self.unit.map_or_else(|| significant(value), |unit| unit.say(value))
    }
}

/// How lines are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// From point to point.
    Lines,
    /// Each value for as long as it lasts.
    Steps,
    /// The first as a line, and bands from each to the next.
    Bands,
}

/// The middle of a window, s, and the value in it; `None` where there is none.
pub type Point = (f64, Option<f64>);

/// A named value over time.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// What it is.
    pub name: String,
    /// One for each window.
    pub points: Vec<Point>,
}

impl Line {
    fn most(&self) -> f64 {
        self.points.iter().filter_map(|(_, value)| *value).fold(0.0, f64::max)
    }

    fn least(&self) -> f64 {
        self.points.iter().filter_map(|(_, value)| *value).fold(f64::INFINITY, f64::min)
    }

    /// Its value at a time, s: that of the window around it.
    #[must_use]
    pub fn at(&self, at_s: f64) -> Option<f64> {
        let after = self.points.partition_point(|(middle_s, _)| *middle_s < at_s);
        let near = [after.checked_sub(1), Some(after)].into_iter().flatten();
        let distance = |index: &usize| (self.points[*index].0 - at_s).abs();
        let found = near
            .filter(|index| *index < self.points.len())
            .min_by(|a, b| distance(a).total_cmp(&distance(b)))?;
        self.points[found].1
    }
}

/// How neighbouring rows become one point.
#[derive(Clone, Copy)]
enum Merge {
    /// Counts: added up, and told per second.
    Rate,
    /// Averages over time.
    Mean,
    /// The largest one.
    Most,
}

/// Reads lines off the rows.
struct Reader<'a> {
    table: &'a Table,
    /// Rows that make one point.
    width: usize,
}

impl Reader<'_> {
    fn line(&self, name: &str, column: Column<'_>, merge: Merge) -> Line {
        let rows = self.table.len();
        let points = self.table.place(column).map_or(Vec::new(), |place| {
            let from = (0..rows).step_by(self.width);
            from.map(|from| self.point((from, self.width.min(rows - from)), place, merge)).collect()
        });
        Line { name: name.to_owned(), points }
    }

    fn point(&self, (from, count): (usize, usize), place: usize, merge: Merge) -> Point {
        let start_s = |row| self.table.at(row, START).unwrap_or(0.0);
        let end_s = |row| self.table.at(row, END).unwrap_or(0.0);
        let (mut sum, mut span, mut most) = (0.0, 0.0, None);
        for row in from..from + count {
            let Some(value) = self.table.at(row, place) else { continue };
            let length = end_s(row) - start_s(row);
            sum += if matches!(merge, Merge::Rate) { value } else { value * length };
            span += length;
            most = Some(f64::max(value, most.unwrap_or(value)));
        }
        let mean = (span > 0.0).then(|| sum / span);
        let middle_s = (start_s(from) + end_s(from + count - 1)) / 2.0;
        (middle_s, if matches!(merge, Merge::Most) { most } else { mean })
    }
}

fn most(lines: &[Line]) -> f64 {
    lines.iter().map(Line::most).fold(0.0, f64::max)
}

/// Every chart that has something to show.
#[must_use]
pub fn figures(report: &Report, table: &Table) -> Vec<Rc<Figure>> {
    let reader = Reader { table, width: table.len().div_ceil(POINTS_MAX).max(1) };
    let mut all = vec![traffic(report, &reader), latency(report, &reader)];
    all.extend(losses(report, &reader));
    all.extend(utilisation(report, &reader));
    all.extend(queues(report, &reader));
    all.extend(instances(report, &reader));
    all.into_iter().map(Rc::new).collect()
}

/// Objectives as lines across a chart; those of one bound are one line.
fn rules(report: &Report, fits: impl Fn(&ObjectiveReport) -> bool) -> Vec<(String, f64)> {
    let mut rules: Vec<(String, f64)> = Vec::new();
    for objective in report.objectives.iter().filter(|objective| fits(objective)) {
        match rules.iter_mut().find(|(_, at)| *at == objective.bound) {
            Some((name, _)) => *name = format!("{name}, {}", objective.expression),
            None => rules.push((objective.expression.clone(), objective.bound)),
        }
    }
    rules
}

fn traffic(report: &Report, reader: &Reader<'_>) -> Figure {
    let lines = vec![
        reader.line("asked", Column::Issued, Merge::Rate),
        reader.line("answered", Column::Completed, Merge::Rate),
        reader.line("lost", Column::Failed, Merge::Rate),
    ];
    let rules = rules(report, |one| one.unit == Unit::PerSecond && one.class.is_none());
    let top = rules.iter().map(|(_, at)| *at).fold(most(&lines), f64::max);
    let note = "Requests a second.".to_owned();
    let (shape, scale, unit) = (Shape::Lines, Scale::up_to(top), Some(Unit::PerSecond));
    Figure { id: "traffic", title: "Traffic", note, lines, shape, rules, scale, unit }
}

fn latency(report: &Report, reader: &Reader<'_>) -> Figure {
    let lines = vec![
        reader.line("p50", Column::P50, Merge::Most),
        reader.line("p95", Column::P95, Merge::Most),
        reader.line("p99", Column::P99, Merge::Most),
    ];
    let rules = rules(report, |objective| objective.unit == Unit::Ms);
    let bounds = || rules.iter().map(|(_, at)| *at);
    let (low, high) = (lines[0].least(), bounds().fold(most(&lines), f64::max));
    let wide = low.is_finite() && low > 0.0 && high > WIDE * low;
    let scale =
        if wide { Scale::ratios(bounds().fold(low, f64::min), high) } else { Scale::up_to(high) };
    let axis = if wide { " Each step up the axis is a multiple." } else { "" };
    let note = format!("Half are faster than the line; the bands reach to p95 and to p99.{axis}");
    let (shape, unit) = (Shape::Bands, Some(Unit::Ms));
    Figure { id: "latency", title: "Latency", note, lines, shape, rules, scale, unit }
}

fn losses(report: &Report, reader: &Reader<'_>) -> Option<Figure> {
    let causes = report.failures.keys();
    let line =
        |cause: &String| reader.line(&cause.replace('_', " "), Column::Cause(cause), Merge::Rate);
    let note = "Requests lost a second, by cause.";
    highest(("losses", "Losses by cause", note), causes.map(line).collect(), Some(Unit::PerSecond))
}

/// The lines that rise highest, in their order; `None` if none rises above 0.
fn highest(
    (id, title, note): (&'static str, &'static str, &str),
    mut lines: Vec<Line>,
    unit: Option<Unit>,
) -> Option<Figure> {
    lines.retain(|line| line.most() > 0.0);
    let mut peaks: Vec<f64> = lines.iter().map(Line::most).collect();
    peaks.sort_by(|a, b| b.total_cmp(a));
    let least = peaks.get(LINES_MAX - 1).copied().unwrap_or(0.0);
    let all = lines.len();
    lines.retain(|line| line.most() >= least);
    lines.truncate(LINES_MAX);
    let note = match all - lines.len() {
        0 => note.to_owned(),
        more => format!("{note} {} lower ones are left out.", count(more as u64)),
    };
    let (shape, rules, scale) = (Shape::Lines, Vec::new(), Scale::up_to(most(&lines)));
    (!lines.is_empty()).then_some(Figure { id, title, note, lines, shape, rules, scale, unit })
}

/// Every resource of every node that has places, named as people would.
fn resources(report: &Report) -> impl Iterator<Item = (&str, &str, String)> {
    report.nodes.iter().flat_map(|(node, figures)| {
        let only = figures.resources.len() == 1;
        figures.resources.keys().map(move |resource| {
            let name = if only { node.clone() } else { format!("{node} {resource}") };
            (&node[..], &resource[..], name)
        })
    })
}

fn utilisation(report: &Report, reader: &Reader<'_>) -> Option<Figure> {
    let line = |(node, resource, name): (&str, &str, String)| {
        reader.line(&name, Column::Utilisation(node, resource), Merge::Mean)
    };
    let all: Vec<Line> = resources(report).map(line).collect();
    let note = "How much of each resource was held. At 100 % whoever comes waits.";
    let mut figure = highest(("utilisation", "Utilisation", note), all, Some(Unit::Share))?;
    figure.scale = Scale::up_to(most(&figure.lines).max(1.0));
    Some(figure)
}

fn queues(report: &Report, reader: &Reader<'_>) -> Option<Figure> {
    let line = |(node, resource, name): (&str, &str, String)| {
        reader.line(&name, Column::Queue(node, resource), Merge::Mean)
    };
    let all = resources(report).map(line).collect();
    let note = "Requests in line on average, by what they wait for.";
    highest(("queues", "Queues", note), all, None)
}

fn instances(report: &Report, reader: &Reader<'_>) -> Option<Figure> {
    let line = |node: &String| reader.line(node, Column::Instances(node), Merge::Most);
    let mut lines: Vec<Line> = report.nodes.keys().map(line).collect();
    // a node that always was one instance has nothing to tell
    lines.retain(|line| line.most() > 1.0 || line.least() < 1.0);
    let note = "Instances in service, of nodes that have or had several.";
    let figure = highest(("instances", "Instances", note), lines, None)?;
    Some(Figure { shape: Shape::Steps, ..figure })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::Layout;
    use crate::session::tests::played;

    fn drawn(name: &str) -> (Report, Vec<Rc<Figure>>) {
        let report = played(name);
        let layout = Layout::of(&report);
        let mut rows = Vec::new();
        report.frames.as_ref().unwrap().iter().for_each(|frame| layout.push(frame, &mut rows));
        let mut table = Table::new(layout);
        table.take(0, &rows);
        let figures = figures(&report, &table);
        (report, figures)
    }

    #[test]
    fn charts_tell_what_the_frames_tell() {
        let (report, all) = drawn("dead-peer");
        let figure = |id: &str| all.iter().find(|figure| figure.id == id);
        let traffic = figure("traffic").unwrap();
        let frames = report.frames.as_ref().unwrap();
        let frame = &frames[frames.len() / 2];
        let middle_s = (frame.start_s + frame.end_s) / 2.0;
        let rate = frame.requests.issued as f64 / (frame.end_s - frame.start_s);
        let shown = traffic.lines[0].at(middle_s).unwrap();
        assert!((shown - rate).abs() < 1e-9 * rate, "{shown} {rate}");
        // as many lost as the report counts
        let width = frame.end_s - frame.start_s;
        let lost: f64 = traffic.lines[2].points.iter().filter_map(|(_, v)| *v).sum();
        let wanted = report.requests.failed as f64;
        assert!((lost * width - wanted).abs() <= 0.01 * wanted.max(1.0), "{lost} {wanted}");
        assert!(figure("latency").unwrap().lines.iter().all(|line| line.most() > 0.0));
        let top = figure("utilisation").unwrap().lines.iter().map(Line::most).fold(0.0, f64::max);
        assert!(top > 0.0 && top <= 1.0 + 1e-9, "{top}");
    }

    #[test]
    fn many_rows_become_fewer_points_and_lose_nothing() {
        let layout = Layout::of(&played("four-workers-forty-rps"));
        let mut table = Table::new(layout.clone());
        let mut rows = Vec::new();
        for row in 0..4_000 {
            let mut one = vec![0.0; layout.width()];
            (one[0], one[1], one[2], one[7]) = (row as f64, row as f64 + 1.0, 3.0, 5.0);
            if row == 1_234 {
                one[7] = 99.0;
            }
            rows.extend(one);
        }
        table.take(0, &rows);
        let reader = Reader { table: &table, width: 4 };
        let asked = reader.line("asked", Column::Issued, Merge::Rate);
        assert_eq!((asked.points.len(), asked.points[0]), (1_000, (2.0, Some(3.0))));
        let slow = reader.line("p99", Column::P99, Merge::Most);
        assert_eq!(slow.at(1_234.0), Some(99.0));
        assert_eq!(slow.most(), 99.0);
    }

    #[test]
    fn at_most_six_lines_are_drawn_and_the_rest_is_said() {
        let line = |height: f64| Line { name: String::new(), points: vec![(0.0, Some(height))] };
        let lines = (0..9).map(|height| line(f64::from(height))).collect();
        let figure = highest(("q", "Q", "Note."), lines, None).unwrap();
        assert_eq!(figure.lines.len(), 6);
        assert_eq!(figure.note, "Note. 2 lower ones are left out.");
        assert_eq!(highest(("q", "Q", ""), vec![line(0.0)], None), None);
    }
}
