//! `busyhour run`: plays a scenario and reports what it amounted to.

use std::io::{IsTerminal, stderr, stdout};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::{Args, ValueEnum};
use sim_core::{Advanced, Check, Duration, Plan, Regression, Report, Run, Summary, figures};

use crate::exit::{Exit, Failure};
use crate::gate::{Baseline, BaselineArgs, Gate, GateArgs, Shown};
use crate::input::{self, Scenario};
use crate::many::{Count, Many, ManyArgs, begin, nothing_yet};
use crate::output::{Destination, print, talk};
use crate::progress::{Progress, cpu_seconds};
use crate::style::{Color, painted};
use crate::trace::{Recorded, TraceArgs, record};

/// Events between two looks at the progress line and at the interrupt key.
const SLICE: u64 = 1_000_000;

/// How the report is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs: a stable contract, schema_version 1.
    Json,
    /// The frames, one figure a line.
    Csv,
    /// A page for a browser, one file that loads nothing.
    Html,
}

/// Which frames the JSON holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Frames {
    /// All of them.
    #[default]
    All,
    /// None: the totals only.
    None,
}

/// Arguments of `run`.
#[derive(Debug, Args)]
#[command(mut_arg("precision", |arg| arg.requires("replications")))]
#[command(mut_arg("threads", |arg| arg.requires("replications")))]
pub(crate) struct RunArgs {
    /// The scenario, a YAML file; - reads standard input
    scenario: String,
    /// Play under this seed instead of the scenario's own
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Change a value before playing, like nodes.web.workers=8; may be given many times
    #[arg(long, value_name = "PATH=VALUE")]
    set: Vec<String>,
    /// Play for this long, like 10m, instead of the scenario's own duration
    #[arg(long, value_name = "D")]
    duration: Option<Duration>,
    /// How the report is written
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Where the report goes; - is standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<String>,
    /// Write the page for a browser here too: one file that loads nothing
    #[arg(long, value_name = "FILE")]
    html: Option<String>,
    /// Which frames the JSON holds
    #[arg(long, value_enum, default_value_t)]
    frames: Frames,
    /// Play it so often under seeds drawn from the first, and give every figure an interval; auto:
    /// until the objectives are known to the precision
    #[arg(long, value_name = "N|auto")]
    replications: Option<Count>,
    #[command(flatten)]
    many: ManyArgs,
    #[command(flatten)]
    trace: TraceArgs,
    #[command(flatten)]
    gate: GateArgs,
    #[command(flatten)]
    baseline: BaselineArgs,
    /// Show no progress
    #[arg(long, short)]
    quiet: bool,
}

pub(super) fn run(args: &RunArgs, color: Color) -> Result<Exit, Failure> {
    let destination = Destination::new("--output", args.output.as_deref())?;
    let page = Destination::page(args.html.as_deref())?;
    let (gate, baseline) = (args.gate.open()?, args.baseline.open()?);
    let steps = args.trace.destination(&destination)?;
    let overrides = input::overrides(&args.set, args.duration);
    let changes = args.gate.changes(&overrides);
    let scenario = input::scenario(&args.scenario, &changes, color.on(&stderr()))?;
    args.gate.demand(&scenario.plan)?;
    if let Some(count) = args.replications {
        args.trace.check_one_run()?;
        return replicated(scenario, (count, baseline), args, (&destination, page.as_ref(), &gate));
    }
    if let Some(doubt) = &scenario.plan.doubt {
        let paths: Vec<&str> = doubt.inputs.iter().map(|input| &input.path[..]).collect();
        talk(&format!(
            "note: taken as written, though known within limits only: {}; --replications 20 draws \
             them\n",
            paths.join(", ")
        ));
    }
    let Played { run, cpu, recorded } = played(scenario.plan, args)?;
    let mut report = Report::of(&run).with_cpu_seconds(cpu);
    report.trace = recorded.as_ref().map(|recorded| recorded.trace.why().clone());
    report.command = Some(repeat(args, run.seed()));
    if let Some(page) = page {
        page.write(&report.to_html())?;
    }
    let against = |one: Baseline| one.against(Summary::of_report(&report));
    let regression = baseline.map(against).transpose()?;
    let text = match args.format {
        Format::Text if destination == Destination::Stdout && color.on(&stdout()) => {
            painted(&report.to_text())
        }
        Format::Text => report.to_text(),
        Format::Csv => report.to_csv(),
        Format::Html => report.to_html(),
        Format::Json => {
            report.frames = report.frames.filter(|_| args.frames == Frames::All);
            report.latency_map = report.latency_map.filter(|_| args.frames == Frames::All);
            report.to_json().map_err(Failure::internal)?
        }
    };
    if let (Some(to), Some(Recorded { trace, .. })) = (steps, &recorded) {
        args.trace.write(trace, &to)?;
    }
    destination.write(&text)?;
    let checks = Check::of_report(&report, &scenario.spots);
    let text = || report.to_text();
    let exit = judged((checks, &text), regression.as_ref(), args, (&destination, &gate))?;
    let is_cut = recorded.is_some_and(|recorded| recorded.is_cut);
    Ok(if was_cut(&report) || is_cut { Exit::Interrupted } else { exit })
}

