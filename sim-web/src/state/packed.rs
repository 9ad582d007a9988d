//! Text made small enough for a link: deflated, in letters that an address may hold.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as LETTERS;
use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::{TINFLStatus, decompress_to_vec_with_limit};

/// What packed text begins with: another number is another way of packing.
const FORM: char = '1';
/// Bytes of text that a link may hold, packed or not: as many as a scenario may have.
pub(crate) const TEXT_MAX: usize = 1 << 20;
/// The best that deflate can do; a link is made once and sent often.
const EFFORT: u8 = 10;

/// The text as the value of a link.
#[must_use]
pub(crate) fn pack(text: &str) -> String {
    format!("{FORM}{}", LETTERS.encode(compress_to_vec(text.as_bytes(), EFFORT)))
}

/// The text that such a value holds.
///
/// # Errors
/// A sentence if it holds none, or more than [`TEXT_MAX`] bytes.
pub(crate) fn unpack(value: &str) -> Result<String, String> {
    let damaged = || "the link is damaged: ask for it again, or for the file".to_owned();
    let too_big = || "the link holds more than 1 MiB, which is no scenario".to_owned();
    let packed = value.strip_prefix(FORM).ok_or_else(|| match value.chars().next() {
        Some(other) if other.is_ascii_digit() => {
            format!("the link is packed in form {other}, and this page knows form {FORM} only")
        }
        _ => damaged(),
    })?;
    if packed.len() > TEXT_MAX {
        return Err(too_big());
    }
    let packed = LETTERS.decode(packed).map_err(|_| damaged())?;
    let bytes = decompress_to_vec_with_limit(&packed, TEXT_MAX).map_err(|stop| {
        if stop.status == TINFLStatus::HasMoreOutput { too_big() } else { damaged() }
    })?;
    String::from_utf8(bytes).map_err(|_| damaged())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_comes_out_again_and_fits_into_an_address() {
        let long = "nodes: {web: {workers: 4}}\n".repeat(30_000);
        for text in ["", "a: \u{fc}\n", &long] {
            let packed = pack(text);
            assert_eq!(unpack(&packed).as_deref(), Ok(text));
            let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            assert!(packed.chars().all(fits) && packed.len() < text.len() / 20 + 40, "{packed}");
        }
    }

    #[test]
    fn hostile_values_are_refused_in_a_sentence() {
        let bomb = pack(&"0".repeat(TEXT_MAX + 1));
        assert!(bomb.len() < 3_000, "{}", bomb.len());
        let not_text = format!("1{}", LETTERS.encode(compress_to_vec(&[0xff, 0xfe], 1)));
        let cut = &pack("a scenario of some length, cut in its middle")[..30];
        for (value, wanted) in [
            (&bomb[..], "more than 1 MiB"),
            (&format!("1{}", "A".repeat(TEXT_MAX + 1)), "more than 1 MiB"),
            ("2abc", "form 2"),
            ("", "damaged"),
            ("1", "damaged"),
            ("1!!!!", "damaged"),
            ("1AAAA", "damaged"),
            ("<script>", "damaged"),
            (&not_text, "damaged"),
            (cut, "damaged"),
        ] {
            let why = unpack(value).unwrap_err();
            assert!(why.contains(wanted) && why.len() < 120, "{value:.20}: {why}");
        }
    }
}
