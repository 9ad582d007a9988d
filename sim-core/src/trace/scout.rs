//! The first play: which requests are worth a second look, in bounded memory.

use std::collections::BinaryHeap;

use super::pick::{Pick, TRACED_MAX};
use crate::engine::chance::{mix, name_key};
use crate::engine::record::End;
use crate::engine::time::Nanos;
use crate::units::Share;

/// Requests by whose latency the slowest hundredth is found: exact for up to 100 times as many.
const SLOW_MAX: usize = 100_000;
/// Requests from which the shares of a population are taken: a share is then known to within 3
/// percentage points, two standard errors, and mostly better.
const SAMPLED: usize = 1_000;
/// Fewer than that are taken only where there are no more.
const SAMPLED_LEAST: usize = 100;
/// Looks at requests under way that the second play may spend on a population.
const LOOKS: f64 = 3e8;

/// An order of requests: the first is wanted most.
type Rank = (u64, u64);

/// The first requests by their rank, up to a number.
#[derive(Clone, Debug)]
struct Firsts {
    room: usize,
    heap: BinaryHeap<Ranked>,
}

#[derive(Clone, Copy, Debug)]
struct Ranked {
    rank: Rank,
    end: End,
}

impl PartialEq for Ranked {
    fn eq(&self, other: &Self) -> bool {
        self.rank == other.rank
    }
}

impl Eq for Ranked {}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.rank.cmp(&other.rank)
    }
}

impl Firsts {
    fn new(room: usize) -> Self {
        Firsts { room, heap: BinaryHeap::new() }
    }

    fn offer(&mut self, rank: Rank, end: End) {
        if self.heap.len() < self.room {
            self.heap.push(Ranked { rank, end });
        } else if let Some(mut last) = self.heap.peek_mut()
            && rank < last.rank
        {
            *last = Ranked { rank, end };
        }
    }

    fn sorted(self) -> Vec<End> {
        self.heap.into_sorted_vec().into_iter().map(|ranked| ranked.end).collect()
    }
}

/// A request's own luck in being looked at: the same in every variant.
fn key(end: &End) -> u64 {
    mix(end.luck, const { name_key("trace") })
}

fn by_latency(end: &End) -> Rank {
    (u64::MAX - end.latency(), key(end))
}

fn is_sampled(end: &End, share: Share) -> bool {
    (key(end) >> 11) as f64 * (1.0 / (1u64 << 53) as f64) < share.value()
}

/// What the first play found.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// The requests that were asked for, in the order that was asked for.
    pub(super) picked: Vec<End>,
    /// How many were asked for: more than could be kept, perhaps.
    pub(super) asked: u64,
    /// Requests answered.
    pub(super) everybody: Population,
    /// The slowest hundredth of them.
    pub(super) slowest: Population,
}

/// Answered requests, and some of them that stand for all.
#[derive(Clone, Debug)]
pub(super) struct Population {
    /// How many there are.
    pub(super) requests: u64,
    /// The latency of the fastest one, where it is known, ns.
    pub(super) least: Nanos,
    /// Those that stand for them.
    pub(super) sample: Vec<End>,
}

/// Looks for requests while a run goes on.
#[derive(Clone, Debug)]
pub(super) struct Scout {
    pick: Pick,
    picked: Firsts,
    asked: u64,
    answered: u64,
    fastest: Nanos,
    slow: Firsts,
    sample: Firsts,
}

impl Scout {
    pub(super) fn new(pick: Pick) -> Self {
        let room = match pick {
            Pick::Slowest(n) | Pick::First(n) => n,
            Pick::Sample(_) => TRACED_MAX,
        };
        Scout {
            pick,
            picked: Firsts::new(room as usize),
            asked: 0,
            answered: 0,
            fastest: Nanos::MAX,
            slow: Firsts::new(SLOW_MAX),
            sample: Firsts::new(SAMPLED),
        }
    }

    /// A request has ended.
    pub(super) fn heed(&mut self, end: End) {
        let is_answered = end.outcome.is_done();
        let (is_wanted, rank) = match self.pick {
            Pick::Slowest(_) => (is_answered, by_latency(&end)),
            Pick::Sample(share) => (is_sampled(&end, share), (key(&end), 0)),
            Pick::First(_) => (true, (end.started, key(&end))),
        };
        if is_wanted {
            self.asked += 1;
            self.picked.offer(rank, end);
        }
        if is_answered {
            self.answered += 1;
            self.fastest = self.fastest.min(end.latency());
            self.slow.offer(by_latency(&end), end);
            self.sample.offer((key(&end), 0), end);
        }
    }

