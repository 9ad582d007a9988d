//! One after the other.

use serde::{Deserialize, Serialize};

use super::{Backends, Policy, Question};

/// The pointer that goes round.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RoundRobin {
    next: u32,
}

impl Policy for RoundRobin {
    fn pick(&mut self, backends: &Backends, _question: &mut Question<'_>) -> Option<u32> {
        let found = backends.first_up_from(self.next)?;
        self.next = found + 1;
        Some(found)
    }
}
