//! limit w1 VARIANT N [SEED] | limit w2 VARIANT N [SEED [INSTANCES [LOAD [rr|lc]]]]
use std::time::Instant;
#[repr(C)]
struct Ts(i64, i64);
extern "C" {
    fn clock_gettime(id: i32, t: *mut Ts) -> i32;
}
/// CPU seconds of this process: steadier than wall time on a shared machine
fn cpu() -> f64 {
    let mut t = Ts(0, 0);
    unsafe { clock_gettime(2, &mut t) };
    t.0 as f64 + t.1 as f64 * 1e-9
}
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let g = |i: usize, d: &str| a.get(i).cloned().unwrap_or_else(|| d.to_string());
    let (w, v) = (g(1, "w1"), g(2, "h4"));
    let n: f64 = g(3, "1e6").parse().unwrap();
    let n = n as u64;
    let seed: u64 = g(4, "1").parse().unwrap();
    let (t, c) = (Instant::now(), cpu());
    if w == "w1" {
        let o = limit::w1_by(&v, n, seed).expect("variant");
        let (el, cs) = (t.elapsed().as_secs_f64(), cpu() - c);
        let h = &o.hist;
        println!(
            "{{\"impl\":\"limit-{v}\",\"wl\":\"w1\",\"n\":{n},\"wall\":{el:.6},\"cpu\":{cs:.6},\"events\":{},\"mean\":{:.15},\"p50\":{:.6},\"p95\":{:.6},\"p99\":{:.6},\"end\":{:.6},\"done\":{}}}",
            o.events,
            h.mean(),
            h.q(0.5),
            h.q(0.95),
            h.q(0.99),
            o.end,
            h.n
        );
    } else {
        let m: u32 = g(5, "8").parse().unwrap();
        let load: f64 = g(6, "1").parse().unwrap();
        let lb = g(7, "rr");
        let o = limit::w2_by(&v, n, m, load, lb == "lc", seed).expect("variant");
        let (el, cs) = (t.elapsed().as_secs_f64(), cpu() - c);
        let h = &o.hist;
        let u: Vec<String> = o.util.iter().take(8).map(|x| format!("{x:.4}")).collect();
        println!(
            "{{\"impl\":\"limit-{v}\",\"wl\":\"w2-{lb}\",\"n\":{n},\"m\":{m},\"load\":{load},\"wall\":{el:.6},\"cpu\":{cs:.6},\"events\":{},\"mean\":{:.15},\"p50\":{:.6},\"p95\":{:.6},\"p99\":{:.6},\"end\":{:.6},\"done\":{},\"timeouts\":{},\"thr\":{:.3},\"qlen\":{:.6},\"util\":[{}],\"db_util\":{:.5},\"fel_max\":{}}}",
            o.events,
            h.mean(),
            h.q(0.5),
            h.q(0.95),
            h.q(0.99),
            o.end,
            h.n,
            o.timeouts,
            h.n as f64 / o.end,
            o.qlen,
            u.join(","),
            o.db_util,
            o.fel_max
        );
    }
}
