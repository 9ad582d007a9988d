//! A closed population: N users who think, ask and wait, without a timer for each of them.

use std::hint::black_box;

use rand_core::Rng;
use serde::{Deserialize, Serialize};

use crate::engine::chance::{below, exponential};
use crate::engine::time::{Nanos, SECOND};

/// Idle users, and the clock that wakes one of them.
///
/// With exponential think times each idle user is a Poisson clock of rate 1/mean, so `ceiling` such
/// clocks tick together at rate ceiling/mean. A tick picks one of the `ceiling` at random: an idle
/// user begins a request, an empty place does nothing. That is exact, needs one timer, and wastes
/// at most three ticks in four because the ceiling follows the number of idle users.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Crowd {
    idle: Vec<u32>,
    ceiling: u32,
    mean_s: f64,
}

impl Crowd {
    pub(super) fn new(users: u32, mean_s: f64) -> Self {
        Crowd { idle: (0..users).collect(), ceiling: users.max(1), mean_s }
    }

    /// Time to the next tick, ns.
    pub(super) fn gap(&self, rng: &mut impl Rng) -> Nanos {
        (exponential(rng) * self.mean_s / f64::from(self.ceiling) * SECOND as f64) as Nanos
    }

    #[inline]
    fn pick(&self, rng: &mut impl Rng) -> usize {
        below(rng, u64::from(self.ceiling)) as usize
    }

    /// Reads the place that the next tick will pick with the same luck. Of a million users it lies
    /// far from the processor: fetched now, it has come by the time the clock ticks.
    #[inline]
    pub(super) fn look_ahead(&self, rng: &mut impl Rng) {
        black_box(self.idle.get(self.pick(rng)).copied());
    }

    /// A tick: the user who begins a request, if the pick is an idle one.
    pub(super) fn tick(&mut self, rng: &mut impl Rng) -> Option<u32> {
        let pick = self.pick(rng);
        (pick < self.idle.len()).then(|| self.idle.swap_remove(pick))
    }

    /// A user thinks again. True if the clock must be wound anew, because it ticks too slowly now.
    pub(super) fn rest(&mut self, user: u32) -> bool {
        self.idle.push(user);
        let over = self.idle.len() as u32 > self.ceiling;
        if over {
            self.ceiling = self.ceiling.saturating_mul(2);
        }
        over
    }

    /// After a tick: true if the clock ticks much too fast for the few who are idle.
    pub(super) fn calm(&mut self) -> bool {
        let few = self.ceiling > 64 && (self.idle.len() as u32) < self.ceiling / 4;
        if few {
            self.ceiling = (self.ceiling / 2).max(1);
        }
        few
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
}
