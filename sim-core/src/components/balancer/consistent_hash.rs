//! Consistent hashing by key: 160 points on a ring for each unit of weight.

use serde::{Deserialize, Serialize};

use super::{Backends, Policy, Question};
use crate::engine::chance::mix;

const POINTS: u32 = 160;
/// Points on the ring at most: 160 each for a thousand backends of weight 10.
const RING_MAX: u64 = 1_600_000;

/// The ring, made at the first pick.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "Points")]
pub struct ConsistentHash {
    ring: Vec<(u32, u32)>,
    /// Where in the ring each of so many equal stretches of it begins: a power of two, so that the
    /// first bits of a key name its stretch and a search is a look at a few neighbours.
    #[serde(skip)]
    stretches: Vec<u32>,
}

/// What a snapshot keeps.
#[derive(Deserialize)]
struct Points {
    ring: Vec<(u32, u32)>,
}

impl From<Points> for ConsistentHash {
    fn from(Points { ring }: Points) -> Self {
        if ring.is_empty() {
            return Self::default();
        }
        let stretches = (ring.len() / 8).next_power_of_two().max(2) as u64;
        let mut at = 0;
        let begins = (0..stretches).map(|stretch| {
            let first = (stretch << 32) / stretches;
            at += ring[at..].iter().take_while(|(point, _)| u64::from(*point) < first).count();
            at as u32
        });
        Self { stretches: begins.collect(), ring }
    }
}

impl ConsistentHash {
    fn build(backends: &Backends) -> Self {
        let wanted = backends.total_weight() * u64::from(POINTS);
        let points =
            if wanted > RING_MAX { (RING_MAX / backends.total_weight()) as u32 } else { POINTS };
        let mut ring = Vec::new();
        for index in 0..backends.len() as u32 {
            let name = mix(0x7269_6e67, u64::from(index));
            for point in 0..points.max(1) * backends.weight(index) {
                ring.push(((mix(name, u64::from(point)) >> 32) as u32, index));
            }
        }
        ring.sort_unstable();
        Points { ring }.into()
    }

    /// The place of the first point that is not before the key; the ring's length if there is none.
    fn at(&self, key: u32) -> usize {
        let stretch = key >> (u32::BITS - self.stretches.len().trailing_zeros());
        let begin = self.stretches[stretch as usize] as usize;
        begin + self.ring[begin..].iter().take_while(|(point, _)| *point < key).count()
    }
}

impl Policy for ConsistentHash {
    fn pick(&mut self, backends: &Backends, question: &mut Question<'_>) -> Option<u32> {
        if self.ring.is_empty() {
            *self = Self::build(backends);
            if self.ring.is_empty() {
                return None;
            }
        }
        let key = (mix(0x006b_6579, question.ask.key) >> 32) as u32;
        let start = self.at(key);
        let around = self.ring[start..].iter().chain(&self.ring[..start]);
        around.map(|&(_, index)| index).find(|&index| backends.is_up(index))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::request::Ask;

    #[test]
    fn one_backend_out_of_ten_moves_about_a_tenth_of_the_keys() {
        let mut backends = Backends::new((0..10).collect(), vec![1; 10]);
        (0..10).for_each(|node| backends.set_up(node, true));
        let mut policy = ConsistentHash::default();
        let mut picks = |backends: &Backends| -> Vec<u32> {
            (0..10_000)
                .map(|key| {
                    let mut question = Question::for_tests();
                    question.ask = Ask { key, ..question.ask };
                    policy.pick(backends, &mut question).unwrap()
                })
                .collect()
        };
        let before = picks(&backends);
        backends.set_up(3, false);
        let after = picks(&backends);
        let moved = before.iter().zip(&after).filter(|(a, b)| a != b).count();
        let owned = before.iter().filter(|&&index| index == 3).count();
        assert_eq!(moved, owned, "only the keys of the lost backend move");
        assert!((700..1_300).contains(&owned), "{owned}");
    }

    #[test]
    fn a_key_belongs_to_the_next_point_of_the_ring_however_many_there_are() {
        for count in [1, 2, 10, 333] {
            let backends = Backends::new((0..count).collect(), vec![1; count as usize]);
            let made = ConsistentHash::build(&backends);
            let bytes = postcard::to_stdvec(&made).unwrap();
            let policy: ConsistentHash = postcard::from_bytes(&bytes).unwrap();
            assert_eq!(policy, made);
            let ends = [0, 1, u32::MAX - 1, u32::MAX, policy.ring[0].0, policy.ring[0].0 + 1];
            for key in (0..20_000).map(|n| mix(7, n) as u32).chain(ends) {
                let wanted = policy.ring.partition_point(|&(point, _)| point < key);
                assert_eq!(policy.at(key), wanted, "{count} backends, key {key}");
            }
        }
    }
}
