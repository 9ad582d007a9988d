//! A scenario played from its text in one call: what a door without files and threads needs.

use std::sync::Arc;

use crate::report::Report;
use crate::run::{Advanced, Run};
use crate::scenario::problem::render_all;
use crate::scenario::{NoFiles, Reading, read};

fn run(text: &str, seed: Option<u64>) -> Result<Run, String> {
    let Reading { plan, problems, sources, .. } = read("scenario", text, &[], &NoFiles);
    let plan = plan.ok_or_else(|| render_all(problems.iter(), &sources, false))?;
    let seed = seed.unwrap_or(plan.seed);
    Run::new(Arc::new(plan), seed).map_err(|(_, flaw)| format!("{}: {}", flaw.message, flaw.remedy))
}

fn finished(advanced: Advanced) -> Result<(), String> {
    match advanced {
        Advanced::Reached | Advanced::Budget => Ok(()),
        Advanced::Circling(node) => {
            Err(format!("messages go round node {node} without time moving: the run cannot go on"))
        }
    }
}

/// Plays a scenario (YAML) to its end and returns its report as JSON. `seed` replaces the
/// scenario's own.
///
/// # Errors
/// The scenario's problems as text, each with its place, value and remedy.
pub fn play(text: &str, seed: Option<u64>) -> Result<String, String> {
    let mut run = run(text, seed)?;
    finished(run.finish())?;
    Report::of(&run).to_json()
}

/// Plays a scenario under its own seed and returns, as JSON, every node's name and digest (16 hex
/// digits) at each of the times (ns, ascending): where two builds differ first.
///
/// # Errors
/// Those of [`play`].
pub fn node_digests(text: &str, at_ns: &[u64]) -> Result<String, String> {
    let mut run = run(text, None)?;
    let mut windows = Vec::new();
    for &at in at_ns {
        finished(run.advance(at, u64::MAX))?;
        let nodes = run.node_digests().into_iter();
        let hex = nodes.map(|(name, digest)| (name, format!("{digest:016x}")));
        windows.push(hex.collect::<Vec<_>>());
    }
    serde_json::to_string(&windows).map_err(|error| error.to_string())
}
