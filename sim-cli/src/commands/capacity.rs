//! `busyhour capacity`: the highest load that holds all objectives, and what breaks next.

use std::io::stderr;
use std::sync::Arc;

use clap::Args;
use sim_core::{CONFIDENCE, CapacityAsk, CapacityStudy, CapacityTerms, Changes, Duration, Plan};

use super::run::interrupts;
use crate::exit::{Exit, Failure};
use crate::input::{Source, overrides};
use crate::many::{Players, share};
use crate::output::{Destination, Format, talk};
use crate::style::Color;

/// Arguments of `capacity`.
#[derive(Debug, Args)]
pub(crate) struct CapacityArgs {
    /// The scenario, a YAML file; - reads standard input
    scenario: String,
    /// Change a value before playing, like nodes.web.workers=8; may be given many times
    #[arg(long, value_name = "PATH=VALUE")]
    set: Vec<String>,
    /// What must hold besides the scenario's own objectives, like 'latency p(95) < 500ms'; may be
    /// given many times
    #[arg(long, value_name = "OBJECTIVE")]
    objective: Vec<String>,
    /// Play for this long, like 10m, instead of the scenario's own duration
    #[arg(long, value_name = "D")]
    duration: Option<Duration>,
    /// Draw the luck from this seed instead of the scenario's own
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// The lowest load that is looked at, in times the scenario's own
    #[arg(long, value_name = "TIMES", value_parser = times, default_value = "0.01")]
    from: f64,
    /// The highest load that is looked at, in times the scenario's own
    #[arg(long, value_name = "TIMES", value_parser = times, default_value = "100")]
    to: f64,
    /// How near to the answer it is tried to be shown first, as a share of it
    #[arg(long, value_name = "SHARE", value_parser = share, default_value = "2%")]
    precision: f64,
    /// Replications at one load at most
    #[arg(long, value_name = "N", default_value = "40",
          value_parser = clap::value_parser!(u32).range(4..=10_000))]
    replications: u32,
    /// How often what breaks is made twice as wide, to see what breaks next
    #[arg(long, value_name = "N", default_value = "3",
          value_parser = clap::value_parser!(u32).range(..=20))]
    ladder: u32,
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

/// A load in times the scenario's own.
fn times(text: &str) -> Result<f64, String> {
    let number = text.trim_end_matches('x').parse().ok();
    let number = number.filter(|times: &f64| (1e-4..=1e4).contains(times));
    number.ok_or_else(|| "write 0.0001 to 10000 times the load, like 2.5".to_owned())
}

pub(super) fn capacity(args: &CapacityArgs, color: Color) -> Result<Exit, Failure> {
    let destination = Destination::new("--output", args.output.as_deref())?;
    if args.from >= args.to {
        let (from, to) = (args.from, args.to);
        return Err(Failure::usage(format!("--from {from} is not below --to {to}: swap them")));
    }
    let source = Source::load(&args.scenario)?;
    let changes = overrides(&args.set, args.duration);
    let objectives = &args.objective;
    let asked = Changes { set: &changes, objectives };
    let plan = source.scenario(&asked, color.on(&stderr()))?.plan;
    let seed = args.seed.unwrap_or(plan.seed);
    let terms = CapacityTerms {
        from: args.from,
        to: args.to,
        precision: args.precision,
        replications: args.replications,
        confidence: CONFIDENCE,
        ladder: args.ladder,
    };
    let mut study = CapacityStudy::new(Arc::new(plan), terms).map_err(Failure::usage)?;
    let players = Players::new(args.threads, seed, interrupts()?, args.quiet)?;
    let whole = answered(&mut study, &players, |more| {
        let set: Vec<String> = changes.iter().cloned().chain(more).collect();
        source.try_plan(&Changes { set: &set, objectives })
    });
    players.progress().done();
    let whole = whole?;
    let answer = study.answer();
    destination.write(&match args.format {
        Format::Text => answer.to_text(),
        Format::Json => answer.to_json().map_err(Failure::internal)?,
    })?;
    if !whole {
        talk(&format!("interrupted after {} runs: what was found is reported\n", study.runs()));
        return Ok(Exit::Interrupted);
    }
    Ok(if answer.holds_somewhere() { Exit::Ok } else { Exit::Missed })
}

/// Plays and reads what the study asks for; false where it was interrupted.
fn answered(
    study: &mut CapacityStudy,
    players: &Players,
    read: impl Fn(Vec<String>) -> Result<Plan, String>,
) -> Result<bool, Failure> {
    loop {
        match study.ask() {
            CapacityAsk::Done => return Ok(true),
            CapacityAsk::Read(changes) => study.read(read(changes).map(Arc::new)),
            CapacityAsk::Play(wanted) => {
                players.progress().say(study.runs(), &wanted.what_for);
                let Some(samples) = players.play(&wanted)? else { return Ok(false) };
                study.played(samples);
            }
        }
    }
}
