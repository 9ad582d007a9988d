//! What flows through the picture: requests over each edge, and what is lost at each part.

use std::ops::Range;

use sim_core::Report;

use super::layout::Line;
use crate::protocol::Part;
use crate::rows::{Column, END, START, Table};

/// Rows whose mean is shown: a single one would flicker.
const ROWS: usize = 5;
/// Dots a second that the busiest moment of the users' traffic sends over an edge, about.
const DOTS: f64 = 6.0;
/// What is less cannot be seen, requests a second.
const LITTLE: f64 = 0.005;

/// The rows around a time and what they tell of parts.
#[derive(Clone)]
pub(super) struct Flow<'a> {
    table: &'a Table,
    report: &'a Report,
    rows: Range<usize>,
    span_s: f64,
}

impl<'a> Flow<'a> {
    /// What flows at a time, s; `None` before anything is known.
    pub(super) fn at(report: &'a Report, table: &'a Table, at_s: f64) -> Option<Self> {
        let last = table.row_at(at_s)?;
        let rows = (last + 1).saturating_sub(ROWS)..last + 1;
        let span_s = table.at(last, END)? - table.at(rows.start, START)?;
        (span_s > 0.0).then_some(Flow { table, report, rows, span_s })
    }

    fn rate(&self, column: Column<'_>) -> Option<f64> {
        let place = self.table.place(column)?;
        let sum: f64 = self.rows.clone().filter_map(|row| self.table.at(row, place)).sum();
        Some(sum / self.span_s)
    }

    /// Requests a second that a part begins, takes on or passes on.
    fn taken(&self, part: &Part) -> f64 {
        let name = &part.name[..];
        let column = if begins(part) { Column::IssuedBy(name) } else { Column::Taken(name) };
        self.rate(column).unwrap_or(0.0)
    }

    /// Requests a second that come to a part.
    pub(super) fn arrives(&self, part: &Part) -> f64 {
        self.taken(part) + self.rate(Column::TurnedAway(&part.name)).unwrap_or(0.0)
    }

    /// Requests a second that leave a part unanswered, with the reason.
    pub(super) fn lost(&self, part: &Part, groups: usize) -> Vec<(String, f64)> {
        let name = &part.name[..];
        let mut all: Vec<(String, f64)> = Vec::new();
        if !begins(part) {
            let away = self.rate(Column::TurnedAway(name)).unwrap_or(0.0);
            all.push(("no room".to_owned(), away));
        } else if groups == 1 {
            for cause in self.report.failures.keys() {
                let rate = self.rate(Column::Cause(cause)).unwrap_or(0.0);
                all.push((cause.replace('_', " "), rate));
            }
        } else {
            all.push(("lost".to_owned(), self.rate(Column::LostBy(name)).unwrap_or(0.0)));
        }
        all.retain(|(_, rate)| *rate > LITTLE);
        all.sort_by(|a, b| b.1.total_cmp(&a.1));
        all
    }

    /// Requests a second over a line. What comes to a part that several lead to is shared among
    /// these by how much each of them takes on.
    pub(super) fn over(&self, line: &Line, parts: &[Part], lines: &[Line]) -> f64 {
        let weight = |line: &Line| self.taken(&parts[line.from]);
        let others = lines.iter().filter(|other| other.to == line.to && !watches(parts, other));
        let all: f64 = others.map(weight).sum();
        let own = weight(line);
        if all > 0.0 { self.arrives(&parts[line.to]) * own / all } else { 0.0 }
    }

    /// Requests for which one dot stands: the same all the time, as far as is known.
    pub(super) fn dot(&self) -> f64 {
        let issued = self.table.place(Column::Issued);
        let rate = |row: usize| {
            let length = self.table.at(row, END)? - self.table.at(row, START)?;
            Some(self.table.at(row, issued?)? / length)
        };
        let most = (0..self.table.len()).filter_map(rate).fold(0.0, f64::max);
        round_up(most / DOTS)
    }
}

fn watches(parts: &[Part], line: &Line) -> bool {
    super::watches(&parts[line.from])
}

/// Whether users sit here.
pub(super) fn begins(part: &Part) -> bool {
    part.path.starts_with("users.")
}

/// The next one of 1, 2, 5, 10, 20 ...
fn round_up(least: f64) -> f64 {
    let mut unit = 1.0;
    loop {
        for digit in [1.0, 2.0, 5.0] {
            if digit * unit >= least || unit > 1e12 {
                return digit * unit;
            }
        }
        unit *= 10.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_stand_for_round_numbers() {
        let dots = [0.0, 1.0, 1.1, 4.0, 50.0, 51.0, f64::INFINITY].map(round_up);
        assert_eq!(dots[..6], [1.0, 1.0, 2.0, 5.0, 50.0, 100.0]);
        assert!(dots[6].is_finite());
    }
}
