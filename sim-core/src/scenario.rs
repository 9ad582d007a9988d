//! From YAML to a checked plan: every problem has a code, a place in the file, a value, a remedy.

mod append;
mod check;
pub mod decode;
mod edit;
mod happenings;
mod lints;
pub mod machines;
pub mod models;
pub mod objective;
mod objectives;
mod parts;
pub mod plan;
pub mod problem;
mod rent;
mod schema;
mod spec;
pub mod tree;
mod uncertain;
pub mod yaml;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use self::append::append_events;
use self::decode::{Reference, ReferenceKind, References};
pub use self::edit::{Edit, edit};
use self::parts::ReadPart;
use self::plan::{Blueprint, Part, Plan};
use self::problem::{Code, Place, Problem, Problems, SourceId, Sources};
pub use self::rent::Rent;
pub use self::schema::schema;
use self::spec::{EventSpec, Head, VERSION};
use self::tree::Node;
pub use self::uncertain::{Doubt, Uncertain};
use crate::engine::chance::name_key;
use crate::engine::time::{MILLISECOND, Nanos};
use crate::recorded::Recording;
use crate::wiring::{Flaw, FlawKind};

/// Instances of all parts together.
const INSTANCES_MAX: u64 = 20_000;
/// Parts of a scenario.
const PARTS_MAX: usize = 1_000;
/// Frames that the default frame length gives at most.
const FRAMES: u64 = 1_000;

/// Where the data files of a scenario come from.
pub trait Files {
    /// The text of a file, by its path as written in the scenario.
    ///
    /// # Errors
    /// Why it cannot be read, in words.
    fn read(&self, path: &str) -> Result<String, String>;

    /// Recorded requests, which a door that has the file itself need not hold in memory.
    ///
    /// # Errors
    /// Why they cannot be read, in words.
    fn recording(&self, path: &str) -> Result<Recording, String> {
        Recording::new(path, Arc::new(self.read(path)?.into_bytes()))
    }
}

/// No files at all.
pub struct NoFiles;

impl Files for NoFiles {
    fn read(&self, _path: &str) -> Result<String, String> {
        Err("data files are not available here".to_owned())
    }
}

/// What is laid over a scenario before it is read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Changes<'a> {
    /// `path=value`, as with `--set`.
    pub set: &'a [String],
    /// Objectives besides the scenario's own, as with `--objective`.
    pub objectives: &'a [String],
}

/// A scenario as read: the plan unless there are errors, and all that is to be said about it.
pub struct Reading {
    /// The plan, if nothing is wrong.
    pub plan: Option<Plan>,
    /// Where each of the plan's objectives stands.
    pub objectives: Vec<Place>,
    /// Errors and warnings, in order of place.
    pub problems: Problems,
    /// The texts that the places point into.
    pub sources: Sources,
}

/// Reads a scenario. `overrides` are `path=value`, as with `--set`.
#[must_use]
pub fn read(name: &str, text: &str, overrides: &[String], files: &dyn Files) -> Reading {
    read_changed(name, text, &Changes { set: overrides, ..Changes::default() }, files)
}

/// Reads a scenario with what is laid over it.
#[must_use]
pub fn read_changed(name: &str, text: &str, changes: &Changes<'_>, files: &dyn Files) -> Reading {
    let mut sources = Sources::default();
    let mut problems = Vec::new();
    let read = read_plan((name, text), changes, files, (&mut sources, &mut problems));
    let problems = Problems::from(problems);
    let (plan, objectives) = read.filter(|_| !problems.has_errors()).unzip();
    Reading { plan, objectives: objectives.unwrap_or_default(), problems, sources }
}

