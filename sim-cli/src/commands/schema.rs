//! `busyhour schema`: the JSON Schema of scenarios.

use crate::exit::{Exit, Failure};
use crate::output::print;

pub(super) fn schema() -> Result<Exit, Failure> {
    let text = serde_json::to_string_pretty(&sim_core::schema())
        .map_err(|error| Failure::internal(error.to_string()))?;
    print(&(text + "\n"))?;
    Ok(Exit::Ok)
}
