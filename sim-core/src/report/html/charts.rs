//! Which figures the page has, and what each shows.

use super::super::figures::{count, duration_ms, percent, significant};
use super::super::frames::{FrameReport, PartFrameReport};
use super::super::objectives::{ObjectiveReport, Unit};
use super::super::story::words;
use super::super::{LatencyMap, Report};
use super::axis::Scale;
use super::figure::{Figure, Key, Mark, Rule, Series};
use super::heat;
use super::moments::{Course, Moment};
use super::paths::{Pen, Values, stacked};

/// Lines or layers of a figure at most: as many as can be told apart.
const SERIES_MAX: usize = 6;
/// What is less than this part of the rest cannot be seen beside it.
const LITTLE: f64 = 0.005;
/// The slowest percentile over the median from which a linear axis would hide one of them.
const WIDE: f64 = 20.0;

/// How values become shapes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Lines,
    Steps,
    Layers,
}

/// Every figure that has something to show.
pub(super) fn all(report: &Report, course: &Course<'_>) -> Vec<Figure<'static>> {
    let mut figures = vec![traffic(report, course)];
    figures.extend(losses(report, course));
    if let Some(map) = report.latency_map.as_ref().filter(|map| !map.edges_ms.is_empty()) {
        figures.push(latency(report, course));
        figures.extend(heat_map(report, course, map));
    }
    figures.extend(utilisation(report, course));
    figures.extend(queues(report, course));
    figures.extend(whereabouts(report, course));
    figures.extend(instances(report, course));
    figures.extend(cost(report, course));
    figures
}

fn per_second(rate: f64) -> String {
    format!("{}/s", significant(rate))
}

fn most(series: &[Series]) -> f64 {
    series.iter().map(Series::most).fold(0.0, f64::max)
}

impl Series {
    fn most(&self) -> f64 {
        self.values.iter().flatten().copied().fold(0.0, f64::max)
    }
}

/// A figure of named values in one shape.
fn plain(
    (id, title, note): (&'static str, &'static str, String),
    course: &Course<'_>,
    (shape, scale, say): (Shape, Scale, fn(f64) -> String),
    series: Vec<Series>,
) -> Figure<'static> {
    let pen = Pen { course, scale };
    let class = |index: usize| match shape {
        Shape::Lines | Shape::Steps => format!("s{index} line"),
        Shape::Layers => format!("s{index} fill"),
    };
    let values: Vec<&Values> = series.iter().map(|series| &series.values).collect();
    let mut floor = vec![Some(0.0); course.moments.len()];
    let mut paths = Vec::new();
    match shape {
        Shape::Lines => paths.extend(values.iter().map(|values| pen.line(values))),
        Shape::Steps => paths.extend(values.iter().map(|values| pen.steps(values))),
        Shape::Layers => {
            for top in stacked(&values) {
                paths.push(pen.between(&floor, &top));
                floor = top;
            }
        }
    }
    let key = |(index, series): (usize, &Series)| {
        let name = format!("{}, most {}", series.name, say(series.most()));
        Key { class: class(index), name }
    };
    let keys = series.iter().enumerate().map(key).collect();
    let mark = |(index, path)| Mark { class: class(index), path };
    let marks = paths.into_iter().enumerate().map(mark).collect();
    let (table, rules) = (series, Vec::new());
    Figure { id, title, note, keys, marks, rules, scale, say, table, say_cell: say }
}

/// Objectives as lines across a figure; those of one bound are one line.
fn rules(report: &Report, fits: impl Fn(&ObjectiveReport) -> bool) -> Vec<Rule> {
    let mut rules: Vec<Rule> = Vec::new();
    for objective in report.objectives.iter().filter(|objective| fits(objective)) {
        match rules.iter_mut().find(|rule| rule.at == objective.bound) {
            Some(rule) => rule.name = format!("{}, {}", rule.name, objective.expression),
            None => rules.push(Rule { name: objective.expression.clone(), at: objective.bound }),
        }
    }
    rules
}

