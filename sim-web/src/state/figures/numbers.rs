//! A chart as a table, for those who do not see it and those who want to copy it.

use sim_core::figures::{at, significant};

use super::{Figure, Line, Shape};

/// Lines of a table at most: as many as anybody reads.
const LINES_MAX: usize = 60;

/// A chart's numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Numbers {
    /// What stands in the columns after the first one, which is the time.
    pub names: Vec<String>,
    /// A time and the values from then on, in words.
    pub lines: Vec<(String, Vec<String>)>,
}

impl Figure {
    /// The figure as at most 60 lines. Where there are more points, several are one line: of
    /// latencies the slowest, of other values the mean.
    #[must_use]
    pub fn numbers(&self) -> Numbers {
        if let Some(map) = &self.map {
            let starts: Vec<f64> = map.windows.iter().map(|window| window.start_s).collect();
            let (names, columns): (Vec<_>, Vec<_>) = map.columns().into_iter().unzip();
            let sum =
                |values: &[Option<f64>]| Some(values.iter().flatten().sum()).filter(|n| *n > 0.0);
            return Numbers { names, lines: lines(&starts, &columns, &sum, &significant) };
        }
        let names = self.lines.iter().map(|line| line.name.clone()).collect();
        let first = self.lines.first().map_or(&[][..], |line| &line.points);
        let times: Vec<f64> = first.iter().map(|(at_s, _)| *at_s).collect();
        let values = |line: &Line| line.points.iter().map(|(_, value)| *value).collect();
        let columns: Vec<Vec<Option<f64>>> = self.lines.iter().map(values).collect();
        let one = |values: &[Option<f64>]| {
            let known = || values.iter().flatten().copied();
            match self.shape {
                Shape::Bands => known().reduce(f64::max),
                _ => (known().count() > 0).then(|| known().sum::<f64>() / known().count() as f64),
            }
        };
        Numbers { names, lines: lines(&times, &columns, &one, &|value| self.say(value)) }
    }
}

fn lines(
    times: &[f64],
    columns: &[Vec<Option<f64>>],
    one: &dyn Fn(&[Option<f64>]) -> Option<f64>,
    say: &dyn Fn(f64) -> String,
) -> Vec<(String, Vec<String>)> {
    let width = times.len().div_ceil(LINES_MAX).max(1);
    let line = |from: usize| {
        let cell = |column: &Vec<Option<f64>>| {
            let values = &column[from.min(column.len())..(from + width).min(column.len())];
            one(values).map_or_else(|| "-".to_owned(), say)
        };
        (at(times[from]), columns.iter().map(cell).collect())
    };
    (0..times.len()).step_by(width).map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::drawn;

    #[test]
    fn a_table_has_few_lines_and_keeps_the_slowest() {
        let (report, all) = drawn("dead-peer");
        for figure in &all {
            let numbers = figure.numbers();
            assert!((20..=60).contains(&numbers.lines.len()), "{}", figure.id);
            assert!(numbers.lines.iter().all(|(_, cells)| cells.len() == numbers.names.len()));
        }
        let latency = all.iter().find(|figure| figure.id == "latency").unwrap();
        let most = latency.lines[2].points.iter().filter_map(|(_, v)| *v).fold(0.0, f64::max);
        let said = latency.say(most);
        assert!(latency.numbers().lines.iter().any(|(_, cells)| cells[2] == said), "{said}");
        assert!(report.requests.completed > 0);
    }
}
