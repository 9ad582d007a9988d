//! The highest load that holds: bracketed and halved by eye on one set of days, then proven on
//! other days. The proof alone carries the confidence, so the search may look as often as it likes.

use std::sync::Arc;

use super::{Key, Phase, Rung, Terms};
use crate::experiment::known::{Asked, Joint, Known, Need, joint, seems_to_hold};
use crate::experiment::replications::Replications;

/// Replications at each level of the search, and at the first look of a proof.
const FIRST: u32 = 10;
/// Levels further and further away at which a proof is tried on either side.
const ATTEMPTS: u32 = 6;
/// A proof that would take more than so many times the replications allowed is not begun.
const HOPELESS: f64 = 1.5;
/// Beyond the lowest load that seems to fail by this factor it is looked whether it holds again.
const BEYOND: f64 = 1.5;
/// Doublings in search of a load that holds above one that does not.
const UPWARD: u32 = 3;

/// What was found, in times the scenario's own load.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Found {
    /// The best guess of the highest load that holds.
    pub(super) estimate: Option<f64>,
    /// The highest load that was shown to hold.
    pub(super) holds: Option<f64>,
    /// The lowest load that was shown to fail.
    pub(super) fails: Option<f64>,
    /// The lowest load that seemed to fail, of those that were looked at.
    pub(super) seems_to_fail: Option<f64>,
    /// A higher load that seems to hold again.
    pub(super) again: Option<f64>,
}

/// A search on one rung of the ladder.
pub(super) struct Search<'a> {
    pub(super) rung: &'a Rung,
    pub(super) number: usize,
    pub(super) terms: &'a Terms,
    pub(super) known: &'a Known<Key>,
}

/// Two levels between which it breaks, by eye.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Bracket {
    holds: Option<f64>,
    fails: Option<f64>,
    again: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Side {
    Below,
    Above,
}

