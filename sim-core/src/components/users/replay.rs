//! Users whose requests were recorded: each comes when it came, and asks for what it asked for.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::menu::asked;
use super::spec::UsersSpec;
use crate::engine::request::Ask;
use crate::engine::time::{Nanos, SECOND, seconds};
use crate::recorded::{Client, Reader, Recording, Row};
use crate::rules::address::client_at;
use crate::wiring::{Flaw, RecordedFile, Site};

/// A recording is played at most so many times as fast as it was, and at least as slowly.
const SPEED_MAX: f64 = 1e6;

/// Recorded requests, and how they are played.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplaySpec {
    /// CSV whose first line names its columns, or a JSON object a line: `time_s` or `time_ms`, and
    /// as far as known `endpoint`, `demand_s` or `demand_ms`, `key` and `client`; sorted by time.
    pub file: RecordedFile,
    /// The time in the file at which the run begins, in seconds on the file's own clock; default:
    /// that of its first request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<f64>,
    /// So many times as fast as it was; default 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speed: Option<f64>,
}

impl ReplaySpec {
    pub(super) fn speed(&self) -> f64 {
        self.speed.unwrap_or(1.0)
    }

    pub(super) fn recording<'a>(&self, site: &'a Site) -> Result<&'a Recording, Flaw> {
        site.recording(&self.file)
    }
}

/// A way through recorded requests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Replay {
    file: String,
    reader: Reader,
    from: Nanos,
    speed: f64,
    /// The class of each of the recording's endpoints.
    classes: Vec<u16>,
    /// The request that comes next.
    next: Option<Row>,
}

impl Replay {
    pub(super) fn new(replay: &ReplaySpec, spec: &UsersSpec, site: &Site) -> Result<Self, Flaw> {
        let speed = replay.speed();
        if !(1.0 / SPEED_MAX..=SPEED_MAX).contains(&speed) {
            let message = format!("nothing can be played {speed} times as fast");
            return Err(Flaw::new(
                "speed",
                message,
                "write a number like 2, or 0.5 for half as fast",
            ));
        }
        let recording =
            replay.recording(site).map_err(|flaw| Flaw { path: "file".into(), ..flaw })?;
        let (first, last) = recording.span();
        let from = replay.from.unwrap_or_else(|| seconds(first));
        if !(0.0..=seconds(last)).contains(&from) {
            let message = format!("{} has no request at {from}s or later", replay.file.0);
            let remedy =
                format!("its requests come from {}s to {}s", seconds(first), seconds(last));
            return Err(Flaw::new("from", message, remedy));
        }
        let from = replay.from.map_or(first, |from| (from * SECOND as f64 + 0.5) as Nanos);
        let classes = classes(recording, replay, spec)?;
        let mut reader = Reader::new(recording.clone());
        let next = std::iter::from_fn(|| reader.next()).find(|row| row.at >= from);
        Ok(Replay { file: replay.file.0.clone(), reader, from, speed, classes, next })
    }

    /// Goes on in its file after it was read back.
    pub(super) fn reattach(&mut self, recordings: &IndexMap<String, Recording>) {
        if let Some(recording) = recordings.get(&self.file) {
            self.reader.reattach(recording);
        }
    }

    /// When the next request comes, ns of the run.
    pub(super) fn upcoming(&self) -> Option<Nanos> {
        let after = self.next?.at - self.from;
        Some(if self.speed == 1.0 { after } else { (after as f64 / self.speed) as Nanos })
    }

    /// The request that comes now.
    pub(super) fn take(&mut self) -> Option<Row> {
        let row = self.next;
        self.next = self.reader.next();
        row
    }

    /// A request's class, if the recording tells.
    pub(super) fn class(&self, row: &Row) -> Option<u16> {
        self.classes.get(usize::from(row.endpoint)).copied()
    }
}

impl Row {
    /// What it says of the request, in place of what was drawn.
    pub(super) fn describe(&self, ask: &mut Ask, person: impl Fn(u64) -> u64) {
        ask.demand = self.demand.unwrap_or(ask.demand);
        ask.key = self.key.unwrap_or(ask.key);
        ask.client = match self.client {
            Some(Client::At(octets)) => client_at(octets),
            Some(Client::Named(name)) => person(name),
            None => ask.client,
        };
    }
}

/// The class of each endpoint of the recording: its place in the mix.
fn classes(rec: &Recording, replay: &ReplaySpec, spec: &UsersSpec) -> Result<Vec<u16>, Flaw> {
    let known = asked(spec);
    let class = |name: &String| {
        known.keys().position(|asked| asked.0 == *name).map(|class| class as u16).ok_or_else(|| {
            let message = format!("{} asks for \"{name}\", which mix does not name", replay.file.0);
            let all = rec.endpoints().iter().take(8).map(|name| format!("{name}: 1"));
            let all: Vec<String> = all.collect();
            Flaw::new("file", message, format!("write mix: {{{}}}", all.join(", ")))
        })
    };
    rec.endpoints().iter().map(class).collect()
}
