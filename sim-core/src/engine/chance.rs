//! Everything random: keys, generators, samplers and the laws a person writes, the same bits on
//! every machine.
//!
//! Only `+ - * / sqrt` and `libm` are used, so native and WASM builds draw the same values. What
//! belongs to a request is drawn from a [`Draw`], what belongs to a node from a [`Stream`].

mod exp;
mod generators;
#[cfg(test)]
mod golden;
mod law;
mod law_facts;
mod law_params;
mod law_solve;
mod law_spec;
#[cfg(test)]
mod reference;
mod tables;
#[cfg(test)]
mod trials;
mod uniform;
mod weights;
mod ziggurat;
mod zipf;

pub use exp::fast_exp;
pub use generators::{Draw, Stream};
pub use law::Law;
pub use law_facts::normal_quantile;
pub use law_params::{
    ErlangSpec, ExponentialSpec, GammaSpec, HyperexponentialSpec, LognormalSpec, MeanSpec,
    ParetoSpec, ShiftedSpec, UniformSpec, WeibullSpec,
};
pub use law_spec::{Family, LawSpec, OwnDemand};
pub use uniform::{below, flip, unit};
pub use weights::Weights;
pub use ziggurat::{exponential, normal};
pub use zipf::{Zipf, ZipfSpec};

/// The odd 64-bit integer nearest to 2^64 over the golden ratio: the step of SplitMix64.
pub(crate) const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// The finaliser of SplitMix64 (Stafford's variant 13): a bijection in which each input bit flips
/// each output bit with a probability near one half.
#[inline]
pub(crate) const fn finish(x: u64) -> u64 {
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// Joins two 64-bit words to one key.
///
/// For a fixed `a` it is a bijection in `b` and the other way round; the order matters, so that
/// `mix(mix(seed, source), ordinal)` names one request. The value never changes between versions.
#[inline]
#[must_use]
pub const fn mix(a: u64, b: u64) -> u64 {
    finish(finish(a.wrapping_add(GOLDEN)) ^ b)
}

/// The key of a name: FNV-1a over its UTF-8 bytes, then the SplitMix64 finaliser.
///
/// Stable between versions and machines; two names of one scenario collide with a probability of
/// about 2^-64.
#[must_use]
pub const fn name_key(name: &str) -> u64 {
    let bytes = name.as_bytes();
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let mut at = 0;
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u64).wrapping_mul(0x0100_0000_01b3);
        at += 1;
    }
    finish(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_keep_their_values() {
        assert_eq!(finish(GOLDEN), 0xe220_a839_7b1d_cdaf, "SplitMix64 seeded with 0");
        assert_eq!(name_key(""), finish(0xcbf2_9ce4_8422_2325));
        assert_eq!(name_key("a"), finish(0xaf63_dc4c_8601_ec8c), "FNV-1a of the letter a");
        assert_ne!(mix(1, 2), mix(2, 1));
        assert_ne!(mix(0, 0), 0);
    }

    #[test]
    fn each_bit_of_either_word_flips_half_the_key() {
        for bit in 0..64 {
            let (mut left, mut right) = (0, 0);
            for i in 0..1000u64 {
                let (a, b) = (i, finish(i));
                left += (mix(a, b) ^ mix(a ^ (1 << bit), b)).count_ones();
                right += (mix(a, b) ^ mix(a, b ^ (1 << bit))).count_ones();
            }
            // 64,000 bits, standard deviation 126: five of them
            assert!(left.abs_diff(32_000) < 650, "bit {bit} of a: {left}");
            assert!(right.abs_diff(32_000) < 650, "bit {bit} of b: {right}");
        }
    }
}
