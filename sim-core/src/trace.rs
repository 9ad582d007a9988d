//! Why requests took as long as they did: chosen ones are played a second time, and recorded.
//!
//! The first play is the one that is reported; it only notes which requests ended when. The second
//! one, of the same plan and seed, is the same run event by event, and this time somebody looks on.
//! So a run that nobody traces pays nothing, and a trace needs memory for the chosen requests only.

mod chrome;
mod critical;
mod names;
mod otlp;
mod pick;
mod scout;
mod spans;
mod why;

use std::collections::BTreeSet;

use self::critical::critical_path;
use self::names::Names;
pub use self::pick::{Pick, TRACED_MAX};
use self::scout::{Found, Scout};
use self::spans::{Span, spans};
use crate::engine::record::{End, Identity, Record, Recorder};
use crate::engine::time::Nanos;
use crate::report::{Traced, Why};
use crate::run::{Advanced, Run};

/// The first play: looks for the requests that are worth recording.
#[derive(Clone, Debug)]
pub struct Tracing {
    pick: Pick,
    scout: Scout,
}

impl Tracing {
    /// Begins with a run that has not begun.
    #[must_use]
    pub fn new(pick: Pick, run: &mut Run) -> Self {
        run.keep_ends();
        Tracing { pick, scout: Scout::new(pick) }
    }

    /// Takes note of the requests that have ended since the last time: often enough, because the
    /// run keeps them until then.
    pub fn collect(&mut self, run: &mut Run) {
        let warmup = run.plan().warmup;
        let measured = run.take_ends().into_iter().filter(|end| end.ended >= warmup);
        measured.for_each(|end| self.scout.heed(end));
    }

    /// The second play of a run, from its beginning to where it has come.
    ///
    /// # Errors
    /// A sentence if the run cannot be built again.
    pub fn replay(mut self, run: &mut Run) -> Result<Replay, String> {
        self.collect(run);
        let pace = run.events() as f64 / run.now().max(1) as f64;
        let found = self.scout.found(pace);
        let sets = [&found.picked, &found.everybody.sample, &found.slowest.sample];
        let wanted = sets.into_iter().flatten().map(End::identity).collect();
        let again = Run::new(run.shared_plan(), run.seed())
            .map_err(|(_, flaw)| format!("{}: {}", flaw.message, flaw.remedy))?;
        Ok(Replay {
            until: run.now(),
            digest: run.digest(),
            run: again,
            recorder: Recorder::new(wanted),
            pick: self.pick,
            found,
        })
    }
}

/// The second play: the same run, with somebody who looks on.
#[derive(Clone, Debug)]
pub struct Replay {
    run: Run,
    recorder: Recorder,
    until: Nanos,
    digest: u64,
    pick: Pick,
    found: Found,
}

impl Replay {
    /// The run as far as it has come.
    #[must_use]
    pub fn run(&self) -> &Run {
        &self.run
    }

    /// Lets time pass, handling at most about `budget` events.
    pub fn advance(&mut self, budget: u64) -> Advanced {
        self.run.advance_watched(self.until, budget, &mut self.recorder)
    }

    /// Whether it has come as far as the first play.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.run.now() >= self.until
    }

    /// What was recorded.
    ///
    /// # Errors
    /// A sentence if the second play was not the first one again.
    pub fn trace(self) -> Result<Trace, String> {
        let digest = self.run.digest();
        if self.is_over() && digest != self.digest {
            return Err(format!(
                "the second play is another run: its digest is {digest:016x}, not {:016x}",
                self.digest
            ));
        }
        let names = Names::of(&self.run);
        let records = self.recorder.records();
        let why = why::why(&self.found, &records, &names);
        let picked: Vec<Identity> = self.found.picked.iter().map(End::identity).collect();
        let is_picked: BTreeSet<Identity> = picked.iter().copied().collect();
        let mut requests: Vec<Request> = records
            .into_iter()
            .filter(|record| is_picked.contains(&record.end.identity()))
            .map(Request::of)
            .collect();
        requests.sort_by_key(|request| {
            picked.iter().position(|&identity| identity == request.end.identity())
        });
        let (asked, traced) = (self.found.asked, requests.len() as u64);
        let slowest = requests.iter().max_by_key(|request| request.end.latency());
        let example = slowest.map(|request| names.traced(request));
        let pick = self.pick.to_string();
        let (everybody, slowest) = why;
        let why = Why { pick, asked, traced, everybody, slowest, example };
        Ok(Trace { why, requests, names, seed: self.run.seed() })
    }
}

/// A traced request.
#[derive(Clone, Debug)]
struct Request {
    end: End,
    spans: Vec<Span>,
}

impl Request {
    fn of(record: Record) -> Self {
        let path = critical_path(&record);
        Request { end: record.end, spans: spans(&record, &path) }
    }
}

/// What was recorded of the requests that were asked for, and what their time was spent on.
#[derive(Clone, Debug)]
pub struct Trace {
    why: Why,
    requests: Vec<Request>,
    names: Names,
    seed: u64,
}

impl Trace {
    /// What the time of the slowest requests was spent on, for a report.
    #[must_use]
    pub fn why(&self) -> &Why {
        &self.why
    }

    /// Every traced request, step by step.
    #[must_use]
    pub fn requests(&self) -> Vec<Traced> {
        self.requests.iter().map(|request| self.names.traced(request)).collect()
    }

    /// The requests as trees, for people.
    #[must_use]
    pub fn to_text(&self) -> String {
        let all = self.requests().into_iter().enumerate();
        let trees = all.map(|(index, traced)| {
            format!(
                "Request {} of {}: {}",
                index + 1,
                self.requests.len(),
                traced.tree((usize::MAX / 4, 0))
            )
        });
        format!("{}\n\n{}", self.why.traced_said(), trees.collect::<Vec<_>>().join("\n"))
    }
}
