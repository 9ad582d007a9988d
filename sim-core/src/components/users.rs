//! Users: open arrivals, sessions or a closed crowd, with patience, timeouts and retries.

mod crowd;
mod menu;
mod profile;
mod replay;
mod retry;
mod source;
mod spec;
mod visits;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use self::menu::{Menu, asked, tallies};
pub use self::profile::{DailySpec, PeakSpec, ProfileSpec, Spacing, StepSpec, VaryingSpec};
pub use self::replay::ReplaySpec;
use self::retry::Retry;
pub use self::retry::{Jitter, RetrySpec};
use self::source::{Source, compile};
pub use self::spec::UsersSpec;
use self::visits::{Owner, Session, Visit};
use super::{Component, Limits, Survey, Tries};
use crate::engine::agenda::{Lane, Timer};
use crate::engine::chance::{Draw, Law, exponential, mix};
use crate::engine::kernel::{Answer, Behaviour, Cx};
use crate::engine::request::{Cause, Outcome, ReqId};
use crate::engine::slab::Slab;
use crate::engine::tally::Tally;
use crate::engine::time::{Nanos, SECOND};
use crate::recorded::Recording;
use crate::units::Duration;
use crate::wiring::{Flaw, Load, RecordedFile, Site};

const ARRIVAL: u64 = 0x6172_7269_7661_6c01;
const THINK: u64 = 0x7468_696e_6b00_0005;
const PATIENCE: u64 = 0x7061_7469_656e_0006;
const BACKOFF: u64 = 0x6261_636b_6f66_0007;

/// What a timer means: the high half of its word; the low half is a slab number.
const NEXT: u64 = 0;
const TIMEOUT: u64 = 1;
const LEAVE: u64 = 2;
const AGAIN: u64 = 3;
const THOUGHT: u64 = 4;

#[inline]
fn word(kind: u64, index: u32) -> u64 {
    kind << 32 | u64::from(index)
}

/// A group of users.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Users {
    enter: u32,
    source: Source,
    menu: Menu,
    think: Law,
    patience: Option<Law>,
    timeout_ns: Option<Nanos>,
    timeout_lane: Option<Lane>,
    retry: Retry,
    limit: u64,
    key: u64,
    /// Arrivals, sessions or clock ticks so far.
    ordinal: u64,
    /// The luck of the one that the clock brings.
    luck: u64,
    coming: Coming,
    clock: Timer,
    visits: Slab<Visit>,
    sessions: Slab<Session>,
    tallies: Vec<Tally>,
    issued: u64,
}

/// An arrival after the next one. What is drawn for it is ready before anything waits for it.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Coming {
    ordinal: u64,
    luck: u64,
    /// The gap before it on the cumulative rate, with mean 1.
    amount: f64,
    /// How long that is, where the rate never changes.
    wait: Option<Nanos>,
}

impl Users {
    #[inline]
    fn coming(&self, ordinal: u64) -> Coming {
        let luck = mix(self.key, ordinal);
        let (Source::Arrivals(profile) | Source::Sessions(profile)) = &self.source else {
            return Coming { ordinal, luck, ..Coming::default() };
        };
        // exponential, or 1 for even spacing
        let drawn = || exponential(&mut Draw::new(luck ^ ARRIVAL));
        let amount = if profile.even { 1.0 } else { drawn() };
        Coming { ordinal, luck, amount, wait: profile.wait(amount) }
    }

    fn next_arrival(&mut self, cx: &mut Cx<'_>) {
        self.ordinal += 1;
        if self.coming.ordinal != self.ordinal {
            self.coming = self.coming(self.ordinal);
        }
        let Coming { luck, amount, wait, .. } = self.coming;
        self.luck = luck;
        let now = cx.now();
        let at = match &mut self.source {
            Source::Arrivals(profile) | Source::Sessions(profile) => {
                wait.map(|wait| now + wait).or_else(|| profile.after(now, amount))
            }
            Source::Recorded(replay) => replay.upcoming(),
            Source::Crowd(_) | Source::Closed(_) => None,
        };
        if let Some(at) = at {
            self.clock = cx.after(at.saturating_sub(now), word(NEXT, 0));
        }
        self.coming = self.coming(self.ordinal + 1);
    }

    fn wind(&mut self, cx: &mut Cx<'_>) {
        self.ordinal += 1;
        self.luck = mix(self.key, self.ordinal);
        let Source::Crowd(crowd) = &self.source else { return };
        let gap = crowd.gap(&mut Draw::new(self.luck ^ ARRIVAL));
        self.clock = cx.after(gap, word(NEXT, 0));
    }

