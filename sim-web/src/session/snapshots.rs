//! Snapshots of a run, kept within a budget: who goes back plays only what lies after the nearest.

use std::rc::Rc;
use std::sync::Arc;

use sim_core::{Plan, Run};

/// Snapshots of a run that is played once from beginning to end, where they fit the budget.
const PARTS: u64 = 32;
/// Bytes of all snapshots together; beyond them every other one is dropped.
const BUDGET: usize = 32 << 20;
/// Requests alive in a run beyond which to write it down would stop it for too long.
const ALIVE_MAX: u64 = 50_000;

/// A run as it stood at a time.
#[derive(Clone)]
pub(super) struct Snapshot {
    /// When, ns.
    pub(super) at: u64,
    plan: Arc<Plan>,
    /// The run, as [`Run::snapshot`] writes it.
    pub(super) bytes: Rc<[u8]>,
}

/// The snapshots of a run, in order of time.
#[derive(Clone)]
pub(super) struct Snapshots {
    all: Vec<Snapshot>,
    /// Time between two, ns.
    apart: u64,
}

impl Snapshots {
    /// None yet of a run that lasts so long, ns.
    pub(super) fn new(duration: u64) -> Self {
        Snapshots { all: Vec::new(), apart: (duration / PARTS).max(1) }
    }

    /// Keeps the run as it stands, if it is far enough from the last snapshot and can be written
    /// quickly. Hands back what is new.
    pub(super) fn offer(&mut self, run: &Run, plan: &Arc<Plan>) -> Option<&Snapshot> {
        let last = self.all.last().map_or(0, |snapshot| snapshot.at);
        if run.now() < last + self.apart || run.is_over() || run.ledger().alive > ALIVE_MAX {
            return None;
        }
        let bytes = run.snapshot().ok()?.into();
        self.all.push(Snapshot { at: run.now(), plan: Arc::clone(plan), bytes });
        while self.size() > BUDGET {
            self.thin();
        }
        self.all.last().filter(|snapshot| snapshot.at == run.now())
    }

    /// A run of a plan at the latest snapshot up to a time, ns; `None` where it is to be played
    /// from the beginning. Snapshots that do not fit the plan are dropped.
    pub(super) fn resume(&mut self, plan: &Arc<Plan>, at: u64) -> Option<Run> {
        loop {
            let index = self.all.partition_point(|snapshot| snapshot.at <= at).checked_sub(1)?;
            let Snapshot { plan: own, bytes, .. } = &self.all[index];
            if let Some(run) = resume(own, bytes, plan) {
                return Some(run);
            }
            self.all.remove(index);
        }
    }

    /// Forgets what was not before a time, ns: from there on the run is another one.
    pub(super) fn forget_from(&mut self, at: u64) {
        self.all.retain(|snapshot| snapshot.at < at);
    }

    fn size(&self) -> usize {
        self.all.iter().map(|snapshot| snapshot.bytes.len()).sum()
    }

    /// Drops every other one: the newest stays, unless it is alone.
    fn thin(&mut self) {
        let alone = self.all.len() == 1;
        let mut after = self.all.len();
        self.all.retain(|_| {
            after -= 1;
            after.is_multiple_of(2) && !alone
        });
        self.apart *= 2;
    }
}

/// A run of `own` as it was written down, going on under another plan; `None` if they had parted
/// before, or the bytes are none of its.
pub(super) fn resume(own: &Arc<Plan>, bytes: &[u8], plan: &Arc<Plan>) -> Option<Run> {
    let mut run = Run::resume(Arc::clone(own), bytes).ok()?;
    run.amend(Arc::clone(plan)).then_some(run)
}

#[cfg(test)]
mod tests {
    use sim_core::{NoFiles, read};

    use super::*;
    use crate::session::tests::text;

    fn begun() -> (Arc<Plan>, Run) {
        let name = "four-workers-forty-rps";
        let plan = Arc::new(read(name, &text(name), &[], &NoFiles).plan.unwrap());
        let run = Run::new(Arc::clone(&plan), plan.seed).unwrap();
        (plan, run)
    }

    #[test]
    fn the_nearest_snapshot_goes_on_as_the_same_run() {
        let (plan, mut run) = begun();
        let mut kept = Snapshots::new(plan.duration);
        assert!(kept.resume(&plan, plan.duration).is_none());
        for part in 1..=40 {
            run.advance(plan.duration / 40 * part, u64::MAX);
            kept.offer(&run, &plan);
        }
        run.finish();
        let times: Vec<u64> = kept.all.iter().map(|snapshot| snapshot.at).collect();
        assert!((16..=32).contains(&times.len()), "{times:?}");
        let at = plan.duration / 2;
        let mut again = kept.resume(&plan, at).unwrap();
        assert!(again.now() <= at && again.now() + plan.duration / 16 > at, "{}", again.now());
        again.finish();
        assert_eq!(again.digest(), run.digest());
        kept.forget_from(at);
        assert!(kept.all.iter().all(|snapshot| snapshot.at < at) && !kept.all.is_empty());
    }

    #[test]
    fn a_budget_is_kept_by_dropping_every_other_one() {
        let (plan, mut run) = begun();
        let mut kept = Snapshots::new(plan.duration);
        run.advance(plan.duration / 4, u64::MAX);
        let large: Rc<[u8]> = vec![0; BUDGET / 4].into();
        for at in 1..=4 {
            let own = Arc::clone(&plan);
            kept.all.push(Snapshot { at, plan: own, bytes: Rc::clone(&large) });
        }
        let apart = kept.apart;
        assert!(kept.offer(&run, &plan).is_some());
        let times: Vec<u64> = kept.all.iter().map(|snapshot| snapshot.at).collect();
        assert_eq!((times, kept.apart), (vec![1, 3, run.now()], 2 * apart));
        assert!(kept.size() <= BUDGET);
    }
}
