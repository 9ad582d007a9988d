//! What the charts show: lines, bands and rules on one time axis, from the rows known so far.

mod numbers;
mod read;

use std::rc::Rc;

use sim_core::figures::{count, significant};
use sim_core::{LatencyMap, ObjectiveReport, Report, Scale, Unit};

pub use self::numbers::Numbers;
use self::read::{Merge, Reader};
use super::axes::Axes;
use crate::rows::{Column, Table};

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
    /// The cells behind the lines, where there are such.
    pub map: Option<LatencyMap>,
    /// The stretch of time that is shown, from and to, s.
    pub span: (f64, f64),
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

    /// The lines on top of each other: what each one reaches with those before it below it.
    #[must_use]
    pub fn tops(&self) -> Vec<Vec<Point>> {
        let length = self.lines.first().map_or(0, |line| line.points.len());
        let mut sums = vec![0.0; length];
        let mut tops = Vec::new();
        for line in &self.lines {
            let sum = |(sum, (at_s, value)): (&mut f64, &Point)| {
                *sum += value.unwrap_or(0.0);
                (*at_s, Some(*sum))
            };
            tops.push(sums.iter_mut().zip(&line.points).map(sum).collect());
        }
        tops
    }

    /// Whether equal ratios are of equal height.
    #[must_use]
    pub fn has_ratios(&self) -> bool {
        matches!(self.scale, Scale::Log(..))
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
    /// Areas on top of each other, the first one lowest.
    Layers,
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

    /// Its value at a time, s: that of the window around it; where one ends and one begins, of the
    /// later, as in the picture.
    #[must_use]
    pub fn at(&self, at_s: f64) -> Option<f64> {
        let after = self.points.partition_point(|(middle_s, _)| *middle_s < at_s);
        let near = [Some(after), after.checked_sub(1)].into_iter().flatten();
        let distance = |index: &usize| (self.points[*index].0 - at_s).abs();
        let found = near
            .filter(|index| *index < self.points.len())
            .min_by(|a, b| distance(a).total_cmp(&distance(b)))?;
        self.points[found].1
    }
}

fn most(lines: &[Line]) -> f64 {
    lines.iter().map(Line::most).fold(0.0, f64::max)
}

/// Every chart that has something to show.
#[must_use]
pub fn figures(report: &Report, table: &Table, axes: &Axes) -> Vec<Rc<Figure>> {
    let span = axes.span(report.duration_s);
    let reader = Reader::of(table, span);
    let mut all = vec![traffic(report, &reader)];
    all.extend(losses(report, &reader));
    all.push(latency(report, &reader, axes.ratios));
    all.extend(heat(report, &reader));
    all.extend(utilisation(report, &reader));
    all.extend(queues(report, &reader));
    all.extend(instances(report, &reader));
    all.extend(cost(report, &reader));
    all.into_iter().map(|figure| Rc::new(Figure { span, ..figure })).collect()
}

/// A figure of lines; its span is set for all figures together.
fn plain(
    (id, title, note): (&'static str, &'static str, String),
    lines: Vec<Line>,
    (scale, unit): (Scale, Option<Unit>),
) -> Figure {
    let (shape, map, span, rules) = (Shape::Lines, None, (0.0, 0.0), Vec::new());
    Figure { id, title, note, lines, shape, map, span, rules, scale, unit }
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
    let head = ("traffic", "Traffic", "Requests a second.".to_owned());
    Figure { rules, ..plain(head, lines, (Scale::up_to(top), Some(Unit::PerSecond))) }
}

/// Objectives on latencies, of any class of requests.
fn latency_rules(report: &Report) -> Vec<(String, f64)> {
    rules(report, |objective| objective.unit == Unit::Ms)
}

fn latency(report: &Report, reader: &Reader<'_>, ratios: Option<bool>) -> Figure {
    let lines = vec![
        reader.line("p50", Column::P50, Merge::Most),
        reader.line("p95", Column::P95, Merge::Most),
        reader.line("p99", Column::P99, Merge::Most),
    ];
    let rules = latency_rules(report);
    let bounds = || rules.iter().map(|(_, at)| *at);
    let (low, high) = (lines[0].least(), bounds().fold(most(&lines), f64::max));
    let possible = low.is_finite() && low > 0.0;
    let wide = possible && ratios.unwrap_or(high > WIDE * low);
    let scale =
        if wide { Scale::ratios(bounds().fold(low, f64::min), high) } else { Scale::up_to(high) };
    let axis = if wide { " Each step up the axis is a multiple." } else { "" };
    let note = format!("Half are faster than the line; the bands reach to p95 and to p99.{axis}");
    let head = ("latency", "Latency", note);
    Figure { rules, shape: Shape::Bands, ..plain(head, lines, (scale, Some(Unit::Ms))) }
}

/// How many requests took how long.
fn heat(report: &Report, reader: &Reader<'_>) -> Option<Figure> {
    let map = reader.latency_map();
    let scale = map.scale()?;
    let lines = vec![reader.line("p50", Column::P50, Merge::Most)];
    let within = |rule: &(String, f64)| (f64::EPSILON..1.0).contains(&scale.place(rule.1));
    let note = "How many requests took how long: the stronger a cell's colour, the more. Four \
                rows double the latency.";
    let head = ("heat", "Every answer", note.to_owned());
    let rules = latency_rules(report).into_iter().filter(within).collect();
    Some(Figure { rules, map: Some(map), ..plain(head, lines, (scale, Some(Unit::Ms))) })
}

