//! Latencies over time: a heat map's cells and percentiles, from the frames' sketches.

use serde::{Deserialize, Serialize};

use super::counts::ms;
use super::facts::{Facts, seconds, total};
use crate::engine::meter::SparseSketch;
use crate::run::Frame;

/// Windows at most: neighbouring frames are one window, as many as are needed for that.
pub const WINDOWS_MAX: usize = 200;
/// Rows in an octave.
const OCTAVE: u32 = 4;

/// Latencies of all answered requests over time, warm-up included. Its size does not grow with the
/// run: at most 200 windows, and four rows for each doubling of the latency.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LatencyMap {
    /// Where rows begin and end, ms, rising: one more than there are rows; empty if nothing was
    /// answered.
    pub edges_ms: Vec<f64>,
    /// Columns, one after the other.
    pub windows: Vec<LatencyWindow>,
}

/// One window of the map.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LatencyWindow {
    /// Where it begins, simulated seconds.
    pub start_s: f64,
    /// Where it ends, simulated seconds.
    pub end_s: f64,
    /// Median latency of the requests answered in it, ms, within 3.2 %; `None` if none was.
    pub p50_ms: Option<f64>,
    /// 95th percentile, ms.
    pub p95_ms: Option<f64>,
    /// 99th percentile, ms.
    pub p99_ms: Option<f64>,
    /// Requests by row.
    pub counts: Vec<u64>,
}

/// Answered requests by the row of their latency, without empty rows. Rows are numbered alike in
/// every run: four for each doubling of the latency from 4 ns on.
pub type Cells = Vec<(u32, u64)>;

impl LatencyMap {
    /// A map of windows, whose counts are still missing, and the cells of each.
    #[must_use]
    pub fn of(windows: Vec<(LatencyWindow, Cells)>) -> Self {
        let rows = || windows.iter().flat_map(|(_, cells)| cells).map(|(row, _)| *row);
        let (low, high) = (rows().min().unwrap_or(0), rows().max());
        let edges_ms = high.map_or(Vec::new(), |high| (low..=high + 1).map(edge_ms).collect());
        let depth = edges_ms.len().saturating_sub(1);
        let filled = |(window, cells): (LatencyWindow, Cells)| {
            let mut counts = vec![0; depth];
            cells.into_iter().for_each(|(row, n)| counts[(row - low) as usize] += n);
            LatencyWindow { counts, ..window }
        };
        LatencyMap { windows: windows.into_iter().map(filled).collect(), edges_ms }
    }
}

pub(super) fn latency_map(facts: &Facts<'_>) -> LatencyMap {
    let width = facts.frames.len().div_ceil(WINDOWS_MAX).max(1);
    let window = |frames: &[Frame]| {
        let sketch = merged(frames);
        let at = |p| sketch.quantile(p).map(ms);
        let window = LatencyWindow {
            start_s: frames.first().map_or(0.0, |frame| seconds(frame.start)),
            end_s: frames.last().map_or(0.0, |frame| seconds(frame.end)),
            p50_ms: at(0.5),
            p95_ms: at(0.95),
            p99_ms: at(0.99),
            counts: Vec::new(),
        };
        (window, in_rows(&sketch))
    };
    LatencyMap::of(facts.frames.chunks(width).map(window).collect())
}

/// The cells of a frame.
pub(super) fn cells(frame: &Frame) -> Cells {
    in_rows(&merged(std::slice::from_ref(frame)))
}

fn in_rows(sketch: &SparseSketch) -> Cells {
    let mut cells = Cells::new();
    for (first, _, n) in sketch.ranges() {
        match cells.last_mut() {
            Some((last, sum)) if *last == row(first) => *sum += u64::from(n),
            _ => cells.push((row(first), u64::from(n))),
        }
    }
    cells
}

fn merged(frames: &[Frame]) -> SparseSketch {
    total(frames.iter().flat_map(|frame| &frame.classes)).latency
}

/// The row of a latency of `ns`: four for each doubling from 4 ns on, of equal width in it.
fn row(ns: u64) -> u32 {
    let ns = ns.max(u64::from(OCTAVE));
    let octave = ns.ilog2();
    octave * OCTAVE + ((ns >> (octave - OCTAVE.ilog2())) as u32 & (OCTAVE - 1))
}

/// Where a row begins, ms.
fn edge_ms(row: u32) -> f64 {
    let quarters = u128::from(OCTAVE + row % OCTAVE) << (row / OCTAVE);
    quarters as f64 / f64::from(OCTAVE) / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_tile_all_latencies() {
        for ns in [4, 5, 127, 128, 1_000_000, 1_250_000, 64_000_000_000, u64::MAX] {
            let row = row(ns);
            let (from, to) = (edge_ms(row) * 1e6, edge_ms(row + 1) * 1e6);
            // the last ns of a huge row may round up to the next one's edge
            assert!(from <= ns as f64 && ns as f64 <= to && to <= from * 1.2501, "{ns}");
        }
        assert_eq!(row(1 << 20), 80);
        assert_eq!((row((1 << 20) - 1), row(5 << 18), row((5 << 18) - 1)), (79, 81, 80));
    }
}
