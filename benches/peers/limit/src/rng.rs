//! xoshiro256++ and two ways to draw exponential / normal variates.
use std::marker::PhantomData;

#[derive(Clone)]
pub struct Xo {
    s: [u64; 4],
}

impl Xo {
    pub fn new(seed: u64) -> Self {
        let mut z = seed;
        let mut next = || {
            z = z.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut x = z;
            x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            x ^ (x >> 31)
        };
        let s = [next(), next(), next(), next()];
        Xo { s }
    }
    #[inline(always)]
    pub fn next(&mut self) -> u64 {
        let s = &mut self.s;
        let r = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        r
    }
    /// uniform in (0, 1)
    #[inline(always)]
    pub fn u01(&mut self) -> f64 {
        ((self.next() >> 12) as f64 + 0.5) * (1.0 / 4503599627370496.0)
    }
}

pub trait Math {
    fn ln(x: f64) -> f64;
    fn exp(x: f64) -> f64;
}
pub struct StdMath;
pub struct LibmMath;
impl Math for StdMath {
    #[inline(always)]
    fn ln(x: f64) -> f64 {
        x.ln()
    }
    #[inline(always)]
    fn exp(x: f64) -> f64 {
        x.exp()
    }
}
impl Math for LibmMath {
    #[inline(always)]
    fn ln(x: f64) -> f64 {
        libm::log(x)
    }
    #[inline(always)]
    fn exp(x: f64) -> f64 {
        libm::exp(x)
    }
}

/// ln from libm (rare with the ziggurat), exp from a table of 2^(i/128) and a short polynomial: only + and *, so the
/// bits are the same everywhere; error below 2 ulp in the range that draws need
pub struct TabMath;
const TN: usize = 128;
const fn exp_const(x: f64) -> f64 {
    let (mut t, mut s, mut k) = (1.0, 1.0, 1);
    while k < 30 {
        t = t * x / k as f64;
        s += t;
        k += 1;
    }
    s
}
static TAB: [f64; TN] = {
    let mut t = [0.0; TN];
    let mut i = 0;
    while i < TN {
        t[i] = exp_const(std::f64::consts::LN_2 * i as f64 / TN as f64);
        i += 1;
    }
    t
};
impl Math for TabMath {
    #[inline(always)]
    fn ln(x: f64) -> f64 {
        libm::log(x)
    }
    #[inline(always)]
    fn exp(x: f64) -> f64 {
        if !(x.abs() < 690.0) {
            return libm::exp(x);
        }
        const SHIFT: f64 = 6755399441055744.0; // 1.5 * 2^52: adding it rounds to an integer
        let z = x * (TN as f64 / std::f64::consts::LN_2);
        let kd = z + SHIFT;
        let k = kd.to_bits();
        let kd = kd - SHIFT;
        // ln2/128 in two parts
        let r = (x - kd * 0.005415212130174041) - kd * 2.1795053193544957e-10;
        let t = TAB[(k as usize) & (TN - 1)];
        let e = f64::from_bits((((k as i64) << 13 >> 20) as u64).wrapping_add(1023) << 52);
        let r2 = r * r;
        let p = r + r2 * (0.5 + r * (1.0 / 6.0)) + r2 * r2 * (1.0 / 24.0 + r * (1.0 / 120.0));
        (t + t * p) * e
    }
}

pub trait Sampler {
    fn new() -> Self;
    fn exp1(&self, r: &mut Xo) -> f64;
    fn norm(&self, r: &mut Xo) -> f64;
    fn lognorm(&self, r: &mut Xo, mu: f64, sigma: f64) -> f64;
}

