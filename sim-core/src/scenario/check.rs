//! Checks across parts: names, replicas, cycles, call depth, endpoints, offered load.

use std::collections::{BTreeMap, BTreeSet};

use super::decode::ReferenceKind;
use super::parts::ReadPart;
use super::plan::Blueprint;
use super::problem::{Code, Problem, Severity};

/// Frames of a call stack at most.
const STACK_MAX: u32 = 64;
/// Offered load above this share of what a part can serve is warned of.
const OVERLOAD: f64 = 1.0;

/// Who calls whom, by part index.
pub(super) struct Graph {
    edges: Vec<BTreeSet<usize>>,
}

/// What can be named.
pub(super) struct Names<'a> {
    /// Names of nodes, of those that cannot be read too.
    pub(super) nodes: &'a BTreeSet<String>,
    /// Instances of each part that there can be.
    pub(super) prepared: &'a BTreeMap<String, u32>,
}

/// Checks every name, also where other things in the parts are wrong.
pub(super) fn names(parts: &[ReadPart], names: &Names<'_>, problems: &mut Vec<Problem>) -> Graph {
    let index: BTreeMap<&str, usize> =
        parts.iter().enumerate().map(|(at, part)| (part.name.as_str(), at)).collect();
    let mut graph = Graph { edges: vec![BTreeSet::new(); parts.len()] };
    for (at, part) in parts.iter().enumerate() {
        check_names(part, names, problems);
        for reference in part.references.iter() {
            if matches!(reference.kind, ReferenceKind::Node | ReferenceKind::Service)
                && let Some(&to) = index.get(reference.name.as_str())
            {
                graph.edges[at].insert(to);
            }
        }
    }
    graph
}

/// Checks what the names connect.
pub(super) fn connections(
    parts: &[ReadPart],
    blueprint: &Blueprint,
    graph: &Graph,
    problems: &mut Vec<Problem>,
) {
    check_endpoints(parts, blueprint, graph, problems);
    check_cycles(parts, blueprint, graph, problems);
    if !problems.iter().any(|problem| problem.severity == Severity::Error) {
        check_unused(parts, graph, problems);
    }
}

fn check_names(part: &ReadPart, names: &Names<'_>, problems: &mut Vec<Problem>) {
    let known: Vec<&str> = names.nodes.iter().map(String::as_str).collect();
    for reference in part.references.iter() {
        let is_one = match reference.kind {
            ReferenceKind::Node => true,
            ReferenceKind::Service => false,
            _ => continue,
        };
        let (path, name) = (&reference.path, &reference.name);
        if !names.nodes.contains(name) {
            let message = format!("{path} names \"{name}\", which is no node");
            problems.push(
                Problem::new(Code::UnknownNode, path.clone(), message)
                    .at(reference.place)
                    .with_value(name.clone())
                    .with_nearest(name, &known),
            );
            continue;
        }
        let prepared = names.prepared.get(name).copied().unwrap_or(1);
        if is_one && prepared > 1 {
            let message = format!("{path} names \"{name}\", which has {prepared} instances");
            problems.push(
                Problem::new(Code::ReplicasNeedBalancer, path.clone(), message)
                    .at(reference.place)
                    .with_value(name.clone())
                    .with_remedy(format!(
                        "put a balancer before it: {name}-lb: {{component: balancer, to: {name}}}"
                    )),
            );
        }
    }
}

/// Endpoints that somebody asks for must exist where the request first meets endpoints.
fn check_endpoints(
    parts: &[ReadPart],
    blueprint: &Blueprint,
    graph: &Graph,
    problems: &mut Vec<Problem>,
) {
    let offered: Vec<Vec<String>> =
        blueprint.parts.iter().map(|part| part.form.endpoints()).collect();
    let all: Vec<&str> = offered.iter().flatten().map(String::as_str).collect();
    for (at, part) in parts.iter().enumerate() {
        let first = if part.path.starts_with("users.") { graph.meets(at, &offered) } else { None };
        for reference in part.references.of(ReferenceKind::Endpoint) {
            let name = reference.name.as_str();
            let known: Vec<&str> = match first {
                Some(first) => offered[first].iter().map(String::as_str).collect(),
                None => all.clone(),
            };
            if known.contains(&name) || (first.is_none() && all.is_empty()) {
                continue;
            }
            let whose = first.map_or(String::new(), |first| format!(" of {}", parts[first].name));
            let message = format!("\"{name}\" is no endpoint{whose}");
            problems.push(
                Problem::new(Code::UnknownEndpoint, reference.path.clone(), message)
                    .at(reference.place)
                    .with_value(name)
                    .with_nearest(name, &known),
            );
        }
    }
}

