//! The parts of a scenario: users, nodes and autoscalers, each decoded by its component's form.

use std::collections::BTreeSet;

use super::decode::{self, References};
use super::models;
use super::problem::{Code, Place, Problem, Sources, nearest_remedy, suggest};
use super::rent::{self, Rent, Terms};
use super::tree::{self, Entry, Node, Value};
use crate::components::{CATALOGUE, Component, Form, FormReader, read_form};

/// A part as read: its form, its tree for pointing at, and what it refers to.
pub(super) struct ReadPart {
    pub(super) name: String,
    /// Path of the part in the file, like `nodes.web`.
    pub(super) path: String,
    pub(super) component: String,
    pub(super) tree: Node,
    pub(super) place: Place,
    pub(super) form: Option<Form>,
    pub(super) references: References,
    /// What an instance costs, where that is said.
    pub(super) rent: Option<Rent>,
}

struct Decode<'a> {
    entry: &'a Entry,
    path: &'a str,
    references: &'a mut References,
}

impl FormReader for Decode<'_> {
    type Out = Result<Form, Vec<Problem>>;

    fn read<C: Component>(self, wrap: fn(C::Spec) -> Form) -> Self::Out {
        decode::decode_entry::<C::Spec>(self.entry, self.path, self.references).map(wrap)
    }
}

/// Decodes a part's tree by the form of its component.
pub(super) fn decode_form(part: &mut ReadPart) -> Result<Form, Vec<Problem>> {
    let entry = Entry { key: part.name.clone(), key_place: part.place, node: part.tree.clone() };
    let reader = Decode { entry: &entry, path: &part.path, references: &mut part.references };
    let form = read_form(&part.component, reader);
    let unknown = || unknown("component", &part.component, &part.path, part.place);
    let form = form.unwrap_or_else(|| Err(vec![unknown()]));
    form.map_err(|problems| problems.into_iter().map(|one| machine_helps(one, part)).collect())
}

/// What a machine would say of a node may be said by naming one.
fn machine_helps(problem: Problem, part: &ReadPart) -> Problem {
    let lacks_cores = problem.code == Code::MissingField
        && problem.path.strip_prefix(&part.path) == Some(".cores")
        && part.path.starts_with("nodes.");
    if lacks_cores {
        return problem.with_remedy("add `cores: 2`, or a machine: `machine: c7i.large`");
    }
    problem
}

/// A word behind `component` or `model` that is none; it may be one of the other kind.
fn unknown(field: &str, name: &str, path: &str, place: Place) -> Problem {
    let components = CATALOGUE.iter().map(|(name, _)| *name).collect();
    let (own, (other, others)) = match field {
        "model" => (models::names(), ("component", components)),
        _ => (components, ("model", models::names())),
    };
    let meant = suggest(name, others).filter(|_| suggest(name, own.iter().copied()).is_none());
    let remedy = match meant {
        Some(meant) => format!("{meant} is a {other}: write {other}: {meant}"),
        None => nearest_remedy(name, &own),
    };
    let message = format!("\"{name}\" is no {field}");
    Problem::new(Code::UnknownModel, format!("{path}.{field}"), message)
        .at(place)
        .with_value(name)
        .with_remedy(remedy)
}

/// The sections of a file with the component that their parts have unless they say it.
const SECTIONS: [(&str, Option<&str>); 4] = [
    ("users", Some("users")),
    ("nodes", None),
    ("autoscale", Some("step-autoscaler")),
    ("supervise", Some("supervisor")),
];

/// The sections whose keys name the service that a part looks after.
const OVER_SERVICES: [&str; 2] = ["autoscale", "supervise"];

/// The names of all nodes, of those that cannot be read too.
pub(super) fn names(root: &Node) -> BTreeSet<String> {
    let nodes = root.get("nodes").map_or(&[][..], Node::entries);
    nodes.iter().map(|entry| entry.key.clone()).collect()
}

/// Reads all parts; what is wrong is added to `problems`.
pub(super) fn read(
    root: &Node,
    sources: &mut Sources,
    problems: &mut Vec<Problem>,
) -> Vec<ReadPart> {
    let mut parts: Vec<ReadPart> = Vec::new();
    for (section, component) in SECTIONS {
        let Some(node) = root.get(section) else { continue };
        if !matches!(node.value, Value::Map(_) | Value::Null) {
            problems.push(not_a_map(section, node));
            continue;
        }
        for entry in node.entries() {
            match read_part(section, component, entry, sources) {
                Ok(mut part) => {
                    check_name(&part, section, &parts, problems);
                    match decode_form(&mut part) {
                        Ok(form) => part.form = Some(form),
                        Err(more) => problems.extend(more),
                    }
                    parts.push(part);
                }
                Err(more) => problems.extend(more),
            }
        }
    }
    parts
}

