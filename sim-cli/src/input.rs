//! Scenarios and their data files, from disk or standard input, within bounds.

use std::fs::File;
use std::io::{Read, stdin};
use std::path::{Path, PathBuf};

use sim_core::{
    Changes, Duration, Files, Place, Plan, Problems, Reading, Severity, Sources, Spot,
    read_changed, render_all,
};

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
        beside(&self.0.join(path))
    }
}

/// The text of a data file.
pub(crate) fn beside(path: &Path) -> Result<String, String> {
    File::open(path).map_err(|error| error.to_string()).and_then(|file| bounded(file, DATA_MAX))
}

/// The folder in which a file lies.
pub(crate) fn parent(path: impl AsRef<Path>) -> PathBuf {
    path.as_ref().parent().map_or_else(|| PathBuf::from("."), Path::to_owned)
}

/// The text of a scenario, a sweep or a plan.
pub(crate) fn scenario_text(name: &str) -> Result<String, Failure> {
    text(name, SCENARIO_MAX)
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

/// What the command line changes in a scenario: single values, and how long it lasts.
pub(crate) fn overrides(set: &[String], duration: Option<Duration>) -> Vec<String> {
    let mut all = set.to_vec();
    all.extend(duration.map(|duration| format!("duration={duration}")));
    all
}

/// A scenario that can be played.
pub(crate) struct Scenario {
    pub(crate) plan: Plan,
    /// Where its objectives stand, in their order.
    pub(crate) spots: Vec<Spot>,
}

/// Reads and checks a scenario; problems go to standard error, and errors end the command.
pub(crate) fn plan(scenario: &str, overrides: &[String], color: bool) -> Result<Plan, Failure> {
    let changes = Changes { set: overrides, ..Changes::default() };
    Ok(self::scenario(scenario, &changes, color)?.plan)
}

/// The same with what is asked of it besides, and with where everything that is asked stands.
pub(crate) fn scenario(
    scenario: &str,
    changes: &Changes<'_>,
    color: bool,
) -> Result<Scenario, Failure> {
    Source::load(scenario)?.scenario(changes, color)
}

/// A scenario's text, to be read with one change or another.
pub(crate) struct Source {
    /// As it is named on the command line.
    given: String,
    text: String,
    beside: Beside,
}

impl Source {
    /// Loads the text; `-` is standard input.
    pub(crate) fn load(given: &str) -> Result<Self, Failure> {
        let text = text(given, SCENARIO_MAX)?;
        let beside = if given == "-" { PathBuf::from(".") } else { parent(given) };
        Ok(Source { given: given.to_owned(), text, beside: Beside(beside) })
    }

    fn name(&self) -> &str {
        if self.given == "-" { "stdin.yaml" } else { &self.given }
    }

    /// Reads and checks it with changes that may not suit it.
    ///
    /// # Errors
    /// What the first error says.
    pub(crate) fn try_plan(&self, changes: &Changes<'_>) -> Result<Plan, String> {
        let reading = read_changed(self.name(), &self.text, changes, &self.beside);
        let first = reading.problems.first_error();
        let why = first.map_or_else(String::new, |problem| problem.message.clone());
        reading.plan.ok_or(why)
    }

    /// Reads and checks it; problems go to standard error, and errors end the command.
    pub(crate) fn scenario(&self, changes: &Changes<'_>, color: bool) -> Result<Scenario, Failure> {
        let (name, scenario) = (self.name(), self.given.as_str());
        let Reading { plan, problems, sources, objectives } =
            read_changed(name, &self.text, changes, &self.beside);
        tell(scenario, &problems, &sources, color);
        let spot = |place: &Place| Spot {
            file: name.to_owned(),
            // others came with the command
            line: (sources.name(place.source) == name).then_some(place.line),
        };
        let spots = objectives.iter().map(spot).collect();
        plan.map(|plan| Scenario { plan, spots }).ok_or_else(Failure::said)
    }
}

/// Says on standard error what is wrong with a scenario or a sweep, if anything is.
pub(crate) fn tell(name: &str, problems: &Problems, sources: &Sources, color: bool) {
    if problems.is_empty() {
        return;
    }
    talk(&render_all(problems, sources, color));
    let errors = problems.iter().filter(|problem| problem.severity == Severity::Error).count();
    let codes = problems.iter().next().map_or("", |problem| problem.code.as_str());
    if errors > 0 {
        let s = if errors == 1 { "" } else { "s" };
        let name = shown(name);
        talk(&format!("\n{errors} error{s} in {name}; busyhour explain {codes} says more\n"));
    }
}
