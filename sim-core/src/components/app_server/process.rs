//! Worker processes: what each holds, and who is ready to accept the next connection.

use serde::{Deserialize, Serialize};

use super::pool::ProcessPool;
use crate::engine::agenda::Timer;
use crate::engine::chance::{Law, Stream, below, exponential};
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

/// How much later a process runs for each one that is told before it, and once more where those
/// have all cores; in terms of the mean time to wake up. Fitted to measured shares: of two
/// processes on two cores .555 and .445, of four .38, .30, .22 and .09.
const LATE: f64 = 0.1;
/// The places that differ: more processes were not measured.
const PLACES: u32 = 4;

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

    /// Whether one of them was up already.
    pub(super) fn has_been_up(&self) -> bool {
        self.serial > 0
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
    /// wins; those who compute come too late. Where all are told in the same order each time, the
    /// later ones run a little later, more so if `cores` have begun to run, and win less often.
    pub(super) fn acceptor(&mut self, cores: u32) -> Option<u32> {
        let ready = self.ready.iter().find(|ready| !ready.is_empty())?;
        match ready.len() as u32 {
            1 => ready.first().copied(),
            _ if cores < u32::MAX => self.winner(cores),
            count => ready.get(below(&mut self.luck, u64::from(count)) as usize).copied(),
        }
    }

    fn winner(&mut self, cores: u32) -> Option<u32> {
        let ready = self.ready.iter().find(|ready| !ready.is_empty())?;
        let serial = |index: u32| self.all[index as usize].serial;
        let mut told = 0;
        let mut first: Option<(f64, u32)> = None;
        for place in 0..ready.len() as u32 {
            let later = ready.iter().copied().filter(|&index| serial(index) > told);
            let index = later.min_by_key(|&index| serial(index))?;
            told = serial(index);
            let place = place.min(PLACES - 1);
            let late = place + (place + 1).saturating_sub(cores);
            let runs = exponential(&mut self.luck) + LATE * f64::from(late);
            if first.is_none_or(|(before, _)| runs < before) {
                first = Some((runs, index));
            }
        }
        first.map(|(_, index)| index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Measured: 4 gthread processes on 2 cores accepted .373, .334, .203 and .084 of 8,000.
    #[test]
    fn with_more_processes_than_cores_the_first_that_are_told_win_more_often() {
        let mut crew = Crew::new(Stream::new(3));
        crew.all = (0..4).map(Process::new).collect();
        for index in [2, 0, 3, 1] {
            crew.born(index);
            crew.rank(index, Some(Rank::Idle));
        }
        let shares = |crew: &mut Crew, cores| {
            let mut seen = [0.0_f64; 4];
            (0..40_000).for_each(|_| seen[crew.acceptor(cores).unwrap() as usize] += 1.0 / 4e4);
            seen
        };
        for (share, expected) in shares(&mut crew, 2).into_iter().zip([0.324, 0.083, 0.419, 0.174])
        {
            assert!((share - expected).abs() < 0.01, "{share} {expected}");
        }
        let wide = shares(&mut crew, 4);
        assert!(wide[2] < 0.38 && wide[2] > wide[0] && wide[0] > wide[3] && wide[3] > wide[1]);
    }

    #[test]
    fn those_who_sleep_come_before_those_who_compute() {
        let mut crew = Crew::new(Stream::new(3));
        crew.all = (0..4).map(Process::new).collect();
        assert_eq!(crew.acceptor(u32::MAX), None);
        crew.rank(2, Some(Rank::Computing));
        assert_eq!(crew.acceptor(u32::MAX), Some(2));
        crew.rank(0, Some(Rank::Idle));
        crew.rank(3, Some(Rank::Idle));
        let mut seen = [0; 4];
        for _ in 0..200 {
            seen[crew.acceptor(u32::MAX).unwrap() as usize] += 1;
        }
        assert!(seen[0] > 60 && seen[3] > 60 && seen[0] + seen[3] == 200, "{seen:?}");
        crew.rank(0, None);
        crew.rank(3, Some(Rank::Computing));
        crew.rank(2, None);
        assert_eq!(crew.acceptor(u32::MAX), Some(3));
    }
}
