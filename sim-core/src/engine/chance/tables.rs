//! Constant tables of the fast samplers, computed by the compiler from `+ - * /` alone.

/// Layers of a ziggurat of equal areas (Marsaglia and Tsang 2000; Doornik 2005).
pub(super) struct Layers {
    /// Right edges, falling from the width of the base strip (0), the tail's start (1) to 0 (256).
    pub(super) x: [f64; 257],
    /// Density at each edge, not normalised: 1 at 0.
    pub(super) f: [f64; 257],
}

/// Where the tail of the exponential begins.
pub(super) const EXPONENTIAL_TAIL: f64 = 7.697_117_470_131_05;
/// Where the tail of the normal begins.
pub(super) const NORMAL_TAIL: f64 = 3.654_152_885_361_009;
/// Area of each normal layer under `exp(-x^2/2)`; the exponential's has a closed form.
const NORMAL_AREA: f64 = 0.004_928_673_233_974_655;

/// The layers under `exp(-x)`.
pub(super) static EXPONENTIAL: Layers =
    layers(EXPONENTIAL_TAIL, (EXPONENTIAL_TAIL + 1.0) * exp_minus(EXPONENTIAL_TAIL), false);
/// The layers under `exp(-x^2/2)`, right half.
pub(super) static NORMAL: Layers = layers(NORMAL_TAIL, NORMAL_AREA, true);
/// `2^(i/128)`.
pub(super) static POWERS: [f64; 128] = powers();

const fn layers(tail: f64, area: f64, normal: bool) -> Layers {
    let (mut x, mut f) = ([0.0; 257], [1.0; 257]);
    f[0] = density(tail, normal);
    x[0] = area / f[0];
    f[0] = density(x[0], normal);
    x[1] = tail;
    f[1] = density(tail, normal);
    let mut i = 2;
    while i < 256 {
        let depth = -ln(f[i - 1] + area / x[i - 1]);
        x[i] = if normal { sqrt(2.0 * depth) } else { depth };
        f[i] = density(x[i], normal);
        i += 1;
    }
    Layers { x, f }
}

const fn density(x: f64, normal: bool) -> f64 {
    exp_minus(if normal { 0.5 * x * x } else { x })
}

/// Upper 32 bits of ln 2 (fdlibm), so that small multiples are exact.
pub(super) const LN2_HIGH: f64 = 6.931_471_803_691_238e-1;
/// What is missing from [`LN2_HIGH`].
pub(super) const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;

/// `exp(-x)` for x in 0..=16: halvings, then the series on what is left.
const fn exp_minus(x: f64) -> f64 {
    let halvings = (x / (LN2_HIGH + LN2_LOW) + 0.5) as u32;
    let rest = (x - halvings as f64 * LN2_HIGH) - halvings as f64 * LN2_LOW;
    let mut sum = 1.0;
    let mut n = 20;
    while n > 0 {
        sum = 1.0 - rest * sum / n as f64;
        n -= 1;
    }
    sum / (1u64 << halvings) as f64
}

/// Natural logarithm for x in 2^-16..=1: doublings, then `2 atanh((m-1)/(m+1))`.
const fn ln(x: f64) -> f64 {
    let (mut m, mut doublings) = (x, 0);
    while m < 0.707 {
        m *= 2.0;
        doublings += 1;
    }
    let s = (m - 1.0) / (m + 1.0);
    let mut sum = 0.0;
    let mut n = 27;
    while n > 1 {
        sum = (sum + 1.0 / n as f64) * s * s;
        n -= 2;
    }
    let rest = 2.0 * s + 2.0 * s * sum;
    (rest - doublings as f64 * LN2_LOW) - doublings as f64 * LN2_HIGH
}

/// Newton's square root for x in 0.001..=16.
const fn sqrt(x: f64) -> f64 {
    let mut root = 0.5 * (1.0 + x);
    let mut round = 0;
    while round < 12 {
        root -= 0.5 * (root - x / root);
        round += 1;
    }
    root
}

/// The exponential series in integers with 64 fractional bits: eleven more than an f64 holds.
const fn powers() -> [f64; 128] {
    const LN2: u128 = 0xb172_17f7_d1cf_79ac;
    let mut table = [0.0; 128];
    let mut i = 0;
    while i < 128 {
        let y = i as u128 * LN2 / 128;
        let (mut term, mut sum, mut n) = (1u128 << 64, 1u128 << 64, 1);
        while n < 24 {
            term = ((term * y) >> 64) / n;
            sum += term;
            n += 1;
        }
        table[i] = ((sum + (1 << 11)) >> 12) as f64 / (1u64 << 52) as f64;
        i += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_agree_with_libm_to_1e15() {
        let near = |a: f64, b: f64, what: &str| {
            assert!((a - b).abs() <= 1e-15 * b.abs(), "{what}: {a:e} {b:e}");
        };
        for (layers, normal) in [(&EXPONENTIAL, false), (&NORMAL, true)] {
            for i in 0..257 {
                let x = layers.x[i];
                let depth = if normal { 0.5 * x * x } else { x };
                near(layers.f[i], libm::exp(-depth), "density");
            }
        }
        for (i, &power) in POWERS.iter().enumerate() {
            near(power, libm::exp2(i as f64 / 128.0), "power");
        }
        for i in 1..=10_000 {
            let x = f64::from(i) / 10_000.0;
            near(ln(x), libm::log(x), "ln");
            near(sqrt(15.0 * x), libm::sqrt(15.0 * x), "sqrt");
            near(exp_minus(16.0 * x), libm::exp(-16.0 * x), "exp");
        }
    }

    #[test]
    fn every_layer_has_the_same_area() {
        for layers in [&EXPONENTIAL, &NORMAL] {
            let area = layers.x[0] * layers.f[1];
            for i in 1..256 {
                let this = layers.x[i] * (layers.f[i + 1] - layers.f[i]);
                assert!((this / area - 1.0).abs() < 1e-11, "layer {i}: {this} of {area}");
                assert!(layers.x[i + 1] < layers.x[i]);
            }
        }
        // the edges printed in rand_distr's tables; its normal area has twelve digits
        assert!((EXPONENTIAL.x[0] - 8.697_117_470_131_053).abs() < 1e-14);
        assert!((EXPONENTIAL.x[255] - 0.063_852_163_815_003_48).abs() < 1e-13);
        assert!((NORMAL.x[0] - 3.910_757_959_537_09).abs() < 2e-11);
        assert!((NORMAL.x[255] - 0.215_241_895_913_273_8).abs() < 1e-9);
    }
}
