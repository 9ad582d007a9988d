//! The critical path of a request: who had it, or was waited for, at every nanosecond of its life.

use crate::engine::record::{Record, Step, Thread};
use crate::engine::request::Doing;
use crate::engine::time::Nanos;

/// What time was spent on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Spent {
    /// Waiting in a queue.
    Waiting,
    /// Being served.
    Working,
    /// On a wire.
    Travelling,
    /// Waiting for others, none of which was under way.
    Away,
    /// Before another attempt.
    Retrying,
    /// Lost by the network: nobody had it.
    Lost,
}

impl Spent {
    pub(super) fn of(step: &Step) -> Self {
        match step.doing {
            _ if step.node == Step::NOWHERE => Spent::Lost,
            Doing::Waiting => Spent::Waiting,
            Doing::Working => Spent::Working,
            Doing::Travelling => Spent::Travelling,
            Doing::Away => Spent::Away,
        }
    }
}

/// A piece of a critical path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) from: Nanos,
    pub(super) to: Nanos,
    /// Who had it.
    pub(super) node: u32,
    pub(super) spent: Spent,
    pub(super) what: Option<&'static str>,
    /// The thread in which it did; `None` between attempts.
    pub(super) thread: Option<usize>,
}

/// The pieces of a request's critical path in order of time. They cover its life from the first
/// attempt to the end without a gap and without an overlap.
///
/// Where children were waited for, the one that was answered last is followed back to its
/// beginning, then the one that ended last before that, and so on.
pub(super) fn critical_path(record: &Record) -> Vec<Piece> {
    let mut children = vec![Vec::new(); record.threads.len()];
    let (mut now, end) = (record.end.started, record.end.ended);
    for (index, thread) in record.threads.iter().enumerate() {
        if let Some(parent) = thread.parent {
            children[parent].push(index);
        }
    }
    let mut path = Path { record, children, pieces: Vec::new() };
    for (index, thread) in record.threads.iter().enumerate() {
        if thread.parent.is_none() {
            path.pause(now, thread.born);
            path.follow(index, (thread.born.max(now), thread.until.min(end)));
            now = now.max(thread.until);
        }
    }
    path.pause(now, end);
    path.pieces
}

struct Path<'a> {
    record: &'a Record,
    children: Vec<Vec<usize>>,
    pieces: Vec<Piece>,
}

impl Path<'_> {
    fn push(&mut self, piece: Piece) {
        if piece.from < piece.to {
            self.pieces.push(piece);
        }
    }

    /// Between attempts.
    fn pause(&mut self, from: Nanos, to: Nanos) {
        let (node, spent) = (self.record.end.node, Spent::Retrying);
        self.push(Piece { from, to, node, spent, what: None, thread: None });
    }

    /// A thread, or a part of its time.
    fn follow(&mut self, index: usize, (from, to): (Nanos, Nanos)) {
        let thread: &Thread = &self.record.threads[index];
        for (at, step) in thread.steps.iter().enumerate() {
            let next = thread.steps.get(at + 1).map_or(thread.until, |next| next.at);
            let (from, to) = (step.at.max(from), next.min(to));
            let (node, what) = (step.node, step.what);
            match Spent::of(step) {
                _ if from >= to => {}
                Spent::Away => self.join((index, node), (from, to)),
                spent => self.push(Piece { from, to, node, spent, what, thread: Some(index) }),
            }
        }
    }

    /// A time in which a thread waited at a node for children of its own.
    fn join(&mut self, (index, node): (usize, u32), (from, mut to): (Nanos, Nanos)) {
        let gap = |from, to| Piece {
            from,
            to,
            node,
            spent: Spent::Away,
            what: None,
            thread: Some(index),
        };
        let mut back = Vec::new();
        while from < to {
            let threads = &self.record.threads;
            let under_way = self.children[index].iter().filter(|&&child| threads[child].born < to);
            let ends = under_way.map(|&child| (threads[child].until.min(to), child));
            let Some((end, child)) = ends
                .filter(|(end, _)| *end > from)
                .max_by_key(|&(end, child)| (end, std::cmp::Reverse(child)))
            else {
                break;
            };
            let start = threads[child].born.max(from);
            back.push((child, (start, end), to));
            to = start;
        }
        self.push(gap(from, to));
        for (child, window, until) in back.into_iter().rev() {
            self.follow(child, window);
            self.push(gap(window.1, until));
        }
    }
}
