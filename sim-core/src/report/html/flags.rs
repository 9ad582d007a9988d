//! What happened, as numbered flags that stand in every chart at the same place.

use super::super::Report;
use super::super::figures::at;
use super::super::timeline::Moment;
use super::markup::Markup;
use super::moments::Course;
use super::paths::across;

/// Flags at most; what happens close together shares one.
const FLAGS_MAX: usize = 14;
/// Events that one flag's line names; the others are in the table.
const NAMED: usize = 3;
/// Lines of the table at most.
const LINES_MAX: usize = 400;

/// One flag: a time, and what happened around it.
pub(super) struct Flag<'a> {
    pub(super) number: usize,
    pub(super) at_s: f64,
    events: Vec<&'a Moment>,
}

/// What every chart shows behind its values.
pub(crate) struct Backdrop<'a> {
    pub(super) flags: Vec<Flag<'a>>,
    /// When any objective was broken, from and to, seconds.
    broken: Vec<(f64, f64)>,
    warmup_s: f64,
}

impl<'a> Backdrop<'a> {
    /// Nothing but a warm-up, seconds.
    pub(crate) fn warm(warmup_s: f64) -> Self {
        Backdrop { flags: Vec::new(), broken: Vec::new(), warmup_s }
    }

    /// Flags, broken stretches and the warm-up of a report.
    pub(super) fn of(report: &'a Report, course: &Course<'_>) -> Self {
        let breaches = report.objectives.iter().flat_map(|objective| &objective.broken);
        let broken = breaches.map(|breach| (breach.start_s, breach.end_s)).collect();
        let warmup_s = report.warmup_s;
        Backdrop { flags: flags(report, course), broken: united(broken), warmup_s }
    }

    /// The shapes behind the values.
    pub(super) fn shapes(&self, page: &mut Markup, course: &Course<'_>) {
        let area = |from_s: f64, to_s: f64| {
            let (from, to) = (across(course.place(from_s)), across(course.place(to_s)));
            format!("M{from} 0H{}V1000H{from}z", to.max(from + 2))
        };
        if self.warmup_s > 0.0 {
            page.void("path", &[("class", "warm"), ("d", &area(0.0, self.warmup_s))]);
        }
        let broken: String = self.broken.iter().map(|&(from, to)| area(from, to)).collect();
        if !broken.is_empty() {
            page.void("path", &[("class", "bad"), ("d", &broken)]);
        }
        let line = |flag: &Flag<'_>| format!("M{} 0V1000", across(course.place(flag.at_s)));
        let lines: String = self.flags.iter().map(line).collect();
        if !lines.is_empty() {
            page.void("path", &[("class", "pole"), ("d", &lines)]);
        }
    }

    /// The numbers above the values.
    pub(super) fn numbers(&self, page: &mut Markup, course: &Course<'_>) {
        for flag in &self.flags {
            let left = format!("left:{:.1}%", course.place(flag.at_s) * 100.0);
            let (title, number) = (flag.said(), flag.number.to_string());
            let attributes = [("class", "flag"), ("style", &left[..]), ("title", &title[..])];
            page.element("b", &attributes, &number);
        }
    }
}

impl Flag<'_> {
    /// When, and what happened, in one line.
    fn said(&self) -> String {
        let named: Vec<String> = self.events.iter().take(NAMED).map(|event| said(event)).collect();
        let more = match self.events.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!("; {more} more until {}", at(self.until_s())),
        };
        format!("{}: {}{more}", at(self.at_s), named.join("; "))
    }

    fn until_s(&self) -> f64 {
        self.events.last().map_or(self.at_s, |event| event.at_s)
    }
}

fn said(event: &Moment) -> String {
    let node = event.node.as_deref().map_or(String::new(), |node| format!("{node}: "));
    format!("{node}{}", event.what)
}

/// Events in groups: as close as it takes to need no more flags than there is room for.
fn flags<'a>(report: &'a Report, course: &Course<'_>) -> Vec<Flag<'a>> {
    let events: Vec<&Moment> =
        report.timeline.iter().filter(|moment| moment.kind != "objective").collect();
    let mut apart = course.end_s / 100.0;
    loop {
        let mut found: Vec<Flag<'_>> = Vec::new();
        for &event in &events {
            match found.last_mut() {
                Some(flag) if event.at_s - flag.at_s < apart => flag.events.push(event),
                _ => {
                    let (number, at_s) = (found.len() + 1, event.at_s);
                    found.push(Flag { number, at_s, events: vec![event] });
                }
            }
        }
        if found.len() <= FLAGS_MAX {
            return found;
        }
        apart *= 1.3;
    }
}

