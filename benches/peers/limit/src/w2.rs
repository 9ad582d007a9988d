//! W2: load balancer -> m instances x w workers -> CPU -> cache hit or pooled DB -> respond; client timeout.
use crate::fel::*;
use crate::hist::Hist;
use crate::rng::*;
use crate::time::Time;
use std::collections::VecDeque;

#[derive(Clone, Copy, PartialEq)]
pub enum Timer {
    /// constant delay, so timers expire in the order in which they were set: a ring, trimmed as requests end
    Lane,
    /// in the event list; a timer of a finished request is popped and ignored
    Lazy,
    /// in the event list; taken out when the request ends (needs the indexed heap)
    Indexed,
    /// no timers at all (to see what they cost)
    Off,
}
#[derive(Clone, Copy)]
pub struct P2 {
    pub n: u64,
    pub rate: f64,
    pub m: u32,
    pub w: u32,
    pub db: u32,
    pub lc: bool,
    pub timer: Timer,
    pub seed: u64,
    pub timeout: f64,
    pub cpu_mu: f64,
    pub cpu_sigma: f64,
    pub hit: f64,
    pub hit_s: f64,
    pub db_s: f64,
}
pub const SIGMA: f64 = 0.5;
impl P2 {
    pub fn std(n: u64, m: u32, load: f64, lc: bool, timer: Timer, seed: u64) -> Self {
        let k = m as f64 / 8.0;
        P2 {
            n,
            rate: 400.0 * k * load,
            m,
            w: 4,
            db: (20.0 * k) as u32,
            lc,
            timer,
            seed,
            timeout: 5.0,
            cpu_mu: libm::log(0.020) - SIGMA * SIGMA / 2.0,
            cpu_sigma: SIGMA,
            hit: 0.8,
            hit_s: 0.001,
            db_s: 0.010,
        }
    }
}
#[derive(Default)]
pub struct O2 {
    pub hist: Hist,
    pub events: u64,
    pub timeouts: u64,
    pub end: f64,
    pub qlen: f64,
    pub util: Vec<f64>,
    pub db_util: f64,
    pub fel_max: usize,
}

const ARR: u32 = 0;
const CPU: u32 = 1;
const IO: u32 = 2;
const TMO: u32 = 3;

#[derive(Clone, Copy, PartialEq)]
enum St {
    Free,
    Wq,
    Run,
    Dbq,
    Db,
    Late,   // timed out while in service: the work goes on, nobody waits for it
    LateDb, // the same, holding a DB connection
    Done,   // ended, its lazy timer is still in the event list
}
#[derive(Clone, Copy)]
struct Req<T> {
    arr: T,
    inst: u32,
    gen: u32,
    st: St,
}
struct Inst<T> {
    busy: u32,
    live_q: u32,
    q: VecDeque<(u32, u32)>,
    last: T,
    q_area: f64,
    b_area: f64,
}

struct Sim<T, Q, S> {
    p: P2,
    r: Xo,
    s: S,
    q: Q,
    o: O2,
    req: Vec<Req<T>>,
    free: Vec<u32>,
    inst: Vec<Inst<T>>,
    dbq: VecDeque<(u32, u32)>,
    db_busy: u32,
    db_last: T,
    db_area: f64,
    key: Vec<u32>, // active connections << 12 | instance
    lane: VecDeque<(T, u32, u32)>,
}

