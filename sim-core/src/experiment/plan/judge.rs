//! One set-up against its objectives and against the best one so far, with as few runs as tell.
//!
//! The chance of a wrong answer is spent so: a third on the best one being turned away (one set-up,
//! whichever it is), a third on any other being taken although it misses (shared by all that are
//! looked at), a third on measured values compared wrongly (shared likewise; not needed where
//! prices are known). Each is shared by the looks, and by the objectives where one alone decides.

use std::sync::Arc;

use super::{Fate, PlanStudy};
use crate::experiment::known::{Asked, Need};
use crate::experiment::replications::{Replications, Surety};
use crate::experiment::statistics::Estimate;

/// Runs at the first look; each further one has twice as many.
const FIRST: u32 = 4;

/// What the objectives say of a set-up after so many runs.
enum Feasible {
    Holds { close: bool },
    Misses { index: usize, close: bool },
    CannotTell { index: usize },
}

/// How a challenger's value compares with the best one's.
#[derive(Clone, Copy, PartialEq)]
enum Against {
    Better,
    Worse { close: bool },
    CannotTell,
}

/// Errors that each test may make.
struct Alphas {
    turn_away: f64,
    take: f64,
    compare: f64,
}

impl PlanStudy {
    fn alphas(&self) -> Alphas {
        let most = self.terms.replications;
        let looks = (0..).take_while(|k| FIRST << k < most).count() + 1;
        let third = (1.0 - self.terms.confidence) / 3.0 / looks as f64;
        let all = self.order.len().max(1) as f64;
        Alphas { turn_away: third, take: third / all, compare: third / all }
    }

    /// At least so many replications of a set-up, or the runs that are missing.
    fn set(&self, at: usize, count: u32) -> Result<&Replications, Need<usize>> {
        self.known.at(&at, &Asked { first: 0, count }, || {
            let (place, all) = (self.decided + 1, self.order.len());
            // only candidates with a plan are in the order
            let plan = self.candidates[at].plan.clone().unwrap_or_else(|| Arc::new(<_>::default()));
            (plan, format!("set-up {place} of at most {all}"))
        })
    }

    /// A few runs of a set-up, or those that are missing.
    pub(super) fn first_look(&self, at: usize) -> Result<&Replications, Need<usize>> {
        self.set(at, FIRST.min(self.terms.replications))
    }

    /// What becomes of a set-up, or the runs that it takes to tell.
    pub(super) fn judged(&self, at: usize) -> Result<Fate, Need<usize>> {
        let beaten = |best: usize| {
            self.known_goal(best).is_some_and(|cost| self.terms.floor(&self.candidates[at]) >= cost)
        };
        if self.best.is_some_and(beaten) {
            return Ok(Fate::Beaten { close: false });
        }
        let most = self.terms.replications;
        let mut runs = FIRST.min(most);
        loop {
            let last = runs >= most;
            let feasible = self.feasible(self.set(at, runs)?, runs);
            if let Feasible::Misses { index, close } = feasible {
                return Ok(Fate::Misses { objective: self.objective(at, index), close });
            }
            match (self.against(at, runs)?, feasible) {
                (Against::Worse { close }, _) => return Ok(Fate::Beaten { close }),
                (Against::Better, Feasible::Holds { close }) => return Ok(Fate::Best { close }),
                (_, Feasible::CannotTell { index }) if last => {
                    return Ok(Fate::CannotTell { objective: self.objective(at, index) });
                }
                (Against::CannotTell, _) if last => return Ok(Fate::Beaten { close: true }),
                _ => runs = (2 * runs).min(most),
            }
        }
    }

    fn objective(&self, at: usize, index: usize) -> String {
        let plan = self.candidates[at].plan.as_ref();
        plan.map_or_else(String::new, |plan| plan.objectives[index].expression.clone())
    }

    /// A value within the indifference of its bound may fall on either side.
    fn feasible(&self, set: &Replications, runs: u32) -> Feasible {
        let objectives = &set.plan().objectives;
        let Alphas { turn_away, take, .. } = self.alphas();
        let turn_away = turn_away / objectives.len().max(1) as f64;
        let (mut unsure, mut near) = (None, false);
        for (index, objective) in objectives.iter().enumerate() {
            let wide = set.judged(index, runs, 1.0 - 2.0 * turn_away).0;
            if wide == Surety::Missed {
                return Feasible::Misses { index, close: false };
            }
            let (surety, value) = set.judged(index, runs, 1.0 - 2.0 * take.min(turn_away));
            if surety == Surety::Held {
                continue;
            }
            let half = value.and_then(|one| one.half());
            if half.is_none_or(|half| half > self.terms.indifference * objective.bound.abs()) {
                unsure = unsure.or(Some(index));
            } else if objective.holds(value.map(|one| one.value)) {
                near = true;
            } else {
                return Feasible::Misses { index, close: true };
            }
        }
        match unsure {
            Some(index) => Feasible::CannotTell { index },
            None => Feasible::Holds { close: near },
        }
    }

    /// Against the best one so far, day by day on the same luck.
    fn against(&self, at: usize, runs: u32) -> Result<Against, Need<usize>> {
        let Some(best) = self.best else { return Ok(Against::Better) };
        if let (Some(one), Some(other)) = (self.known_goal(at), self.known_goal(best)) {
            let worse = Against::Worse { close: false };
            return Ok(if one < other { Against::Better } else { worse });
        }
        let one = self.goals(at, self.set(at, runs)?, runs);
        let other = self.goals(best, self.set(best, runs)?, runs);
        let pairs: Vec<(f64, f64)> =
            one.into_iter().zip(other).filter_map(|(a, b)| Some((a?, b?))).collect();
        let apart: Vec<f64> = pairs.iter().map(|(a, b)| a - b).collect();
        let scale = pairs.iter().map(|(_, b)| b.abs()).sum::<f64>() / pairs.len().max(1) as f64;
        let sure = 1.0 - 2.0 * self.alphas().compare;
        let Some(found) = Estimate::mean(&apart, sure) else { return Ok(Against::CannotTell) };
        Ok(match (found.low, found.high) {
            (Some(low), _) if low > 0.0 => Against::Worse { close: false },
            (_, Some(high)) if high < 0.0 => Against::Better,
            _ if found.half().is_some_and(|half| half <= self.terms.indifference * scale) => {
                if found.value < 0.0 {
                    Against::Better
                } else {
                    Against::Worse { close: true }
                }
            }
            _ => Against::CannotTell,
        })
    }
}
