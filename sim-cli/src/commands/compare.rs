//! `busyhour compare`: variants against a baseline on the same luck.

use std::io::stderr;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use sim_core::{CONFIDENCE, Check, Comparison, Duration, Plan, Spot, Summary, is_saved};

use super::run::interrupts;
use crate::exit::{Exit, Failure};
use crate::gate::{Gate, GateArgs, Shown};
use crate::input;
use crate::many::{Count, Many, ManyArgs, nothing_yet};
use crate::output::{Destination, talk};
use crate::style::Color;

/// How the comparison is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs, with every run's figures.
    Json,
    /// A table for a review.
    Markdown,
    /// A page for a browser, one file that loads nothing.
    Html,
}

/// How often each is played unless it is said.
const PLAYED: Count = Count::Fixed(20);

/// Arguments of `compare`.
#[derive(Debug, Args)]
pub(crate) struct CompareArgs {
    /// The baseline, then its variants: scenario files, or what run --format json saved
    #[arg(required = true, value_name = "SCENARIO")]
    scenarios: Vec<String>,
    /// A variant: the baseline with this changed, like nodes.web.workers=8; several changes of one
    /// variant are separated by spaces; may be given many times
    #[arg(long, value_name = "PATH=VALUE")]
    change: Vec<String>,
    /// Change a value on all sides
    #[arg(long, value_name = "PATH=VALUE")]
    set: Vec<String>,
    /// Play for this long, like 10m, instead of the baseline's own duration
    #[arg(long, value_name = "D")]
    duration: Option<Duration>,
    /// Draw the luck from this seed instead of the baseline's own
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Play each so often, 20 times unless said; auto: until the objectives of all are known to
    /// the precision
    #[arg(long, value_name = "N|auto")]
    replications: Option<Count>,
    #[command(flatten)]
    many: ManyArgs,
    /// How it is written
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Where it goes; - is standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<String>,
    /// Write the page for a browser here too: one file that loads nothing
    #[arg(long, value_name = "FILE")]
    html: Option<String>,
    #[command(flatten)]
    gate: GateArgs,
    /// Show no progress
    #[arg(long, short)]
    quiet: bool,
}

pub(super) fn compare(args: &CompareArgs, color: Color) -> Result<Exit, Failure> {
    let destination = Destination::new("--output", args.output.as_deref())?;
    let page = Destination::page(args.html.as_deref())?;
    let gate = args.gate.open()?;
    if let Some(comparison) = saved(args)? {
        return told(&comparison, args, (&destination, page.as_ref(), &gate), &[]);
    }
    let (plans, spots) = plans(args, color)?;
    let seed = args.seed.unwrap_or(plans[0].seed);
    let mut many = Many::new(&args.many, plans, seed, interrupts()?, args.quiet)?;
    let sets = many.play(args.replications.unwrap_or(PLAYED))?;
    let [baseline, variants @ ..] = &sets[..] else {
        return Err(Failure::internal("there is no baseline"));
    };
    if baseline.is_empty() {
        return Ok(nothing_yet());
    }
    let comparison = Comparison::of(baseline, variants, CONFIDENCE);
    let exit = told(&comparison, args, (&destination, page.as_ref(), &gate), &spots)?;
    if many.was_stopped() {
        let done = baseline.len();
        talk(&format!("interrupted: {done} replications were complete and are compared\n"));
        return Ok(Exit::Interrupted);
    }
    Ok(exit)
}

/// Writes the comparison, and closes the gate.
fn told(
    comparison: &Comparison,
    args: &CompareArgs,
    (destination, page, gate): (&Destination, Option<&Destination>, &Gate),
    spots: &[Vec<Spot>],
) -> Result<Exit, Failure> {
    if let Some(page) = page {
        page.write(&comparison.to_html())?;
    }
    let text = match args.format {
        Format::Text => comparison.to_text(),
        Format::Markdown => comparison.to_markdown(),
        Format::Html => comparison.to_html(),
        Format::Json => comparison.to_json().map_err(Failure::internal)?,
    };
    destination.write(&text)?;
    let checks = Check::of_comparison(comparison, spots);
    gate.close(&checks, || Shown { markdown: comparison.to_markdown(), text: comparison.to_text() })
}

