//! A checked scenario: parts by name with their forms, ready to become a world under any seed.

mod bounds;
mod load;

use std::sync::Arc;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

pub use self::bounds::Price;
pub use self::load::Widened;
use super::objective::Objective;
use super::rent::Rent;
use super::uncertain::Doubt;
use crate::components::{Form, Node};
use crate::engine::agenda::Keeping;
use crate::engine::chance::Law;
use crate::engine::kernel::Behaviour;
use crate::engine::kernel::{Core, Group, Seat, World};
use crate::engine::time::Nanos;
use crate::wiring::{Flaw, Place, Site};

/// A scenario that can be run: what it says of itself, its parts, its events and objectives.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Its name.
    pub name: String,
    /// What it demonstrates, in a sentence or two.
    pub summary: String,
    /// How long it is played, ns.
    pub duration: Nanos,
    /// Before this time nothing is measured, ns.
    pub warmup: Nanos,
    /// The seed when none is given.
    pub seed: u64,
    /// Length of a frame, ns.
    pub frame: Nanos,
    /// Parts and how they are built.
    pub blueprint: Blueprint,
    /// Timed changes, in order of time.
    pub events: Vec<Event>,
    /// Outages that come at random.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recurring: Vec<Recurring>,
    /// What must hold.
    pub objectives: Vec<Objective>,
    /// A hash of the scenario's meaning: the same for two files that say the same.
    pub hash: u64,
    /// Whether nothing in it changes with time and no warm-up is written: it is meant to be in
    /// balance, and how long it takes to get there is to be found out. Known to who read it.
    #[serde(skip)]
    pub steady: bool,
    /// What is known within limits only, if anything is. Known to who read it.
    #[serde(skip)]
    pub doubt: Option<Arc<Doubt>>,
    /// The values that this plan has instead, in the order of the doubt; none if it was not drawn.
    #[serde(skip)]
    pub drawn: Vec<f64>,
    /// How many times its own load this is, where it was multiplied.
    #[serde(skip)]
    pub times: Option<f64>,
}

/// A timed change to a running scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// When, ns; it precedes everything else at that time.
    pub at: Nanos,
    /// What happens.
    pub change: Change,
}

/// What ails a node for a while.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Outage {
    /// It is dead: what it held is lost, and it refuses connections.
    Kill,
    /// Its time stands still; it gets afterwards what came meanwhile.
    Freeze,
    /// The network drops what is sent to it and what it answers.
    BlackHole,
    /// It works so many times as slowly.
    Slow(f64),
    /// Its disk works so many times as slowly.
    SlowDisk(f64),
    /// Its disk is full: what is written fails.
    FullDisk,
}

impl Outage {
    /// The changes that begin and end it; without an end it lasts.
    #[must_use]
    pub fn events(self, nodes: Vec<u32>, at: Nanos, ends: Option<Nanos>) -> Vec<Event> {
        let last = ends.unwrap_or(Nanos::MAX);
        let (begin, end) = match self {
            Outage::Kill => (Change::Kill(nodes.clone()), Change::Start(nodes)),
            Outage::Freeze => (Change::Freeze(nodes.clone(), last), Change::Thaw(nodes)),
            Outage::BlackHole => (Change::Cut(nodes.clone(), true), Change::Cut(nodes, false)),
            Outage::Slow(factor) => (Change::Slow(nodes.clone(), factor), Change::Slow(nodes, 1.0)),
            Outage::SlowDisk(factor) => {
                (Change::SlowDisk(nodes.clone(), factor), Change::SlowDisk(nodes, 1.0))
            }
            Outage::FullDisk => {
                (Change::FullDisk(nodes.clone(), true), Change::FullDisk(nodes, false))
            }
        };
        let end = ends.map(|at| Event { at, change: end });
        [Some(Event { at, change: begin }), end].into_iter().flatten().collect()
    }
}

/// An outage that comes again and again to each of some nodes, each by its own luck.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recurring {
    /// The nodes.
    pub nodes: Vec<u32>,
    /// What happens to one of them.
    pub outage: Outage,
    /// Time in order, from the start or the last repair to the next outage.
    pub every: Law,
    /// Time until it is repaired.
    pub repair: Law,
}

