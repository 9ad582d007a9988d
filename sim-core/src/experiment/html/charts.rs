//! Figures over time: a line per side with its band, all on one time axis.

use crate::engine::time::seconds;
use crate::experiment::course::{Course, Spread};
use crate::experiment::replications::Summary;
use crate::report::LatencyWindow;
use crate::report::figures::{duration_ms, percent, significant};
use crate::report::html::axis::Scale;
use crate::report::html::figure::{Figure, Key, Mark, Rule, Series};
use crate::report::html::flags::Backdrop;
use crate::report::html::markup::Markup;
use crate::report::html::moments;
use crate::report::html::paths::{Pen, Values};

/// Sides at most: as many as can be told apart.
const SIDES_MAX: usize = 6;
/// The largest mean over the smallest from which a linear axis would hide one of them.
const WIDE: f64 = 20.0;

/// One side of the charts.
pub(super) struct Side<'a> {
    summary: &'a Summary,
    course: &'a Course,
    /// Windows as a time axis wants them.
    windows: Vec<LatencyWindow>,
    /// Whether the least and the most of any run are shown too.
    extremes: bool,
}

impl<'a> Side<'a> {
    /// `None` if it was saved without figures over time.
    pub(super) fn of(summary: &'a Summary, extremes: bool) -> Option<Self> {
        let course = summary.course.as_ref()?;
        let ends = course.edges_s.windows(2);
        let window = |two: &[f64]| LatencyWindow {
            start_s: two[0],
            end_s: two[1],
            ..LatencyWindow::default()
        };
        Some(Side { summary, course, windows: ends.map(window).collect(), extremes })
    }

    fn axis(&self) -> moments::Course<'_> {
        let moment = |window| moments::Moment { frames: &[], window };
        let end_s = self.windows.last().map_or(0.0, |window| window.end_s);
        moments::Course { moments: self.windows.iter().map(moment).collect(), end_s }
    }
}

/// A figure of a course.
type Of = fn(&Course) -> &[Option<Spread>];

/// What a chart shows: its name, its title, the figure, how it is said, what it is of.
struct Subject {
    id: &'static str,
    title: &'static str,
    of: Of,
    say: fn(f64) -> String,
    note: &'static str,
    /// How an objective on it begins.
    asked: &'static [&'static str],
}

const SUBJECTS: [Subject; 3] = [
    Subject {
        id: "goodput",
        title: "Throughput",
        of: |course| &course.goodput_rps,
        say: |rate| format!("{}/s", significant(rate)),
        note: "Requests answered a second.",
        asked: &["goodput"],
    },
    Subject {
        id: "p95",
        title: "Latency p95",
        of: |course| &course.p95_ms,
        say: duration_ms,
        note: "95 % of the requests answered in each window were faster.",
        asked: &["latency p(95)", "latency p95", "p(95)", "p95"],
    },
    Subject {
        id: "errors",
        title: "Errors",
        of: |course| &course.errors,
        say: percent,
        note: "Share of the requests that ended in each window and failed.",
        asked: &["errors"],
    },
];

