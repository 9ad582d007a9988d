//! `busyhour validate`: checks a scenario without playing it.

use std::io::stderr;

use clap::Args;
use sim_core::figures;

use crate::exit::{Exit, Failure};
use crate::input;
use crate::output::print;
use crate::style::Color;

/// Arguments of `validate`.
#[derive(Debug, Args)]
pub(crate) struct ValidateArgs {
    /// The scenario, a YAML file; - reads standard input
    scenario: String,
    /// Change a value before checking, like nodes.web.workers=8
    #[arg(long, value_name = "PATH=VALUE")]
    set: Vec<String>,
}

pub(super) fn validate(args: &ValidateArgs, color: Color) -> Result<Exit, Failure> {
    let plan = input::plan(&args.scenario, &args.set, color.on(&stderr()))?;
    let counted = |count: usize, what: &str| match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    };
    print(&format!(
        "{}: can be played; {}, {}, {}, {} long\n",
        plan.name,
        counted(plan.blueprint.parts.len(), "part"),
        counted(plan.events.len() + plan.recurring.len(), "event"),
        counted(plan.objectives.len(), "objective"),
        figures::clock(plan.duration),
    ))?;
    Ok(Exit::Ok)
}