fn read_plan(
    (name, text): (&str, &str),
    changes: &Changes<'_>,
    files: &dyn Files,
    (sources, problems): (&mut Sources, &mut Vec<Problem>),
) -> Option<(Plan, Vec<Place>)> {
    let source = sources.add(name, text);
    let mut root = match yaml::parse(source, text, yaml::Limits::default()) {
        Ok(root) => root,
        Err(more) => {
            problems.extend(more);
            return None;
        }
    };
    root = lay_over(root, changes, sources, problems);
    let uncertain = uncertain::settle(&mut root, problems);
    check_version(&root, problems)?;
    let head = decode::decode::<Head>(&root, "", &mut References::default());
    let head = head.map_err(|more| problems.extend(more)).ok();
    let mut parts = parts::read(&root, sources, problems);
    check_not_empty(&root, &parts, problems);
    let objectives = head.as_ref().map(|head| objectives::read(head, &root, problems));
    let happenings = head.as_ref().map_or(&[][..], |head| &head.events);
    let prepared = prepared(&parts, happenings);
    let nodes = parts::names(&root);
    let names = check::Names { nodes: &nodes, prepared: &prepared };
    let graph = check::names(&parts, &names, problems);
    let mut blueprint = draft(&parts, &prepared, files, problems)?;
    check::connections(&parts, &blueprint, &graph, problems);
    blueprint.stack = graph.depth(&parts, problems);
    if let Some(objectives) = &objectives {
        objectives::check(objectives, &blueprint, &root, problems);
    }
    let duration = head.as_ref().map_or(Nanos::MAX, |head| head.duration.nanos());
    let happenings = happenings::read(happenings, &root, (&blueprint, &mut parts), duration);
    let happenings = happenings.map_err(|more| problems.extend(more)).ok();
    if problems.iter().any(|problem| problem.severity == problem::Severity::Error) {
        return None;
    }
    build_once(&blueprint, &parts, problems)?;
    graph.check_load(&parts, &blueprint, problems);
    lints::check(&graph, &parts, &blueprint, problems);
    let (head, happenings) = (head?, happenings?);
    let mut plan = Plan {
        name: head.name.unwrap_or_else(|| stem(name)),
        summary: head.summary.unwrap_or_default(),
        duration,
        warmup: head.warmup.map_or(0, |warmup| warmup.nanos()),
        seed: head.seed.unwrap_or(1),
        frame: head.frame.map_or_else(|| default_frame(duration), |frame| frame.nanos().max(1)),
        blueprint,
        events: happenings.events,
        recurring: happenings.recurring,
        objectives: objectives?,
        hash: 0,
        steady: false,
        doubt: Doubt::of(uncertain, (name, text), changes.set).map(Arc::new),
        drawn: Vec::new(),
        times: None,
    };
    check_times(&plan, &root, problems);
    plan.hash = name_key(&serde_json::to_string(&plan).unwrap_or_default());
    plan.blueprint.calls = graph.all_calls();
    plan.steady = head.warmup.is_none() && nothing_changes(&plan);
    Some((plan, objectives::places(&root)))
}

/// Whether the scenario is the same at all times.
fn nothing_changes(plan: &Plan) -> bool {
    let varies = plan.blueprint.parts.iter().any(|part| part.form.varies());
    !varies && plan.events.is_empty() && plan.recurring.is_empty()
}

fn stem(name: &str) -> String {
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
    file.strip_suffix(".yaml").or_else(|| file.strip_suffix(".yml")).unwrap_or(file).to_owned()
}

/// The shortest of 1, 2, 5, 10 ... ms that makes at most a thousand frames.
fn default_frame(duration: Nanos) -> Nanos {
    let mut frame = MILLISECOND;
    for step in [2, 5, 10].into_iter().cycle() {
        if duration / frame <= FRAMES {
            break;
        }
        let decade = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000]
            .into_iter()
            .rev()
            .find(|decade| frame >= decade * MILLISECOND)
            .unwrap_or(1);
        frame = decade * step * MILLISECOND;
    }
    frame
}

fn lay_over(
    mut root: Node,
    changes: &Changes<'_>,
    sources: &mut Sources,
    problems: &mut Vec<Problem>,
) -> Node {
    for (index, text) in changes.set.iter().enumerate() {
        let source = sources.add(format!("--set {}", index + 1), text.as_str());
        let (path, node) = match yaml::parse_assignment(source, text, yaml::Limits::default()) {
            Ok(assignment) => assignment,
            Err(more) => {
                problems.extend(more);
                continue;
            }
        };
        if let Some(problem) = headless(&root, &path, text, source) {
            problems.push(problem);
            continue;
        }
        let mut changed = root.clone();
        match changed.set(&path, node) {
            Ok(()) => root = changed,
            Err(problem) => problems.push(*problem),
        }
    }
    objectives::lay_over(root, changes.objectives, sources, problems)
}

