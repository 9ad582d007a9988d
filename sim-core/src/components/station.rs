//! A queueing station as in a textbook: c servers, one line, finite room, abandonment, a next hop.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Bound, Component, Survey};
use crate::engine::agenda::{Lane, Timer};
use crate::engine::chance::{Draw, Law, LawSpec, mix, name_key, unit};
use crate::engine::delay::{Delay, stretch};
use crate::engine::kernel::{Action, Behaviour, Cancelled, Cx, Vitals};
use crate::engine::meter::{Sketch, Station};
use crate::engine::queue::{Order, Queue, Waiter};
use crate::engine::request::{Ask, Cause, Doing, Outcome, ReqId};
use crate::engine::share::{JobKey, Share};
use crate::engine::slab::Slab;
use crate::engine::time::Nanos;
use crate::wiring::{Flaw, Site, Target, Wider};

/// How the servers are given to requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Discipline {
    /// First in, first out.
    #[default]
    Fifo,
    /// Last in, first out.
    Lifo,
    /// The lowest endpoint number first, first in first out within; not interrupting.
    Priority,
    /// All at once, each at an equal share, at most one server each.
    ProcessorSharing,
}

/// A branch taken after service with a probability; what is left over ends here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Branch {
    /// The next station.
    pub to: Target,
    /// Probability, 0 to 1.
    pub p: f64,
}

/// A station with c servers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StationSpec {
    /// Servers; default 1.
    #[serde(default = "one")]
    pub servers: u32,
    /// Service time of a request.
    pub service: LawSpec,
    /// Who is served next; default `fifo`.
    #[serde(default)]
    pub discipline: Discipline,
    /// With `priority`: endpoints from the most to the least important; others come last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub priorities: Vec<crate::wiring::EndpointName>,
    /// Requests it has room for, in service or waiting; one more is turned away. Default: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<u32>,
    /// A waiting request gives up after this time. Default: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patience: Option<LawSpec>,
    /// A request that gave up, or whose caller left, stays in line and is served for nobody.
    #[serde(default)]
    pub stays: bool,
    /// Where requests go after service; default: they are answered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub next: Vec<Branch>,
}

fn one() -> u32 {
    1
}

const SERVICE: u64 = name_key("station service");
const PATIENCE: u64 = name_key("station patience");
const ROUTE: u64 = name_key("station route");

/// What a timer means: the high half of its word; the low half is a job's number.
const SERVED: u64 = 0;
const IMPATIENT: u64 = 1 << 32;
const SHARED: u64 = 2 << 32;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Stage {
    Waiting { ticket: u32, line: u8, patience: Timer },
    Served,
    Sharing(JobKey),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Job {
    /// `None` once it has given up and is served for nobody.
    req: Option<ReqId>,
    began: Nanos,
    luck: u64,
    endpoint: u16,
    stage: Stage,
}

/// A station in a running world.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct QueueStation {
    servers: u32,
    service: Delay,
    discipline: Discipline,
    priorities: Vec<u16>,
    room: u32,
    patience: Option<Law>,
    stays: bool,
    next: Vec<(f64, u32)>,
    salt: u64,
    slow: f64,
    lines: Vec<Queue>,
    jobs: Slab<Job>,
    share: Share,
    shared_timer: Timer,
    meter: Station,
    latency: Sketch,
}

impl QueueStation {
    fn line_of(&self, endpoint: u16) -> u8 {
        let rank = self.priorities.iter().position(|&known| known == endpoint);
        rank.unwrap_or(self.priorities.len()) as u8
    }

    /// A waiting job gets a server.
    fn serve(&mut self, cx: &mut Cx<'_>, index: u32) {
        let Some(job) = self.jobs.get_mut(index) else { return };
        job.stage = Stage::Served;
        if let Some(req) = job.req {
            cx.doing(req, Doing::Working);
            self.service.arm(cx, (req, self.salt ^ SERVICE), self.slow, SERVED | u64::from(index));
            return;
        }
        let draw = &mut Draw::new(job.luck ^ self.salt ^ SERVICE);
        let span = stretch(self.service.law().sample_nanos(draw), self.slow);
        cx.after(span, SERVED | u64::from(index));
    }

