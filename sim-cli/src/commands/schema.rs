//! `busyhour schema`: the JSON Schema of scenarios, sweeps and plans, and every knob in words.

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
    /// No schema: every component's knobs in words, as JSON.
    Knobs,
}

/// Arguments of `schema`.
#[derive(Debug, Args)]
pub(crate) struct SchemaArgs {
    /// Whose schema
    #[arg(value_enum, default_value_t)]
    of: Of,
}

pub(super) fn schema(args: &SchemaArgs) -> Result<Exit, Failure> {
    let text = match args.of {
        Of::Scenario => serde_json::to_string_pretty(&sim_core::schema()),
        Of::Sweep => serde_json::to_string_pretty(&sim_core::sweep_schema()),
        Of::Plan => serde_json::to_string_pretty(&sim_core::plan_schema()),
        Of::Knobs => serde_json::to_string_pretty(&sim_core::derived_manuals()),
    };
    let text = text.map_err(|error| Failure::internal(error.to_string()))?;
    print(&(text + "\n"))?;
    Ok(Exit::Ok)
}
