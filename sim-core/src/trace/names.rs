//! What nodes, classes and spans are called.

use super::Request;
use super::critical::{Piece, Spent};
use super::spans::{Kind, Span};
use crate::engine::record::{End, Step};
use crate::engine::request::Outcome;
use crate::engine::time::Nanos;
use crate::report::{SpanLine, Traced};
use crate::run::Run;

/// The name of who has what the network lost.
const NETWORK: &str = "network";

/// The names of one run.
#[derive(Clone, Debug)]
pub(super) struct Names {
    nodes: Vec<Node>,
    parts: Vec<String>,
}

#[derive(Clone, Debug)]
struct Node {
    name: String,
    part: usize,
    /// What is waited for where the node does not say.
    first: Option<&'static str>,
    classes: Vec<String>,
}

impl Names {
    pub(super) fn of(run: &Run) -> Self {
        let core = &run.world().core;
        let nodes = core.seats.iter().zip(run.surveys()).map(|(seat, survey)| Node {
            name: seat.name.clone(),
            part: seat.group as usize,
            first: survey.resources.first().map(|resource| resource.name),
            classes: survey.tallies.iter().map(|tally| tally.name.clone()).collect(),
        });
        let nodes = nodes.collect();
        Names { nodes, parts: core.groups.iter().map(|group| group.name.clone()).collect() }
    }

    /// The part of a node, by its place among the parts.
    pub(super) fn part_of(&self, node: u32) -> Option<usize> {
        self.nodes.get(node as usize).map(|node| node.part)
    }

    /// The name of a part.
    pub(super) fn part(&self, part: Option<usize>) -> &str {
        part.map_or(NETWORK, |part| &self.parts[part])
    }

    /// The name of a node.
    pub(super) fn node(&self, node: u32) -> &str {
        debug_assert!(node == Step::NOWHERE || (node as usize) < self.nodes.len());
        self.nodes.get(node as usize).map_or(NETWORK, |node| &node.name)
    }

    pub(super) fn class(&self, end: &End) -> &str {
        &self.nodes[end.node as usize].classes[end.class as usize]
    }

    /// What was waited for at a node.
    pub(super) fn resource(
        &self,
        node: u32,
        (spent, what): (Spent, Option<&'static str>),
    ) -> Option<&'static str> {
        let first = || self.nodes.get(node as usize).and_then(|node| node.first);
        if spent == Spent::Waiting { what.or_else(first) } else { None }
    }

    /// What the time of a piece was spent on: the part, how, and what was waited for.
    pub(super) fn cause(&self, piece: &Piece) -> (Option<usize>, Spent, Option<&'static str>) {
        let part = self.part_of(piece.node);
        (part, piece.spent, self.resource(piece.node, (piece.spent, piece.what)))
    }

    /// What a span is, in words.
    pub(super) fn span(&self, span: &Span, end: &End) -> String {
        match span.kind {
            Kind::Request => self.class(end).to_owned(),
            Kind::Attempt(n) => format!("attempt {n}"),
            Kind::Stay => self.node(span.node).to_owned(),
            Kind::Phase(spent, what) => match self.resource(span.node, (spent, what)) {
                Some(resource) => format!("waiting for {resource}"),
                None => phase(spent).to_owned(),
            },
        }
    }

    /// A request, step by step.
    pub(super) fn traced(&self, request: &Request) -> Traced {
        let end = &request.end;
        let ms = |span: Nanos| span as f64 / 1e6;
        let mut depths: Vec<u32> = Vec::with_capacity(request.spans.len());
        let mut lines = Vec::with_capacity(request.spans.len());
        for span in &request.spans {
            let depth = span.parent.map_or(0, |parent| depths[parent] + 1);
            depths.push(depth);
            lines.push(SpanLine {
                depth,
                name: self.span(span, end),
                start_ms: ms(span.from - end.started),
                ms: ms(span.to - span.from),
                critical: span.critical > 0,
                ended: failure(span).map(str::to_owned),
            });
        }
        Traced {
            class: self.class(end).to_owned(),
            started_s: end.started as f64 / 1e9,
            latency_ms: ms(end.latency()),
            outcome: outcome(end.outcome).to_owned(),
            spans: lines,
        }
    }
}

/// What is done in a phase.
fn phase(spent: Spent) -> &'static str {
    match spent {
        Spent::Waiting => "waiting",
        Spent::Working => "work",
        Spent::Travelling => "on the wire",
        Spent::Away => "waiting for others",
        Spent::Retrying => "waiting to try again",
        Spent::Lost => "lost on the way",
    }
}

/// How something ended, by the name that reports use.
pub(super) fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Done => "answered",
        Outcome::Failed(cause) => cause.name(),
    }
}

/// Why a span did not end well, if so.
pub(super) fn failure(span: &Span) -> Option<&'static str> {
    match span.outcome {
        Some(Outcome::Failed(cause)) => Some(cause.name()),
        _ if span.is_left => Some("given_up"),
        _ => None,
    }
}
