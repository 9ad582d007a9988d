//! The cheapest set-up that holds all objectives, of many: what cannot hold is left out without a
//! run, the others are tested in the order of their price, each with as few runs as tell.

mod html;
mod judge;
mod space;
mod text;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use self::space::{PlanFile, PlanReading, Point, Space, plan_schema, read_plan_file};
use super::known::{Known, Need, Wanted};
use super::measure::Sample;
use super::replications::{Objective, Replications};
use super::statistics::Estimate;
use crate::scenario::plan::{Plan, Price};
use crate::scenario::problem::nearest_remedy;

/// What is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanTerms {
    /// The measure that is to be least.
    pub minimise: String,
    /// Replications of one set-up at most.
    pub replications: u32,
    /// How sure it is that the answer is the best one.
    pub confidence: f64,
    /// As a share of a bound, or of the measure: nearer than this, either side will do.
    pub indifference: f64,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Proposal {
    /// The version of this form, 1.
    pub schema_version: u32,
    /// The scenario's name.
    pub name: String,
    /// The measure that is least.
    pub minimise: String,
    /// How sure it is that no better set-up holds and that this one does, 0 to 1, but for what is
    /// nearer than the indifference.
    pub confidence: f64,
    /// As a share of a bound, or of the measure.
    pub indifference: f64,
    /// All set-ups.
    pub points: u64,
    /// Those that were left out without a run, by reason.
    pub left_out: Vec<LeftOut>,
    /// Set-ups of which runs were played.
    pub simulated: u64,
    /// Runs played.
    pub runs: u64,
    /// Runs of all set-ups that can be read, each as often as the one that took most.
    pub exhaustive: u64,
    /// The best set-up; none where no set-up holds.
    pub chosen: Option<SetUp>,
    /// The ones that come next on either side, the cheapest first.
    pub runners_up: Vec<SetUp>,
    /// The objective that keeps it from being cheaper.
    pub binds: Option<String>,
    /// Cheaper set-ups of which it could not be told whether they hold.
    pub not_told: u64,
    /// Whether it was interrupted: then the chosen one is the best so far.
    pub interrupted: bool,
}

/// Set-ups that were left out without a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Why.
    pub reason: String,
    /// How many.
    pub points: u64,
}

/// One set-up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SetUp {
    /// What it changes in the scenario, path and value.
    pub changes: Vec<(String, String)>,
    /// The measure that is to be least: measured, or its price where that is known without a run.
    pub value: Option<f64>,
    /// What became of it.
    pub fate: Fate,
    /// Its objectives, as far as it was played.
    pub objectives: Vec<Objective>,
    /// Runs of it.
    pub runs: u32,
}

/// What became of a set-up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It was not looked at.
    Open,
    /// The scenario cannot be read with it.
    Unreadable(String),
    /// It can never hold.
    CannotHold(String),
    /// It misses this objective.
    Misses {
        /// Which one.
        objective: String,
        /// By less than the indifference.
        close: bool,
    },
    /// It could not be told whether it holds this objective.
    CannotTell {
        /// Which one.
        objective: String,
    },
    /// A better one holds.
    Beaten {
        /// By less than the indifference.
        close: bool,
    },
    /// The best one that holds.
    Best {
        /// An objective is nearer to its bound than the indifference.
        close: bool,
    },
}

/// What is to be done next.
#[derive(Clone, Debug)]
pub enum PlanAsk {
    /// Play these, and hand in their samples in the order of their numbers.
    Play(Wanted),
    /// Nothing: the answer is there.
    Done,
}

/// A set-up to choose from.
#[derive(Clone, Debug)]
struct Candidate {
    point: Point,
    plan: Option<Arc<Plan>>,
    /// Of its instances, and what the plan says beside that.
    price: Price,
    fate: Fate,
}

/// A search for the best set-up.
#[derive(Clone, Debug)]
pub struct PlanStudy {
    terms: PlanTerms,
    candidates: Vec<Candidate>,
    /// Candidates that may hold, the cheapest or most promising first.
    order: Vec<usize>,
    /// How many of them are decided.
    decided: usize,
    /// Whether all that may hold have been played a little, and the most promising come first.
    ranked: bool,
    best: Option<usize>,
    known: Known<usize>,
    pending: Option<Need<usize>>,
}

impl PlanTerms {
    fn is_price(&self) -> bool {
        self.minimise == "cost.usd_per_hour"
    }

    /// What the measure is at least.
    fn floor(&self, one: &Candidate) -> f64 {
        if self.is_price() { one.price.usd_per_hour } else { 0.0 }
    }
}

