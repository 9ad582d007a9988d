//! Endpoints made ready to run: one flat list of operations with jumps.

use std::mem::discriminant;
use std::sync::Arc;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::step::{CachedSpec, CallSpec, HoldSpec, QuerySpec, StepSpec};
use crate::engine::agenda::Lane;
use crate::engine::chance::{Law, LawSpec, Zipf, mix, name_key};
use crate::engine::delay::Delay;
use crate::engine::request::{Ask, Want};
use crate::engine::time::Nanos;
use crate::wiring::{EndpointName, Flaw, Site, Target};

/// Operations of all endpoints of a pool together.
const OPS_MAX: usize = 10_000;

/// The work that a call asks of its callee.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Asked {
    /// Drawn for it.
    Drawn(Law),
    /// This share of what the request itself brings.
    Own(f64),
}

/// A call to another node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Outgoing {
    pub(crate) to: u32,
    pub(crate) endpoint: u16,
    pub(crate) demand: Option<Asked>,
    pub(crate) keys: Option<Zipf>,
    pub(crate) want: Want,
}

/// One operation; `salt` names its luck.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Op {
    Cpu {
        time: Delay,
        salt: u64,
    },
    Io {
        time: Delay,
        salt: u64,
    },
    Call {
        out: Outgoing,
        salt: u64,
    },
    /// Calls a cache; after a hit the run goes on at `hit`, else at the next operation.
    Lookup {
        out: Outgoing,
        salt: u64,
        hit: u16,
    },
    /// Writes the key that was looked up into the cache, well or not.
    Write {
        out: Outgoing,
        salt: u64,
    },
    /// With probability `p` waits `time` and goes on at `hit`, else at the next operation.
    Luck {
        p: f64,
        time: Delay,
        salt: u64,
        hit: u16,
    },
    /// With probability `p` ends the request with an error, anew in every attempt.
    Fail {
        p: f64,
        salt: u64,
    },
    /// Gives back what is leased there.
    Release {
        to: u32,
    },
    /// The next `count` operations are calls that run at the same time.
    Parallel {
        count: u16,
    },
    End,
}

/// All endpoints of a pool.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Program {
    pub(crate) ops: Vec<Op>,
    /// First operation by endpoint number; `u16::MAX` where the pool has no such endpoint.
    starts: Vec<u16>,
    otherwise: u16,
    /// Where the operations of today begin: those before it are for requests that began with them.
    now: u16,
}

/// What a form says of the work.
#[derive(Clone, Copy)]
pub(crate) struct Work<'a> {
    /// Where queries go that do not say it themselves.
    pub(crate) database: Option<&'a Target>,
    /// Steps of every request, where endpoints are not told apart.
    pub(crate) steps: &'a [StepSpec],
    /// Steps by endpoint.
    pub(crate) endpoints: &'a IndexMap<EndpointName, Vec<StepSpec>>,
}

struct Writer<'a> {
    ops: Vec<Op>,
    site: &'a Site,
    database: Option<&'a Target>,
    /// Pools of which a connection is held at this step.
    held: Vec<u32>,
    key: u64,
}

fn at(path: &str, flaw: Flaw) -> Flaw {
    let dot = if flaw.path.is_empty() { "" } else { "." };
    Flaw { path: format!("{path}{dot}{}", flaw.path), ..flaw }
}

fn wrong(path: &str) -> impl Fn(String) -> Flaw {
    move |message| Flaw::told(path, &message, "correct the value")
}

fn delay(path: &str, spec: &LawSpec) -> Result<Delay, Flaw> {
    Delay::of(spec).map_err(wrong(path))
}

fn asked(path: &str, spec: &LawSpec) -> Result<Asked, Flaw> {
    match spec.own_share() {
        Some(share) => Ok(Asked::Own(share)),
        None => spec.compile().map(Asked::Drawn).map_err(wrong(path)),
    }
}

