//! The events of a scenario: names become nodes, knobs become forms.

use super::machines::{self, Machine};
use super::parts::{ReadPart, decode_form};
use super::plan::{Blueprint, Change, Event, Outage, Recurring};
use super::problem::{Code, Place, Problem};
use super::rent;
use super::spec::EventSpec;
use super::tree::{self, Node};
use crate::components::Form;
use crate::engine::chance::LawSpec;
use crate::engine::time::Nanos;
use crate::units::Duration;
use crate::wiring::Flaw;

/// What an event can do.
const VERBS: &str = "kill, restart, reload, freeze, black_hole, slow, slow_disk, full_disk, \
                     flush, set, add, remove, resize";
/// What lasts for a while.
const OUTAGES: [&str; 7] =
    ["kill", "restart", "freeze", "black_hole", "slow", "slow_disk", "full_disk"];
/// Random outages of one run at most, on average.
const OUTAGES_MAX: f64 = 100_000.0;

/// What happens in a scenario: at stated times, and at random.
#[derive(Default)]
pub(super) struct Happenings {
    pub(super) events: Vec<Event>,
    pub(super) recurring: Vec<Recurring>,
}

struct Reader<'a> {
    blueprint: &'a Blueprint,
    parts: &'a mut [ReadPart],
    root: &'a Node,
    duration: Nanos,
}

/// Turns event forms into timed changes, in order of time; the parts' trees take the sets over.
pub(super) fn read(
    specs: &[EventSpec],
    root: &Node,
    (blueprint, parts): (&Blueprint, &mut [ReadPart]),
    duration: Nanos,
) -> Result<Happenings, Vec<Problem>> {
    let mut reader = Reader { blueprint, parts, root, duration };
    let mut order: Vec<usize> = (0..specs.len()).collect();
    order.sort_by_key(|&index| specs[index].at.map_or(0, Duration::nanos));
    let (mut happenings, mut problems) = (Happenings::default(), Vec::new());
    for index in order {
        let spec = &specs[index];
        let read = match &spec.every {
            None => reader.event(spec, index).map(|more| happenings.events.extend(more)),
            Some(every) => {
                reader.recurring(spec, (every, index)).map(|one| happenings.recurring.push(one))
            }
        };
        problems.extend(read.err().into_iter().flatten());
    }
    happenings.events.sort_by_key(|event| event.at);
    if problems.is_empty() { Ok(happenings) } else { Err(problems) }
}

