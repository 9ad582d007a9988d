//! Objectives as a person writes them: `latency p(95) < 500ms`, `errors < 0.1%`.

use serde::{Deserialize, Serialize};

use super::problem::suggest;
use crate::units::{Duration, Rate, Share};

/// What an objective looks at.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Metric {
    /// Mean latency, ms.
    LatencyMean,
    /// Highest latency, ms.
    LatencyMax,
    /// A percentile of latency, ms; the percentile is between 0 and 100.
    LatencyPercentile(f64),
    /// Share of the requests that failed, 0 to 1.
    Errors,
    /// Answers per second.
    Throughput,
    /// Answers per second that a user was still waiting for.
    Goodput,
    /// Share of the time in which the service was available, 0 to 1: of windows of a minute (a
    /// hundredth of the run where that is shorter) those in which at least 95 % of the requests
    /// that ended were answered.
    Availability,
    /// What all nodes with a price cost, USD/h.
    Cost,
    /// The same per 1,000 requests that were answered to somebody who waited, USD.
    CostPer1000Good,
}

impl Metric {
    /// Whether it looks at the cluster's price and at no request.
    #[must_use]
    pub fn is_cost(self) -> bool {
        matches!(self, Metric::Cost | Metric::CostPer1000Good)
    }
}

/// Which side of the bound holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Relation {
    /// `<`
    Below,
    /// `<=`
    AtMost,
    /// `>`
    Above,
    /// `>=`
    AtLeast,
}

/// One objective.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Objective {
    /// As written.
    pub expression: String,
    /// Only this class of requests, like `shoppers/checkout` or all of `shoppers`.
    pub class: Option<String>,
    /// What is looked at.
    pub metric: Metric,
    /// Which side holds.
    pub relation: Relation,
    /// The bound, in the metric's unit.
    pub bound: f64,
}

const FORM: &str = "write it like latency p(95) < 500ms, errors < 0.1% or goodput > 20/s";

impl Objective {
    /// Reads an objective.
    ///
    /// # Errors
    /// A sentence with the value, then `: ` and the remedy.
    pub fn parse(text: &str) -> Result<Self, String> {
        let unreadable = || format!("\"{text}\" is no objective: {FORM}");
        let at = text.find(['<', '>']).ok_or_else(unreadable)?;
        let (left, right) = text.split_at(at);
        let (relation, right) = if let Some(right) = right.strip_prefix("<=") {
            (Relation::AtMost, right)
        } else if let Some(right) = right.strip_prefix(">=") {
            (Relation::AtLeast, right)
        } else if let Some(right) = right.strip_prefix('<') {
            (Relation::Below, right)
        } else {
            (Relation::Above, &right[1..])
        };
        let words: Vec<&str> = left.split_whitespace().collect();
        if words.len() > 1 && words[words.len() - 1] == "cost" {
            let class = words[0];
            return Err(format!(
                "\"{class} cost\" is no metric: machines serve everybody; write cost < 3 USD/h"
            ));
        }
        let (class, words) = match words.split_first() {
            Some((first, rest)) if !rest.is_empty() && !METRICS.contains(first) => {
                (Some((*first).to_owned()), rest)
            }
            _ => (None, &words[..]),
        };
        let metric = metric(words, right).ok_or_else(|| {
            let near = words.first().and_then(|word| suggest(word, METRICS));
            let near = near.filter(|near| words.first() != Some(near));
            let remedy = near.map(|near| format!("did you mean \"{near}\"?"));
            let remedy = remedy.as_deref().unwrap_or(FORM);
            format!("\"{}\" in \"{text}\" is no metric: {remedy}", left.trim())
        })?;
        let bound = bound(metric, right.trim()).map_err(|why| match why.split_once(": ") {
            Some((why, remedy)) => format!("{why}: {remedy}"),
            None => format!("{why}: {FORM}"),
        })?;
        Ok(Objective { expression: text.to_owned(), class, metric, relation, bound })
    }

    /// Whether a value holds it. A value that does not exist (no request was answered) does not.
    #[must_use]
    pub fn holds(&self, value: Option<f64>) -> bool {
        value.is_some_and(|value| match self.relation {
            Relation::Below => value < self.bound,
            Relation::AtMost => value <= self.bound,
            Relation::Above => value > self.bound,
            Relation::AtLeast => value >= self.bound,
        })
    }
}

