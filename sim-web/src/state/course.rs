//! What the page knows of one run.

use std::rc::Rc;

use serde_json::Value;
use sim_core::{Moment, Report};

use super::axes::Axes;
use super::changes::at_ns;
use super::figures::{Figure, figures};
use super::topology::{Map, Picture};
use crate::protocol::{Answer, Doing, Note, Part, Progress};
use crate::rows::{Column, Layout, Table};

/// Things of note that are kept: more than anybody reads, fewer than a page can hold.
const MOMENTS_MAX: usize = 2_000;

/// A run as its worker told it so far; empty before anything is loaded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Course {
    /// How far the run is.
    pub progress: Progress,
    /// The report: empty before the end.
    pub report: Option<Rc<Report>>,
    /// What is doubtful about the scenario.
    pub warnings: Vec<Note>,
    /// The frames so far.
    pub table: Table,
    /// How these are shown in charts.
    axes: Axes,
    /// The charts of these frames.
    pub figures: Vec<Rc<Figure>>,
    /// What happened so far.
    pub moments: Rc<Vec<Moment>>,
    /// What can be changed while it runs, with its knobs as they stand now.
    pub parts: Rc<Vec<Part>>,
    /// The same as the scenario has it.
    written: Rc<Vec<Part>>,
    /// Where these stand in the picture.
    pub map: Rc<Map>,
    /// What was changed, as events of a scenario.
    pub changes: Vec<Value>,
    /// The change that was refused last, and why; no single one where the list was.
    pub refused: Option<(Option<Value>, Vec<Note>)>,
}

impl Course {
    /// A run that stands at its beginning.
    #[must_use]
    pub(super) fn new(report: Report, parts: Vec<Part>, warnings: Vec<Note>) -> Self {
        Course {
            table: Table::new(Layout::of(&report)),
            map: Rc::new(Map::of(&parts)),
            written: Rc::new(parts.clone()),
            parts: Rc::new(parts),
            report: Some(Rc::new(report)),
            warnings,
            ..Course::default()
        }
    }

    /// How long the scenario lasts, s.
    #[must_use]
    pub fn duration_s(&self) -> f64 {
        self.report.as_ref().map_or(0.0, |report| report.duration_s)
    }

    /// The scenario's name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.report.as_ref().map_or("scenario", |report| &report.name[..])
    }

    /// The finished run's digest.
    #[must_use]
    pub fn digest(&self) -> Option<&str> {
        let over = self.progress.doing == Doing::Finished;
        self.report.as_ref().filter(|report| over && !report.interrupted).map(|r| &r.digest[..])
    }

    /// The scenario at a time, s, as a picture; there is so much room from side to side, pixels.
    #[must_use]
    pub fn picture(&self, at_s: f64, room: f64) -> Picture {
        let Some(report) = &self.report else { return Picture::default() };
        self.map.picture(&self.parts, report, (&self.table, at_s), room)
    }

    /// What is to be told of the run so far: at its end with what only the whole shows, too.
    #[must_use]
    pub fn happened(&self) -> &[Moment] {
        let report = self.report.as_ref().filter(|_| self.digest().is_some());
        report.map_or(&self.moments[..], |report| &report.timeline[..])
    }

    /// Instances of a part that are in service now, as far as the run is known.
    #[must_use]
    pub fn in_service(&self, part: &Part) -> Option<u32> {
        let newest = self.table.len().checked_sub(1)?;
        self.table.value(newest, Column::Instances(&part.name)).map(|many| many as u32)
    }

    /// Nothing is known after a time, ns.
    pub(super) fn cut(&mut self, at: u64) {
        let at_s = at as f64 / 1e9;
        let rows = (0..self.table.len()).rev();
        let kept = rows
            .map(|row| row + 1)
            .find(|row| self.table.value(row - 1, Column::End).is_some_and(|end_s| end_s <= at_s));
        self.table.take(kept.unwrap_or(0), &[]);
        let moments = Rc::make_mut(&mut self.moments);
        moments.truncate(moments.partition_point(|moment| moment.at_s <= at_s));
        self.progress = Progress { now: at, doing: Doing::Paused, ..self.progress };
        self.turn();
        self.draw();
    }

    /// Shows the charts with other axes.
    pub(super) fn show(&mut self, axes: Axes) {
        if self.axes != axes {
            self.axes = axes;
            self.draw();
        }
    }

    /// Frames and what happened are to be told anew.
    pub(super) fn forget_frames(&mut self) {
        self.table.take(0, &[]);
        self.figures.clear();
        self.moments = Rc::default();
    }

    /// Takes in what the worker says of this run; anything else it passes over.
    pub(super) fn take(&mut self, answer: Answer) {
        match answer {
            Answer::Progress(progress) => {
                let before = self.due();
                self.progress = progress;
                if self.due() != before {
                    self.turn();
                }
            }
            Answer::Frames { first, rows } => {
                self.table.take(first as usize, &rows);
                self.draw();
            }
            Answer::Happened { first, moments } => {
                let known = Rc::make_mut(&mut self.moments);
                known.truncate(first as usize);
                known.extend(moments);
                known.truncate(MOMENTS_MAX);
            }
            Answer::Finished(report) => {
                self.report = Some(Rc::new(*report));
                self.draw();
            }
            Answer::Intervened(event) => {
                self.refused = None;
                self.changes.push(event);
                self.turn();
            }
            Answer::Changed(changes) => {
                self.refused = None;
                self.changes = changes;
                self.forget_frames();
                self.turn();
            }
            Answer::Refused(event, notes) => self.refused = Some((event, notes)),
            _ => {}
        }
    }

    pub(super) fn draw(&mut self) {
        if let Some(report) = self.report.as_ref().filter(|_| !self.table.is_empty()) {
            self.figures = figures(report, &self.table, &self.axes);
        }
    }

    /// How many changes have taken effect; one that was just made counts.
    fn due(&self) -> usize {
        let past = |change: &&Value| at_ns(change).is_some_and(|at| at <= self.progress.now + 1);
        self.changes.iter().filter(past).count()
    }

    /// The knobs stand where they were turned to up to now.
    fn turn(&mut self) {
        let mut parts = Rc::clone(&self.written);
        for change in self.changes.iter().take(self.due()) {
            if let (Some(path), Some(value)) = (change["set"].as_str(), change.get("to")) {
                turned(Rc::make_mut(&mut parts).as_mut_slice(), path, value);
            }
        }
        self.parts = parts;
    }
}

/// A knob stands where it was turned to.
fn turned(parts: &mut [Part], path: &str, value: &Value) {
    for part in parts {
        let Some(knob) = path.strip_prefix(&part.path).and_then(|p| p.strip_prefix('.')) else {
            continue;
        };
        let mut here = &mut part.form;
        for step in knob.split('.') {
            here = &mut here[step];
        }
        *here = value.clone();
    }
}
