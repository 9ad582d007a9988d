//! The address of a client, and nginx's ip_hash over it.

use crate::engine::chance::mix;

/// Names the luck of client addresses.
const ADDRESS: u64 = 0x6970_7634;
/// Where the running hash begins.
pub const FIRST: u64 = 89;

/// Stands above the four octets in the number of a client whose address is known.
const KNOWN: u64 = 0x6970_7634 << 32;

/// The client at a known address.
#[must_use]
pub fn client_at(octets: [u8; 4]) -> u64 {
    KNOWN | u64::from(u32::from_be_bytes(octets))
}

/// A client's IPv4 address. Clients are numbers here; scattering them gives each one an address of
/// its own, and 1 of about 16.8 million networks of three octets.
#[must_use]
pub fn octets(client: u64) -> [u8; 4] {
    if client & !0xffff_ffff == KNOWN {
        return (client as u32).to_be_bytes();
    }
    ((mix(ADDRESS, client) >> 32) as u32).to_be_bytes()
}

/// nginx's running hash over the first three octets; again for the next guess.
#[must_use]
pub fn ip_hash(hash: u64, octets: [u8; 4]) -> u64 {
    octets[..3].iter().fold(hash, |hash, &octet| (113 * hash + u64::from(octet)) % 6271)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_network_of_three_octets_has_one_hash() {
        let of = |last| ip_hash(FIRST, [192, 0, 2, last]);
        assert_eq!(of(1), of(254));
        // by hand: 89 -> 10249 % 6271 = 3978 -> 449514 % 6271 = 4273 -> 482851 % 6271 = 6255
        assert_eq!(of(1), 6_255);
        assert_ne!(of(1), ip_hash(FIRST, [192, 0, 3, 1]));
    }
}
