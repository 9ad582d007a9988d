//! What the page and its worker say to each other.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sim_core::{Difference, Moment, Problem, Report, Sample, WarmUp};

/// What the page asks of the worker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Forget what was, read this scenario and stand at its beginning.
    Load {
        /// What to call it where it has no name of its own.
        name: String,
        /// The YAML.
        text: String,
        /// The seed, instead of the scenario's own.
        seed: Option<u64>,
    },
    /// Read a text and say what is wrong with it; the run goes on as it does.
    Check {
        /// Which text; the answer names it.
        version: u32,
        /// What to call it where it has no name of its own.
        name: String,
        /// The YAML.
        text: String,
    },
    /// Go on, this fast.
    Play(Speed),
    /// Stand still.
    Pause,
    /// Go on to the end of the frame in which something next happens, then stand still.
    Step,
    /// Go to a time (ns) as fast as possible and stand still there; back means from the last
    /// snapshot before it.
    SeekTo(u64),
    /// Change the running scenario now: an event of a scenario without its time, as JSON. A run
    /// that is over stays as it is: a fork from its start is changed, or the fork that there is,
    /// from where it parted.
    Intervene(Value),
    /// Let these changes be all: events of a scenario with their times, as JSON. The run stands
    /// before the first that differs, as one that had them from the beginning.
    Amend(Vec<Value>),
    /// Go on from a snapshot where another worker ended: load, take the changes over, and stand
    /// there.
    Resume(Box<Resume>),
    /// Part into two branches at a time (ns) up to now: the original goes on as it was, the fork,
    /// which every other command is about from then on, stands there.
    Fork(u64),
    /// Keep one of two branches and forget the other.
    Keep(Branch),
    /// Write the scenario with everything that was changed while it ran.
    WriteScenario,
    /// Write the report of the run so far.
    Write(Format),
    /// Forget the run.
    Stop,
    /// Study these: what is asked next is about them, played under seeds drawn from this one.
    Study {
        /// A scenario, or the branches of a run: all meet the same luck.
        subjects: Vec<Subject>,
        /// The seed.
        seed: u64,
    },
    /// Find out how long what is studied takes to come into balance.
    WarmUp,
    /// Play a replication of everything that is studied.
    Replicate {
        /// Its number.
        number: u32,
        /// What to leave out of it.
        warmup: Option<WarmUp>,
    },
}

/// What is studied: a scenario with what was changed while it ran.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Subject {
    /// What to call the scenario where it has no name of its own.
    pub name: String,
    /// The YAML.
    pub text: String,
    /// Events of a scenario with their times, as JSON.
    pub changes: Vec<Value>,
}

/// One of two branches of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Branch {
    /// The one that was there before.
    Original,
    /// The one that changes are made in.
    Fork,
}

/// What a new worker needs to go on where another one ended.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Resume {
    /// What to call the scenario where it has no name of its own.
    pub name: String,
    /// The YAML.
    pub text: String,
    /// The seed, instead of the scenario's own.
    pub seed: Option<u64>,
    /// What was changed while it ran.
    pub changes: Vec<Value>,
    /// How far it was, ns.
    pub at: u64,
    /// What was changed when the snapshot was taken.
    pub before: Vec<Value>,
    /// The snapshot; empty is none, and the run is played from its beginning to where it was. It
    /// travels beside the message, without being copied into it.
    #[serde(skip)]
    pub snapshot: Vec<u8>,
}

/// How fast simulated time passes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Speed {
    /// So many simulated seconds per second.
    Ratio(f64),
    /// As fast as this machine can.
    #[default]
    Max,
}

/// A form of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// The page with everything.
    Html,
    /// For programs.
    Json,
    /// The frames, one figure a line.
    Csv,
}

