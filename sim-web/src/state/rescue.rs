//! What the page keeps for the day its worker ends: the way back to where the run was.

use std::rc::Rc;

use serde_json::Value;
use sim_core::figures::at;

use super::{Effect, Stage, State};
use crate::protocol::{Answer, Command, Resume, Speed};

/// Ticks (of a second each) without a word from a worker that should have said something, after
/// which it counts as gone.
const SILENT: u32 = 8;

/// The way back.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rescue {
    /// What was loaded: name, text and seed.
    loaded: Option<(String, String, Option<u64>)>,
    saved: Option<Saved>,
    /// Whether an answer is due.
    waiting: bool,
    /// Ticks since the last answer.
    silent: u32,
    /// How it goes on once it is back.
    goes_on: Option<(Speed, bool)>,
}

/// The last snapshot.
#[derive(Clone, Debug, PartialEq)]
struct Saved {
    at: u64,
    bytes: Rc<Vec<u8>>,
    /// What had been changed by then.
    changes: Vec<Value>,
}

/// From where a run goes on after its worker ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From where it was, or the last snapshot before.
    Snapshot,
    /// From its beginning, with what was changed.
    Beginning,
}

impl Rescue {
    /// Notes what is asked of the worker.
    pub(super) fn asks(&mut self, effects: &[Effect]) {
        for effect in effects {
            match effect {
                Effect::NewWorker => (self.waiting, self.silent) = (false, 0),
                Effect::Send(Command::Load { name, text, seed }) => {
                    self.loaded = Some((name.clone(), text.clone(), *seed));
                    self.saved = None;
                    self.waiting = true;
                }
                Effect::Send(Command::Stop) => self.waiting = false,
                Effect::Send(
                    Command::Play(_)
                    | Command::Pause
                    | Command::Step
                    | Command::SeekTo(_)
                    | Command::Intervene(_)
                    | Command::Amend(_)
                    | Command::Resume(_)
                    | Command::Fork(_)
                    | Command::Keep(_),
                ) => self.waiting = true,
                _ => {}
            }
        }
    }

    /// Notes what the worker says of a run with these changes.
    pub(super) fn hears(&mut self, answer: &mut Answer, changes: &[Value]) {
        (self.waiting, self.silent) = (false, 0);
        match answer {
            Answer::Snapshot { at, bytes } => {
                let bytes = Rc::new(std::mem::take(bytes));
                self.saved = Some(Saved { at: *at, bytes, changes: changes.to_vec() });
            }
            // a change before the snapshot makes it one of another run
            Answer::Intervened(event) => {
                let at = super::changes::at_ns(event).unwrap_or(0);
                self.saved.take_if(|saved| saved.at >= at);
            }
            Answer::Changed(_) | Answer::Forked(_) | Answer::Kept(_) => self.saved = None,
            _ => {}
        }
    }
}

impl State {
    /// A second has passed.
    pub(super) fn tick(&mut self) {
        let due = self.rescue.waiting || self.going();
        if !due || !matches!(self.stage, Stage::Running | Stage::Loading) {
            self.rescue.silent = 0;
            return;
        }
        self.rescue.silent += 1;
        if self.rescue.silent >= SILENT {
            self.rescue.silent = 0;
            self.stage = Stage::Failed(
                "The simulation's worker does not answer any more: the browser may have ended it."
                    .to_owned(),
            );
        }
    }

    /// What going on after a failure would begin with, in words; `None` where there was no run.
    #[must_use]
    pub fn way_back(&self) -> Option<String> {
        self.course.report.as_ref()?;
        let saved = self.rescue.saved.as_ref().map(|saved| saved.at);
        Some(match saved {
            Some(saved) => {
                format!("Go on from the last snapshot, {}", at(saved as f64 / 1e9))
            }
            None => format!("Go on from {}", at(self.course.progress.now as f64 / 1e9)),
        })
    }

    /// Starts a new worker that goes on with the run.
    pub(super) fn recover(&mut self, way: Way) -> Vec<Effect> {
        let Some((name, text, seed)) = self.rescue.loaded.clone() else { return Vec::new() };
        let changes = self.course.changes.clone();
        let mut resume = Resume { name, text, seed, changes, ..Resume::default() };
        if way == Way::Snapshot {
            resume.at = self.course.progress.now;
            if let Some(saved) = &self.rescue.saved {
                resume.at = saved.at;
                resume.before.clone_from(&saved.changes);
                resume.snapshot = saved.bytes.to_vec();
            }
        }
        self.rescue.goes_on = Some((self.speed, self.going()));
        self.clear(Stage::Loading);
        vec![Effect::NewWorker, Effect::Send(Command::Resume(Box::new(resume)))]
    }

    /// How a run that was just loaded goes on where another worker ended.
    pub(super) fn goes_on(&mut self) -> Option<(Speed, bool)> {
        self.rescue.goes_on.take()
    }
}