/// A circle of calls never ends, except where every part on it may end a request by chance.
fn check_cycles(
    parts: &[ReadPart],
    blueprint: &Blueprint,
    graph: &Graph,
    problems: &mut Vec<Problem>,
) {
    for circle in graph.circles() {
        let may_leave = circle.iter().any(|&at| leaves_by_chance(at, &circle, blueprint));
        let passes = circle.iter().all(|&at| !blueprint.parts[at].form.passes().is_empty());
        if passes && may_leave {
            continue;
        }
        let names: Vec<&str> = circle.iter().map(|&at| parts[at].name.as_str()).collect();
        let message = format!("a request that enters {} never leaves", names.join(" -> "));
        problems.push(
            Problem::new(Code::EndlessCycle, parts[circle[0]].path.clone(), message)
                .at(parts[circle[0]].place)
                .with_remedy("let one of them answer, or give the way back a probability below 1"),
        );
    }
}

/// Whether a part that sends requests on ends one, or sends it out of the circle, by chance.
fn leaves_by_chance(at: usize, circle: &[usize], blueprint: &Blueprint) -> bool {
    let inside = |to: &str| circle.iter().any(|&at| blueprint.parts[at].name == to);
    let branches = blueprint.parts[at].form.passes();
    let stays: f64 = branches.iter().filter(|(to, _)| inside(to)).map(|(_, p)| p).sum();
    !branches.is_empty() && stays < 1.0
}

fn check_unused(parts: &[ReadPart], graph: &Graph, problems: &mut Vec<Problem>) {
    let mut seen: BTreeSet<usize> = BTreeSet::new();
    let mut open: Vec<usize> =
        (0..parts.len()).filter(|&at| !parts[at].path.starts_with("nodes.")).collect();
    while let Some(at) = open.pop() {
        if seen.insert(at) {
            open.extend(&graph.edges[at]);
        }
    }
    for (_, part) in parts.iter().enumerate().filter(|(at, _)| !seen.contains(at)) {
        let message = format!("no request ever reaches {}", part.name);
        problems.push(
            Problem::new(Code::UnusedNode, part.path.clone(), message)
                .at(part.place)
                .with_remedy("name it where requests should go, or delete it"),
        );
    }
}

impl Graph {
    /// The first part with endpoints that requests of `from` meet, if the way there is straight.
    fn meets(&self, from: usize, offered: &[Vec<String>]) -> Option<usize> {
        let mut at = from;
        for _ in 0..self.edges.len() {
            let mut next = self.edges[at].iter();
            at = *next.next()?;
            if !offered[at].is_empty() {
                return Some(at);
            }
        }
        None
    }

    /// Circles of parts, each once.
    fn circles(&self) -> Vec<Vec<usize>> {
        let reach: Vec<BTreeSet<usize>> = (0..self.edges.len()).map(|at| self.reach(at)).collect();
        let mut circles: Vec<Vec<usize>> = Vec::new();
        for at in 0..self.edges.len() {
            if reach[at].contains(&at) && !circles.iter().any(|circle| circle.contains(&at)) {
                let circle = reach[at].iter().copied().filter(|&to| reach[to].contains(&at));
                circles.push(circle.collect());
            }
        }
        circles
    }

    /// For every part those that it calls itself.
    pub(super) fn all_calls(&self) -> Vec<Vec<u32>> {
        self.edges.iter().map(|to| to.iter().map(|&to| to as u32).collect()).collect()
    }

