//! `busyhour init`: asks a few questions and writes a commented scenario that can be played.

mod draft;

use std::fs::OpenOptions;
use std::io::{BufRead, IsTerminal, Write, stdin};
use std::path::Path;

use clap::{Args, ValueEnum};
use sim_core::{NoFiles, Reading, read, render_all};

use self::draft::Wishes;
use crate::exit::{Exit, Failure};
use crate::output::{print, talk};

/// What stands behind the workers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Stack {
    /// A balancer and workers, nothing behind them.
    Web,
    /// And a database behind a connection pool.
    Database,
    /// And a cache beside the database.
    Cache,
}

/// Arguments of `init`.
#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// The file to write; it must not exist
    #[arg(default_value = "scenario.yaml")]
    file: String,
    /// Users a day; the busiest hour follows from them
    #[arg(long, value_name = "N", conflicts_with = "rate")]
    users: Option<u64>,
    /// Requests per second in the busiest hour, instead of users a day
    #[arg(long, value_name = "N")]
    rate: Option<f64>,
    /// What stands behind the balancer
    #[arg(long, value_enum)]
    stack: Option<Stack>,
    /// What it may cost, USD per hour
    #[arg(long, value_name = "USD")]
    budget: Option<f64>,
    /// What must hold, like "latency p(95) < 500ms"; may be given many times
    #[arg(long, value_name = "TEXT")]
    objective: Vec<String>,
    /// Ask nothing: what is not given takes its default
    #[arg(long, short)]
    yes: bool,
}

pub(super) fn init(args: &InitArgs) -> Result<Exit, Failure> {
    let file = Path::new(&args.file);
    if file.exists() {
        return Err(Failure::usage(format!(
            "{} exists already: choose another name, or delete it first",
            args.file
        )));
    }
    let wishes = if args.yes {
        wishes(args, &mut Silent)?
    } else if stdin().is_terminal() {
        wishes(args, &mut Asking { from: stdin().lock() })?
    } else {
        let remedy = "add --yes to take the default for what the flags do not say";
        return Err(Failure::usage(format!("there is no terminal to ask questions on: {remedy}")));
    };
    let text = draft::scenario(&wishes);
    let Reading { plan, problems, sources, .. } = read(&args.file, &text, &[], &NoFiles);
    if plan.is_none() {
        talk(&render_all(&problems, &sources, false));
        return Err(Failure::usage("with these answers there is no scenario: change them"));
    }
    let written = OpenOptions::new().write(true).create_new(true).open(file);
    written.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|error| {
        Failure::usage(format!("cannot write {}: {error}; choose another place", args.file))
    })?;
    print(&format!("wrote {0}; play it: busyhour run {0}\n", args.file))?;
    Ok(Exit::Ok)
}

