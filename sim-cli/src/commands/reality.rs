//! `busyhour reality`: predictions beside what was measured on real stacks.

use std::fs::read_dir;
use std::io::{IsTerminal, stderr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::{Args, ValueEnum};
use rayon::prelude::*;
use sim_core::{Cell, Figures, Judged, Plan, Predicted, Reality, Rep, Trial, replication_seed};

use super::run::interrupts;
use crate::exit::{Exit, Failure};
use crate::input::{beside, plan};
use crate::many::{begin, finished, pool};
use crate::output::{Destination, talk};
use crate::progress::Progress;
use crate::style::Color;

/// How the table is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    #[default]
    Text,
    /// A table for a document.
    Markdown,
    /// For programs.
    Json,
}

/// Arguments of `reality`.
#[derive(Debug, Args)]
pub(crate) struct RealityArgs {
    /// A folder of measured cells, a JSON file each
    #[arg(default_value = "tests/reality")]
    cells: PathBuf,
    /// Where their scenarios are, a YAML file of the same name each; default: beside the cells if
    /// they are there, else scenarios/reality
    #[arg(long, value_name = "DIR")]
    scenarios: Option<PathBuf>,
    /// Only cells whose name contains this; may be given many times
    #[arg(long, value_name = "TEXT")]
    only: Vec<String>,
    /// Plays of the very requests of each measured run, under other luck
    #[arg(long, value_name = "N", default_value = "100",
          value_parser = clap::value_parser!(u32).range(1..=10_000))]
    seeds: u32,
    /// Plays of other requests of the same law
    #[arg(long, value_name = "N", default_value = "20",
          value_parser = clap::value_parser!(u32).range(..=10_000))]
    fresh: u32,
    /// Threads; what comes out is the same with any number
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// How it is written
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Where it goes; - is standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<String>,
    /// Write a page besides: the table, and every second beside what was measured
    #[arg(long, value_name = "FILE")]
    html: Option<String>,
    /// Show no progress
    #[arg(long, short)]
    quiet: bool,
}

/// A cell and the scenario that is to predict it.
struct Subject {
    cell: Cell,
    plan: Plan,
}

pub(super) fn reality(args: &RealityArgs, color: Color) -> Result<Exit, Failure> {
    let destination = Destination::new("--output", args.output.as_deref())?;
    let page = Destination::page(args.html.as_deref())?;
    let (subjects, mut refused) = subjects(args, color.on(&stderr()))?;
    let stop = interrupts()?;
    let progress = Progress::new(!args.quiet && stderr().is_terminal());
    let mut judged = Vec::new();
    let threads = pool(args.threads)?;
    for subject in &subjects {
        let Some(predicted) = threads.install(|| predict(subject, args, &stop))? else { break };
        judged.push(Judged::new(&subject.cell, &predicted));
        progress.count(judged.len() as u32, subjects.len() as u32);
    }
    progress.done();
    let whole = judged.len() == subjects.len();
    let reality = Reality::new(judged);
    destination.write(&match args.format {
        Format::Text => reality.to_text(),
        Format::Markdown => reality.to_markdown(),
        Format::Json => reality.to_json().map_err(Failure::internal)?,
    })?;
    if let Some(page) = page {
        page.write(&reality.to_html())?;
    }
    if !whole {
        talk(&format!("interrupted after {} cells of {}\n", reality.cells.len(), subjects.len()));
        return Ok(Exit::Interrupted);
    }
    let Some(last) = refused.pop() else {
        return Ok(if reality.holds() { Exit::Ok } else { Exit::Missed });
    };
    refused.iter().for_each(|failure| talk(&format!("{}\n", failure.message)));
    Err(last)
}

/// All predictions of a cell, run by run; `None` where they were interrupted.
fn predict(
    subject: &Subject,
    args: &RealityArgs,
    stop: &AtomicBool,
) -> Result<Option<Vec<Predicted>>, Failure> {
    let runs = subject.cell.reps.iter().map(|rep| {
        let very = subject.trial(rep, rep.seed)?;
        let same = seeds(rep, args.seeds).map(|luck| subject.play(&very, luck, stop));
        let same: Result<Option<Vec<Figures>>, Failure> = same.collect();
        let fresh =
            seeds(rep, args.fresh).map(|seed| subject.play(&subject.trial(rep, seed)?, seed, stop));
        let fresh: Result<Option<Vec<Figures>>, Failure> = fresh.collect();
        Ok(same?.zip(fresh?).map(|(same, fresh)| Predicted { same, fresh }))
    });
    runs.collect()
}

/// So many seeds drawn from a run's own.
fn seeds(rep: &Rep, count: u32) -> impl ParallelIterator<Item = u64> {
    let seed = rep.seed;
    (0..count).into_par_iter().with_max_len(1).map(move |n| replication_seed(seed, n))
}

impl Subject {
    fn of(&self, why: &str) -> Failure {
        Failure::usage(format!("{}: {why}", self.cell.cell))
    }

    fn trial(&self, rep: &Rep, requests: u64) -> Result<Trial, Failure> {
        self.cell.trial(&self.plan, rep, requests).map_err(|why| self.of(&why))
    }

    fn play(
        &self,
        trial: &Trial,
        luck: u64,
        stop: &AtomicBool,
    ) -> Result<Option<Figures>, Failure> {
        let mut run = begin(Arc::clone(&trial.plan), luck)?;
        run.keep_ends();
        let run = finished(run, stop).map_err(|why| self.of(&why))?;
        Ok(run.map(|mut run| trial.figures(&mut run)))
    }
}

/// The cells of the folder that are asked for, with their scenarios, by name; and what is wrong
/// with those that cannot be judged: the others are, all the same.
fn subjects(args: &RealityArgs, color: bool) -> Result<(Vec<Subject>, Vec<Failure>), Failure> {
    let folder = &args.cells;
    let entries = read_dir(folder).map_err(|error| {
        let folder = folder.display();
        Failure::usage(format!(
            "cannot read {folder}: {error}; name a folder of measured cells, like tests/reality"
        ))
    })?;
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|end| end == "json") && wanted(path, args));
    files.sort();
    if files.is_empty() {
        let folder = folder.display();
        return Err(Failure::usage(format!("{folder} holds no cell: it needs NAME.json files")));
    }
    let (mut subjects, mut refused) = (Vec::new(), Vec::new());
    for file in &files {
        match subject(file, args, color) {
            Ok(subject) => subjects.push(subject),
            Err(failure) => refused.push(failure),
        }
    }
    if subjects.is_empty()
        && let Some(last) = refused.pop()
    {
        return Err(last);
    }
    Ok((subjects, refused))
}

fn name(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn wanted(path: &Path, args: &RealityArgs) -> bool {
    let name = name(path);
    args.only.is_empty() || args.only.iter().any(|part| name.contains(part))
}

fn subject(file: &Path, args: &RealityArgs, color: bool) -> Result<Subject, Failure> {
    let of = |why: String| Failure::usage(format!("{}: {why}", file.display()));
    let cell = Cell::parse(&beside(file).map_err(of)?).map_err(of)?;
    let yaml = format!("{}.yaml", name(file));
    let own = args.scenarios.as_ref().map(|folder| folder.join(&yaml));
    let near = file.with_extension("yaml");
    let scenario = own.unwrap_or_else(|| match near.exists() {
        true => near,
        false => Path::new("scenarios/reality").join(&yaml),
    });
    let plan = plan(&scenario.to_string_lossy(), &[], color)?;
    Ok(Subject { cell, plan })
}