    /// What was found in a play with so many events a nanosecond.
    pub(super) fn found(self, pace: f64) -> Found {
        let asked = match self.pick {
            Pick::Slowest(n) | Pick::First(n) => self.asked.min(u64::from(n)),
            Pick::Sample(_) => self.asked,
        };
        let mut slow = self.slow.sorted();
        slow.truncate(self.answered.div_ceil(100) as usize);
        let slowest = Population {
            requests: slow.len() as u64,
            least: slow.last().map_or(0, End::latency),
            sample: affordable(slow, pace),
        };
        let everybody = Population {
            requests: self.answered,
            least: if self.answered > 0 { self.fastest } else { 0 },
            sample: affordable(self.sample.sorted(), pace),
        };
        Found { picked: self.picked.sorted(), asked, everybody, slowest }
    }
}

/// Some of the requests, by luck, as many as can be looked at while they are under way.
fn affordable(mut all: Vec<End>, pace: f64) -> Vec<End> {
    all.sort_by_key(key);
    let mut looks = 0.0;
    let mut kept = 0;
    for end in all.iter().take(SAMPLED) {
        looks += end.latency() as f64 * pace;
        if looks > LOOKS && kept >= SAMPLED_LEAST {
            break;
        }
        kept += 1;
    }
    all.truncate(kept);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::request::{Cause, Outcome};

    fn end(number: u64, latency: Nanos, outcome: Outcome) -> End {
        let luck = mix(7, number);
        End { node: 0, class: 0, luck, started: number, ended: number + latency, outcome }
    }

    fn found(pick: Pick, ends: impl Iterator<Item = End>) -> Found {
        let mut scout = Scout::new(pick);
        ends.for_each(|end| scout.heed(end));
        scout.found(1.0)
    }

    fn ends(n: u64) -> impl Iterator<Item = End> {
        (0..n).map(move |number| end(number, number * 37 % n, Outcome::Done))
    }

    #[test]
    fn the_slowest_are_those_that_took_longest() {
        let lost = end(9_999, 1_000_000, Outcome::Failed(Cause::Timeout));
        let found = found(Pick::Slowest(3), ends(1_000).chain([lost]));
        let latencies: Vec<Nanos> = found.picked.iter().map(End::latency).collect();
        assert_eq!(latencies, [999, 998, 997], "what was not answered has no latency");
        assert_eq!((found.slowest.requests, found.slowest.least), (10, 990));
        assert_eq!((found.everybody.requests, found.everybody.least), (1_000, 0));
        assert_eq!(found.everybody.sample.len(), SAMPLED);
    }

    #[test]
    fn the_first_began_first_whatever_became_of_them() {
        let lost = (0..5).map(|number| end(number, 3, Outcome::Failed(Cause::Timeout)));
        let found = found(Pick::First(7), lost.chain(ends(100).skip(5)));
        let began: Vec<Nanos> = found.picked.iter().map(|end| end.started).collect();
        assert_eq!(began, [0, 1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn a_sample_takes_its_share() {
        for share in ["1%", "20%"] {
            let share: Share = share.parse().expect("a share");
            let n = 100_000;
            let asked = found(Pick::Sample(share), ends(n)).asked as f64;
            let (mean, p) = (share.value() * n as f64, share.value());
            // binomial, four standard deviations
            assert!((asked - mean).abs() < 4.0 * (mean * (1.0 - p)).sqrt(), "{asked} of {mean}");
        }
    }

    #[test]
    fn what_is_kept_is_bounded_by_number_and_by_the_time_it_takes() {
        let all: Share = "100%".parse().expect("a share");
        let found = found(Pick::Sample(all), ends(50_000));
        assert_eq!((found.picked.len(), found.asked), (TRACED_MAX as usize, 50_000));
        let long = (0..500).map(|number| end(number, 1_000_000_000, Outcome::Done));
        assert_eq!(affordable(long.collect(), 1.0).len(), SAMPLED_LEAST);
    }
}
