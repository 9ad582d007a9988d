//! The objectives of a scenario: its own and those that come with the command, read and checked.

use super::objective::Objective;
use super::plan::Blueprint;
use super::problem::{Code, Place, Problem, Sources};
use super::spec::Head;
use super::tree::Node;

/// What an objective can look at besides a class of requests.
const METRICS: [&str; 6] = ["latency", "errors", "goodput", "throughput", "availability", "cost"];

/// Appends objectives to those of the scenario; one that it states already is not stated twice.
pub(super) fn lay_over(
    mut root: Node,
    more: &[String],
    sources: &mut Sources,
    problems: &mut Vec<Problem>,
) -> Node {
    for (index, text) in more.iter().enumerate() {
        let source = sources.add(format!("--objective {}", index + 1), text.as_str());
        let known = root.get("objectives").map_or(&[][..], Node::items);
        if known.iter().any(|node| node.as_text() == Some(text.trim())) {
            continue;
        }
        let path = format!("objectives[{}]", known.len());
        let width = u32::try_from(text.chars().count()).unwrap_or(u32::MAX).max(1);
        let node = Node::text(Place { width, ..Place::start(source) }, text.trim());
        let mut changed = root.clone();
        match changed.set(&path, node) {
            Ok(()) => root = changed,
            Err(problem) => problems.push(*problem),
        }
    }
    root
}

fn place(root: &Node, index: usize) -> Place {
    root.get(&format!("objectives[{index}]")).map_or(root.place, |node| node.place)
}

/// Where each objective stands.
pub(super) fn places(root: &Node) -> Vec<Place> {
    let items = root.get("objectives").map_or(&[][..], Node::items);
    items.iter().map(|node| node.place).collect()
}

pub(super) fn read(head: &Head, root: &Node, problems: &mut Vec<Problem>) -> Vec<Objective> {
    let mut objectives = Vec::new();
    for (index, text) in head.objectives.iter().enumerate() {
        match Objective::parse(text) {
            Ok(objective) => objectives.push(objective),
            Err(message) => {
                let (message, remedy) = message.split_once(": ").unwrap_or((&message, ""));
                problems.push(
                    Problem::new(Code::BadObjective, format!("objectives[{index}]"), message)
                        .at(place(root, index))
                        .with_value(text.clone())
                        .with_remedy(remedy),
                );
            }
        }
    }
    objectives
}

/// An objective that names a class of requests needs one that exists, and a cost needs a price.
pub(super) fn check(
    objectives: &[Objective],
    blueprint: &Blueprint,
    root: &Node,
    problems: &mut Vec<Problem>,
) {
    let written = ["users", "nodes"].into_iter().filter_map(|section| root.get(section));
    let read = |name: &str| blueprint.parts.iter().any(|part| part.name == name);
    if !written.flat_map(Node::entries).all(|entry| read(&entry.key)) {
        // what could not be read may be what an objective is about
        return;
    }
    let mut known: Vec<String> = Vec::new();
    for part in &blueprint.parts {
        let asked = part.form.asks();
        if let Some(endpoints) = asked {
            known.push(part.name.clone());
            known.extend(endpoints.iter().map(|endpoint| format!("{}/{endpoint}", part.name)));
        }
    }
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    for (index, objective) in objectives.iter().enumerate() {
        let path = format!("objectives[{index}]");
        if objective.metric.is_cost() && !blueprint.has_prices() {
            problems.push(
                Problem::new(Code::BadObjective, &path, "no node has a price, so there is no cost")
                    .at(place(root, index))
                    .with_value(&objective.expression)
                    .with_remedy(
                        "write machine: c7i.large or price: 0.10 USD/h at what is paid for",
                    ),
            );
        }
        let Some(class) = &objective.class else { continue };
        if !known.contains(&class.as_str()) {
            let message = format!("\"{class}\" is neither a metric nor a class of requests");
            let candidates: Vec<&str> = known.iter().copied().chain(METRICS).collect();
            problems.push(
                Problem::new(Code::BadObjective, path, message)
                    .at(place(root, index))
                    .with_value(class.clone())
                    .with_nearest(class, &candidates),
            );
        }
    }
}
