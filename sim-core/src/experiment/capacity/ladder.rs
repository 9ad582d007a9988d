//! From rung to rung: what breaks, and how it is made wider.

use super::search::{Found, Search};
use super::{Ask, Broken, Capacity, CapacityStudy, Key, Phase, RungReport, Unfinished};
use crate::experiment::known::{Need, seems_to_hold};
use crate::experiment::replications::Replications;
use crate::scenario::plan::Widened;

impl CapacityStudy {
    /// What is to be done next.
    #[must_use]
    pub fn ask(&mut self) -> Ask {
        let last = self.rungs.len() - 1;
        match self.found(last) {
            Err(need) => {
                let wanted = need.wanted.clone();
                self.pending = Some(need);
                Ask::Play(wanted)
            }
            Ok(found) => match self.way(last, &found) {
                Ok(way) => {
                    let earlier = self.rungs.iter().flat_map(|rung| &rung.widened);
                    let changes = earlier.chain(&way).map(Widened::assignment).collect();
                    self.reading = Some(way);
                    Ask::Read(changes)
                }
                Err(_) => Ask::Done,
            },
        }
    }

    fn found(&self, number: usize) -> Result<Found, Need<Key>> {
        let (terms, known) = (&self.terms, &self.known);
        Search { rung: &self.rungs[number], number, terms, known }.found()
    }

    pub(super) fn last_estimate(&self) -> Option<f64> {
        self.found(self.rungs.len() - 1).ok()?.estimate
    }

    /// How the rung is made wider, or why it is not.
    fn way(&self, number: usize, found: &Found) -> Result<Vec<Widened>, String> {
        if self.terms.ladder as usize <= number {
            return Err(match number {
                0 => "no part was made wider: --ladder 3 does".to_owned(),
                1 => "one part was made wider, as often as asked for".to_owned(),
                _ => format!("parts were made wider {number} times, as often as asked for"),
            });
        }
        if found.estimate.is_none() {
            return Err("nothing was made wider, as nothing was found to break".to_owned());
        }
        let Some(broken) = self.broken(number, found) else {
            return Err("no part has a capacity that could be used up".to_owned());
        };
        let part = broken.part.split('[').next().unwrap_or(&broken.part);
        let ways = self.rungs[number].plan.widenings(part, broken.resource.as_deref());
        let tried = |way: &&Vec<Widened>| !self.refused.iter().any(|(refused, _)| refused == *way);
        if let Some(way) = ways.iter().find(tried) {
            return Ok(way.clone());
        }
        let what = broken.what();
        Err(match self.refused.last() {
            Some((_, why)) => format!("{what} cannot be made wider: {why}"),
            None => format!("{what} cannot be made wider by a number of the scenario"),
        })
    }

    /// Replications at the lowest load that fails, and that load.
    fn failing(&self, number: usize, found: &Found) -> Option<(&Replications, f64)> {
        let set = |level: f64, phase| {
            let key = Key { rung: number, phase, level: level.to_bits() };
            Some((self.known.find(&key)?, level))
        };
        let shown = found.fails.and_then(|level| set(level, Phase::Proof));
        shown.or_else(|| set(found.seems_to_fail?, Phase::Search))
    }

    /// What breaks at the lowest load that fails, in most runs. Where nothing is saturated there, a
    /// higher load that was looked at tells what it is going to be, else what is busiest.
    fn broken(&self, number: usize, found: &Found) -> Option<Broken> {
        let (set, factor) = self.failing(number, found)?;
        let saturated = |(set, factor): (&Replications, f64)| {
            let breaks = set.breaks();
            let most = breaks.first().filter(|one| one.what.is_some())?;
            let (part, rest) = most.what.as_deref()?.split_once(' ')?;
            let resource = (rest != "is down").then(|| rest.to_owned());
            let busy = resource.as_ref().and_then(|name| busy(set, part, name));
            Some(Broken {
                part: part.to_owned(),
                resource,
                factor,
                runs: most.runs,
                of: set.len(),
                saturated: true,
                utilisation: busy,
            })
        };
        let mut higher = self.known.levels(number, factor);
        saturated((set, factor))
            .or_else(|| higher.find_map(saturated))
            .or_else(|| busiest(set, factor))
    }

