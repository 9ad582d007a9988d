//! Messages of this instant, first in first out.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::core::Note;
use crate::engine::request::{Outcome, ReqId};

/// A message of this instant.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Message {
    Call { to: u32, req: ReqId },
    Answer { req: ReqId, outcome: Outcome },
    Note { to: u32, note: Note },
    Cancel { req: ReqId, depth: u16 },
}

/// What the first message is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) enum First {
    /// There is none, and no other one either.
    #[default]
    Nothing,
    /// A call, in the fields for it.
    Call,
    /// An answer, in the fields for it.
    Answer,
    /// The first of the queue.
    Queued,
}

/// Messages of this instant. Mostly there is one, a call or an answer, which never joins the queue:
/// it lies in fields of its own, each read as it was written. A message that is moved as a whole
/// would wait for its parts to arrive in memory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Inbox {
    first: First,
    outcome: Outcome,
    to: u32,
    req: ReqId,
    queue: VecDeque<Message>,
}

impl Default for Inbox {
    fn default() -> Self {
        let req = ReqId::from_word(ReqId::NOBODY);
        Inbox { first: First::Nothing, outcome: Outcome::Done, to: 0, req, queue: VecDeque::new() }
    }
}

impl Inbox {
    /// A call joins.
    #[inline]
    pub(crate) fn call(&mut self, to: u32, req: ReqId) {
        if self.first == First::Nothing {
            (self.first, self.to, self.req) = (First::Call, to, req);
        } else {
            self.queue.push_back(Message::Call { to, req });
        }
    }

    /// An answer joins.
    #[inline]
    pub(crate) fn answer(&mut self, req: ReqId, outcome: Outcome) {
        if self.first == First::Nothing {
            (self.first, self.req, self.outcome) = (First::Answer, req, outcome);
        } else {
            self.queue.push_back(Message::Answer { req, outcome });
        }
    }

    /// Any message joins.
    pub(crate) fn push_back(&mut self, message: Message) {
        match message {
            Message::Call { to, req } => self.call(to, req),
            Message::Answer { req, outcome } => self.answer(req, outcome),
            Message::Note { .. } | Message::Cancel { .. } => {
                self.queue.push_back(message);
                if self.first == First::Nothing {
                    self.first = First::Queued;
                }
            }
        }
    }

    /// What the first message is.
    #[inline]
    pub(crate) fn kind(&self) -> First {
        self.first
    }

    /// Takes out the call that comes first.
    #[inline]
    pub(crate) fn take_call(&mut self) -> (u32, ReqId) {
        debug_assert_eq!(self.first, First::Call, "another message comes first");
        self.next();
        (self.to, self.req)
    }

    /// Takes out the answer that comes first.
    #[inline]
    pub(crate) fn take_answer(&mut self) -> (ReqId, Outcome) {
        debug_assert_eq!(self.first, First::Answer, "another message comes first");
        self.next();
        (self.req, self.outcome)
    }

    /// Takes out the first of the queue, if it comes first and is rare. A call or an answer moves
    /// to its fields instead and comes first there.
    #[inline(never)]
    pub(crate) fn take_queued(&mut self) -> Option<Message> {
        debug_assert_eq!(self.first, First::Queued, "another message comes first");
        let message = self.queue.pop_front();
        self.first = First::Nothing;
        match message? {
            Message::Call { to, req } => self.call(to, req),
            Message::Answer { req, outcome } => self.answer(req, outcome),
            rare => {
                self.next();
                return Some(rare);
            }
        }
        None
    }

    #[inline]
    fn next(&mut self) {
        self.first = if self.queue.is_empty() { First::Nothing } else { First::Queued };
    }

    /// The first message, where it is a call or an answer in its fields.
    fn in_fields(&self) -> Option<Message> {
        match self.first {
            First::Call => Some(Message::Call { to: self.to, req: self.req }),
            First::Answer => Some(Message::Answer { req: self.req, outcome: self.outcome }),
            First::Nothing | First::Queued => None,
        }
    }

    /// The first message.
    pub(crate) fn first(&self) -> Option<Message> {
        self.in_fields().or_else(|| self.queue.front().copied())
    }

    /// Messages that wait.
    pub(crate) fn len(&self) -> usize {
        usize::from(self.in_fields().is_some()) + self.queue.len()
    }

    /// Messages from the `from`-th on.
    pub(crate) fn since(&self, from: usize) -> impl Iterator<Item = Message> {
        self.in_fields().into_iter().chain(self.queue.iter().copied()).skip(from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_every_kind_leave_in_the_order_in_which_they_came() {
        let req = ReqId::from_word;
        let all = [
            Message::Call { to: 1, req: req(1) },
            Message::Cancel { req: req(2), depth: 1 },
            Message::Answer { req: req(3), outcome: Outcome::Done },
            Message::Call { to: 4, req: req(4) },
            Message::Note { to: 5, note: Note::Leaving },
            Message::Note { to: 6, note: Note::Release { lease: 6 } },
            Message::Answer { req: req(7), outcome: Outcome::Done },
        ];
        for from in 0..all.len() {
            let mut inbox = Inbox::default();
            let wanted: Vec<Message> = all.iter().cycle().skip(from).take(9).copied().collect();
            wanted.iter().for_each(|message| inbox.push_back(*message));
            assert_eq!((inbox.len(), inbox.first()), (9, wanted.first().copied()));
            assert!(inbox.since(4).eq(wanted[4..].iter().copied()));
            let mut taken = Vec::new();
            while taken.len() < 9 {
                match inbox.kind() {
                    First::Nothing => panic!("{taken:?}"),
                    First::Call => {
                        let (to, req) = inbox.take_call();
                        taken.push(Message::Call { to, req });
                    }
                    First::Answer => {
                        let (req, outcome) = inbox.take_answer();
                        taken.push(Message::Answer { req, outcome });
                    }
                    First::Queued => taken.extend(inbox.take_queued()),
                }
            }
            assert_eq!(taken, wanted);
            assert_eq!((inbox.kind(), inbox.len()), (First::Nothing, 0));
        }
    }
}