    #[inline]
    fn arrive(&mut self, cx: &mut Cx<'_>) {
        let luck = self.luck;
        if self.issued >= self.limit {
            return;
        }
        match &mut self.source {
            Source::Arrivals(_) => {
                self.next_arrival(cx);
                let class = self.menu.pick(luck);
                self.begin(cx, self.menu.ask(luck, class, None), class, Owner::Nobody);
            }
            Source::Recorded(replay) => {
                let Some(row) = replay.take() else { return };
                let class = replay.class(&row).unwrap_or_else(|| self.menu.pick(luck));
                self.next_arrival(cx);
                let mut ask = self.menu.ask(luck, class, None);
                row.describe(&mut ask, |client| self.menu.person(client));
                self.begin(cx, ask, class, Owner::Nobody);
            }
            Source::Sessions(_) => {
                self.next_arrival(cx);
                let client = self.menu.ask(luck, 0, None).client;
                let left = self.menu.visits(luck, 0);
                let session = Session { luck, client, visits: 0, stage: 0, left };
                let session = self.sessions.insert(session);
                self.go_on(cx, session);
            }
            Source::Crowd(crowd) => {
                let woken = crowd.tick(&mut Draw::new(luck ^ THINK));
                crowd.calm();
                self.wind(cx);
                if let Some(user) = woken {
                    self.begin_user(cx, user, luck);
                }
            }
            Source::Closed(_) => {}
        }
    }
}

impl Component for Users {
    const NAME: &'static str = "users";
    const SUMMARY: &'static str =
        "People or clients: open arrivals, sessions or a closed crowd, with patience and retries.";
    type Spec = UsersSpec;

    fn build(spec: &UsersSpec, site: &Site) -> Result<Self, Flaw> {
        let think = compile(spec.think.as_ref(), "think")?.unwrap_or(Law::Constant { nanos: 0 });
        if spec.closed.is_some() && spec.think.is_none() {
            return Err(Flaw::new(
                "think",
                "closed users need a think time",
                "write think: {exponential: 5s}, or think: 0s for a load generator without pause",
            ));
        }
        let menu = Menu::new(spec, site)?;
        let timeout_ns = spec.timeout.as_ref().map(|timeout| timeout.nanos());
        Ok(Users {
            enter: site.node(&spec.enter)?,
            source: Source::new(spec, &think, site)?,
            tallies: tallies(&menu, spec, site)?,
            menu,
            think,
            patience: compile(spec.patience.as_ref(), "patience")?,
            timeout_ns,
            timeout_lane: None,
            retry: Retry::new(spec.retry.as_ref())?,
            limit: spec.limit.unwrap_or(u64::MAX),
            key: 0,
            ordinal: 0,
            coming: Coming::default(),
            luck: 0,
            clock: Timer::NONE,
            visits: Slab::default(),
            sessions: Slab::default(),
            issued: 0,
        })
    }

    fn retune(&mut self, cx: &mut Cx<'_>, spec: &UsersSpec, site: &Site) -> Result<(), Flaw> {
        let mut fresh = Self::build(spec, site)?;
        if fresh.tallies.len() != self.tallies.len()
            || std::mem::discriminant(&fresh.source) != std::mem::discriminant(&self.source)
        {
            return Err(Flaw::new(
                "",
                "the kind of users and their endpoints are fixed while the run goes on",
                "change rates, think time, patience, timeout or retry",
            ));
        }
        if !matches!(fresh.source, Source::Arrivals(_) | Source::Sessions(_)) {
            fresh.source = self.source.clone();
        } else {
            cx.disarm(self.clock);
        }
        for (tally, fresh) in self.tallies.iter_mut().zip(&fresh.tallies) {
            tally.usd_each = fresh.usd_each;
        }
        self.source = fresh.source;
        self.coming = Coming::default();
        self.menu = fresh.menu;
        self.think = fresh.think;
        self.patience = fresh.patience;
        self.timeout_ns = fresh.timeout_ns;
        self.timeout_lane = self.timeout_ns.map(|timeout| cx.lane(timeout));
        self.retry = fresh.retry;
        self.limit = fresh.limit;
        if matches!(self.source, Source::Arrivals(_) | Source::Sessions(_)) {
            self.next_arrival(cx);
        }
        Ok(())
    }