/// Plays it many times.
fn replicated(
    Scenario { plan, spots }: Scenario,
    (count, baseline): (Count, Option<Baseline>),
    args: &RunArgs,
    (destination, page, gate): (&Destination, Option<&Destination>, &Gate),
) -> Result<Exit, Failure> {
    if args.format == Format::Csv {
        return Err(Failure::usage(
            "replications are written as text, JSON or a page: write --format json or html",
        ));
    }
    let seed = args.seed.unwrap_or(plan.seed);
    let mut many = Many::new(&args.many, vec![Arc::new(plan)], seed, interrupts()?, args.quiet)?;
    let sets = many.play(count)?;
    let mut summary = match sets.first() {
        Some(set) if !set.is_empty() => set.summary(),
        _ => return Ok(nothing_yet()),
    };
    if let Some(page) = page {
        page.write(&summary.to_html())?;
    }
    let text = match args.format {
        Format::Json => {
            summary.course = summary.course.filter(|_| args.frames == Frames::All);
            summary.to_json().map_err(Failure::internal)?
        }
        Format::Html => summary.to_html(),
        Format::Text | Format::Csv => summary.to_text(),
    };
    destination.write(&text)?;
    let regression = baseline.map(|one| one.against(summary.clone())).transpose()?;
    let checks = Check::of_summary(&summary, &spots);
    let text = || summary.to_text();
    let exit = judged((checks, &text), regression.as_ref(), args, (destination, gate))?;
    if many.was_stopped() {
        talk(&format!("interrupted after {} replications\n", summary.samples.len()));
        return Ok(Exit::Interrupted);
    }
    Ok(exit)
}

/// Says what became of the baseline's figures, and closes the gate.
fn judged(
    (mut checks, text): (Vec<Check>, &dyn Fn() -> String),
    regression: Option<&Regression>,
    args: &RunArgs,
    (destination, gate): (&Destination, &Gate),
) -> Result<Exit, Failure> {
    let said = regression.map_or(String::new(), |one| format!("\n{}", one.to_text()));
    if let Some(regression) = regression {
        // what is for programs or in a file stays what it is
        match (args.format, destination) {
            (Format::Text, Destination::Stdout) => print(&said)?,
            _ => talk(&said),
        }
        checks.extend(regression.checks());
    }
    gate.close(&checks, || Shown { text: text() + &said, ..Shown::default() })
}

/// Whether a run was interrupted, and says so.
fn was_cut(report: &Report) -> bool {
    if report.interrupted {
        let at = figures::clock((report.simulated_s * 1e9) as u64);
        let all = figures::clock((report.duration_s * 1e9) as u64);
        talk(&format!("interrupted at {at} of {all}: the report covers what was simulated\n"));
    }
    report.interrupted
}

/// A run, and what was recorded of it.
struct Played {
    run: Run,
    /// CPU time that it took, seconds; a second play is not counted.
    cpu: f64,
    recorded: Option<Recorded>,
}

/// Plays to the end or to the first interrupt, and once more where requests are traced.
fn played(plan: Plan, args: &RunArgs) -> Result<Played, Failure> {
    let stop = interrupts()?;
    let seed = args.seed.unwrap_or(plan.seed);
    let began = cpu_seconds();
    let mut run = begin(Arc::new(plan), seed)?;
    let mut tracing = args.trace.begin(&mut run);
    let progress = Progress::new(!args.quiet && stderr().is_terminal());
    while !run.is_over() && !stop.load(Ordering::Relaxed) {
        if let Advanced::Circling(node) = run.advance(u64::MAX, SLICE) {
            progress.done();
            return Err(Failure::usage(run.circling(node)));
        }
        if let Some(tracing) = &mut tracing {
            tracing.collect(&mut run);
        }
        progress.show(&run);
    }
    progress.done();
    if let Some(why) = run.plan().trouble() {
        return Err(Failure::usage(why));
    }
    let cpu = cpu_seconds() - began;
    let recorded = match tracing {
        Some(tracing) => record(tracing, &mut run, &stop, args.quiet)?,
        None => None,
    };
    Ok(Played { run, cpu, recorded })
}

/// A flag that the first interrupt raises; the second one ends the process.
pub(super) fn interrupts() -> Result<Arc<AtomicBool>, Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    let raised = Arc::clone(&stop);
    ctrlc::set_handler(move || {
        if raised.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    })
    .map_err(|error| Failure::internal(format!("cannot listen for interrupts: {error}")))?;
    Ok(stop)
}

/// The command that repeats the run.
fn repeat(args: &RunArgs, seed: u64) -> String {
    let mut words = vec!["busyhour".to_owned(), "run".to_owned(), quoted(&args.scenario)];
    words.push(format!("--seed {seed}"));
    words.extend(args.set.iter().map(|set| format!("--set {}", quoted(set))));
    words.extend(args.duration.map(|duration| format!("--duration {duration}")));
    words.extend(args.gate.objective.iter().map(|one| format!("--objective {}", quoted(one))));
    words.join(" ")
}

/// A word as a POSIX shell takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn words_survive_a_shell() {
        assert_eq!(quoted("nodes.web.workers=8"), "nodes.web.workers=8");
        assert_eq!(quoted("my shop.yaml"), "'my shop.yaml'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
