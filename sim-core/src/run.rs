//! Plan and seed become a run: time passes in slices, frames are taken, events happen on time.

mod frame;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use self::frame::{ClassFrame, Frame, Frames, PartFrame, ResourceFrame};
use crate::components::{Form, Node, Survey};
use crate::engine::agenda::Keeping;
use crate::engine::chance::{Stream, mix, name_key};
use crate::engine::kernel::{Action, Progress, Seat, World};
use crate::engine::record::{End, Recorder};
use crate::engine::time::Nanos;
use crate::scenario::plan::{Change, Event, Plan};
use crate::units::Duration;
use crate::wiring::Flaw;

/// How far a call to [`Run::advance`] came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advanced {
    /// To the given time, or to the end of the plan.
    Reached,
    /// The budget of events is used up; call again.
    Budget,
    /// Messages go round a node without time moving: the run cannot go on.
    Circling(u32),
}

/// What became of everything that was ever opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ledger {
    /// Requests, forks and attempts opened.
    pub opened: u64,
    /// Of these, ended.
    pub closed: u64,
    /// Of these, alive.
    pub alive: u64,
}

/// A run in progress. A clone is a fork of it.
#[derive(Clone, Debug)]
pub struct Run {
    plan: Arc<Plan>,
    seed: u64,
    state: State,
}

/// Everything that changes while a run goes on.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct State {
    world: World<Node>,
    frames: Frames,
    /// Events that have not happened yet, the next one last.
    #[serde(with = "as_text")]
    coming: Vec<Event>,
    warm: bool,
    /// Answers for nobody before the warm-up ended.
    wasted_before: u64,
}

impl Run {
    /// A run at time 0.
    ///
    /// # Errors
    /// The index of a part and what is wrong with its form.
    pub fn new(plan: Arc<Plan>, seed: u64) -> Result<Self, (usize, Flaw)> {
        Self::keeping(plan, seed, Keeping::Lanes)
    }

    /// A run that keeps its timers in a stated way.
    ///
    /// # Errors
    /// The index of a part and what is wrong with its form.
    pub fn keeping(plan: Arc<Plan>, seed: u64, keeping: Keeping) -> Result<Self, (usize, Flaw)> {
        let world = plan.blueprint.world(seed, keeping)?;
        let mut frames = Frames::new(plan.frame);
        frames.open(&world);
        let mut coming = happenings(&plan, seed, &world.core.seats);
        coming.reverse();
        let state = State { world, frames, coming, warm: plan.warmup == 0, wasted_before: 0 };
        Ok(Run { plan, seed, state })
    }

    /// What is played.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The plan, to play it again.
    pub(crate) fn shared_plan(&self) -> Arc<Plan> {
        Arc::clone(&self.plan)
    }

    /// The seed.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Simulated time, ns.
    #[must_use]
    pub fn now(&self) -> Nanos {
        self.state.world.core.now
    }

