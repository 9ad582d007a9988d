//! W2 on NeXosim: source -> balancer -> instances -> DB pool, one executor thread.
use nexosim::model::{schedulable, Context, Model};
use nexosim::ports::{EventSource, Output};
use nexosim::simulation::{EventKey, Mailbox, SimInit};
use nexosim::time::MonotonicTime;
use rand::{Rng as _, SeedableRng};
use rand_distr::{Distribution, Exp, LogNormal};
use rand_xoshiro::Xoshiro256PlusPlus as Rng;
use rustpeers::*;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

#[derive(Default)]
struct Stats {
    h: Hist,
    events: u64,
    timeouts: u64,
    qlen: f64,
    util: Vec<(usize, f64)>,
}
static STATS: Mutex<Option<Stats>> = Mutex::new(None);
fn secs(d: f64) -> Duration {
    Duration::from_secs_f64(d.max(1e-9))
}

#[derive(Serialize, Deserialize)]
struct Source {
    out: Output<MonotonicTime>,
    rng: Rng,
    lambda: f64,
    left: u64,
}
#[Model]
impl Source {
    #[nexosim(init)]
    async fn init(&mut self, cx: &Context<Self>) {
        self.plan(cx);
    }
    fn plan(&mut self, cx: &Context<Self>) {
        let d = Exp::new(self.lambda).unwrap().sample(&mut self.rng);
        cx.schedule_event(secs(d), schedulable!(Self::fire), ()).unwrap();
    }
    #[nexosim(schedulable)]
    async fn fire(&mut self, _: (), cx: &Context<Self>) {
        self.left -= 1;
        if self.left > 0 {
            self.plan(cx);
        }
        self.out.send(cx.time()).await;
    }
}

#[derive(Serialize, Deserialize)]
struct Balancer {
    to: Vec<Output<MonotonicTime>>,
    active: Vec<u32>,
    rr: usize,
    lc: bool,
}
#[Model]
impl Balancer {
    pub async fn request(&mut self, t: MonotonicTime) {
        let i = if self.lc {
            (0..self.active.len()).min_by_key(|&i| self.active[i]).unwrap()
        } else {
            self.rr = (self.rr + 1) % self.to.len();
            self.rr
        };
        self.active[i] += 1;
        self.to[i].send(t).await;
    }
    pub async fn response(&mut self, i: usize) {
        self.active[i] -= 1;
    }
}

