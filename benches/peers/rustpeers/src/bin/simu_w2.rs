//! W2 on simu-des: one async process per request, timeouts with any_of!.
use rand_distr05::{Distribution, Exp, LogNormal};
use rustpeers::*;
use simu::{any_of, Resource, SimEnv};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

struct Inst {
    res: Resource,
    active: Cell<u32>,
    busy: Cell<u32>,
    wait: Cell<u32>,
    last: Cell<f64>,
    q_area: Cell<f64>,
    b_area: Cell<f64>,
}
impl Inst {
    fn acc(&self, now: f64) {
        let dt = now - self.last.get();
        self.q_area.set(self.q_area.get() + dt * self.wait.get() as f64);
        self.b_area.set(self.b_area.get() + dt * self.busy.get() as f64);
        self.last.set(now);
    }
}
fn main() {
    use rand09::Rng as _;
    let a = args();
    let mut env = SimEnv::with_seed(a.seed);
    let insts: Rc<Vec<Inst>> = Rc::new(
        (0..a.m)
            .map(|_| Inst {
                res: Resource::new(4),
                active: Cell::new(0),
                busy: Cell::new(0),
                wait: Cell::new(0),
                last: Cell::new(0.0),
                q_area: Cell::new(0.0),
                b_area: Cell::new(0.0),
            })
            .collect(),
    );
    let db = Resource::new(a.db());
    let h = Rc::new(RefCell::new((Hist::new(), 0u64)));
    let eh = env.handle();
    let (n, m, lc, rate) = (a.n, a.m, a.lc, a.rate());
    let (xs, hh) = (insts.clone(), h.clone());
    let ia = Exp::new(rate).unwrap();
    let cpu = LogNormal::new(cpu_mu(), SIGMA).unwrap();
    let dbt = Exp::new(100.0).unwrap();
    env.spawn(async move {
        for k in 0..n {
            let d = ia.sample(&mut eh.rng());
            eh.timeout(d).await;
            let i = if lc {
                (0..m).min_by_key(|&i| xs[i].active.get()).unwrap()
            } else {
                k as usize % m
            };
            let (e, xs, db, h) = (eh.clone(), xs.clone(), db.clone(), hh.clone());
            eh.spawn(async move {
                let x = &xs[i];
                let t = e.now();
                x.active.set(x.active.get() + 1);
                x.acc(t);
                x.wait.set(x.wait.get() + 1);
                // any_of! needs 'static arms, so the guard comes back through a shared cell
                let slot = Rc::new(Cell::new(None));
                let (s2, r2) = (slot.clone(), x.res.clone());
                let get = async move { s2.set(Some(r2.request().await)) };
                any_of![get, e.timeout(5.0)].await;
                x.acc(e.now());
                x.wait.set(x.wait.get() - 1);
                let ok = match slot.take() {
                    None => false,
                    Some(_g) => {
                        x.busy.set(x.busy.get() + 1);
                        let d = cpu.sample(&mut e.rng());
                        e.timeout(d).await;
                        let hit = e.rng().random::<f64>() < 0.8;
                        let mut ok = true;
                        if hit {
                            e.timeout(0.001).await;
                        } else {
                            let c = Rc::new(Cell::new(None));
                            let (c2, r2) = (c.clone(), db.clone());
                            let get = async move { c2.set(Some(r2.request().await)) };
                            any_of![get, e.timeout((t + 5.0 - e.now()).max(0.0))].await;
                            match c.take() {
                                Some(_c) => {
                                    let d = dbt.sample(&mut e.rng());
                                    e.timeout(d).await;
                                }
                                None => ok = false,
                            }
                        }
                        x.acc(e.now());
                        x.busy.set(x.busy.get() - 1);
                        ok && e.now() - t < 5.0
                    }
                };
                x.active.set(x.active.get() - 1);
                if ok {
                    h.borrow_mut().0.record(e.now() - t);
                } else {
                    h.borrow_mut().1 += 1;
                }
            });
        }
    });
    env.run();
    let end = insts.iter().map(|x| x.last.get()).fold(0.0, f64::max);
    let q: f64 = insts.iter().map(|x| x.q_area.get() / end).sum();
    let u: Vec<f64> = insts.iter().map(|x| x.b_area.get() / end / 4.0).collect();
    let g = h.borrow();
    // arrival, worker-wait timeout, CPU, cache or DB (+ DB-wait timeout)
    a.report2("simu-des", 4 * a.n + a.n / 5, end, &g.0, g.1, q, &u);
}
