//! What is varied: a name, the paths that it sets, and the values that it takes.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::units::six_digits;

/// Something that is varied.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Factor {
    /// Its name in tables and expressions: the path, unless the sweep gives it another.
    pub name: String,
    /// What it sets in the scenario; none where it only serves expressions.
    pub paths: Vec<String>,
    /// What it may be.
    pub levels: Levels,
}

/// What a factor may be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Levels {
    /// One of these.
    Values(Vec<Json>),
    /// Anything between two ends.
    Range(Range),
}

/// Anything between two ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Range {
    /// The lower end.
    pub from: f64,
    /// The upper end.
    pub to: f64,
    /// How many values a grid or a list takes, both ends among them.
    pub steps: Option<u32>,
    /// Whether equal parts are equal ratios.
    pub log: bool,
    /// Whether both ends were written as whole numbers: then all between are.
    pub whole: bool,
    /// What follows the number, like `ms` or `/s`.
    pub unit: String,
}

/// Where in its levels a factor stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Place {
    /// At the step of this number.
    Step(usize),
    /// This share of the way, at least 0 and below 1.
    Share(f64),
}

impl Factor {
    /// How many values a grid or a list takes; `None` for a range without steps.
    #[must_use]
    pub fn steps(&self) -> Option<usize> {
        match &self.levels {
            Levels::Values(values) => Some(values.len()),
            Levels::Range(range) => range.steps.map(|steps| steps as usize),
        }
    }

    /// The value at a place.
    pub(super) fn value(&self, place: Place) -> Json {
        match (&self.levels, place) {
            (Levels::Values(values), Place::Step(step)) => values[step].clone(),
            (Levels::Values(values), Place::Share(share)) => {
                values[((share * values.len() as f64) as usize).min(values.len() - 1)].clone()
            }
            (Levels::Range(range), Place::Step(step)) => range.step(step),
            (Levels::Range(range), Place::Share(share)) => range.share(share),
        }
    }

    /// What follows the numbers of its values, if it is the same behind all of them.
    pub(super) fn unit(&self) -> Option<String> {
        match &self.levels {
            Levels::Range(range) => Some(range.unit.clone()),
            Levels::Values(values) => {
                let mut units = values.iter().map(|value| number(value).map(|(_, unit)| unit));
                let first = units.next()??;
                units.all(|unit| unit.as_ref() == Some(&first)).then_some(first)
            }
        }
    }
}

impl Range {
    fn between(&self, from: f64, to: f64, share: f64) -> f64 {
        if self.log {
            libm::exp(libm::log(from) + share * (libm::log(to) - libm::log(from)))
        } else {
            from + share * (to - from)
        }
    }

    fn step(&self, step: usize) -> Json {
        let last = self.steps.unwrap_or(1).saturating_sub(1).max(1) as usize;
        let value = match step {
            0 => self.from,
            _ if step == last => self.to,
            _ => self.between(self.from, self.to, step as f64 / last as f64),
        };
        self.written(if self.whole { libm::round(value) } else { value })
    }

    /// A value that two steps share, because it is rounded to a whole number.
    pub(super) fn twice(&self) -> Option<Json> {
        let values: Vec<Json> =
            (0..self.steps.unwrap_or(0) as usize).map(|n| self.step(n)).collect();
        values.windows(2).find(|two| two[0] == two[1]).map(|two| two[0].clone())
    }

    /// Every whole number of a range has the same share of the way.
    fn share(&self, share: f64) -> Json {
        let value = if self.whole {
            self.between(self.from, self.to + 1.0, share).floor().min(self.to)
        } else {
            self.between(self.from, self.to, share)
        };
        self.written(value)
    }

    fn written(&self, value: f64) -> Json {
        written(value, &self.unit)
    }
}

/// A number with its unit as a person would write it: six digits, none after the point if whole.
pub(super) fn written(value: f64, unit: &str) -> Json {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let short = six_digits(value);
    let whole = value.trunc() == value && value.abs() < EXACT;
    match (unit, whole) {
        ("", true) => Json::from(value as i64),
        ("", false) => Json::from(short),
        (unit, true) => Json::from(format!("{}{unit}", value as i64)),
        (unit, false) => Json::from(format!("{short}{unit}")),
    }
}

/// The number that a value begins with, and what follows it.
#[must_use]
pub(super) fn number(value: &Json) -> Option<(f64, String)> {
    if let Some(number) = value.as_f64() {
        return Some((number, String::new()));
    }
    let text = value.as_str()?.trim();
    let end = text.find(|c: char| !(c.is_ascii_digit() || "._-".contains(c)));
    let (digits, unit) = text.split_at(end.unwrap_or(text.len()));
    let number: f64 = digits.replace('_', "").parse().ok()?;
    Some((number, unit.trim().to_owned()))
}

/// A value for a person: a text without its quotes.
#[must_use]
pub(super) fn said(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
