//! `run --trace`: plays the run a second time to record some of its requests, and writes them.

use std::io::{IsTerminal, stderr};
use std::sync::atomic::{AtomicBool, Ordering};

use clap::{Args, ValueEnum};
use sim_core::{Advanced, Pick, Run, Trace, Tracing};

use crate::exit::Failure;
use crate::output::{Destination, talk};
use crate::progress::Progress;

/// Events between two looks at the progress line and at the interrupt key.
const SLICE: u64 = 200_000;

/// How a trace is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum TraceFormat {
    /// OpenTelemetry's JSON, for Jaeger and other viewers of traces.
    #[default]
    Otlp,
    /// Chrome's trace events, for Perfetto.
    Chrome,
    /// A tree per request, for people.
    Text,
}

/// Which requests are traced, and where their steps go.
#[derive(Debug, Args)]
pub(crate) struct TraceArgs {
    /// Say why the slowest requests took so long, and record every step of some: slowest:20,
    /// sample:1% or first:100
    #[arg(long, value_name = "WHICH")]
    trace: Option<Pick>,
    /// Write the recorded steps here; - is standard output
    #[arg(long, value_name = "FILE", requires = "trace")]
    trace_output: Option<String>,
    /// How the steps are written
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t, requires = "trace_output")]
    trace_format: TraceFormat,
}

/// A trace, and whether it was interrupted before its end.
#[derive(Debug)]
pub(crate) struct Recorded {
    pub(crate) trace: Trace,
    pub(crate) is_cut: bool,
}

impl TraceArgs {
    /// Where the steps go, if anywhere: not where the report goes.
    pub(crate) fn destination(&self, report: &Destination) -> Result<Option<Destination>, Failure> {
        let output = self.trace_output.as_deref();
        let to = output.map(|output| Destination::new("--trace-output", Some(output)));
        let to = to.transpose()?;
        if to.as_ref() == Some(report) {
            return Err(Failure::usage(
                "the report and the trace would go to the same place: write the report elsewhere \
                 with --output FILE",
            ));
        }
        Ok(to)
    }

    /// Many runs are not traced: each would be another answer.
    pub(crate) fn check_one_run(&self) -> Result<(), Failure> {
        match self.trace {
            Some(pick) => Err(Failure::usage(format!(
                "--trace {pick} looks into one run, not into replications: leave --replications \
                 out, and choose the run with --seed"
            ))),
            None => Ok(()),
        }
    }

    /// Begins to look for requests in a run that has not begun.
    pub(crate) fn begin(&self, run: &mut Run) -> Option<Tracing> {
        self.trace.map(|pick| Tracing::new(pick, run))
    }

    /// Writes the steps.
    pub(crate) fn write(&self, trace: &Trace, to: &Destination) -> Result<(), Failure> {
        let text = match self.trace_format {
            TraceFormat::Otlp => trace.to_otlp(),
            TraceFormat::Chrome => trace.to_chrome(),
            TraceFormat::Text => Ok(trace.to_text()),
        };
        to.write(&text.map_err(Failure::internal)?)
    }
}

/// Plays a run again, to the end or to the interrupt; nothing if it was interrupted already.
pub(crate) fn record(
    tracing: Tracing,
    run: &mut Run,
    stop: &AtomicBool,
    quiet: bool,
) -> Result<Option<Recorded>, Failure> {
    if stop.load(Ordering::Relaxed) {
        talk("interrupted: no request was traced\n");
        return Ok(None);
    }
    let mut replay = tracing.replay(run).map_err(Failure::internal)?;
    let progress = Progress::new(!quiet && stderr().is_terminal());
    while !replay.is_over() && !stop.load(Ordering::Relaxed) {
        if let Advanced::Circling(node) = replay.advance(SLICE) {
            return Err(Failure::internal(run.circling(node)));
        }
        progress.show(replay.run());
    }
    progress.done();
    let is_cut = !replay.is_over();
    if is_cut {
        talk("interrupted: the trace holds the requests that had ended by then\n");
    }
    let trace = replay.trace().map_err(Failure::internal)?;
    Ok(Some(Recorded { trace, is_cut }))
}
