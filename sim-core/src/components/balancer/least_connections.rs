//! The backend with the fewest requests under way for its weight; those that tie take turns.

use serde::{Deserialize, Serialize};

use super::{Backends, Policy, Question};

/// Where the turn among ties stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LeastConnections {
    turn: u32,
}

impl Policy for LeastConnections {
    fn pick(&mut self, backends: &Backends, _question: &mut Question<'_>) -> Option<u32> {
        let found = if backends.equal_weights() {
            backends.least_loaded_from(self.turn)?
        } else {
            weighted(backends, self.turn)?
        };
        self.turn = found + 1;
        Some(found)
    }
}

/// Compares load/weight as fractions, without division.
fn weighted(backends: &Backends, turn: u32) -> Option<u32> {
    let count = backends.len() as u32;
    let mut best: Option<u32> = None;
    for step in 0..count {
        let index = (turn + step) % count;
        if !backends.is_up(index) {
            continue;
        }
        if best.is_none_or(|best| backends.lighter(index, best)) {
            best = Some(index);
        }
    }
    best
}