const METRICS: [&str; 9] =
    ["latency", "errors", "throughput", "goodput", "mean", "max", "rate", "cost", "availability"];

/// The metric of the words before the relation; what a cost is per is told by its bound's unit.
fn metric(words: &[&str], bound: &str) -> Option<Metric> {
    match words {
        ["errors" | "rate"] => Some(Metric::Errors),
        ["availability"] => Some(Metric::Availability),
        ["throughput"] => Some(Metric::Throughput),
        ["goodput"] => Some(Metric::Goodput),
        ["cost"] if bound.contains("1000") => Some(Metric::CostPer1000Good),
        ["cost"] => Some(Metric::Cost),
        ["latency", "mean"] | ["mean"] => Some(Metric::LatencyMean),
        ["latency", "max"] | ["max"] => Some(Metric::LatencyMax),
        ["latency", percentile] | [percentile] => {
            let inner = percentile.strip_prefix('p')?;
            let inner = inner.strip_prefix('(').and_then(|p| p.strip_suffix(')')).unwrap_or(inner);
            let p: f64 = inner.parse().ok()?;
            (p > 0.0 && p < 100.0).then_some(Metric::LatencyPercentile(p))
        }
        _ => None,
    }
}

fn bound(metric: Metric, text: &str) -> Result<f64, String> {
    match metric {
        Metric::Errors | Metric::Availability => text.parse::<Share>().map(Share::value),
        Metric::Throughput | Metric::Goodput => text.parse::<Rate>().map(Rate::per_second),
        Metric::Cost | Metric::CostPer1000Good => cost(metric, text),
        _ => match text.parse::<f64>() {
            // k6 writes bare milliseconds
            Ok(ms) if ms.is_finite() && ms >= 0.0 => Ok(ms),
            _ => text.parse::<Duration>().map(|bound| bound.seconds() * 1e3),
        },
    }
}

/// `3 USD/h` or `0.05 USD/1000 good`.
fn cost(metric: Metric, text: &str) -> Result<f64, String> {
    let per = if metric == Metric::Cost { &["h"][..] } else { &["1000 good", "1000"] };
    let number = text.split_once("USD/").and_then(|(number, unit)| {
        per.contains(&unit.trim()).then(|| number.trim().parse::<f64>().ok()).flatten()
    });
    number.filter(|usd| usd.is_finite() && *usd >= 0.0).ok_or_else(|| {
        format!("\"{text}\" is no cost: write it like cost < 3 USD/h or cost < 0.05 USD/1000 good")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readable_forms() {
        let read = |text| Objective::parse(text).map(|o| (o.class, o.metric, o.relation, o.bound));
        let p95 = Metric::LatencyPercentile(95.0);
        assert_eq!(read("latency p(95) < 500ms"), Ok((None, p95, Relation::Below, 500.0)));
        assert_eq!(read("p(95)<500"), Ok((None, p95, Relation::Below, 500.0)));
        assert_eq!(read("errors <= 0.1%"), Ok((None, Metric::Errors, Relation::AtMost, 0.001)));
        let class = Some("shoppers/checkout".to_owned());
        let p999 = Metric::LatencyPercentile(99.9);
        let read_class = read("shoppers/checkout latency p(99.9) < 2s");
        assert_eq!(read_class, Ok((class, p999, Relation::Below, 2_000.0)));
        assert_eq!(read("goodput > 20/s"), Ok((None, Metric::Goodput, Relation::Above, 20.0)));
        assert_eq!(read("cost < 3 USD/h"), Ok((None, Metric::Cost, Relation::Below, 3.0)));
        let shop = (Some("shop".to_owned()), Metric::Availability, Relation::Above, 0.999);
        assert_eq!(read("shop availability > 99.9%"), Ok(shop));
        let per_1000 = Ok((None, Metric::CostPer1000Good, Relation::AtMost, 0.05));
        assert_eq!(read("cost <= 0.05 USD/1000 good"), per_1000);
    }

    #[test]
    fn wrong_forms_say_how_to_write_it() {
        for text in [
            "latency",
            "latency 95 < 5ms",
            "errors < 3",
            "p(200) < 1s",
            "",
            "goodput > 5",
            "cost < 3",
            "cost < 3 EUR/h",
            "cost < 1 USD/1000 bad",
            "shoppers cost < 1 USD/h",
        ] {
            let error = Objective::parse(text).unwrap_err();
            assert!(error.contains(": "), "{text}: {error}");
        }
    }
}