    fn limits(spec: &UsersSpec) -> Limits {
        let patience = spec.patience.as_ref().and_then(|law| law.compile().ok());
        let patience = patience.map(|law| (law.mean() * SECOND as f64) as Nanos);
        let leaves_after = patience.into_iter().chain(spec.timeout.map(Duration::nanos)).min();
        // a budget keeps retries a small part of all
        let retry = spec.retry.as_ref().filter(|retry| retry.budget.is_none());
        let tries = retry.map(|retry| Tries {
            field: "retry.attempts",
            most: u64::from(retry.attempts),
            peers: Vec::new(),
            after: None,
        });
        let shares_objects = spec.keys.is_some() || spec.replay.is_some();
        let brings_demand = spec.demand.is_some() || spec.replay.is_some();
        Limits { leaves_after, tries, shares_objects, brings_demand, ..Limits::default() }
    }

    fn survey<'a>(&'a self, survey: &mut Survey<'a>) {
        survey.tallies.extend(self.tallies.iter());
    }

    fn asks(spec: &UsersSpec) -> Option<Vec<String>> {
        Some(asked(spec).keys().map(|name| name.0.clone()).collect())
    }

    fn varies(spec: &UsersSpec) -> bool {
        let mut profiles = spec.arrivals.iter().chain(&spec.sessions);
        spec.limit.is_some() || spec.replay.is_some() || profiles.any(ProfileSpec::varies)
    }

    fn replay(spec: &mut UsersSpec, recording: &RecordedFile) -> bool {
        spec.replay(recording);
        true
    }

    fn reattach(&mut self, recordings: &IndexMap<String, Recording>) {
        if let Source::Recorded(replay) = &mut self.source {
            replay.reattach(recordings);
        }
    }

    fn load(spec: &UsersSpec, site: &Site) -> Load {
        spec.load(site)
    }

    fn scale(spec: &mut UsersSpec, factor: f64) -> bool {
        spec.scale(factor);
        true
    }

    fn tallies(&mut self) -> &mut [Tally] {
        &mut self.tallies
    }
}

impl Behaviour for Users {
    fn start(&mut self, cx: &mut Cx<'_>) {
        self.key = cx.source_key();
        self.timeout_lane = self.timeout_ns.map(|timeout| cx.lane(timeout));
        match &self.source {
            Source::Arrivals(_) | Source::Sessions(_) | Source::Recorded(_) => {
                self.next_arrival(cx)
            }
            Source::Crowd(_) => self.wind(cx),
            Source::Closed(users) => {
                for user in 0..*users {
                    self.think(cx, user, mix(self.key ^ THINK, u64::from(user)));
                }
            }
        }
    }

    /// Nobody calls users; a request that strays here is refused.
    fn call(&mut self, cx: &mut Cx<'_>, req: ReqId) {
        cx.reply(req, Outcome::Failed(Cause::Refused));
    }

    #[inline]
    fn answer(&mut self, cx: &mut Cx<'_>, answer: Answer) {
        let index = answer.word as u32;
        match answer.outcome {
            Outcome::Done => self.finish(cx, index, Outcome::Done),
            Outcome::Failed(cause) => {
                if let Some(visit) = self.visits.get(index) {
                    cx.disarm(visit.timeout);
                }
                self.attempt_failed(cx, index, cause);
            }
        }
    }

    fn timer(&mut self, cx: &mut Cx<'_>, word: u64) {
        let index = word as u32;
        match word >> 32 {
            NEXT => self.arrive(cx),
            TIMEOUT => {
                if let Some(visit) = self.visits.get_mut(index) {
                    Self::abandon_child(cx, visit);
                    self.attempt_failed(cx, index, Cause::Timeout);
                }
            }
            LEAVE => {
                if let Some(visit) = self.visits.get_mut(index) {
                    Self::abandon_child(cx, visit);
                    cx.disarm(visit.again);
                    self.finish(cx, index, Outcome::Failed(Cause::Abandoned));
                }
            }
            AGAIN => self.attempt_again(cx, index),
            _ if matches!(self.source, Source::Closed(_)) => {
                if self.issued < self.limit {
                    self.ordinal += 1;
                    self.begin_user(cx, index, mix(self.key, self.ordinal));
                }
            }
            _ => self.go_on(cx, index),
        }
    }

    /// Users do not die with a cause: whatever they wait for is left behind.
    fn stop(&mut self, cx: &mut Cx<'_>, cause: Cause) {
        for mut visit in self.visits.drain() {
            Self::abandon_child(cx, &mut visit);
            self.tallies[visit.class as usize].fail(cause);
            cx.end(visit.ask.luck, visit.class, visit.started, Outcome::Failed(cause));
        }
        self.sessions.drain();
    }

    fn reset_meters(&mut self, _now: Nanos) {
        self.tallies.iter_mut().for_each(Tally::reset);
    }
}
