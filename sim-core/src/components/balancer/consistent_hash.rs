//! Consistent hashing by key: 160 points on a ring for each unit of weight.

use serde::{Deserialize, Serialize};

use super::{Backends, Policy, Question};
use crate::engine::chance::mix;

const POINTS: u32 = 160;
/// Points on the ring at most: 160 each for a thousand backends of weight 10.
const RING_MAX: u64 = 1_600_000;

/// The ring, made at the first pick.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ConsistentHash {
    ring: Vec<(u32, u32)>,
}

impl ConsistentHash {
    fn build(&mut self, backends: &Backends) {
        let wanted = backends.total_weight() * u64::from(POINTS);
        let points =
            if wanted > RING_MAX { (RING_MAX / backends.total_weight()) as u32 } else { POINTS };
        for index in 0..backends.len() as u32 {
            let name = mix(0x7269_6e67, u64::from(index));
            for point in 0..points.max(1) * backends.weight(index) {
                self.ring.push(((mix(name, u64::from(point)) >> 32) as u32, index));
            }
        }
        self.ring.sort_unstable();
    }
}

impl Policy for ConsistentHash {
    fn pick(&mut self, backends: &Backends, question: &mut Question<'_>) -> Option<u32> {
        if self.ring.is_empty() {
            self.build(backends);
        }
        let key = (mix(0x006b_6579, question.ask.key) >> 32) as u32;
        let start = self.ring.partition_point(|&(point, _)| point < key);
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
}