/// What the worker answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// It stands at the beginning of a run. The report, empty as it is, names what there will be:
    /// nodes with their resources, causes, objectives. The parts are those that can be changed, the
    /// notes what is doubtful about the scenario.
    Loaded(Box<Report>, Vec<Part>, Vec<Note>),
    /// The scenario cannot be played, and why.
    Problems(Vec<Note>),
    /// What is to be said of a text, and its parts if it can be played.
    Checked {
        /// Which text.
        version: u32,
        /// Errors and warnings, in order of place.
        notes: Vec<Note>,
        /// The parts.
        parts: Option<Vec<Part>>,
    },
    /// How far it is.
    Progress(Progress),
    /// Frames from a number on, in rows as [`crate::rows::Layout`] lays them out.
    Frames {
        /// The number of the first row; rows known from it on are replaced.
        first: u32,
        /// The rows, one after the other. They travel beside the message, without being copied.
        #[serde(skip)]
        rows: Vec<f64>,
    },
    /// What happened, from a number on; what is known from it on is replaced.
    Happened {
        /// The number of the first.
        first: u32,
        /// In order of time.
        moments: Vec<Moment>,
    },
    /// The end is reached: the report without its frames, the digest in it.
    Finished(Box<Report>),
    /// The run was changed: the event with its time, as the scenario would have it.
    Intervened(Value),
    /// These are all changes now; frames and what happened are told anew.
    Changed(Vec<Value>),
    /// A snapshot of the run, to go on from should this worker end.
    Snapshot {
        /// When, simulated ns.
        at: u64,
        /// The run, as its own crate writes it. It travels beside the message.
        #[serde(skip)]
        bytes: Vec<u8>,
    },
    /// Two branches from this time (ns) on. What is told of the run is of the fork from now on.
    Forked(u64),
    /// What is told of the original while there are two branches.
    Original(Box<Answer>),
    /// How the branches differ.
    Compared(Box<Difference>),
    /// Only this branch is left. What is told of the run is of it from now on.
    Kept(Branch),
    /// It was not changed, and why: by this event, or by none where the list of changes was to be
    /// another.
    Refused(Option<Value>, Vec<Note>),
    /// The scenario with what was changed.
    Scenario(String),
    /// The report, as asked for.
    Written(Format, String),
    /// What is to be left out of the beginning of what is studied, if it was looked for.
    WarmedUp(Option<WarmUp>),
    /// A replication is played.
    Replicated {
        /// Its number.
        number: u32,
        /// Of each that is studied.
        samples: Vec<Sample>,
    },
    /// The run cannot go on, and why.
    Failed(String),
}

impl Answer {
    /// What is told, of whichever branch.
    pub(crate) fn told(&mut self) -> &mut Answer {
        match self {
            Answer::Original(inside) => inside.told(),
            answer => answer,
        }
    }
}

/// A part of the scenario as it can be changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// Its name.
    pub name: String,
    /// Its place in the scenario, like `nodes.web`.
    pub path: String,
    /// Its component, whose manual names the knobs.
    pub component: String,
    /// Its instances that can be named one by one.
    pub instances: u32,
    /// Its form: the knobs as they are set.
    pub form: Value,
    /// The parts that it sends requests to or looks after, by their place among the parts.
    pub calls: Vec<u32>,
}

/// How far a run is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Simulated time, ns.
    pub now: u64,
    /// Events handled.
    pub events: u64,
    /// Simulated seconds per second lately, while it plays.
    pub ratio: Option<f64>,
    /// What it does.
    pub doing: Doing,
}

/// What the run does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Doing {
    /// It stands still.
    #[default]
    Paused,
    /// It goes on.
    Playing,
    /// It goes to a time or to the next thing of note.
    Seeking,
    /// It is over.
    Finished,
}

/// A problem of a scenario as a page shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// `E020`; `busyhour explain` has a page for each.
    pub code: String,
    /// Whether it stops the run.
    pub error: bool,
    /// Line of the scenario, from 1, where it stands anywhere.
    pub line: Option<u32>,
    /// Which part of the scenario.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub remedy: String,
}

impl Note {
    /// A problem without what only a terminal needs.
    #[must_use]
    pub fn of(problem: &Problem) -> Self {
        Note {
            code: problem.code.as_str().to_owned(),
            error: problem.severity == sim_core::Severity::Error,
            line: problem.place.map(|place| place.line),
            path: problem.path.clone(),
            message: problem.message.clone(),
            remedy: problem.remedy.clone(),
        }
    }
}