impl<T: Time, Q: Fel, S: Sampler> Sim<T, Q, S> {
    #[inline(always)]
    fn acc(&mut self, i: usize, now: T) {
        let x = &mut self.inst[i];
        let dt = now.raw_since(x.last);
        x.q_area += dt * x.live_q as f64;
        x.b_area += dt * x.busy as f64;
        x.last = now;
    }
    #[inline(always)]
    fn acc_db(&mut self, now: T) {
        self.db_area += now.raw_since(self.db_last) * self.db_busy as f64;
        self.db_last = now;
    }
    #[inline(always)]
    fn start(&mut self, s: u32, now: T) {
        self.req[s as usize].st = St::Run;
        let d = self.s.lognorm(&mut self.r, self.p.cpu_mu, self.p.cpu_sigma);
        self.q.push(now.plus(d).key(), s * 4 + CPU);
    }
    #[inline(always)]
    fn start_db(&mut self, s: u32, now: T, late: bool) {
        self.req[s as usize].st = if late { St::LateDb } else { St::Db };
        let d = self.s.exp1(&mut self.r) * self.p.db_s;
        self.q.push(now.plus(d).key(), s * 4 + IO);
    }
    /// a worker of instance i is free again
    #[inline(always)]
    fn release_worker(&mut self, i: usize, now: T) {
        loop {
            match self.inst[i].q.pop_front() {
                Some((s, g)) => {
                    let x = &self.req[s as usize];
                    if x.gen == g && x.st == St::Wq {
                        self.inst[i].live_q -= 1;
                        self.start(s, now);
                        return;
                    }
                }
                None => {
                    self.inst[i].busy -= 1;
                    return;
                }
            }
        }
    }
    #[inline(always)]
    fn release_db(&mut self, now: T) {
        self.acc_db(now);
        loop {
            match self.dbq.pop_front() {
                Some((s, g)) => {
                    let x = &self.req[s as usize];
                    if x.gen == g && x.st == St::Dbq {
                        self.start_db(s, now, false);
                        return;
                    }
                }
                None => {
                    self.db_busy -= 1;
                    return;
                }
            }
        }
    }
    #[inline(always)]
    fn drop_req(&mut self, s: u32, fired: bool) {
        let i = self.req[s as usize].inst as usize;
        self.key[i] -= 1 << 12;
        if self.p.timer == Timer::Lazy && !fired {
            self.req[s as usize].st = St::Done;
        } else {
            if self.p.timer == Timer::Indexed && !fired {
                self.q.cancel(s * 4 + TMO);
            }
            self.req[s as usize].st = St::Free;
            self.req[s as usize].gen += 1;
            self.free.push(s);
        }
    }
    #[inline(always)]
    fn arrive(&mut self, now: T, count: u64) {
        let m = self.p.m;
        let i = if self.p.lc {
            let mut k = u32::MAX;
            for &x in &self.key {
                k = k.min(x);
            }
            k & 0xfff
        } else {
            (count % m as u64) as u32
        };
        self.key[i as usize] += 1 << 12;
        let s = match self.free.pop() {
            Some(s) => s,
            None => {
                self.req.push(Req { arr: now, inst: 0, gen: 0, st: St::Free });
                self.req.len() as u32 - 1
            }
        };
        let x = &mut self.req[s as usize];
        x.arr = now;
        x.inst = i;
        let g = x.gen;
        let tm = now.plus(self.p.timeout);
        match self.p.timer {
            Timer::Lane => self.lane.push_back((tm, s, g)),
            Timer::Lazy | Timer::Indexed => self.q.push(tm.key(), s * 4 + TMO),
            Timer::Off => {}
        }
        self.acc(i as usize, now);
        let it = &mut self.inst[i as usize];
        if it.busy < self.p.w {
            it.busy += 1;
            self.start(s, now);
        } else {
            it.live_q += 1;
            it.q.push_back((s, g));
            self.req[s as usize].st = St::Wq;
        }
    }
    #[inline(always)]
    fn cpu_done(&mut self, s: u32, now: T) {
        let late = self.req[s as usize].st == St::Late;
        if self.r.u01() < self.p.hit {
            self.q.push(now.plus(self.p.hit_s).key(), s * 4 + IO);
        } else if self.db_busy < self.p.db {
            self.acc_db(now);
            self.db_busy += 1;
            self.start_db(s, now, late);
        } else if late {
            // nobody waits any more: do not queue for the DB
            let i = self.req[s as usize].inst as usize;
            self.acc(i, now);
            self.release_worker(i, now);
            self.drop_req(s, true);
        } else {
            let g = self.req[s as usize].gen;
            self.req[s as usize].st = St::Dbq;
            self.dbq.push_back((s, g));
        }
    }
    #[inline(always)]
    fn io_done(&mut self, s: u32, now: T) {
        let x = self.req[s as usize];
        if x.st == St::Db || x.st == St::LateDb {
            self.release_db(now);
        }
        let late = x.st == St::Late || x.st == St::LateDb;
        if !late {
            self.o.hist.record(now.ns_since(x.arr));
        }
        let i = x.inst as usize;
        self.acc(i, now);
        self.release_worker(i, now);
        self.drop_req(s, late);
    }
    #[cold]
    #[inline(never)]
    fn timeout(&mut self, s: u32, now: T) {
        let x = self.req[s as usize];
        let i = x.inst as usize;
        match x.st {
            St::Done => {
                self.req[s as usize].st = St::Free;
                self.req[s as usize].gen += 1;
                self.free.push(s);
            }
            St::Wq => {
                self.o.timeouts += 1;
                self.acc(i, now);
                self.inst[i].live_q -= 1;
                self.drop_req(s, true);
            }
            St::Dbq => {
                self.o.timeouts += 1;
                self.acc(i, now);
                self.release_worker(i, now);
                self.drop_req(s, true);
            }
            St::Run => {
                self.o.timeouts += 1;
                self.req[s as usize].st = St::Late;
            }
            St::Db => {
                self.o.timeouts += 1;
                self.req[s as usize].st = St::LateDb;
            }
            _ => unreachable!(),
        }
    }
}

