//! Two different backends at random, by weight; the one with less load per weight is taken.

use serde::{Deserialize, Serialize};

use super::random::draw;
use super::{Backends, Policy, Question};

/// Draws of the second backend before the first one is taken.
const DRAWS: u32 = 20;

/// No memory.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RandomTwo;

impl Policy for RandomTwo {
    fn pick(&mut self, backends: &Backends, question: &mut Question<'_>) -> Option<u32> {
        let first = draw(backends, question)?;
        for _ in 0..DRAWS {
            let second = draw(backends, question)?;
            if second != first {
                let second_is_lighter = backends.lighter(second, first);
                return Some(if second_is_lighter { second } else { first });
            }
        }
        Some(first)
    }
}