    /// Events handled so far.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.state.world.core.events
    }

    /// The world as it stands.
    #[must_use]
    pub(crate) fn world(&self) -> &World<Node> {
        &self.state.world
    }

    /// Everything that has happened and will, in order of time: what has a stated time, and what
    /// came at random.
    pub(crate) fn happenings(&self) -> Vec<Event> {
        happenings(&self.plan, self.seed, &self.state.world.core.seats)
    }

    /// A copy in which all time is charged up to now and the open frame has ended: what a report
    /// reads, so that reading never changes a run.
    pub(crate) fn settled(&self) -> Run {
        let mut copy = self.clone();
        copy.state.world.core.settle();
        copy.state.frames.close(&mut copy.state.world);
        copy
    }

    /// Since when meters count, ns: the end of the warm-up, or 0 before it.
    pub(crate) fn measured_since(&self) -> Nanos {
        if self.state.warm { self.plan.warmup } else { 0 }
    }

    /// Answers since then that nobody waited for any more.
    pub(crate) fn measured_wasted(&self) -> u64 {
        self.state.world.core.wasted - self.state.wasted_before
    }

    /// Things of note that happened so far.
    #[must_use]
    pub fn moments(&self) -> usize {
        self.state.world.core.journal.len()
    }

    /// The frames so far.
    #[must_use]
    pub fn frames(&self) -> &Frames {
        &self.state.frames
    }

    /// The run's digest so far.
    #[must_use]
    pub fn digest(&self) -> u64 {
        self.state.world.digest()
    }

    /// The digest of each node, in name order: where two runs differ first.
    #[must_use]
    pub fn node_digests(&self) -> Vec<(String, u64)> {
        let seats = self.state.world.core.seats.iter();
        let mut all: Vec<_> = seats.map(|seat| (seat.name.clone(), seat.digest)).collect();
        all.sort();
        all
    }

    /// Requests, forks and attempts opened, closed and alive: opened = closed + alive, always.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        let core = &self.state.world.core;
        Ledger { opened: core.opened, closed: core.closed, alive: core.requests.alive() as u64 }
    }

    /// Whether the end of the plan is reached.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.now() >= self.plan.duration
    }

    /// Lets time pass up to `until`, or to the end of the plan, handling at most about `budget`
    /// events. How a run is sliced never changes its digest.
    pub fn advance(&mut self, until: Nanos, budget: u64) -> Advanced {
        self.advance_by((until, budget), World::advance)
    }

    /// [`Run::advance`] while a recorder looks on, from the start of the run.
    pub(crate) fn advance_watched(
        &mut self,
        until: Nanos,
        budget: u64,
        recorder: &mut Recorder,
    ) -> Advanced {
        self.state.world.keep_ends();
        self.advance_by((until, budget), |world, until, budget| {
            world.advance_watched(until, budget, recorder)
        })
    }

    fn advance_by(
        &mut self,
        (until, budget): (Nanos, u64),
        mut pass: impl FnMut(&mut World<Node>, Nanos, u64) -> Progress,
    ) -> Advanced {
        let until = until.min(self.plan.duration);
        let stop = self.events().saturating_add(budget);
        while self.now() < until {
            let next = self.next_stop(until);
            let left = stop.saturating_sub(self.events());
            match pass(&mut self.state.world, next, left) {
                Progress::Reached => self.at_stop(),
                Progress::Budget => return Advanced::Budget,
                Progress::Circling { node } => return Advanced::Circling(node),
            }
        }
        Advanced::Reached
    }

    /// Keeps the ends of logical requests from now on.
    pub fn keep_ends(&mut self) {
        self.state.world.keep_ends();
    }

    /// The ends kept since the last time.
    pub(crate) fn take_ends(&mut self) -> Vec<End> {
        self.state.world.take_ends()
    }

    /// What to say when messages go round a node without time moving.
    #[must_use]
    pub fn circling(&self, node: u32) -> String {
        let name = &self.world().core.seats[node as usize].name;
        format!(
            "at {} of simulated time messages go round {name} without end: give a step on the way \
             a duration",
            Duration(self.now())
        )
    }

    /// Plays to the end.
    pub fn finish(&mut self) -> Advanced {
        self.advance(Nanos::MAX, u64::MAX)
    }

    fn next_stop(&self, until: Nanos) -> Nanos {
        let mut next = until.min(self.state.frames.ends());
        if !self.state.warm {
            next = next.min(self.plan.warmup);
        }
        if let Some(event) = self.state.coming.last() {
            next = next.min(event.at.max(self.now()));
        }
        next
    }

    /// Frames end, the warm-up ends, events happen: in this order, before anything else of now.
    fn at_stop(&mut self) {
        let now = self.now();
        let State { world, frames, coming, warm, wasted_before } = &mut self.state;
        let warming = !*warm && now >= self.plan.warmup;
        if now >= frames.ends() || now >= self.plan.duration || warming {
            frames.close(world);
        }
        if warming {
            *warm = true;
            *wasted_before = world.core.wasted;
            world.reset_meters();
            frames.open(world);
        }
        while let Some(event) = coming.pop_if(|event| event.at <= now) {
            happen(world, &self.plan, &event.change);
        }
    }

    /// Goes on under another plan that differs from this one in what happens after now alone: the
    /// run is then the one that this plan gives from the beginning. False, and nothing is changed,
    /// if it differs in more: then it must be played from the beginning.
    pub fn amend(&mut self, plan: Arc<Plan>) -> bool {
        let now = self.now();
        let happened = |plan: &Plan| plan.events.iter().filter(|event| event.at <= now).count();
        let alike = plan.blueprint == self.plan.blueprint
            && plan.recurring == self.plan.recurring
            && (plan.duration, plan.warmup, plan.frame)
                == (self.plan.duration, self.plan.warmup, self.plan.frame)
            && happened(&plan) == happened(&self.plan);
        if alike {
            let mut coming = happenings(&plan, self.seed, &self.state.world.core.seats);
            coming.retain(|event| event.at > now);
            coming.reverse();
            self.state.coming = coming;
            self.plan = plan;
        }
        alike
    }

    /// The run's state as bytes, to go on from later.
    ///
    /// # Errors
    /// A sentence if the state cannot be written.
    pub fn snapshot(&self) -> Result<Vec<u8>, String> {
        postcard::to_stdvec(&(self.seed, &self.state)).map_err(|error| error.to_string())
    }

    /// Goes on from a snapshot of the same plan.
    ///
    /// # Errors
    /// A sentence if the bytes are no snapshot.
    pub fn resume(plan: Arc<Plan>, bytes: &[u8]) -> Result<Self, String> {
        let (seed, state): (u64, State) =
            postcard::from_bytes(bytes).map_err(|error| error.to_string())?;
        let mut run = Run { plan, seed, state };
        for node in &mut run.state.world.nodes {
            node.reattach(&run.plan.blueprint.recordings);
        }
        Ok(run)
    }

    /// What every node shows of itself, by node index.
    #[must_use]
    pub fn surveys(&self) -> Vec<Survey<'_>> {
        self.state.world.nodes.iter().map(survey).collect()
    }
}

