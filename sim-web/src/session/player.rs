//! A run and how it is played: towards a goal, in slices, with what the page knows of it.

use std::rc::Rc;
use std::sync::Arc;

use serde_json::Value;
use sim_core::{Advanced, Plan, Report, Run};

use super::pace::{Goal, Pace};
use super::snapshots::{self, Snapshot, Snapshots};
use super::source::{self, Source};
use crate::protocol::{Answer, Doing, Format, Progress, Resume, Speed};
use crate::rows::Layout;

/// How long a slice may take, ms: after it the worker looks for messages.
const SLICE_MS: f64 = 8.0;
/// Events between two looks at the clock.
const EVENTS: u64 = 5_000;
/// Time between two answers about how far it is, ms: what a page can draw.
const NEWS_MS: f64 = 66.0;
/// Time between two snapshots for the page, ms.
const SAVE_MS: f64 = 2_000.0;
/// Bytes of a snapshot for the page at most.
const SAVE_MAX: usize = 8 << 20;

/// A run, how it is played and what the page knows of it.
pub(super) struct Player {
    pub(super) run: Run,
    plan: Arc<Plan>,
    pub(super) source: Source,
    layout: Layout,
    pub(super) goal: Goal,
    /// Where it was before it was set back, ns: it hurries there before it does anything else.
    hurry: Option<u64>,
    pub(super) pace: Pace,
    known: Known,
    snapshots: Snapshots,
    fresh: Option<Snapshot>,
}

/// What the page has been told.
#[derive(Default)]
struct Known {
    frames: usize,
    moments: usize,
    at_ms: f64,
    finished: bool,
    saved_ms: f64,
}

impl Player {
    /// Reads a scenario and stands at its beginning.
    pub(super) fn load(
        name: &str,
        text: &str,
        seed: Option<u64>,
    ) -> Result<(Self, Answer), Answer> {
        let source = Source::new(name, text);
        let (plan, notes) = source.read().map_err(Answer::Problems)?;
        let seed = seed.unwrap_or(plan.seed);
        let parts = source::parts(&plan);
        let run = begin(&plan, seed)?;
        let report = Report::of(&run).brief();
        let player = Player {
            run,
            source,
            layout: Layout::of(&report),
            goal: Goal::Stand,
            hurry: None,
            pace: Pace::default(),
            known: Known::default(),
            snapshots: Snapshots::new(plan.duration),
            fresh: None,
            plan,
        };
        Ok((player, Answer::Loaded(Box::new(report), parts, notes)))
    }

    /// A second run with the same past up to a time, ns, and the same future: it stands there, or
    /// is on its way.
    pub(super) fn fork(&self, at: u64, now_ms: f64) -> Result<Self, Answer> {
        let mut fork = Player {
            run: self.run.clone(),
            plan: Arc::clone(&self.plan),
            source: self.source.clone(),
            layout: self.layout.clone(),
            goal: Goal::Stand,
            hurry: None,
            pace: Pace::default(),
            known: Known::default(),
            snapshots: self.snapshots.clone(),
            fresh: None,
        };
        fork.reach(at, now_ms)?;
        Ok(fork)
    }

    /// Whether it has anything to do.
    pub(super) fn busy(&self) -> bool {
        self.goal != Goal::Stand || self.hurry.is_some()
    }

    /// Lets it go for a goal from now on.
    pub(super) fn set(&mut self, goal: Goal, now_ms: f64) {
        self.goal = if self.run.is_over() { Goal::Stand } else { goal };
        let ratio = match self.goal {
            Goal::Play(Speed::Ratio(ratio)) => Some(ratio),
            _ => None,
        };
        self.pace = Pace::from(self.run.now(), now_ms, ratio);
    }

    /// Stands still, on the way to where it was, too.
    pub(super) fn stand(&mut self, now_ms: f64) {
        self.hurry = None;
        self.set(Goal::Stand, now_ms);
    }

    /// Goes to a time, ns.
    pub(super) fn reach(&mut self, at: u64, now_ms: f64) -> Result<(), Answer> {
        self.hurry = None;
        if at < self.run.now() {
            self.back_to(at)?;
        }
        self.set(Goal::Reach(at), now_ms);
        Ok(())
    }

    /// Back to the latest snapshot of what is played now that is not after a time, ns.
    fn back_to(&mut self, at: u64) -> Result<(), Answer> {
        self.run = match self.snapshots.resume(&self.plan, at) {
            Some(run) => run,
            None => begin(&self.plan, self.run.seed())?,
        };
        let Known { at_ms, saved_ms, .. } = self.known;
        self.known = Known { at_ms, saved_ms, ..Known::default() };
        Ok(())
    }

