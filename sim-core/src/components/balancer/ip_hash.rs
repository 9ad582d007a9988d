//! Stickiness by client address: nginx's ip_hash over the first three octets.

use serde::{Deserialize, Serialize};

use super::{Backends, Policy, Question};
use crate::rules::address::{FIRST, ip_hash, octets};

/// Tries before the rule gives up and takes turns.
const TRIES: u32 = 20;

/// nginx's running hash over the /24 of the client.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct IpHash {
    fallback: u32,
}

impl Policy for IpHash {
    fn pick(&mut self, backends: &Backends, question: &mut Question<'_>) -> Option<u32> {
        let octets = octets(question.ask.client);
        let mut hash = FIRST;
        for _ in 0..TRIES {
            hash = ip_hash(hash, octets);
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