/// Who answers what the flags leave open.
trait Answers {
    /// An answer that `read` takes, or its default.
    fn answer<T>(
        &mut self,
        question: &str,
        default: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<T, Failure>;
}

/// Everything takes its default.
struct Silent;

impl Answers for Silent {
    fn answer<T>(
        &mut self,
        question: &str,
        default: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<T, Failure> {
        read(default).ok_or_else(|| Failure::internal(format!("{question} has no default")))
    }
}

/// A person at a terminal.
struct Asking<R> {
    from: R,
}

impl<R: BufRead> Answers for Asking<R> {
    fn answer<T>(
        &mut self,
        question: &str,
        default: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<T, Failure> {
        loop {
            let shown = if default.is_empty() { "none" } else { default };
            talk(&format!("{question} [{shown}] "));
            let mut line = String::new();
            let got = self.from.read_line(&mut line);
            if !matches!(got, Ok(1..)) {
                return Err(Failure::usage("no answer: give the answers as flags, and --yes"));
            }
            let line = line.trim();
            if let Some(answer) = read(if line.is_empty() { default } else { line }) {
                return Ok(answer);
            }
            talk(&format!("  \"{line}\" is no answer to that\n"));
        }
    }
}

fn wishes(args: &InitArgs, answers: &mut impl Answers) -> Result<Wishes, Failure> {
    let number = |text: &str| {
        let number: f64 = text.replace(['_', ','], "").parse().ok()?;
        (number.is_finite() && number > 0.0).then_some(number)
    };
    let busy_rps = match (args.rate, args.users) {
        (Some(rate), _) => rate,
        (None, Some(users)) => draft::busy_rps(users as f64),
        (None, None) => {
            draft::busy_rps(answers.answer("How many users a day?", "100000", number)?)
        }
    };
    if !(busy_rps > 0.0 && busy_rps <= draft::BUSIEST_RPS) {
        let most = draft::BUSIEST_RPS;
        return Err(Failure::usage(format!(
            "{busy_rps} requests a second cannot be: write more than 0 and at most {most}"
        )));
    }
    let stack = match args.stack {
        Some(stack) => stack,
        None => {
            answers.answer("Behind the balancer: web, database or cache?", "cache", |text| {
                Stack::from_str(text, true).ok()
            })?
        }
    };
    let budget = match args.budget {
        Some(budget) => Some(budget),
        None => answers.answer("What may it cost, USD per hour?", "", |text| {
            if text.is_empty() { Some(None) } else { number(text).map(Some) }
        })?,
    };
    let mut objectives = args.objective.clone();
    if objectives.is_empty() {
        let latency = answers.answer("95 % of answers within?", "500ms", |text| {
            text.parse::<sim_core::Duration>().ok()
        })?;
        objectives = vec![format!("latency p(95) < {latency}"), "errors < 0.1%".to_owned()];
    }
    objectives.extend(budget.map(|budget| format!("cost < {budget} USD/h")));
    Ok(Wishes { busy_rps, stack, objectives })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags() -> InitArgs {
        InitArgs {
            file: String::new(),
            users: None,
            rate: None,
            stack: None,
            budget: None,
            objective: Vec::new(),
            yes: false,
        }
    }

    fn asked(lines: &str, args: &InitArgs) -> Result<Wishes, Failure> {
        wishes(args, &mut Asking { from: lines.as_bytes() })
    }

    #[test]
    fn questions_are_asked_until_they_are_answered() {
        let found = asked("many\n864_000\nnothing\ndatabase\n\n200ms\n", &flags()).unwrap();
        assert_eq!(found.busy_rps, 200.0, "10 requests a user, twice the mean");
        assert_eq!(found.stack, Stack::Database);
        assert_eq!(found.objectives, ["latency p(95) < 200ms", "errors < 0.1%"]);
        let budget = asked("\n\n3.5\n\n", &flags()).unwrap();
        assert_eq!(budget.objectives.last().unwrap(), "cost < 3.5 USD/h");
        assert!(asked("100\n", &flags()).is_err(), "the answers end");
    }

    #[test]
    fn what_a_flag_says_is_not_asked() {
        let objective = vec!["errors < 1%".to_owned()];
        let (rate, stack, budget) = (Some(7.0), Some(Stack::Web), Some(1.0));
        let found = asked("", &InitArgs { rate, stack, budget, objective, ..flags() }).unwrap();
        assert_eq!((found.busy_rps, found.stack), (7.0, Stack::Web));
        assert_eq!(found.objectives, ["errors < 1%", "cost < 1 USD/h"]);
    }

    #[test]
    fn every_answer_gives_a_scenario_that_can_be_played() {
        for busy_rps in [0.01, 3.0, 700.0, 20_000.0, draft::BUSIEST_RPS] {
            for stack in [Stack::Web, Stack::Database, Stack::Cache] {
                let objectives = vec!["it's < 1".to_owned()];
                let text = draft::scenario(&Wishes { busy_rps, stack, objectives });
                assert!(text.contains("'it''s < 1'"), "quoted");
                let text = text.replace("it''s < 1", "errors < 1%");
                let reading = read("scenario.yaml", &text, &[], &NoFiles);
                let said = render_all(&reading.problems, &reading.sources, false);
                assert!(reading.plan.is_some() && said.is_empty(), "{busy_rps}: {said}\n{text}");
            }
        }
    }
}
