//! Stickiness by client address: nginx's ip_hash over the first three octets.

use serde::{Deserialize, Serialize};

use super::{Backends, Policy, Question};

/// Tries before the rule gives up and takes turns.
const TRIES: u32 = 20;

/// nginx's running hash over the /24 of the client.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct IpHash {
    fallback: u32,
}

impl Policy for IpHash {
    fn pick(&mut self, backends: &Backends, question: &mut Question<'_>) -> Option<u32> {
        let octets = (question.ask.client as u32).to_be_bytes();
        let mut hash: u64 = 89;
        for _ in 0..TRIES {
            for &octet in &octets[..3] {
                hash = (113 * hash + u64::from(octet)) % 6271;
            }
            let index = backends.by_weight(hash % backends.total_weight().max(1));
            if backends.is_up(index) {
                return Some(index);
            }
        }
        let found = backends.first_up_from(self.fallback)?;
        self.fallback = found + 1;
        Some(found)
    }
}
