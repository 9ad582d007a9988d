//! Standard exponential and normal draws by a ziggurat of 256 layers: one word for 98 % of draws.

use rand_core::Rng;

use super::tables::{EXPONENTIAL, EXPONENTIAL_TAIL, NORMAL, NORMAL_TAIL};
use super::uniform::{fraction, unit};

/// An exponential draw with mean 1, above 0 and below about 44.
#[inline]
pub fn exponential<R: Rng + ?Sized>(rng: &mut R) -> f64 {
    // the low 8 bits name the layer, the top 52 the place in it: they do not overlap
    let bits = rng.next_u64();
    let layer = (bits & 255) as usize;
    let x = fraction(bits) * EXPONENTIAL.x[layer];
    if x < EXPONENTIAL.x[layer + 1] { x } else { exponential_edge(rng, layer, x) }
}

/// What the quick test left undecided: the tail, the wedge, or another try.
#[cold]
#[inline(never)]
fn exponential_edge<R: Rng + ?Sized>(rng: &mut R, mut layer: usize, mut x: f64) -> f64 {
    let table = &EXPONENTIAL;
    loop {
        if layer == 0 {
            return EXPONENTIAL_TAIL - libm::log(unit(rng)); // memoryless
        }
        let height = table.f[layer] + (table.f[layer + 1] - table.f[layer]) * unit(rng);
        if height < libm::exp(-x) {
            return x;
        }
        let bits = rng.next_u64();
        layer = (bits & 255) as usize;
        x = fraction(bits) * table.x[layer];
        if x < table.x[layer + 1] {
            return x;
        }
    }
}

/// A normal draw with mean 0 and variance 1.
#[inline]
pub fn normal<R: Rng + ?Sized>(rng: &mut R) -> f64 {
    let bits = rng.next_u64();
    let layer = (bits & 255) as usize;
    let x = (2.0 * fraction(bits) - 1.0) * NORMAL.x[layer];
    if x.abs() < NORMAL.x[layer + 1] { x } else { normal_edge(rng, layer, x) }
}

#[cold]
#[inline(never)]
fn normal_edge<R: Rng + ?Sized>(rng: &mut R, mut layer: usize, mut x: f64) -> f64 {
    let table = &NORMAL;
    loop {
        if layer == 0 {
            let beyond = normal_beyond(rng);
            return if x < 0.0 { -beyond } else { beyond };
        }
        let height = table.f[layer] + (table.f[layer + 1] - table.f[layer]) * unit(rng);
        if height < libm::exp(-0.5 * x * x) {
            return x;
        }
        let bits = rng.next_u64();
        layer = (bits & 255) as usize;
        x = (2.0 * fraction(bits) - 1.0) * table.x[layer];
        if x.abs() < table.x[layer + 1] {
            return x;
        }
    }
}

/// Marsaglia's (1964) normal tail by rejection from an exponential.
fn normal_beyond<R: Rng + ?Sized>(rng: &mut R) -> f64 {
    loop {
        let over = -libm::log(unit(rng)) / NORMAL_TAIL;
        if -2.0 * libm::log(unit(rng)) > over * over {
            return NORMAL_TAIL + over;
        }
    }
}
