//! Scenarios and their data files, from disk or standard input, within bounds.

use std::fs::File;
use std::io::{Read, stdin};
use std::path::{Path, PathBuf};

use sim_core::{Files, Plan, Reading, Severity, read, render_all};

use crate::exit::Failure;
use crate::output::talk;

/// Bytes of a scenario at most.
const SCENARIO_MAX: u64 = 1 << 20;
/// Bytes of a data file at most.
const DATA_MAX: u64 = 64 << 20;

/// Data files lie beside their scenario.
struct Beside(PathBuf);

impl Files for Beside {
    fn read(&self, path: &str) -> Result<String, String> {
        let place = self.0.join(path);
        let file = File::open(&place).map_err(|error| error.to_string())?;
        bounded(file, DATA_MAX)
    }
}

/// The text of a file of at most so many bytes; `-` is standard input.
fn text(name: &str, most: u64) -> Result<String, Failure> {
    let found = if name == "-" {
        bounded(stdin().lock(), most)
    } else {
        File::open(name).map_err(|error| error.to_string()).and_then(|file| bounded(file, most))
    };
    found.map_err(|why| Failure::usage(format!("cannot read {}: {why}", shown(name))))
}

/// The text of a saved report.
pub(crate) fn saved(name: &str) -> Result<String, Failure> {
    text(name, DATA_MAX)
}

fn shown(scenario: &str) -> &str {
    if scenario == "-" { "standard input" } else { scenario }
}

fn bounded(from: impl Read, most: u64) -> Result<String, String> {
    let mut bytes = Vec::new();
    from.take(most + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > most {
        let mib = most >> 20;
        return Err(format!(
            "it is larger than {mib} MiB; long lists of a scenario can be CSV files"
        ));
    }
    String::from_utf8(bytes).map_err(|_| "it is not UTF-8 text".to_owned())
}

/// Reads and checks a scenario; problems go to standard error, and errors end the command.
pub(crate) fn plan(scenario: &str, overrides: &[String], color: bool) -> Result<Plan, Failure> {
    let text = text(scenario, SCENARIO_MAX)?;
    let beside = match Path::new(scenario).parent() {
        Some(parent) if scenario != "-" => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    let name = if scenario == "-" { "stdin.yaml" } else { scenario };
    let Reading { plan, problems, sources } = read(name, &text, overrides, &Beside(beside));
    if !problems.is_empty() {
        talk(&render_all(&problems, &sources, color));
        let errors = problems.iter().filter(|problem| problem.severity == Severity::Error).count();
        let codes = problems.iter().next().map_or("", |problem| problem.code.as_str());
        if errors > 0 {
            let s = if errors == 1 { "" } else { "s" };
            let name = shown(scenario);
            talk(&format!("\n{errors} error{s} in {name}; busyhour explain {codes} says more\n"));
        }
    }
    plan.ok_or_else(Failure::said)
}
