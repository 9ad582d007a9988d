//! `busyhour report`: shows what any command saved again, as text, as a page or as CSV.

use std::io::stdout;

use clap::{Args, ValueEnum};
use sim_core::Saved;

use crate::exit::{Exit, Failure};
use crate::input;
use crate::output::Destination;
use crate::style::{Color, painted};

/// How the report is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    #[default]
    Text,
    /// A page for a browser, one file that loads nothing.
    Html,
    /// The frames of one run, one figure a line.
    Csv,
    /// As it was saved, with what this version adds.
    Json,
}

/// Arguments of `report`.
#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// What run, compare, capacity, sweep or plan wrote with --format json; - reads standard input
    saved: String,
    /// How the report is shown
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Where it goes; - is standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<String>,
}

pub(super) fn report(args: &ReportArgs, color: Color) -> Result<Exit, Failure> {
    let destination = Destination::new("--output", args.output.as_deref())?;
    let wrong = |why: String| Failure::usage(format!("{}: {why}", args.saved));
    let report = Saved::read(&input::saved(&args.saved)?).map_err(wrong)?;
    let text = match args.format {
        Format::Text if destination == Destination::Stdout && color.on(&stdout()) => {
            painted(&report.to_text())
        }
        Format::Text => report.to_text(),
        Format::Html => report.to_html(),
        Format::Csv => match &report {
            Saved::Run(run) => run.to_csv(),
            _ => {
                let why = "only one run has frames, which --format csv writes: choose another form";
                return Err(wrong(why.to_owned()));
            }
        },
        Format::Json => report.to_json().map_err(Failure::internal)?,
    };
    destination.write(&text)?;
    Ok(Exit::Ok)
}