fn not_a_map(section: &str, node: &Node) -> Problem {
    Problem::new(Code::WrongType, section, format!("{section} is {}", node.describe()))
        .at(node.place)
        .with_remedy(format!("write names with their forms below {section}:"))
}

fn check_name(part: &ReadPart, section: &str, before: &[ReadPart], problems: &mut Vec<Problem>) {
    let name = part.name.split_once(':').map_or(part.name.as_str(), |(_, name)| name);
    let name = if OVER_SERVICES.contains(&section) { name } else { &part.name };
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.is_empty() || name.len() > 64 || !name.chars().all(fits) {
        problems.push(
            Problem::new(Code::BadName, part.path.clone(), format!("\"{name}\" is no name"))
                .at(part.place)
                .with_value(name)
                .with_remedy("use up to 64 letters, digits, - and _"),
        );
    }
    if let Some(twin) = before.iter().find(|other| other.name == part.name) {
        let message = format!("\"{name}\" is the name of {} already", twin.path);
        problems.push(
            Problem::new(Code::BadName, part.path.clone(), message)
                .at(part.place)
                .with_value(name)
                .with_remedy(format!("give this one of the {section} another name")),
        );
    }
}

fn read_part(
    section: &str,
    component: Option<&str>,
    entry: &Entry,
    sources: &mut Sources,
) -> Result<ReadPart, Vec<Problem>> {
    let path = format!("{section}.{}", entry.key);
    let mut tree = entry.node.clone();
    if !matches!(tree.value, Value::Map(_)) {
        let message = format!("{path} is {}", tree.describe());
        return Err(vec![
            Problem::new(Code::WrongType, path, message)
                .at(entry.key_place)
                .with_remedy("write its fields below it"),
        ]);
    }
    let mut component = component.map(str::to_owned);
    let written_at = tree.get("component").map_or(entry.key_place, |node| node.place);
    if let Some(word) = word_of(&mut tree, "component", &path)? {
        if !CATALOGUE.iter().any(|(name, _)| *name == word) {
            return Err(vec![unknown("component", &word, &path, written_at)]);
        }
        component = Some(word);
    }
    let terms = if section == "nodes" { Some(rent::take(&mut tree, &path)?) } else { None };
    let mut base_form = None;
    let written_at = tree.get("model").map_or(entry.key_place, |node| node.place);
    if let Some(model) = word_of(&mut tree, "model", &path)? {
        let (known, base) = model_form(&model, &path, written_at, sources)?;
        component = Some(known);
        base_form = Some(base);
    }
    let Some(component) = component else {
        let message = format!("{path} does not say what it is");
        let names: Vec<&str> = CATALOGUE.iter().map(|(name, _)| *name).collect();
        return Err(vec![
            Problem::new(Code::MissingField, format!("{path}.component"), message)
                .at(entry.key_place)
                .with_remedy(format!("write component: {}", names.join(" | "))),
        ]);
    };
    tree = written(&component, base_form, terms.as_ref(), tree);
    let mut name = entry.key.clone();
    if OVER_SERVICES.contains(&section) {
        name = format!("{section}:{}", entry.key);
        if tree.get("service").is_none()
            && let Value::Map(entries) = &mut tree.value
        {
            let node = Node::text(entry.key_place, entry.key.clone());
            let key_place = entry.key_place;
            entries.push(Entry { key: "service".to_owned(), key_place, node });
        }
    }
    let references = References::default();
    let place = entry.key_place;
    let rent = terms.and_then(|terms| terms.rent());
    Ok(ReadPart { name, path, component, tree, place, form: None, references, rent })
}

/// A part's own fields on those of its machine, and these on those of its model.
fn written(component: &str, model: Option<Node>, terms: Option<&Terms>, own: Node) -> Node {
    let base = model.unwrap_or_else(|| Node::empty_map(own.place));
    let Some(terms) = terms else { return tree::overlay(&base, &own) };
    let machine = terms.form(component, &tree::overlay(&base, &own));
    tree::overlay(&tree::overlay(&base, &machine), &own)
}

fn word_of(tree: &mut Node, key: &str, path: &str) -> Result<Option<String>, Vec<Problem>> {
    let Some(entry) = tree.take(key) else { return Ok(None) };
    match entry.node.as_text() {
        Some(word) => Ok(Some(word.to_owned())),
        None => {
            let message = format!("{key} is {}", entry.node.describe());
            let problem = Problem::new(Code::WrongType, format!("{path}.{key}"), message);
            Err(vec![problem.at(entry.node.place).with_remedy("write a name")])
        }
    }
}

fn model_form(
    model: &str,
    path: &str,
    place: Place,
    sources: &mut Sources,
) -> Result<(String, Node), Vec<Problem>> {
    if models::text(model).is_none() {
        return Err(vec![unknown("model", model, path, place)]);
    }
    let model = models::load(model, sources)?;
    Ok((model.component, model.form))
}
