//! W2 on a small general engine: the request path is data (a list of steps), the pools, load balancers,
//! distributions and timeouts come from a configuration. What a configurable simulator can hope for.
use crate::fel::*;
use crate::hist::Hist;
use crate::rng::*;
use crate::time::Time;
use crate::w2::{O2, P2};
use std::collections::VecDeque;

#[derive(Clone, Copy)]
pub enum Dist {
    Const(f64),
    Exp(f64),
    LogN(f64, f64),
}
#[derive(Clone, Copy)]
pub enum Op {
    /// pick a member of a balancer's group and remember it
    Pick {
        lb: u32,
    },
    /// take a unit of a pool: u32::MAX means the picked member
    Acquire {
        pool: u32,
    },
    Delay {
        dist: u32,
    },
    /// go on with the next step with probability p, else jump
    Branch {
        p: f64,
        or: u32,
    },
    Release {
        pool: u32,
    },
    Jump {
        to: u32,
    },
    /// record the response, release everything still held
    End,
}
pub struct Pool<T> {
    cap: u32,
    used: u32,
    live: u32,
    q: VecDeque<(u32, u32)>,
    last: T,
    q_area: f64,
    b_area: f64,
    lb: u32,
    idx: u32,
}
pub struct Lb {
    lc: bool,
    rr: u64,
    key: Vec<u32>,
    base: u32, // first pool id of the group
}
#[derive(Clone)]
struct Req<T> {
    arr: T,
    gen: u32,
    pc: u32,
    picked: u32,
    waiting: u32, // pool it queues for, or MAX
    late: bool,
    nheld: u8,
    held: [u32; 6],
}
pub struct Source {
    ia: Dist,
    left: u64,
    entry: u32,
    timeout: f64,
}

pub struct Engine<T, Q, S> {
    ops: Vec<Op>,
    dists: Vec<Dist>,
    pools: Vec<Pool<T>>,
    lbs: Vec<Lb>,
    sources: Vec<Source>,
    req: Vec<Req<T>>,
    free: Vec<u32>,
    lane: VecDeque<(T, u32, u32)>,
    q: Q,
    r: Xo,
    s: S,
    hist: Hist,
    timeouts: u64,
    events: u64,
    now: T,
}
const RES: u32 = 1;