/// Objectives on latencies, of any class of requests.
fn latency_rules(report: &Report) -> Vec<Rule> {
    rules(report, |objective| objective.unit == Unit::Ms)
}

fn traffic(report: &Report, course: &Course<'_>) -> Figure<'static> {
    let rate = |name: &str, of: fn(&FrameReport) -> u64| Series {
        name: name.to_owned(),
        values: course.series(|moment| moment.rate(of)),
    };
    let series = vec![
        rate("asked", |frame| frame.requests.issued),
        rate("answered", |frame| frame.requests.completed),
        rate("lost", |frame| frame.requests.failed),
    ];
    let note = format!(
        "Requests a second, each point the mean of {}. {} asked, {} answered, {} lost in all.",
        course.step(),
        count(report.requests.issued),
        count(report.requests.completed),
        count(report.requests.failed),
    );
    let of_all = |one: &ObjectiveReport| one.unit == Unit::PerSecond && one.class.is_none();
    let rules = rules(report, of_all);
    let top = rules.iter().map(|rule| rule.at).fold(most(&series), f64::max);
    let form = (Shape::Lines, Scale::up_to(top), per_second as fn(f64) -> String);
    Figure { rules, ..plain(("traffic", "Traffic", note), course, form, series) }
}

fn losses(report: &Report, course: &Course<'_>) -> Option<Figure<'static>> {
    let mut series: Vec<Series> = Vec::new();
    for (cause, _) in report.causes() {
        let of = |frame: &FrameReport| frame.failures.get(cause).copied().unwrap_or(0);
        series.push(Series { name: words(cause), values: course.series(|moment| moment.rate(of)) });
    }
    let head = |note| ("losses", "Losses by cause", note);
    layered(
        head,
        "Requests lost a second, by cause, on top of each other.",
        course,
        (series, per_second),
    )
}

/// Layers, the largest first; those beyond what can be told apart become one. `None` if all are 0.
fn layered(
    head: impl Fn(String) -> (&'static str, &'static str, String),
    note: &str,
    course: &Course<'_>,
    (mut series, say): (Vec<Series>, fn(f64) -> String),
) -> Option<Figure<'static>> {
    let total = |series: &Series| series.values.iter().flatten().sum::<f64>();
    series.retain(|series| series.most() > 0.0);
    series.sort_by(|a, b| total(b).total_cmp(&total(a)));
    let least = series.iter().map(total).sum::<f64>() * LITTLE;
    let large = series.iter().take_while(|series| total(series) >= least).count();
    if series.len() > SERIES_MAX.min(large + 1) {
        let rest = series.split_off(large.min(SERIES_MAX - 1));
        let layers: Vec<&Values> = rest.iter().map(|series| &series.values).collect();
        let values = stacked(&layers).pop().unwrap_or_default();
        series.push(Series { name: format!("{} others", rest.len()), values });
    }
    let layers: Vec<&Values> = series.iter().map(|series| &series.values).collect();
    let top = stacked(&layers).pop()?.into_iter().flatten().fold(0.0, f64::max);
    let form = (Shape::Layers, Scale::up_to(top), say);
    Some(plain(head(note.to_owned()), course, form, series))
}

fn latency(report: &Report, course: &Course<'_>) -> Figure<'static> {
    let at = |name: &str, of: fn(&Moment<'_>) -> Option<f64>| Series {
        name: name.to_owned(),
        values: course.series(of),
    };
    let series = vec![
        at("p50", |moment| moment.window.p50_ms),
        at("p95", |moment| moment.window.p95_ms),
        at("p99", |moment| moment.window.p99_ms),
    ];
    let rules = latency_rules(report);
    let low = series[0].values.iter().flatten().copied().fold(f64::INFINITY, f64::min);
    let high = rules.iter().map(|rule| rule.at).fold(most(&series), f64::max);
    let wide = low > 0.0 && high > WIDE * low;
    let scale = if wide {
        Scale::ratios(rules.iter().map(|rule| rule.at).fold(low, f64::min), high)
    } else {
        Scale::up_to(high)
    };
    let axis = if wide { " The axis is logarithmic: each step up is a multiple." } else { "" };
    let note = format!("Of the requests answered in each {}.{axis}", course.step());
    let pen = Pen { course, scale };
    let [p50, p95, p99] = [0, 1, 2].map(|index: usize| &series[index].values);
    let mark = |class: &str, path: String| Mark { class: class.to_owned(), path };
    let key = |class: &str, name: &str| Key { class: class.to_owned(), name: name.to_owned() };
    Figure {
        id: "latency",
        title: "Latency",
        note,
        keys: vec![
            key("s0 line", "half are faster (p50)"),
            key("s0 band near", "p50 to p95"),
            key("s0 band far", "p95 to p99"),
        ],
        marks: vec![
            mark("s0 band far", pen.between(p95, p99)),
            mark("s0 band near", pen.between(p50, p95)),
            mark("s0 line", pen.line(p50)),
        ],
        rules,
        scale,
        say: duration_ms,
        table: series,
        say_cell: duration_ms,
    }
}

fn heat_map(report: &Report, course: &Course<'_>, map: &LatencyMap) -> Option<Figure<'static>> {
    let scale = map.scale()?;
    let pen = Pen { course, scale };
    let median = course.series(|moment| moment.window.p50_ms);
    let mut marks = heat::cells(map, &pen);
    marks.push(Mark { class: "over line".to_owned(), path: pen.line(&median) });
    let within = |rule: &Rule| (f64::EPSILON..1.0).contains(&scale.place(rule.at));
    let mut keys = heat::keys(map);
    keys.push(Key { class: "over line".to_owned(), name: "p50".to_owned() });
    Some(Figure {
        id: "heat",
        title: "Every answer",
        note: format!(
            "How many requests took how long: the stronger a cell's colour, the more. Columns are \
             {} wide, four rows double the latency.",
            course.step()
        ),
        keys,
        marks,
        rules: latency_rules(report).into_iter().filter(within).collect(),
        scale,
        say: duration_ms,
        table: heat::columns(map),
        say_cell: significant,
    })
}

/// A figure of every resource of every node over time, named `node resource`.
fn resources(
    report: &Report,
    course: &Course<'_>,
    of: impl Fn(&PartFrameReport, &str) -> Option<f64>,
) -> Vec<Vec<Series>> {
    let mut nodes = Vec::new();
    for (node, figures) in &report.nodes {
        let limited = figures.resources.iter().filter(|(_, resource)| resource.capacity > 0.0);
        let series = limited.map(|(resource, _)| Series {
            name: if figures.resources.len() > 1 {
                format!("{node} {resource}")
            } else {
                node.clone()
            },
            values: course
                .series(|moment| moment.mean(|frame| of(frame.parts.get(node)?, resource))),
        });
        nodes.push(series.collect());
    }
    nodes
}

/// The highest ones, in the order of the nodes, without those too low to be seen beside them; and
/// how many were left out.
fn highest(mut series: Vec<Series>) -> (Vec<Series>, String) {
    let mut peaks: Vec<f64> = series.iter().map(Series::most).collect();
    peaks.sort_by(|a, b| b.total_cmp(a));
    let all = series.len();
    let least = peaks.get(SERIES_MAX - 1).or(peaks.last()).copied().unwrap_or(0.0);
    let least = least.max(peaks.first().copied().unwrap_or(0.0) * LITTLE);
    series.retain(|series| series.most() >= least);
    series.truncate(SERIES_MAX);
    let more = match all - series.len() {
        0 => String::new(),
        1 => " One more is hardly above 0 beside them.".to_owned(),
        more => format!(" {more} more are hardly above 0 beside them."),
    };
    (series, more)
}

fn utilisation(report: &Report, course: &Course<'_>) -> Option<Figure<'static>> {
    let used = |part: &PartFrameReport, resource: &str| {
        part.resources.get(resource).map(|figures| figures.utilisation)
    };
    let found = &report.bottleneck;
    let limit = found.node.as_ref().zip(found.resource.as_ref());
    let limit = limit.map(|(node, resource)| format!("{node} {resource}"));
    let busiest = |mut series: Vec<Series>| {
        series.sort_by(|a, b| b.most().total_cmp(&a.most()));
        let limits = |series: &Series| Some(&series.name) == limit.as_ref();
        let mut kept = 0..;
        series.retain(|series| kept.next() == Some(0) || limits(series));
        series
    };
    let all = resources(report, course, used).into_iter().flat_map(busiest);
    let (series, more) = highest(all.collect());
    let scale = Scale::up_to(most(&series).max(1.0));
    let note = format!(
        "How much of each node's busiest resource was held. At 100 % whoever comes waits.{more}"
    );
    let head = ("utilisation", "Utilisation", note);
    (!series.is_empty()).then(|| plain(head, course, (Shape::Lines, scale, percent), series))
}

fn queues(report: &Report, course: &Course<'_>) -> Option<Figure<'static>> {
    let queued = |part: &PartFrameReport, resource: &str| {
        part.resources.get(resource).map(|figures| figures.queue_mean)
    };
    let all = resources(report, course, queued).into_iter().flatten();
    let (series, more) = highest(all.filter(|series| series.most() > 0.0).collect());
    let note = format!("Requests in line on average, by what they wait for.{more}");
    let form = (Shape::Lines, Scale::up_to(most(&series)), significant as fn(f64) -> String);
    (!series.is_empty()).then(|| plain(("queues", "Queues", note), course, form, series))
}

type InPart = fn(&PartFrameReport) -> f64;

/// What requests do where.
const DOINGS: [(&str, InPart); 3] = [
    ("waiting", |part| part.waiting),
    ("working", |part| part.working),
    ("travelling", |part| part.travelling),
];

fn whereabouts(report: &Report, course: &Course<'_>) -> Option<Figure<'static>> {
    let mut series = Vec::new();
    for node in report.nodes.keys() {
        for (doing, of) in DOINGS {
            let inside = |frame: &FrameReport| frame.parts.get(node).map(of);
            series.push(Series {
                name: format!("{node}: {doing}"),
                values: course.series(|moment| moment.mean(inside)),
            });
        }
    }
    let note = "Requests inside the cluster on average, by where they are and whether they wait: \
                the area is the time that users spend.";
    let head = |note| ("whereabouts", "Where requests spend their time", note);
    layered(head, note, course, (series, significant))
}

fn instances(report: &Report, course: &Course<'_>) -> Option<Figure<'static>> {
    let several = report.nodes.iter().filter(|(node, figures)| {
        figures.instances.max > 1 || report.scaling.iter().any(|step| step.node == **node)
    });
    let series = several.map(|(node, _)| Series {
        name: node.clone(),
        values: course.series(|moment| {
            let last = moment.frames.last()?;
            last.parts.get(node).map(|part| f64::from(part.instances))
        }),
    });
    let (series, more) = highest(series.collect());
    let note = format!("Instances in service, of nodes that have or had several.{more}");
    let form = (Shape::Steps, Scale::up_to(most(&series)), significant as fn(f64) -> String);
    (!series.is_empty()).then(|| plain(("instances", "Instances", note), course, form, series))
}

fn cost(report: &Report, course: &Course<'_>) -> Option<Figure<'static>> {
    let cost = report.cost.as_ref()?;
    let mut series = Vec::new();
    for (name, _) in cost.nodes.iter().filter(|(_, node)| node.has_instances()) {
        let price = |frame: &FrameReport| frame.parts.get(name)?.usd_per_hour;
        let values = course.series(|moment| moment.mean(price));
        series.push(Series { name: name.clone(), values });
    }
    if series.is_empty() {
        return None;
    }
    let note = "What the instances in service cost an hour, on top of each other.";
    let head = |note| ("spending", "Cost", note);
    layered(head, note, course, (series, |usd| Unit::UsdPerHour.say(usd)))
}
