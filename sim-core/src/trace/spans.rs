//! A record as a tree of spans: attempts, stays at nodes, and what was done there.

use super::critical::{Piece, Spent};
use crate::engine::record::{Move, Record, Step, Thread};
use crate::engine::request::Outcome;
use crate::engine::time::Nanos;

/// What a span is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The whole request.
    Request,
    /// One attempt at it, counted from 1.
    Attempt(u32),
    /// A stay at a node, with everything that it called meanwhile.
    Stay,
    /// What was done at the node itself.
    Phase(Spent, Option<&'static str>),
}

/// A span; it lies within the one that it is inside of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) kind: Kind,
    /// The node that it is at.
    pub(super) node: u32,
    /// The span that it is inside of.
    pub(super) parent: Option<usize>,
    /// Its thread, by its place in the record; those of the request itself have none.
    pub(super) thread: Option<usize>,
    pub(super) from: Nanos,
    pub(super) to: Nanos,
    /// How it ended, where somebody heard it.
    pub(super) outcome: Option<Outcome>,
    /// Its caller had left before it ended.
    pub(super) is_left: bool,
    /// How much of it is on the critical path, ns; of phases only.
    pub(super) critical: Nanos,
}

/// The spans of a record, each before those inside it.
pub(super) fn spans(record: &Record, path: &[Piece]) -> Vec<Span> {
    let end = record.end;
    let mut all = vec![Span {
        kind: Kind::Request,
        node: end.node,
        parent: None,
        thread: None,
        from: end.started,
        to: end.ended,
        outcome: Some(end.outcome),
        is_left: false,
        critical: 0,
    }];
    let mut attempts = 0;
    for (index, thread) in record.threads.iter().enumerate() {
        let root = match thread.parent {
            Some(parent) => match host(&all, parent, thread) {
                Some(stay) => stay,
                None => continue,
            },
            None => {
                attempts += 1;
                let (kind, own) = (Kind::Attempt(attempts), Some(index));
                all.push(Span { kind, thread: own, ..inside(&all, 0, thread) });
                all.len() - 1
            }
        };
        Stays { all: &mut all, thread, index, root, open: Vec::new() }.write();
    }
    for piece in path {
        if piece.thread.is_none() {
            all.push(pause(piece));
        }
        for span in all.iter_mut().filter(|span| span.thread == piece.thread) {
            if let Kind::Phase(spent, _) = span.kind
                && (span.node, spent) == (piece.node, piece.spent)
            {
                let (from, to) = (span.from.max(piece.from), span.to.min(piece.to));
                span.critical += to.saturating_sub(from);
            }
        }
    }
    in_order(&all)
}

/// The time between two attempts, which nobody but the user spends.
fn pause(piece: &Piece) -> Span {
    Span {
        kind: Kind::Phase(piece.spent, piece.what),
        node: piece.node,
        parent: Some(0),
        thread: None,
        from: piece.from,
        to: piece.to,
        outcome: None,
        is_left: false,
        critical: 0,
    }
}

/// A span of a thread as far as the span reaches that it is inside of.
fn inside(all: &[Span], parent: usize, thread: &Thread) -> Span {
    let Span { from, to, node, .. } = all[parent];
    let (born, until) = (thread.born.clamp(from, to), thread.until.clamp(from, to));
    Span {
        kind: Kind::Stay,
        node,
        parent: Some(parent),
        thread: None,
        from: born,
        to: until.max(born),
        outcome: thread.outcome,
        is_left: thread.is_left || thread.until > to,
        critical: 0,
    }
}

/// The stay from which a thread was forked: the last one then at the node that opened it. None if
/// nobody waited for that node any more: then nobody waits for the thread.
fn host(all: &[Span], parent: usize, thread: &Thread) -> Option<usize> {
    let stays = all.iter().enumerate().filter(|(_, span)| {
        span.kind == Kind::Stay && span.thread == Some(parent) && span.node == thread.opener
    });
    let then = |span: &Span| span.from <= thread.born && thread.born <= span.to;
    stays.filter(|(_, span)| then(span)).map(|(index, _)| index).next_back()
}

