//! The highest load that holds all objectives, what breaks there, and what breaks next when that is
//! made wider: a ladder of bottlenecks.

mod html;
mod ladder;
mod search;
mod text;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::known::{Known, Need, Wanted};
use super::measure::Sample;
use super::replications::Objective;
use crate::report::figures::{count, significant};
use crate::scenario::plan::{Plan, Widened};
use crate::wiring::Load;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Terms {
    /// The lowest load that is looked at, in times the scenario's own.
    pub from: f64,
    /// The highest.
    pub to: f64,
    /// How near to the highest load that holds, as a share of it, a proof is tried first.
    pub precision: f64,
    /// Replications at one level at most.
    pub replications: u32,
    /// How sure it is that the highest load that holds lies between what is shown.
    pub confidence: f64,
    /// How often what breaks is made wider.
    pub ladder: u32,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Capacity {
    /// The version of this form, 1.
    pub schema_version: u32,
    /// The scenario's name.
    pub name: String,
    /// The scenario's hash, 16 hexadecimal digits.
    pub scenario_hash: String,
    /// How sure each rung is, 0 to 1.
    pub confidence: f64,
    /// What has to hold.
    pub objectives: Vec<String>,
    /// Runs played, all in all.
    pub runs: u64,
    /// The scenario as it is, then with what broke made wider, again and again.
    pub rungs: Vec<RungReport>,
    /// Why there is no further rung.
    pub ends: String,
    /// What is known of the rung in which it was interrupted.
    pub unfinished: Option<Unfinished>,
}

/// What the means of a few runs say so far; nothing of it is shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Unfinished {
    /// The highest load at which all objectives seem to hold.
    pub seems_to_hold: Option<Level>,
    /// The lowest load above it at which one seems to fail.
    pub seems_to_fail: Option<Level>,
}

/// The highest load that one set-up holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RungReport {
    /// What is wider than in the rung before; empty in the first.
    pub widened: Vec<Widened>,
    /// The best guess of the highest load that holds.
    pub estimate: Option<Level>,
    /// The highest load that was shown to hold.
    pub holds: Option<Level>,
    /// The lowest load that was shown to fail.
    pub fails: Option<Level>,
    /// A load above one that fails that seems to hold again: then it is not the load alone.
    pub holds_again: Option<Level>,
    /// What breaks.
    pub breaks: Option<Broken>,
    /// The objectives at the lowest load that fails.
    pub objectives: Vec<Objective>,
}

/// A load.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Level {
    /// In times the scenario's own.
    pub factor: f64,
    /// Requests a second, where users come whether or not others are answered.
    pub per_second: Option<f64>,
    /// Whether that changes over time, and is said of its peak.
    pub at_the_peak: bool,
    /// Users, where their number is fixed.
    pub users: Option<u64>,
}

/// What breaks at a load.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Broken {
    /// The part, or one instance of it.
    pub part: String,
    /// What of it is used up; `None` where it is down.
    pub resource: Option<String>,
    /// At this load, in times the scenario's own.
    pub factor: f64,
    /// In so many runs.
    pub runs: u32,
    /// Of so many.
    pub of: u32,
    /// Whether it is saturated there; else it is only the busiest.
    pub saturated: bool,
    /// How busy it is, 0 to 1, on average.
    pub utilisation: Option<f64>,
}

/// What is to be done next.
#[derive(Clone, Debug)]
pub enum Ask {
    /// Play these, and hand in their samples in the order of their numbers.
    Play(Wanted),
    /// Read the scenario with these changes, and hand in the plan.
    Read(Vec<String>),
    /// Nothing: the answer is there.
    Done,
}

/// A search for the capacity of a scenario.
#[derive(Clone, Debug)]
pub struct CapacityStudy {
    terms: Terms,
    rungs: Vec<Rung>,
    /// Ways to widen the last rung that do not read, with the reason.
    refused: Vec<(Vec<Widened>, String)>,
    known: Known<Key>,
    pending: Option<Need<Key>>,
    reading: Option<Vec<Widened>>,
}

