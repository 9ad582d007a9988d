//! What many runs say as one HTML file: no network, light and dark, on a screen, a phone and paper.

mod charts;
#[cfg(test)]
mod tests;
mod whiskers;

use self::charts::Side;
use self::whiskers::{Rail, Tone};
use super::compare::{Comparison, Difference, Finding, Variant};
use super::replications::{Objective, Summary, Surety};
use super::text::{SHOWN, interval, label, signed};
use crate::report::Unit;
use crate::report::figures::{at, percent};
use crate::report::html::markup::Markup;
use crate::report::html::sections::Table;
use crate::report::html::{begin, end};

/// What these pages need besides the style of every report.
const STYLE: &str = include_str!("html/page.css");
/// How the names of elements begin where these are part of another page.
pub(super) const PART: &str = "days-";

impl Comparison {
    /// The comparison as a page that loads nothing, for people: every picture's numbers are there
    /// as a table too.
    #[must_use]
    pub fn to_html(&self) -> String {
        let title = match &self.variants[..] {
            [one] => format!("{} against {}", one.summary.name, self.baseline.name),
            all => format!("{} variants against {}", all.len(), self.baseline.name),
        };
        let mut page = begin(&title, STYLE);
        page.open("header", &[]);
        page.element("h1", &[], &title);
        page.close();
        self.body(&mut page);
        end(page)
    }

    /// The same as a part of another page that has the styles of this one.
    #[must_use]
    pub fn to_part(&self) -> String {
        let mut page = Markup::part(PART);
        self.body(&mut page);
        page.finish()
    }

    fn body(&self, page: &mut Markup) {
        for (index, variant) in self.variants.iter().enumerate() {
            self.against(page, index, variant);
        }
        let sides = |summary| Side::of(summary, false);
        let all = std::iter::once(&self.baseline).chain(self.variants.iter().map(|v| &v.summary));
        charts::over_time(page, &all.clone().filter_map(sides).collect::<Vec<_>>());
        for summary in all.clone() {
            objectives(page, summary, true);
        }
        page.open("section", &[("id", "origin")]);
        page.element("h2", &[], "What was played");
        all.for_each(|summary| origin(page, summary));
        page.close();
    }

    /// A variant: the verdict in sentences, the differences as a picture and as a table.
    fn against(&self, page: &mut Markup, index: usize, variant: &Variant) {
        page.open("section", &[("id", &format!("variant-{}", index + 1))]);
        if self.variants.len() > 1 {
            let names = (&variant.summary.name, &self.baseline.name);
            page.element("h2", &[], &format!("{} against {}", names.0, names.1));
        }
        verdict(page, &variant.summary);
        page.open("ul", &[("class", "said")]);
        for line in variant.said(&self.baseline, self.replications) {
            page.element("li", &[], &line);
        }
        page.close();
        page.element("p", &[("class", "note")], &format!("{}.", self.basis(variant)));
        if !variant.identical {
            let about = format!(
                "Differences as shares of the baseline's value: left of the line is less, right \
                 of it more. Dots are the best guess, whiskers the interval ({} sure together). \
                 Hollow: it cannot be told from none.",
                percent(self.confidence)
            );
            let rails: Vec<Rail> = variant.differences.iter().filter_map(change).collect();
            whiskers::picture(page, "differences", &about, &rails);
            differences(page, variant);
        }
        page.close();
    }
}

/// A difference as a share of the baseline's value.
fn change(of: &Difference) -> Option<Rail> {
    if of.baseline == 0.0 {
        return None;
    }
    let share = |value: f64| value / of.baseline.abs();
    let Difference { difference, finding, .. } = of;
    let better = (difference.value < 0.0) == of.lower_is_better();
    let tone = match finding {
        Finding::Equal | Finding::CannotTell { .. } => Tone::Even,
        _ if better => Tone::Better,
        _ => Tone::Worse,
    };
    let value = share(difference.value);
    let sign = if value < 0.0 { "\u{2212}" } else { "+" };
    Some(Rail {
        name: label(&of.name).to_owned(),
        tone,
        value,
        ends: difference.low.map(share).zip(difference.high.map(share)),
        said: if value == 0.0 { "same".into() } else { format!("{sign}{}", percent(value.abs())) },
    })
}