/// Writes the stays of one thread.
struct Stays<'a> {
    all: &'a mut Vec<Span>,
    thread: &'a Thread,
    index: usize,
    root: usize,
    /// Stays that have not ended: the span, how many nodes wait for it, and whether it was heard.
    open: Vec<(usize, u16, bool)>,
}

impl Stays<'_> {
    fn write(&mut self) {
        let window = inside(self.all, self.root, self.thread);
        let until = window.to;
        let mut before: Option<Step> = None;
        for step in &self.thread.steps {
            let at = step.at.clamp(window.from, until);
            self.spend(before, at);
            self.close(step.depth + 1, at);
            match step.is {
                Move::Answers(outcome) => {
                    if let Some(&(top, ..)) = self.open.last() {
                        self.all[top].outcome = Some(outcome);
                    }
                    self.close(step.depth, at);
                }
                is => self.stay(step, at, is == Move::Arrives),
            }
            before = Some(Step { at, ..*step });
        }
        self.spend(before, until);
        for &(span, ..) in &self.open {
            self.all[span].is_left = window.is_left;
        }
        self.close(0, until);
    }

    /// Ends the stays for which at least so many nodes wait.
    fn close(&mut self, depth: u16, at: Nanos) {
        while let Some((span, ..)) = self.open.pop_if(|(_, own, _)| *own >= depth) {
            self.all[span].to = at;
        }
    }

    /// The request is at a node: still, or from now on.
    fn stay(&mut self, step: &Step, at: Nanos, arrives: bool) {
        if let Some((span, depth, heard)) = self.open.last_mut()
            && self.all[*span].node == step.node
            && *depth == step.depth
            && !(arrives && *heard)
        {
            *heard |= arrives;
            return;
        }
        self.close(step.depth, at);
        let parent = self.open.last().map_or(self.root, |&(span, ..)| span);
        let blank = inside(self.all, parent, self.thread);
        let (node, thread) = (step.node, Some(self.index));
        let fresh = Span { node, thread, from: at, outcome: None, is_left: false, ..blank };
        self.all.push(fresh);
        self.open.push((self.all.len() - 1, step.depth, arrives));
    }

    /// What was done since the last step.
    fn spend(&mut self, before: Option<Step>, to: Nanos) {
        let Some(step) = before.filter(|step| step.at < to) else { return };
        let spent = Spent::of(&step);
        if spent == Spent::Away {
            return;
        }
        let kind = Kind::Phase(spent, step.what);
        let parent = self.open.last().map_or(self.root, |&(span, ..)| span);
        if let Some(last) = self.all.last_mut()
            && (last.kind, last.parent, last.to) == (kind, Some(parent), step.at)
        {
            last.to = to;
            return;
        }
        let blank = inside(self.all, parent, self.thread);
        let (node, thread, from) = (step.node, Some(self.index), step.at);
        let (outcome, is_left) = (None, false);
        self.all.push(Span { kind, node, thread, from, to, outcome, is_left, ..blank });
    }
}

/// The same spans, each before those inside it, and those in order of time.
fn in_order(all: &[Span]) -> Vec<Span> {
    let mut children = vec![Vec::new(); all.len()];
    for (index, span) in all.iter().enumerate() {
        if let Some(parent) = span.parent {
            children[parent].push(index);
        }
    }
    for own in &mut children {
        own.sort_by_key(|&child| (all[child].from, child));
    }
    let (mut sorted, mut open) = (Vec::with_capacity(all.len()), vec![(0, None)]);
    while let Some((index, parent)) = open.pop() {
        let place = sorted.len();
        sorted.push(Span { parent, ..all[index] });
        open.extend(children[index].iter().rev().map(|&child| (child, Some(place))));
    }
    sorted
}