/// Everything that will happen, in order of time: what has a stated time, and outages drawn under
/// the seed, each instance by its own luck.
fn happenings(plan: &Plan, seed: u64, seats: &[Seat]) -> Vec<Event> {
    let mut coming = plan.events.clone();
    for (index, recurring) in plan.recurring.iter().enumerate() {
        for &node in &recurring.nodes {
            let own = mix(name_key(&seats[node as usize].name), index as u64);
            let mut luck = Stream::new(mix(mix(seed, name_key("outages")), own));
            let mut at = recurring.every.sample_nanos(&mut luck);
            while at < plan.duration {
                let ends = at + recurring.repair.sample_nanos(&mut luck);
                coming.extend(recurring.outage.events(vec![node], at, Some(ends)));
                at = ends.saturating_add(recurring.every.sample_nanos(&mut luck).max(1));
            }
        }
    }
    coming.sort_by_key(|event| event.at);
    coming
}

pub(crate) fn survey(node: &Node) -> Survey<'_> {
    let mut survey = Survey::default();
    node.survey(&mut survey);
    survey
}

/// Does something to nodes from outside, and says so.
fn act(world: &mut World<Node>, nodes: &[u32], (action, what): (Action, &str)) {
    for &node in nodes {
        note(world, node, what);
        world.act(node, action);
    }
}

