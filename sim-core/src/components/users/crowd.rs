//! A closed population: N users who think, ask and wait, without a timer for each of them.

use rand_core::Rng;
use serde::{Deserialize, Serialize};

use crate::engine::chance::{below, exponential};
use crate::engine::time::{Nanos, SECOND};

/// A list of idle users is not made for fewer places than this.
const SMALL: u32 = 64;

/// Idle users, and the clock that wakes one of them.
///
/// With exponential think times each idle user is a Poisson clock of rate 1/mean, so a number of
/// such clocks tick together at rate number/mean. A tick picks one of so many places at random: an
/// idle user there begins a request, an empty place does nothing. That is exact, needs one timer,
/// and wastes at most three ticks in four because the number of places follows that of idle users.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Crowd {
    users: u32,
    idle: Idle,
    mean_s: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Idle {
    /// Many: a place for each user and a bit for each place, so that those of a million users stay
    /// near the processor.
    Many { bits: Vec<u64>, count: u32 },
    /// Few: those who are idle, in the first of these places.
    Few { list: Vec<u32>, places: u32 },
}

impl Idle {
    fn many(users: u32, idle: impl IntoIterator<Item = u32>) -> Self {
        let (mut bits, mut count) = (vec![0; users.div_ceil(u64::BITS) as usize], 0);
        for user in idle {
            let (word, bit) = place(user);
            bits[word] |= bit;
            count += 1;
        }
        Idle::Many { bits, count }
    }
}

/// Where a user's bit is.
#[inline]
fn place(user: u32) -> (usize, u64) {
    ((user / u64::BITS) as usize, 1 << (user % u64::BITS))
}

impl Crowd {
    pub(super) fn new(users: u32, mean_s: f64) -> Self {
        Crowd { users, idle: Idle::many(users, 0..users), mean_s }
    }

    #[inline]
    fn places(&self) -> u32 {
        match &self.idle {
            Idle::Many { .. } => self.users.max(1),
            Idle::Few { places, .. } => *places,
        }
    }

    /// Time to the next tick, ns.
    pub(super) fn gap(&self, rng: &mut impl Rng) -> Nanos {
        (exponential(rng) * self.mean_s / f64::from(self.places()) * SECOND as f64) as Nanos
    }

    /// A tick: the user who begins a request, if the pick is an idle one.
    pub(super) fn tick(&mut self, rng: &mut impl Rng) -> Option<u32> {
        let pick = below(rng, u64::from(self.places())) as u32;
        let woken = match &mut self.idle {
            Idle::Many { bits, count } => {
                let (word, bit) = place(pick);
                let word = bits.get_mut(word).filter(|word| **word & bit != 0)?;
                *word &= !bit;
                *count -= 1;
                pick
            }
            Idle::Few { list, .. } => {
                let pick = pick as usize;
                (pick < list.len()).then(|| list.swap_remove(pick))?
            }
        };
        Some(woken)
    }

    /// A user thinks again. True if the clock must be wound anew, because it ticks too slowly now.
    pub(super) fn rest(&mut self, user: u32) -> bool {
        match &mut self.idle {
            Idle::Many { bits, count } => {
                let (word, bit) = place(user);
                bits[word] |= bit;
                *count += 1;
                false
            }
            Idle::Few { list, places } => {
                list.push(user);
                if list.len() as u32 <= *places {
                    return false;
                }
                *places = places.saturating_mul(2);
                if *places >= self.users {
                    self.idle = Idle::many(self.users, list.drain(..));
                }
                true
            }
        }
    }

    /// After a tick, before the clock is wound: fewer places where it ticks much too fast for the
    /// few who are idle.
    pub(super) fn calm(&mut self) {
        match &mut self.idle {
            Idle::Many { bits, count } => {
                if self.users > SMALL && *count < self.users / 4 {
                    let idle = |user: &u32| {
                        let (word, bit) = place(*user);
                        bits[word] & bit != 0
                    };
                    let list = (0..self.users).filter(idle).collect();
                    self.idle = Idle::Few { list, places: self.users / 2 };
                }
            }
            Idle::Few { list, places } => {
                if *places > SMALL && (list.len() as u32) < *places / 4 {
                    *places /= 2;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::chance::Draw;

    #[test]
    fn every_idle_user_wakes_equally_often() {
        let mut crowd = Crowd::new(10, 5.0);
        let mut rng = Draw::new(3);
        let (mut woken, mut total) = ([0u32; 10], 0u64);
        for _ in 0..100_000 {
            total += crowd.gap(&mut rng);
            if let Some(user) = crowd.tick(&mut rng) {
                woken[user as usize] += 1;
                crowd.rest(user);
            }
        }
        // 10 users thinking 5 s: two ticks a second; 1e5 ticks have a standard error of 0.3 %
        assert!((total as f64 / SECOND as f64 / 50_000.0 - 1.0).abs() < 0.015);
        assert!(woken.iter().all(|&n| (9_500..10_500).contains(&n)), "{woken:?}");
    }

    #[test]
    fn users_are_neither_lost_nor_doubled_however_many_are_idle() {
        let users = 1_000;
        let mut crowd = Crowd::new(users, 1.0);
        let mut rng = Draw::new(11);
        let mut busy: Vec<u32> = Vec::new();
        // everybody asks and hardly anybody comes back, then the other way round, five times
        for round in 0..10 {
            for tick in 0..40_000 {
                if let Some(user) = crowd.tick(&mut rng) {
                    assert!(!busy.contains(&user), "user {user} asks twice at once");
                    busy.push(user);
                }
                crowd.calm();
                let come_back = if round % 2 == 0 { tick % 4_000 == 0 } else { tick % 8 == 0 };
                if come_back && !busy.is_empty() {
                    let place = below(&mut rng, busy.len() as u64) as usize;
                    crowd.rest(busy.swap_remove(place));
                }
            }
            if round % 2 == 0 {
                let few = matches!(crowd.idle, Idle::Few { places, .. } if places <= SMALL);
                assert!(few && busy.len() > 900, "{} busy", busy.len());
            } else {
                while let Some(user) = busy.pop() {
                    crowd.rest(user);
                }
                assert_eq!(crowd.idle, Idle::many(users, 0..users));
            }
        }
    }

    #[test]
    fn an_idle_user_wakes_as_often_from_a_list_as_from_a_crowd() {
        // three of a thousand: the clock's ticks, rarer by then, find each of them as often
        let mut crowd = Crowd::new(1_000, 5.0);
        let mut rng = Draw::new(5);
        while crowd.tick(&mut rng).is_none_or(|_| {
            crowd.calm();
            match &crowd.idle {
                Idle::Many { count, .. } => *count > 3,
                Idle::Few { list, .. } => list.len() > 3,
            }
        }) {}
        let (mut waits, mut woken) = (0, 0u64);
        for _ in 0..2_000_000 {
            waits += crowd.gap(&mut rng);
            if let Some(user) = crowd.tick(&mut rng) {
                woken += 1;
                crowd.rest(user);
            }
            crowd.calm();
        }
        // three who think 5 s: 0.6 a second; over 1e5 wakings have a standard error of 0.3 %
        let a_second = woken as f64 / (waits as f64 / SECOND as f64);
        assert!(woken > 90_000 && (a_second / 0.6 - 1.0).abs() < 0.015, "{a_second} of {woken}");
    }
}