/// Overlapping stretches as one.
fn united(mut stretches: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    stretches.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut all: Vec<(f64, f64)> = Vec::new();
    for (from, to) in stretches {
        match all.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => all.push((from, to)),
        }
    }
    all
}

/// The timeline: bars for broken objectives and the bottleneck, flags, and every line as a table.
pub(super) fn timeline(
    page: &mut Markup,
    report: &Report,
    course: &Course<'_>,
    backdrop: &Backdrop<'_>,
) {
    page.open("section", &[("id", "timeline")]);
    page.element("h2", &[], "Timeline");
    for objective in report.objectives.iter().filter(|objective| !objective.broken.is_empty()) {
        let stretches: Vec<(f64, f64)> =
            objective.broken.iter().map(|breach| (breach.start_s, breach.end_s)).collect();
        let label = format!("{} broken", objective.expression);
        lane(page, course, (&label, "lane bad"), &stretches);
    }
    let found = &report.bottleneck;
    if let Some(node) = &found.node {
        let down = "down".to_owned();
        let what = found.resource.as_deref().map_or(down, |name| format!("{name} saturated"));
        lane(page, course, (&format!("{node} {what}"), "lane full"), &found.stretches);
    }
    if !backdrop.flags.is_empty() {
        page.open("ol", &[("class", "flags")]);
        for flag in &backdrop.flags {
            page.element("li", &[], &flag.said());
        }
        page.close();
    }
    disturbances(page, report);
    table(page, report);
    page.close();
}

fn disturbances(page: &mut Markup, report: &Report) {
    if report.recovery.is_empty() {
        return;
    }
    page.open("div", &[("class", "wide"), ("tabindex", "0")]);
    page.open("table", &[("id", "recovery")]);
    page.open("tr", &[]);
    for (class, name) in [("", "at"), ("text", "disturbance"), ("text", "and then")] {
        page.element("th", &[("scope", "col"), ("class", class)], name);
    }
    page.close();
    for one in report.recovery.iter().take(LINES_MAX) {
        let class = if one.harmful { "text missed" } else { "text held" };
        page.open("tr", &[]);
        page.element("th", &[("scope", "row")], &at(one.at_s));
        page.element("td", &[("class", "text")], &format!("{}: {}", one.node, one.what));
        page.element("td", &[("class", class)], &one.outcome());
        page.close();
    }
    page.close();
    page.close();
}

fn lane(
    page: &mut Markup,
    course: &Course<'_>,
    (label, class): (&str, &str),
    stretches: &[(f64, f64)],
) {
    page.open("div", &[("class", class)]);
    page.element("span", &[], label);
    page.open("i", &[]);
    for &(from, to) in stretches {
        let (left, right) = (course.place(from) * 100.0, course.place(to) * 100.0);
        let style = format!("left:{left:.2}%;width:{:.2}%", (right - left).max(0.3));
        let title = format!("{} to {}", at(from), at(to));
        page.element("b", &[("style", &style), ("title", &title)], "");
    }
    page.close();
    page.close();
}

fn table(page: &mut Markup, report: &Report) {
    if report.timeline.is_empty() {
        page.element("p", &[], "Nothing out of the ordinary happened.");
        return;
    }
    page.open("details", &[]);
    let lines = report.timeline.len();
    let left_out = report.timeline_cut + lines.saturating_sub(LINES_MAX) as u64;
    let more = if left_out > 0 {
        format!(" of {}", lines as u64 + report.timeline_cut)
    } else {
        String::new()
    };
    page.element("summary", &[], &format!("All {} lines{more}", lines.min(LINES_MAX)));
    page.open("table", &[]);
    for moment in report.timeline.iter().take(LINES_MAX) {
        page.open("tr", &[]);
        page.element("th", &[("scope", "row")], &at(moment.at_s));
        page.element("td", &[("class", "text")], &said(moment));
        page.close();
    }
    page.close();
    page.close();
}
