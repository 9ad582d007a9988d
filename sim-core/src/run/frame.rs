//! Frames: what each window of a run looked like, plain numbers per part and class.

use serde::{Deserialize, Serialize};

use super::survey;
use crate::components::{Node, Survey};
use crate::engine::kernel::World;
use crate::engine::meter::SparseSketch;
use crate::engine::tally::Causes;
use crate::engine::time::Nanos;

/// Frames kept; beyond that two neighbours become one and frames are twice as long from then on.
const FRAMES_MAX: usize = 4_096;
/// What parts without places call the number of requests that they passed on.
const SENT: &str = "sent";

/// One window of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Frame {
    /// Where it begins, ns.
    pub start: Nanos,
    /// Where it ends, ns.
    pub end: Nanos,
    /// By part, in plan order.
    pub parts: Vec<PartFrame>,
    /// By class of requests, in the order of the report.
    pub classes: Vec<ClassFrame>,
}

/// A part in a window: its instances together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PartFrame {
    /// Instances alive at the end of the window.
    pub instances: u32,
    /// By resource.
    pub resources: Vec<ResourceFrame>,
    /// Request-nanoseconds spent waiting, working and travelling in the part.
    pub spent_ns: [u64; 3],
    /// Requests that it took on or passed on, as far as it counts them: those that took a place of
    /// its outermost resource, or that it sent.
    #[serde(default)]
    pub taken: u64,
    /// Requests that found no place in it, not even in line.
    #[serde(default)]
    pub turned_away: u64,
}

/// A resource in a window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ResourceFrame {
    /// Busy server-nanoseconds.
    pub busy_ns: u64,
    /// Offered server-nanoseconds.
    pub capacity_ns: u64,
    /// Request-nanoseconds in line.
    pub queue_ns: u64,
}

/// A class of requests in a window.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ClassFrame {
    /// Begun.
    pub issued: u64,
    /// Answered.
    pub completed: u64,
    /// Given up, by cause.
    pub failed: Causes,
    /// Latencies of the answered ones.
    pub latency: SparseSketch,
}

/// All frames of a run and the one that is open.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Frames {
    length: Nanos,
    ends: Nanos,
    done: Vec<Frame>,
    /// Cumulative readings when the open frame began.
    base: Frame,
}

impl Frames {
    /// No frames yet; the first one ends after `length`.
    #[must_use]
    pub fn new(length: Nanos) -> Self {
        let length = length.max(1);
        Frames { length, ends: length, done: Vec::new(), base: Frame::default() }
    }

    /// When the open frame ends, ns.
    #[must_use]
    pub fn ends(&self) -> Nanos {
        self.ends
    }

    /// The length of new frames, ns.
    #[must_use]
    pub fn length(&self) -> Nanos {
        self.length
    }

    /// The closed frames, oldest first.
    #[must_use]
    pub fn all(&self) -> &[Frame] {
        &self.done
    }

    /// Reads the meters as the base of the open frame: at the start, and after meters were reset.
    pub(crate) fn open(&mut self, world: &World<Node>) {
        self.base = reading(world);
        self.base.end = world.core.now;
    }

    /// Ends the open frame now.
    pub(crate) fn close(&mut self, world: &mut World<Node>) {
        let now = world.core.now;
        if self.ends <= now {
            self.ends = now + self.length;
        }
        if now == self.base.end {
            return;
        }
        world.core.settle();
        let mut total = reading(world);
        let mut frame = difference(&total, &self.base);
        frame.start = self.base.end;
        frame.end = now;
        let sketches = world.nodes.iter_mut().flat_map(Node::windows);
        for (class, sketch) in frame.classes.iter_mut().zip(sketches) {
            class.latency = sketch.seal();
        }
        total.end = now;
        self.base = total;
        self.done.push(frame);
        if self.done.len() > FRAMES_MAX {
            self.thin();
        }
    }

    fn thin(&mut self) {
        let old = std::mem::take(&mut self.done);
        let mut pairs = old.into_iter();
        while let Some(mut one) = pairs.next() {
            if let Some(other) = pairs.next() {
                one.absorb(other);
            }
            self.done.push(one);
        }
        self.length *= 2;
    }
}

