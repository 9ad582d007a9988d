//! The two generators: a counter-based draw for what belongs to a request, a stream for a node.

use rand_core::{Infallible, SeedableRng, TryRng, utils};
use rand_xoshiro::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};

use super::{GOLDEN, finish};

/// SplitMix64 as a counter: output `n` is a pure function of `key` and `n`.
///
/// Two variants of a scenario that build the same key see the same luck, whatever they drew
/// elsewhere. Build the key with [`mix`](super::mix): keys that differ by a multiple of the golden
/// step would overlap. Not `Copy`, so that no draw is made twice by accident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draw {
    key: u64,
    n: u64,
}

impl Draw {
    /// The draws that belong to this key, from the first one.
    #[inline]
    #[must_use]
    pub const fn new(key: u64) -> Self {
        Self { key, n: 0 }
    }
}

impl TryRng for Draw {
    type Error = Infallible;

    #[inline]
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.try_next_u64().map(|x| (x >> 32) as u32)
    }

    #[inline]
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.n = self.n.wrapping_add(1);
        Ok(finish(self.key.wrapping_add(self.n.wrapping_mul(GOLDEN))))
    }

    fn try_fill_bytes(&mut self, dst: &mut [u8]) -> Result<(), Infallible> {
        utils::fill_bytes_via_next_word(dst, || self.try_next_u64())
    }
}

/// Xoshiro256++ for what belongs to a node: seeded from one key, saved with the node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stream(Xoshiro256PlusPlus);

impl Stream {
    /// The stream of this key; its 256 bits of state are the first four draws of the key.
    #[must_use]
    pub fn new(key: u64) -> Self {
        let mut seed = [0; 32];
        let mut draw = Draw::new(key);
        for word in seed.chunks_exact_mut(8) {
            let Ok(bits) = draw.try_next_u64();
            word.copy_from_slice(&bits.to_le_bytes());
        }
        Self(Xoshiro256PlusPlus::from_seed(seed))
    }
}

impl TryRng for Stream {
    type Error = Infallible;

    #[inline]
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.0.try_next_u32()
    }

    #[inline]
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.0.try_next_u64()
    }

    fn try_fill_bytes(&mut self, dst: &mut [u8]) -> Result<(), Infallible> {
        self.0.try_fill_bytes(dst)
    }
}

#[cfg(test)]
mod tests {
    use rand_core::Rng;

    use super::*;

    #[test]
    fn a_draw_is_splitmix64() {
        let mut draw = Draw::new(1_234_567); // the published test vector of SplitMix64
        let expected = [6_457_827_717_110_365_317, 3_203_168_211_198_807_973_u64];
        assert_eq!([draw.next_u64(), draw.next_u64()], expected);
    }

    #[test]
    fn a_saved_generator_goes_on_where_it_was() {
        let (mut draw, mut stream) = (Draw::new(7), Stream::new(7));
        draw.next_u64();
        stream.next_u64();
        let text = serde_json::to_string(&(&draw, &stream)).unwrap();
        let (mut draw2, mut stream2): (Draw, Stream) = serde_json::from_str(&text).unwrap();
        assert_eq!(draw.next_u64(), draw2.next_u64());
        assert_eq!(stream.next_u64(), stream2.next_u64());
    }
}