    fn enqueue(&mut self, cx: &mut Cx<'_>, index: u32) {
        let now = cx.now();
        let Some(job) = self.jobs.get(index) else { return };
        let Some(req) = job.req else { return };
        let luck = job.luck;
        let line = match self.discipline {
            Discipline::Priority => self.line_of(job.endpoint),
            _ => 0,
        };
        cx.doing(req, Doing::Waiting);
        self.meter.enqueue(now);
        let ticket =
            self.lines[line as usize].push(Waiter { req, since: now, word: u64::from(index) });
        let patience = match &self.patience {
            Some(law) => {
                let span = law.sample_nanos(&mut Draw::new(luck ^ self.salt ^ PATIENCE));
                cx.after(span, IMPATIENT | u64::from(index))
            }
            None => Timer::NONE,
        };
        if let Some(job) = self.jobs.get_mut(index) {
            job.stage = Stage::Waiting { ticket, line, patience };
        }
    }

    fn join_share(&mut self, cx: &mut Cx<'_>, index: u32) {
        let now = cx.now();
        let Some(job) = self.jobs.get_mut(index) else { return };
        let draw = &mut Draw::new(job.luck ^ self.salt ^ SERVICE);
        let demand = self.service.law().sample_nanos(draw);
        job.stage = Stage::Sharing(self.share.add(now, demand, u64::from(index)));
        self.rearm_share(cx);
    }

    fn rearm_share(&mut self, cx: &mut Cx<'_>) {
        let now = cx.now();
        self.meter.busy.set(now, self.share.len().min(self.servers));
        cx.disarm(self.shared_timer);
        self.shared_timer = match self.share.next() {
            Some(at) => cx.after(at - now, SHARED),
            None => Timer::NONE,
        };
    }

    fn share_served(&mut self, cx: &mut Cx<'_>) {
        while let Some(word) = self.share.pop_finished(cx.now()) {
            self.depart(cx, word as u32);
        }
        self.rearm_share(cx);
    }

    /// A job leaves after service: on to the next station, or answered.
    fn depart(&mut self, cx: &mut Cx<'_>, index: u32) {
        let Some(job) = self.jobs.remove(index) else { return };
        let Some(req) = job.req else { return };
        if cx.is_monitored() {
            self.latency.record(cx.now() - job.began);
        }
        if self.next.is_empty() {
            cx.reply(req, Outcome::Done);
            return;
        }
        let mut pick = unit(&mut cx.draw(req, self.salt ^ ROUTE));
        for &(p, to) in &self.next {
            if pick < p {
                // a later visit to the same station draws new luck
                let ask = cx.ask_mut(req);
                ask.luck = mix(ask.luck, ROUTE);
                cx.pass(req, to);
                return;
            }
            pick -= p;
        }
        cx.reply(req, Outcome::Done);
    }

    fn served(&mut self, cx: &mut Cx<'_>, index: u32) {
        let now = cx.now();
        self.meter.release(now);
        self.depart(cx, index);
        if self.meter.queue.level() == 0 || self.meter.busy.level() >= self.servers {
            return;
        }
        let order = match self.discipline {
            Discipline::Lifo => Order::Lifo,
            _ => Order::Fifo,
        };
        let Some(waiter) = self.lines.iter_mut().find_map(|line| line.pop(order)) else { return };
        self.meter.dequeue(now);
        self.meter.seize(now, now - waiter.since);
        let index = waiter.word as u32;
        if let Some(Job { stage: Stage::Waiting { patience, .. }, .. }) = self.jobs.get(index) {
            cx.disarm(*patience);
        }
        self.serve(cx, index);
    }

