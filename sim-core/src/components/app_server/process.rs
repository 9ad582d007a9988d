//! Worker processes: what each holds, and who is ready to accept the next connection.

use serde::{Deserialize, Serialize};

use super::pool::ProcessPool;
use crate::engine::agenda::Timer;
use crate::engine::chance::{Law, Stream, below};
use crate::engine::queue::Queue;
use crate::engine::time::Nanos;

const NOWHERE: u32 = u32::MAX;

/// Where a process is in its life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Life {
    /// There is none.
    #[default]
    Gone,
    /// Forked, or to be forked, and loading the application.
    Booting,
    Up,
    /// Accepts no more; ends when what it holds is answered.
    Leaving,
}

/// One worker process, or its place while there is none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Process {
    pub(super) life: Life,
    /// Its group in the machine's share of cores.
    pub(super) group: u32,
    /// Of every process another; the least is the oldest.
    pub(super) serial: u64,
    /// Connections accepted and not answered yet.
    pub(super) held: u32,
    /// Connections that are open, with no request on them.
    pub(super) idle: u32,
    /// Threads with a request, or 1 while the event loop is taken.
    pub(super) running: u32,
    /// Requests that compute or want to.
    pub(super) computing: u32,
    /// When its only thread, or its event loop, was last heard of, ns.
    pub(super) heard: Nanos,
    /// Requests until it is replaced.
    pub(super) left: u64,
    /// Memory that its requests left behind, bytes.
    pub(super) grown: u64,
    /// Accepted requests that wait for a thread or for the event loop.
    pub(super) line: Queue,
    pub(super) pool: ProcessPool,
    /// Its birth, or the end of its grace.
    pub(super) timer: Timer,
    /// Where it stands among those who accept.
    rank: Option<Rank>,
    place: u32,
}

/// Who accepts before whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Rank {
    /// Sleeps until a connection comes.
    Idle = 0,
    /// Accepts as well, but first has to get the lock from a thread that computes.
    Computing = 1,
}

impl Process {
    pub(super) fn new(group: u32) -> Self {
        Process {
            life: Life::Gone,
            group,
            serial: 0,
            held: 0,
            idle: 0,
            running: 0,
            computing: 0,
            heard: 0,
            left: u64::MAX,
            grown: 0,
            line: Queue::default(),
            pool: ProcessPool::default(),
            timer: Timer::NONE,
            rank: None,
            place: NOWHERE,
        }
    }

    /// Connections accepted and not closed yet.
    pub(super) fn open(&self) -> u32 {
        self.held.saturating_add(self.idle)
    }

    /// Whether it exists and works.
    pub(super) fn is_alive(&self) -> bool {
        matches!(self.life, Life::Up | Life::Leaving)
    }
}

/// All processes of a machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Crew {
    pub(super) all: Vec<Process>,
    ready: [Vec<u32>; 2],
    luck: Stream,
    serial: u64,
}

impl Crew {
    /// Nobody yet.
    pub(super) fn new(luck: Stream) -> Self {
        Crew { all: Vec::new(), ready: [Vec::new(), Vec::new()], luck, serial: 0 }
    }

    /// Those who exist and work.
    pub(super) fn alive(&self) -> u32 {
        self.all.iter().filter(|process| process.is_alive()).count() as u32
    }

    /// A number below `n` from the luck of this machine's processes.
    pub(super) fn below(&mut self, n: u64) -> u64 {
        below(&mut self.luck, n)
    }

    /// A span of time from the luck of this machine's processes, ns.
    pub(super) fn draw(&mut self, law: &Law) -> Nanos {
        law.sample_nanos(&mut self.luck)
    }

    /// A process is born.
    pub(super) fn born(&mut self, index: u32) -> &mut Process {
        self.serial += 1;
        let process = &mut self.all[index as usize];
        process.serial = self.serial;
        process.life = Life::Up;
        process.grown = 0;
        process
    }

    /// Puts a process where it belongs among those who accept.
    pub(super) fn rank(&mut self, index: u32, rank: Option<Rank>) {
        let process = &mut self.all[index as usize];
        if process.rank == rank {
            return;
        }
        let (old, place) = (process.rank, process.place);
        process.rank = rank;
        if let Some(rank) = rank {
            process.place = self.ready[rank as usize].len() as u32;
            self.ready[rank as usize].push(index);
        }
        if let Some(old) = old {
            let ready = &mut self.ready[old as usize];
            ready.swap_remove(place as usize);
            if let Some(&moved) = ready.get(place as usize) {
                self.all[moved as usize].place = place;
            }
        }
    }

    /// Who accepts a connection that has just come: everyone who sleeps wakes up, and one of them
    /// wins; those who compute come too late.
    pub(super) fn acceptor(&mut self) -> Option<u32> {
        let ready = self.ready.iter().find(|ready| !ready.is_empty())?;
        match ready.len() {
            1 => ready.first().copied(),
            count => ready.get(below(&mut self.luck, count as u64) as usize).copied(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_who_sleep_come_before_those_who_compute() {
        let mut crew = Crew::new(Stream::new(3));
        crew.all = (0..4).map(Process::new).collect();
        assert_eq!(crew.acceptor(), None);
        crew.rank(2, Some(Rank::Computing));
        assert_eq!(crew.acceptor(), Some(2));
        crew.rank(0, Some(Rank::Idle));
        crew.rank(3, Some(Rank::Idle));
        let mut seen = [0; 4];
        for _ in 0..200 {
            seen[crew.acceptor().unwrap() as usize] += 1;
        }
        assert!(seen[0] > 60 && seen[3] > 60 && seen[0] + seen[3] == 200, "{seen:?}");
        crew.rank(0, None);
        crew.rank(3, Some(Rank::Computing));
        crew.rank(2, None);
        assert_eq!(crew.acceptor(), Some(3));
    }
}
