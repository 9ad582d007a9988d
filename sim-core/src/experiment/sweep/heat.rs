//! The heat map of a sweep: a goal over the two factors that do the most, other factors averaged.

use std::cmp::Ordering;

use super::analysis::{GOALS, Groups, Outcome, groups, mean};
use super::html::{head, section};
use super::text::told;
use crate::report::Markup;

/// Shades of a cell, the palest first: the middle one would leave its number hard to read.
const SHADES: [&str; 6] = ["h1", "h2", "h3", "h5", "h6", "h7"];

/// A map ready to be written.
pub(super) struct Heat {
    title: String,
    /// Values of the factor whose values are columns.
    columns: Vec<String>,
    /// Values of the other one, each with a cell per column.
    rows: Vec<(String, Vec<Option<f64>>)>,
}

impl Heat {
    /// The map of latency p99; nothing where fewer than two factors take two values.
    pub(super) fn of(outcome: &Outcome) -> Option<Self> {
        let mut factors: Vec<(f64, usize)> = Vec::new();
        for (at, effect) in outcome.effects.iter().enumerate().filter(|(_, e)| e.levels.len() > 1) {
            let means = || effect.levels.iter().filter_map(|level| level.means[0]);
            let spread = means().fold(0.0, f64::max) - means().fold(f64::INFINITY, f64::min);
            factors.push((spread, at));
        }
        factors
            .sort_by(|a, b| b.0.partial_cmp(&a.0).unwrap_or(Ordering::Equal).then(a.1.cmp(&b.1)));
        let [(_, across), (_, down), ..] = factors[..] else { return None };
        let [across, down] = [across, down].map(|at| &outcome.header.factors[at]);
        let [columns, lines] = [across, down].map(|factor| groups(factor, &outcome.records));
        let cell = |row: usize, column: usize| cell(outcome, (&lines, row), (&columns, column));
        let row = |(at, name): (usize, &String)| {
            (name.clone(), (0..columns.names.len()).map(|column| cell(at, column)).collect())
        };
        Some(Heat {
            title: format!("{} (down) and {} (across)", down.name, across.name),
            rows: lines.names.iter().enumerate().map(row).collect(),
            columns: columns.names,
        })
    }

    /// The shade of a value, by its rank among all of the map: a few large ones do not hide the
    /// rest.
    fn shade(&self, value: f64) -> &'static str {
        let mut all: Vec<f64> =
            self.rows.iter().flat_map(|row| &row.1).copied().flatten().collect();
        all.sort_by(f64::total_cmp);
        all.dedup();
        let below = all.iter().filter(|other| **other < value).count();
        SHADES[below * SHADES.len() / all.len().max(1)]
    }

    pub(super) fn write(&self, page: &mut Markup) {
        let note = format!("{}; the darker the slower.", self.title);
        section(page, "map", &format!("{} over two factors", GOALS[0].1), &note);
        page.open("div", &[("class", "wide map")]);
        page.open("table", &[]);
        head(page, &[&[String::new()], &self.columns[..]].concat());
        for (name, cells) in &self.rows {
            page.open("tr", &[]);
            page.element("th", &[("scope", "row")], name);
            for cell in cells {
                let class = cell.map_or("", |value| self.shade(value));
                page.element("td", &[("class", class)], &told(*cell, |ms| GOALS[0].2.say(ms)));
            }
            page.close();
        }
        page.close();
        page.close();
        page.close();
    }
}

/// The mean over the points of a row and a column.
fn cell(
    outcome: &Outcome,
    (rows, row): (&Groups, usize),
    (columns, column): (&Groups, usize),
) -> Option<f64> {
    let places = rows.of.iter().zip(&columns.of).map(|(a, b)| (*a, *b));
    let inside = outcome.records.iter().zip(places).filter(|(_, place)| *place == (row, column));
    mean(inside.filter_map(|(record, _)| record.value(GOALS[0].0)))
}
