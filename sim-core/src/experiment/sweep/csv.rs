//! Points as columns: a row each, with what was varied, the verdict, and every figure's interval.

use serde::Serialize;
use serde_json::Value as Json;

use super::analysis::Outcome;
use super::factor::{number, said};
use super::record::PointRecord;
use crate::report::quoted;

/// A column of the table of points: a value per point.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its values.
    pub cells: Cells,
}

/// The values of a column.
#[derive(Clone, Debug, PartialEq)]
pub enum Cells {
    /// Numbers; `None` where there is none.
    Numbers(Vec<Option<f64>>),
    /// Whole numbers.
    Whole(Vec<i64>),
    /// Text.
    Texts(Vec<String>),
}

impl Outcome {
    /// The points as columns, for CSV and Parquet.
    #[must_use]
    pub fn columns(&self) -> Vec<Column> {
        let texts = |name: &str, of: &dyn Fn(&PointRecord) -> String| Column {
            name: name.to_owned(),
            cells: Cells::Texts(self.records.iter().map(of).collect()),
        };
        let whole = self.records.iter().map(|record| i64::from(record.id)).collect();
        let mut columns = vec![Column { name: "point".to_owned(), cells: Cells::Whole(whole) }];
        for factor in &self.header.factors {
            columns.push(self.factor(&factor.name));
        }
        columns.push(texts("verdict", &|record| word(&record.verdict)));
        columns.push(texts("breaks_first", &|record| {
            record.breaks.first().and_then(|one| one.what.clone()).unwrap_or_default()
        }));
        for name in self.figures() {
            let number = |of: fn(&super::super::Estimate) -> Option<f64>| {
                let value = |record: &PointRecord| {
                    record.figures.get(&name)?.estimate.as_ref().and_then(of)
                };
                Cells::Numbers(self.records.iter().map(value).collect())
            };
            columns.push(Column { name: name.clone(), cells: number(|one| Some(one.value)) });
            columns.push(Column { name: format!("{name}.low"), cells: number(|one| one.low) });
            columns.push(Column { name: format!("{name}.high"), cells: number(|one| one.high) });
        }
        columns.push(texts("digest", &|record| record.digest.clone()));
        columns
    }

    /// A factor's values: numbers where all are plain numbers, else text as written.
    fn factor(&self, name: &str) -> Column {
        let values: Vec<&Json> = self.records.iter().map(|record| &record.values[name]).collect();
        let plain = |value: &&Json| value.is_number().then(|| number(value).map(|(n, _)| n));
        let numbers: Option<Vec<Option<f64>>> = values.iter().map(plain).collect();
        let texts = || Cells::Texts(values.iter().map(|value| said(value)).collect());
        Column { name: name.to_owned(), cells: numbers.map_or_else(texts, Cells::Numbers) }
    }

    /// Names of all figures: points may differ in their parts, and so in these.
    fn figures(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        let mut known = std::collections::BTreeSet::new();
        for name in self.records.iter().flat_map(|record| record.figures.keys()) {
            if known.insert(name) {
                names.push(name.clone());
            }
        }
        names
    }

    /// The points as CSV, a row each.
    #[must_use]
    pub fn to_csv(&self) -> String {
        let columns = self.columns();
        let mut lines =
            vec![columns.iter().map(|column| quoted(&column.name)).collect::<Vec<_>>().join(",")];
        for row in 0..self.records.len() {
            let cell = |column: &Column| match &column.cells {
                Cells::Numbers(all) => all[row].map_or(String::new(), |value| value.to_string()),
                Cells::Whole(all) => all[row].to_string(),
                Cells::Texts(all) => quoted(&all[row]),
            };
            lines.push(columns.iter().map(cell).collect::<Vec<_>>().join(","));
        }
        lines.join("\n") + "\n"
    }
}

/// The word that JSON has for it.
fn word(value: &impl Serialize) -> String {
    serde_json::to_value(value).ok().map(|json| said(&json)).unwrap_or_default()
}
