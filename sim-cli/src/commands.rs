//! The commands and what they share.

mod capacity;
mod compare;
mod completions;
mod explain;
mod init;
mod plan;
mod report;
mod run;
mod schema;
mod serve;
mod sweep;
mod validate;

use clap::{Parser, Subcommand};

use crate::exit::{Exit, Failure};
use crate::output::talk;
use crate::style::Color;

const HELP: &str = "\
{about}

Examples:
  busyhour run black-friday.yaml                     play a scenario, print its report
  busyhour run shop.yaml --set nodes.web.workers=8   the same with one thing changed
  busyhour run shop.yaml --format json -o run.json   for programs; exits 99 on a missed objective
  busyhour run shop.yaml --html report.html          the report as a page for a browser
  busyhour run shop.yaml --replications auto         many days, not one: figures with intervals
  busyhour run shop.yaml --trace slowest:20          why the slowest requests took so long
  busyhour compare shop.yaml --change nodes.web.workers=8   is it better, and how sure is that
  busyhour sweep sweep.yaml --output points   a grid or a sample of set-ups, and what each does
  busyhour capacity shop.yaml                        how much load until it breaks, and what breaks
  busyhour plan plan.yaml                            the cheapest set-up that holds the objectives
  busyhour report run.json --format html             the same from a saved report
  busyhour serve --open                              the page: watch a run and change it
  busyhour init shop.yaml                            write a first scenario
  busyhour validate shop.yaml                        check a scenario without playing it
  busyhour explain E012                              what an error means and how to put it right
  busyhour explain worker-pool                       the knobs of a component

{usage-heading} {usage}

{all-args}{after-help}";

const CODES: &str = "\
Exit codes: 0 ok, 1 internal error, 2 bad usage or scenario, \
3 interrupted with partial results kept, 99 objectives missed. \
Results go to standard output, talk and progress to standard error.";

/// Rehearses a web cluster's busy hour before it happens.
#[derive(Debug, Parser)]
#[command(name = "busyhour", version, help_template = HELP, after_help = CODES)]
pub(crate) struct Busyhour {
    /// When to colour: auto does on a terminal, unless NO_COLOR is set
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    color: Color,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Play a scenario and report what it amounted to
    Run(run::RunArgs),
    /// Play variants of a scenario on the same luck, and tell how they differ and how sure that is
    Compare(compare::CompareArgs),
    /// Play a scenario at many points of what is varied, interruptible and in shards
    Sweep(sweep::SweepArgs),
    /// Find the highest load that holds all objectives, what breaks there, and what breaks next
    Capacity(capacity::CapacityArgs),
    /// Find the cheapest set-up that holds all objectives, with as few runs as tell
    Plan(plan::PlanArgs),
    /// Check a scenario without playing it
    Validate(validate::ValidateArgs),
    /// Show a saved JSON report again, as text or as a page
    Report(report::ReportArgs),
    /// Write a first scenario: asks a few questions
    Init(init::InitArgs),
    /// Explain an error code, a component, one of its knobs or a model
    Explain(explain::ExplainArgs),
    /// Print the JSON Schema of scenarios, sweeps or plans, for editors
    Schema(schema::SchemaArgs),
    /// Hand the page to a browser, on this machine
    Serve(serve::ServeArgs),
    /// Print a completion script for a shell
    Completions(completions::CompletionsArgs),
}

impl Busyhour {
    /// Does what is asked.
    pub(crate) fn obey(&self) -> Exit {
        let done = match &self.command {
            Command::Run(args) => run::run(args, self.color),
            Command::Compare(args) => compare::compare(args, self.color),
            Command::Sweep(args) => sweep::sweep(args, self.color),
            Command::Capacity(args) => capacity::capacity(args, self.color),
            Command::Plan(args) => plan::plan(args, self.color),
            Command::Validate(args) => validate::validate(args, self.color),
            Command::Report(args) => report::report(args, self.color),
            Command::Init(args) => init::init(args),
            Command::Explain(args) => explain::explain(args),
            Command::Schema(args) => schema::schema(args),
            Command::Serve(args) => serve::serve(args),
            Command::Completions(args) => completions::completions(args),
        };
        done.unwrap_or_else(|Failure { exit, message }| {
            if !message.is_empty() {
                talk(&format!("error: {message}\n"));
            }
            exit
        })
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        super::Busyhour::command().debug_assert();
    }
}
