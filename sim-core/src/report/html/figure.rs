//! One figure of the page: title, legend, plot on the common time axis, and its numbers as a table.

use super::super::figures::at;
use super::axis::{Scale, times};
use super::flags::Backdrop;
use super::markup::Markup;
use super::moments::Course;
use super::paths::{Values, down};

/// A named value over time: a column of the table.
pub(crate) struct Series {
    pub(crate) name: String,
    pub(crate) values: Values,
}

/// Something drawn: the class that gives it its colour, and its path.
pub(crate) struct Mark {
    pub(crate) class: String,
    pub(crate) path: String,
}

/// A line of the legend: the class of its sample, and what it stands for.
pub(crate) struct Key {
    pub(crate) class: String,
    pub(crate) name: String,
}

/// A horizontal line that says what must hold.
pub(crate) struct Rule {
    pub(crate) name: String,
    pub(crate) at: f64,
}

/// A figure, ready to be written.
pub(crate) struct Figure<'a> {
    pub(crate) id: &'a str,
    pub(crate) title: &'a str,
    /// What is to be seen, in a sentence or two.
    pub(crate) note: String,
    pub(crate) keys: Vec<Key>,
    pub(crate) marks: Vec<Mark>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) scale: Scale,
    /// How a value on the vertical axis is said.
    pub(crate) say: fn(f64) -> String,
    pub(crate) table: Vec<Series>,
    /// How a value in the table is said.
    pub(crate) say_cell: fn(f64) -> String,
}

impl Figure<'_> {
    /// Writes the figure.
    pub(crate) fn write(&self, page: &mut Markup, course: &Course<'_>, backdrop: &Backdrop<'_>) {
        page.open("figure", &[("id", self.id)]);
        page.open("figcaption", &[]);
        page.element("h3", &[], self.title);
        page.element("p", &[], &self.note);
        page.close();
        self.legend(page);
        page.open("div", &[("class", "frame")]);
        self.heights(page);
        self.plot(page, course, backdrop);
        page.open("div", &[("class", "xs")]);
        for tick in times(course.end_s) {
            let place = course.place(tick);
            let left = format!("left:{:.2}%", place * 100.0);
            // the last one ends where the axis ends
            let class = if place > 0.97 { "end" } else { "" };
            page.element("span", &[("class", class), ("style", &left)], &at(tick));
        }
        page.close();
        page.close();
        page.element("output", &[], "");
        self.numbers(page, course);
        page.close();
    }

    fn legend(&self, page: &mut Markup) {
        page.open("ul", &[("class", "legend")]);
        for key in &self.keys {
            page.open("li", &[]);
            let class = format!("key {}", key.class);
            page.open("svg", &[("viewBox", "0 0 28 10"), ("aria-hidden", "true")]);
            let sample = if key.class.contains("line") { "M0 5h28" } else { "M0 0h28v10h-28z" };
            page.void("path", &[("class", &class), ("d", sample)]);
            page.close();
            page.element("span", &[], &key.name);
            page.close();
        }
        page.close();
    }

    fn heights(&self, page: &mut Markup) {
        page.open("div", &[("class", "ys")]);
        for tick in self.scale.ticks() {
            let top = format!("bottom:{:.1}%", self.scale.place(tick) * 100.0);
            page.element("span", &[("style", &top)], &round((self.say)(tick)));
        }
        page.close();
    }

    fn plot(&self, page: &mut Markup, course: &Course<'_>, backdrop: &Backdrop<'_>) {
        let said = format!("{}: {}", self.title, self.note);
        page.open("div", &[("class", "plot"), ("role", "img"), ("aria-label", &said)]);
        page.open("svg", &[("viewBox", "0 0 1000 1000"), ("preserveAspectRatio", "none")]);
        let line = |value: &f64| format!("M0 {}H1000", down(self.scale.place(*value)));
        let grid: String = self.scale.ticks().iter().map(line).collect();
        page.void("path", &[("class", "grid"), ("d", &grid)]);
        backdrop.shapes(page, course);
        for mark in self.marks.iter().filter(|mark| !mark.path.is_empty()) {
            page.void("path", &[("class", &mark.class), ("d", &mark.path)]);
        }
        let rules: String = self.rules.iter().map(|rule| line(&rule.at)).collect();
        if !rules.is_empty() {
            page.void("path", &[("class", "rule"), ("d", &rules)]);
        }
        page.close();
        for rule in &self.rules {
            let place = self.scale.place(rule.at);
            // above the line, or below it where there is no room above
            let class = if place > 0.85 { "rule below" } else { "rule" };
            let bottom = format!("bottom:{:.1}%", place * 100.0);
            page.element("em", &[("class", class), ("style", &bottom)], &rule.name);
        }
        backdrop.numbers(page, course);
        page.close();
    }

    fn numbers(&self, page: &mut Markup, course: &Course<'_>) {
        page.open("details", &[]);
        page.element("summary", &[], "The numbers");
        page.open("div", &[("class", "wide"), ("tabindex", "0")]);
        page.open("table", &[]);
        page.open("tr", &[]);
        page.element("th", &[("scope", "col")], "from");
        for series in &self.table {
            page.element("th", &[("scope", "col")], &series.name);
        }
        page.close();
        for (index, moment) in course.moments.iter().enumerate() {
            page.open("tr", &[]);
            page.element("th", &[("scope", "row")], &at(moment.window.start_s));
            for series in &self.table {
                let value = series.values.get(index).copied().flatten();
                page.element("td", &[], &value.map_or("-".to_owned(), self.say_cell));
            }
            page.close();
        }
        page.close();
        page.close();
        page.close();
    }
}

/// A number with its unit, without zeros at the end of a fraction: `20.0 %` is `20 %`.
fn round(said: String) -> String {
    let end = said.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == ','));
    let (number, unit) = said.split_at(end.unwrap_or(said.len()));
    if !number.contains('.') {
        return said;
    }
    format!("{}{unit}", number.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    #[test]
    fn round_numbers_need_no_fraction() {
        let said = ["20.0 %", "1.00 s", "0.500", "1,000/s", "1m 30s", "0"];
        let round = said.map(|text| super::round(text.to_owned()));
        assert_eq!(round, ["20 %", "1 s", "0.5", "1,000/s", "1m 30s", "0"]);
    }
}
