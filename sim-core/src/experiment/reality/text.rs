//! The table of all cells, for a terminal, for documents and for programs.

use serde::Serialize;

use super::judge::{Figures, Judged};
use crate::report::figures::{percent, significant};
use crate::report::indented;
use crate::report::text::Table;

/// All cells that were played.
#[derive(Clone, Debug, Serialize)]
pub struct Reality {
    /// Version of this form.
    pub schema_version: u32,
    /// The cells in the order of their names.
    pub cells: Vec<Judged>,
    /// Median over the cells below saturation of the error of the mean latency, without sign.
    pub median_error_mean: Option<f64>,
    /// The same for the 95th percentile.
    pub median_error_p95: Option<f64>,
}

impl Reality {
    /// All cells together.
    #[must_use]
    pub fn new(cells: Vec<Judged>) -> Self {
        let median = |name: &str| {
            let below = cells.iter().filter(|cell| cell.is_below);
            let mut errors: Vec<f64> = below.filter_map(|cell| cell.off(name)).collect();
            errors.sort_unstable_by(f64::total_cmp);
            let middle = errors.len() / 2;
            let upper = *errors.get(middle)?;
            Some(match errors.len() % 2 {
                1 => upper,
                _ => (errors[middle - 1] + upper) / 2.0,
            })
        };
        let (median_error_mean, median_error_p95) = (median("mean"), median("p95"));
        Reality { schema_version: 1, cells, median_error_mean, median_error_p95 }
    }

    /// Whether every cell is within what is demanded.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.cells.iter().all(|cell| cell.held)
    }

    /// For programs.
    ///
    /// # Errors
    /// A sentence if a number cannot be written.
    pub fn to_json(&self) -> Result<String, String> {
        indented(self)
    }

    /// The same as a table of a document.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        let mut out = String::from(MARKDOWN);
        for cell in &self.cells {
            let (was, said) = (&cell.measured, &cell.predicted);
            let pair = |of: fn(&Figures) -> f64| {
                format!("{} / {}", significant(of(was)), significant(of(said)))
            };
            let failed = [was, said].map(|each| format!("{:.1}", each.error_share * 100.0));
            let spread =
                |(low, high): (f64, f64)| format!("{} to {}", significant(low), significant(high));
            let cells = [
                format!("`{}`: {}", cell.cell, cell.title),
                pair(|each| each.throughput_rps),
                failed.join(" / "),
                pair(|each| each.mean_ms),
                pair(|each| each.p95_ms),
                spread(cell.spread_mean_ms),
                spread(cell.fresh_mean_ms),
                cell.said(),
                if cell.held { "held" } else { "missed" }.to_owned(),
            ];
            out.push_str(&format!("| {} |\n", cells.join(" | ")));
        }
        format!("{out}\n{}", self.last_lines())
    }

    pub(super) fn last_lines(&self) -> String {
        let held = self.cells.iter().filter(|cell| cell.held).count();
        let mut out =
            format!("{held} of {} cells are within what is demanded.\n", self.cells.len());
        if let (Some(mean), Some(p95)) = (self.median_error_mean, self.median_error_p95) {
            out.push_str(&format!(
                "Below saturation the median error of the mean is {}, of p95 {}.\n",
                percent(mean),
                percent(p95)
            ));
        }
        out
    }

    /// For people: two lines a cell, measured and predicted, and the medians last.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut table = Table::new(&HEADER).left(&[0, 1, 9]);
        for cell in &self.cells {
            let (name, verdict) = (cell.cell.clone(), cell.verdict());
            table.row(line(name, "measured", &cell.measured, verdict));
            let off = format!("  {}", cell.said());
            table.row(line(off, "predicted", &cell.predicted, String::new()));
        }
        format!("{}\n{}", table.body(), self.last_lines())
    }
}

const MARKDOWN: &str = "\
| cell | ok/s | failed % | mean ms | p95 ms | mean ms by run | mean ms of other days | off by | |
|---|---|---|---|---|---|---|---|---|
";

const HEADER: [&str; 10] =
    ["cell", "", "ok/s", "failed", "mean ms", "p50", "p90", "p95", "p99", ""];

fn line(name: String, what: &str, figures: &Figures, verdict: String) -> Vec<String> {
    let latencies =
        [figures.mean_ms, figures.p50_ms, figures.p90_ms, figures.p95_ms, figures.p99_ms];
    let mut cells = vec![
        name,
        what.to_owned(),
        significant(figures.throughput_rps),
        percent(figures.error_share),
    ];
    cells.extend(latencies.map(significant));
    cells.push(verdict);
    cells
}

impl Judged {
    fn verdict(&self) -> String {
        if self.held { "ok" } else { "MISSED" }.to_owned()
    }

    /// The errors that count, like `mean +1.2 %, p95 -3.4 %`.
    pub(super) fn said(&self) -> String {
        let signed = |error: f64| {
            let sign = if error < 0.0 { "-" } else { "+" };
            format!("{sign}{:.1} %", error.abs() * 100.0)
        };
        let errors = self.errors.iter().map(|(name, error)| format!("{name} {}", signed(*error)));
        errors.collect::<Vec<_>>().join(", ")
    }
}
