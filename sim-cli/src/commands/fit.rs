//! `busyhour fit`: a first scenario out of what a team has measured.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, stdin};

use clap::Args;
use sim_core::{Collector, Fit, NoFiles, read};

use crate::exit::{Exit, Failure};
use crate::output::{Destination, Format, talk};

/// Bytes of a line at most: an export of spans is one line.
const LINE_MAX: u64 = 64 << 20;

/// Arguments of `fit`.
#[derive(Debug, Args)]
pub(crate) struct FitArgs {
    /// An access log (combined format), k6 --out json, Locust's _stats.csv, or OTLP JSON; - reads
    /// standard input
    log: String,
    /// Write a scenario with what was found; TODO marks what such a file does not tell
    #[arg(long, value_name = "FILE")]
    scenario: Option<String>,
    /// Write every request as a file that users replay, see docs/replay.md
    #[arg(long, value_name = "FILE")]
    recording: Option<String>,
    /// How the findings are written
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Where they go; - is standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<String>,
}

pub(super) fn fit(args: &FitArgs) -> Result<Exit, Failure> {
    let findings = Destination::new("--output", args.output.as_deref())?;
    let file = |option, path: &Option<String>| {
        path.as_deref().map(|path| Destination::new(option, Some(path))).transpose()
    };
    let scenario = file("--scenario", &args.scenario)?;
    let recording = file("--recording", &args.recording)?;
    let of = |why: String| Failure::usage(format!("{}: {why}", args.log));
    let collector = collect(&args.log, recording.is_some()).map_err(of)?;
    if let Some(recording) = recording {
        let text = collector.recorded().ok_or_else(|| {
            of("it does not hold single requests: nothing can be replayed".to_owned())
        })?;
        recording.write(&text)?;
    }
    let fit = collector.fit().map_err(of)?;
    if let Some(scenario) = scenario {
        scenario.write(&checked(&fit)?)?;
    }
    findings.write(&match args.format {
        Format::Text => fit.to_text(),
        Format::Json => fit.to_json().map_err(Failure::internal)?,
    })?;
    if let Some(path) = args.scenario.as_deref().filter(|path| *path != "-") {
        talk(&format!("{path} is written: fill in its TODOs, then busyhour run {path}\n"));
    }
    Ok(Exit::Ok)
}

/// The scenario, which can be played as it stands.
fn checked(fit: &Fit) -> Result<String, Failure> {
    let text = fit.to_yaml();
    let reading = read("fitted.yaml", &text, &[], &NoFiles);
    match reading.problems.first_error() {
        Some(problem) => Err(Failure::internal(format!("{}: {}", problem.path, problem.message))),
        None => Ok(text),
    }
}

fn collect(log: &str, keeps: bool) -> Result<Collector, String> {
    let mut from: Box<dyn BufRead> = match log {
        "-" => Box::new(BufReader::new(stdin().lock())),
        path => Box::new(BufReader::new(File::open(path).map_err(|error| error.to_string())?)),
    };
    let mut collector: Option<Collector> = None;
    let mut number = 0_u64;
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        let got = from.by_ref().take(LINE_MAX).read_until(b'\n', &mut bytes);
        if got.map_err(|error| error.to_string())? == 0 {
            break;
        }
        number += 1;
        if bytes.len() as u64 == LINE_MAX {
            let mib = LINE_MAX >> 20;
            return Err(format!("line {number} is longer than {mib} MiB: write one export a line"));
        }
        let text = String::from_utf8_lossy(&bytes);
        let text = text.trim_end_matches(['\n', '\r']);
        match &mut collector {
            Some(collector) => collector.line(text),
            None if text.trim().is_empty() => {}
            None => {
                let new = Collector::new(text)?;
                collector.insert(if keeps { new.keeping() } else { new }).line(text);
            }
        }
    }
    collector.ok_or_else(|| "it is empty: give a file with requests".to_owned())
}