    /// Parts that a part calls itself.
    pub(super) fn calls(&self, from: usize) -> impl Iterator<Item = usize> + '_ {
        self.edges[from].iter().copied()
    }

    /// Parts that requests of a part can come to.
    pub(super) fn reach(&self, from: usize) -> BTreeSet<usize> {
        let mut seen = BTreeSet::new();
        let mut open: Vec<usize> = self.edges[from].iter().copied().collect();
        while let Some(at) = open.pop() {
            if seen.insert(at) {
                open.extend(&self.edges[at]);
            }
        }
        seen
    }

    /// Parts that a part calls, on the far side of those that are only on the way.
    pub(super) fn far_ends(
        &self,
        from: usize,
        is_on_the_way: impl Fn(usize) -> bool,
    ) -> BTreeSet<usize> {
        let (mut seen, mut ends) = (BTreeSet::new(), BTreeSet::new());
        let mut open: Vec<usize> = self.edges[from].iter().copied().collect();
        while let Some(at) = open.pop() {
            if !is_on_the_way(at) {
                ends.insert(at);
            } else if seen.insert(at) {
                open.extend(&self.edges[at]);
            }
        }
        ends
    }

    /// Frames that a call stack needs at most: the longest way without going round.
    pub(super) fn depth(&self, parts: &[ReadPart], problems: &mut Vec<Problem>) -> u32 {
        let mut known = vec![None; self.edges.len()];
        let deepest = (0..self.edges.len()).map(|at| self.below(at, &mut known, 0)).max();
        let depth = deepest.unwrap_or(0) + 2;
        if depth > STACK_MAX
            && let Some(part) = parts.first()
        {
            let message = format!("calls are nested {depth} deep, more than {STACK_MAX}");
            problems.push(
                Problem::new(Code::CallTooDeep, part.path.clone(), message)
                    .at(part.place)
                    .with_remedy("shorten the chain of nodes"),
            );
        }
        depth.min(STACK_MAX)
    }

    fn below(&self, at: usize, known: &mut Vec<Option<u32>>, level: u32) -> u32 {
        if let Some(depth) = known[at] {
            return depth;
        }
        if level as usize > self.edges.len() {
            return 0;
        }
        known[at] = Some(0);
        let below = self.edges[at].iter().map(|&to| 1 + self.below(to, known, level + 1));
        let depth = below.max().unwrap_or(0);
        known[at] = Some(depth);
        depth
    }

    /// Warns where open users offer more than the first part with a limit of its own can serve.
    pub(super) fn check_load(
        &self,
        parts: &[ReadPart],
        blueprint: &Blueprint,
        problems: &mut Vec<Problem>,
    ) {
        let site = blueprint.site();
        let mut load = vec![0.0; parts.len()];
        for (at, part) in blueprint.parts.iter().enumerate() {
            let Some(rate) = part.form.load(&site).per_second else { continue };
            let mut here = at;
            for _ in 0..parts.len() {
                let mut next = self.edges[here].iter();
                let (Some(&to), None) = (next.next(), next.next()) else { break };
                here = to;
                if blueprint.parts[here].form.bound().per_second.is_some() {
                    load[here] += rate;
                    break;
                }
            }
        }
        for (at, part) in blueprint.parts.iter().enumerate() {
            let Some(bound) = part.form.bound().per_second else { continue };
            let can = bound * f64::from(part.prepared);
            if load[at] > can * OVERLOAD {
                let message = format!(
                    "up to {}/s are offered to {}, which can serve {}/s at most",
                    round(load[at]),
                    part.name,
                    round(can)
                );
                problems.push(
                    Problem::new(Code::Overload, parts[at].path.clone(), message)
                        .at(parts[at].place)
                        .with_remedy("expect a growing queue while it lasts, or add capacity"),
                );
            }
        }
    }
}

/// A rate for people: one decimal below a hundred, none above.
fn round(rate: f64) -> f64 {
    if rate < 100.0 { (rate * 10.0).round() / 10.0 } else { rate.round() }
}
