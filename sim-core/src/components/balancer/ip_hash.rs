//! Stickiness by client address: nginx's ip_hash over the first three octets.

use serde::{Deserialize, Serialize};

use super::{Backends, Policy, Question};
use crate::engine::chance::mix;

/// Names the luck of client addresses.
const ADDRESS: u64 = 0x6970_7634;
/// Tries before the rule gives up and takes turns.
const TRIES: u32 = 20;

/// nginx's running hash over the /24 of the client.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct IpHash {
    fallback: u32,
}

impl Policy for IpHash {
    fn pick(&mut self, backends: &Backends, question: &mut Question<'_>) -> Option<u32> {
        // clients are numbers here; scattering them gives each an address of its own
        let address = (mix(ADDRESS, question.ask.client) >> 32) as u32;
        let octets = address.to_be_bytes();
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
