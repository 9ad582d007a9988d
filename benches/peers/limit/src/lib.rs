//! The practical limit: specialised loops for the two workloads.

pub mod fel;
pub mod hist;
pub mod interp;
pub mod rng;
pub mod time;
pub mod w1;
pub mod w2;

use fel::*;
use rng::*;
use w2::Timer;

type ZS = Zig<StdMath>;
type ZL = Zig<LibmMath>;
type ZT = Zig<TabMath>;
type IS = Inv<StdMath>;
type IL = Inv<LibmMath>;

/// W1 by variant name
pub fn w1_by(name: &str, n: u64, seed: u64) -> Option<w1::O1> {
    let p = w1::P1::std(n, seed);
    Some(match name {
        "kw" => w1::kw::<ZS>(p),
        "kw-libm" => w1::kw::<ZL>(p),
        "floor" => w1::floor::<ZS>(p),
        "h4" => w1::run::<u64, Heap4, ZS>(p, false),
        "h4-lane" => w1::run::<u64, Heap4, ZS>(p, true),
        "h4-f64" => w1::run::<f64, Heap4, ZS>(p, false),
        "h4-tab" => w1::run::<u64, Heap4, ZT>(p, false),
        "h4-libm" => w1::run::<u64, Heap4, ZL>(p, false),
        "h4-inv" => w1::run::<u64, Heap4, IS>(p, false),
        "h4-inv-libm" => w1::run::<u64, Heap4, IL>(p, false),
        "h2" => w1::run::<u64, HeapD<2>, ZS>(p, false),
        "h4td" => w1::run::<u64, HeapD<4>, ZS>(p, false),
        "h8" => w1::run::<u64, HeapD<8>, ZS>(p, false),
        "std" => w1::run::<u64, StdHeap, ZS>(p, false),
        "cal" => w1::run::<u64, Calendar, ZS>(p, false),
        "pair" => w1::run::<u64, Pairing, ZS>(p, false),
        "radix" => w1::run::<u64, Radix, ZS>(p, false),
        "boxed" => w1::boxed(p),
        _ => return None,
    })
}

/// W2 by variant name
pub fn w2_by(name: &str, n: u64, m: u32, load: f64, lc: bool, seed: u64) -> Option<w2::O2> {
    let p = |t| w2::P2::std(n, m, load, lc, t, seed);
    Some(match name {
        "floor" => w2::floor::<ZS>(p(Timer::Off)),
        "h4" => w2::run::<u64, Heap4, ZS>(p(Timer::Lane)),
        "h4-f64" => w2::run::<f64, Heap4, ZS>(p(Timer::Lane)),
        "h4-tab" => w2::run::<u64, Heap4, ZT>(p(Timer::Lane)),
        "h4-libm" => w2::run::<u64, Heap4, ZL>(p(Timer::Lane)),
        "h4-inv" => w2::run::<u64, Heap4, IS>(p(Timer::Lane)),
        "h4-inv-libm" => w2::run::<u64, Heap4, IL>(p(Timer::Lane)),
        "h4-lazy" => w2::run::<u64, Heap4, ZS>(p(Timer::Lazy)),
        "h4-notimer" => w2::run::<u64, Heap4, ZS>(p(Timer::Off)),
        "h4-cancel" => w2::run::<u64, IHeap, ZS>(p(Timer::Indexed)),
        "h4td" => w2::run::<u64, HeapD<4>, ZS>(p(Timer::Lane)),
        "std" => w2::run::<u64, StdHeap, ZS>(p(Timer::Lane)),
        "std-lazy" => w2::run::<u64, StdHeap, ZS>(p(Timer::Lazy)),
        "cal" => w2::run::<u64, Calendar, ZS>(p(Timer::Lane)),
        "cal-lazy" => w2::run::<u64, Calendar, ZS>(p(Timer::Lazy)),
        "pair-lazy" => w2::run::<u64, Pairing, ZS>(p(Timer::Lazy)),
        "radix-lazy" => w2::run::<u64, Radix, ZS>(p(Timer::Lazy)),
        "interp" => interp::run_w2::<u64, Heap4, ZS>(p(Timer::Lane)),
        "interp-tab" => interp::run_w2::<u64, Heap4, ZT>(p(Timer::Lane)),
        "interp-libm" => interp::run_w2::<u64, Heap4, ZL>(p(Timer::Lane)),
        _ => return None,
    })
}

/// for WASM: variant numbers instead of names; results through the `res` buffer
pub const W1V: [&str; 6] = ["h4-libm", "kw-libm", "h4-lane", "h4-f64", "std", "h4-tab"];
pub const W2V: [&str; 7] =
    ["h4-libm", "h4-lazy", "interp-libm", "h4-f64", "h4-inv-libm", "h4-tab", "interp-tab"];
static mut RES: [f64; 16] = [0.0; 16];
#[no_mangle]
pub extern "C" fn res() -> *const f64 {
    core::ptr::addr_of!(RES) as *const f64
}
#[no_mangle]
pub extern "C" fn w1(v: u32, n: u32, seed: u32) {
    let o = w1_by(W1V[v as usize], n as u64, seed as u64).unwrap();
    let h = &o.hist;
    let r = [h.mean(), h.q(0.5), h.q(0.95), h.q(0.99), o.events as f64, o.end, h.n as f64];
    unsafe { (core::ptr::addr_of_mut!(RES) as *mut [f64; 7]).write(r) }
}
#[no_mangle]
pub extern "C" fn w2(v: u32, n: u32, m: u32, lc: u32, seed: u32) {
    let o = w2_by(W2V[v as usize], n as u64, m, 1.0, lc != 0, seed as u64).unwrap();
    let h = &o.hist;
    let r = [
        h.mean(),
        h.q(0.5),
        h.q(0.95),
        h.q(0.99),
        o.events as f64,
        o.end,
        h.n as f64,
        o.qlen,
        o.util[0],
    ];
    unsafe { (core::ptr::addr_of_mut!(RES) as *mut [f64; 9]).write(r) }
}
/// checksum over a million draws: equal on two targets means bit-equal draws (0: ziggurat, 1: inverse/polar; libm only)
#[no_mangle]
pub extern "C" fn bits(kind: u32) -> u64 {
    fn sum<S: Sampler>() -> u64 {
        let (mut r, s, mut h) = (Xo::new(11), S::new(), 0u64);
        for _ in 0..1_000_000 {
            let x =
                s.exp1(&mut r).to_bits() ^ s.lognorm(&mut r, -4.0, 0.5).to_bits().rotate_left(17);
            h = (h ^ x).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29);
        }
        h
    }
    match kind {
        0 => sum::<Zig<LibmMath>>(),
        1 => sum::<Inv<LibmMath>>(),
        2 => sum::<Zig<StdMath>>(),
        4 => sum::<Zig<TabMath>>(),
        _ => sum::<Inv<StdMath>>(),
    }
}
