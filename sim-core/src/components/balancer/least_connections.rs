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
        let found = backends.least_loaded_from(self.turn)?;
        self.turn = found + 1;
        Some(found)
    }
}