/// A path that begins with the name of a node or of users, without their section.
fn headless(root: &Node, path: &str, text: &str, source: SourceId) -> Option<Problem> {
    let (name, _) = path.split_once('.')?;
    let mut sections = ["nodes", "users"].into_iter();
    let section =
        sections.find(|section| root.get(section).is_some_and(|of| of.get(name).is_some()));
    let section = section.filter(|_| root.get(name).is_none())?;
    let width = name.chars().count() as u32;
    let place = Place { source, line: 1, column: 1, width };
    let message = format!("the top level has no field \"{name}\"");
    let remedy = format!("did you mean {section}.{}?", text.trim());
    Some(
        Problem::new(Code::UnknownField, name, message)
            .at(place)
            .with_value(name)
            .with_remedy(remedy),
    )
}

fn check_version(root: &Node, problems: &mut Vec<Problem>) -> Option<()> {
    let found = root.get("busyhour");
    if found.is_some_and(|node| tree::to_json(node) == serde_json::json!(VERSION)) {
        return Some(());
    }
    let (message, place) = match found {
        Some(node) => {
            (format!("busyhour: {} is no version of this format", node.shown()), node.place)
        }
        None => ("the file does not say that it is a scenario".to_owned(), root.place),
    };
    problems.push(
        Problem::new(Code::BadVersion, "busyhour", message)
            .at(place)
            .with_remedy(format!("begin it with busyhour: {VERSION}")),
    );
    None
}

fn check_not_empty(root: &Node, parts: &[ReadPart], problems: &mut Vec<Problem>) {
    let has_users = parts.iter().any(|part| part.path.starts_with("users."));
    let tried = root.get("users").is_some_and(|users| !users.entries().is_empty());
    if !has_users && !tried {
        problems.push(
            Problem::new(Code::NothingToDo, "users", "nobody asks for anything")
                .at(root.place)
                .with_remedy("write users: {people: {enter: NODE, arrivals: 10/s}}"),
        );
    }
    if root.get("duration").is_some_and(|duration| tree::to_json(duration) == "0s") {
        problems.push(
            Problem::new(Code::NothingToDo, "duration", "the run is over before it begins")
                .at(root.get("duration").map_or(root.place, |node| node.place))
                .with_remedy("write a duration like 10m"),
        );
    }
}

fn check_times(plan: &Plan, root: &Node, problems: &mut Vec<Problem>) {
    if plan.warmup >= plan.duration {
        let message = "the warm-up is as long as the run: nothing would be measured";
        problems.push(
            Problem::new(Code::NothingToDo, "warmup", message)
                .at(root.get("warmup").map_or(root.place, |node| node.place))
                .with_remedy("shorten warmup or lengthen duration"),
        );
    }
}

/// Instances of each part that there can be: its own, and what autoscalers and events may add.
fn prepared(parts: &[ReadPart], events: &[EventSpec]) -> BTreeMap<String, u32> {
    let forms = || parts.iter().filter_map(|part| Some((&part.name, part.form.as_ref()?)));
    let mut prepared: BTreeMap<String, u32> =
        forms().map(|(name, form)| (name.clone(), form.replicas().max(1))).collect();
    for (name, count) in forms().filter_map(|(_, form)| form.grows()) {
        prepared.entry(name).and_modify(|known| *known = (*known).max(count));
    }
    for event in events {
        if let Some(known) = event.add.as_ref().and_then(|name| prepared.get_mut(name)) {
            *known = known.saturating_add(event.count.unwrap_or(1));
        }
    }
    prepared
}