/// What a timed change does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Change {
    /// These nodes die; what they hold is lost.
    Kill(Vec<u32>),
    /// These nodes are told to stop, and finish what they hold as far as their grace allows.
    Dismiss(Vec<u32>),
    /// These nodes come back, if they were killed or told to stop.
    Start(Vec<u32>),
    /// These nodes take fresh processes, and the old ones finish what they hold.
    Reload(Vec<u32>),
    /// The time of these nodes stands still until then, ns.
    Freeze(Vec<u32>, Nanos),
    /// The time of these nodes goes on.
    Thaw(Vec<u32>),
    /// These nodes are cut off from the network, or joined again.
    Cut(Vec<u32>, bool),
    /// These nodes work `factor` times as slowly.
    Slow(Vec<u32>, f64),
    /// The disks of these nodes work `factor` times as slowly.
    SlowDisk(Vec<u32>, f64),
    /// The disks of these nodes are full, or have room again.
    FullDisk(Vec<u32>, bool),
    /// These nodes forget what they cached.
    Flush(Vec<u32>),
    /// A part's form changes.
    Set {
        /// Index of the part.
        part: u32,
        /// The whole new form.
        form: Box<Form>,
        /// What is said of it in the timeline.
        said: String,
    },
    /// These nodes stop for a reason, told in the timeline; what they hold is lost.
    Halt(Vec<u32>, String),
    /// A part's machines are of another type from now on.
    Resize {
        /// Index of the part.
        part: u32,
        /// The whole new form.
        form: Box<Form>,
        /// What an instance costs from now on.
        rent: Rent,
    },
    /// So many more instances of a part.
    Add(u32, u32),
    /// So many fewer; they finish what they hold.
    Remove(u32, u32),
}

impl Change {
    /// The nodes that it names; none where it is about a whole part.
    #[must_use]
    pub fn nodes(&self) -> &[u32] {
        match self {
            Change::Kill(nodes) | Change::Halt(nodes, _) | Change::Start(nodes) => nodes,
            Change::Freeze(nodes, _) | Change::Thaw(nodes) | Change::Cut(nodes, _) => nodes,
            Change::Slow(nodes, _) | Change::Flush(nodes) => nodes,
            Change::Dismiss(nodes) | Change::Reload(nodes) => nodes,
            Change::SlowDisk(nodes, _) | Change::FullDisk(nodes, _) => nodes,
            _ => &[],
        }
    }

    /// What it takes away from its nodes or its part, or gives back to them.
    fn turns(&self) -> Option<(Good, Turn)> {
        let turn = |gives: bool| if gives { Turn::Gives } else { Turn::Takes };
        Some(match self {
            Change::Kill(_) | Change::Halt(..) | Change::Dismiss(_) => (Good::Life, Turn::Takes),
            Change::Start(_) => (Good::Life, Turn::Gives),
            Change::Freeze(..) => (Good::Time, Turn::Takes),
            Change::Thaw(_) => (Good::Time, Turn::Gives),
            Change::Cut(_, cut) => (Good::Network, turn(!*cut)),
            Change::Slow(_, factor) => (Good::Speed, turn(*factor == 1.0)),
            Change::SlowDisk(_, factor) => (Good::DiskSpeed, turn(*factor == 1.0)),
            Change::FullDisk(_, full) => (Good::DiskSpace, turn(!*full)),
            Change::Remove(part, _) => (Good::Instances(*part), Turn::Takes),
            Change::Add(part, _) => (Good::Instances(*part), Turn::Gives),
            Change::Flush(_) | Change::Reload(_) => return None,
            Change::Set { .. } | Change::Resize { .. } => return None,
        })
    }

    /// Whether it only gives back what another one took away, or adds to what there is.
    #[must_use]
    pub fn gives_back(&self) -> bool {
        let gives = |(_, turn)| turn == Turn::Gives;
        self.turns().is_some_and(gives) || matches!(self, Change::Resize { .. })
    }

    /// Whether it takes something away from its nodes or its part.
    #[must_use]
    pub fn takes_away(&self) -> bool {
        self.turns().is_some_and(|(_, turn)| turn == Turn::Takes)
    }

    /// Whether a later change gives back what this one took away.
    #[must_use]
    pub fn ended_by(&self, later: &Change) -> bool {
        let (Some((taken, Turn::Takes)), Some((given, Turn::Gives))) =
            (self.turns(), later.turns())
        else {
            return false;
        };
        taken == given && self.nodes() == later.nodes()
    }
}

/// What a change can take away and another one give back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Good {
    Life,
    Time,
    Network,
    Speed,
    DiskSpeed,
    DiskSpace,
    /// Of this part.
    Instances(u32),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    Takes,
    Gives,
}

/// One named part of a scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// Its name; replicas are called `web[0]`, `web[1]` ...
    pub name: String,
    /// Its component's form.
    pub form: Form,
    /// Instances in service at the start.
    pub replicas: u32,
    /// Instances that there can be, autoscaling and events included.
    pub prepared: u32,
}

/// A scenario that passed every check.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Blueprint {
    /// Parts in the order of the file.
    pub parts: Vec<Part>,
    /// Endpoint names; number 0 is the one without a name.
    pub endpoints: Vec<String>,
    /// Data files by name, as text.
    pub files: IndexMap<String, String>,
    /// Frames that a request's stack needs at most.
    pub stack: u32,
    /// What instances cost, by part; parts without a price are not in it.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub rents: IndexMap<String, Rent>,
    /// The parts that each part names, by index: whom it sends requests to, or looks after. The
    /// forms say the same: it adds nothing to what the scenario means.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<Vec<u32>>,
}

