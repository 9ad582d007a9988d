//! Shared by the peers: a histogram with 0.1 ms bins, CPU time, the result line.
use std::time::Instant;

#[repr(C)]
struct Ts(i64, i64);
extern "C" {
    fn clock_gettime(id: i32, t: *mut Ts) -> i32;
}
pub fn cpu() -> f64 {
    let mut t = Ts(0, 0);
    unsafe { clock_gettime(2, &mut t) };
    t.0 as f64 + t.1 as f64 * 1e-9
}

pub struct Hist {
    c: Vec<u32>,
    pub n: u64,
    pub sum: f64,
}
impl Default for Hist {
    fn default() -> Self {
        Hist::new()
    }
}
impl Hist {
    pub const fn new() -> Self {
        Hist { c: Vec::new(), n: 0, sum: 0.0 }
    }
    pub fn record(&mut self, s: f64) {
        if self.c.is_empty() {
            self.c = vec![0; 100_000];
        }
        self.n += 1;
        self.sum += s;
        self.c[((s * 1e4) as usize).min(99_999)] += 1;
    }
    pub fn q(&self, p: f64) -> f64 {
        let want = (p * self.n as f64).ceil() as u64;
        let mut a = 0u64;
        for (i, &k) in self.c.iter().enumerate() {
            a += k as u64;
            if a >= want {
                return (i as f64 + 0.5) * 1e-4;
            }
        }
        f64::NAN
    }
}

pub struct Args {
    pub n: u64,
    pub seed: u64,
    pub m: usize,
    pub load: f64,
    pub lc: bool,
    t: Instant,
    c: f64,
}
pub fn args() -> Args {
    let a: Vec<String> = std::env::args().collect();
    let g = |i: usize, d: &str| a.get(i).cloned().unwrap_or_else(|| d.to_string());
    Args {
        n: g(1, "1e6").parse::<f64>().unwrap() as u64,
        seed: g(2, "1").parse().unwrap(),
        m: g(3, "8").parse().unwrap(),
        load: g(4, "1").parse().unwrap(),
        lc: g(5, "rr") == "lc",
        t: Instant::now(),
        c: cpu(),
    }
}
pub const SIGMA: f64 = 0.5;
pub fn cpu_mu() -> f64 {
    (0.020f64).ln() - SIGMA * SIGMA / 2.0
}
impl Args {
    pub fn rate(&self) -> f64 {
        400.0 * self.m as f64 / 8.0 * self.load
    }
    pub fn db(&self) -> usize {
        20 * self.m / 8
    }
    pub fn report1(&self, name: &str, events: u64, end: f64, h: &Hist) {
        println!(
            "{{\"impl\":\"{name}\",\"wl\":\"w1\",\"n\":{},\"wall\":{:.6},\"cpu\":{:.6},\"events\":{events},\"mean\":{:.6},\"p50\":{:.5},\"p95\":{:.5},\"p99\":{:.5},\"end\":{end:.3},\"done\":{}}}",
            self.n,
            self.t.elapsed().as_secs_f64(),
            cpu() - self.c,
            h.sum / h.n as f64,
            h.q(0.5),
            h.q(0.95),
            h.q(0.99),
            h.n
        );
    }
    pub fn report2(
        &self,
        name: &str,
        events: u64,
        end: f64,
        h: &Hist,
        timeouts: u64,
        qlen: f64,
        util: &[f64],
    ) {
        let u: Vec<String> = util.iter().take(8).map(|x| format!("{x:.4}")).collect();
        println!(
            "{{\"impl\":\"{name}\",\"wl\":\"w2-{}\",\"n\":{},\"m\":{},\"load\":{},\"wall\":{:.6},\"cpu\":{:.6},\"events\":{events},\"mean\":{:.6},\"p50\":{:.5},\"p95\":{:.5},\"p99\":{:.5},\"end\":{end:.3},\"done\":{},\"timeouts\":{timeouts},\"thr\":{:.3},\"qlen\":{qlen:.6},\"util\":[{}]}}",
            if self.lc { "lc" } else { "rr" },
            self.n,
            self.m,
            self.load,
            self.t.elapsed().as_secs_f64(),
            cpu() - self.c,
            h.sum / h.n as f64,
            h.q(0.5),
            h.q(0.95),
            h.q(0.99),
            h.n,
            h.n as f64 / end,
            u.join(",")
        );
    }
}
