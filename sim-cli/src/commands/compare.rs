//! `busyhour compare`: variants against a baseline on the same luck.

use std::io::stderr;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use sim_core::{Comparison, Duration, Plan, Surety};

use super::run::interrupts;
use crate::exit::{Exit, Failure};
use crate::input;
use crate::many::{CONFIDENCE, Count, Many, ManyArgs, nothing_yet};
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
}

/// Arguments of `compare`.
#[derive(Debug, Args)]
pub(crate) struct CompareArgs {
    /// The baseline, a scenario file; then its variants, if they are files
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
    /// Play each so often; auto: until the objectives of all are known to the precision
    #[arg(long, value_name = "N|auto", default_value = "20")]
    replications: Count,
    #[command(flatten)]
    many: ManyArgs,
    /// How it is written
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Where it goes; - is standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<String>,
    /// Exit with 0 also when a variant misses an objective
    #[arg(long)]
    allow_missed: bool,
    /// Show no progress
    #[arg(long, short)]
    quiet: bool,
}

pub(super) fn compare(args: &CompareArgs, color: Color) -> Result<Exit, Failure> {
    let destination = Destination::new("--output", args.output.as_deref())?;
    let plans = plans(args, color)?;
    let seed = args.seed.unwrap_or(plans[0].seed);
    let mut many = Many::new(&args.many, plans, seed, interrupts()?, args.quiet);
    let sets = many.play(args.replications)?;
    let [baseline, variants @ ..] = &sets[..] else {
        return Err(Failure::internal("there is no baseline"));
    };
    if baseline.is_empty() {
        return Ok(nothing_yet());
    }
    let comparison = Comparison::of(baseline, variants, CONFIDENCE);
    let text = match args.format {
        Format::Text => comparison.to_text(),
        Format::Markdown => comparison.to_markdown(),
        Format::Json => comparison.to_json().map_err(Failure::internal)?,
    };
    destination.write(&text)?;
    if many.was_stopped() {
        let done = baseline.len();
        talk(&format!("interrupted: {done} replications were complete and are compared\n"));
        return Ok(Exit::Interrupted);
    }
    let missed = |surety| matches!(surety, Surety::Missed | Surety::CannotTell);
    let missed = comparison.variants.iter().any(|one| missed(one.summary.verdict));
    Ok(if missed && !args.allow_missed { Exit::Missed } else { Exit::Ok })
}

/// The baseline and its variants, all as long as the baseline.
fn plans(args: &CompareArgs, color: Color) -> Result<Vec<Arc<Plan>>, Failure> {
    let color = color.on(&stderr());
    let mut common = args.set.clone();
    common.extend(args.duration.map(|duration| format!("duration={duration}")));
    let piped = args.scenarios.iter().filter(|name| *name == "-").count();
    if piped > 1 || piped == 1 && !args.change.is_empty() {
        return Err(Failure::usage(
            "standard input can be read once only: save the scenario in a file and name that",
        ));
    }
    let mut plans = Vec::new();
    for scenario in &args.scenarios {
        plans.push(input::plan(scenario, &common, color)?);
    }
    for changes in &args.change {
        let mut overrides = common.clone();
        overrides.extend(changes.split_whitespace().map(str::to_owned));
        let mut plan = input::plan(&args.scenarios[0], &overrides, color)?;
        plan.name = format!("{} with {changes}", plan.name);
        plans.push(plan);
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
    Ok(plans.into_iter().map(Arc::new).collect())
}
