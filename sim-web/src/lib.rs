//! Door two: the same runs in a browser or under node; it computes nothing that the heart does not.
//!
//! `session` owns a run and `state` is the page's: both are plain values that native tests drive.
//! `worker`, `link` and `view` only carry them to a browser.

mod link;
pub mod protocol;
pub mod rows;
pub mod session;
pub mod state;
mod view;
mod worker;

use wasm_bindgen::prelude::wasm_bindgen;

/// Plays a scenario (YAML) and returns its report as JSON, with the run's digest.
///
/// `seed` replaces the scenario's own.
///
/// # Errors
/// The scenario's problems as text, each with its place, value and remedy.
#[wasm_bindgen]
pub fn play(scenario_yaml: &str, seed: Option<u64>) -> Result<String, String> {
    sim_core::play(scenario_yaml, seed)
}

/// Plays a scenario and returns only its digest, as the report writes it.
///
/// # Errors
/// Those of [`play`], and a report without a digest.
#[wasm_bindgen]
pub fn digest(scenario_yaml: &str, seed: Option<u64>) -> Result<String, String> {
    let report = play(scenario_yaml, seed)?;
    let report: serde_json::Value = serde_json::from_str(&report).map_err(|e| e.to_string())?;
    let digest = report["digest"].as_str().ok_or("the report holds no digest")?;
    Ok(digest.to_owned())
}

/// Plays a scenario under its own seed and returns, as JSON, every node's name and digest at each
/// of the times (ns, ascending): where two builds differ first.
///
/// # Errors
/// The scenario's problems as text.
#[wasm_bindgen]
pub fn node_digests(scenario_yaml: &str, at_ns: &[u64]) -> Result<String, String> {
    sim_core::node_digests(scenario_yaml, at_ns)
}
