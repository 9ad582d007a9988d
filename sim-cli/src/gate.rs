//! Commands as a build step: what is asked, what a build server reads, and how the command ends.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use sim_core::{
    CONFIDENCE, Changes, Check, Plan, Regression, Share, Summary, annotations, is_saved,
    job_summary, junit,
};

use crate::exit::{Exit, Failure};
use crate::input;
use crate::output::{Destination, talk};

/// Bytes of a step's job summary at most, by GitHub's rule.
const SUMMARY_MAX: u64 = 1 << 20;
/// Where GitHub Actions wants a step's summary.
const SUMMARY: &str = "GITHUB_STEP_SUMMARY";

/// Arguments of every command that can end a build.
#[derive(Debug, Args)]
pub(crate) struct GateArgs {
    /// Ask this besides the scenario's own objectives, like 'latency p(95) < 400ms'; may be given
    /// many times
    #[arg(long, value_name = "EXPRESSION")]
    pub(crate) objective: Vec<String>,
    /// Fail with exit code 2 if no objectives are stated
    #[arg(long)]
    require_objectives: bool,
    /// Exit with 0 also when an objective is missed: to look, not to gate
    #[arg(long)]
    allow_missed: bool,
    /// Write JUnit XML here too, a test case for each objective
    #[arg(long, value_name = "FILE")]
    junit: Option<String>,
    /// In GitHub Actions: write the job summary, and annotate objectives that are missed
    #[arg(long)]
    github: bool,
}

/// Arguments of a command that can be held against a saved report.
#[derive(Debug, Args)]
pub(crate) struct BaselineArgs {
    /// Compare with this report, which run --format json wrote; exit with 99 if a figure got worse
    #[arg(long, value_name = "REPORT.json")]
    baseline: Option<String>,
    /// With --baseline: the share of a figure by which it may be worse
    #[arg(long, value_name = "SHARE", value_parser = share, default_value = "5%")]
    #[arg(requires = "baseline")]
    allow_regression: f64,
}

fn share(text: &str) -> Result<f64, String> {
    text.parse::<Share>().map(Share::value)
}

/// A saved report to be held against.
pub(crate) struct Baseline {
    source: String,
    summary: Summary,
    allowed: f64,
}

impl BaselineArgs {
    /// Reads the saved report, before anything is played.
    pub(crate) fn open(&self) -> Result<Option<Baseline>, Failure> {
        let Some(source) = &self.baseline else { return Ok(None) };
        let text = input::saved(source)?;
        if !is_saved(&text) {
            return Err(Failure::usage(format!(
                "--baseline {source}: it is no saved report: write one with busyhour run SCENARIO \
                 --format json --output {source}"
            )));
        }
        let summary = Summary::from_saved(&text)
            .map_err(|why| Failure::usage(format!("--baseline {source}: {why}")))?;
        Ok(Some(Baseline { source: source.clone(), summary, allowed: self.allow_regression }))
    }
}

impl Baseline {
    /// What became of every figure since.
    pub(crate) fn against(self, now: Summary) -> Result<Regression, Failure> {
        let Baseline { source, summary, allowed } = self;
        Regression::of((summary, &source), now, allowed, CONFIDENCE)
            .map_err(|why| Failure::usage(format!("--baseline {source}: {why}")))
    }
}

/// What a build server reads, ready to be written.
pub(crate) struct Gate {
    junit: Option<Destination>,
    summary: Option<PathBuf>,
    allow_missed: bool,
}

/// What a job summary shows besides the checks.
#[derive(Default)]
pub(crate) struct Shown {
    /// Markdown.
    pub(crate) markdown: String,
    /// A report to unfold.
    pub(crate) text: String,
}

impl GateArgs {
    /// What is laid over a scenario.
    pub(crate) fn changes<'a>(&'a self, set: &'a [String]) -> Changes<'a> {
        Changes { set, objectives: &self.objective }
    }

    /// Whether it asks for more than a scenario does.
    pub(crate) fn asks(&self) -> bool {
        !self.objective.is_empty()
    }

    /// Finds out before the run, not after it, what could not be written.
    pub(crate) fn open(&self) -> Result<Gate, Failure> {
        let junit = self.junit.as_deref().map(|file| Destination::new("--junit", Some(file)));
        let junit = junit.transpose()?;
        if junit == Some(Destination::Stdout) {
            return Err(Failure::usage("--junit - would print two reports: name a file"));
        }
        let summary = std::env::var_os(SUMMARY).filter(|name| !name.is_empty());
        if self.github && summary.is_none() {
            return Err(Failure::usage(format!(
                "--github writes the job summary of a step of GitHub Actions, and {SUMMARY} does \
                 not name its file: leave --github out elsewhere"
            )));
        }
        let summary = summary.filter(|_| self.github).map(PathBuf::from);
        Ok(Gate { junit, summary, allow_missed: self.allow_missed })
    }

    /// Whether anything is asked of a scenario, where that is wanted.
    pub(crate) fn demand(&self, plan: &Plan) -> Result<(), Failure> {
        if self.require_objectives && plan.objectives.is_empty() {
            return Err(Failure::usage(format!(
                "{} states no objectives, so nothing would be checked: write objectives: \
                 [errors < 0.1%] in it, or --objective 'errors < 0.1%'",
                plan.name
            )));
        }
        Ok(())
    }
}

impl Gate {
    /// Writes what build servers read, and says how the command ends. What is `shown` is made only
    /// where somebody reads it.
    pub(crate) fn close(
        &self,
        checks: &[Check],
        shown: impl FnOnce() -> Shown,
    ) -> Result<Exit, Failure> {
        if let Some(file) = &self.junit {
            file.write(&junit(checks))?;
        }
        if let Some(file) = &self.summary {
            let before = file.metadata().map_or(0, |known| known.len());
            let room = SUMMARY_MAX.saturating_sub(before) as usize;
            let Shown { markdown, text } = shown();
            append(file, &job_summary(checks, &markdown, &text, room))?;
            let kind = if self.allow_missed { "warning" } else { "error" };
            let placed: Vec<Check> = checks.iter().cloned().map(in_workspace).collect();
            let lines = annotations(&placed, kind);
            lines.iter().for_each(|line| talk(&format!("{line}\n")));
        }
        let fails = checks.iter().any(|check| check.fails);
        Ok(if fails && !self.allow_missed { Exit::Missed } else { Exit::Ok })
    }
}

fn append(file: &Path, text: &str) -> Result<(), Failure> {
    let opened = OpenOptions::new().append(true).create(true).open(file);
    opened.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|error| {
        Failure::internal(format!("cannot write {SUMMARY}, {}: {error}", file.display()))
    })
}

/// The same with its file as GitHub names it: from the checkout's root.
fn in_workspace(mut check: Check) -> Check {
    let root = std::env::var_os("GITHUB_WORKSPACE").map(PathBuf::from);
    let root = root.and_then(|root| root.canonicalize().ok());
    if let (Some(spot), Some(root)) = (&mut check.spot, root) {
        let whole = Path::new(&spot.file).canonicalize().ok();
        if let Some(inner) = whole.as_deref().and_then(|file| file.strip_prefix(&root).ok()) {
            spot.file = inner.to_string_lossy().replace('\\', "/");
        }
    }
    check
}
