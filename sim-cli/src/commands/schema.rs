//! `busyhour schema`: the JSON Schema of scenarios, sweeps and plans.

use clap::{Args, ValueEnum};

use crate::exit::{Exit, Failure};
use crate::output::print;

/// Whose schema.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Of {
    /// Scenarios.
    #[default]
    Scenario,
    /// Sweeps.
    Sweep,
    /// Plans.
    Plan,
}

/// Arguments of `schema`.
#[derive(Debug, Args)]
pub(crate) struct SchemaArgs {
    /// Whose schema
    #[arg(value_enum, default_value_t)]
    of: Of,
}

pub(super) fn schema(args: &SchemaArgs) -> Result<Exit, Failure> {
    let schema = match args.of {
        Of::Scenario => sim_core::schema(),
        Of::Sweep => sim_core::sweep_schema(),
        Of::Plan => sim_core::plan_schema(),
    };
    let text = serde_json::to_string_pretty(&schema)
        .map_err(|error| Failure::internal(error.to_string()))?;
    print(&(text + "\n"))?;
    Ok(Exit::Ok)
}