    /// Where it is, or will be once it has caught up: what is changed on the way is changed there.
    fn bound_for(&self) -> u64 {
        let there = match self.goal {
            Goal::Reach(at) => Some(at),
            _ => None,
        };
        self.hurry.or(there).unwrap_or_default().max(self.run.now())
    }

    /// Whether it is at its end, or on the way there: nothing can be changed then.
    pub(super) fn ends(&self) -> bool {
        self.bound_for() >= self.plan.duration
    }

    /// All changes and one at a time (ns), if a run can have them.
    pub(super) fn changed_at(&self, event: &Value, at: u64) -> Result<Vec<Value>, Answer> {
        let (changed, event) = self.source.with(event, at);
        match changed.read() {
            Ok(_) => Ok(changed.changes().to_vec()),
            Err(notes) => Err(Answer::Refused(Some(event), notes)),
        }
    }

    /// Changes the run now. Where the change needs instances that the run was not made with, it
    /// plays again from before to where it was, as the same run.
    pub(super) fn intervene(&mut self, event: &Value, now_ms: f64) -> Vec<Answer> {
        let now = self.bound_for();
        let (changed, event) = self.source.with(event, now + 1);
        let plan = match changed.read() {
            Ok((plan, _)) => plan,
            Err(notes) => return vec![Answer::Refused(Some(event), notes)],
        };
        (self.source, self.plan) = (changed, plan);
        self.snapshots.forget_from(now + 1);
        // before anything was played, nothing has happened that could be left out
        if now == 0 || !self.run.amend(Arc::clone(&self.plan)) {
            if let Err(answer) = self.back_to(now) {
                return vec![answer];
            }
            self.hurry = (now > self.run.now()).then_some(now);
            self.set(self.goal, now_ms);
        }
        vec![Answer::Intervened(event), Answer::Progress(self.progress())]
    }

    /// Lets these changes be all, and stands before the first that differs.
    pub(super) fn amend(&mut self, changes: Vec<Value>, now_ms: f64) -> Vec<Answer> {
        let changed = self.source.changed(changes);
        let plan = match changed.read() {
            Ok((plan, _)) => plan,
            Err(notes) => return vec![Answer::Refused(None, notes)],
        };
        let parts = parting(&self.plan, &plan);
        (self.source, self.plan) = (changed, plan);
        self.snapshots.forget_from(parts);
        let before = parts.saturating_sub(1).min(self.run.now());
        if let Err(answer) = self.back_to(before) {
            return vec![answer];
        }
        self.stand(now_ms);
        let mut answers = vec![Answer::Changed(self.source.changes().to_vec())];
        answers.extend(self.news(now_ms, true));
        answers
    }

    /// Takes over what a worker before this one has left behind.
    pub(super) fn take_over(&mut self, left: Resume, now_ms: f64) -> Vec<Answer> {
        let then = self.source.changed(left.before).read();
        let changed = self.source.changed(left.changes);
        let plan = match changed.read() {
            Ok((plan, _)) => plan,
            Err(notes) => return vec![Answer::Refused(None, notes)],
        };
        let kept = then.ok().and_then(|(then, _)| snapshots::resume(&then, &left.snapshot, &plan));
        (self.source, self.plan) = (changed, plan);
        self.run = match kept.map_or_else(|| begin(&self.plan, self.run.seed()), Ok) {
            Ok(run) => run,
            Err(answer) => return vec![answer],
        };
        self.hurry = (left.at > self.run.now()).then_some(left.at);
        let mut answers = vec![Answer::Changed(self.source.changes().to_vec())];
        answers.extend(self.news(now_ms, true));
        answers
    }

    /// Lets time pass for a slice.
    pub(super) fn slice(
        &mut self,
        began: f64,
        clock: &mut dyn FnMut() -> f64,
    ) -> Result<(), Answer> {
        let mut now_ms = began;
        let target = self.pace.target(began);
        while now_ms - began < SLICE_MS {
            let until = match (self.hurry, self.goal) {
                (Some(at), _) => at,
                (None, Goal::Stand) => break,
                (None, Goal::Play(_)) => target,
                (None, Goal::Reach(at)) => at,
                (None, Goal::Note(_)) => self.run.frames().ends(),
            };
            let advanced = self.run.advance(until, EVENTS);
            if let Advanced::Circling(node) = advanced {
                return Err(Answer::Failed(self.run.circling(node)));
            }
            now_ms = clock();
            if let Some(fresh) = self.snapshots.offer(&self.run, &self.plan) {
                self.fresh = Some(fresh.clone());
            }
            if self.hurry.is_some() {
                self.arrive(now_ms);
                continue;
            }
            if self.goal.reached(&self.run) {
                self.goal = Goal::Stand;
            }
            if advanced == Advanced::Reached && matches!(self.goal, Goal::Play(_)) {
                break;
            }
        }
        self.pace.lag(self.run.now(), now_ms);
        Ok(())
    }