/// Parts with their numbers of instances, endpoints and files: all that building needs.
fn draft(
    parts: &[ReadPart],
    prepared: &BTreeMap<String, u32>,
    files: &dyn Files,
    problems: &mut Vec<Problem>,
) -> Option<Blueprint> {
    let mut blueprint = Blueprint { endpoints: vec![String::new()], ..Blueprint::default() };
    for part in parts {
        let form = part.form.clone()?;
        for endpoint in form.endpoints() {
            if !blueprint.endpoints.contains(&endpoint) {
                blueprint.endpoints.push(endpoint);
            }
        }
        let (replicas, prepared) = (form.replicas(), prepared.get(&part.name).copied());
        let prepared = prepared.unwrap_or(1);
        blueprint.parts.push(Part { name: part.name.clone(), form, replicas, prepared });
        blueprint.rents.extend(part.rent.clone().map(|rent| (part.name.clone(), rent)));
        load_files(part, files, &mut blueprint, problems);
    }
    let instances: u64 = blueprint.parts.iter().map(|part| u64::from(part.prepared)).sum();
    if instances > INSTANCES_MAX || parts.len() > PARTS_MAX {
        let message = format!("{} parts with {instances} instances are too many", parts.len());
        let largest = parts.iter().max_by_key(|part| prepared.get(&part.name));
        problems.push(
            Problem::new(Code::TooBig, "nodes", message)
                .at(largest.map_or(Place::start(SourceId(0)), |part| part.place))
                .with_remedy(format!("stay below {PARTS_MAX} parts and {INSTANCES_MAX} instances")),
        );
        return None;
    }
    Some(blueprint)
}

fn load_files(
    part: &ReadPart,
    files: &dyn Files,
    blueprint: &mut Blueprint,
    problems: &mut Vec<Problem>,
) {
    let mut unreadable = |reference: &Reference, why: &str, remedy: &str| {
        let message = format!("{} cannot be read: {why}", reference.name);
        problems.push(
            Problem::new(Code::UnreadableData, reference.path.clone(), message)
                .at(reference.place)
                .with_value(reference.name.clone())
                .with_remedy(remedy),
        );
    };
    let path = "give a path relative to the scenario file";
    for reference in part.references.of(ReferenceKind::File) {
        match files.read(&reference.name) {
            Ok(text) => _ = blueprint.files.insert(reference.name.clone(), text),
            Err(why) => unreadable(reference, &why, path),
        }
    }
    for reference in part.references.of(ReferenceKind::Recording) {
        match files.recording(&reference.name) {
            Ok(recording) => _ = blueprint.recordings.insert(reference.name.clone(), recording),
            Err(why) => {
                let (why, remedy) = why.rsplit_once(": ").unwrap_or((&why, path));
                unreadable(reference, why, remedy);
            }
        }
    }
}

/// Builds every part once, so that what only building can find is found now.
fn build_once(
    blueprint: &Blueprint,
    parts: &[ReadPart],
    problems: &mut Vec<Problem>,
) -> Option<()> {
    let mut site = blueprint.site();
    let mut fine = Some(());
    for (part, read) in blueprint.parts.iter().zip(parts) {
        site.name.clone_from(&part.name);
        if let Err(flaw) = part.form.build(&site) {
            problems.push(problem_of(&flaw, read));
            fine = None;
        }
    }
    fine
}

/// A flaw with its place: the field it names, or the nearest field around it.
fn problem_of(flaw: &Flaw, part: &ReadPart) -> Problem {
    let mut path = flaw.path.as_str();
    let mut place: Place = part.place;
    loop {
        if path.is_empty() {
            break;
        }
        if let Some(node) = part.tree.get(path) {
            place = node.place;
            break;
        }
        path = path.rfind(['.', '[']).map_or("", |at| &path[..at]);
    }
    let dot = if flaw.path.is_empty() { "" } else { "." };
    let path = format!("{}{dot}{}", part.path, flaw.path);
    Problem::new(code_of(flaw.kind), path, flaw.message.clone())
        .at(place)
        .with_remedy(flaw.remedy.clone())
}

fn code_of(kind: FlawKind) -> Code {
    match kind {
        FlawKind::Value => Code::BadValue,
        FlawKind::MinAboveMax => Code::MinAboveMax,
        FlawKind::NoNode => Code::UnknownNode,
        FlawKind::NoEndpoint => Code::UnknownEndpoint,
        FlawKind::NoFile => Code::UnreadableData,
    }
}