impl Reader<'_> {
    fn problem(&self, index: usize, key: &str, message: String, remedy: &str) -> Vec<Problem> {
        let path = if key.is_empty() {
            format!("events[{index}]")
        } else {
            format!("events[{index}].{key}")
        };
        let place = self.root.get(&path).map_or(self.root.place, |node| node.place);
        vec![Problem::new(Code::BadEvent, path, message).at(place).with_remedy(remedy)]
    }

    /// The one thing that an event does, and to whom.
    fn verb<'a>(
        &self,
        spec: &'a EventSpec,
        index: usize,
    ) -> Result<(&'static str, &'a str), Vec<Problem>> {
        let verbs = [
            ("kill", &spec.kill),
            ("restart", &spec.restart),
            ("reload", &spec.reload),
            ("freeze", &spec.freeze),
            ("black_hole", &spec.black_hole),
            ("slow", &spec.slow),
            ("slow_disk", &spec.slow_disk),
            ("full_disk", &spec.full_disk),
            ("flush", &spec.flush),
            ("set", &spec.set),
            ("add", &spec.add),
            ("remove", &spec.remove),
            ("resize", &spec.resize),
        ];
        let mut given = verbs.into_iter().filter_map(|(verb, name)| Some((verb, name.as_deref()?)));
        let (Some((verb, name)), None) = (given.next(), given.next()) else {
            let message = "an event does exactly one thing".to_owned();
            return Err(self.problem(index, "", message, &format!("give one of {VERBS}")));
        };
        self.check_extras(spec, verb, index)?;
        Ok((verb, name))
    }

    fn event(&mut self, spec: &EventSpec, index: usize) -> Result<Vec<Event>, Vec<Problem>> {
        let Some(time) = spec.at else {
            let message = "the event does not say when it happens".to_owned();
            let remedy = "write at: 5m, or every: {exponential: 30m} with repair: 1m";
            return Err(self.problem(index, "", message, remedy));
        };
        let at = time.nanos();
        if at >= self.duration {
            let message = format!("at {time} is not before the end of the run");
            let remedy = "choose an earlier time, or a longer duration";
            return Err(self.problem(index, "at", message, remedy));
        }
        let (verb, name) = self.verb(spec, index)?;
        let ends = spec.lasts.map(|lasts| at.saturating_add(lasts.nanos()));
        if let Some(outage) = self.outage(spec, verb, index)? {
            return Ok(outage.events(self.nodes(index, verb, name)?, at, ends));
        }
        let change = match verb {
            "restart" => {
                let nodes = self.nodes(index, verb, name)?;
                let mut events = Outage::Kill.events(nodes.clone(), at, Some(ends.unwrap_or(at)));
                if spec.graceful == Some(true) {
                    events[0].change = Change::Dismiss(nodes);
                }
                return Ok(events);
            }
            "reload" => self.reload(index, name)?,
            "flush" => Change::Flush(self.nodes(index, verb, name)?),
            "set" => self.set(index, name, spec)?,
            "resize" => return self.resize((index, name), spec, at),
            _ => {
                let part = self.service(index, verb, name)?;
                let count = spec.count.unwrap_or(1);
                if verb == "add" { Change::Add(part, count) } else { Change::Remove(part, count) }
            }
        };
        Ok(vec![Event { at, change }])
    }

    /// What the verb does to a node for a while, if it does such a thing.
    fn outage(
        &self,
        spec: &EventSpec,
        verb: &str,
        index: usize,
    ) -> Result<Option<Outage>, Vec<Problem>> {
        Ok(Some(match verb {
            "kill" => Outage::Kill,
            "black_hole" => Outage::BlackHole,
            "freeze" if spec.lasts.is_none() && spec.every.is_none() => {
                let message = "the freeze does not say how long it lasts".to_owned();
                let remedy = "write for: 30s beside it; who never wakes is killed or a black hole";
                return Err(self.problem(index, "freeze", message, remedy));
            }
            "freeze" => Outage::Freeze,
            "full_disk" => Outage::FullDisk,
            "slow" | "slow_disk" => {
                let factor = spec.factor.unwrap_or(0.0);
                if !(factor.is_finite() && factor > 0.0 && factor <= 1e6) {
                    let message = format!("factor {factor} is not possible");
                    let remedy = "write factor: 3 for three times as slow";
                    return Err(self.problem(index, verb, message, remedy));
                }
                if verb == "slow" { Outage::Slow(factor) } else { Outage::SlowDisk(factor) }
            }
            _ => return Ok(None),
        }))
    }

    /// An outage at random times.
    fn recurring(
        &self,
        spec: &EventSpec,
        (every, index): (&LawSpec, usize),
    ) -> Result<Recurring, Vec<Problem>> {
        let (verb, name) = self.verb(spec, index)?;
        let Some(outage) = self.outage(spec, verb, index)? else {
            let message = format!("{verb} cannot come at random");
            let remedy = "write at: 5m, or one of kill, freeze, black_hole, slow, slow_disk \
                          and full_disk with every";
            return Err(self.problem(index, "every", message, remedy));
        };
        let Some(repair) = &spec.repair else {
            let message = "the outage does not say when it is repaired".to_owned();
            let remedy = "write repair: {lognormal: {mean: 5m, cv: 1}} beside every";
            return Err(self.problem(index, "every", message, remedy));
        };
        let law = |key: &str, spec: &LawSpec| {
            let told = |sentence: String| Flaw::told(key, &sentence, "correct the law");
            let flaw = spec.compile().map_err(told);
            flaw.map_err(|flaw| self.problem(index, key, flaw.message, &flaw.remedy))
        };
        let (every, repair) = (law("every", every)?, law("repair", repair)?);
        let nodes = self.nodes(index, verb, name)?;
        let round = every.mean() + repair.mean();
        let outages = self.duration as f64 / 1e9 / round * nodes.len() as f64;
        if outages.is_nan() || outages > OUTAGES_MAX {
            let message = format!("{outages:.0} outages in one run are too many");
            return Err(self.problem(index, "every", message, "write a longer mean time"));
        }
        Ok(Recurring { nodes, outage, every, repair })
    }

    fn check_extras(&self, spec: &EventSpec, verb: &str, index: usize) -> Result<(), Vec<Problem>> {
        let extras = [
            ("for", spec.lasts.is_some() && spec.every.is_none(), &OUTAGES[..]),
            ("graceful", spec.graceful.is_some(), &["restart"][..]),
            ("factor", spec.factor.is_some(), &["slow", "slow_disk"][..]),
            ("count", spec.count.is_some(), &["add", "remove"][..]),
            ("to", spec.to.is_some(), &["set"][..]),
            ("machine", spec.machine.is_some(), &["resize"][..]),
            ("downtime", spec.downtime.is_some(), &["resize"][..]),
        ];
        if spec.every.is_some() && (spec.at.is_some() || spec.lasts.is_some()) {
            let message = "outages at random have neither at nor for".to_owned();
            let remedy = "drop them; every says how often, repair how long";
            return Err(self.problem(index, "every", message, remedy));
        }
        if spec.repair.is_some() && spec.every.is_none() {
            let message = "repair means nothing without every".to_owned();
            return Err(self.problem(index, "repair", message, "write for: 5m instead"));
        }
        for (key, given, verbs) in extras {
            if given && !verbs.contains(&verb) {
                let message = format!("{key} means nothing with {verb}");
                let remedy = format!("drop it; it goes with {}", verbs.join(", "));
                return Err(self.problem(index, key, message, &remedy));
            }
        }
        Ok(())
    }

    fn service(&self, index: usize, verb: &str, name: &str) -> Result<u32, Vec<Problem>> {
        let at = self.blueprint.parts.iter().position(|part| part.name == name);
        at.map(|at| at as u32).ok_or_else(|| self.unknown(index, verb, name))
    }

    fn unknown(&self, index: usize, verb: &str, name: &str) -> Vec<Problem> {
        let known: Vec<&str> = self.blueprint.parts.iter().map(|part| part.name.as_str()).collect();
        let path = format!("events[{index}].{verb}");
        let place = self.root.get(&path).map_or(self.root.place, |node| node.place);
        let message = format!("{verb} names \"{name}\", which is no node");
        vec![
            Problem::new(Code::BadEvent, path, message)
                .at(place)
                .with_value(name)
                .with_nearest(name, &known),
        ]
    }

    /// The nodes of `web[0]`, or all of `web`.
    fn nodes(&self, index: usize, verb: &str, name: &str) -> Result<Vec<u32>, Vec<Problem>> {
        let (service, instance) = match name.split_once('[') {
            Some((service, rest)) => (service, Some(rest.trim_end_matches(']'))),
            None => (name, None),
        };
        let site = self.blueprint.site();
        let Ok(place) = site.place(service) else { return Err(self.unknown(index, verb, name)) };
        let part = &self.blueprint.parts[place.group as usize];
        if verb.ends_with("disk") && !part.form.has_disk() {
            let message =
                format!("{verb} names \"{name}\", a {} has no disk", part.form.component());
            return Err(self.problem(index, verb, message, "name a database"));
        }
        let Some(instance) = instance else { return Ok(place.members.clone()) };
        let node = instance.parse().ok().and_then(|at: usize| place.members.get(at).copied());
        let Some(node) = node else {
            let message = format!(
                "{verb} names \"{name}\", but {service} has {} instances",
                place.members.len()
            );
            let last = place.members.len() - 1;
            let remedy = match last {
                0 => format!("write {service}"),
                last => format!("write {service}[0] to {service}[{last}]"),
            };
            return Err(self.problem(index, verb, message, &remedy));
        };
        Ok(vec![node])
    }

    /// Fresh processes, where the component has any.
    fn reload(&self, index: usize, name: &str) -> Result<Change, Vec<Problem>> {
        let nodes = self.nodes(index, "reload", name)?;
        let service = name.split_once('[').map_or(name, |(service, _)| service);
        let part = &self.blueprint.parts[self.service(index, "reload", service)? as usize];
        if part.form.reloads() {
            return Ok(Change::Reload(nodes));
        }
        let message = format!("a {} has nothing to reload", part.form.component());
        let remedy = "reload an app-server or a reverse-proxy; restart works for all";
        Err(self.problem(index, "reload", message, remedy))
    }

    /// Down, then back on other machines.
    fn resize(
        &mut self,
        (index, name): (usize, &str),
        spec: &EventSpec,
        at: Nanos,
    ) -> Result<Vec<Event>, Vec<Problem>> {
        let part = self.service(index, "resize", name)?;
        let missing = |key: &str, remedy: &str| {
            self.problem(index, "resize", format!("resize does not say its {key}"), remedy)
        };
        let Some(machine) = &spec.machine else {
            return Err(missing("machine", "write machine: c7i.xlarge beside it"));
        };
        let Some(downtime) = spec.downtime else {
            return Err(missing("downtime", "write downtime: 2m; EC2 takes 1 to 5 minutes"));
        };
        let path = format!("events[{index}].machine");
        let place = self.root.get(&path).map_or(self.root.place, |node| node.place);
        let machine = machines::named(machine, &path, place).map_err(|problem| vec![*problem])?;
        let form = self.moved(part as usize, &machine, place)?;
        let nodes = self.nodes(index, "resize", name)?;
        let back = at.saturating_add(downtime.nanos());
        let why = format!("stops to become a {}", machine.name);
        let rent = machine.rent();
        let resized = Change::Resize { part, form: Box::new(form), rent };
        Ok(vec![
            Event { at, change: Change::Halt(nodes.clone(), why) },
            Event { at: back, change: Change::Start(nodes) },
            Event { at: back, change: resized },
        ])
    }

    /// A part's form on another machine, whose cores and memory take the place of its own.
    fn moved(&mut self, at: usize, machine: &Machine, place: Place) -> Result<Form, Vec<Problem>> {
        let part = &mut self.parts[at];
        let fields = rent::fields(machine, place, (&part.component, &part.tree));
        let after = tree::overlay(&part.tree, &fields);
        let before = std::mem::replace(&mut part.tree, after);
        decode_form(part).inspect_err(|_| part.tree = before)
    }

    fn set(&mut self, index: usize, path: &str, spec: &EventSpec) -> Result<Change, Vec<Problem>> {
        let Some(to) = &spec.to else {
            let message = "set does not say the new value".to_owned();
            return Err(self.problem(index, "set", message, "write to: VALUE beside it"));
        };
        let found = self.parts.iter().position(|part| {
            path.strip_prefix(&part.path).is_some_and(|rest| rest.starts_with('.'))
        });
        let Some(at) = found else {
            let message = format!("\"{path}\" is no knob of a part");
            return Err(self.problem(index, "set", message, "write a path like nodes.web.workers"));
        };
        let place =
            self.root.get(&format!("events[{index}].to")).map_or(self.root.place, |n| n.place);
        let part = &mut self.parts[at];
        let before = part.tree.clone();
        let knob = &path[part.path.len() + 1..];
        let outcome = part
            .tree
            .set(knob, tree::from_json(to, place))
            .map_err(|problem| vec![problem.at(place)])
            .and_then(|()| decode_form(part));
        match outcome {
            Ok(form) => {
                let said = format!("{path} set to {to}");
                Ok(Change::Set { part: at as u32, form: Box::new(form), said })
            }
            Err(problems) => {
                part.tree = before;
                Err(problems)
            }
        }
    }
}