impl Writer<'_> {
    fn salt(&self) -> u64 {
        mix(self.key, self.ops.len() as u64)
    }

    fn steps(&mut self, steps: &[StepSpec], path: &str) -> Result<(), Flaw> {
        for (index, step) in steps.iter().enumerate() {
            self.step(step, &format!("{path}[{index}]"))?;
            if self.ops.len() > OPS_MAX {
                let message = format!("more than {OPS_MAX} steps");
                return Err(Flaw::new(path, message, "describe the endpoints more coarsely"));
            }
        }
        Ok(())
    }

    fn step(&mut self, step: &StepSpec, path: &str) -> Result<(), Flaw> {
        let salt = self.salt();
        match step {
            StepSpec::Cpu(spec) => {
                let time = delay(&format!("{path}.cpu"), spec)?;
                self.ops.push(Op::Cpu { time, salt });
            }
            StepSpec::Io(spec) => {
                let time = delay(&format!("{path}.io"), spec)?;
                self.ops.push(Op::Io { time, salt });
            }
            StepSpec::Query(query) => {
                let out = self.query(query, &format!("{path}.query"))?;
                self.ops.push(Op::Call { out, salt });
            }
            StepSpec::Call(call) => {
                let out = self.call(call).map_err(|flaw| at(&format!("{path}.call"), flaw))?;
                self.ops.push(Op::Call { out, salt });
            }
            StepSpec::Fail(share) => self.ops.push(Op::Fail { p: share.value(), salt }),
            StepSpec::Hold(hold) => self.hold(hold, &format!("{path}.hold"))?,
            StepSpec::Cached(cached) => self.cached(cached, &format!("{path}.cached"))?,
            StepSpec::Parallel(branches) => {
                self.parallel(branches, &format!("{path}.parallel"))?;
            }
        }
        Ok(())
    }

    fn query(&self, full: &QuerySpec, path: &str) -> Result<Outgoing, Flaw> {
        let Some(to) = full.to.as_ref().or(self.database) else {
            return Err(Flaw::new(
                path,
                "the query does not say which database it goes to",
                "write database: NAME in the pool, or query: {to: NAME, time: 9ms}",
            ));
        };
        if full.kind.is_none() && full.time.is_none() {
            return Err(Flaw::new(
                path,
                "the query has neither a kind nor a time",
                "write query: 9ms, or query: {kind: NAME} with the kind's time in the database",
            ));
        }
        let kind = full.kind.as_ref().map(|kind| self.site.endpoint(&kind.0)).transpose();
        let time = full.time.as_ref().map(|time| asked(path, time)).transpose()?;
        Ok(Outgoing {
            to: self.site.node(to).map_err(|flaw| at(path, flaw))?,
            endpoint: kind.map_err(|flaw| at(path, flaw))?.unwrap_or(0),
            demand: time,
            keys: None,
            want: Want::Answer,
        })
    }

    fn call(&self, call: &CallSpec) -> Result<Outgoing, Flaw> {
        let endpoint =
            call.endpoint.as_ref().map(|name| self.site.endpoint(&name.0)).transpose()?;
        let to = self.site.node(&call.to)?;
        let endpoint = endpoint.unwrap_or(0);
        Ok(Outgoing { to, endpoint, demand: None, keys: None, want: Want::Answer })
    }

    fn hold(&mut self, hold: &HoldSpec, path: &str) -> Result<(), Flaw> {
        let Some(pool) = hold.pool.as_ref().or(self.database) else {
            return Err(Flaw::new(
                path,
                "the step does not say of which pool it holds a connection",
                "write hold: {pool: NAME, steps: [...]}, or database: NAME in the worker pool",
            ));
        };
        let to = self.site.node(pool).map_err(|flaw| at(path, flaw))?;
        if self.held.contains(&to) {
            let message = format!("a connection of {} is held already", pool.0);
            return Err(Flaw::new(path, message, "leave out the inner hold"));
        }
        let out = Outgoing { to, endpoint: 0, demand: None, keys: None, want: Want::Lease };
        self.ops.push(Op::Call { out, salt: self.salt() });
        self.held.push(to);
        self.steps(&hold.steps, &format!("{path}.steps"))?;
        self.held.pop();
        self.ops.push(Op::Release { to });
        Ok(())
    }

    fn cached(&mut self, cached: &CachedSpec, path: &str) -> Result<(), Flaw> {
        let salt = self.salt();
        let here = self.ops.len();
        match (&cached.cache, &cached.hit) {
            (Some(cache), None) => {
                let keys = cached.keys.as_ref().map(|keys| keys.compile()).transpose();
                let keys = keys.map_err(|message| Flaw::new(path, message, "correct the value"))?;
                let to = self.site.node(cache).map_err(|flaw| at(path, flaw))?;
                let out = Outgoing { to, endpoint: 0, demand: None, keys, want: Want::Answer };
                self.ops.push(Op::Lookup { out, salt, hit: 0 });
            }
            (None, Some(share)) => {
                let time = match &cached.time {
                    Some(time) => delay(&format!("{path}.time"), time)?,
                    None => Delay::new(Law::Constant { nanos: 0 }),
                };
                let p = share.value();
                self.ops.push(Op::Luck { p, time, salt, hit: 0 });
            }
            _ => {
                return Err(Flaw::new(
                    path,
                    "a look-up needs either a cache node or a stated hit ratio",
                    "write in: NAME, or hit: 80% with time: 1ms",
                ));
            }
        }
        self.steps(&cached.otherwise, &format!("{path}.otherwise"))?;
        if let Op::Lookup { out, salt, .. } = &self.ops[here] {
            // the same salt draws the same key
            let out = Outgoing { endpoint: Ask::WRITE, ..out.clone() };
            self.ops.push(Op::Write { out, salt: *salt });
        }
        let after = self.ops.len() as u16;
        if let Op::Lookup { hit, .. } | Op::Luck { hit, .. } = &mut self.ops[here] {
            *hit = after;
        }
        Ok(())
    }

    fn parallel(&mut self, branches: &[StepSpec], path: &str) -> Result<(), Flaw> {
        if branches.is_empty() || branches.len() > 1_000 {
            let message = format!("{} branches are not possible", branches.len());
            return Err(Flaw::new(path, message, "write 1 to 1000 calls or queries"));
        }
        self.ops.push(Op::Parallel { count: branches.len() as u16 });
        for (index, branch) in branches.iter().enumerate() {
            let path = format!("{path}[{index}]");
            if !matches!(branch, StepSpec::Query(_) | StepSpec::Call(_)) {
                let message = "only calls and queries can run at the same time";
                return Err(Flaw::new(&path, message, "move this step before or after"));
            }
            self.step(branch, &path)?;
        }
        let branches = &self.ops[self.ops.len() - branches.len()..];
        let on = |pool| move |op: &&Op| matches!(op, Op::Call { out, .. } if out.to == pool);
        if self.held.iter().any(|&pool| branches.iter().filter(on(pool)).count() > 1) {
            let message = "a connection that is held runs one query at a time";
            return Err(Flaw::new(path, message, "write these queries one after another"));
        }
        Ok(())
    }
}

