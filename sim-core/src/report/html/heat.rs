//! The heat map: cells of one hue, the darker the more requests.

use std::fmt::Write;

use super::super::LatencyMap;
use super::super::figures::{count, duration_ms};
use super::axis::Scale;
use super::figure::{Key, Mark, Series};
use super::paths::{Pen, across, down};

/// Shades, from the palest to the darkest.
const SHADES: usize = 7;
/// Columns of the table at most.
const COLUMNS_MAX: usize = 8;

/// From the first row that matters to the last one's end: a few very fast answers would take half
/// the height for themselves, so the fastest 0.1 % may lie below the axis.
pub(super) fn scale(map: &LatencyMap) -> Scale {
    let of_row = |row: usize| map.windows.iter().map(|window| window.counts[row]).sum::<u64>();
    let rows: Vec<u64> = (0..map.edges_ms.len() - 1).map(of_row).collect();
    let few = rows.iter().sum::<u64>() / 1_000;
    let mut below = 0;
    let first = rows.iter().position(|n| {
        below += n;
        below > few
    });
    Scale::Log(map.edges_ms[first.unwrap_or(0)], map.edges_ms[rows.len()])
}

fn most(map: &LatencyMap) -> u64 {
    map.windows.iter().flat_map(|window| &window.counts).copied().max().unwrap_or(0)
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
    let most = most(map);
    for window in &map.windows {
        let left = across(pen.course.place(window.start_s));
        let width = across(pen.course.place(window.end_s)) - left;
        let mut row = 0;
        while row < window.counts.len() {
            let count = window.counts[row];
            let from = row;
            // neighbours of one shade are one shape
            let alike = |n: u64| n > 0 && shade(n, most) == shade(count, most);
            row += 1;
            while count > 0 && window.counts.get(row).copied().is_some_and(alike) {
                row += 1;
            }
            if count > 0 && edges[row] < edges[from] {
                let (top, bottom) = (edges[row], edges[from]);
                let path = &mut paths[shade(count, most) - 1];
                // writing to a string cannot fail
                let _ = write!(path, "M{left} {top}h{width}V{bottom}h-{width}z");
            }
        }
    }
    let mark = |(index, path)| Mark { class: format!("h{} fill", index + 1), path };
    paths.into_iter().enumerate().map(mark).collect()
}

/// What the shades mean.
pub(super) fn keys(map: &LatencyMap) -> Vec<Key> {
    let most = most(map);
    let key = |index: usize| Key {
        class: format!("h{index} fill"),
        name: match index {
            1 => "1 request".to_owned(),
            SHADES => format!("up to {} in a cell", count(most)),
            _ => String::new(),
        },
    };
    if most < 2 { vec![key(1)] } else { (1..=SHADES).map(key).collect() }
}

/// The counts for the table, neighbouring rows together so that there are few columns.
pub(super) fn columns(map: &LatencyMap) -> Vec<Series> {
    let rows = map.edges_ms.len().saturating_sub(1);
    let width = rows.div_ceil(COLUMNS_MAX).max(1);
    let column = |from: usize| {
        let to = (from + width).min(rows);
        let values = map.windows.iter().map(|window| {
            let n: u64 = window.counts[from..to].iter().sum();
            (n > 0).then_some(n as f64)
        });
        let name = format!("up to {}", duration_ms(map.edges_ms[to]));
        Series { name, values: values.collect() }
    };
    (0..rows).step_by(width).map(column).collect()
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
        let window = crate::report::LatencyWindow { counts, ..Default::default() };
        let columns = columns(&LatencyMap { edges_ms, windows: vec![window] });
        let all: f64 = columns.iter().flat_map(|column| &column.values).flatten().sum();
        assert_eq!((columns.len(), all), (7, 171.0));
    }
}
