//! `busyhour report`: shows a saved report again, as text, as a page or as CSV.

use std::io::stdout;

use clap::{Args, ValueEnum};
use sim_core::Report;

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
    /// The frames, one figure a line.
    Csv,
    /// As it was saved, with what this version adds.
    Json,
}

/// Arguments of `report`.
#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// What run --format json wrote; - reads standard input
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
    let report = Report::from_json(&input::saved(&args.saved)?)
        .map_err(|why| Failure::usage(format!("{}: {why}", args.saved)))?;
    let text = match args.format {
        Format::Text if destination == Destination::Stdout && color.on(&stdout()) => {
            painted(&report.to_text())
        }
        Format::Text => report.to_text(),
        Format::Html => report.to_html(),
        Format::Csv => report.to_csv(),
        Format::Json => report.to_json().map_err(Failure::internal)?,
    };
    destination.write(&text)?;
    Ok(Exit::Ok)
}