impl Frame {
    /// Takes over the frame that follows.
    fn absorb(&mut self, other: Frame) {
        self.end = other.end;
        for (mine, theirs) in self.parts.iter_mut().zip(other.parts) {
            mine.instances = theirs.instances;
            for (mine, theirs) in mine.resources.iter_mut().zip(theirs.resources) {
                mine.busy_ns += theirs.busy_ns;
                mine.capacity_ns += theirs.capacity_ns;
                mine.queue_ns += theirs.queue_ns;
            }
            for (mine, theirs) in mine.spent_ns.iter_mut().zip(theirs.spent_ns) {
                *mine += theirs;
            }
            mine.taken += theirs.taken;
            mine.turned_away += theirs.turned_away;
        }
        for (mine, theirs) in self.classes.iter_mut().zip(other.classes) {
            mine.issued += theirs.issued;
            mine.completed += theirs.completed;
            mine.failed.iter_mut().zip(theirs.failed).for_each(|(mine, theirs)| *mine += theirs);
            mine.latency.merge(&theirs.latency);
        }
    }
}

/// Cumulative figures of a world, in the shape of a frame.
fn reading(world: &World<Node>) -> Frame {
    let now = world.core.now;
    let mut frame = Frame::default();
    for group in &world.core.groups {
        let mut part = PartFrame::default();
        for &member in &group.members {
            let seat = &world.core.seats[member as usize];
            part.instances += u32::from(seat.alive);
            for (sum, spent) in part.spent_ns.iter_mut().zip(seat.spent) {
                *sum = sum.wrapping_add(spent as u64);
            }
            let survey = survey(&world.nodes[member as usize]);
            part.taken += taken(&survey);
            part.resources.resize(survey.resources.len(), ResourceFrame::default());
            for (sum, resource) in part.resources.iter_mut().zip(&survey.resources) {
                let station = resource.station;
                part.turned_away += station.turned_away.count();
                sum.busy_ns = sum.busy_ns.wrapping_add(station.busy.area_at(now) as u64);
                sum.capacity_ns =
                    sum.capacity_ns.wrapping_add(station.capacity.area_at(now) as u64);
                sum.queue_ns = sum.queue_ns.wrapping_add(station.queue.area_at(now) as u64);
            }
            for tally in survey.tallies {
                frame.classes.push(ClassFrame {
                    issued: tally.issued,
                    completed: tally.completed,
                    failed: tally.failed,
                    latency: SparseSketch::default(),
                });
            }
        }
        frame.parts.push(part);
    }
    frame
}

/// What a node counts of those who came and were let in.
fn taken(survey: &Survey<'_>) -> u64 {
    match survey.resources.first() {
        Some(outermost) => outermost.station.seized(),
        None => {
            let sent = survey.counts.iter().find(|(name, _)| *name == SENT);
            sent.map_or(0, |(_, n)| *n)
                + survey.tallies.iter().map(|tally| tally.issued).sum::<u64>()
        }
    }
}

fn difference(total: &Frame, base: &Frame) -> Frame {
    let mut frame = total.clone();
    for (part, base) in frame.parts.iter_mut().zip(&base.parts) {
        for (now, then) in part.resources.iter_mut().zip(&base.resources) {
            now.busy_ns = now.busy_ns.wrapping_sub(then.busy_ns);
            now.capacity_ns = now.capacity_ns.wrapping_sub(then.capacity_ns);
            now.queue_ns = now.queue_ns.wrapping_sub(then.queue_ns);
        }
        for (now, then) in part.spent_ns.iter_mut().zip(base.spent_ns) {
            *now = now.wrapping_sub(then);
        }
        part.taken = part.taken.saturating_sub(base.taken);
        part.turned_away = part.turned_away.saturating_sub(base.turned_away);
    }
    for (class, base) in frame.classes.iter_mut().zip(&base.classes) {
        class.issued -= base.issued;
        class.completed -= base.completed;
        class.failed.iter_mut().zip(base.failed).for_each(|(now, then)| *now -= then);
    }
    frame
}
