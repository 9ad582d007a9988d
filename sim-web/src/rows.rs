//! Frames as rows of plain numbers: how they travel from the worker, and how the page keeps them.

use std::ops::Range;

use sim_core::{Cells, FrameReport, PartFrameReport, Report, RequestsFrame};

/// What stands in which column of a row. Both sides lay it out from the same empty report.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layout {
    causes: Vec<String>,
    parts: Vec<Part>,
    /// Groups of users, with two columns each.
    users: Vec<String>,
    /// Where the counts by latency begin, one for each row of a latency map.
    latencies: usize,
    width: usize,
}

/// A node's columns.
#[derive(Clone, Debug, Default, PartialEq)]
struct Part {
    name: String,
    resources: Vec<String>,
    at: usize,
}

/// A column, by what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column<'a> {
    /// Where the frame begins, s.
    Start,
    /// Where it ends, s.
    End,
    /// Requests begun in it.
    Issued,
    /// Requests answered.
    Completed,
    /// Requests lost.
    Failed,
    /// Median latency, ms.
    P50,
    /// 95th percentile, ms.
    P95,
    /// 99th percentile, ms.
    P99,
    /// Requests lost by this cause.
    Cause(&'a str),
    /// Requests begun by a group of users.
    IssuedBy(&'a str),
    /// Requests that it lost.
    LostBy(&'a str),
    /// Instances in service of a node.
    Instances(&'a str),
    /// Requests that a node took on or passed on.
    Taken(&'a str),
    /// Requests that found no place in a node.
    TurnedAway(&'a str),
    /// What a node's instances cost, USD/h.
    Cost(&'a str),
    /// How much of a resource was held, 0 to 1, by node and resource.
    Utilisation(&'a str, &'a str),
    /// How many stood in line for it on average.
    Queue(&'a str, &'a str),
}

/// The place of [`Column::Start`].
pub const START: usize = 0;
/// The place of [`Column::End`].
pub const END: usize = 1;
/// Columns before those of causes and nodes.
const HEAD: usize = 8;
/// Columns of a node before those of its resources.
const PART: usize = 4;
/// The first row of a latency map that has a column, 4 us; what is faster is counted there.
const FASTEST: u32 = 48;
/// Rows that have a column, up to 18 minutes; what is slower is counted in the last one.
const LATENCIES: usize = 112;

impl Layout {
    /// The columns of a run, from its report at any time.
    #[must_use]
    pub fn of(report: &Report) -> Self {
        let causes: Vec<String> = report.failures.keys().cloned().collect();
        let mut width = HEAD + causes.len();
        let mut parts = Vec::new();
        for (name, node) in &report.nodes {
            let resources: Vec<String> = node.resources.keys().cloned().collect();
            let next = width + PART + 2 * resources.len();
            parts.push(Part { name: name.clone(), resources, at: width });
            width = next;
        }
        let mut users: Vec<String> = report.classes.keys().map(|class| group(class)).collect();
        users.dedup();
        let latencies = width + 2 * users.len();
        Layout { causes, parts, users, latencies, width: latencies + LATENCIES }
    }

    /// Numbers in a row.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Where a column stands, if there is such a one.
    #[must_use]
    pub fn place(&self, column: Column<'_>) -> Option<usize> {
        let part = |name: &str| self.parts.iter().find(|part| part.name == name);
        let resource = |name: &str, resource: &str| {
            let part = part(name)?;
            let index = part.resources.iter().position(|known| known == resource)?;
            Some(part.at + PART + 2 * index)
        };
        let users = |name: &str| {
            let from_end = 2 * (self.users.len() - self.users.iter().position(|u| u == name)?);
            Some(self.latencies - from_end)
        };
        match column {
            Column::Start => Some(START),
            Column::End => Some(END),
            Column::Issued => Some(2),
            Column::Completed => Some(3),
            Column::Failed => Some(4),
            Column::P50 => Some(5),
            Column::P95 => Some(6),
            Column::P99 => Some(7),
            Column::Cause(name) => self.causes.iter().position(|c| c == name).map(|at| HEAD + at),
            Column::IssuedBy(name) => users(name),
            Column::LostBy(name) => users(name).map(|at| at + 1),
            Column::Instances(name) => part(name).map(|part| part.at),
            Column::Taken(name) => part(name).map(|part| part.at + 1),
            Column::TurnedAway(name) => part(name).map(|part| part.at + 2),
            Column::Cost(name) => part(name).map(|part| part.at + 3),
            Column::Utilisation(node, name) => resource(node, name),
            Column::Queue(node, name) => resource(node, name).map(|at| at + 1),
        }
    }

    /// Adds a frame's row, with the latencies in the frame.
    pub fn push(&self, frame: &FrameReport, latencies: &Cells, rows: &mut Vec<f64>) {
        let RequestsFrame { issued, completed, failed, p50_ms, p95_ms, p99_ms } = frame.requests;
        rows.extend([frame.start_s, frame.end_s]);
        rows.extend([issued, completed, failed].map(|n| n as f64));
        rows.extend([p50_ms, p95_ms, p99_ms].map(|ms| ms.unwrap_or(f64::NAN)));
        let lost = |cause| frame.failures.get(cause).copied().unwrap_or(0) as f64;
        rows.extend(self.causes.iter().map(lost));
        for part in &self.parts {
            let figures = frame.parts.get(&part.name);
            let known = |of: fn(&PartFrameReport) -> f64| figures.map_or(f64::NAN, of);
            rows.push(known(|figures| f64::from(figures.instances)));
            rows.push(known(|figures| figures.taken as f64));
            rows.push(known(|figures| figures.turned_away as f64));
            rows.push(known(|figures| figures.usd_per_hour.unwrap_or(f64::NAN)));
            for resource in &part.resources {
                let found = figures.and_then(|figures| figures.resources.get(resource));
                rows.push(found.map_or(f64::NAN, |found| found.utilisation));
                rows.push(found.map_or(f64::NAN, |found| found.queue_mean));
            }
        }
        for name in &self.users {
            let own = || frame.classes.iter().filter(|(class, _)| group(class) == *name);
            rows.push(own().map(|(_, figures)| figures.issued as f64).sum());
            rows.push(own().map(|(_, figures)| figures.failed as f64).sum());
        }
        let first = rows.len();
        rows.resize(first + LATENCIES, 0.0);
        for (row, n) in latencies {
            let column = (row.saturating_sub(FASTEST) as usize).min(LATENCIES - 1);
            rows[first + column] += *n as f64;
        }
    }
}

/// The users that a class of requests belongs to.
fn group(class: &str) -> String {
    class.split('/').next().unwrap_or_default().to_owned()
}

/// All rows of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    layout: Layout,
    rows: Vec<f64>,
}

impl Table {
    /// No rows yet.
    #[must_use]
    pub fn new(layout: Layout) -> Self {
        Table { layout, rows: Vec::new() }
    }

    /// Rows known.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len() / self.layout.width.max(1)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Takes rows over, in the place of those known from `first` on. What is no whole number of
    /// rows, or leaves a gap, is not taken.
    pub fn take(&mut self, first: usize, rows: &[f64]) {
        if first <= self.len() && rows.len().is_multiple_of(self.layout.width.max(1)) {
            self.rows.truncate(first * self.layout.width);
            self.rows.extend_from_slice(rows);
        }
    }

    /// A number; `None` where there is none.
    #[must_use]
    pub fn value(&self, row: usize, column: Column<'_>) -> Option<f64> {
        self.at(row, self.place(column)?)
    }

    /// Where a column stands: to look for it once and read many rows.
    #[must_use]
    pub fn place(&self, column: Column<'_>) -> Option<usize> {
        self.layout.place(column)
    }

    /// A number by its row and its place in it; `None` where there is none.
    #[must_use]
    pub fn at(&self, row: usize, place: usize) -> Option<f64> {
        let value = self.rows.get(row * self.layout.width + place)?;
        (!value.is_nan()).then_some(*value)
    }

    /// The number of the row in which a time (s) lies, or the last one before it.
    #[must_use]
    pub fn row_at(&self, at_s: f64) -> Option<usize> {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            let starts = self.rows[middle * self.layout.width] <= at_s;
            (low, high) = if starts { (middle + 1, high) } else { (low, middle) };
        }
        low.checked_sub(1)
    }

    /// The latencies of the requests that were answered in some rows.
    #[must_use]
    pub fn latencies(&self, rows: Range<usize>) -> Cells {
        let mut sums = [0_u64; LATENCIES];
        for row in rows {
            let from = row * self.layout.width + self.layout.latencies;
            let counts = self.rows.get(from..from + LATENCIES).unwrap_or_default();
            sums.iter_mut().zip(counts).for_each(|(sum, n)| *sum += *n as u64);
        }
        let cell = |(column, n): (usize, u64)| (n > 0).then_some((FASTEST + column as u32, n));
        sums.into_iter().enumerate().filter_map(cell).collect()
    }

    /// Where the last row ends, s.
    #[must_use]
    pub fn end_s(&self) -> f64 {
        self.len().checked_sub(1).and_then(|last| self.value(last, Column::End)).unwrap_or(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::tests::played;

    #[test]
    fn a_row_holds_what_the_report_tells_of_its_frame() {
        let report = played("four-workers-forty-rps");
        let frames = report.frames.clone().unwrap();
        let layout = Layout::of(&report.brief());
        let mut table = Table::new(layout.clone());
        let mut rows = Vec::new();
        let cells = |row: u32| vec![(3, 1), (100, u64::from(row)), (101, 2), (900, 4)];
        for (row, frame) in (0..).zip(&frames) {
            layout.push(frame, &cells(row), &mut rows);
        }
        table.take(0, &rows);
        assert_eq!(table.latencies(3..5), [(48, 2), (100, 7), (101, 4), (159, 8)]);
        assert_eq!((table.len(), rows.len()), (frames.len(), frames.len() * layout.width()));
        for (row, frame) in frames.iter().enumerate() {
            assert_eq!(table.value(row, Column::Start), Some(frame.start_s));
            assert_eq!(table.value(row, Column::Failed), Some(frame.requests.failed as f64));
            assert_eq!(table.value(row, Column::P99), frame.requests.p99_ms);
            let issued = table.value(row, Column::IssuedBy("people"));
            assert_eq!(issued, Some(frame.requests.issued as f64));
            for (name, part) in &frame.parts {
                let instances = table.value(row, Column::Instances(name));
                assert_eq!(instances, Some(f64::from(part.instances)));
                let taken = table.value(row, Column::Taken(name));
                assert_eq!(taken, Some(part.taken as f64));
                assert_eq!(table.value(row, Column::Cost(name)), part.usd_per_hour);
                for (resource, figures) in &part.resources {
                    let queue = table.value(row, Column::Queue(name, resource));
                    assert_eq!(queue, Some(figures.queue_mean));
                }
            }
            let middle = (frame.start_s + frame.end_s) / 2.0;
            assert_eq!(table.row_at(middle), Some(row));
        }
        assert_eq!(table.row_at(-1.0), None);
        assert_eq!(table.value(0, Column::Cause("no such cause")), None);
    }

    #[test]
    fn rows_replace_those_from_their_number_on() {
        let layout = Layout { width: 2, ..Layout::default() };
        let mut table = Table::new(layout);
        table.take(0, &[0.0, 1.0, 1.0, 2.0]);
        table.take(1, &[1.0, 3.0, 3.0, 4.0]);
        assert_eq!((table.len(), table.end_s()), (3, 4.0));
        table.take(0, &[0.0, 4.0]);
        assert_eq!(table.len(), 1);
        // a gap and half a row are refused
        table.take(5, &[9.0, 9.0]);
        table.take(1, &[9.0]);
        assert_eq!(table.len(), 1);
    }
}
