//! Points and their replications over threads.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

use rayon::prelude::*;
use sim_core::{
    CONFIDENCE, Files, Plan, Point, PointRecord, Reading, Replications, Sample, Sweep, inputs_key,
    render_all, replication_seed,
};

use crate::exit::Failure;
use crate::many::{begin, finished, pool};
use crate::output::talk;

/// Plays points of a sweep.
pub(crate) struct Runner<'a> {
    pub(crate) sweep: &'a Sweep,
    pub(crate) files: &'a (dyn Files + Sync),
    pub(crate) stop: Arc<AtomicBool>,
}

/// A point while it is played.
struct Slot<'a> {
    point: &'a Point,
    plan: OnceLock<Option<Arc<Plan>>>,
    /// By the number of the replication.
    samples: Mutex<(usize, Vec<Option<Sample>>)>,
}

impl Runner<'_> {
    /// Plays these points with so many threads, or one per core, and hands each record on as it is
    /// finished to `keep`, which runs on a thread of its own and may end it.
    pub(crate) fn play(
        &self,
        points: &[&Point],
        threads: Option<usize>,
        mut keep: impl FnMut(Vec<PointRecord>) -> Result<(), Failure> + Send,
    ) -> Result<(), Failure> {
        let pool = pool(threads)?;
        let slots: Vec<Slot<'_>> = points.iter().map(|point| Slot::new(point)).collect();
        let next = AtomicUsize::new(0);
        let (sender, receiver) = channel();
        std::thread::scope(|scope| {
            // records are written beside the simulation: a slow disk does not hold it up
            let writer = scope.spawn(move || {
                let kept = keep_all(&receiver, &mut keep);
                if kept.is_err() {
                    self.stop.store(true, Ordering::Relaxed);
                }
                kept
            });
            let played = pool.broadcast(|_| self.work(&slots, &next, &sender.clone()));
            drop(sender);
            let kept = writer.join().unwrap_or_else(|_| Err(Failure::internal("")));
            kept.and(played.into_iter().collect())
        })
    }

    /// One thread: the next replication that nobody plays, until there is none.
    fn work(
        &self,
        slots: &[Slot<'_>],
        next: &AtomicUsize,
        sender: &Sender<PointRecord>,
    ) -> Result<(), Failure> {
        let each = self.sweep.replications as usize;
        while !self.stop.load(Ordering::Relaxed) {
            let job = next.fetch_add(1, Ordering::Relaxed);
            let Some(slot) = slots.get(job / each) else { break };
            let done = self.one(slot, (job % each) as u32);
            match done {
                // nobody listens only where the writer has failed, which tells why
                Ok(Some(record)) => drop(sender.send(record)),
                Ok(None) => {}
                Err(failure) => {
                    self.stop.store(true, Ordering::Relaxed);
                    return Err(failure);
                }
            }
        }
        Ok(())
    }

    /// Plays one replication of a point; the record, if it was the point's last.
    fn one(&self, slot: &Slot<'_>, number: u32) -> Result<Option<PointRecord>, Failure> {
        let plan = slot
            .plan
            .get_or_init(|| self.sweep.scenario_at(slot.point, self.files).plan.map(Arc::new));
        let Some(plan) = plan else {
            let id = slot.point.id;
            return Err(Failure::internal(format!("point {id} cannot be read any more")));
        };
        let seed = self.sweep.seed;
        let drawn = plan.draw(inputs_key(seed, number)).map_err(Failure::usage)?;
        let run = begin(drawn, replication_seed(seed, number))?;
        let at = |why: String| Failure::usage(format!("point {}: {why}", slot.point.id));
        let Some(run) = finished(run, &self.stop).map_err(at)? else { return Ok(None) };
        let sample = Sample::without_course(&run);
        let mut samples = slot.samples();
        samples.1.resize_with(self.sweep.replications as usize, || None);
        samples.1[number as usize] = Some(sample);
        samples.0 += 1;
        if samples.0 < samples.1.len() {
            return Ok(None);
        }
        let all = std::mem::take(&mut samples.1);
        drop(samples);
        let mut set = Replications::new(Arc::clone(plan), CONFIDENCE);
        all.into_iter().flatten().for_each(|sample| set.add(sample));
        Ok(Some(PointRecord::of(slot.point, &set)))
    }
}

impl<'a> Slot<'a> {
    fn new(point: &'a Point) -> Self {
        Slot { point, plan: OnceLock::new(), samples: Mutex::new((0, Vec::new())) }
    }

    fn samples(&self) -> MutexGuard<'_, (usize, Vec<Option<Sample>>)> {
        self.samples.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Hands on what is there, all at once: many short points share one write.
fn keep_all(
    receiver: &Receiver<PointRecord>,
    keep: &mut impl FnMut(Vec<PointRecord>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    while let Ok(first) = receiver.recv() {
        let mut all = vec![first];
        all.extend(receiver.try_iter());
        keep(all)?;
    }
    Ok(())
}

/// Reads the scenario at every point before any is played, so that a mistake in the last one is
/// not found out after hours.
pub(crate) fn check_points(
    sweep: &Sweep,
    files: &(dyn Files + Sync),
    color: bool,
) -> Result<(), Failure> {
    let wrong = |point: &&Point| sweep.scenario_at(point, files).plan.is_none();
    let Some(first) = sweep.points.par_iter().find_first(wrong) else { return Ok(()) };
    let Reading { problems, sources, .. } = sweep.scenario_at(first, files);
    talk(&render_all(&problems, &sources, color));
    let codes = problems.iter().next().map_or("", |problem| problem.code.as_str());
    let at = first.overrides.join(", ");
    talk(&format!(
        "\npoint {} ({at}) cannot be played; busyhour explain {codes} says more\n",
        first.id
    ));
    Err(Failure::said())
}
