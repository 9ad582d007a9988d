//! A run, or many, against a saved report: what got worse, by how much, and whether it may.

use super::compare::{Comparison, Difference, Finding, Variant};
use super::gate::Check;
use super::replications::{Summary, Surety};
use super::statistics::Estimate;
use super::text::{label, signed};
use crate::report::figures::percent;
use crate::report::text::{Table, titled, wrapped};

/// Columns of a sentence at most.
const WIDTH: usize = 96;

/// What became of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// No worse, or worse by no more than is allowed.
    Fine,
    /// Worse by more than is allowed, and luck explains it.
    Luck,
    /// Worse by more than is allowed.
    Regressed,
}

/// How something stands against a saved report.
#[derive(Clone, Debug, PartialEq)]
pub struct Regression {
    comparison: Comparison,
    source: String,
    allowed: f64,
}

impl Outcome {
    /// Of a difference, where a share `allowed` of the baseline's value may be lost. With intervals
    /// a difference counts only where its interval does not hold zero.
    #[must_use]
    pub fn of(difference: &Difference, allowed: f64) -> Self {
        let Estimate { value, low, .. } = difference.difference;
        let worse = if difference.lower_is_better() { value } else { -value };
        let luck = low.is_some() && matches!(difference.finding, Finding::CannotTell { .. });
        match () {
            () if worse <= 0.0 || worse <= allowed * difference.baseline.abs() => Outcome::Fine,
            () if luck => Outcome::Luck,
            () => Outcome::Regressed,
        }
    }

    fn said(self) -> &'static str {
        match self {
            Outcome::Fine => "held",
            Outcome::Luck => "cannot tell",
            Outcome::Regressed => "REGRESSED",
        }
    }
}

impl Regression {
    /// Compares with what was saved as `source`; `allowed` is the share of a figure by which it may
    /// be worse.
    ///
    /// # Errors
    /// A sentence if the two are no match.
    pub fn of(
        (baseline, source): (Summary, &str),
        now: Summary,
        allowed: f64,
        confidence: f64,
    ) -> Result<Self, String> {
        let comparison = Comparison::of_saved(baseline, vec![now], confidence)?;
        Ok(Regression { comparison, source: source.to_owned(), allowed })
    }

    fn variant(&self) -> &Variant {
        &self.comparison.variants[0]
    }

    fn outcomes(&self) -> impl Iterator<Item = (&Difference, Outcome)> {
        self.variant().differences.iter().map(|one| (one, Outcome::of(one, self.allowed)))
    }

    /// Whether anything regressed.
    #[must_use]
    pub fn found(&self) -> bool {
        self.outcomes().any(|(_, outcome)| outcome == Outcome::Regressed)
    }

    /// One per figure that both have. What luck explains ends no build.
    #[must_use]
    pub fn checks(&self) -> Vec<Check> {
        let one = |(difference, outcome): (&Difference, Outcome)| Check {
            scenario: self.variant().summary.name.clone(),
            name: format!("{} against {}", label(&difference.name), self.source),
            verdict: match outcome {
                Outcome::Fine => Surety::Held,
                Outcome::Luck => Surety::CannotTell,
                Outcome::Regressed => Surety::Missed,
            },
            fails: outcome == Outcome::Regressed,
            found: found(difference, self.allowed),
            spot: None,
        };
        self.outcomes().map(one).collect()
    }

    /// For people, at most 100 columns.
    #[must_use]
    pub fn to_text(&self) -> String {
        let title = format!("Against {}", self.source);
        let regressed = self.outcomes().filter(|(_, found)| *found == Outcome::Regressed).count();
        let all = self.variant().differences.len();
        let allowed = percent(self.allowed);
        let said = match regressed {
            _ if self.variant().identical => "the very same runs".to_owned(),
            0 => format!("none of {all} figures is worse by more than {allowed}"),
            n => format!("{n} of {all} figures regressed by more than {allowed}"),
        };
        let mut table = Table::new(&["", "", "saved", "now", "difference", "", "interval"]);
        for (one, outcome) in self.outcomes() {
            let range = match (one.difference.low, one.difference.high) {
                (Some(low), Some(high)) => {
                    format!("{} to {}", signed(one.unit, low), signed(one.unit, high))
                }
                _ => "-".to_owned(),
            };
            table.row(vec![
                outcome.said().to_owned(),
                label(&one.name).to_owned(),
                one.unit.say(one.baseline),
                one.unit.say(one.variant),
                signed(one.unit, one.difference.value),
                relative(one),
                range,
            ]);
        }
        let basis = self.comparison.basis(self.variant());
        let mut lines = wrapped(&format!("{said}. {basis}."), WIDTH).join("\n  ");
        lines = format!("  {lines}\n{}", table.left(&[0, 1]).body());
        titled(&title, &lines)
    }
}

/// `+20.6 %`, or nothing where it was 0.
fn relative(of: &Difference) -> String {
    if of.baseline == 0.0 {
        return String::new();
    }
    let share = of.difference.value / of.baseline.abs();
    let sign = if share < 0.0 { "\u{2212}" } else { "+" };
    format!("{sign}{}", percent(share.abs()))
}

/// `520 ms, was 431 ms: +89 ms (+20.6 %), +60 ms to +110 ms; 5 % is allowed`.
fn found(of: &Difference, allowed: f64) -> String {
    let (unit, relative) = (of.unit, relative(of));
    let share = if relative.is_empty() { relative } else { format!(" ({relative})") };
    let range = match (of.difference.low, of.difference.high) {
        (Some(low), Some(high)) => format!(", {} to {}", signed(unit, low), signed(unit, high)),
        _ => String::new(),
    };
    format!(
        "{}, was {}: {}{share}{range}; {} is allowed",
        unit.say(of.variant),
        unit.say(of.baseline),
        signed(unit, of.difference.value),
        percent(allowed)
    )
}