impl Candidate {
    fn new(point: Point, plan: Result<Arc<Plan>, String>) -> Self {
        let none = Price { usd_per_hour: 0.0, is_exact: false };
        match plan {
            Err(why) => Candidate { point, plan: None, price: none, fate: Fate::Unreadable(why) },
            Ok(plan) => {
                let fate = plan.cannot_hold().map_or(Fate::Open, Fate::CannotHold);
                let Price { usd_per_hour, is_exact } = plan.price();
                let price = Price { usd_per_hour: usd_per_hour + point.usd_per_hour, is_exact };
                Candidate { point, price, plan: Some(plan), fate }
            }
        }
    }
}

impl PlanStudy {
    /// A study of set-ups, each with its changes and its plan, or why it cannot be read.
    ///
    /// # Errors
    /// A sentence with its remedy where no set-up can be read, or there are no objectives.
    pub fn new(
        terms: PlanTerms,
        setups: Vec<(Point, Result<Arc<Plan>, String>)>,
    ) -> Result<Self, String> {
        let candidates: Vec<Candidate> =
            setups.into_iter().map(|(point, plan)| Candidate::new(point, plan)).collect();
        let Some(first) = candidates.iter().find_map(|one| one.plan.as_ref()) else {
            return Err("no set-up can be played: look at the first".to_owned());
        };
        if first.objectives.is_empty() {
            return Err(format!(
                "{} states no objectives, so the cheapest would do: write objectives: \
                 [latency p(95) < 500ms] in the plan or the scenario",
                first.name
            ));
        }
        let mut order: Vec<usize> =
            (0..candidates.len()).filter(|&at| candidates[at].fate == Fate::Open).collect();
        // the sort is stable: of equal price, in the order of the file
        order.sort_by(|&a, &b| terms.floor(&candidates[a]).total_cmp(&terms.floor(&candidates[b])));
        let known = Known::new(terms.confidence);
        let ranked = terms.is_price();
        let (decided, best, pending) = (0, None, None);
        Ok(PlanStudy { terms, candidates, order, decided, ranked, best, known, pending })
    }

    /// Runs so far.
    #[must_use]
    pub fn runs(&self) -> u64 {
        self.known.runs()
    }

    /// What is to be done next.
    #[must_use]
    pub fn ask(&mut self) -> PlanAsk {
        if !self.ranked {
            if let Some(need) = self.order.iter().find_map(|&at| self.first_look(at).err()) {
                return self.wanted(need);
            }
            self.rank();
        }
        while let Some(&at) = self.order.get(self.decided) {
            match self.judged(at) {
                Err(need) => return self.wanted(need),
                Ok(fate) => self.settle(at, fate),
            }
        }
        PlanAsk::Done
    }

    fn wanted(&mut self, need: Need<usize>) -> PlanAsk {
        let wanted = need.wanted.clone();
        self.pending = Some(need);
        PlanAsk::Play(wanted)
    }

    /// Where no price tells the order, the first look does: a good one that comes early turns the
    /// others away early. Which one is best does not depend on it.
    fn rank(&mut self) {
        let promise = |at: usize| {
            let goals = self.known.find(&at).map(|set| self.goals(at, set, u32::MAX));
            let goals: Vec<f64> = goals.into_iter().flatten().flatten().collect();
            let mean = Estimate::mean(&goals, self.terms.confidence).map(|mean| mean.value);
            mean.unwrap_or(f64::INFINITY)
        };
        let mut order: Vec<(f64, usize)> = self.order.iter().map(|&at| (promise(at), at)).collect();
        order.sort_by(|a, b| a.0.total_cmp(&b.0));
        self.order = order.into_iter().map(|(_, at)| at).collect();
        self.ranked = true;
    }

    /// Takes in the samples of the runs that were asked for.
    ///
    /// # Errors
    /// A sentence where there is no such measure as the one that is to be least.
    pub fn played(&mut self, samples: Vec<Sample>) -> Result<(), String> {
        let Some(need) = self.pending.take() else { return Ok(()) };
        self.known.add(&need, samples);
        match self.known.find(&need.key) {
            Some(set) if self.goal_place(set).is_none() && !self.terms.is_price() => {
                let names: Vec<&str> = set.measures().iter().map(|one| &one.name[..]).collect();
                let wanted = &self.terms.minimise;
                let remedy = nearest_remedy(wanted, &names);
                Err(format!("there is no measure \"{wanted}\" to minimise: {remedy}"))
            }
            _ => Ok(()),
        }
    }

    fn settle(&mut self, at: usize, fate: Fate) {
        if let Fate::Best { .. } = fate
            && let Some(before) = self.best.replace(at)
        {
            self.candidates[before].fate = Fate::Beaten { close: false };
        }
        self.candidates[at].fate = fate;
        self.decided += 1;
    }

    fn goal_place(&self, set: &Replications) -> Option<usize> {
        set.place(&self.terms.minimise)
    }