#[derive(Clone, Copy, PartialEq, Serialize, Deserialize)]
enum St {
    Queued,
    Running,
    WaitDb,
    Db,
    Late,
}
#[derive(Serialize, Deserialize)]
struct Slot {
    t: MonotonicTime,
    st: St,
    gen: u32,
    key: Option<EventKey>,
}
#[derive(Serialize, Deserialize)]
struct Instance {
    idx: usize,
    workers: u32,
    busy: u32,
    waiting: u32,
    queue: VecDeque<(usize, u32)>,
    slots: Vec<Slot>,
    free: Vec<usize>,
    db: Output<(usize, usize)>,
    db_cancel: Output<(usize, usize)>,
    resp: Output<usize>,
    rng: Rng,
    last: MonotonicTime,
    q_area: f64,
    b_area: f64,
    events: u64,
}
#[Model]
impl Instance {
    fn acc(&mut self, cx: &Context<Self>) {
        let now = cx.time();
        let dt = now.duration_since(self.last).as_secs_f64();
        self.q_area += dt * self.waiting as f64;
        self.b_area += dt * self.busy as f64;
        self.last = now;
    }
    pub async fn arrive(&mut self, t: MonotonicTime, cx: &Context<Self>) {
        self.acc(cx);
        let i = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot { t, st: St::Queued, gen: 0, key: None });
            self.slots.len() - 1
        });
        let key = cx.schedule_keyed_event(secs(5.0), schedulable!(Self::timeout), i).unwrap();
        let s = &mut self.slots[i];
        s.t = t;
        s.st = St::Queued;
        s.key = Some(key);
        let g = s.gen;
        if self.busy < self.workers {
            self.busy += 1;
            self.start(i, cx);
        } else {
            self.waiting += 1;
            self.queue.push_back((i, g));
        }
    }
    fn start(&mut self, i: usize, cx: &Context<Self>) {
        self.slots[i].st = St::Running;
        let d = LogNormal::new(cpu_mu(), SIGMA).unwrap().sample(&mut self.rng);
        cx.schedule_event(secs(d), schedulable!(Self::cpu_done), i).unwrap();
    }
    #[nexosim(schedulable)]
    async fn cpu_done(&mut self, i: usize, cx: &Context<Self>) {
        self.events += 1;
        if self.rng.gen::<f64>() < 0.8 {
            cx.schedule_event(secs(0.001), schedulable!(Self::hit_done), i).unwrap();
        } else {
            if self.slots[i].st == St::Running {
                self.slots[i].st = St::WaitDb;
            }
            self.db.send((self.idx, i)).await;
        }
    }
    #[nexosim(schedulable)]
    async fn hit_done(&mut self, i: usize, cx: &Context<Self>) {
        self.events += 1;
        self.respond(i, cx).await;
    }
    pub async fn db_granted(&mut self, i: usize) {
        if self.slots[i].st == St::WaitDb {
            self.slots[i].st = St::Db;
        }
    }
    pub async fn db_done(&mut self, i: usize, cx: &Context<Self>) {
        self.respond(i, cx).await;
    }
    async fn respond(&mut self, i: usize, cx: &Context<Self>) {
        let s = &mut self.slots[i];
        if let Some(k) = s.key.take() {
            k.cancel();
        }
        if s.st != St::Late {
            let d = cx.time().duration_since(s.t).as_secs_f64();
            STATS.lock().unwrap().as_mut().unwrap().h.record(d);
        }
        self.release(i, cx).await;
    }
    async fn release(&mut self, i: usize, cx: &Context<Self>) {
        self.acc(cx);
        self.slots[i].gen += 1;
        self.free.push(i);
        loop {
            match self.queue.pop_front() {
                Some((j, g)) if self.slots[j].gen == g && self.slots[j].st == St::Queued => {
                    self.waiting -= 1;
                    self.start(j, cx);
                    break;
                }
                Some(_) => {}
                None => {
                    self.busy -= 1;
                    break;
                }
            }
        }
        self.resp.send(self.idx).await;
    }
    #[nexosim(schedulable)]
    async fn timeout(&mut self, i: usize, cx: &Context<Self>) {
        self.events += 1;
        STATS.lock().unwrap().as_mut().unwrap().timeouts += 1;
        self.slots[i].key = None;
        match self.slots[i].st {
            St::Queued => {
                self.acc(cx);
                self.waiting -= 1;
                self.slots[i].gen += 1;
                self.free.push(i);
                self.resp.send(self.idx).await;
            }
            St::WaitDb => {
                self.db_cancel.send((self.idx, i)).await;
                self.release(i, cx).await;
            }
            _ => self.slots[i].st = St::Late,
        }
    }
    pub async fn report(&mut self, _: (), cx: &Context<Self>) {
        self.acc(cx);
        let el = cx.time().duration_since(MonotonicTime::EPOCH).as_secs_f64();
        let mut g = STATS.lock().unwrap();
        let s = g.as_mut().unwrap();
        s.events += self.events;
        s.qlen += self.q_area / el;
        s.util.push((self.idx, self.b_area / el / self.workers as f64));
    }
}

