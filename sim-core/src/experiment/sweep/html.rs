//! A finished sweep as one HTML file in the report's styles; it loads nothing and runs nothing.

use super::super::replications::Surety;
use super::analysis::{GOALS, Outcome};
use super::factor::said;
use super::heat::Heat;
use super::record::PointRecord;
use super::text::told;
use crate::report::figures::{count, percent};
use crate::report::html::begin;
use crate::report::{Markup, Scale};

/// What a sweep has and a report has not: shaded cells, dots with their numbers.
const STYLE: &str = include_str!("page.css");
/// Points in the table of all.
const ROWS: usize = 500;
/// The best ones that are shown at once.
const BEST: usize = 10;

impl Outcome {
    /// The page, for people: every picture's numbers are there as text.
    #[must_use]
    pub fn to_html(&self) -> String {
        let mut page = begin(&format!("{}: Busyhour sweep", self.header.name), STYLE);
        page.element("h1", &[], &self.header.name);
        self.body(&mut page);
        page.finish()
    }

    /// Writes it, below a title.
    pub(crate) fn body(&self, page: &mut Markup) {
        self.answer(page);
        self.best(page);
        self.main_effects(page);
        Heat::of(self).into_iter().for_each(|heat| heat.write(page));
        self.trade_off(page);
        self.indices(page);
        self.all_points(page);
    }

    fn answer(&self, page: &mut Markup) {
        let header = &self.header;
        page.element("p", &[("class", "summary")], &header.summary);
        page.open("ul", &[("class", "tiles")]);
        let held = self.records.iter().filter(|one| one.verdict == Surety::Held).count();
        let tiles = [
            (count(u64::from(header.points)), "points"),
            (count(u64::from(header.replications)), "replications of each"),
            (count(held as u64), "hold all objectives"),
        ];
        for (number, what) in tiles {
            page.open("li", &[]);
            page.element("b", &[], &number);
            page.element("span", &[], what);
            page.close();
        }
        page.close();
        let note = format!(
            "{}; all points meet the same luck from seed {}; intervals at {}.",
            header.design.said(),
            header.seed,
            percent(header.confidence)
        );
        page.element("p", &[("class", "note")], &note);
    }

    fn best(&self, page: &mut Markup) {
        section(page, "best", "The best points", "Those that hold, the cheapest first.");
        let best = self.ranking.iter().take(BEST).filter_map(|id| self.record(*id));
        self.rows(page, best);
        page.close();
    }

