//! `busyhour sweep`: a scenario at many points, on one machine or in shards on many.

use std::io::{IsTerminal, stderr, stdout};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use sim_core::{
    CONFIDENCE, Header, Job, Outcome, Point, PointRecord, Shard, Sweep, SweepReading, merged,
    read_sweep,
};

use super::run::interrupts;
use crate::exit::{Exit, Failure};
use crate::input::{self, parent};
use crate::output::{print, talk};
use crate::progress::Progress;
use crate::shard::ShardArg;
use crate::style::{Color, painted};
use crate::sweep::{Beside, Book, Runner, Sheet, check_points, manifests};

/// How the summary is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs: every point, the front, and what each factor does.
    Json,
}

/// Arguments of `sweep`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct SweepArgs {
    #[command(subcommand)]
    merge: Option<Merge>,
    /// The sweep, a YAML file
    #[arg(required = true)]
    sweep: Option<String>,
    /// Where points go as they are finished, and the tables at the end; a sweep that was
    /// interrupted goes on from what is there
    #[arg(long, short, value_name = "DIR", required_unless_present = "dry_run")]
    output: Option<PathBuf>,
    /// Play only the points whose number divided by N leaves I (from 0); auto/N takes I from
    /// SLURM_ARRAY_TASK_ID or JOB_COMPLETION_INDEX
    #[arg(long, value_name = "I/N")]
    shard: Option<ShardArg>,
    /// Threads; what comes out is the same with any number
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// List the points and what each sets, and play none
    #[arg(long)]
    dry_run: bool,
    /// Print a job file that plays the sweep in shards, and play nothing here
    #[arg(long, value_enum, value_name = "SCHEDULER", requires = "shards")]
    emit: Option<Scheduler>,
    #[command(flatten)]
    job: JobArgs,
    /// How the summary is written
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Show no progress
    #[arg(long, short)]
    quiet: bool,
}

/// Who starts the shards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Scheduler {
    /// A Kubernetes Indexed Job.
    Kubernetes,
    /// A Slurm batch script of an array.
    Slurm,
}

/// A number of shards.
fn shards(text: &str) -> Result<u32, String> {
    let number = text.parse().ok().filter(|n: &u32| (1..=10_000).contains(n));
    number.ok_or_else(|| "write 1 to 10000".to_owned())
}

/// What a job file needs to know.
#[derive(Debug, Args)]
struct JobArgs {
    /// With --emit: how many shards
    #[arg(long, value_name = "N", requires = "emit", value_parser = shards)]
    shards: Option<u32>,
    /// With --emit kubernetes: the image that holds busyhour
    #[arg(long, value_name = "IMAGE", requires = "emit", default_value = "busyhour:latest")]
    image: String,
    /// With --emit kubernetes: the volume claim that holds the files, mounted at /sweep
    #[arg(long, value_name = "NAME", requires = "emit", default_value = "busyhour")]
    claim: String,
}

#[derive(Debug, Subcommand)]
enum Merge {
    /// Prove that shards are complete and of one sweep, and write the tables of all
    Merge(MergeArgs),
}

/// Arguments of `sweep merge`.
#[derive(Debug, Args)]
struct MergeArgs {
    /// Folders that shards wrote to
    #[arg(required = true, value_name = "DIR")]
    folders: Vec<PathBuf>,
    /// Where the tables go; default: the first folder
    #[arg(long, short, value_name = "DIR")]
    output: Option<PathBuf>,
    /// How the summary is written
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) fn sweep(args: &SweepArgs, color: Color) -> Result<Exit, Failure> {
    if let Some(Merge::Merge(args)) = &args.merge {
        let folder = args.output.as_ref().unwrap_or(&args.folders[0]);
        let (header, records) = merged(manifests(&args.folders)?).map_err(Failure::usage)?;
        return finish(header, records, (folder, args.format), color);
    }
    let name = args.sweep.as_deref().unwrap_or_default();
    let sweep = read(name, color.on(&stderr()))?;
    let files = Beside::new(parent(parent(name).join(&sweep.scenario)));
    check_points(&sweep, &files, color.on(&stderr()))?;
    if args.dry_run {
        print(&sweep.to_text())?;
        return Ok(Exit::Ok);
    }
    let folder = args.output.as_deref().unwrap_or_else(|| Path::new("."));
    if let Some(scheduler) = args.emit {
        print(&emitted(&sweep, scheduler, args, folder))?;
        return Ok(Exit::Ok);
    }
    let shard = args.shard.map(ShardArg::resolved).transpose().map_err(Failure::usage)?;
    let texts = files.texts().into_iter().collect();
    let header = Header::of(&sweep, &texts, CONFIDENCE).with_shard(shard);
    play(&sweep, &files, (&header, folder), args)?.map_or(Ok(Exit::Interrupted), |records| {
        match shard {
            None => finish(header, records, (folder, args.format), color),
            Some(shard) => {
                talk(&format!(
                    "shard {shard} is complete; when all are: busyhour sweep merge {}\n",
                    folder.display()
                ));
                Ok(Exit::Ok)
            }
        }
    })
}

