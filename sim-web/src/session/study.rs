//! A helper's share of a study: single replications of a scenario, or of the branches of a run.

use std::sync::Arc;

use sim_core::{
    Advanced, PILOTS, Pilots, Plan, Run, Sample, WarmUp, inputs_key, pilot_seed, replication_seed,
};

use super::source::Source;
use crate::protocol::{Answer, Subject};

/// Milliseconds of a slice: nobody looks at a helper, it only has to hear that it may stop.
const SLICE_MS: f64 = 100.0;
/// Events between two looks at the clock.
const EVENTS: u64 = 20_000;

/// What is studied, and what is being played of it.
pub(super) struct Study {
    plans: Vec<Arc<Plan>>,
    seed: u64,
    /// What to play for it, the next one last.
    left: Vec<Job>,
    run: Option<Run>,
    task: Task,
}

/// One run of a task.
struct Job {
    /// Of which plan.
    plan: usize,
    seed: u64,
    /// The luck of its uncertain inputs.
    inputs: Option<u64>,
}

/// What was asked for last, and what has come of it.
enum Task {
    Nothing,
    /// Look how long runs take to come into balance.
    WarmUp(Vec<Pilots>),
    /// One replication of each.
    Replicate(u32, Vec<Sample>),
}

impl Study {
    /// Of these, which meet the same luck.
    pub(super) fn of(subjects: &[Subject], seed: u64) -> Result<Self, Answer> {
        let read = |one: &Subject| Source::of(one).read().map(|(plan, _)| plan);
        let plans: Result<Vec<Arc<Plan>>, _> = subjects.iter().map(read).collect();
        let plans = plans.map_err(Answer::Problems)?;
        Ok(Study { plans, seed, left: Vec::new(), run: None, task: Task::Nothing })
    }

    /// Finds out how long runs take to come into balance, if all are meant to.
    pub(super) fn warm_up(&mut self) -> Option<Answer> {
        if !self.plans.iter().all(|plan| plan.steady) {
            return Some(Answer::WarmedUp(None));
        }
        let job = |index: u32| {
            let seed = pilot_seed(self.seed, index);
            (0..self.plans.len()).map(move |plan| Job { plan, seed, inputs: None })
        };
        self.left = (0..PILOTS).rev().flat_map(job).collect();
        self.task = Task::WarmUp(vec![Pilots::default(); self.plans.len()]);
        None
    }

    /// Plays a replication of each, without its beginning.
    pub(super) fn replicate(&mut self, number: u32, warmup: Option<WarmUp>) {
        if let Some(warmup) = warmup {
            for plan in &mut self.plans {
                Arc::make_mut(plan).warmup = warmup.nanos();
            }
        }
        let (seed, inputs) = (replication_seed(self.seed, number), inputs_key(self.seed, number));
        let job = |plan| Job { plan, seed, inputs: Some(inputs) };
        self.left = (0..self.plans.len()).rev().map(job).collect();
        self.task = Task::Replicate(number, Vec::new());
    }

    /// Whether there is anything to do.
    pub(super) fn busy(&self) -> bool {
        !self.left.is_empty()
    }

    /// Works for a slice, and tells what is done by then.
    pub(super) fn work(&mut self, clock: &mut dyn FnMut() -> f64) -> Result<Vec<Answer>, Answer> {
        let began = clock();
        while let Some(job) = self.left.last() {
            let plan = &self.plans[job.plan];
            let run = match &mut self.run {
                Some(run) => run,
                none => none.insert(begin(plan, job)?),
            };
            if let Advanced::Circling(node) = run.advance(plan.duration, EVENTS) {
                return Err(Answer::Failed(run.circling(node)));
            }
            if run.is_over()
                && let (Some(run), Some(job)) = (self.run.take(), self.left.pop())
                && let Some(answer) = self.finish(&run, job.plan)
            {
                return Ok(vec![answer]);
            }
            if clock() - began >= SLICE_MS {
                break;
            }
        }
        Ok(Vec::new())
    }

    /// Takes a finished run in; says what was asked for once it was the last.
    fn finish(&mut self, run: &Run, plan: usize) -> Option<Answer> {
        match &mut self.task {
            Task::Nothing => return None,
            Task::WarmUp(pilots) => pilots[plan].add(run),
            Task::Replicate(_, samples) => samples.push(Sample::of(run)),
        }
        if self.busy() {
            return None;
        }
        match std::mem::replace(&mut self.task, Task::Nothing) {
            Task::Nothing => None,
            Task::WarmUp(pilots) => {
                let found: Vec<Option<u64>> = pilots.iter().map(Pilots::warmup).collect();
                Some(Answer::WarmedUp(Some(WarmUp::of(&found))))
            }
            Task::Replicate(number, samples) => Some(Answer::Replicated { number, samples }),
        }
    }
}

fn begin(plan: &Arc<Plan>, job: &Job) -> Result<Run, Answer> {
    let plan = match job.inputs {
        Some(key) => plan.draw(key).map_err(Answer::Failed)?,
        None => Arc::clone(plan),
    };
    super::player::begin(&plan, job.seed)
}
