//! micro fel NAME PENDING [OPS]  - hold model: pop the earliest, push it again an Exp(1) later
//! micro draw NAME [OPS]         - one kind of draw
//! micro hist [OPS]
use limit::fel::*;
use limit::hist::Hist;
use limit::rng::*;
use std::hint::black_box;
#[repr(C)]
struct Ts(i64, i64);
extern "C" {
    fn clock_gettime(id: i32, t: *mut Ts) -> i32;
}
struct Cpu(f64);
impl Cpu {
    fn now() -> f64 {
        let mut t = Ts(0, 0);
        unsafe { clock_gettime(2, &mut t) };
        t.0 as f64 + t.1 as f64 * 1e-9
    }
    fn start() -> Cpu {
        Cpu(Cpu::now())
    }
    fn secs(&self) -> f64 {
        Cpu::now() - self.0
    }
}

fn hold<Q: Fel>(n: usize, ops: u64) -> (f64, u64) {
    let mut r = Xo::new(7);
    let z = Zig::<StdMath>::new();
    // increments drawn beforehand, so that only the event list is timed
    let inc: Vec<u64> = (0..65536).map(|_| (z.exp1(&mut r) * 1e9) as u64).collect();
    let mut q = Q::new();
    for i in 0..n {
        q.push((z.exp1(&mut r) * 1e9) as u64, (i & 0xffffff) as u32);
    }
    for i in 0..(2 * n as u64).max(100_000) {
        let (t, p) = q.pop().unwrap();
        q.push(t + inc[(i & 65535) as usize], p);
    }
    let t0 = Cpu::start();
    let mut x = 0u64;
    for i in 0..ops {
        let (t, p) = q.pop().unwrap();
        x = x.wrapping_mul(31).wrapping_add(t ^ p as u64);
        q.push(t + inc[(i & 65535) as usize], p);
    }
    (t0.secs() / ops as f64 * 1e9, x)
}
fn draw(ops: u64, mut f: impl FnMut() -> f64) -> f64 {
    let t0 = Cpu::start();
    let mut a = 0.0;
    for _ in 0..ops {
        a += f();
    }
    black_box(a);
    t0.secs() / ops as f64 * 1e9
}
fn main() {
    let a: Vec<String> = std::env::args().collect();
    match a[1].as_str() {
        "fel" => {
            let n: f64 = a[3].parse().unwrap();
            let n = n as usize;
            let ops: f64 = a.get(4).map_or(3e6, |x| x.parse().unwrap());
            let ops = ops as u64;
            let (ns, x) = match a[2].as_str() {
                "std" => hold::<StdHeap>(n, ops),
                "h2" => hold::<HeapD<2>>(n, ops),
                "h4td" => hold::<HeapD<4>>(n, ops),
                "h4" => hold::<Heap4>(n, ops),
                "h8" => hold::<HeapD<8>>(n, ops),
                "cal" => hold::<Calendar>(n, ops),
                "pair" => hold::<Pairing>(n, ops),
                "radix" => hold::<Radix>(n, ops),
                "ih4" => hold::<IHeap>(n, ops),
                _ => panic!(),
            };
            println!(
                "{{\"impl\":\"fel-{}\",\"pending\":{n},\"ns\":{ns:.3},\"check\":\"{x:016x}\"}}",
                a[2]
            );
        }
        "draw" => {
            let ops: f64 = a.get(3).map_or(2e7, |x| x.parse().unwrap());
            let ops = ops as u64;
            let mut r = Xo::new(3);
            let (zs, zl, zt) =
                (Zig::<StdMath>::new(), Zig::<LibmMath>::new(), Zig::<TabMath>::new());
            let (is, il) = (Inv::<StdMath>::new(), Inv::<LibmMath>::new());
            let s = 0.5;
            let ns = match a[2].as_str() {
                "u01" => draw(ops, || r.u01()),
                "exp-std" => draw(ops, || is.exp1(&mut r)),
                "exp-libm" => draw(ops, || il.exp1(&mut r)),
                "exp-zig-std" => draw(ops, || zs.exp1(&mut r)),
                "exp-zig-libm" => draw(ops, || zl.exp1(&mut r)),
                "norm-polar-std" => draw(ops, || is.norm(&mut r)),
                "norm-polar-libm" => draw(ops, || il.norm(&mut r)),
                "norm-zig-std" => draw(ops, || zs.norm(&mut r)),
                "norm-zig-libm" => draw(ops, || zl.norm(&mut r)),
                "logn-polar-std" => draw(ops, || is.lognorm(&mut r, -4.0, s)),
                "logn-polar-libm" => draw(ops, || il.lognorm(&mut r, -4.0, s)),
                "logn-zig-std" => draw(ops, || zs.lognorm(&mut r, -4.0, s)),
                "logn-zig-libm" => draw(ops, || zl.lognorm(&mut r, -4.0, s)),
                "logn-zig-tab" => draw(ops, || zt.lognorm(&mut r, -4.0, s)),
                "exp-err" => {
                    let mut w: f64 = 0.0;
                    for _ in 0..5_000_000 {
                        let x = (r.u01() - 0.5) * 40.0;
                        let (a, b) = (TabMath::exp(x), libm::exp(x));
                        w = w.max((a / b - 1.0).abs());
                    }
                    w / f64::EPSILON
                }
                _ => panic!(),
            };
            println!("{{\"impl\":\"draw-{}\",\"ns\":{ns:.3}}}", a[2]);
        }
        "bits" => {
            // equal sums mean bit-equal draws
            for (k, n) in
                ["zig-libm", "inv-libm", "zig-std", "inv-std", "zig-tab"].iter().enumerate()
            {
                println!("{n} {:016x}", limit::bits(k as u32));
            }
        }
        "hist" => {
            let ops = 20_000_000u64;
            let mut r = Xo::new(3);
            let z = Zig::<StdMath>::new();
            let v: Vec<u64> = (0..65536).map(|_| (z.exp1(&mut r) * 2e7) as u64).collect();
            let mut h = Hist::default();
            let t0 = Cpu::start();
            for i in 0..ops {
                h.record(v[(i & 65535) as usize]);
            }
            let ns = t0.secs() / ops as f64 * 1e9;
            println!("{{\"impl\":\"hist\",\"ns\":{ns:.3},\"p50\":{}}}", h.q(0.5));
        }
        _ => {}
    }
}
