//! The points of a sweep: what each of them sets in the scenario.

use indexmap::IndexMap;
use serde_json::Value as Json;

use super::Sweep;
use super::factor::{number, written};

/// A point: one way to set what is varied.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// Its number, from 0.
    pub id: u32,
    /// The value of each factor, by name.
    pub values: IndexMap<String, Json>,
    /// What it sets in the scenario, `path=value`.
    pub overrides: Vec<String>,
}

/// All points; or what is wrong with one of them: the path in the sweep, a sentence, a remedy.
pub(super) fn all(sweep: &Sweep) -> Result<Vec<Point>, (String, String, String)> {
    let rows = sweep.design.rows(&sweep.factors, sweep.seed);
    let mut points = Vec::with_capacity(rows.len());
    for (id, row) in rows.into_iter().enumerate() {
        let places = sweep.factors.iter().zip(row);
        let values: IndexMap<String, Json> =
            places.map(|(factor, place)| (factor.name.clone(), factor.value(place))).collect();
        let overrides = overrides(sweep, &values)?;
        points.push(Point { id: id as u32, values, overrides });
    }
    Ok(points)
}

fn overrides(
    sweep: &Sweep,
    values: &IndexMap<String, Json>,
) -> Result<Vec<String>, (String, String, String)> {
    let mut overrides = Vec::new();
    for (factor, value) in sweep.factors.iter().zip(values.values()) {
        overrides.extend(factor.paths.iter().map(|path| format!("{path}={value}")));
    }
    let numbers: Vec<f64> =
        values.values().map(|value| number(value).map_or(f64::NAN, |(n, _)| n)).collect();
    for derived in &sweep.derived {
        let value = derived.is.value(&numbers);
        if !value.is_finite() {
            let at: Vec<String> =
                values.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let message = format!("{} has no value where {}", derived.path, at.join(", "));
            let remedy = "do not divide by what may be zero: max(1, x)".to_owned();
            return Err((format!("derive.\"{}\"", derived.path), message, remedy));
        }
        overrides.push(format!("{}={}", derived.path, written(value, &derived.unit)));
    }
    Ok(overrides)
}