    /// Takes a waiting request out of the line; false if it is in service already.
    fn leave_line(&mut self, cx: &mut Cx<'_>, index: u32, cause: Cause) -> bool {
        let Some(job) = self.jobs.get_mut(index) else { return false };
        let Stage::Waiting { ticket, line, patience } = job.stage else { return false };
        cx.disarm(patience);
        let Some(req) = job.req.take() else { return false };
        if !self.stays {
            self.lines[line as usize].remove(ticket);
            self.meter.dequeue(cx.now());
            self.jobs.remove(index);
        }
        cx.reply(req, Outcome::Failed(cause));
        true
    }
}

impl Component for QueueStation {
    const NAME: &'static str = "station";
    const SUMMARY: &'static str =
        "A textbook queueing station: c servers, one line, finite room, abandonment, a next hop.";
    type Spec = StationSpec;

    fn build(spec: &StationSpec, site: &Site) -> Result<Self, Flaw> {
        let bad = |path: &str, message: String| Flaw::told(path, &message, "correct the value");
        if spec.servers == 0 || spec.servers > 1_000_000 {
            let message = format!("{} servers are not possible", spec.servers);
            return Err(Flaw::new("servers", message, "write 1 to 1000000"));
        }
        let law = spec.service.compile().map_err(|message| bad("service", message))?;
        let patience = spec.patience.as_ref().map(LawSpec::compile).transpose();
        let mut next = Vec::new();
        for branch in &spec.next {
            next.push((branch.p, site.node(&branch.to)?));
        }
        let total: f64 = spec.next.iter().map(|branch| branch.p).sum();
        if spec.next.iter().any(|branch| !(0.0..=1.0).contains(&branch.p)) || total > 1.0 + 1e-9 {
            let message = format!("the probabilities add up to {total}");
            return Err(Flaw::new(
                "next",
                message,
                "write probabilities from 0 to 1 that add up to at most 1",
            ));
        }
        let mut priorities = Vec::new();
        for name in &spec.priorities {
            priorities.push(site.endpoint(&name.0)?);
        }
        let lines = vec![Queue::default(); priorities.len() + 1];
        Ok(QueueStation {
            servers: spec.servers,
            service: Delay::new(law),
            discipline: spec.discipline,
            priorities,
            room: spec.room.unwrap_or(u32::MAX),
            patience: patience.map_err(|message| bad("patience", message))?,
            stays: spec.stays,
            next,
            salt: name_key(&site.name),
            slow: 1.0,
            lines,
            jobs: Slab::default(),
            share: Share::new(0, f64::from(spec.servers), 1.0),
            shared_timer: Timer::NONE,
            meter: Station::new(0, spec.servers),
            latency: Sketch::default(),
        })
    }

    fn retune(&mut self, cx: &mut Cx<'_>, spec: &StationSpec, site: &Site) -> Result<(), Flaw> {
        let fresh = Self::build(spec, site)?;
        if fresh.discipline != self.discipline || fresh.lines.len() != self.lines.len() {
            return Err(Flaw::new(
                "discipline",
                "the discipline is fixed while the run goes on",
                "change servers, service, room or patience",
            ));
        }
        let now = cx.now();
        let added = fresh.servers.saturating_sub(self.servers);
        self.servers = fresh.servers;
        self.service = fresh.service;
        self.service.prepare(&mut |delay| cx.lane(delay));
        self.room = fresh.room;
        self.patience = fresh.patience;
        self.stays = fresh.stays;
        self.next = fresh.next;
        self.meter.set_capacity(now, self.servers);
        if self.discipline == Discipline::ProcessorSharing {
            self.share.set_speed(now, f64::from(self.servers), 1.0 / self.slow);
            self.rearm_share(cx);
            return Ok(());
        }
        for _ in 0..added {
            let Some(waiter) = self.lines.iter_mut().find_map(|line| line.pop(Order::Fifo)) else {
                break;
            };
            self.meter.dequeue(now);
            self.meter.seize(now, now - waiter.since);
            self.serve(cx, waiter.word as u32);
        }
        Ok(())
    }

