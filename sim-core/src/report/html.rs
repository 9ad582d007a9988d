//! The report as one HTML file: no network, light and dark, on a screen, a phone and paper.

pub(crate) mod axis;
mod charts;
pub(crate) mod figure;
pub(crate) mod flags;
pub(super) mod heat;
pub(crate) mod markup;
pub(crate) mod moments;
pub(crate) mod paths;
pub(crate) mod sections;
#[cfg(test)]
mod tests;
mod why;
#[cfg(test)]
pub(crate) use self::tests::wellformed;

use self::flags::Backdrop;
use self::markup::Markup;
use self::moments::Course;
use super::Report;

const STYLE: &str = include_str!("html/page.css");
/// The read-out under the pointer; the page says everything without it.
const SCRIPT: &str = include_str!("html/page.js");
/// Base64 of the script's SHA-256: the only script that a browser may run here.
const SCRIPT_HASH: &str = "oiSQxRpK279Ja31TMcsazgHoJ0Uxm3h9gwiX4Xzf83I=";

impl Report {
    /// The report as a page that loads nothing, for people: every chart's numbers are there as a
    /// table too. A report without frames gives a page without charts.
    #[must_use]
    pub fn to_html(&self) -> String {
        let mut page = begin(&format!("{}: Busyhour report", self.name), "");
        page.open("header", &[]);
        page.element("h1", &[], &self.name);
        sections::answer(&mut page, self);
        page.close();
        self.course(&mut page);
        end(page)
    }

    /// Writes it, below a title.
    pub(crate) fn body(&self, page: &mut Markup) {
        sections::answer(page, self);
        self.course(page);
    }

    fn course(&self, page: &mut Markup) {
        sections::objectives(page, self);
        if let Some(course) = Course::of(self) {
            over_time(page, self, &course);
        }
        sections::account(page, self);
        why::why(page, self);
        sections::losses(page, self);
        sections::classes(page, self);
        sections::nodes(page, self);
        sections::cost(page, self);
        sections::origin(page, self);
    }
}

/// A page as far as its contents; `style` is laid over the style of every report.
pub(crate) fn begin(title: &str, style: &'static str) -> Markup {
    let mut page = Markup::default();
    page.own("<!DOCTYPE html>\n");
    page.open("html", &[("lang", "en")]);
    head(&mut page, title, style);
    page.open("body", &[]);
    page.open("main", &[]);
    page
}

/// The whole page, its contents being complete.
pub(crate) fn end(mut page: Markup) -> String {
    page.close();
    page.open("script", &[]);
    page.own(SCRIPT);
    page.finish()
}

fn head(page: &mut Markup, title: &str, style: &'static str) {
    let policy = format!(
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{SCRIPT_HASH}'; \
         base-uri 'none'; form-action 'none'"
    );
    page.open("head", &[]);
    page.void("meta", &[("charset", "utf-8")]);
    page.void("meta", &[("http-equiv", "Content-Security-Policy"), ("content", &policy)]);
    let width = "width=device-width, initial-scale=1";
    page.void("meta", &[("name", "viewport"), ("content", width)]);
    page.void("meta", &[("name", "color-scheme"), ("content", "light dark")]);
    page.element("title", &[], title);
    page.open("style", &[]);
    page.own(STYLE);
    page.own(style);
    page.close();
    page.close();
}

fn over_time(page: &mut Markup, report: &Report, course: &Course<'_>) {
    let backdrop = Backdrop::of(report, course);
    flags::timeline(page, report, course, &backdrop);
    page.open("section", &[("id", "charts")]);
    page.element("h2", &[], "Over time");
    let mut note = "All charts share one time axis.".to_owned();
    if !backdrop.flags.is_empty() {
        note.push_str(" Numbered lines are the events of the timeline.");
    }
    if report.objectives.iter().any(|objective| !objective.broken.is_empty()) {
        note.push_str(" Shaded: an objective is broken.");
    }
    if report.warmup_s > 0.0 {
        note.push_str(" Hatched: warm-up, not measured.");
    }
    page.element("p", &[("class", "note")], &note);
    for figure in charts::all(report, course) {
        figure.write(page, course, &backdrop);
    }
    page.close();
}