fn losses(report: &Report, reader: &Reader<'_>) -> Option<Figure> {
    let causes = report.failures.keys();
    let line =
        |cause: &String| reader.line(&cause.replace('_', " "), Column::Cause(cause), Merge::Rate);
    let note = "Requests lost a second, by cause, on top of each other.";
    let head = ("losses", "Losses by cause", note);
    highest(head, causes.map(line).collect(), Some(Unit::PerSecond)).map(layered)
}

fn cost(report: &Report, reader: &Reader<'_>) -> Option<Figure> {
    let priced = report.cost.as_ref()?.nodes.keys();
    let line = |node: &String| reader.line(node, Column::Cost(node), Merge::Mean);
    let note = "What the instances in service cost an hour, on top of each other.";
    let head = ("spending", "Cost", note);
    highest(head, priced.map(line).collect(), Some(Unit::UsdPerHour)).map(layered)
}

/// The same with its lines on top of each other.
fn layered(figure: Figure) -> Figure {
    let top = figure.tops().pop().unwrap_or_default();
    let most = top.iter().filter_map(|(_, value)| *value).fold(0.0, f64::max);
    Figure { shape: Shape::Layers, scale: Scale::up_to(most), ..figure }
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
    let scale = Scale::up_to(most(&lines));
    (!lines.is_empty()).then(|| plain((id, title, note), lines, (scale, unit)))
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
    use crate::session::tests::{OVERLOADED, played, played_text};
    use crate::state::axes::Zoom;

    fn table(report: &Report) -> Table {
        let layout = Layout::of(report);
        let mut rows = Vec::new();
        for frame in report.frames.as_ref().unwrap() {
            let (quick, slow) =
                (frame.requests.completed / 2, frame.requests.completed.div_ceil(2));
            layout.push(frame, &vec![(80, quick), (90, slow)], &mut rows);
        }
        let mut table = Table::new(layout);
        table.take(0, &rows);
        table
    }

    /// A scenario's charts. Of its latencies one half is 1 ms, the other one 6 ms.
    pub(super) fn drawn(name: &str) -> (Report, Vec<Rc<Figure>>) {
        let report = played(name);
        let figures = figures(&report, &table(&report), &Axes::default());
        (report, figures)
    }

    #[test]
    fn the_heat_map_counts_every_answer_and_costs_add_up() {
        let report = played_text("small", OVERLOADED);
        let all = figures(&report, &table(&report), &Axes::default());
        let figure = |id: &str| all.iter().find(|figure| figure.id == id).unwrap();
        let map = figure("heat").map.as_ref().unwrap();
        let answered: u64 = map.windows.iter().flat_map(|window| &window.counts).sum();
        assert_eq!(answered, report.requests.completed);
        assert!(map.windows.len() <= 200 && map.edges_ms.len() == 12, "{:?}", map.edges_ms);
        let spending = figure("spending");
        assert_eq!(spending.shape, Shape::Layers);
        let mean: f64 = spending.lines.iter().map(mean).sum();
        let wanted = report.cost.as_ref().unwrap().usd_per_hour;
        assert!((mean / wanted - 1.0).abs() < 0.01, "{mean} {wanted}");
    }

    fn mean(line: &Line) -> f64 {
        let values = || line.points.iter().filter_map(|(_, value)| *value);
        values().sum::<f64>() / values().count() as f64
    }

    #[test]
    fn latencies_stand_in_steps_or_in_ratios_as_one_likes() {
        let report = played("dead-peer");
        let (table, mut axes) = (table(&report), Axes::default());
        let mut ratios = |wanted| {
            axes.ratios = wanted;
            let all = figures(&report, &table, &axes);
            all.iter().find(|figure| figure.id == "latency").unwrap().has_ratios()
        };
        assert_eq!([Some(false), Some(true), Some(false)].map(&mut ratios), [false, true, false]);
    }

    #[test]
    fn a_closer_look_shows_a_stretch_on_its_own_scale() {
        let report = played("dead-peer");
        let (table, mut axes) = (table(&report), Axes::default());
        let end_s = report.duration_s;
        axes.zoom(Zoom::To(end_s / 4.0, end_s / 2.0), (0.0, end_s));
        for figure in figures(&report, &table, &axes) {
            assert_eq!(figure.span, (end_s / 4.0, end_s / 2.0));
            for line in &figure.lines {
                let inside = |at_s: f64| (end_s * 0.24..end_s * 0.51).contains(&at_s);
                assert!(line.points.iter().all(|(at_s, _)| inside(*at_s)), "{}", figure.id);
            }
        }
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
        // at the end of a frame the next one is shown, as in the picture
        let line = &traffic.lines[0];
        assert_eq!(line.at(frame.start_s), Some(shown));
        assert_ne!(line.at(frame.start_s - 1e-6), Some(shown));
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
    fn at_most_six_lines_are_drawn_and_the_rest_is_said() {
        let line = |height: f64| Line { name: String::new(), points: vec![(0.0, Some(height))] };
        let lines = (0..9).map(|height| line(f64::from(height))).collect();
        let figure = highest(("q", "Q", "Note."), lines, None).unwrap();
        assert_eq!(figure.lines.len(), 6);
        assert_eq!(figure.note, "Note. 2 lower ones are left out.");
        assert_eq!(highest(("q", "Q", ""), vec![line(0.0)], None), None);
    }

    #[test]
    fn layers_stand_on_each_other() {
        let line = |height: f64| Line { name: String::new(), points: vec![(0.0, Some(height))] };
        let lines = vec![line(2.0), line(3.0)];
        let figure = layered(highest(("q", "Q", ""), lines, None).unwrap());
        assert_eq!(figure.tops(), [vec![(0.0, Some(2.0))], vec![(0.0, Some(5.0))]]);
        assert!((0.9..1.0).contains(&figure.scale.place(5.0)));
    }
}