/// inverse transform / Marsaglia polar
pub struct Inv<M>(PhantomData<M>);
impl<M: Math> Sampler for Inv<M> {
    fn new() -> Self {
        Inv(PhantomData)
    }
    #[cfg_attr(feature = "split", inline(never))]
    #[cfg_attr(not(feature = "split"), inline(always))]
    fn exp1(&self, r: &mut Xo) -> f64 {
        -M::ln(r.u01())
    }
    #[cfg_attr(feature = "split", inline(never))]
    #[cfg_attr(not(feature = "split"), inline(always))]
    fn norm(&self, r: &mut Xo) -> f64 {
        loop {
            let u = 2.0 * r.u01() - 1.0;
            let v = 2.0 * r.u01() - 1.0;
            let s = u * u + v * v;
            if s < 1.0 && s > 0.0 {
                return u * (-2.0 * M::ln(s) / s).sqrt();
            }
        }
    }
    #[cfg_attr(feature = "split", inline(never))]
    #[cfg_attr(not(feature = "split"), inline(always))]
    fn lognorm(&self, r: &mut Xo, mu: f64, sigma: f64) -> f64 {
        M::exp(mu + sigma * self.norm(r))
    }
}

/// 256-layer ziggurat; the tables are built with libm, so they have the same bits everywhere
pub struct Zig<M> {
    ex: [f64; 257],
    ef: [f64; 257],
    nx: [f64; 257],
    nf: [f64; 257],
    _m: PhantomData<M>,
}
const ER: f64 = 7.697_117_470_131_05;
const EV: f64 = 3.949_659_822_581_572e-3;
const NR: f64 = 3.654_152_885_361_009;
const NV: f64 = 0.004_928_673_233_974_655;
impl<M: Math> Sampler for Zig<M> {
    fn new() -> Self {
        let mut z =
            Zig { ex: [0.0; 257], ef: [0.0; 257], nx: [0.0; 257], nf: [0.0; 257], _m: PhantomData };
        let fe = |x: f64| libm::exp(-x);
        let fne = |x: f64| libm::exp(-0.5 * x * x);
        z.ex[0] = EV / fe(ER);
        z.ex[1] = ER;
        z.nx[0] = NV / fne(NR);
        z.nx[1] = NR;
        for i in 1..255 {
            z.ex[i + 1] = -libm::log(EV / z.ex[i] + fe(z.ex[i]));
            z.nx[i + 1] = (-2.0 * libm::log(NV / z.nx[i] + fne(z.nx[i]))).sqrt();
        }
        for i in 0..257 {
            z.ef[i] = fe(z.ex[i]);
            z.nf[i] = fne(z.nx[i]);
        }
        z
    }
    #[cfg_attr(feature = "split", inline(never))]
    #[cfg_attr(not(feature = "split"), inline(always))]
    fn exp1(&self, r: &mut Xo) -> f64 {
        loop {
            let b = r.next();
            let i = (b & 0xff) as usize;
            let x = (b >> 11) as f64 * (1.0 / 9007199254740992.0) * self.ex[i];
            if x < self.ex[i + 1] {
                return x;
            }
            if i == 0 {
                return ER - M::ln(r.u01());
            }
            if self.ef[i + 1] + (self.ef[i] - self.ef[i + 1]) * r.u01() < M::exp(-x) {
                return x;
            }
        }
    }
    #[cfg_attr(feature = "split", inline(never))]
    #[cfg_attr(not(feature = "split"), inline(always))]
    fn norm(&self, r: &mut Xo) -> f64 {
        loop {
            let b = r.next();
            let i = (b & 0xff) as usize;
            let u = (b >> 11) as f64 * (2.0 / 9007199254740992.0) - 1.0;
            let x = u * self.nx[i];
            if x.abs() < self.nx[i + 1] {
                return x;
            }
            if i == 0 {
                loop {
                    let a = M::ln(r.u01()) / NR;
                    let c = M::ln(r.u01());
                    if -2.0 * c >= a * a {
                        return if u < 0.0 { a - NR } else { NR - a };
                    }
                }
            }
            if self.nf[i + 1] + (self.nf[i] - self.nf[i + 1]) * r.u01() < M::exp(-0.5 * x * x) {
                return x;
            }
        }
    }
    #[cfg_attr(feature = "split", inline(never))]
    #[cfg_attr(not(feature = "split"), inline(always))]
    fn lognorm(&self, r: &mut Xo, mu: f64, sigma: f64) -> f64 {
        M::exp(mu + sigma * self.norm(r))
    }
}
