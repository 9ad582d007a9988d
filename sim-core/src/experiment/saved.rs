//! What commands saved as JSON, read again: by experiments, and to be shown.

use indexmap::IndexMap;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::capacity::Capacity;
use super::compare::Comparison;
use super::course::Sums;
use super::html;
use super::measure::Sample;
use super::plan::Proposal;
use super::replications::{Objective, Summary, Surety, breaks};
use super::statistics::{CONFIDENCE, Estimate};
use super::sweep::Outcome;
use crate::report::html::markup::Markup;
use crate::report::{ObjectiveReport, Report};

/// What tells the saved forms from each other and from any other JSON.
#[derive(Deserialize)]
struct Form {
    schema_version: Option<u32>,
    samples: Option<IgnoredAny>,
    variants: Option<IgnoredAny>,
    rungs: Option<IgnoredAny>,
    ranking: Option<IgnoredAny>,
    minimise: Option<IgnoredAny>,
}

/// What was saved.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Run,
    Runs,
    Comparison,
    Capacity,
    Sweep,
    Plan,
}

fn kind(text: &str) -> Option<Kind> {
    let form: Form =
        text.trim_start().starts_with('{').then(|| serde_json::from_str(text).ok()).flatten()?;
    let kinds = [
        (form.samples.is_some(), Kind::Runs),
        (form.variants.is_some(), Kind::Comparison),
        (form.rungs.is_some(), Kind::Capacity),
        (form.ranking.is_some(), Kind::Sweep),
        (form.minimise.is_some(), Kind::Plan),
        (form.schema_version.is_some(), Kind::Run),
    ];
    kinds.into_iter().find_map(|(is, kind)| is.then_some(kind))
}

/// Whether a text is a saved answer of any kind and no scenario.
#[must_use]
pub fn is_saved(text: &str) -> bool {
    kind(text).is_some()
}

/// A saved answer of any command.
#[derive(Debug)]
pub enum Saved {
    /// Of `run`.
    Run(Box<Report>),
    /// Of `run --replications`.
    Runs(Box<Summary>),
    /// Of `compare`.
    Comparison(Box<Comparison>),
    /// Of `capacity`.
    Capacity(Box<Capacity>),
    /// Of `sweep`.
    Sweep(Box<Outcome>),
    /// Of `plan`.
    Plan(Box<Proposal>),
}

fn form<T: DeserializeOwned>(text: &str) -> Result<Box<T>, String> {
    serde_json::from_str(text)
        .map(Box::new)
        .map_err(|error| format!("another version of Busyhour wrote it ({error}): make it again"))
}

impl Saved {
    /// What `--format json` wrote.
    ///
    /// # Errors
    /// A sentence with what is wrong and what to do.
    pub fn read(text: &str) -> Result<Self, String> {
        Ok(match kind(text) {
            Some(Kind::Runs) => Saved::Runs(form(text)?),
            Some(Kind::Comparison) => Saved::Comparison(form(text)?),
            Some(Kind::Capacity) => Saved::Capacity(form(text)?),
            Some(Kind::Sweep) => Saved::Sweep(form(text)?),
            Some(Kind::Plan) => Saved::Plan(form(text)?),
            // everything else is a run's report, or that reader says what is wrong with it
            Some(Kind::Run) | None => Saved::Run(Box::new(Report::from_json(text)?)),
        })
    }

    /// What it is about.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Saved::Run(one) => &one.name,
            Saved::Runs(one) => &one.name,
            Saved::Comparison(one) => &one.baseline.name,
            Saved::Capacity(one) => &one.name,
            Saved::Sweep(one) => &one.header.name,
            Saved::Plan(one) => &one.name,
        }
    }

    /// For a terminal.
    #[must_use]
    pub fn to_text(&self) -> String {
        match self {
            Saved::Run(one) => one.to_text(),
            Saved::Runs(one) => one.to_text(),
            Saved::Comparison(one) => one.to_text(),
            Saved::Capacity(one) => one.to_text(),
            Saved::Sweep(one) => one.to_text(),
            Saved::Plan(one) => one.to_text(),
        }
    }

    /// For programs.
    ///
    /// # Errors
    /// A sentence if a number cannot be written.
    pub fn to_json(&self) -> Result<String, String> {
        match self {
            Saved::Run(one) => one.to_json(),
            Saved::Runs(one) => one.to_json(),
            Saved::Comparison(one) => one.to_json(),
            Saved::Capacity(one) => one.to_json(),
            Saved::Sweep(one) => one.to_json(),
            Saved::Plan(one) => one.to_json(),
        }
    }

    /// As a page that loads nothing, for people.
    #[must_use]
    pub fn to_html(&self) -> String {
        match self {
            Saved::Run(one) => one.to_html(),
            Saved::Runs(one) => one.to_html(),
            Saved::Comparison(one) => one.to_html(),
            Saved::Capacity(one) => html::page(&one.name, "capacity", |page| one.body(page)),
            Saved::Sweep(one) => one.to_html(),
            Saved::Plan(one) => html::page(&one.name, "plan", |page| one.body(page)),
        }
    }

    /// The same as a part of another page that has the styles of these pages.
    #[must_use]
    pub fn to_part(&self) -> String {
        let mut page = Markup::part(html::PART);
        match self {
            Saved::Run(one) => one.body(&mut page),
            Saved::Runs(one) => return one.to_part(),
            Saved::Comparison(one) => return one.to_part(),
            Saved::Capacity(one) => one.body(&mut page),
            Saved::Sweep(one) => one.body(&mut page),
            Saved::Plan(one) => one.body(&mut page),
        }
        page.finish()
    }
}

impl Summary {
    /// What `run --format json` wrote, with replications or without.
    ///
    /// # Errors
    /// A sentence with what is wrong and what to do.
    pub fn from_saved(text: &str) -> Result<Self, String> {
        let other = |what: &str| Err(format!("it is {what}: name what run saved, or a scenario"));
        match Saved::read(text)? {
            Saved::Run(report) => Ok(Summary::of_report(&report)),
            Saved::Runs(summary) => Ok(*summary),
            Saved::Comparison(_) => {
                let why = "it is a comparison: name the reports that it compares, or the scenarios";
                Err(why.to_owned())
            }
            Saved::Capacity(_) => other("a capacity"),
            Saved::Sweep(_) => other("a sweep"),
            Saved::Plan(_) => other("a plan"),
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
