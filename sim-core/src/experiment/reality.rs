//! Predictions beside measurements: what real stacks did under exactly known load, played again.

mod cell;
mod html;
mod judge;
mod load;
mod text;

use std::sync::Arc;

pub use self::cell::{Cell, Regime, Rep};
pub use self::judge::{Figures, Judged, Predicted};
pub use self::load::Sent;
pub use self::text::Reality;
use crate::engine::time::{Nanos, SECOND};
use crate::recorded::Recording;
use crate::run::Run;
use crate::scenario::plan::Plan;
use crate::wiring::RecordedFile;

/// How long requests that are under way at the end may take, seconds.
const DRAIN_S: f64 = 60.0;

/// A cell's scenario with the requests of a seed, to be played under any luck.
#[derive(Clone, Debug)]
pub struct Trial {
    /// What is played.
    pub plan: Arc<Plan>,
    /// The measured window, ns of the run.
    window: (Nanos, Nanos),
    /// Requests sent in it, where that is known beforehand.
    sent: Option<u64>,
}

impl Cell {
    /// A trial of one of the cell's runs on the requests of a seed.
    ///
    /// # Errors
    /// A sentence if the scenario has not exactly one group of users.
    pub fn trial(&self, scenario: &Plan, rep: &Rep, seed: u64) -> Result<Trial, String> {
        let at = |seconds: f64| (seconds * SECOND as f64) as Nanos;
        let window = (at(self.warmup_s), at(self.warmup_s + rep.window_s));
        let sent = self.sent(seed);
        let within = |all: &Vec<Sent>| {
            all.iter().filter(|sent| (0.0..rep.window_s).contains(&sent.at_s)).count() as u64
        };
        let count = sent.as_ref().map(within);
        let plan =
            self.plan(scenario, rep, sent.map(|all| (seed, self.recorded(&all, rep.probes()))))?;
        Ok(Trial { plan: Arc::new(plan), window, sent: count })
    }

    /// The scenario for one of the cell's runs, on recorded requests if there are any.
    fn plan(
        &self,
        scenario: &Plan,
        rep: &Rep,
        recorded: Option<(u64, String)>,
    ) -> Result<Plan, String> {
        let mut plan = scenario.clone();
        let end = self.warmup_s + rep.window_s + DRAIN_S;
        plan.duration = (end * SECOND as f64) as Nanos;
        plan.warmup = 0;
        plan.objectives.clear();
        let Some((seed, text)) = recorded else { return Ok(plan) };
        let name = format!("{} {seed}", self.cell);
        let recording = Recording::new(&name, Arc::new(text.into_bytes()))?;
        let file = RecordedFile(name.clone());
        let parts = plan.blueprint.parts.iter_mut();
        let replayed = parts.filter_map(|part| part.form.replay(&file).then_some(())).count();
        if replayed != 1 {
            return Err(format!("{replayed} groups of users: one sends what was recorded"));
        }
        plan.blueprint.recordings.insert(name, recording);
        Ok(plan)
    }
}

impl Trial {
    /// What a run of its plan amounts to; its ends were kept from the beginning.
    #[must_use]
    pub fn figures(&self, run: &mut Run) -> Figures {
        Figures::of(&run.take_ends(), self.window, self.sent)
    }
}