impl Program {
    pub(crate) fn new(work: Work<'_>, site: &Site) -> Result<Self, Flaw> {
        let key = name_key(&site.name);
        let database = work.database;
        let mut writer = Writer { ops: Vec::new(), site, database, held: Vec::new(), key };
        let mut starts = vec![u16::MAX; site.endpoints.len()];
        let mut otherwise = u16::MAX;
        if !work.steps.is_empty() {
            otherwise = 0;
            writer.steps(work.steps, "steps")?;
            writer.ops.push(Op::End);
        }
        for (name, steps) in work.endpoints {
            let start = writer.ops.len() as u16;
            writer.key = mix(key, name_key(&name.0));
            writer.steps(steps, &format!("endpoints.{}", name.0))?;
            writer.ops.push(Op::End);
            starts[site.endpoint(&name.0)? as usize] = start;
            if work.endpoints.len() == 1 && otherwise == u16::MAX {
                otherwise = start;
            }
        }
        if writer.ops.is_empty() {
            return Err(Flaw::new(
                "endpoints",
                "the pool has no work to do",
                "write steps: [cpu: 10ms], or endpoints: {home: [cpu: 10ms]}",
            ));
        }
        Ok(Program { ops: writer.ops, starts, otherwise, now: 0 })
    }

    /// These operations in place of others while requests are under way: they go on with the new
    /// times where the steps are the same, and else by the steps that they began with.
    pub(crate) fn instead_of(self: Arc<Self>, old: &Program) -> Result<Arc<Self>, Flaw> {
        let mut fresh = Arc::unwrap_or_clone(self);
        let of_today = &old.ops[old.now as usize..];
        let same = |(a, b)| discriminant::<Op>(a) == discriminant(b);
        let is_same =
            of_today.len() == fresh.ops.len() && of_today.iter().zip(&fresh.ops).all(same);
        let kept = if is_same { &old.ops[..old.now as usize] } else { &old.ops[..] };
        if kept.len() + fresh.ops.len() > OPS_MAX {
            let message = format!("more than {OPS_MAX} steps, with those of requests under way");
            return Err(Flaw::new("endpoints", message, "change the number of steps less often"));
        }
        fresh.now = kept.len() as u16;
        for op in &mut fresh.ops {
            if let Op::Lookup { hit, .. } | Op::Luck { hit, .. } = op {
                *hit += fresh.now;
            }
        }
        let starts = fresh.starts.iter_mut().chain([&mut fresh.otherwise]);
        starts.filter(|start| **start != u16::MAX).for_each(|start| *start += fresh.now);
        fresh.ops.splice(0..0, kept.iter().cloned());
        Ok(Arc::new(fresh))
    }

    /// The first operation of an endpoint; `u16::MAX`, past all operations, if the pool has no such
    /// endpoint.
    #[inline]
    pub(crate) fn start(&self, endpoint: u16) -> u16 {
        match self.starts.get(endpoint as usize) {
            Some(&start) if start != u16::MAX => start,
            _ => self.otherwise,
        }
    }

    pub(crate) fn prepare(&mut self, lanes: &mut dyn FnMut(Nanos) -> Lane) {
        for op in &mut self.ops {
            if let Op::Cpu { time, .. } | Op::Io { time, .. } | Op::Luck { time, .. } = op {
                time.prepare(lanes);
            }
        }
    }
}