/// What a set of replications is of.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Key {
    rung: usize,
    phase: Phase,
    /// The bits of the load.
    level: u64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Phase {
    Search,
    Proof,
}

/// A set-up whose capacity is looked for.
#[derive(Clone, Debug)]
struct Rung {
    plan: Arc<Plan>,
    widened: Vec<Widened>,
    load: Load,
    /// All users, where none come and go.
    users: Option<u64>,
    /// The load at which the search begins.
    start: f64,
}

impl Rung {
    fn new(plan: Arc<Plan>, widened: Vec<Widened>, start: f64) -> Self {
        let load = plan.load();
        let users = load.users.filter(|_| load.per_second.is_none());
        Rung { plan, widened, load, users, start }
    }

    fn level(&self, factor: f64) -> Level {
        let per_second = self.load.per_second.map(|rate| rate * factor);
        let users = self.load.users.map(|users| (users as f64 * factor + 0.5) as u64);
        let at_the_peak = per_second.is_some() && self.load.varies;
        Level { factor, per_second, at_the_peak, users }
    }

    fn load_said(&self, factor: f64) -> String {
        let level = self.level(factor);
        format!("{}x the load, {}", significant(factor), level.in_units())
    }
}

impl Level {
    /// `312/s at the peak`, `1,240 users`.
    fn in_units(&self) -> String {
        let peak = if self.at_the_peak { " at the peak" } else { "" };
        let rate = self.per_second.map(|rate| format!("{}/s{peak}", significant(rate)));
        let users = self.users.map(|users| match users {
            1 => "1 user".to_owned(),
            _ => format!("{} users", count(users)),
        });
        let all: Vec<String> = rate.into_iter().chain(users).collect();
        all.join(" and ")
    }
}

/// Users of a scenario at most.
const USERS_MAX: f64 = 2e7;

impl CapacityStudy {
    /// A study of a plan. How sure and how far: see [`Terms`].
    ///
    /// # Errors
    /// A sentence with its remedy where there are no objectives, or nothing brings load.
    pub fn new(plan: Arc<Plan>, mut terms: Terms) -> Result<Self, String> {
        if plan.objectives.is_empty() {
            return Err(format!(
                "{} states no objectives, so any load would do: write objectives: \
                 [latency p(95) < 500ms] in it, or --set 'objectives=[latency p(95) < 500ms]'",
                plan.name
            ));
        }
        plan.scaled(1.0)?;
        let rung = Rung::new(plan, Vec::new(), 1.0);
        if rung.load.per_second.is_none_or(|rate| rate <= 0.0) && rung.load.users.is_none() {
            return Err(format!("nobody asks for anything in {}: give it users", rung.plan.name));
        }
        if let Some(users) = rung.load.users {
            terms.to = terms.to.min(USERS_MAX / users.max(1) as f64);
        }
        let known = Known::new(terms.confidence);
        let refused = Vec::new();
        Ok(CapacityStudy { terms, rungs: vec![rung], refused, known, pending: None, reading: None })
    }

    /// Runs so far.
    #[must_use]
    pub fn runs(&self) -> u64 {
        self.known.runs()
    }

    /// Takes in the samples of the runs that were asked for.
    pub fn played(&mut self, samples: Vec<Sample>) {
        if let Some(need) = self.pending.take() {
            self.known.add(&need, samples);
        }
    }

    /// Takes in the plan that was asked for, or why it cannot be read.
    pub fn read(&mut self, plan: Result<Arc<Plan>, String>) {
        let Some(widened) = self.reading.take() else { return };
        match plan {
            Err(why) => self.refused.push((widened, why)),
            Ok(plan) => {
                let start = self.last_estimate().unwrap_or(1.0);
                self.rungs.push(Rung::new(plan, widened, start));
                self.refused.clear();
            }
        }
    }
}
