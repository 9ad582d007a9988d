//! Reads lines and the latency map off the rows: neighbouring rows become one point.

use std::ops::Range;

use sim_core::{LatencyMap, LatencyWindow, WINDOWS_MAX};

use super::{Line, Point};
use crate::rows::{Column, END, START, Table};

/// Points of a line at most: neighbouring rows become one point where there are more.
const POINTS_MAX: usize = 1_000;

/// How neighbouring rows become one point.
#[derive(Clone, Copy)]
pub(super) enum Merge {
    /// Counts: added up, and told per second.
    Rate,
    /// Averages over time.
    Mean,
    /// The largest one.
    Most,
}

/// Reads lines off the rows.
pub(super) struct Reader<'a> {
    table: &'a Table,
    rows: Range<usize>,
    /// Rows that make one point.
    width: usize,
}

impl<'a> Reader<'a> {
    /// Reads the rows of a stretch of time, s, and one more on either side.
    pub(super) fn of(table: &'a Table, (from_s, to_s): (f64, f64)) -> Self {
        let from = table.row_at(from_s).unwrap_or(0).saturating_sub(1);
        let to = table.row_at(to_s).map_or(0, |row| (row + 2).min(table.len()));
        let width = (to - from.min(to)).div_ceil(POINTS_MAX).max(1);
        // points begin at the same rows wherever the stretch begins: nothing flickers
        Reader { table, rows: from / width * width..to, width }
    }

    pub(super) fn line(&self, name: &str, column: Column<'_>, merge: Merge) -> Line {
        let points = self.table.place(column).map_or(Vec::new(), |place| {
            self.chunks(self.width).map(|rows| self.point(rows, place, merge)).collect()
        });
        Line { name: name.to_owned(), points }
    }

    /// The rows in groups.
    fn chunks(&self, width: usize) -> impl Iterator<Item = Range<usize>> {
        let end = self.rows.end;
        self.rows.clone().step_by(width).map(move |from| from..(from + width).min(end))
    }

    fn start_s(&self, row: usize) -> f64 {
        self.table.at(row, START).unwrap_or(0.0)
    }

    fn end_s(&self, row: usize) -> f64 {
        self.table.at(row, END).unwrap_or(0.0)
    }

    fn point(&self, rows: Range<usize>, place: usize, merge: Merge) -> Point {
        let middle_s = (self.start_s(rows.start) + self.end_s(rows.end - 1)) / 2.0;
        let (mut sum, mut span, mut most) = (0.0, 0.0, None);
        for row in rows {
            let Some(value) = self.table.at(row, place) else { continue };
            let length = self.end_s(row) - self.start_s(row);
            sum += if matches!(merge, Merge::Rate) { value } else { value * length };
            span += length;
            most = Some(f64::max(value, most.unwrap_or(value)));
        }
        let mean = (span > 0.0).then(|| sum / span);
        (middle_s, if matches!(merge, Merge::Most) { most } else { mean })
    }

    /// The latencies of all requests answered in the stretch.
    pub(super) fn latency_map(&self) -> LatencyMap {
        let window = |rows: Range<usize>| {
            let (start_s, end_s) = (self.start_s(rows.start), self.end_s(rows.end - 1));
            let window = LatencyWindow { start_s, end_s, ..LatencyWindow::default() };
            (window, self.table.latencies(rows))
        };
        let width = self.rows.len().div_ceil(WINDOWS_MAX).max(1);
        LatencyMap::of(self.chunks(width).map(window).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::Layout;
    use crate::session::tests::played;

    #[test]
    fn many_rows_become_fewer_points_and_lose_nothing() {
        let layout = Layout::of(&played("four-workers-forty-rps"));
        let mut table = Table::new(layout.clone());
        let mut rows = Vec::new();
        for row in 0..4_000 {
            let mut one = vec![0.0; layout.width()];
            (one[0], one[1], one[2], one[7]) = (row as f64, row as f64 + 1.0, 3.0, 5.0);
            if row == 1_234 {
                one[7] = 99.0;
            }
            rows.extend(one);
        }
        table.take(0, &rows);
        let reader = Reader::of(&table, (0.0, 4_000.0));
        let asked = reader.line("asked", Column::Issued, Merge::Rate);
        assert_eq!((asked.points.len(), asked.points[0]), (1_000, (2.0, Some(3.0))));
        let slow = reader.line("p99", Column::P99, Merge::Most);
        assert_eq!(slow.at(1_234.0), Some(99.0));
        assert_eq!(slow.most(), 99.0);
        // a closer look has every row, and a neighbour on either side
        let close = Reader::of(&table, (1_200.5, 1_300.5));
        let slow = close.line("p99", Column::P99, Merge::Most);
        let ends = (slow.points[0].0, slow.points[slow.points.len() - 1].0);
        assert_eq!((ends, slow.points.len()), ((1_199.5, 1_301.5), 103));
        assert_eq!(slow.at(1_234.5), Some(99.0));
        assert_eq!(close.latency_map().windows.len(), 103);
    }
}