pub fn run<T: Time, Q: Fel, S: Sampler>(p: P2) -> O2 {
    let mut z = Sim::<T, Q, S> {
        p,
        r: Xo::new(p.seed),
        s: S::new(),
        q: Q::new(),
        o: O2::default(),
        req: vec![],
        free: vec![],
        inst: (0..p.m)
            .map(|_| Inst {
                busy: 0,
                live_q: 0,
                q: VecDeque::new(),
                last: T::default(),
                q_area: 0.0,
                b_area: 0.0,
            })
            .collect(),
        dbq: VecDeque::new(),
        db_busy: 0,
        db_last: T::default(),
        db_area: 0.0,
        key: (0..p.m).collect(),
        lane: VecDeque::new(),
    };
    let ia = 1.0 / p.rate;
    let mut count = 0u64;
    let t0 = T::default().plus(z.s.exp1(&mut z.r) * ia);
    z.q.push(t0.key(), ARR);
    let mut now = T::default();
    let mut in_flight_done = 0u64;
    loop {
        if p.timer == Timer::Lane {
            // drop timers of ended requests, then see whether the first one comes before the event list's first
            while let Some(&(tm, s, g)) = z.lane.front() {
                if z.req[s as usize].gen != g {
                    z.lane.pop_front();
                    continue;
                }
                if tm.key() < z.q.peek() {
                    z.lane.pop_front();
                    z.o.events += 1;
                    z.timeout(s, tm);
                    continue;
                }
                break;
            }
        }
        let Some((k, pl)) = z.q.pop() else { break };
        let t = T::from_key(k);
        z.o.events += 1;
        let s = pl >> 2;
        match pl & 3 {
            ARR => {
                now = t;
                if count + 1 < p.n {
                    let d = z.s.exp1(&mut z.r) * ia;
                    z.q.push(now.plus(d).key(), ARR);
                }
                z.arrive(t, count);
                count += 1;
                if count & 1023 == 0 {
                    z.o.fel_max = z.o.fel_max.max(z.q.len());
                }
            }
            CPU => {
                now = t;
                z.cpu_done(s, t)
            }
            IO => {
                now = t;
                z.io_done(s, t);
                in_flight_done += 1;
            }
            _ => z.timeout(s, t),
        }
    }
    let _ = in_flight_done;
    let el = now.raw_since(T::default());
    z.o.end = el * T::UNIT;
    let mut qa = 0.0;
    for i in 0..p.m as usize {
        z.acc(i, now);
        qa += z.inst[i].q_area;
        let u = z.inst[i].b_area / el / p.w as f64;
        z.o.util.push(u);
    }
    z.acc_db(now);
    z.o.qlen = qa / el;
    z.o.db_util = z.db_area / el / p.db as f64;
    z.o
}

/// the draws and the histogram only
pub fn floor<S: Sampler>(p: P2) -> O2 {
    let mut r = Xo::new(p.seed);
    let s = S::new();
    let mut o = O2::default();
    let mut now = 0.0;
    for _ in 0..p.n {
        now += s.exp1(&mut r) / p.rate;
        let mut x = s.lognorm(&mut r, p.cpu_mu, p.cpu_sigma);
        if r.u01() < p.hit {
            x += p.hit_s
        } else {
            x += s.exp1(&mut r) * p.db_s
        }
        o.hist.record((x * 1e9) as u64);
    }
    o.end = now;
    o
}
