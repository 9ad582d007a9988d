//! What became of single requests: which logical ones ended, and, step by step, where they were.

mod recorder;

use super::request::{Doing, Outcome};
use super::time::Nanos;

pub(crate) use self::recorder::Recorder;

/// Which logical request: the node where it began, and its luck.
pub type Identity = (u32, u64);

/// The end of a logical request: of what a user wanted, all its attempts included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// The node where it began.
    pub node: u32,
    /// Its class, in the order of that node's tallies.
    pub class: u16,
    /// The key of everything drawn for it: no other request of that node has it.
    pub luck: u64,
    /// When its first attempt began, ns.
    pub started: Nanos,
    /// When it was answered or given up, ns.
    pub ended: Nanos,
    /// How it ended.
    pub outcome: Outcome,
}

impl End {
    /// Which request it was.
    #[must_use]
    pub fn identity(&self) -> Identity {
        (self.node, self.luck)
    }

    /// From the first attempt to the end, ns.
    #[must_use]
    pub fn latency(&self) -> Nanos {
        self.ended - self.started
    }
}

/// What a step of a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// A node hears its call.
    Arrives,
    /// It is somewhere else, or does something else, from now on.
    Does,
    /// The node that has it answers.
    Answers(Outcome),
}

/// What an attempt or a fork was doing from a point in time on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// When, ns.
    pub at: Nanos,
    /// The node that has it from then on; [`Step::NOWHERE`] where the network lost it.
    pub node: u32,
    /// What it does there.
    pub doing: Doing,
    /// What it waits for, where that node has several things to wait for.
    pub what: Option<&'static str>,
    /// How many nodes wait for its answer.
    pub depth: u16,
    /// What happened.
    pub is: Move,
}

impl Step {
    /// The node of what is lost.
    pub const NOWHERE: u32 = u32::MAX;
}

/// One attempt or one fork: a thread of control, as long as somebody waited for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Thread {
    /// The thread that it works for, by its place in the record; `None` for an attempt.
    pub parent: Option<usize>,
    /// The node that opened it.
    pub opener: u32,
    /// When it began, ns.
    pub born: Nanos,
    /// When it ended, or the one who waited for it left, ns; 0 while neither has happened.
    pub until: Nanos,
    /// Whether it went on for nobody.
    pub is_left: bool,
    /// Its answer, if that was waited for.
    pub outcome: Option<Outcome>,
    /// What it did, in order of time.
    pub steps: Vec<Step>,
}

/// A logical request from its first attempt to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its end.
    pub end: End,
    /// Its attempts and their forks, in the order in which they began.
    pub threads: Vec<Thread>,
}