fn differences(page: &mut Markup, variant: &Variant) {
    let header = [
        ("", "figure"),
        ("", "baseline"),
        ("", "variant"),
        ("", "difference"),
        ("", "interval"),
        ("text", ""),
    ];
    let mut table = Table::new(page, &header);
    for (one, row) in variant.differences.iter().zip(Comparison::rows(variant)) {
        let better = (one.difference.value < 0.0) == one.lower_is_better();
        let (class, word) = match one.finding {
            Finding::Lower | Finding::Higher if better => ("held", ", better"),
            Finding::Lower | Finding::Higher => ("missed", ", worse"),
            _ => ("text", ""),
        };
        let finding = format!("{}{word}", row[5]);
        table.row(
            &row[0],
            &[("", &row[1]), ("", &row[2]), ("", &row[3]), ("", &row[4]), (class, &finding)],
        );
    }
    table.end();
}

impl Summary {
    /// Replications as a page that loads nothing, for people.
    #[must_use]
    pub fn to_html(&self) -> String {
        let mut page = begin(&self.name, STYLE);
        page.open("header", &[]);
        page.element("h1", &[], &self.name);
        verdict(&mut page, self);
        self.story(&mut page);
        page.close();
        self.body(&mut page);
        end(page)
    }

    /// The same as a part of another page that has the styles of this one.
    #[must_use]
    pub fn to_part(&self) -> String {
        let mut page = Markup::part(PART);
        verdict(&mut page, self);
        self.story(&mut page);
        self.body(&mut page);
        page.finish()
    }

    fn body(&self, page: &mut Markup) {
        objectives(page, self, false);
        let sides: Vec<Side<'_>> = Side::of(self, true).into_iter().collect();
        charts::over_time(page, &sides);
        self.tables(page);
        page.open("section", &[("id", "origin")]);
        page.element("h2", &[], "What was played");
        origin(page, self);
        let limits = "Intervals are about independent days. They say nothing of how well the \
                      scenario's numbers describe a system.";
        page.element("p", &[("class", "note")], limits);
        page.close();
    }

    /// What breaks first, and in how many runs.
    fn story(&self, page: &mut Markup) {
        let labels = std::iter::once("Breaks first").chain(std::iter::repeat(""));
        let breaks = self.breaks.iter().take(3).map(|one| one.said(self.samples.len()));
        let warmup = self.warmup.map(|warmup| ("Warm-up", warmup.said()));
        story(page, &labels.zip(breaks).chain(warmup).collect::<Vec<_>>());
    }

    fn tables(&self, page: &mut Markup) {
        let shown = |name: &str| SHOWN.iter().any(|(known, _)| *known == name);
        let busy = |name: &str| name.starts_with("nodes.") && name.ends_with(".utilisation");
        self.table(page, ("figures", "Figures"), &shown);
        self.table(page, ("resources", "Resources"), &busy);
    }

    /// The measures that are wanted, with the smallest and the largest of any run.
    fn table(&self, page: &mut Markup, (id, title): (&str, &str), wanted: &dyn Fn(&str) -> bool) {
        page.open("section", &[("id", id)]);
        page.element("h2", &[], title);
        let header =
            [("", ""), ("", "value"), ("", "interval"), ("", "smallest run"), ("", "largest run")];
        let mut table = Table::new(page, &header);
        for place in (0..self.measures.len()).filter(|at| wanted(&self.measures[*at].name)) {
            if let Some([name, value, range, least, most]) = self.row(place) {
                table.row(&name, &[("", &value), ("", &range), ("", &least), ("", &most)]);
            }
        }
        table.end();
        page.close();
    }
}

/// A page about one thing, with what its body writes.
pub(super) fn page(title: &str, kind: &str, body: impl FnOnce(&mut Markup)) -> String {
    let mut page = begin(&format!("{title}: Busyhour {kind}"), STYLE);
    page.open("header", &[]);
    page.element("h1", &[], title);
    page.close();
    body(&mut page);
    end(page)
}

/// Sentences, each with what it is about.
pub(super) fn story(page: &mut Markup, lines: &[(&str, String)]) {
    page.open("dl", &[("class", "story")]);
    lines.iter().for_each(|(label, said)| page.term(label, said));
    page.close();
}

