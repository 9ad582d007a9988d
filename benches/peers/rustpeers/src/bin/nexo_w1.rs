//! W1 on NeXosim: source model -> station model, one executor thread.
use nexosim::model::{schedulable, Context, Model};
use nexosim::ports::Output;
use nexosim::simulation::{Mailbox, SimInit};
use nexosim::time::MonotonicTime;
use rand::SeedableRng;
use rand_distr::{Distribution, Exp};
use rand_xoshiro::Xoshiro256PlusPlus as Rng;
use rustpeers::*;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

static STATS: Mutex<(Hist, u64)> = Mutex::new((Hist::new(), 0));

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
        cx.schedule_event(Duration::from_secs_f64(d.max(1e-9)), schedulable!(Self::fire), ())
            .unwrap();
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
struct Station {
    rng: Rng,
    c: u32,
    busy: u32,
    queue: VecDeque<MonotonicTime>,
    events: u64,
}
#[Model]
impl Station {
    pub async fn arrive(&mut self, t: MonotonicTime, cx: &Context<Self>) {
        if self.busy < self.c {
            self.busy += 1;
            self.start(t, cx);
        } else {
            self.queue.push_back(t);
        }
    }
    fn start(&mut self, t: MonotonicTime, cx: &Context<Self>) {
        let d: f64 = Exp::new(10.0f64).unwrap().sample(&mut self.rng);
        cx.schedule_event(Duration::from_secs_f64(d.max(1e-9)), schedulable!(Self::depart), t)
            .unwrap();
    }
    #[nexosim(schedulable)]
    async fn depart(&mut self, t: MonotonicTime, cx: &Context<Self>) {
        self.events += 1;
        {
            let mut s = STATS.lock().unwrap();
            s.0.record(cx.time().duration_since(t).as_secs_f64());
            s.1 += 1;
        }
        match self.queue.pop_front() {
            Some(t) => self.start(t, cx),
            None => self.busy -= 1,
        }
    }
}
fn main() {
    let a = args();
    let mut src =
        Source { out: Output::default(), rng: Rng::seed_from_u64(a.seed), lambda: 90.0, left: a.n };
    let st = Station {
        rng: Rng::seed_from_u64(a.seed + 1000),
        c: 10,
        busy: 0,
        queue: VecDeque::new(),
        events: 0,
    };
    let (m1, m2) = (Mailbox::new(), Mailbox::new());
    src.out.connect(Station::arrive, &m2);
    let t0 = MonotonicTime::EPOCH;
    let mut sim = SimInit::with_num_threads(1)
        .add_model(src, m1, "source")
        .add_model(st, m2, "station")
        .init(t0)
        .unwrap();
    sim.run().unwrap();
    let s = STATS.lock().unwrap();
    a.report1("nexosim", a.n + s.1, sim.time().duration_since(t0).as_secs_f64(), &s.0);
}