    /// A table of points.
    fn rows<'a>(&self, page: &mut Markup, records: impl Iterator<Item = &'a PointRecord>) {
        page.open("div", &[("class", "wide"), ("tabindex", "0")]);
        page.open("table", &[]);
        let mut names = vec!["point".to_owned()];
        names.extend(self.short_names());
        names.push("objectives".to_owned());
        names.extend(self.goals().map(|(_, label, _)| label.to_owned()));
        names.push("breaks first".to_owned());
        head(page, &names);
        for record in records {
            page.open("tr", &[]);
            page.element("th", &[("scope", "row")], &record.id.to_string());
            record.values.values().for_each(|value| page.element("td", &[], &said(value)));
            let class = match record.verdict {
                Surety::Held => "held",
                Surety::Missed => "missed",
                Surety::CannotTell | Surety::NoObjectives => "text",
            };
            page.element("td", &[("class", class)], record.verdict.of_a_point());
            for (name, _, unit) in self.goals() {
                let found = record.figures.get(name).and_then(|figure| figure.estimate);
                let half = found.and_then(|one| one.half()).filter(|half| *half > 0.0);
                let half = half.map_or(String::new(), |half| format!(" ± {}", unit.say(half)));
                let value = told(found.map(|one| one.value), |value| unit.say(value));
                page.element("td", &[], &(value + &half));
            }
            let what = record.breaks.first().and_then(|one| one.what.clone()).unwrap_or_default();
            page.element("td", &[("class", "text")], &what);
            page.close();
        }
        page.close();
        page.close();
    }

    fn main_effects(&self, page: &mut Markup) {
        let note = "Each line is a mean over all points with that value; bars are latency p99.";
        section(page, "effects", "Main effects", note);
        let levels = self.effects.iter().flat_map(|effect| &effect.levels);
        let most = levels.filter_map(|level| level.means[0]).fold(0.0, f64::max);
        for effect in &self.effects {
            page.element("h3", &[], &effect.factor);
            page.open("div", &[("class", "wide"), ("tabindex", "0")]);
            page.open("table", &[]);
            let mut names = vec!["value".to_owned(), "points".to_owned(), "hold".to_owned()];
            names.extend(self.goals().map(|(_, label, _)| label.to_owned()));
            names.push(String::new());
            head(page, &names);
            for level in &effect.levels {
                page.open("tr", &[]);
                page.element("th", &[("scope", "row")], &level.name);
                page.element("td", &[], &level.points.to_string());
                page.element("td", &[], &level.held.to_string());
                for (mean, (.., unit)) in level.means.iter().zip(self.goals()) {
                    page.element("td", &[], &told(*mean, |value| unit.say(value)));
                }
                bar(page, level.means[0].unwrap_or(0.0) / most.max(f64::MIN_POSITIVE));
                page.close();
            }
            page.close();
            page.close();
        }
        page.close();
    }

    fn trade_off(&self, page: &mut Markup) {
        let note = "Points that no other betters in latency p99, errors and cost at once.";
        section(page, "front", "What cannot be bettered", note);
        // against cost where anything has a price, else against errors
        let priced = self.records.iter().any(|record| record.value(GOALS[2].0).is_some());
        let across = if priced { GOALS[2] } else { GOALS[1] };
        let place =
            |record: &PointRecord| Some((record.value(across.0)?, record.value(GOALS[0].0)?));
        let all: Vec<(f64, f64)> = self.records.iter().filter_map(place).collect();
        let most = |of: fn(&(f64, f64)) -> f64| all.iter().map(of).fold(0.0, f64::max);
        let least = all.iter().map(|(_, p99)| *p99).filter(|p99| *p99 > 0.0);
        let low = least.fold(f64::INFINITY, f64::min);
        if all.len() > 1 && low.is_finite() {
            let x = Scale::up_to(most(|one| one.0));
            let y = Scale::ratios(low, most(|one| one.1));
            self.scatter(page, (x, across), (y, GOALS[0]), &place);
        }
        self.rows(page, self.front.iter().take(ROWS).filter_map(|id| self.record(*id)));
        page.close();
    }

    fn scatter(
        &self,
        page: &mut Markup,
        (x, across): (Scale, (&str, &str, crate::report::Unit)),
        (y, up): (Scale, (&str, &str, crate::report::Unit)),
        place: &dyn Fn(&PointRecord) -> Option<(f64, f64)>,
    ) {
        page.open("figure", &[("id", "trade-off")]);
        page.open("figcaption", &[]);
        page.element("h3", &[], &format!("{} against {}", up.1, across.1));
        page.element("p", &[], "Large dots: not bettered. The numbers are those of the table.");
        page.close();
        page.open("div", &[("class", "frame")]);
        page.open("div", &[("class", "ys")]);
        for tick in y.ticks() {
            let style = format!("bottom:{:.1}%", y.place(tick) * 100.0);
            page.element("span", &[("style", &style)], &up.2.say(tick));
        }
        page.close();
        let label = format!("{} against {} of {} points", up.1, across.1, self.records.len());
        page.open("div", &[("class", "plot scatter"), ("role", "img"), ("aria-label", &label)]);
        page.open("svg", &[("viewBox", "0 0 1000 1000"), ("preserveAspectRatio", "none")]);
        let units = |place: f64| libm::round(place * 1_000.0) as i64;
        let grid: String =
            y.ticks().iter().map(|t| format!("M0 {}H1000", units(1.0 - y.place(*t)))).collect();
        page.void("path", &[("class", "grid"), ("d", &grid)]);
        let dots = |on_front: bool| -> String {
            let wanted = |one: &&PointRecord| self.front.binary_search(&one.id).is_ok() == on_front;
            let dot = |(a, b)| format!("M{} {}h0", units(x.place(a)), units(1.0 - y.place(b)));
            self.records.iter().filter(wanted).filter_map(place).map(dot).collect()
        };
        page.void("path", &[("class", "dot s5"), ("d", &dots(false))]);
        page.void("path", &[("class", "dot s0"), ("d", &dots(true))]);
        page.close();
        for record in self.front.iter().take(BEST).filter_map(|id| self.record(*id)) {
            let Some((a, b)) = place(record) else { continue };
            let [left, bottom] = [x.place(a), y.place(b)].map(|place| place * 100.0);
            let style = format!("left:{left:.1}%;bottom:{bottom:.1}%");
            page.element("b", &[("style", &style)], &record.id.to_string());
        }
        page.close();
        page.open("div", &[("class", "xs")]);
        for tick in x.ticks() {
            let style = format!("left:{:.1}%", x.place(tick) * 100.0);
            page.element("span", &[("style", &style)], &across.2.say(tick));
        }
        page.close();
        page.close();
        page.close();
    }

    fn indices(&self, page: &mut Markup) {
        if self.sensitivity.is_empty() {
            return;
        }
        let note = "Sobol' indices: which share of the variance over the swept space a factor \
                    explains by itself, and which with all that it does together with others.";
        section(page, "sensitivity", "Sensitivity", note);
        for (one, (_, label, _)) in self.sensitivity.iter().zip(GOALS) {
            let Some(indices) = &one.indices else { continue };
            page.element("h3", &[], label);
            page.open("div", &[("class", "wide"), ("tabindex", "0")]);
            page.open("table", &[]);
            let names = ["factor", "alone", "interval", "with others", "interval", ""];
            head(page, &names.map(str::to_owned));
            for (factor, index) in self.header.factors.iter().zip(indices) {
                page.open("tr", &[]);
                page.element("th", &[("scope", "row")], &factor.name);
                for share in [index.first, index.total] {
                    page.element("td", &[], &percent(share.value));
                    page.element("td", &[], &share.ends.map(percent).join(" to "));
                }
                bar(page, index.total.value);
                page.close();
            }
            page.close();
            page.close();
        }
        page.close();
    }

    fn all_points(&self, page: &mut Markup) {
        let more = self.records.len().saturating_sub(ROWS);
        let note = if more > 0 {
            format!("The first {ROWS} of {}; points.csv has all.", self.records.len())
        } else {
            "points.csv has every figure with its interval.".to_owned()
        };
        section(page, "points", "All points", &note);
        page.open("details", &[]);
        page.element("summary", &[], "The points");
        self.rows(page, self.records.iter().take(ROWS));
        page.close();
        page.close();
    }
}

/// Opens a section with its title and a line about it.
pub(super) fn section(page: &mut Markup, id: &'static str, title: &str, note: &str) {
    page.open("section", &[("id", id)]);
    page.element("h2", &[], title);
    page.element("p", &[("class", "note")], note);
}

/// The header of a table.
pub(super) fn head(page: &mut Markup, names: &[String]) {
    page.open("tr", &[]);
    names.iter().for_each(|name| page.element("th", &[("scope", "col")], name));
    page.close();
}

fn bar(page: &mut Markup, share: f64) {
    page.open("td", &[("class", "bar")]);
    let style = format!("width:{:.1}%", share.clamp(0.0, 1.0) * 100.0);
    page.element("i", &[("style", &style)], "");
    page.close();
}
