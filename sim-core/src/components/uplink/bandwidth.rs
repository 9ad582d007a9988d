//! A bandwidth as a person writes it: `1Gbit/s`, `100 Mbit/s`, `50MB/s`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::wiring::{Flaw, Wider};

/// What a line carries a second: `1Gbit/s` (bits, powers of 1000) or `100MB/s` (bytes).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Bandwidth(String);

const UNITS: [(&str, f64); 7] = [
    ("kbit/s", 1e3),
    ("Mbit/s", 1e6),
    ("Gbit/s", 1e9),
    ("bit/s", 1.0),
    ("kB/s", 8e3),
    ("MB/s", 8e6),
    ("GB/s", 8e9),
];

impl Bandwidth {
    /// Bits per second, above 0.
    ///
    /// # Errors
    /// A flaw at `path`.
    pub fn bits_per_second(&self, path: &str) -> Result<f64, Flaw> {
        let text = self.0.trim();
        let read = UNITS.iter().find_map(|(unit, bits)| {
            let number: f64 = text.strip_suffix(unit)?.trim().parse().ok()?;
            Some(number * bits)
        });
        read.filter(|bps| *bps > 0.0 && *bps <= 1e15).ok_or_else(|| {
            let message = format!("\"{}\" is no bandwidth", self.0);
            Flaw::new(path, message, "write it like 1Gbit/s, 100Mbit/s or 50MB/s")
        })
    }

    /// Twice as much, in the same unit.
    pub(super) fn twice(&self) -> Option<Wider> {
        let text = self.0.trim();
        UNITS.iter().find_map(|(unit, _)| {
            let number: f64 = text.strip_suffix(unit)?.trim().parse().ok()?;
            let to = format!("{}{unit}", number * 2.0);
            Some(Wider { field: "bandwidth".to_owned(), from: text.to_owned(), to })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_and_bytes_are_told_apart() {
        let read = |text: &str| Bandwidth(text.to_owned()).bits_per_second("bandwidth");
        assert_eq!(read("1Gbit/s"), Ok(1e9));
        assert_eq!(read("12.5 Mbit/s"), Ok(12.5e6));
        assert_eq!(read("10MB/s"), Ok(80e6));
        for wrong in ["", "fast", "1", "1Gb/s", "0Mbit/s", "-1Mbit/s", "inf Gbit/s"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