impl Search<'_> {
    /// What is found, or the runs that it takes to go on.
    pub(super) fn found(&self) -> Result<Found, Need<Key>> {
        let Bracket { holds, fails, again } = self.bracket()?;
        let base = Found { seems_to_fail: fails, again, ..Found::default() };
        match (holds, fails) {
            (Some(low), Some(high)) => {
                let (low, high) = self.halved(low, high)?;
                let estimate = if self.rung.users.is_some() { low } else { (low + high) / 2.0 };
                let again = self.again(high)?;
                Ok(Found {
                    estimate: Some(estimate),
                    holds: self.proven(Side::Below, estimate)?,
                    fails: self.proven(Side::Above, estimate)?,
                    seems_to_fail: Some(high),
                    again,
                })
            }
            (Some(most), None) => {
                let holds = self.is_shown(most, Side::Below, 0)?.then_some(most);
                Ok(Found { holds, ..base })
            }
            (None, Some(least)) => {
                let fails = self.is_shown(least, Side::Above, 0)?.then_some(least);
                Ok(Found { fails, ..base })
            }
            (None, None) => Ok(base),
        }
    }

    /// Whole users, where their number is fixed.
    fn snapped(&self, level: f64) -> f64 {
        self.rung.users.map_or(level, |users| {
            let users = users as f64;
            ((level * users + 0.5).floor()).max(1.0) / users
        })
    }

    fn set(&self, level: f64, phase: Phase, count: u32) -> Result<&Replications, Need<Key>> {
        let first = if phase == Phase::Search { 0 } else { FIRST };
        let key = Key { rung: self.number, phase, level: level.to_bits() };
        self.known.at(&key, &Asked { first, count }, || {
            // whoever cannot be scaled was refused before the first run
            let plan = self.rung.plan.scaled(level).unwrap_or_else(|_| (*self.rung.plan).clone());
            (Arc::new(plan), self.rung.load_said(level))
        })
    }

    fn seems_to_hold(&self, level: f64) -> Result<bool, Need<Key>> {
        let runs = FIRST.min(self.terms.replications);
        Ok(seems_to_hold(self.set(level, Phase::Search, runs)?, runs))
    }

    /// Doubles or halves the load until it breaks or holds.
    fn bracket(&self) -> Result<Bracket, Need<Key>> {
        let Terms { from, to, .. } = *self.terms;
        let start = self.snapped(self.rung.start.clamp(from, to));
        let up = |level: f64| Some(self.snapped((level * 2.0).min(to))).filter(|up| *up > level);
        let down = |level: f64| Some(self.snapped((level / 2.0).max(from))).filter(|d| *d < level);
        let mut here = start;
        if self.seems_to_hold(start)? {
            while let Some(next) = up(here) {
                if !self.seems_to_hold(next)? {
                    return Ok(Bracket { holds: Some(here), fails: Some(next), again: None });
                }
                here = next;
            }
            return Ok(Bracket { holds: Some(here), fails: None, again: None });
        }
        while let Some(next) = down(here) {
            if self.seems_to_hold(next)? {
                return Ok(Bracket { holds: Some(next), fails: Some(here), again: None });
            }
            here = next;
        }
        let (least, mut here) = (here, start);
        for _ in 0..UPWARD {
            let Some(next) = up(here) else { break };
            if self.seems_to_hold(next)? {
                return Ok(Bracket { holds: None, fails: Some(least), again: Some(next) });
            }
            here = next;
        }
        Ok(Bracket { holds: None, fails: Some(least), again: None })
    }

    /// Halves a bracket, in ratio, until it is as narrow as wanted.
    fn halved(&self, mut low: f64, mut high: f64) -> Result<(f64, f64), Need<Key>> {
        while high - low > self.terms.precision * low {
            let middle = self.snapped((low * high).sqrt());
            if middle <= low || middle >= high {
                break;
            }
            if self.seems_to_hold(middle)? {
                low = middle;
            } else {
                high = middle;
            }
        }
        Ok((low, high))
    }

    fn again(&self, high: f64) -> Result<Option<f64>, Need<Key>> {
        let beyond = self.snapped((high * BEYOND).min(self.terms.to));
        Ok((beyond > high && self.seems_to_hold(beyond)?).then_some(beyond))
    }

    /// The nearest level to the estimate at which it can be shown to hold, or to fail.
    fn proven(&self, side: Side, estimate: f64) -> Result<Option<f64>, Need<Key>> {
        let one = self.rung.users.map_or(0.0, |users| 1.0 / users as f64);
        let mut last = f64::NAN;
        for attempt in 0..ATTEMPTS {
            let step = self.terms.precision * f64::from(1 << attempt);
            let level = match side {
                Side::Below => self.snapped((estimate * (1.0 - step)).max(self.terms.from)),
                Side::Above => self.snapped((estimate * (1.0 + step)).max(estimate + one)),
            };
            if level == last || level > self.terms.to {
                continue;
            }
            last = level;
            if self.is_shown(level, side, attempt)? {
                return Ok(Some(level));
            }
        }
        Ok(None)
    }

    /// Tests one level on days that the search has not seen, with more and more of them. Each side
    /// may err with half of the probability that is left; each further attempt with half of the
    /// one before, and its looks share that.
    fn is_shown(&self, level: f64, side: Side, attempt: u32) -> Result<bool, Need<Key>> {
        let most = self.terms.replications;
        let mut runs = FIRST.min(most);
        let looks = (0..).take_while(|k| FIRST << k < most).count() + 1;
        let spent = (1.0 - self.terms.confidence) / 2.0 / f64::from(2 << attempt);
        loop {
            let set = self.set(level, Phase::Proof, runs)?;
            match (joint(set, runs, spent / looks as f64), side) {
                (Joint::Hold, Side::Below) | (Joint::Fail, Side::Above) => return Ok(true),
                (Joint::Hold, Side::Above) | (Joint::Fail, Side::Below) => return Ok(false),
                (Joint::CannotTell { needed }, _) => {
                    if runs >= most || needed > HOPELESS * f64::from(most) {
                        return Ok(false);
                    }
                }
            }
            runs = (2 * runs).min(most);
        }
    }
}