impl<T: Time, Q: Fel, S: Sampler> Engine<T, Q, S> {
    #[inline(always)]
    fn draw(&mut self, d: Dist) -> f64 {
        match d {
            Dist::Const(x) => x,
            Dist::Exp(m) => self.s.exp1(&mut self.r) * m,
            Dist::LogN(mu, sg) => self.s.lognorm(&mut self.r, mu, sg),
        }
    }
    #[inline(always)]
    fn acc(&mut self, p: usize) {
        let x = &mut self.pools[p];
        let dt = self.now.raw_since(x.last);
        x.q_area += dt * x.live as f64;
        x.b_area += dt * x.used as f64;
        x.last = self.now;
    }
    /// returns a request that got the unit and must now go on
    #[inline(always)]
    fn release(&mut self, p: u32) -> Option<u32> {
        self.acc(p as usize);
        loop {
            match self.pools[p as usize].q.pop_front() {
                Some((s, g)) => {
                    let x = &mut self.req[s as usize];
                    if x.gen == g && x.waiting == p {
                        x.waiting = u32::MAX;
                        let h = x.nheld as usize;
                        x.held[h] = p;
                        x.nheld += 1;
                        self.pools[p as usize].live -= 1;
                        return Some(s);
                    }
                }
                None => {
                    self.pools[p as usize].used -= 1;
                    return None;
                }
            }
        }
    }
    fn finish(&mut self, s: u32, run: &mut Vec<u32>) {
        let x = &self.req[s as usize];
        let (n, held) = (x.nheld as usize, x.held);
        for k in (0..n).rev() {
            if let Some(w) = self.release(held[k]) {
                run.push(w);
            }
        }
        let pk = self.req[s as usize].picked;
        if pk != u32::MAX {
            let (lb, idx) = (self.pools[pk as usize].lb, self.pools[pk as usize].idx);
            self.lbs[lb as usize].key[idx as usize] -= 1 << 12;
        }
        let x = &mut self.req[s as usize];
        x.gen += 1;
        self.free.push(s);
    }
    #[inline(always)]
    fn exec(&mut self, s: u32, run: &mut Vec<u32>) {
        loop {
            let pc = self.req[s as usize].pc;
            self.req[s as usize].pc = pc + 1;
            match self.ops[pc as usize] {
                Op::Pick { lb } => {
                    let b = &mut self.lbs[lb as usize];
                    let i = if b.lc {
                        let mut k = u32::MAX;
                        for &x in &b.key {
                            k = k.min(x);
                        }
                        k & 0xfff
                    } else {
                        b.rr += 1;
                        ((b.rr - 1) % b.key.len() as u64) as u32
                    };
                    b.key[i as usize] += 1 << 12;
                    self.req[s as usize].picked = b.base + i;
                }
                Op::Acquire { pool } => {
                    let p = if pool == u32::MAX { self.req[s as usize].picked } else { pool };
                    if self.req[s as usize].late {
                        self.finish(s, run);
                        return;
                    }
                    self.acc(p as usize);
                    let y = &mut self.pools[p as usize];
                    let x = &mut self.req[s as usize];
                    if y.used < y.cap {
                        y.used += 1;
                        x.held[x.nheld as usize] = p;
                        x.nheld += 1;
                    } else {
                        y.live += 1;
                        y.q.push_back((s, x.gen));
                        x.waiting = p;
                        return;
                    }
                }
                Op::Delay { dist } => {
                    let d = self.dists[dist as usize];
                    let dt = self.draw(d);
                    self.q.push(self.now.plus(dt).key(), s * 2 + RES);
                    return;
                }
                Op::Branch { p, or } => {
                    if self.r.u01() >= p {
                        self.req[s as usize].pc = or;
                    }
                }
                Op::Release { pool } => {
                    let x = &mut self.req[s as usize];
                    let p = if pool == u32::MAX { x.picked } else { pool };
                    let n = x.nheld as usize;
                    if let Some(k) = x.held[..n].iter().position(|&h| h == p) {
                        x.held[k] = x.held[n - 1];
                        x.nheld -= 1;
                        if let Some(w) = self.release(p) {
                            run.push(w);
                        }
                    }
                }
                Op::Jump { to } => self.req[s as usize].pc = to,
                Op::End => {
                    let x = &self.req[s as usize];
                    if !x.late {
                        let ns = self.now.ns_since(x.arr);
                        self.hist.record(ns);
                    }
                    self.finish(s, run);
                    return;
                }
            }
        }
    }
    #[cold]
    #[inline(never)]
    fn timeout(&mut self, s: u32, run: &mut Vec<u32>) {
        self.timeouts += 1;
        let w = self.req[s as usize].waiting;
        if w != u32::MAX {
            self.acc(w as usize);
            self.pools[w as usize].live -= 1;
            self.req[s as usize].waiting = u32::MAX;
            self.finish(s, run);
        } else {
            self.req[s as usize].late = true;
        }
    }
    fn run(&mut self) {
        let mut run: Vec<u32> = Vec::new();
        for i in 0..self.sources.len() {
            let d = self.draw(self.sources[i].ia);
            self.q.push(self.now.plus(d).key(), (i as u32) * 2);
        }
        loop {
            while let Some(&(tm, s, g)) = self.lane.front() {
                let x = &self.req[s as usize];
                if x.gen != g || x.late {
                    self.lane.pop_front();
                    continue;
                }
                if tm.key() < self.q.peek() {
                    self.lane.pop_front();
                    self.events += 1;
                    self.now = tm;
                    self.timeout(s, &mut run);
                    while let Some(w) = run.pop() {
                        self.exec(w, &mut run);
                    }
                    continue;
                }
                break;
            }
            let Some((k, pl)) = self.q.pop() else { break };
            self.now = T::from_key(k);
            self.events += 1;
            if pl & 1 == RES {
                self.exec(pl >> 1, &mut run);
            } else {
                let i = (pl >> 1) as usize;
                self.sources[i].left -= 1;
                let (ia, left, entry, to) = {
                    let x = &self.sources[i];
                    (x.ia, x.left, x.entry, x.timeout)
                };
                if left > 0 {
                    let d = self.draw(ia);
                    self.q.push(self.now.plus(d).key(), pl);
                }
                let s = match self.free.pop() {
                    Some(s) => s,
                    None => {
                        self.req.push(Req {
                            arr: self.now,
                            gen: 0,
                            pc: 0,
                            picked: u32::MAX,
                            waiting: u32::MAX,
                            late: false,
                            nheld: 0,
                            held: [0; 6],
                        });
                        self.req.len() as u32 - 1
                    }
                };
                let x = &mut self.req[s as usize];
                x.arr = self.now;
                x.pc = entry;
                x.picked = u32::MAX;
                x.waiting = u32::MAX;
                x.late = false;
                x.nheld = 0;
                let g = x.gen;
                if to > 0.0 {
                    self.lane.push_back((self.now.plus(to), s, g));
                }
                self.exec(s, &mut run);
            }
            while let Some(w) = run.pop() {
                self.exec(w, &mut run);
            }
        }
    }
}

