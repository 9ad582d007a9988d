//! Many runs at once, on all cores. What comes out does not depend on how many cores there are.

use std::io::{IsTerminal, stderr};
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;
use rayon::ThreadPool;
use rayon::prelude::*;
use sim_core::{
    Advanced, CONFIDENCE, PILOTS, Pilots, Plan, Precision, Replications, Run, Sample, Wanted,
    WarmUp, figures, inputs_key, pilot_seed, replication_seed,
};

use crate::exit::{Exit, Failure};
use crate::output::talk;
use crate::progress::Progress;

/// Events between two looks at the interrupt key.
const SLICE: u64 = 1_000_000;
/// The fewest and the most that `auto` plays.
const AUTO: (u32, u32) = (10, 2_000);
/// From look to look there are so many times more: looking rarely keeps intervals honest.
const GROWTH: f64 = 1.5;
/// Runs of a thread whose latencies are held at once before they are merged.
const HELD: usize = 4;

/// How often a scenario is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Count {
    /// So often.
    Fixed(u32),
    /// Until intervals are narrow.
    Auto,
}

impl FromStr for Count {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "auto" {
            return Ok(Count::Auto);
        }
        let number = text.parse().ok().filter(|n: &u32| (1..=100_000).contains(n));
        number.map(Count::Fixed).ok_or_else(|| "write 1 to 100000, or auto".to_owned())
    }
}

/// A share of a value, like `5%`.
pub(crate) fn share(text: &str) -> Result<f64, String> {
    let share = text.parse::<sim_core::Share>().ok().map(sim_core::Share::value);
    share.filter(|share| *share > 0.0).ok_or_else(|| "write a share above 0, like 5%".to_owned())
}

/// Arguments of every command that plays many runs.
#[derive(Debug, Args)]
pub(crate) struct ManyArgs {
    /// With auto: play until every objective is known to this share of its value or bound
    #[arg(long, value_name = "SHARE", value_parser = share, default_value = "5%")]
    precision: f64,
    /// Threads; what comes out is the same with any number
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
}

/// Plays runs on all cores, under seeds drawn from one.
pub(crate) struct Players {
    pool: ThreadPool,
    seed: u64,
    stop: Arc<AtomicBool>,
    progress: Progress,
}

impl Players {
    /// So many threads, or one per core. `stop` ends all runs.
    pub(crate) fn new(
        threads: Option<usize>,
        seed: u64,
        stop: Arc<AtomicBool>,
        quiet: bool,
    ) -> Result<Self, Failure> {
        let pool = pool(threads)?;
        let progress = Progress::new(!quiet && stderr().is_terminal());
        Ok(Players { pool, seed, stop, progress })
    }

    pub(crate) fn was_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    pub(crate) fn progress(&self) -> &Progress {
        &self.progress
    }

    /// Plays what an experiment asks for; `None` where it was interrupted.
    pub(crate) fn play(&self, wanted: &Wanted) -> Result<Option<Vec<Sample>>, Failure> {
        let runs = wanted.numbers.clone().into_par_iter().with_max_len(1);
        self.pool.install(|| runs.map(|number| self.sample(number, &wanted.plan)).collect())
    }

    fn sample(&self, number: u32, plan: &Arc<Plan>) -> Result<Option<Sample>, Failure> {
        let plan = plan.draw(inputs_key(self.seed, number)).map_err(Failure::usage)?;
        let run = self.one(replication_seed(self.seed, number), &plan)?;
        Ok(run.as_ref().map(Sample::of))
    }

    /// A finished run; `None` where it was interrupted.
    fn one(&self, seed: u64, plan: &Arc<Plan>) -> Result<Option<Run>, Failure> {
        finished(begin(Arc::clone(plan), seed)?, &self.stop).map_err(Failure::usage)
    }
}

/// Variants that are played under the same seeds.
pub(crate) struct Many<'a> {
    args: &'a ManyArgs,
    plans: Vec<Arc<Plan>>,
    players: Players,
}

impl<'a> Many<'a> {
    /// Variants that are played under the same seeds, all drawn from `seed`. `stop` ends it.
    pub(crate) fn new(
        args: &'a ManyArgs,
        plans: Vec<Arc<Plan>>,
        seed: u64,
        stop: Arc<AtomicBool>,
        quiet: bool,
    ) -> Result<Self, Failure> {
        let players = Players::new(args.threads, seed, stop, quiet)?;
        Ok(Many { args, plans, players })
    }

    /// Plays so often, or until it is precise enough; one set of replications per variant. Where it
    /// was interrupted, those that were complete.
    pub(crate) fn play(&mut self, count: Count) -> Result<Vec<Replications>, Failure> {
        let warmup = self.warm_up()?;
        let new =
            |plan: &Arc<Plan>| Replications::new(Arc::clone(plan), CONFIDENCE).warmed_up(warmup);
        let mut sets: Vec<Replications> = self.plans.iter().map(new).collect();
        let done = self.players.pool.install(|| match count {
            Count::Fixed(count) => self.extend(&mut sets, count),
            Count::Auto => self.until_precise(&mut sets),
        });
        self.players.progress.done();
        done.map(|()| sets)
    }