/// Objectives, as far as they were measured.
pub(super) fn judged(page: &mut Markup, title: &str, objectives: &[Objective]) {
    if objectives.is_empty() {
        return;
    }
    page.open("section", &[("id", "objectives")]);
    page.element("h2", &[], title);
    let mut table = Table::new(page, &[("", "objective"), ("", "on average"), ("", "interval")]);
    for [name, average, range] in objectives.iter().map(Objective::cells) {
        table.row(&name, &[("", &average), ("", &range)]);
    }
    table.end();
    page.close();
}

/// Whether the objectives hold, in large letters.
fn verdict(page: &mut Markup, summary: &Summary) {
    let (class, sign) = match summary.verdict {
        Surety::Held => ("verdict held", "\u{2713} "),
        Surety::Missed => ("verdict missed", "\u{2717} "),
        Surety::CannotTell => ("verdict", "? "),
        Surety::NoObjectives => ("verdict", ""),
    };
    page.open("p", &[("class", class)]);
    page.element("strong", &[], &format!("{sign}{}", summary.verdict.said()));
    let runs = match summary.samples.len() {
        1 => "one run".to_owned(),
        n => format!("{n} runs"),
    };
    page.element("span", &[], &format!("{}: {runs}", summary.name));
    page.close();
}

/// Objectives as a picture against their bounds and as a table.
fn objectives(page: &mut Markup, summary: &Summary, named: bool) {
    if summary.objectives.is_empty() {
        return;
    }
    page.open("section", &[]);
    let title = if named { format!("Objectives of {}", summary.name) } else { "Objectives".into() };
    page.element("h2", &[], &title);
    if !named {
        let about = "The value as a share of its bound, which is the line. Dots are the mean over \
                     runs, whiskers its interval.";
        let rails: Vec<Rail> = summary.objectives.iter().filter_map(bound).collect();
        whiskers::picture(page, "bounds", about, &rails);
    }
    let header = [
        ("", "objective"),
        ("", ""),
        ("", "on average"),
        ("", "interval"),
        ("", "held in"),
        ("", "of all days"),
    ];
    let mut table = Table::new(page, &header);
    for one in &summary.objectives {
        let (class, word) = match one.verdict {
            Surety::Held => ("held", "\u{2713} held"),
            Surety::Missed => ("missed", "\u{2717} missed"),
            Surety::CannotTell | Surety::NoObjectives => ("", "? cannot tell"),
        };
        let [name, value, range] = one.cells();
        let days = one.held_share.as_ref().map_or("-".into(), |s| interval(s, Unit::Share));
        let held = format!("{} of {}", one.held_in, summary.samples.len());
        let cells = [(class, word), ("", &value[..]), ("", &range), ("", &held), ("", &days)];
        table.row(&name, &cells);
    }
    table.end();
    page.close();
}

/// How far an objective's value is from its bound, as a share of the bound.
fn bound(of: &Objective) -> Option<Rail> {
    let value = of.value.filter(|_| of.bound > 0.0)?;
    let share = |value: f64| value / of.bound - 1.0;
    Some(Rail {
        name: of.expression.clone(),
        tone: match of.verdict {
            Surety::Held => Tone::Better,
            Surety::Missed => Tone::Worse,
            Surety::CannotTell | Surety::NoObjectives => Tone::Even,
        },
        value: share(value.value),
        ends: value.low.map(share).zip(value.high.map(share)),
        said: signed(of.unit, value.value - of.bound),
    })
}

/// Where figures come from.
fn origin(page: &mut Markup, summary: &Summary) {
    page.open("dl", &[("class", "facts")]);
    let mut fact = |name: &str, value: &str| page.term(name, value);
    fact("played", &summary.name);
    fact("simulated, each run", &at(summary.duration_s));
    fact("runs", &summary.samples.len().to_string());
    fact("intervals", &format!("{} sure", percent(summary.confidence)));
    fact("scenario", &summary.scenario_hash);
    let seed = summary.samples.first().map_or(0, |sample| sample.seed);
    fact("first seed", &seed.to_string());
    if let Some(worst) = summary.slowest() {
        fact("seed of the slowest day (p99)", &worst.to_string());
    }
    page.close();
}
