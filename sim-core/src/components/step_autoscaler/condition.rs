//! A condition as a person writes it: `cpu > 70% for 5m`, `queue > 20 for 1m`, `p95 > 400ms`.

use std::borrow::Cow;
use std::fmt::{Display, Formatter, Result as Printed};
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::engine::time::{MICROSECOND, MILLISECOND, Nanos};
use crate::units::{Duration, Share};

/// What is looked at, and the value that it is compared with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Measure {
    /// CPU time used over CPU time there was, since the last scrape, of all instances together.
    Cpu(Share),
    /// Requests waiting per instance, at the moment of the scrape.
    Queue(f64),
    /// A percentile of the time in the instances of what they answered since the last scrape.
    Latency {
        /// 1 to 99.
        percentile: u8,
        /// What it is compared with.
        limit: Duration,
    },
}

/// On which side of the value the condition holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Strictly above.
    Above,
    /// Strictly below.
    Below,
}

/// A comparison, and how long it has to hold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Condition {
    /// What is compared with what.
    pub measure: Measure,
    /// How.
    pub side: Side,
    /// It has to be true at every evaluation for this long, counted from the first one that found
    /// it true; 0 for a single one.
    pub hold: Duration,
}

impl Condition {
    /// Whether the comparison is true of a value, in the unit of [`Condition::limit`].
    #[must_use]
    pub fn is_true(&self, value: f64) -> bool {
        match self.side {
            Side::Above => value > self.limit(),
            Side::Below => value < self.limit(),
        }
    }

    /// The value compared with: a share of 1, requests per instance, or ns.
    #[must_use]
    pub fn limit(&self) -> f64 {
        match self.measure {
            Measure::Cpu(share) => share.value(),
            Measure::Queue(number) => number,
            Measure::Latency { limit, .. } => limit.nanos() as f64,
        }
    }

    /// The condition with the value that made it true: `cpu 82.0% > 70% for 5m`.
    #[must_use]
    pub fn with(&self, value: f64) -> String {
        let value = match self.measure {
            Measure::Cpu(_) => format!("{:.1}%", value * 100.0),
            Measure::Queue(_) => format!("{value:.1}"),
            Measure::Latency { .. } => {
                let ns = value as Nanos;
                let step = if ns < 10 * MILLISECOND { MICROSECOND } else { MILLISECOND };
                Duration(ns / step * step).to_string()
            }
        };
        let text = self.to_string();
        match text.split_once(' ') {
            Some((measure, rest)) => format!("{measure} {value} {rest}"),
            None => text,
        }
    }
}

impl Display for Condition {
    fn fmt(&self, f: &mut Formatter<'_>) -> Printed {
        let side = if self.side == Side::Above { '>' } else { '<' };
        match self.measure {
            Measure::Cpu(share) => write!(f, "cpu {side} {share}")?,
            Measure::Queue(number) => write!(f, "queue {side} {number}")?,
            Measure::Latency { percentile, limit } => write!(f, "p{percentile} {side} {limit}")?,
        }
        if self.hold.nanos() > 0 { write!(f, " for {}", self.hold) } else { Ok(()) }
    }
}

impl FromStr for Condition {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "\"{text}\" is no condition: write cpu, queue or p95, then > or <, a value, and \
                 perhaps for how long, like cpu > 70% for 5m"
            )
        };
        let (comparison, hold) = match text.split_once(" for ") {
            Some((comparison, hold)) => (comparison, hold.parse()?),
            None => (text, Duration(0)),
        };
        let at = comparison.find(['>', '<']).ok_or_else(wrong)?;
        let side = if comparison[at..].starts_with('>') { Side::Above } else { Side::Below };
        let (measure, value) = (comparison[..at].trim(), comparison[at + 1..].trim());
        let measure = match measure {
            "cpu" => Measure::Cpu(value.parse()?),
            "queue" => {
                let number = value.replace('_', "").parse().ok();
                let usual = |number: &f64| (0.0..=1e9).contains(number);
                Measure::Queue(number.filter(usual).ok_or_else(wrong)?)
            }
            other => {
                let percentile = other.strip_prefix('p').and_then(|digits| digits.parse().ok());
                let percentile = percentile.filter(|p| (1..=99).contains(p)).ok_or_else(wrong)?;
                Measure::Latency { percentile, limit: value.parse()? }
            }
        };
        Ok(Condition { measure, side, hold })
    }
}

impl Serialize for Condition {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Condition {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

impl JsonSchema for Condition {
    fn schema_name() -> Cow<'static, str> {
        "Condition".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "title": "Condition",
            "description": "What is looked at (cpu: part of the CPU time used; queue: requests \
                waiting per instance; p95 or another percentile: time in the instance), > or <, a \
                value, and perhaps for how long it has to hold.",
            "examples": ["cpu > 70% for 5m", "queue > 20 for 1m", "p95 > 400ms for 2m"],
            "type": "string",
            "pattern": "^ ?(cpu|queue|p[1-9][0-9]?) ?[<>] ?[0-9][^<>]*( for [0-9][^<>]*)?$"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_read_and_print() {
        for (text, printed) in [
            ("cpu > 70% for 5m", "cpu > 70% for 5m"),
            ("cpu>0.7 for 300s", "cpu > 70% for 5m"),
            ("queue < 20.5 for 1m", "queue < 20.5 for 1m"),
            ("p95 > 400 ms for 2 m", "p95 > 400ms for 2m"),
            ("p5 < 0.5s", "p5 < 500ms"),
        ] {
            let condition: Condition = text.parse().unwrap();
            assert_eq!(condition.to_string(), printed);
            assert_eq!(printed.parse(), Ok(condition));
            let json = serde_json::to_string(&condition).unwrap();
            assert_eq!(serde_json::from_str::<Condition>(&json).unwrap(), condition);
            let bytes = postcard::to_stdvec(&condition).unwrap();
            assert_eq!(postcard::from_bytes::<Condition>(&bytes).unwrap(), condition);
        }
    }

    #[test]
    fn a_wrong_condition_names_the_value_and_the_remedy() {
        let error = |text: &str| text.parse::<Condition>().unwrap_err();
        for text in ["", "cpu", "cpu 70%", "memory > 3", "p > 3ms", "p0 > 3ms", "p100 > 3ms"] {
            let message = error(text);
            assert!(
                message.starts_with(&format!("\"{text}\" is no condition: write")),
                "{message}"
            );
        }
        assert!(error("queue > many").contains("is no condition"));
        assert!(error("queue > -1").contains("is no condition"));
        assert!(error("cpu > 70").contains("\"70\" is no share: write 0% to 100%"));
        assert!(error("p95 > 400").contains("\"400\" has no unit: add one"));
        assert!(error("cpu > 70% for ages").contains("\"ages\" is no duration"));
        assert!(error("cpu >= 70%").contains("is no share"));
    }

    #[test]
    fn the_value_stands_beside_the_condition() {
        let with = |text: &str, value| text.parse::<Condition>().unwrap().with(value);
        assert_eq!(with("cpu > 70% for 5m", 0.8204), "cpu 82.0% > 70% for 5m");
        assert_eq!(with("queue > 20", 31.25), "queue 31.2 > 20");
        assert_eq!(with("p95 > 400ms for 2m", 412_345_678.0), "p95 412ms > 400ms for 2m");
        assert_eq!(with("p99 < 5ms", 4_123_456.0), "p99 4.123ms < 5ms");
    }
}
