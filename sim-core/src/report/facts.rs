//! What a settled run has measured, by part and class, as the rest of the report needs it.

use std::cell::OnceCell;

use indexmap::IndexMap;
use serde_json::Value;

use super::cost::{Cost, cost};
use crate::components::Form;
use crate::engine::meter::{Histogram, SparseSketch, Station};
use crate::engine::request::Cause;
use crate::engine::tally::{Causes, Tally};
use crate::engine::time::{Nanos, SECOND};
use crate::run::{ClassFrame, Frame, Run, survey};
use crate::scenario::plan::{Change, Event, Plan};

/// One instance of a part.
pub(super) struct Instance<'a> {
    pub(super) name: &'a str,
    pub(super) stations: Vec<&'a Station>,
}

/// A part of the scenario: all its instances.
pub(super) struct Part<'a> {
    pub(super) name: &'a str,
    pub(super) kind: &'static str,
    /// Requests begin here and nothing is served: a group of users.
    pub(super) source: bool,
    pub(super) instances: Vec<Instance<'a>>,
    /// Names of resources, from the outermost one (held longest) to the innermost.
    pub(super) resources: Vec<&'static str>,
    pub(super) counts: IndexMap<&'static str, u64>,
    /// Request-nanoseconds waiting, working and travelling here.
    pub(super) spent: [u128; 3],
    /// Parts that it names in its form: whom it calls.
    pub(super) calls: Vec<usize>,
}

/// One class of requests; several tallies may share its name.
#[derive(Default)]
pub(super) struct Class<'a> {
    pub(super) tallies: Vec<&'a Tally>,
    /// Their positions in a frame.
    pub(super) places: Vec<usize>,
}

/// Everything that a report is made of.
pub(super) struct Facts<'a> {
    pub(super) plan: &'a Plan,
    run: &'a Run,
    events: OnceCell<Vec<Event>>,
    pub(super) now: Nanos,
    /// Since when the meters count, ns.
    pub(super) since: Nanos,
    pub(super) parts: Vec<Part<'a>>,
    pub(super) classes: IndexMap<&'a str, Class<'a>>,
    /// Every frame.
    pub(super) frames: &'a [Frame],
    /// Those since the meters count.
    pub(super) measured: &'a [Frame],
    pub(super) wasted: u64,
    /// What it costs, where anything has a price.
    pub(super) cost: Option<Cost>,
}

impl<'a> Facts<'a> {
    pub(super) fn of(run: &'a Run) -> Self {
        let (world, plan) = (run.world(), run.plan());
        let mut classes: IndexMap<&str, Class<'_>> = IndexMap::new();
        let mut places = 0;
        let mut parts = Vec::new();
        let names: Vec<&str> = plan.blueprint.parts.iter().map(|part| &part.name[..]).collect();
        for (written, group) in plan.blueprint.parts.iter().zip(&world.core.groups) {
            let mut part = Part {
                name: &written.name,
                kind: written.form.component(),
                source: false,
                instances: Vec::new(),
                resources: Vec::new(),
                counts: IndexMap::new(),
                spent: [0; 3],
                calls: calls(&written.form.to_json(), &written.name, &names),
            };
            for &member in &group.members {
                let seat = &world.core.seats[member as usize];
                let survey = survey(&world.nodes[member as usize]);
                part.spent.iter_mut().zip(seat.spent).for_each(|(sum, spent)| *sum += spent);
                part.resources = survey.resources.iter().map(|resource| resource.name).collect();
                let stations = survey.resources.iter().map(|resource| resource.station).collect();
                part.instances.push(Instance { name: &seat.name, stations });
                survey
                    .counts
                    .iter()
                    .for_each(|&(name, n)| *part.counts.entry(name).or_default() += n);
                part.source |= !survey.tallies.is_empty() && survey.resources.is_empty();
                for tally in survey.tallies {
                    let class = classes.entry(&tally.name).or_default();
                    class.tallies.push(tally);
                    class.places.push(places);
                    places += 1;
                }
            }
            parts.push(part);
        }
        let since = run.measured_since();
        let frames = run.frames().all();
        let measured = &frames[frames.partition_point(|frame| frame.start < since)..];
        let (now, wasted) = (run.now(), run.measured_wasted());
        let mut facts = Facts {
            plan,
            run,
            events: OnceCell::new(),
            now,
            since,
            parts,
            classes,
            frames,
            measured,
            wasted,
            cost: None,
        };
        facts.cost = cost(&facts);
        facts
    }

    /// What happens at stated times and what came at random, in order of time. It is drawn again
    /// for a whole report only: who looks at new frames does not ask.
    pub(super) fn events(&self) -> &[Event] {
        self.events.get_or_init(|| self.run.happenings())
    }

    /// The form that a part had at a time, after the changes up to then.
    pub(super) fn form(&self, part: usize, at: Nanos) -> &Form {
        let past = self.events().iter().take_while(|event| event.at <= at);
        let own = past.filter_map(|event| match &event.change {
            Change::Set { part: of, form, .. } | Change::Resize { part: of, form, .. } => {
                (*of as usize == part).then_some(&**form)
            }
            _ => None,
        });
        own.last().unwrap_or(&self.plan.blueprint.parts[part].form)
    }

    /// Seconds since the meters count.
    pub(super) fn span_s(&self) -> f64 {
        seconds(self.now - self.since)
    }

    /// Requests answered since the meters count.
    pub(super) fn completed(&self) -> u64 {
        self.classes.values().flat_map(|class| &class.tallies).map(|t| t.latency.count()).sum()
    }
}

impl Part<'_> {
    /// Whether requests come to it: users and scalers only act.
    pub(super) fn serves(&self) -> bool {
        !self.source && !self.name.contains(':')
    }
}

impl Class<'_> {
    /// Latencies since the meters count.
    pub(super) fn latency(&self) -> Histogram {
        let mut all = Histogram::default();
        self.tallies.iter().for_each(|tally| all.merge(&tally.latency));
        all
    }

    /// Requests given up since the meters count.
    pub(super) fn measured_failed(&self) -> u64 {
        self.tallies.iter().flat_map(|tally| tally.measured_failed).sum()
    }

    /// What the class looked like in a frame.
    pub(super) fn frame(&self, frame: &Frame) -> ClassFrame {
        total(self.places.iter().filter_map(|&place| frame.classes.get(place)))
    }
}

/// Several classes of a frame as one.
pub(super) fn total<'a>(classes: impl Iterator<Item = &'a ClassFrame>) -> ClassFrame {
    let blank = ClassFrame {
        issued: 0,
        completed: 0,
        failed: [0; Cause::ALL.len()],
        latency: SparseSketch::default(),
    };
    classes.fold(blank, |mut sum, class| {
        sum.issued += class.issued;
        sum.completed += class.completed;
        add(&mut sum.failed, &class.failed);
        sum.latency.merge(&class.latency);
        sum
    })
}

pub(super) fn add(sum: &mut Causes, more: &Causes) {
    sum.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
}

pub(super) fn seconds(span: Nanos) -> f64 {
    span as f64 / SECOND as f64
}

/// A ratio that is 0 where there is nothing to divide by.
pub(super) fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

/// The parts that a form names, by index: its text is searched, so that no component is known here.
fn calls(form: &Value, own: &str, names: &[&str]) -> Vec<usize> {
    let mut found = Vec::new();
    let mut open = vec![form];
    while let Some(value) = open.pop() {
        match value {
            Value::String(text) if text != own => {
                found.extend(names.iter().position(|name| name == text));
            }
            Value::Array(items) => open.extend(items),
            Value::Object(fields) => open.extend(fields.values()),
            _ => {}
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}