    pub(crate) fn was_stopped(&self) -> bool {
        self.players.was_stopped()
    }

    /// Finds out how long runs take to come into balance, if all are meant to, and leaves that
    /// out of them.
    fn warm_up(&mut self) -> Result<Option<WarmUp>, Failure> {
        if !self.plans.iter().all(|plan| plan.steady) {
            return Ok(None);
        }
        let players = &self.players;
        let seeds: Vec<u64> = (0..PILOTS).map(|index| pilot_seed(players.seed, index)).collect();
        let mut found = Vec::new();
        for plan in &self.plans {
            let played =
                || seeds.par_iter().with_max_len(1).map(|seed| players.one(*seed, plan)).collect();
            let runs: Result<Vec<Option<Run>>, Failure> = players.pool.install(played);
            let mut pilots = Pilots::default();
            for run in runs? {
                // interrupted: nothing will be measured
                let Some(run) = run else { return Ok(None) };
                pilots.add(&run);
            }
            found.push(pilots.warmup());
        }
        let warmup = WarmUp::of(&found);
        for plan in &mut self.plans {
            Arc::make_mut(plan).warmup = warmup.nanos();
        }
        Ok(Some(warmup))
    }

    fn until_precise(&self, sets: &mut [Replications]) -> Result<(), Failure> {
        let (mut count, most) = AUTO;
        loop {
            self.extend(sets, count)?;
            let wanted = self.args.precision;
            let missing = sets.iter().find_map(|set| match set.precision(wanted) {
                Precision::Reached => None,
                Precision::Missing { name, half, needed } => Some((name, half, needed)),
            });
            let Some((name, half, needed)) = missing.filter(|_| !self.was_stopped()) else {
                return Ok(());
            };
            if count >= most || needed.is_none() {
                let (half, wanted) = (figures::percent(half), figures::percent(wanted));
                let more = needed.map_or_else(
                    || "more cannot help, the inputs are not known well enough".to_owned(),
                    |needed| format!("about {} would do", figures::count(needed)),
                );
                talk(&format!(
                    "{count} replications leave \"{name}\" at \u{b1} {half}, not {wanted}; {more}\n"
                ));
                return Ok(());
            }
            let needed = needed.unwrap_or_default();
            let next = (f64::from(count) * GROWTH) as u64;
            count = next.max(needed.min(3 * next)).min(u64::from(most)) as u32;
        }
    }

    /// Plays on until there are so many of each.
    fn extend(&self, sets: &mut [Replications], count: u32) -> Result<(), Failure> {
        let runs = rayon::current_num_threads() * HELD;
        let step = runs.div_ceil(sets.len()).max(1) as u32;
        while sets[0].len() < count && !self.was_stopped() {
            let from = sets[0].len();
            let to = count.min(from + step);
            let jobs: Vec<(u32, &Arc<Plan>)> =
                (from..to).flat_map(|run| self.plans.iter().map(move |plan| (run, plan))).collect();
            let played: Result<Vec<Option<Sample>>, Failure> = jobs
                .into_par_iter()
                .with_max_len(1)
                .map(|(number, plan)| self.players.sample(number, plan))
                .collect();
            // only whole rows: every variant must have met the same luck
            let mut samples = played?.into_iter();
            for _ in from..to {
                let row: Option<Vec<Sample>> = samples.by_ref().take(sets.len()).collect();
                let Some(row) = row else { return Ok(()) };
                sets.iter_mut().zip(row).for_each(|(set, sample)| set.add(sample));
            }
            self.players.progress.count(sets[0].len(), count);
        }
        Ok(())
    }
}

/// A run at its beginning.
pub(crate) fn begin(plan: Arc<Plan>, seed: u64) -> Result<Run, Failure> {
    Run::new(plan, seed).map_err(|(part, flaw)| {
        let path = format!("part {part}, {}", flaw.path);
        Failure::usage(format!("{path}: {} ({})", flaw.message, flaw.remedy))
    })
}

/// So many threads, or one per core.
pub(crate) fn pool(threads: Option<usize>) -> Result<ThreadPool, Failure> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.unwrap_or(0)).build();
    pool.map_err(|error| Failure::internal(error.to_string()))
}

/// The same run at its end; `None` where it was stopped.
///
/// # Errors
/// A sentence where messages go round in it without end.
pub(crate) fn finished(mut run: Run, stop: &AtomicBool) -> Result<Option<Run>, String> {
    while !run.is_over() {
        if stop.load(Ordering::Relaxed) {
            return Ok(None);
        }
        if let Advanced::Circling(node) = run.advance(u64::MAX, SLICE) {
            return Err(run.circling(node));
        }
    }
    match run.plan().trouble() {
        Some(why) => Err(why),
        None => Ok(Some(run)),
    }
}

/// It was interrupted before there was anything to report.
pub(crate) fn nothing_yet() -> Exit {
    talk("interrupted before the first replication was complete\n");
    Exit::Interrupted
}