/// Writes every chart that has something to show.
pub(super) fn over_time(page: &mut Markup, sides: &[Side<'_>]) {
    let sides = &sides[..sides.len().min(SIDES_MAX)];
    let Some(first) = sides.first() else { return };
    page.open("section", &[("id", "charts")]);
    page.element("h2", &[], "Over time");
    let runs = first.summary.samples.len();
    let sure = percent(first.summary.confidence);
    let about = match (runs, first.extremes) {
        (1, _) => "One run each: lines without bands.".to_owned(),
        (_, true) => format!(
            "Lines are means over {runs} runs. Dark bands hold the mean ({sure} sure); light bands \
             reach from the smallest to the largest run."
        ),
        (_, false) => format!(
            "Lines are means over runs, bands hold the mean ({sure} sure). All sides share one \
             axis."
        ),
    };
    let warmup_s = first.summary.warmup.map_or(0.0, |warmup| seconds(warmup.nanos()));
    let hatched = if warmup_s > 0.0 { " Shaded: warm-up, not measured." } else { "" };
    page.element("p", &[("class", "note")], &format!("{about}{hatched}"));
    for subject in &SUBJECTS {
        if let Some(figure) = subject.figure(sides) {
            figure.write(page, &first.axis(), &Backdrop::warm(warmup_s));
        }
    }
    page.close();
}

impl Subject {
    /// `None` where nothing but zeros was measured.
    fn figure(&self, sides: &[Side<'_>]) -> Option<Figure<'static>> {
        let spreads = || sides.iter().flat_map(|side| (self.of)(side.course)).flatten();
        let top = |one: &Spread, extremes: bool| {
            if extremes { one.most } else { one.mean.high.unwrap_or(one.mean.value) }
        };
        let extremes = sides.iter().any(|side| side.extremes);
        let most = spreads().map(|one| top(one, extremes)).fold(0.0, f64::max);
        if most == 0.0 {
            return None;
        }
        let rules = self.rules(sides[0].summary);
        let highest = rules.iter().map(|rule| rule.at).filter(|at| *at < 4.0 * most);
        let most = highest.fold(most, f64::max);
        let least = spreads().map(|one| one.mean.value).fold(f64::INFINITY, f64::min);
        let wide = self.id == "p95" && least > 0.0 && most / least > WIDE;
        let scale = if wide { Scale::ratios(least, most) } else { Scale::up_to(most) };
        let (mut marks, mut lines) = (Vec::new(), Vec::new());
        for (index, side) in sides.iter().enumerate() {
            self.bands(side, index, (scale, &mut marks, &mut lines));
        }
        marks.append(&mut lines);
        let axis = if wide { " Equal ratios have equal heights." } else { "" };
        Some(Figure {
            id: self.id,
            title: self.title,
            note: format!("{}{axis}", self.note),
            keys: self.keys(sides),
            marks,
            rules: rules.into_iter().filter(|rule| rule.at <= most).collect(),
            scale,
            say: self.say,
            table: self.table(sides),
            say_cell: self.say,
        })
    }

    /// The bands of a side, then its line, so that no band hides a line.
    fn bands(
        &self,
        side: &Side<'_>,
        index: usize,
        (scale, bands, lines): (Scale, &mut Vec<Mark>, &mut Vec<Mark>),
    ) {
        let axis = side.axis();
        let pen = Pen { course: &axis, scale };
        let values = |of: fn(&Spread) -> Option<f64>| self.values(side, of);
        if side.extremes && side.summary.samples.len() > 1 {
            let path = pen.between(&values(|one| Some(one.least)), &values(|one| Some(one.most)));
            bands.push(Mark { class: format!("s{index} band far"), path });
        }
        let path = pen.between(&values(|one| one.mean.low), &values(|one| one.mean.high));
        bands.push(Mark { class: format!("s{index} band near"), path });
        let path = pen.line(&values(|one| Some(one.mean.value)));
        lines.push(Mark { class: format!("s{index} line"), path });
    }

    fn values(&self, side: &Side<'_>, of: fn(&Spread) -> Option<f64>) -> Values {
        (self.of)(side.course).iter().map(|one| one.as_ref().and_then(of)).collect()
    }

    fn keys(&self, sides: &[Side<'_>]) -> Vec<Key> {
        let mut keys = Vec::new();
        let key = |class: String, name: &str| Key { class, name: name.to_owned() };
        for (index, side) in sides.iter().enumerate() {
            let name = if sides.len() > 1 { &side.summary.name[..] } else { "mean of all runs" };
            keys.push(key(format!("s{index} line"), name));
            if side.extremes && side.summary.samples.len() > 1 {
                keys.push(key(format!("s{index} band near"), "where the mean lies"));
                keys.push(key(format!("s{index} band far"), "smallest to largest run"));
            }
        }
        keys
    }

    /// Columns of the sides that share the first one's windows.
    fn table(&self, sides: &[Side<'_>]) -> Vec<Series> {
        let mut table = Vec::new();
        let alike = |side: &&Side<'_>| side.course.edges_s == sides[0].course.edges_s;
        for side in sides.iter().filter(alike) {
            let name = if sides.len() > 1 { &side.summary.name[..] } else { "mean" };
            let column = |name: String, of: fn(&Spread) -> Option<f64>| {
                let values = self.values(side, of);
                Series { name, values }
            };
            table.push(column(name.to_owned(), |one| Some(one.mean.value)));
            if side.summary.samples.len() > 1 {
                table.push(column("from".to_owned(), |one| one.mean.low));
                table.push(column("to".to_owned(), |one| one.mean.high));
            }
        }
        table
    }

    /// Objectives of all classes on it.
    fn rules(&self, summary: &Summary) -> Vec<Rule> {
        let fits = |expression: &str| self.asked.iter().any(|word| expression.starts_with(word));
        let asked = summary.objectives.iter().filter(|one| fits(&one.expression));
        asked.map(|one| Rule { name: one.expression.clone(), at: one.bound }).collect()
    }
}