fn happen(world: &mut World<Node>, plan: &Plan, change: &Change) {
    match change {
        Change::Kill(nodes) => each(world, (nodes, "killed"), World::kill),
        Change::Halt(nodes, why) => each(world, (nodes, why), World::kill),
        Change::Resize { part, form, rent } => {
            let machine = rent.machine.as_deref().unwrap_or("another machine");
            set(world, plan, *part, (form, &format!("runs on {machine} from now on")));
        }
        Change::Start(nodes) => {
            for &node in nodes {
                if world.revive(node) {
                    let waits = world.core.seats[node as usize].draining;
                    let what = if waits { "starts again when it has stopped" } else { "started" };
                    note(world, node, what);
                }
            }
        }
        Change::Dismiss(nodes) => each(world, (nodes, "told to stop"), World::dismiss),
        Change::Reload(nodes) => each(world, (nodes, "reloads"), |world, node| {
            world.core.seats[node as usize].alive && world.act(node, Action::Reload)
        }),
        Change::Freeze(nodes, until) => {
            each(world, (nodes, "frozen"), |world, node| world.freeze(node, *until));
        }
        Change::Thaw(nodes) => each(world, (nodes, "runs on"), World::thaw),
        Change::Cut(nodes, cut) => {
            for &node in nodes {
                world.cut(node, *cut);
                note(
                    world,
                    node,
                    if *cut { "cut off from the network" } else { "reachable again" },
                );
            }
        }
        Change::Slow(nodes, factor) => {
            let what = paced(*factor, "work takes", "normal time");
            act(world, nodes, (Action::Slow(*factor), &what));
        }
        Change::SlowDisk(nodes, factor) => {
            let what = paced(*factor, "its disk takes", "normal time");
            act(world, nodes, (Action::SlowDisk(*factor), &what));
        }
        Change::FullDisk(nodes, is_full) => {
            let what = if *is_full { "its disk is full" } else { "its disk has room again" };
            act(world, nodes, (Action::FullDisk(*is_full), what));
        }
        Change::Flush(nodes) => act(world, nodes, (Action::Flush, "flushed")),
        Change::Set { part, form, said } => set(world, plan, *part, (form, said)),
        Change::Add(part, count) => {
            let first = world.core.groups[*part as usize].members[0];
            let added = world.with(first, |_, cx| (0..*count).filter(|_| cx.grow(*part)).count());
            note(world, first, &format!("{added} instances added"));
        }
        Change::Remove(part, count) => {
            let first = world.core.groups[*part as usize].members[0];
            let removed =
                world.with(first, |_, cx| (0..*count).filter(|_| cx.shrink(*part)).count());
            note(world, first, &format!("{removed} instances taken out of service"));
        }
    }
}

/// What a changed pace is called in the timeline.
fn paced(factor: f64, takes: &str, time: &str) -> String {
    if factor == 1.0 {
        return format!("{takes} its {time} again");
    }
    format!("{takes} {factor} times its {time}")
}

/// Does something to nodes one after another, and says so where it means something.
fn each(
    world: &mut World<Node>,
    (nodes, what): (&[u32], &str),
    does: impl Fn(&mut World<Node>, u32) -> bool,
) {
    for &node in nodes {
        if does(world, node) {
            note(world, node, what);
        }
    }
}

fn note(world: &mut World<Node>, node: u32, what: &str) {
    world.core.journal(node, what.to_owned());
}

/// Gives every instance of a part its new form; what is refused is said in the timeline.
fn set(world: &mut World<Node>, plan: &Plan, part: u32, (form, said): (&Form, &str)) {
    let mut site = plan.blueprint.site();
    site.name.clone_from(&plan.blueprint.parts[part as usize].name);
    for node in world.core.groups[part as usize].members.clone() {
        let refused = world.with(node, |body, cx| body.retune(cx, form, &site));
        if let Err(flaw) = refused {
            note(world, node, &format!("refused {said}: {} ({})", flaw.message, flaw.remedy));
        } else if world.core.seats[node as usize].alive {
            note(world, node, said);
        }
    }
}

/// Events in a snapshot: forms leave out what is not said, which only a format with names can read.
mod as_text {
    use serde::de::Error as _;
    use serde::ser::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Event;
    use crate::scenario::decode::{References, decode};
    use crate::scenario::problem::{Place, SourceId};
    use crate::scenario::tree::from_json;

    pub(super) fn serialize<S: Serializer>(events: &[Event], to: S) -> Result<S::Ok, S::Error> {
        serde_json::to_string(events).map_err(S::Error::custom)?.serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Event>, D::Error> {
        let text = String::deserialize(from)?;
        let value: serde_json::Value = serde_json::from_str(&text).map_err(D::Error::custom)?;
        // by the scenario's own reader: a second one of every form would be a page's largest part
        let tree = from_json(&value, Place::start(SourceId(0)));
        decode(&tree, "events", &mut References::default()).map_err(|problems| {
            D::Error::custom(problems.first().map_or("no events", |problem| &problem.message))
        })
    }
}
