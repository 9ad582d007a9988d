//! Saved reports, of one run or of many, as experiments read them again.

use indexmap::IndexMap;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::course::Sums;
use super::measure::Sample;
use super::replications::{Objective, Summary, Surety, breaks};
use super::statistics::{CONFIDENCE, Estimate};
use crate::report::{ObjectiveReport, Report};

/// What tells the saved forms from each other and from any other JSON.
#[derive(Deserialize)]
struct Form {
    schema_version: u32,
    samples: Option<IgnoredAny>,
    variants: Option<IgnoredAny>,
}

/// Whether a text is a saved report of any kind and no scenario.
#[must_use]
pub fn is_saved(text: &str) -> bool {
    text.trim_start().starts_with('{') && serde_json::from_str::<Form>(text).is_ok()
}

impl Summary {
    /// What `run --format json` wrote, with replications or without.
    ///
    /// # Errors
    /// A sentence with what is wrong and what to do.
    pub fn from_saved(text: &str) -> Result<Self, String> {
        match serde_json::from_str::<Form>(text) {
            Ok(Form { variants: Some(_), .. }) => {
                let why = "it is a comparison: name the reports that it compares, or the scenarios";
                Err(why.to_owned())
            }
            Ok(Form { samples: Some(_), schema_version: 1, .. }) => serde_json::from_str(text)
                .map_err(|error| {
                    format!(
                        "another version of Busyhour wrote it ({error}): run the scenario again"
                    )
                }),
            // everything else is a run's report, or that reader says what is wrong with it
            _ => Ok(Summary::of_report(&Report::from_json(text)?)),
        }
    }

    /// A single run: figures without intervals.
    #[must_use]
    pub fn of_report(report: &Report) -> Self {
        let mut sample = Sample::of_report(report);
        let measures = std::mem::take(&mut sample.measures);
        let values = measures.iter().zip(&sample.values);
        let estimates: IndexMap<String, Option<Estimate>> =
            values.map(|(measure, value)| (measure.name.clone(), value.map(exactly))).collect();
        let objectives: Vec<Objective> = report.objectives.iter().map(objective).collect();
        let mut windows = Sums::default();
        windows.add(&std::mem::take(&mut sample.windows));
        let samples = vec![sample];
        Summary {
            schema_version: 1,
            name: report.name.clone(),
            scenario_hash: report.scenario_hash.clone(),
            duration_s: report.simulated_s,
            confidence: CONFIDENCE,
            warmup: None,
            inputs: None,
            verdict: Surety::of_all(&objectives),
            objectives,
            breaks: breaks(&samples, CONFIDENCE),
            estimates,
            measures,
            samples,
            course: windows.course(CONFIDENCE),
        }
    }
}

fn exactly(value: f64) -> Estimate {
    Estimate { value, low: None, high: None }
}

fn objective(one: &ObjectiveReport) -> Objective {
    let held_in = u32::from(one.held);
    Objective {
        expression: one.expression.clone(),
        unit: one.unit,
        bound: one.bound,
        value: one.value.map(exactly),
        verdict: if one.held { Surety::Held } else { Surety::Missed },
        held_in,
        held_share: Estimate::share(held_in, 1, CONFIDENCE),
    }
}