/// The name of a part's instance.
#[must_use]
pub fn instance_name(part: &Part, index: u32) -> String {
    if part.prepared == 1 { part.name.clone() } else { format!("{}[{index}]", part.name) }
}

impl Blueprint {
    /// Whether anything costs something: instances or traffic.
    #[must_use]
    pub fn has_prices(&self) -> bool {
        let has_price = |part: &Part| part.form.egress().is_some();
        !self.rents.is_empty() || self.parts.iter().any(has_price)
    }

    /// What components may know when they are built.
    #[must_use]
    pub fn site(&self) -> Site {
        let mut places = IndexMap::new();
        let mut next = 0;
        for (group, part) in self.parts.iter().enumerate() {
            let members = (next..next + part.prepared).collect();
            next += part.prepared;
            let carries_leases = part.form.carries_leases();
            let place = Place { group: group as u32, members, carries_leases };
            places.insert(part.name.clone(), place);
        }
        Site {
            places,
            endpoints: self.endpoints.clone(),
            files: self.files.clone(),
            name: String::new(),
        }
    }

    /// The world at time 0 under a seed, with every initial instance started.
    ///
    /// # Errors
    /// The index of a part and its flaw.
    pub fn world(&self, seed: u64, keeping: Keeping) -> Result<World<Node>, (usize, Flaw)> {
        let mut core = Core::new(seed, self.stack, keeping);
        let mut nodes = Vec::new();
        let mut site = self.site();
        for (group, part) in self.parts.iter().enumerate() {
            site.name.clone_from(&part.name);
            let mut template = part.form.build(&site).map_err(|flaw| (group, flaw))?;
            template.prepare(&mut |delay: Nanos| core.agenda.lane(delay));
            let mut members = Vec::new();
            for index in 0..part.prepared {
                members.push(core.seats.len() as u32);
                core.seats.push(Seat::new(instance_name(part, index), group as u32, &part.name));
                nodes.push(template.clone());
            }
            core.groups.push(Group { name: part.name.clone(), members, ..Group::default() });
        }
        let mut world = World::new(nodes, core);
        for (group, part) in self.parts.iter().enumerate() {
            for index in 0..part.replicas {
                world.start(world.core.groups[group].members[index as usize]);
            }
        }
        Ok(world)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_outage_is_ended_by_its_own_end_and_by_no_other() {
        let outages = [Outage::Kill, Outage::Freeze, Outage::BlackHole, Outage::Slow(3.0)];
        let all: Vec<Vec<Event>> =
            outages.iter().map(|outage| outage.events(vec![4], 10, Some(20))).collect();
        for (one, events) in all.iter().enumerate() {
            let (begin, end) = (&events[0].change, &events[1].change);
            assert!(!begin.gives_back() && end.gives_back());
            for (other, events) in all.iter().enumerate() {
                assert_eq!(begin.ended_by(&events[1].change), one == other, "{begin:?}");
                assert!(!begin.ended_by(&events[0].change));
            }
            assert!(!begin.ended_by(&outages[one].events(vec![5], 10, Some(20))[1].change));
        }
    }

    #[test]
    fn instances_come_back_by_being_added_to_the_same_part() {
        let remove = Change::Remove(2, 3);
        assert!(remove.ended_by(&Change::Add(2, 1)) && !remove.ended_by(&Change::Add(1, 3)));
        assert!(Change::Halt(vec![1], String::new()).ended_by(&Change::Start(vec![1])));
        assert!(!Change::Flush(vec![1]).gives_back());
    }

    #[test]
    fn a_plan_says_who_sends_requests_to_whom_and_who_looks_after_whom() {
        let text = "
busyhour: 1
duration: 10s
users: {all: {arrivals: 1/s, enter: lb}}
nodes:
  lb: {component: balancer, to: web}
  web: {component: worker-pool, workers: 1, steps: [cpu: 1ms]}
autoscale: {web: {up: {when: queue > 4 for 1s, add: 1}, min: 1, max: 2}}
";
        let reading = crate::scenario::read("x.yaml", text, &[], &crate::scenario::NoFiles);
        let plan = reading.plan.unwrap_or_else(|| panic!("{:?}", reading.problems));
        let names: Vec<&str> = plan.blueprint.parts.iter().map(|part| &part.name[..]).collect();
        assert_eq!(names, ["all", "lb", "web", "autoscale:web"]);
        assert_eq!(plan.blueprint.calls, [vec![1], vec![2], vec![], vec![2]]);
    }
}
