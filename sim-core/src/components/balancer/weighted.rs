//! Smooth weighted round robin, as nginx does it: weights 5,1,1 give a a b a c a a.

use serde::{Deserialize, Serialize};

use super::round_robin::RoundRobin;
use super::{Backends, Policy, Question};

/// Each backend's current weight; the heaviest is picked and pays the total.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Weighted {
    current: Vec<i32>,
    plain: RoundRobin,
}

impl Policy for Weighted {
    fn pick(&mut self, backends: &Backends, question: &mut Question<'_>) -> Option<u32> {
        if backends.equal_weights() {
            // the rule reduces to taking turns
            return self.plain.pick(backends, question);
        }
        self.current.resize(backends.len(), 0);
        let (mut total, mut heaviest) = (0, i32::MIN);
        for (current, (weight, up)) in self.current.iter_mut().zip(backends.weights()) {
            let gain = if up { weight as i32 } else { 0 };
            *current += gain;
            total += gain;
            heaviest = heaviest.max(if up { *current } else { i32::MIN });
        }
        let mut all = self.current.iter().zip(backends.weights());
        let best = all.position(|(&current, (_, up))| up && current == heaviest)?;
        self.current[best] -= total;
        Some(best as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(weights: &[u32], picks: usize) -> String {
        let mut backends = Backends::new((0..weights.len() as u32).collect(), weights.to_vec());
        (0..weights.len() as u32).for_each(|node| backends.set_up(node, true));
        let mut policy = Weighted::default();
        (0..picks)
            .map(|_| policy.pick(&backends, &mut Question::for_tests()).unwrap())
            .map(|index| (b'a' + index as u8) as char)
            .collect()
    }

    #[test]
    fn nginx_weights_5_1_1_give_aabacaa() {
        assert_eq!(order(&[5, 1, 1], 14), "aabacaaaabacaa");
        assert_eq!(order(&[3, 2, 1], 6), "abacba");
        assert_eq!(order(&[1, 1, 1], 6), "abcabc");
    }
}