    fn rung(&self, number: usize, found: &Found) -> RungReport {
        let rung = &self.rungs[number];
        let level = |factor: Option<f64>| factor.map(|factor| rung.level(factor));
        let failing = self.failing(number, found);
        RungReport {
            widened: rung.widened.clone(),
            estimate: level(found.estimate),
            holds: level(found.holds),
            fails: level(found.fails),
            holds_again: level(found.again),
            breaks: self.broken(number, found),
            objectives: failing.map_or_else(Vec::new, |(set, _)| set.objectives()),
        }
    }

    /// The answer so far.
    #[must_use]
    pub fn answer(&self) -> Capacity {
        let plan = &self.rungs[0].plan;
        let found: Vec<Found> =
            (0..self.rungs.len()).map_while(|number| self.found(number).ok()).collect();
        let rungs = found.iter().enumerate().map(|(number, found)| self.rung(number, found));
        let rungs: Vec<RungReport> = rungs.collect();
        let unfinished = (rungs.len() < self.rungs.len()).then(|| self.unfinished());
        let ends = match found.last().filter(|_| unfinished.is_none()) {
            Some(last) => self.way(found.len() - 1, last).err().unwrap_or_default(),
            None => "it was interrupted".to_owned(),
        };
        Capacity {
            schema_version: 1,
            name: plan.name.clone(),
            scenario_hash: format!("{:016x}", plan.hash),
            confidence: self.terms.confidence,
            objectives: plan.objectives.iter().map(|one| one.expression.clone()).collect(),
            runs: self.runs(),
            rungs,
            ends,
            unfinished,
        }
    }
}

impl CapacityStudy {
    /// What the search of the last rung has seen.
    fn unfinished(&self) -> Unfinished {
        let number = self.rungs.len() - 1;
        let seen = || self.known.levels(number, 0.0);
        let holds = |set: &Replications| seems_to_hold(set, set.len());
        let low = seen().filter(|(set, _)| holds(set)).map(|(_, level)| level).last();
        let high = seen().find(|(set, level)| !holds(set) && low.is_none_or(|low| *level > low));
        let level = |factor: f64| self.rungs[number].level(factor);
        let seems_to_fail = high.map(|(_, factor)| level(factor));
        Unfinished { seems_to_hold: low.map(level), seems_to_fail }
    }
}

impl Broken {
    /// Like `web cpu`.
    pub(super) fn what(&self) -> String {
        match &self.resource {
            Some(resource) => format!("{} {resource}", self.part),
            None => self.part.clone(),
        }
    }
}

impl Widened {
    /// As `--set` takes it.
    #[must_use]
    pub fn assignment(&self) -> String {
        format!("{}={}", self.path, self.to)
    }
}

/// How busy a part's resource is, on average over runs.
fn busy(set: &Replications, part: &str, resource: &str) -> Option<f64> {
    let part = part.split('[').next().unwrap_or(part);
    set.point(set.place(&format!("nodes.{part}.{resource}.utilisation"))?)
}

/// The resource that is used most where none is used up.
fn busiest(set: &Replications, factor: f64) -> Option<Broken> {
    let named = |place: usize| {
        let name = set.measures()[place].name.strip_prefix("nodes.")?;
        let (part, resource) = name.strip_suffix(".utilisation")?.split_once('.')?;
        Some((set.point(place)?, part, resource))
    };
    let all = (0..set.measures().len()).filter_map(named);
    let (utilisation, part, resource) = all.max_by(|a, b| a.0.total_cmp(&b.0))?;
    Some(Broken {
        part: part.to_owned(),
        resource: Some(resource.to_owned()),
        factor,
        runs: set.len(),
        of: set.len(),
        saturated: false,
        utilisation: Some(utilisation),
    })
}

impl super::Known<Key> {
    /// Sets of the search on a rung at loads above one, the lowest first.
    fn levels(&self, rung: usize, above: f64) -> impl Iterator<Item = (&Replications, f64)> {
        let search = self.iter().filter(move |(key, _)| {
            key.rung == rung && key.phase == Phase::Search && f64::from_bits(key.level) > above
        });
        let mut all: Vec<(&Replications, f64)> =
            search.map(|(key, set)| (set, f64::from_bits(key.level))).collect();
        all.sort_by(|a, b| a.1.total_cmp(&b.1));
        all.into_iter()
    }
}
