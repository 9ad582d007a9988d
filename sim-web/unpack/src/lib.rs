//! Unpacks the page's module: packed as LZMA a visitor loads two thirds of what gzip leaves.

use lzma_rust2::{LzmaReader, Read as _};
use wasm_bindgen::prelude::wasm_bindgen;

/// Where the header of a `.lzma` file says how many bytes are packed in it.
const SIZE: std::ops::Range<usize> = 5..13;
/// More than any module: a damaged header must not ask for all memory.
const LARGEST: u64 = 64 << 20;

/// What is packed in a `.lzma` file that says how large it is.
///
/// # Errors
/// A sentence if it is damaged.
#[wasm_bindgen]
pub fn unpack(packed: &[u8]) -> Result<Vec<u8>, String> {
    let damaged = || "a part of the page is damaged: load it again".to_owned();
    let size = packed.get(SIZE).and_then(|bytes| bytes.try_into().ok()).map(u64::from_le_bytes);
    let size = size.filter(|size| *size <= LARGEST).ok_or_else(damaged)?;
    let mut reader =
        LzmaReader::new_mem_limit(packed, LARGEST as u32 / 1_024, None).map_err(|_| damaged())?;
    let mut bytes = vec![0; size as usize];
    reader.read_exact(&mut bytes).map_err(|_| damaged())?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use lzma_rust2::{LzmaOptions, LzmaWriter, Write as _};

    use super::*;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let options = LzmaOptions::with_preset(6);
        let size = Some(bytes.len() as u64);
        let mut writer = LzmaWriter::new_use_header(Vec::new(), &options, size).unwrap();
        writer.write_all(bytes).unwrap();
        writer.finish().unwrap()
    }

    #[test]
    fn what_was_packed_comes_back() {
        let bytes: Vec<u8> = (0..100_000_u32).map(|n| (n.wrapping_mul(n) >> 9) as u8).collect();
        let small = packed(&bytes);
        assert!(small.len() < bytes.len());
        assert_eq!(unpack(&small), Ok(bytes));
        assert_eq!(unpack(&packed(&[])), Ok(Vec::new()));
    }

    #[test]
    fn what_is_damaged_is_refused_in_a_sentence() {
        let whole = packed(&[7; 5_000]);
        let cut = &whole[..whole.len() - 3];
        let mut greedy = whole.clone();
        greedy[SIZE].fill(0xfe);
        for bytes in [&[][..], &whole[..9], cut, &greedy] {
            assert!(unpack(bytes).unwrap_err().contains("load it again"));
        }
    }
}