    fn survey<'a>(&'a self, survey: &mut Survey<'a>) {
        survey.resource("servers", &self.meter);
    }

    fn bound(spec: &StationSpec) -> Bound {
        let mean = spec.service.mean_s();
        let per_second = (mean > 0.0).then(|| f64::from(spec.servers) / mean);
        let in_order = spec.discipline == Discipline::Fifo;
        Bound { per_second, in_order, forwards: false }
    }

    fn passes(spec: &StationSpec) -> Vec<(String, f64)> {
        spec.next.iter().map(|branch| (branch.to.0.clone(), branch.p)).collect()
    }

    /// It tells apart what it ranks.
    fn endpoints(spec: &StationSpec) -> Vec<String> {
        spec.priorities.iter().map(|name| name.0.clone()).collect()
    }

    fn widen(spec: &StationSpec, resource: Option<&str>) -> Vec<Vec<Wider>> {
        let all = || Wider::only("servers", spec.servers);
        resource.map_or_else(Vec::new, |_| all())
    }
}

impl Behaviour for QueueStation {
    fn prepare(&mut self, lanes: &mut dyn FnMut(Nanos) -> Lane) {
        self.service.prepare(lanes);
    }

    fn start(&mut self, cx: &mut Cx<'_>) {
        self.share = Share::new(cx.now(), f64::from(self.servers), 1.0 / self.slow);
        self.meter.set_capacity(cx.now(), self.servers);
    }

    #[inline]
    fn call(&mut self, cx: &mut Cx<'_>, req: ReqId) {
        if self.jobs.len() >= self.room as usize {
            self.meter.turn_away();
            cx.reply(req, Outcome::Failed(Cause::QueueFull));
            return;
        }
        let now = cx.now();
        let &Ask { luck, endpoint, .. } = cx.ask(req);
        let job = Job { req: Some(req), began: now, luck, endpoint, stage: Stage::Served };
        let index = self.jobs.insert(job);
        cx.hold(req, u64::from(index));
        if self.discipline == Discipline::ProcessorSharing {
            self.join_share(cx, index);
        } else if self.meter.busy.level() < self.servers {
            self.meter.seize(now, 0);
            self.service.arm(cx, (req, self.salt ^ SERVICE), self.slow, SERVED | u64::from(index));
        } else {
            self.enqueue(cx, index);
        }
    }

    #[inline]
    fn timer(&mut self, cx: &mut Cx<'_>, word: u64) {
        match word & !0xffff_ffff {
            SERVED => self.served(cx, word as u32),
            SHARED => self.share_served(cx),
            _ => {
                self.leave_line(cx, word as u32, Cause::Abandoned);
            }
        }
    }

    fn cancelled(&mut self, cx: &mut Cx<'_>, gone: Cancelled) {
        let index = cx.held(gone.req) as u32;
        if self.stays || !self.leave_line(cx, index, Cause::Cancelled) {
            cx.mark_cancelled(gone.req);
        }
    }

    fn stop(&mut self, cx: &mut Cx<'_>, cause: Cause) {
        let now = cx.now();
        for job in self.jobs.drain() {
            if let Stage::Waiting { patience, .. } = job.stage {
                cx.disarm(patience);
            }
            if let Some(req) = job.req {
                cx.reply(req, Outcome::Failed(cause));
            }
        }
        self.lines.iter_mut().for_each(|line| *line = Queue::default());
        self.meter.close(now);
        self.shared_timer = Timer::NONE;
    }

    fn act(&mut self, cx: &mut Cx<'_>, action: Action) -> bool {
        let Action::Slow(factor) = action else { return false };
        self.slow = factor;
        if self.discipline == Discipline::ProcessorSharing {
            self.share.set_speed(cx.now(), f64::from(self.servers), 1.0 / factor);
            self.rearm_share(cx);
        }
        true
    }

    fn vitals(&mut self, now: Nanos) -> Vitals {
        Vitals { latency: self.latency.seal(), ..Vitals::of(&self.meter, now) }
    }

    fn reset_meters(&mut self, now: Nanos) {
        self.meter.reset(now);
    }
}