#[derive(Serialize, Deserialize)]
struct DbPool {
    free: usize,
    queue: VecDeque<(usize, usize)>,
    granted: Vec<Output<usize>>,
    done: Vec<Output<usize>>,
    rng: Rng,
    events: u64,
}
#[Model]
impl DbPool {
    pub async fn acquire(&mut self, r: (usize, usize), cx: &Context<Self>) {
        if self.free > 0 {
            self.free -= 1;
            self.serve(r, cx).await;
        } else {
            self.queue.push_back(r);
        }
    }
    pub async fn cancel(&mut self, r: (usize, usize)) {
        self.queue.retain(|x| *x != r);
    }
    async fn serve(&mut self, r: (usize, usize), cx: &Context<Self>) {
        let d = Exp::new(100.0f64).unwrap().sample(&mut self.rng);
        cx.schedule_event(secs(d), schedulable!(Self::served), r).unwrap();
        self.granted[r.0].send(r.1).await;
    }
    #[nexosim(schedulable)]
    async fn served(&mut self, r: (usize, usize), cx: &Context<Self>) {
        self.events += 1;
        match self.queue.pop_front() {
            Some(x) => self.serve(x, cx).await,
            None => self.free += 1,
        }
        self.done[r.0].send(r.1).await;
    }
    pub async fn report(&mut self, _: ()) {
        STATS.lock().unwrap().as_mut().unwrap().events += self.events;
    }
}

fn main() {
    let a = args();
    *STATS.lock().unwrap() = Some(Stats::default());
    let t0 = MonotonicTime::EPOCH;
    let mut bench = SimInit::with_num_threads(1);
    let mut src = Source {
        out: Output::default(),
        rng: Rng::seed_from_u64(a.seed),
        lambda: a.rate(),
        left: a.n,
    };
    let mut lb = Balancer { to: vec![], active: vec![0; a.m], rr: 0, lc: a.lc };
    let mut db = DbPool {
        free: a.db(),
        queue: VecDeque::new(),
        granted: vec![],
        done: vec![],
        rng: Rng::seed_from_u64(a.seed + 7),
        events: 0,
    };
    let (ms, mlb, mdb) = (Mailbox::new(), Mailbox::new(), Mailbox::new());
    src.out.connect(Balancer::request, &mlb);
    let mut reports = vec![];
    let mut insts = vec![];
    for i in 0..a.m {
        let mb: Mailbox<Instance> = Mailbox::new();
        let mut x = Instance {
            idx: i,
            workers: 4,
            busy: 0,
            waiting: 0,
            queue: VecDeque::new(),
            slots: vec![],
            free: vec![],
            db: Output::default(),
            db_cancel: Output::default(),
            resp: Output::default(),
            rng: Rng::seed_from_u64(a.seed + 100 + i as u64),
            last: t0,
            q_area: 0.0,
            b_area: 0.0,
            events: 0,
        };
        x.db.connect(DbPool::acquire, &mdb);
        x.db_cancel.connect(DbPool::cancel, &mdb);
        x.resp.connect(Balancer::response, &mlb);
        let mut o = Output::default();
        o.connect(Instance::arrive, &mb);
        lb.to.push(o);
        let mut o = Output::default();
        o.connect(Instance::db_granted, &mb);
        db.granted.push(o);
        let mut o = Output::default();
        o.connect(Instance::db_done, &mb);
        db.done.push(o);
        reports.push(EventSource::new().connect(Instance::report, &mb).register(&mut bench));
        insts.push((x, mb));
    }
    let rdb = EventSource::new().connect(DbPool::report, &mdb).register(&mut bench);
    for (i, (x, mb)) in insts.into_iter().enumerate() {
        bench = bench.add_model(x, mb, &format!("app{i}"));
    }
    let mut sim = bench
        .add_model(src, ms, "source")
        .add_model(lb, mlb, "lb")
        .add_model(db, mdb, "db")
        .init(t0)
        .unwrap();
    sim.run().unwrap();
    for r in &reports {
        sim.process_event(r, ()).unwrap();
    }
    sim.process_event(&rdb, ()).unwrap();
    let mut g = STATS.lock().unwrap();
    let s = g.as_mut().unwrap();
    s.util.sort_by_key(|x| x.0);
    let u: Vec<f64> = s.util.iter().map(|x| x.1).collect();
    let end = sim.time().duration_since(t0).as_secs_f64();
    a.report2("nexosim", s.events + a.n, end, &s.h, s.timeouts, s.qlen, &u);
}