pub fn run_w2<T: Time, Q: Fel, S: Sampler>(p: P2) -> O2 {
    let mut pools: Vec<Pool<T>> = Vec::new();
    let mk = |cap, lb, idx| Pool {
        cap,
        used: 0,
        live: 0,
        q: VecDeque::new(),
        last: T::default(),
        q_area: 0.0,
        b_area: 0.0,
        lb,
        idx,
    };
    for i in 0..p.m {
        pools.push(mk(p.w, 0, i));
    }
    pools.push(mk(p.db, u32::MAX, 0));
    let dbp = p.m;
    let mut e = Engine::<T, Q, S> {
        ops: vec![
            Op::Pick { lb: 0 },
            Op::Acquire { pool: u32::MAX },
            Op::Delay { dist: 0 },
            Op::Branch { p: p.hit, or: 6 },
            Op::Delay { dist: 1 },
            Op::End,
            Op::Acquire { pool: dbp },
            Op::Delay { dist: 2 },
            Op::Release { pool: dbp },
            Op::End,
        ],
        dists: vec![Dist::LogN(p.cpu_mu, p.cpu_sigma), Dist::Const(p.hit_s), Dist::Exp(p.db_s)],
        pools,
        lbs: vec![Lb { lc: p.lc, rr: 0, key: (0..p.m).collect(), base: 0 }],
        sources: vec![Source {
            ia: Dist::Exp(1.0 / p.rate),
            left: p.n,
            entry: 0,
            timeout: p.timeout,
        }],
        req: vec![],
        free: vec![],
        lane: VecDeque::new(),
        q: Q::new(),
        r: Xo::new(p.seed),
        s: S::new(),
        hist: Hist::default(),
        timeouts: 0,
        events: 0,
        now: T::default(),
    };
    e.run();
    let el = e.now.raw_since(T::default());
    let mut o =
        O2 { end: el * T::UNIT, events: e.events, timeouts: e.timeouts, ..Default::default() };
    for i in 0..e.pools.len() {
        e.acc(i);
    }
    for i in 0..p.m as usize {
        o.qlen += e.pools[i].q_area / el;
        o.util.push(e.pools[i].b_area / el / p.w as f64);
    }
    o.db_util = e.pools[dbp as usize].b_area / el / p.db as f64;
    o.hist = e.hist;
    o
}