    /// Where it is back to where it was, it goes on with what it did.
    fn arrive(&mut self, now_ms: f64) {
        if self.hurry.is_some_and(|at| self.run.now() >= at) || self.run.is_over() {
            self.hurry = None;
            self.set(self.goal, now_ms);
        }
    }

    /// How far it is.
    pub(super) fn progress(&self) -> Progress {
        let doing = match self.goal {
            _ if self.hurry.is_some() => Doing::Seeking,
            _ if self.run.is_over() => Doing::Finished,
            Goal::Stand => Doing::Paused,
            Goal::Play(_) => Doing::Playing,
            Goal::Reach(_) | Goal::Note(_) => Doing::Seeking,
        };
        let ratio = (doing == Doing::Playing).then(|| self.pace.ratio()).flatten();
        Progress { now: self.run.now(), events: self.run.events(), ratio, doing }
    }

    /// What is new, unless the page was told a moment ago and can wait. On the way to where it
    /// was, nothing is.
    pub(super) fn news(&mut self, now_ms: f64, must: bool) -> Vec<Answer> {
        if !must && now_ms - self.known.at_ms < NEWS_MS {
            return Vec::new();
        }
        self.known.at_ms = now_ms;
        if self.hurry.is_some() {
            return vec![Answer::Progress(self.progress())];
        }
        self.pace.measure(self.run.now(), now_ms);
        let news = sim_core::News::of(&self.run, self.known.frames, self.known.moments);
        let mut answers = Vec::new();
        if !news.frames.is_empty() {
            let mut rows = Vec::with_capacity(news.frames.len() * self.layout.width());
            for (frame, latencies) in news.frames.iter().zip(&news.latencies) {
                self.layout.push(frame, latencies, &mut rows);
            }
            answers.push(Answer::Frames { first: news.first as u32, rows });
        }
        self.known.frames = news.first + news.frames.len();
        if !news.moments.is_empty() {
            let first = self.known.moments as u32;
            self.known.moments += news.moments.len();
            answers.push(Answer::Happened { first, moments: news.moments });
        }
        if self.run.is_over() && !self.known.finished {
            self.known.finished = true;
            answers.push(Answer::Finished(Box::new(Report::of(&self.run).brief())));
        }
        answers.push(Answer::Progress(self.progress()));
        answers
    }

    /// A snapshot for the page, now and then.
    pub(super) fn save(&mut self, now_ms: f64) -> Option<Answer> {
        let Snapshot { at, bytes, .. } = self.fresh.take()?;
        let due = self.known.saved_ms == 0.0 || now_ms - self.known.saved_ms >= SAVE_MS;
        if !due || bytes.len() > SAVE_MAX {
            return None;
        }
        self.known.saved_ms = now_ms;
        Some(Answer::Snapshot { at, bytes: Rc::as_ref(&bytes).to_vec() })
    }

    /// The report in a form.
    pub(super) fn write(&self, format: Format) -> Answer {
        let mut report = Report::of(&self.run);
        report.command = Some(repeat(&report)).filter(|_| format == Format::Html);
        let text = match format {
            Format::Html => Ok(report.to_html()),
            Format::Json => report.to_json(),
            Format::Csv => Ok(report.to_csv()),
        };
        text.map_or_else(Answer::Failed, |text| Answer::Written(format, text))
    }
}

pub(super) fn begin(plan: &Arc<Plan>, seed: u64) -> Result<Run, Answer> {
    Run::new(Arc::clone(plan), seed).map_err(|(_, flaw)| {
        let name = &plan.name;
        Answer::Failed(format!("{name} cannot be built: {}; {}", flaw.message, flaw.remedy))
    })
}

/// When the first thing happens that two plans do not share, ns.
fn parting(one: &Plan, other: &Plan) -> u64 {
    let pairs = one.events.iter().zip(&other.events);
    let shared = pairs.take_while(|(one, other)| one == other).count();
    let next = |plan: &Plan| plan.events.get(shared).map_or(u64::MAX, |event| event.at);
    next(one).min(next(other))
}

/// The command that repeats the run from the file that the page saves.
fn repeat(report: &Report) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    let name: String = report.name.chars().map(plain).collect();
    let seed = report.seed;
    format!("busyhour run ./{name}.yaml --seed {seed}   # the scenario as the page saves it")
}