/// A comparison of saved reports, if they are what is named.
fn saved(args: &CompareArgs) -> Result<Option<Comparison>, Failure> {
    let mut reports = Vec::new();
    let mut scenarios = Vec::new();
    for name in &args.scenarios {
        // standard input can be read once, and is a scenario
        let text = if name == "-" { String::new() } else { input::saved(name)? };
        match is_saved(&text) {
            true => reports.push((name, text)),
            false => scenarios.push(name),
        }
    }
    let Some((first, _)) = reports.first() else { return Ok(None) };
    if let Some(scenario) = scenarios.first() {
        return Err(Failure::usage(format!(
            "{first} is a saved report and {scenario} a scenario: save the scenario's too, with \
             busyhour run {scenario} --replications 20 --format json --output FILE, or name two \
             scenarios"
        )));
    }
    let played = args.replications.is_some() || args.seed.is_some() || args.duration.is_some();
    let changed = !args.change.is_empty() || !args.set.is_empty();
    if played || changed || args.gate.asks() {
        return Err(Failure::usage(
            "saved reports are compared as they are: leave out what would play them otherwise \
             (--change, --set, --objective, --duration, --seed, --replications), or name scenarios",
        ));
    }
    let mut summaries = Vec::new();
    for (name, text) in &reports {
        let wrong = |why: String| Failure::usage(format!("{name}: {why}"));
        let mut summary = Summary::from_saved(text).map_err(wrong)?;
        summary.name = format!("{} ({name})", summary.name);
        summaries.push(summary);
    }
    let baseline = summaries.remove(0);
    if summaries.is_empty() {
        return Err(Failure::usage(format!(
            "{first} has nothing to be compared with: name another"
        )));
    }
    Comparison::of_saved(baseline, summaries, CONFIDENCE).map(Some).map_err(Failure::usage)
}

/// Plans, and where the objectives of each stand.
type Sides = (Vec<Arc<Plan>>, Vec<Vec<Spot>>);

/// The baseline and its variants, all as long as the baseline, and where their objectives stand.
fn plans(args: &CompareArgs, color: Color) -> Result<Sides, Failure> {
    let color = color.on(&stderr());
    let common = input::overrides(&args.set, args.duration);
    let piped = args.scenarios.iter().filter(|name| *name == "-").count();
    if piped > 1 || piped == 1 && !args.change.is_empty() {
        return Err(Failure::usage(
            "standard input can be read once only: save the scenario in a file and name that",
        ));
    }
    let (mut plans, mut spots) = (Vec::new(), Vec::new());
    for scenario in &args.scenarios {
        let found = input::scenario(scenario, &args.gate.changes(&common), color)?;
        plans.push(found.plan);
        spots.push(found.spots);
    }
    for changes in &args.change {
        let mut overrides = common.clone();
        overrides.extend(changes.split_whitespace().map(str::to_owned));
        let changed = args.gate.changes(&overrides);
        let mut found = input::scenario(&args.scenarios[0], &changed, color)?;
        found.plan.name = format!("{} with {changes}", found.plan.name);
        plans.push(found.plan);
        spots.push(found.spots);
    }
    if plans.len() < 2 {
        return Err(Failure::usage(
            "there is nothing to compare with: name a second scenario, or write --change \
             nodes.web.workers=8",
        ));
    }
    if let Some(other) = plans.iter().find(|plan| plan.duration != plans[0].duration) {
        return Err(Failure::usage(format!(
            "{} lasts longer or shorter than {}: write --duration, so that both meet the same",
            other.name, plans[0].name
        )));
    }
    plans.iter().try_for_each(|plan| args.gate.demand(plan))?;
    Ok((plans.into_iter().map(Arc::new).collect(), spots))
}
