//! The first draws of each law, bit by bit: a changed bit changes every digest.

use rand_distr::Distribution;

use super::{Draw, Law, Stream, Zipf, exponential, normal, unit};

/// One law of each family, with finite means.
pub(super) fn laws() -> Vec<Law> {
    let knots = [(0.0, 0.001), (0.5, 0.005), (0.99, 0.08), (1.0, 0.2)];
    vec![
        Law::Constant { nanos: 20_000_000 },
        Law::Uniform { low: 0.001, high: 0.003 },
        Law::Exponential { mean: 0.02 },
        Law::Lognormal { mu: -3.0, sigma: 0.98979 },
        Law::Pareto { scale: 0.03325, shape: 1.699 },
        Law::BoundedPareto { low: 0.001, high: 1.0, shape: 1.1 },
        Law::BoundedPareto { low: 0.01, high: 0.012, shape: 1.1 },
        Law::Gamma { shape: 4.0, scale: 0.005 },
        Law::Gamma { shape: 0.5, scale: 0.04 },
        Law::Weibull { shape: 0.8224, scale: 0.078 },
        Law::Hyperexponential { p: 0.887298, mean1: 0.011, mean2: 0.088 },
        Law::Empirical { knots: knots.into() },
        Law::Shifted { by: 0.005, law: Box::new(Law::Exponential { mean: 0.02 }) },
    ]
}

/// Rows: `unit`, `exponential`, `normal` and Zipf on key 42, `unit` on a stream of key 42, then
/// [`laws`] on key 42. A change here is a new digest epoch: name it in the changelog.
const BITS: [[u64; 4]; 18] = [
    [0x3fe7bae644c5fd6d, 0x3fc477f199d9337c, 0x3fd1d499d5c4c3e6, 0x3fd607387fc392ba],
    [0x3ff0d78d65ae306c, 0x3ff0934ad875fe75, 0x3fe4df0bc78a0357, 0x3fdf8567b087b1f2],
    [0x3fe58ecb89571c50, 0xc002111fcf6197ba, 0xbfea7f80343b195d, 0xbfdbf15f1579f391],
    [0x406d800000000000, 0x411098f800000000, 0x40f654f000000000, 0x40e725e000000000],
    [0x3fea0ec9a9e88ecd, 0x3fd467905d15dbce, 0x3fef7c0f9f61849d, 0x3fe66fb3ec019b07],
    [0x3f947ae147ae147b, 0x3f947ae147ae147b, 0x3f947ae147ae147b, 0x3f947ae147ae147b],
    [0x3f64578023364450, 0x3f559fbac7211353, 0x3f598361320eba51, 0x3f5ba995c2706be4],
    [0x3f958ec977e933be, 0x3f95376a0ad478e8, 0x3f8ab71951547f28, 0x3f842c6b52425d68],
    [0x3fb8d40511fa3e50, 0x3f75cfe2873cc0fb, 0x3f96767c84e67c06, 0x3fa08be81ee3bf73],
    [0x3fafa1e08d15fa48, 0x3faf52d5e6a205b1, 0x3fa8fdadbb07a1d2, 0x3fa6bfaee7221006],
    [0x3f655458880c525d, 0x3f65023eb2f5c9dd, 0x3f5da4b52f4487f5, 0x3f59a3261e37547f],
    [0x3f85b7f1c2dbc1f5, 0x3f84bbe1954e9d7a, 0x3f85b3c6276ba39a, 0x3f887e30a1cdd1ad],
    [0x3f9a2ed7d5327fa0, 0x3f8789b5a894d483, 0x3f8bacf0c6f884d2, 0x3f8517228b38b2c7],
    [0x3f96d99531e2e745, 0x3ebb09251ed85d6c, 0x3f8336df11046440, 0x3f97b947d11abb69],
    [0x3fb540be95a3cb9e, 0x3fb4d82f79e186a3, 0x3fa7c04340419763, 0x3fa0e1310f0834ed],
    [0x3f87568e3f1ceb65, 0x3f7630dc7415cd25, 0x3fabb53c90cd744a, 0x3f8692443bc7d1ef],
    [0x3fa57da4fb2e39a4, 0x3f62ac00d1d7a7ac, 0x3f6a734da7b2f5a8, 0x3f6ebfb6c87658cf],
    [0x3f9aad81c9d4b8dd, 0x3f9a56225cbffe07, 0x3f927a44fa95c4b3, 0x3f8e69dbf61967a6],
];

#[test]
fn the_first_four_draws_keep_their_bits() {
    let four = |draw: &mut dyn FnMut() -> f64| [(); 4].map(|()| draw().to_bits());
    let new = || Draw::new(42);
    let (mut a, mut b, mut c, mut d) = (new(), new(), new(), new());
    let zipf = Zipf::new(1_000_000, 0.9).unwrap();
    let mut stream = Stream::new(42);
    let mut rows = vec![
        four(&mut || unit(&mut a)),
        four(&mut || exponential(&mut b)),
        four(&mut || normal(&mut c)),
        four(&mut || zipf.sample(&mut d) as f64),
        four(&mut || unit(&mut stream)),
    ];
    for law in laws() {
        let mut draw = new();
        rows.push(four(&mut || law.sample(&mut draw)));
    }
    let hex = |row: &[u64; 4]| row.map(|bits| format!("{bits:#x}")).join(", ");
    let now: String = rows.iter().map(|row| format!("    [{}],\n", hex(row))).collect();
    assert!(rows == BITS, "the bits are now\n{now}");
}

/// Folds a million draws, so that the rare branches (tails, wedges) are held too.
#[test]
fn a_million_draws_fold_to_the_same_word() {
    let mut draw = Draw::new(43);
    let mut fold = 0;
    for _ in 0..100_000 {
        for law in laws() {
            fold = super::mix(fold, law.sample(&mut draw).to_bits());
            fold = super::mix(fold, law.sample_nanos(&mut draw));
        }
    }
    assert_eq!(fold, FOLD, "now {fold:#018x}");
}

const FOLD: u64 = 0xe40a_7f8c_1dae_a4ff;
