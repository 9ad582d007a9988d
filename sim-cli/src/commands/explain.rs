//! `busyhour explain`: pages for error codes, components, knobs and models.

use std::fmt::Write;

use clap::Args;
use sim_core::{CATALOGUE, Code, Knob, Manual, machines, manual, models, nearest_remedy};

use crate::exit::{Exit, Failure};
use crate::output::print;

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// A code like E012, a component like worker-pool, a knob like users.retry, a model, or list;
    /// the kind may stand before it, as in `model nginx`
    #[arg(default_value = "list", num_args = 1..=2, value_name = "TOPIC")]
    topic: Vec<String>,
}

/// Words that may stand before a topic.
const KINDS: [&str; 5] = ["model", "component", "knob", "code", "machine"];

/// Components that are no nodes: nobody pays for them.
const ACTORS: [&str; 2] = ["users", "step-autoscaler"];

pub(super) fn explain(args: &ExplainArgs) -> Result<Exit, Failure> {
    let topic = match args.topic.iter().map(|word| word.trim()).collect::<Vec<_>>()[..] {
        [kind, topic] if KINDS.contains(&kind) => topic,
        [one] => one,
        _ => {
            let asked = args.topic.join(" ");
            let remedy = format!("write one topic, or {} before it", KINDS.join(", "));
            return Err(Failure::usage(format!("\"{asked}\" is no topic: {remedy}")));
        }
    };
    let found = if topic == "list" { Some(list()) } else { page(topic) };
    let Some(text) = found else { return Err(unknown(topic)) };
    print(&text)?;
    Ok(Exit::Ok)
}

fn page(topic: &str) -> Option<String> {
    if let Some(code) = Code::parse(topic) {
        let shorter = |line: &str| match line.chars().count() {
            0..=98 => line.to_owned(),
            _ => wrapped(line, 98).join("\n"),
        };
        let lines = code.page().lines().map(shorter);
        let page: Vec<String> = lines.collect();
        return Some(format!("{}: {}\n\n{}\n", code.as_str(), code.title(), page.join("\n")));
    }
    if let Some(text) = models::text(topic) {
        return Some(text.to_owned());
    }
    if topic == "machines" {
        return Some(machines::text().to_owned());
    }
    if let Some(machine) = machines::all().into_iter().find(|machine| machine.name == topic) {
        return Some(machine_page(&machine));
    }
    let (component, knob) = match topic.split_once('.') {
        Some((component, knob)) => (component, Some(knob)),
        None => (topic, None),
    };
    let Some(Manual { name, summary, knobs }) = manual(of_model(component).unwrap_or(component))
    else {
        return knobs_called(topic);
    };
    let wanted = |path: &str| {
        knob.is_none_or(|knob| {
            path.strip_prefix(knob).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    };
    let knobs: Vec<&Knob> = knobs.iter().filter(|knob| wanted(&knob.path)).collect();
    if knobs.is_empty() && knob.is_some() {
        return None;
    }
    let mut text = if knob.is_none() { format!("{name}: {summary}\n") } else { String::new() };
    for knob in knobs {
        let need = match (&knob.default, knob.required) {
            (Some(default), _) => format!(", default {default}"),
            (None, true) => ", required".to_owned(),
            (None, false) => String::new(),
        };
        // writing to a string cannot fail
        let _ = write!(text, "\n  {}  ({}{need})\n", knob.path, knob.kind);
        for line in wrapped(&knob.doc, 92) {
            let _ = writeln!(text, "      {line}");
        }
    }
    if knob.is_none() && !ACTORS.contains(&name.as_str()) {
        text.push_str("\n  Every node also takes machine and price: busyhour explain machines\n");
    }
    Some(text.trim_start_matches('\n').to_owned())
}

/// The component that a model fills in.
fn of_model(name: &str) -> Option<&'static str> {
    models::text(name)?.lines().find_map(|line| line.strip_prefix("component: ")).map(str::trim)
}

/// Where there are knobs with this name, a line each.
fn knobs_called(name: &str) -> Option<String> {
    let mut text = String::new();
    for Manual { name: component, knobs, .. } in CATALOGUE.iter().filter_map(|(c, _)| manual(c)) {
        for Knob { path, doc, .. } in knobs {
            if path.rsplit('.').next() == Some(name) {
                let doc = doc.split(". ").next().unwrap_or_default();
                let doc = wrapped(doc, 90).join("\n      ");
                // writing to a string cannot fail
                let _ = write!(text, "\n  {component}.{path}\n      {doc}\n");
            }
        }
    }
    (!text.is_empty())
        .then(|| format!("knobs called {name} (busyhour explain COMPONENT.KNOB)\n{text}"))
}

fn machine_page(machine: &machines::Machine) -> String {
    let machines::Machine { name, cores, memory, usd_per_hour } = machine;
    let page = [
        format!("{name}: {cores} cores, {memory}, {usd_per_hour} USD/h\n"),
        format!(
            "  A node that says machine: {name} takes its cores and memory from it where it has"
        ),
        "  such knobs, and costs its price; what the node says itself wins.".to_owned(),
        "  Sources and dates: busyhour explain machines\n".to_owned(),
    ];
    page.join("\n")
}

fn list() -> String {
    let mut text = "Components (busyhour explain COMPONENT, or COMPONENT.KNOB)\n".to_owned();
    for (name, summary) in CATALOGUE {
        let _ = writeln!(text, "  {name:14} {summary}");
    }
    if !models::names().is_empty() {
        let _ = writeln!(text, "\nModels\n  {}", models::names().join(", "));
    }
    let machines: Vec<String> = machines::all().into_iter().map(|machine| machine.name).collect();
    for line in wrapped(&machines.join(", "), 96) {
        let title = if text.contains("Machines") { "" } else { "\nMachines (machine: NAME)\n" };
        let _ = writeln!(text, "{title}  {line}");
    }
    text.push_str("\nCodes (busyhour explain CODE)\n");
    for code in Code::ALL {
        let _ = writeln!(text, "  {:14} {}", code.as_str(), code.title());
    }
    text
}

fn unknown(topic: &str) -> Failure {
    let knobs = topic.split_once('.').and_then(|(component, _)| manual(component));
    let known: Vec<String> = match knobs {
        Some(manual) => {
            manual.knobs.iter().map(|knob| format!("{}.{}", manual.name, knob.path)).collect()
        }
        None => {
            let names = CATALOGUE.iter().map(|(name, _)| *name).chain(models::names());
            let names = names.chain(["machines"]);
            let codes = Code::ALL.iter().map(|code| code.as_str());
            names.chain(codes).map(str::to_owned).collect()
        }
    };
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let remedy = nearest_remedy(topic, &known);
    Failure::usage(format!("there is no page \"{topic}\": {remedy}; busyhour explain lists all"))
}

/// Lines of at most `width` characters, broken at spaces.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
