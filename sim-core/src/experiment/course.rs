//! How runs went over time: the mean path of a figure, how sure it is, and how far days differ.

use serde::{Deserialize, Serialize};

use super::statistics::{Estimate, t_quantile};
use crate::report::Report;
use crate::report::html::moments;

/// Figures over time, over all runs. Its size does not grow with their number.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Course {
    /// Where windows begin, and where the last one ends, simulated seconds: one more than windows.
    pub edges_s: Vec<f64>,
    /// Requests answered per second.
    pub goodput_rps: Vec<Option<Spread>>,
    /// The share of ended requests that failed; `None` where none ended.
    pub errors: Vec<Option<Spread>>,
    /// The 95th percentile of latency, ms; `None` where nothing was answered.
    pub p95_ms: Vec<Option<Spread>>,
}

/// A figure of one window over the runs that have it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// The mean of the runs, with its interval.
    #[serde(flatten)]
    pub mean: Estimate,
    /// The least of any run.
    pub least: f64,
    /// The most of any run.
    pub most: f64,
}

/// One window of one run: where it begins and ends, and its figures in the order of [`Course`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Window {
    start_s: f64,
    end_s: f64,
    figures: [Option<f64>; FIGURES],
}

/// Figures of a window.
const FIGURES: usize = 3;

/// The windows of a run; none if its report holds no frames.
pub(super) fn windows(report: &Report) -> Vec<Window> {
    let Some(course) = moments::Course::of(report) else { return Vec::new() };
    let window = |moment: &moments::Moment<'_>| {
        let count = |of: fn(&crate::report::RequestsFrame) -> u64| -> u64 {
            moment.frames.iter().map(|frame| of(&frame.requests)).sum()
        };
        let (failed, completed) = (count(|one| one.failed), count(|one| one.completed));
        let ended = failed + completed;
        let errors = (ended > 0).then(|| failed as f64 / ended as f64);
        let goodput = moment.rate(|frame| frame.requests.completed);
        Window {
            start_s: moment.window.start_s,
            end_s: moment.window.end_s,
            figures: [goodput, errors, moment.window.p95_ms],
        }
    };
    course.moments.iter().map(window).collect()
}

/// Windows of many runs as they come in: sums only.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Sums {
    edges_s: Vec<f64>,
    cells: Vec<[Cell; FIGURES]>,
}

/// Of one figure of one window (Welford's sums).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Cell {
    runs: u32,
    mean: f64,
    squares: f64,
    least: f64,
    most: f64,
}

impl Cell {
    fn add(&mut self, value: f64) {
        let first = self.runs == 0;
        self.runs += 1;
        let before = value - self.mean;
        self.mean += before / f64::from(self.runs);
        self.squares += before * (value - self.mean);
        self.least = if first { value } else { self.least.min(value) };
        self.most = if first { value } else { self.most.max(value) };
    }

    /// `t` is Student's for as many runs as have the figure.
    fn spread(&self, t: f64) -> Option<Spread> {
        let n = f64::from(self.runs);
        let half = (self.runs > 1).then(|| t * (self.squares / (n - 1.0) / n).sqrt());
        let (low, high) =
            (half.map(|half| (self.mean - half).max(0.0)), half.map(|h| self.mean + h));
        let mean = Estimate { value: self.mean, low, high };
        (self.runs > 0).then_some(Spread { mean, least: self.least, most: self.most })
    }
}

impl Sums {
    pub(super) fn add(&mut self, windows: &[Window]) {
        if self.cells.is_empty() {
            self.edges_s = windows.iter().map(|window| window.start_s).collect();
            self.edges_s.extend(windows.last().map(|window| window.end_s));
            self.cells = vec![Default::default(); windows.len()];
        }
        for (cells, window) in self.cells.iter_mut().zip(windows) {
            for (cell, value) in cells.iter_mut().zip(window.figures) {
                value.into_iter().for_each(|value| cell.add(value));
            }
        }
    }

    /// What they say; `None` if no run had windows.
    pub(super) fn course(&self, confidence: f64) -> Option<Course> {
        let mut known = (0, 0.0);
        let mut of = |figure: usize| -> Vec<Option<Spread>> {
            let spread = |cells: &[Cell; FIGURES]| {
                let runs = cells[figure].runs;
                if runs > 1 && known.0 != runs {
                    known = (runs, t_quantile(0.5 + confidence / 2.0, runs - 1));
                }
                cells[figure].spread(known.1)
            };
            self.cells.iter().map(spread).collect()
        };
        let [goodput_rps, errors, p95_ms] = [of(0), of(1), of(2)];
        let edges_s = self.edges_s.clone();
        (!edges_s.is_empty()).then_some(Course { edges_s, goodput_rps, errors, p95_ms })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_say_what_all_runs_together_would() {
        let mut sums = Sums::default();
        for value in [1.0, 2.0, 3.0, 4.0, 5.0] {
            let late = (value > 4.0).then_some(0.5);
            let window = |start_s| Window {
                start_s,
                end_s: start_s + 10.0,
                figures: [Some(value), late, None],
            };
            sums.add(&[window(0.0), window(10.0)]);
        }
        let course = sums.course(0.95).unwrap();
        assert_eq!(course.edges_s, [0.0, 10.0, 20.0]);
        let found = course.goodput_rps[1].unwrap();
        let wanted = Estimate::mean(&[1.0, 2.0, 3.0, 4.0, 5.0], 0.95).unwrap();
        assert!((found.mean.half().unwrap() - wanted.half().unwrap()).abs() < 1e-9, "{found:?}");
        assert_eq!((found.mean.value, found.least, found.most), (3.0, 1.0, 5.0));
        let one = course.errors[0].unwrap();
        assert_eq!((one.mean.value, one.mean.low), (0.5, None));
        assert_eq!(course.p95_ms, [None, None]);
        assert_eq!(Sums::default().course(0.95), None);
    }
}
