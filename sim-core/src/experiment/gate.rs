//! What is asked of a system and what came of it, as a build step sees it.

mod github;
mod junit;
#[cfg(test)]
mod tests;

pub(super) use self::github::cell;
pub use self::github::{annotations, job_summary};
pub use self::junit::junit;
use super::compare::Comparison;
use super::replications::{Objective, Summary, Surety};
use super::text::interval;
use crate::report::figures::percent;
use crate::report::{ObjectiveReport, Report};

/// Where something stands that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// The file, as it was named.
    pub file: String,
    /// The line, from 1; `None` where it came with the command.
    pub line: Option<u32>,
}

/// One thing that was asked for, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// The scenario, or the variant of one.
    pub scenario: String,
    /// What was asked for: an objective as written.
    pub name: String,
    /// What came of it.
    pub verdict: Surety,
    /// Whether a build ends here. What luck may have decided does not pass for held.
    pub fails: bool,
    /// What was measured, in words.
    pub found: String,
    /// Where it stands, if that is known.
    pub spot: Option<Spot>,
}

impl Check {
    /// One per objective of a run; `spots` are in the order of the objectives.
    #[must_use]
    pub fn of_report(report: &Report, spots: &[Spot]) -> Vec<Check> {
        let one = |(index, objective): (usize, &ObjectiveReport)| {
            let value = objective.value.map(|value| objective.unit.say(value));
            let mut found = value.unwrap_or_else(|| "nothing to measure".to_owned());
            let broken = objective.broken_said();
            if !broken.is_empty() {
                found = format!("{found}; {broken}");
            }
            Check {
                scenario: report.name.clone(),
                name: objective.expression.clone(),
                verdict: if objective.held { Surety::Held } else { Surety::Missed },
                fails: !objective.held,
                found,
                spot: spots.get(index).cloned(),
            }
        };
        report.objectives.iter().enumerate().map(one).collect()
    }

    /// One per objective of replications.
    #[must_use]
    pub fn of_summary(summary: &Summary, spots: &[Spot]) -> Vec<Check> {
        let one = |(index, objective): (usize, &Objective)| Check {
            scenario: summary.name.clone(),
            name: objective.expression.clone(),
            verdict: objective.verdict,
            fails: objective.verdict != Surety::Held,
            found: over_all(summary, objective),
            spot: spots.get(index).cloned(),
        };
        summary.objectives.iter().enumerate().map(one).collect()
    }

    /// One per objective of every variant. The baseline is what they are compared with and is not
    /// judged. `spots` has those of the baseline first.
    #[must_use]
    pub fn of_comparison(comparison: &Comparison, spots: &[Vec<Spot>]) -> Vec<Check> {
        let own = |index: usize| spots.get(index + 1).map_or(&[][..], |spots| &spots[..]);
        let variants = comparison.variants.iter().enumerate();
        variants.flat_map(|(index, one)| Check::of_summary(&one.summary, own(index))).collect()
    }

    /// What came of it, in a word or two.
    fn outcome(&self) -> &'static str {
        match self.verdict {
            Surety::Held => "held",
            Surety::Missed => "missed",
            Surety::CannotTell | Surety::NoObjectives => "cannot tell",
        }
    }
}

/// `4.41 s on average, 4.2 s to 4.6 s at 95 %; held in 3 of 12 runs`.
fn over_all(summary: &Summary, objective: &Objective) -> String {
    let Objective { unit, value, held_in, .. } = objective;
    let value = match value {
        None => "nothing to measure".to_owned(),
        Some(one) if one.half().is_none() => unit.say(one.value),
        Some(one) => format!(
            "{} on average, {} at {}",
            unit.say(one.value),
            interval(one, *unit),
            percent(summary.confidence)
        ),
    };
    format!("{value}; held in {held_in} of {} runs", summary.samples.len())
}
