//! A backend at random, by weight.

use serde::{Deserialize, Serialize};

use super::{Backends, Policy, Question};
use crate::engine::chance::below;

/// Draws before the rule looks for any backend that is up.
const DRAWS: u32 = 20;

/// No memory.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Random;

/// A backend that is up, by weight.
pub(super) fn draw(backends: &Backends, question: &mut Question<'_>) -> Option<u32> {
    for _ in 0..DRAWS {
        let point = below(question.stream, backends.total_weight().max(1));
        let index = backends.by_weight(point);
        if backends.is_up(index) {
            return Some(index);
        }
    }
    backends.first_up_from(below(question.stream, backends.len() as u64) as u32)
}

impl Policy for Random {
    fn pick(&mut self, backends: &Backends, question: &mut Question<'_>) -> Option<u32> {
        draw(backends, question)
    }
}