    /// Its price, where that alone is to be least and is known without a run.
    fn known_goal(&self, at: usize) -> Option<f64> {
        let price = self.candidates[at].price;
        (self.terms.is_price() && price.is_exact).then_some(price.usd_per_hour)
    }

    /// What the measure was in each of the first `runs`, with what the plan adds to it.
    fn goals(&self, at: usize, set: &Replications, runs: u32) -> Vec<Option<f64>> {
        let is_price = self.terms.is_price();
        let more = if is_price { self.candidates[at].point.usd_per_hour } else { 0.0 };
        let free = is_price.then_some(0.0);
        let place = self.goal_place(set);
        let first = set.samples().iter().take(runs as usize);
        first.map(|one| Some(place.map_or(free, |place| one.values[place])? + more)).collect()
    }

    /// The answer so far.
    #[must_use]
    pub fn answer(&self) -> Proposal {
        let readable = self.candidates.iter().filter(|one| one.plan.is_some()).count() as u64;
        let chosen = self.best.map(|at| self.set_up(at));
        let played = || self.known.iter().map(|(_, set)| set.len());
        let told = |one: &&Candidate| matches!(one.fate, Fate::CannotTell { .. });
        let first = self.candidates.iter().find_map(|one| one.plan.as_ref());
        Proposal {
            schema_version: 1,
            name: first.map_or_else(String::new, |plan| plan.name.clone()),
            minimise: self.terms.minimise.clone(),
            confidence: self.terms.confidence,
            indifference: self.terms.indifference,
            points: self.candidates.len() as u64,
            left_out: self.left_out(),
            simulated: played().count() as u64,
            runs: self.runs(),
            exhaustive: readable * u64::from(played().max().unwrap_or(0)),
            binds: self.binds(),
            chosen,
            runners_up: self.runners_up(),
            not_told: self.candidates.iter().filter(told).count() as u64,
            interrupted: self.decided < self.order.len(),
        }
    }

    fn left_out(&self) -> Vec<LeftOut> {
        let mut all: Vec<LeftOut> = Vec::new();
        for one in &self.candidates {
            let (Fate::Unreadable(reason) | Fate::CannotHold(reason)) = &one.fate else { continue };
            match all.iter_mut().find(|known| known.reason == *reason) {
                Some(known) => known.points += 1,
                None => all.push(LeftOut { reason: reason.clone(), points: 1 }),
            }
        }
        all
    }

    fn set_up(&self, at: usize) -> SetUp {
        let (one, set) = (&self.candidates[at], self.known.find(&at));
        let goals = set.map(|set| self.goals(at, set, u32::MAX)).unwrap_or_default();
        let goals: Vec<f64> = goals.into_iter().flatten().collect();
        let measured = Estimate::mean(&goals, self.terms.confidence).map(|mean| mean.value);
        SetUp {
            changes: one.point.changes.clone(),
            value: self.known_goal(at).or(measured),
            fate: one.fate.clone(),
            objectives: set.map_or_else(Vec::new, Replications::objectives),
            runs: set.map_or(0, Replications::len),
        }
    }

    /// The dearest ones that are cheaper, and the cheapest ones that are dearer.
    fn runners_up(&self) -> Vec<SetUp> {
        const EACH: usize = 3;
        let place = self.order.iter().position(|at| Some(*at) == self.best);
        let middle = place.unwrap_or(self.order.len());
        let others = |range: std::ops::Range<usize>| {
            self.order[range].iter().filter(|at| Some(**at) != self.best).map(|at| self.set_up(*at))
        };
        let to = (middle + 1 + EACH).min(self.order.len());
        others(middle.saturating_sub(EACH)..to.max(middle)).collect()
    }

    /// What the dearest of the cheaper ones misses, else what is nearest to its bound.
    fn binds(&self) -> Option<String> {
        let place = self.order.iter().position(|at| Some(*at) == self.best)?;
        let missed =
            self.order[..place].iter().rev().find_map(|at| match &self.candidates[*at].fate {
                Fate::Misses { objective, .. } | Fate::CannotTell { objective } => {
                    Some(objective.clone())
                }
                _ => None,
            });
        missed.or_else(|| {
            let (best, set) = (self.best?, self.known.find(&self.best?)?);
            let plan = self.candidates[best].plan.as_ref()?;
            let room = |index: usize| {
                let bound = plan.objectives[index].bound;
                let value = set.judged(index, u32::MAX, 0.95).1?.value;
                Some(((bound - value) / bound).abs())
            };
            let all = (0..plan.objectives.len()).filter_map(|at| Some((room(at)?, at)));
            let nearest = all.min_by(|a, b| a.0.total_cmp(&b.0))?;
            Some(plan.objectives[nearest.1].expression.clone())
        })
    }
}
