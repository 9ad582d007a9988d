//! `busyhour plan`: the cheapest set-up that holds all objectives.

use std::io::stderr;
use std::sync::Arc;

use clap::Args;
use rayon::prelude::*;
use sim_core::{
    CONFIDENCE, Changes, Plan, PlanAsk, PlanFile, PlanPoint, PlanReading, PlanStudy, PlanTerms,
    read_plan_file,
};

use super::run::interrupts;
use crate::exit::{Exit, Failure};
use crate::input::{self, Source, parent};
use crate::many::{Players, pool};
use crate::output::{Destination, Format, talk};
use crate::style::Color;

/// Arguments of `plan`.
#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    /// The plan, a YAML file: a scenario, what may vary, and what is to be least
    plan: String,
    /// Change a value of the scenario for all set-ups, like duration=10m
    #[arg(long, value_name = "PATH=VALUE")]
    set: Vec<String>,
    /// Draw the luck from this seed instead of the scenario's own
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Replications of one set-up at most
    #[arg(long, value_name = "N", default_value = "64",
          value_parser = clap::value_parser!(u32).range(4..=10_000))]
    replications: u32,
    /// Threads; what comes out is the same with any number
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// How it is written
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Where it goes; - is standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<String>,
    /// Show no progress
    #[arg(long, short)]
    quiet: bool,
}

/// What may be chosen, each with its plan or why that cannot be read.
type SetUps = Vec<(PlanPoint, Result<Arc<Plan>, String>)>;

pub(super) fn plan(args: &PlanArgs, color: Color) -> Result<Exit, Failure> {
    let destination = Destination::new("--output", args.output.as_deref())?;
    let file = read(&args.plan, color.on(&stderr()))?;
    let (setups, seed) = setups(args, &file, color.on(&stderr()))?;
    let terms = PlanTerms {
        minimise: file.minimise,
        replications: args.replications,
        confidence: CONFIDENCE,
        indifference: file.indifference,
    };
    let mut study = PlanStudy::new(terms, setups).map_err(Failure::usage)?;
    let seed = args.seed.unwrap_or(seed);
    let players = Players::new(args.threads, seed, interrupts()?, args.quiet)?;
    let whole = answered(&mut study, &players);
    players.progress().done();
    let whole = whole?;
    let answer = study.answer();
    destination.write(&match args.format {
        Format::Text => answer.to_text(),
        Format::Json => answer.to_json().map_err(Failure::internal)?,
    })?;
    if !whole {
        talk(&format!("interrupted after {} runs: the best so far is reported\n", study.runs()));
        return Ok(Exit::Interrupted);
    }
    Ok(if answer.chosen.is_some() { Exit::Ok } else { Exit::Missed })
}

/// Reads the plan; problems go to standard error.
fn read(name: &str, color: bool) -> Result<PlanFile, Failure> {
    let PlanReading { file, problems, sources } =
        read_plan_file(name, &input::scenario_text(name)?);
    input::tell(name, &problems, &sources, color);
    file.ok_or_else(Failure::said)
}

/// Every set-up, and the scenario's seed.
fn setups(args: &PlanArgs, file: &PlanFile, color: bool) -> Result<(SetUps, u64), Failure> {
    let source = Source::load(&parent(&args.plan).join(&file.scenario).to_string_lossy())?;
    let changes = |point: &PlanPoint| -> Vec<String> {
        let own = point.changes.iter().map(|(path, value)| format!("{path}={value}"));
        file.common.iter().chain(&args.set).cloned().chain(own).collect()
    };
    let one = |number: u64| {
        let point = file.space.point(number);
        let set = changes(&point);
        let plan = source.try_plan(&Changes { set: &set, ..Changes::default() });
        (point, plan.map(Arc::new))
    };
    let numbers = (0..file.space.points()).into_par_iter();
    let all: SetUps = pool(args.threads)?.install(|| numbers.map(one).collect());
    let seed = all.iter().find_map(|(_, plan)| Some(plan.as_ref().ok()?.seed));
    let Some(seed) = seed else {
        // whatever is wrong with all of them is told of the first
        let set = changes(&file.space.point(0));
        source.scenario(&Changes { set: &set, ..Changes::default() }, color)?;
        return Err(Failure::internal("a set-up was read only once"));
    };
    Ok((all, seed))
}

/// Plays what the study asks for; false where it was interrupted.
fn answered(study: &mut PlanStudy, players: &Players) -> Result<bool, Failure> {
    loop {
        match study.ask() {
            PlanAsk::Done => return Ok(true),
            PlanAsk::Play(wanted) => {
                players.progress().say(study.runs(), &wanted.what_for);
                let Some(samples) = players.play(&wanted)? else { return Ok(false) };
                study.played(samples).map_err(Failure::usage)?;
            }
        }
    }
}