/// A job file for a scheduler.
fn emitted(sweep: &Sweep, scheduler: Scheduler, args: &SweepArgs, folder: &Path) -> String {
    let dashed = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let name: String = sweep.name.chars().map(dashed).take(40).collect();
    let job = Job {
        name: format!("sweep-{}", name.trim_matches('-')).trim_matches('-').to_owned(),
        sweep: args.sweep.clone().unwrap_or_default(),
        output: folder.display().to_string(),
        shards: args.job.shards.unwrap_or(1),
        image: args.job.image.clone(),
        claim: args.job.claim.clone(),
    };
    match scheduler {
        Scheduler::Kubernetes => job.to_kubernetes(),
        Scheduler::Slurm => job.to_slurm(),
    }
}

fn read(name: &str, color: bool) -> Result<Sweep, Failure> {
    let text = input::scenario_text(name)?;
    let SweepReading { sweep, problems, sources } =
        read_sweep(name, &text, &Beside::new(parent(name)));
    input::tell(name, &problems, &sources, color);
    sweep.ok_or_else(Failure::said)
}

/// Plays what is not finished yet; all records in order, or nothing where it was interrupted.
fn play(
    sweep: &Sweep,
    files: &Beside,
    (header, folder): (&Header, &Path),
    args: &SweepArgs,
) -> Result<Option<Vec<PointRecord>>, Failure> {
    let (mut book, mut records) = Book::open(folder, header)?;
    let mine = |id: u32| header.shard.is_none_or(|shard: Shard| shard.has(id));
    let all = sweep.points.iter().filter(|point| mine(point.id)).count();
    let finished: std::collections::BTreeSet<u32> = records.iter().map(|one| one.id).collect();
    let points: Vec<&Point> = sweep
        .points
        .iter()
        .filter(|point| mine(point.id) && !finished.contains(&point.id))
        .collect();
    if !finished.is_empty() && !points.is_empty() {
        talk(&format!("{} of {all} points are finished already\n", finished.len()));
    }
    let progress = Progress::new(!args.quiet && stderr().is_terminal());
    let mut best = PointRecord::best(&records).cloned();
    let runner = Runner { sweep, files, stop: interrupts()? };
    let done = runner.play(&points, args.threads, |new| {
        let lines: Result<String, String> = new.iter().map(PointRecord::to_line).collect();
        book.append(&lines.map_err(Failure::internal)?)?;
        best = PointRecord::best(best.iter().chain(&new)).cloned();
        records.extend(new);
        let best = best.as_ref().map_or(String::new(), PointRecord::in_short);
        progress.points((records.len() - finished.len(), points.len()), &best);
        Ok(())
    });
    progress.done();
    done?;
    if records.len() < all {
        talk(&format!(
            "interrupted after {} of {all} points: the same command goes on from there\n",
            records.len()
        ));
        return Ok(None);
    }
    records.sort_by_key(|record| record.id);
    Ok(Some(records))
}

/// Writes the tables and prints the summary.
fn finish(
    header: Header,
    records: Vec<PointRecord>,
    (folder, format): (&Path, Format),
    color: Color,
) -> Result<Exit, Failure> {
    let outcome = Outcome::of(header.with_shard(None), records);
    Sheet(&outcome).write(folder)?;
    match format {
        Format::Text if color.on(&stdout()) => print(&painted(&outcome.to_text()))?,
        Format::Text => print(&outcome.to_text())?,
        Format::Json => print(&outcome.to_json().map_err(Failure::internal)?)?,
    }
    Ok(Exit::Ok)
}
