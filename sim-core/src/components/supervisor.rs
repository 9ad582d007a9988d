//! A process supervisor like supervisord: it starts programs, and starts them again when they die.
//!
//! A program that dies within `startsecs` is tried again after 1, 2, 3 ... s, at most
//! `startretries` times; then it is FATAL and stays down until somebody starts it. One that ran
//! longer is started again at the next pass of the main loop, every time: it can crash for ever.

mod autorestart;
mod spec;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use self::autorestart::Autorestart;
pub use self::spec::SupervisorSpec;
use super::{Clock, Component, Limits, Survey};
use crate::engine::agenda::Timer;
use crate::engine::kernel::{Behaviour, Cx, Note};
use crate::engine::meter::Counter;
use crate::engine::request::{Cause, Outcome, ReqId};
use crate::engine::time::{Nanos, SECOND};
use crate::units::Duration;
use crate::wiring::{Flaw, Site};

const STARTSECS: Duration = Duration(SECOND);
const STOPWAITSECS: Duration = Duration(10 * SECOND);
/// The main loop looks once a second for programs to start.
const PASS: Nanos = SECOND;

/// A program's state, in supervisord's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum State {
    Stopped,
    Starting,
    Running,
    Backoff,
    Exited,
    Stopping,
    Fatal,
}

/// One program.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Program {
    node: u32,
    state: State,
    /// When it was started last, ns.
    started: Nanos,
    /// Starts that failed one after another.
    failures: u32,
    timer: Timer,
}

/// Which programs are started again after they were up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Restarts {
    Always,
    Never,
    /// Those that did not end by themselves with one of these exit codes.
    Unless(Vec<u8>),
}

/// What the form says, ready to run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Terms {
    group: u32,
    members: Vec<u32>,
    startsecs: Nanos,
    startretries: u32,
    restarts: Restarts,
    stopwaitsecs: Nanos,
}

/// A supervisor in a running world.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Supervisor {
    terms: Terms,
    programs: Vec<Program>,
    starts: Counter,
    exits: Counter,
    fatal: Counter,
}

impl Terms {
    fn new(spec: &SupervisorSpec, site: &Site) -> Result<Self, Flaw> {
        let place = site.place(&spec.service.0);
        let place = place.map_err(|flaw| Flaw { path: "service".into(), ..flaw })?;
        if spec.startretries > 100_000 {
            let message = format!("{} retries are not possible", spec.startretries);
            return Err(Flaw::new("startretries", message, "write 0 to 100000"));
        }
        Ok(Terms {
            group: place.group,
            members: place.members.clone(),
            startsecs: spec.startsecs.unwrap_or(STARTSECS).nanos(),
            startretries: spec.startretries,
            restarts: Restarts::new(spec),
            stopwaitsecs: spec.stopwaitsecs.unwrap_or(STOPWAITSECS).nanos(),
        })
    }
}

impl Restarts {
    fn new(spec: &SupervisorSpec) -> Self {
        match spec.autorestart {
            Autorestart::Always => Restarts::Always,
            Autorestart::Never => Restarts::Never,
            Autorestart::Unexpected => Restarts::Unless(spec.exitcodes.clone().unwrap_or(vec![0])),
        }
    }

    /// Whether a program that was up and ended like this is started again. Who was killed by a
    /// signal has no exit code, and was not expected to end.
    fn after(&self, code: Option<u8>) -> bool {
        match self {
            Restarts::Always => true,
            Restarts::Never => false,
            Restarts::Unless(expected) => code.is_none_or(|code| !expected.contains(&code)),
        }
    }
}

impl Supervisor {
    fn index(&self, node: u32) -> Option<usize> {
        self.programs.iter().position(|program| program.node == node)
    }

    /// Enters a state and says so; `wait` until its timer.
    fn enter(&mut self, cx: &mut Cx<'_>, index: usize, state: State, wait: Option<Nanos>) {
        let program = &mut self.programs[index];
        program.state = state;
        cx.disarm(program.timer);
        program.timer = wait.map_or(Timer::NONE, |wait| cx.after(wait, index as u64));
    }

    fn say(&self, cx: &mut Cx<'_>, index: usize, what: &str) {
        let line = format!("{} {what}", cx.name(self.programs[index].node));
        cx.journal(line);
    }

    /// A program was started, by whomever.
    fn started(&mut self, cx: &mut Cx<'_>, index: usize) {
        let program = &mut self.programs[index];
        if program.state != State::Backoff {
            program.failures = 0;
        }
        program.started = cx.now();
        self.starts.add(1);
        self.enter(cx, index, State::Starting, Some(self.terms.startsecs));
    }

