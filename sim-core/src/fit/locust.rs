//! Locust's statistics: one line per endpoint, with percentiles and no single requests.

use crate::recorded::cells;

use super::word;

/// An endpoint as Locust sums it up.
pub(super) struct Summed {
    pub(super) endpoint: String,
    pub(super) count: u64,
    pub(super) failed: u64,
    pub(super) per_second: f64,
    /// Percentiles with their seconds, the maximum as 100.
    pub(super) percentiles: Vec<(f64, f64)>,
}

/// Whether a file that begins like this is Locust's.
pub(super) fn is_locust(line: &str) -> bool {
    line.starts_with("Type,Name,Request Count")
}

/// The columns' names.
pub(super) fn columns(line: &str) -> Vec<String> {
    cells(line).map(|cell| cell.into_owned()).collect()
}

/// An endpoint; `None` for the sum of all, and where nothing was asked.
pub(super) fn parse(columns: &[String], line: &str) -> Option<Summed> {
    let values: Vec<_> = cells(line).collect();
    let value = |name: &str| {
        let at = columns.iter().position(|column| column == name)?;
        values.get(at).map(|cell| &**cell)
    };
    let number = |name: &str| value(name).and_then(|text| text.parse::<f64>().ok());
    let name = value("Name").filter(|name| *name != "Aggregated")?;
    let count = number("Request Count").filter(|count| *count > 0.0)?;
    let percentiles = columns.iter().filter_map(|column| {
        let percent = column.strip_suffix('%')?.parse::<f64>().ok()?;
        Some((percent, number(column)? / 1e3))
    });
    Some(Summed {
        endpoint: word(value("Type").unwrap_or_default(), name),
        count: count as u64,
        failed: number("Failure Count").unwrap_or(0.0) as u64,
        per_second: number("Requests/s").unwrap_or(0.0),
        percentiles: percentiles.collect(),
    })
}
