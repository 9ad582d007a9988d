//! Predictions beside measurements: what real stacks did under exactly known load, played again.

mod cell;
mod html;
mod judge;
mod load;
mod text;

use std::sync::Arc;

pub use self::cell::{Cell, Regime, Rep};
pub use self::judge::{Figures, Judged, Predicted};
pub use self::text::Reality;
use crate::engine::time::{Nanos, SECOND};
use crate::recorded::Recording;
use crate::run::Run;
use crate::scenario::plan::Plan;
use crate::wiring::RecordedFile;

/// How long requests that are under way at the end may take, seconds.
const DRAIN_S: f64 = 60.0;

impl Cell {
    /// A cell's scenario, to be played on the requests of a seed.
    ///
    /// # Errors
    /// A sentence if it has not exactly one group of users.
    pub fn plan(&self, scenario: &Plan, rep: &Rep, seed: u64) -> Result<Plan, String> {
        let mut plan = scenario.clone();
        let end = self.warmup_s + rep.window_s + DRAIN_S;
        plan.duration = (end * SECOND as f64) as Nanos;
        plan.warmup = 0;
        plan.objectives.clear();
        let Some(text) = self.recorded(seed) else { return Ok(plan) };
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

    /// What a run of such a plan amounts to; its ends were kept from the beginning.
    #[must_use]
    pub fn predicted(&self, run: &mut Run, rep: &Rep, seed: u64) -> Figures {
        let at = |seconds: f64| (seconds * SECOND as f64) as Nanos;
        let window = (at(self.warmup_s), at(self.warmup_s + rep.window_s));
        let (from, to) = (0.0, rep.window_s);
        let sent = self.sent(seed).map(|all| {
            all.iter().filter(|request| (from..to).contains(&request.at_s)).count() as u64
        });
        Figures::of(&run.take_ends(), window, sent)
    }
}
