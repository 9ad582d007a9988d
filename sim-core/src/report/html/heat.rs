//! The heat map: cells of one hue, the darker the more requests.

use std::fmt::Write;

use super::super::figures::{count, duration_ms};
use super::super::{LatencyMap, LatencyWindow};
use super::axis::Scale;
use super::figure::{Key, Mark, Series};
use super::paths::{Pen, across, down};

/// Shades, from the palest to the darkest.
pub const SHADES: usize = 7;
/// Columns of the table at most.
const COLUMNS_MAX: usize = 8;

impl LatencyMap {
    /// From the first row that matters to the last one's end: a few very fast answers would take
    /// half the height for themselves, so the fastest 0.1 % may lie below the axis. `None` if
    /// nothing was answered.
    #[must_use]
    pub fn scale(&self) -> Option<Scale> {
        let of_row = |row: usize| self.windows.iter().map(|window| window.counts[row]).sum::<u64>();
        let rows: Vec<u64> = (0..self.edges_ms.len().saturating_sub(1)).map(of_row).collect();
        let few = rows.iter().sum::<u64>() / 1_000;
        let mut below = 0;
        let first = rows.iter().position(|n| {
            below += n;
            below > few
        });
        Some(Scale::Log(*self.edges_ms.get(first.unwrap_or(0))?, *self.edges_ms.last()?))
    }

    /// The most requests in a cell.
    #[must_use]
    pub fn most(&self) -> u64 {
        self.windows.iter().flat_map(|window| &window.counts).copied().max().unwrap_or(0)
    }

    /// Every shape of the map: its shade, 1 to [`SHADES`]; its window; its rows, from and to.
    /// Neighbouring rows of one shade are one shape.
    #[must_use]
    pub fn shapes(&self) -> Vec<(usize, &LatencyWindow, [usize; 2])> {
        let most = self.most();
        let shade_of = |n: u64| if n > 0 { shade(n, most) } else { 0 };
        let mut all = Vec::new();
        for window in &self.windows {
            let mut from = 0;
            for alike in window.counts.chunk_by(|a, b| shade_of(*a) == shade_of(*b)) {
                let to = from + alike.len();
                if alike[0] > 0 {
                    all.push((shade_of(alike[0]), window, [from, to]));
                }
                from = to;
            }
        }
        all
    }

    /// What the shades mean: each shade's number and name, which only the outermost have.
    #[must_use]
    pub fn keys(&self) -> Vec<(usize, String)> {
        let most = self.most();
        let key = |index: usize| match index {
            1 => (index, "1 request".to_owned()),
            SHADES => (index, format!("up to {} in a cell", count(most))),
            _ => (index, String::new()),
        };
        if most < 2 { vec![key(1)] } else { (1..=SHADES).map(key).collect() }
    }

    /// The requests of every window as columns of a table, neighbouring rows together so that
    /// there are few.
    #[must_use]
    pub fn columns(&self) -> Vec<(String, Vec<Option<f64>>)> {
        let rows = self.edges_ms.len().saturating_sub(1);
        let width = rows.div_ceil(COLUMNS_MAX).max(1);
        let column = |from: usize| {
            let to = (from + width).min(rows);
            let values = self.windows.iter().map(|window| {
                let n: u64 = window.counts[from..to].iter().sum();
                (n > 0).then_some(n as f64)
            });
            (format!("up to {}", duration_ms(self.edges_ms[to])), values.collect())
        };
        (0..rows).step_by(width).map(column).collect()
    }
}

/// The shade of a count, 1 to [`SHADES`]: equal ratios of counts are equal steps of shade.
fn shade(n: u64, most: u64) -> usize {
    let share = libm::log1p(n as f64) / libm::log1p(most as f64);
    (libm::ceil(share * SHADES as f64) as usize).clamp(1, SHADES)
}

/// One path for each shade.
pub(super) fn cells(map: &LatencyMap, pen: &Pen<'_>) -> Vec<Mark> {
    let mut paths = vec![String::new(); SHADES];
    let edges: Vec<i64> = map.edges_ms.iter().map(|&edge| down(pen.scale.place(edge))).collect();
    for (shade, window, [from, to]) in map.shapes() {
        let left = across(pen.course.place(window.start_s));
        let width = across(pen.course.place(window.end_s)) - left;
        if edges[to] < edges[from] {
            let (top, bottom) = (edges[to], edges[from]);
            // writing to a string cannot fail
            let _ = write!(paths[shade - 1], "M{left} {top}h{width}V{bottom}h-{width}z");
        }
    }
    let mark = |(index, path)| Mark { class: format!("h{} fill", index + 1), path };
    paths.into_iter().enumerate().map(mark).collect()
}

/// What the shades mean.
pub(super) fn keys(map: &LatencyMap) -> Vec<Key> {
    let key = |(index, name)| Key { class: format!("h{index} fill"), name };
    map.keys().into_iter().map(key).collect()
}

/// The counts for the table.
pub(super) fn columns(map: &LatencyMap) -> Vec<Series> {
    map.columns().into_iter().map(|(name, values)| Series { name, values }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shades_rise_with_counts_and_the_most_is_the_darkest() {
        let shades: Vec<usize> = [1, 3, 10, 100, 1_000, 10_000].map(|n| shade(n, 10_000)).to_vec();
        assert!(shades.is_sorted() && shades[0] == 1 && shades[5] == SHADES, "{shades:?}");
        assert_eq!(shade(1, 1), SHADES);
    }

    #[test]
    fn the_table_counts_every_request_once() {
        let edges_ms = (0..20).map(f64::from).collect();
        let counts: Vec<u64> = (0..19).collect();
        let window = LatencyWindow { counts, ..Default::default() };
        let columns = columns(&LatencyMap { edges_ms, windows: vec![window] });
        let all: f64 = columns.iter().flat_map(|column| &column.values).flatten().sum();
        assert_eq!((columns.len(), all), (7, 171.0));
    }
}