    /// A program has died: by itself, with an exit code, or by a signal.
    fn exited(&mut self, cx: &mut Cx<'_>, index: usize, code: Option<u8>) {
        self.exits.add(1);
        let program = &mut self.programs[index];
        let is_early = cx.now() - program.started < self.terms.startsecs;
        match program.state {
            State::Stopping => self.enter(cx, index, State::Stopped, None),
            State::Starting if is_early => self.failed_to_start(cx, index),
            State::Starting | State::Running if self.terms.restarts.after(code) => {
                self.say(cx, index, "EXITED, is started again");
                self.enter(cx, index, State::Exited, Some(PASS));
            }
            State::Starting | State::Running => {
                self.say(cx, index, "EXITED");
                self.enter(cx, index, State::Exited, None);
            }
            _ => {}
        }
    }

    fn failed_to_start(&mut self, cx: &mut Cx<'_>, index: usize) {
        let program = &mut self.programs[index];
        program.failures += 1;
        let failures = program.failures;
        if failures > self.terms.startretries {
            program.failures = 0;
            self.fatal.add(1);
            self.say(cx, index, "FATAL: exited too quickly too often, stays down");
            self.enter(cx, index, State::Fatal, None);
            return;
        }
        let what = format!("BACKOFF: exited too quickly, is tried again after {failures} s");
        self.say(cx, index, &what);
        self.enter(cx, index, State::Backoff, Some(u64::from(failures) * SECOND));
    }
}

impl Component for Supervisor {
    const NAME: &'static str = "supervisor";
    const SUMMARY: &'static str =
        "A process supervisor: starts the instances of a service again when they die.";
    type Spec = SupervisorSpec;

    fn build(spec: &SupervisorSpec, site: &Site) -> Result<Self, Flaw> {
        Ok(Supervisor {
            terms: Terms::new(spec, site)?,
            programs: Vec::new(),
            starts: Counter::default(),
            exits: Counter::default(),
            fatal: Counter::default(),
        })
    }

    fn retune(&mut self, _: &mut Cx<'_>, spec: &SupervisorSpec, site: &Site) -> Result<(), Flaw> {
        let fresh = Terms::new(spec, site)?;
        if fresh.group != self.terms.group {
            let message = "it looks after the programs that it started";
            return Err(Flaw::new("service", message, "keep the service"));
        }
        self.terms = fresh;
        Ok(())
    }

    fn limits(spec: &SupervisorSpec) -> Limits {
        let after = spec.stopwaitsecs.unwrap_or(STOPWAITSECS).nanos();
        let whom = vec![spec.service.0.clone()];
        let stops = Some(Clock { field: "stopwaitsecs", after, whom });
        Limits { stops, ..Limits::default() }
    }

    fn survey<'a>(&'a self, survey: &mut Survey<'a>) {
        survey.counts.push(("starts", self.starts.count()));
        survey.counts.push(("exits", self.exits.count()));
        survey.counts.push(("fatal", self.fatal.count()));
    }
}

impl Behaviour for Supervisor {
    fn start(&mut self, cx: &mut Cx<'_>) {
        cx.watch(self.terms.group);
        cx.adopt(self.terms.group);
        let (state, started, timer) = (State::Stopped, cx.now(), Timer::NONE);
        let program = |&node| Program { node, state, started, failures: 0, timer };
        self.programs = self.terms.members.iter().map(program).collect();
        for index in 0..self.programs.len() {
            if cx.in_service(self.programs[index].node) {
                self.started(cx, index);
            }
        }
    }

    /// It answers nobody.
    fn call(&mut self, cx: &mut Cx<'_>, req: ReqId) {
        cx.reply(req, Outcome::Failed(Cause::Refused));
    }

    fn timer(&mut self, cx: &mut Cx<'_>, word: u64) {
        let index = word as usize;
        match self.programs[index].state {
            State::Starting => {
                self.programs[index].failures = 0;
                self.enter(cx, index, State::Running, None);
            }
            State::Backoff | State::Exited => cx.launch(self.programs[index].node),
            State::Stopping => {
                self.say(cx, index, "did not stop in time, is killed");
                cx.kill(self.programs[index].node);
            }
            State::Stopped | State::Running | State::Fatal => {}
        }
    }

    fn note(&mut self, cx: &mut Cx<'_>, note: Note) {
        match note {
            Note::Member { node, up: true, .. } => {
                if let Some(index) = self.index(node) {
                    self.started(cx, index);
                }
            }
            Note::Member { node, up: false, .. } => {
                if let Some(index) = self.index(node) {
                    self.enter(cx, index, State::Stopping, Some(self.terms.stopwaitsecs));
                }
            }
            Note::Exited { node, code } => {
                if let Some(index) = self.index(node) {
                    self.exited(cx, index, code);
                }
            }
            Note::Leaving | Note::Release { .. } | Note::Closed { .. } => {}
        }
    }

    /// Its programs run on; nobody looks after them.
    fn stop(&mut self, _cx: &mut Cx<'_>, _cause: Cause) {
        self.programs.clear();
    }

    fn reset_meters(&mut self, _now: Nanos) {
        [&mut self.starts, &mut self.exits, &mut self.fatal].into_iter().for_each(Counter::reset);
    }
}
