//! CRC-32 as in zlib, which nginx hashes keys with.

/// The reversed polynomial.
const POLYNOMIAL: u32 = 0xEDB8_8320;

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut value = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            value = if value & 1 == 1 { value >> 1 ^ POLYNOMIAL } else { value >> 1 };
            bit += 1;
        }
        table[byte] = value;
        byte += 1;
    }
    table
}

static TABLE: [u32; 256] = table();

/// A CRC under way.
#[derive(Clone, Copy)]
pub(super) struct Crc32(u32);

impl Crc32 {
    pub(super) fn new() -> Self {
        Crc32(u32::MAX)
    }

    pub(super) fn add(self, bytes: &[u8]) -> Self {
        let next =
            |crc: u32, &byte: &u8| TABLE[((crc ^ u32::from(byte)) & 0xff) as usize] ^ crc >> 8;
        Crc32(bytes.iter().fold(self.0, next))
    }

    /// The same for a number as text in decimal.
    pub(super) fn add_number(self, number: u64) -> Self {
        let mut digits = [0; 20];
        let (mut at, mut left) = (digits.len(), number);
        loop {
            at -= 1;
            digits[at] = b'0' + (left % 10) as u8;
            left /= 10;
            if left == 0 {
                return self.add(&digits[at..]);
            }
        }
    }

    pub(super) fn finish(self) -> u32 {
        !self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_value_of_crc_32_comes_out() {
        assert_eq!(Crc32::new().add(b"123456789").finish(), 0xCBF4_3926);
        assert_eq!(Crc32::new().add_number(123_456_789).finish(), 0xCBF4_3926);
        assert_eq!(Crc32::new().add(b"1234").add_number(56_789).finish(), 0xCBF4_3926);
        assert_eq!(Crc32::new().add_number(0).finish(), Crc32::new().add(b"0").finish());
    }
}
