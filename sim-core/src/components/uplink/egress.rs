//! A price of traffic as a person writes it: `0.09 USD/GB`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::wiring::Flaw;

/// What traffic costs: `0.09 USD/GB`, a GB being 1,000,000,000 bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Egress(String);

/// The dearest price that is not a mistake, USD/GB.
const DEAREST: f64 = 1_000.0;

impl Egress {
    /// USD/GB, 0 or more.
    ///
    /// # Errors
    /// A flaw at `path`.
    pub fn usd_per_gb(&self, path: &str) -> Result<f64, Flaw> {
        let number = self.0.trim().strip_suffix("USD/GB");
        let price = number.and_then(|number| number.trim().parse().ok());
        price.filter(|usd| (0.0..=DEAREST).contains(usd)).ok_or_else(|| {
            let message = format!("\"{}\" is no price of traffic", self.0);
            Flaw::new(path, message, "write it like 0.09 USD/GB")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_is_by_the_gigabyte() {
        let read = |text: &str| Egress(text.to_owned()).usd_per_gb("egress");
        assert_eq!(read("0.09 USD/GB"), Ok(0.09));
        assert_eq!(read("0USD/GB"), Ok(0.0));
        for wrong in ["", "0.09", "0.09 USD/h", "-1 USD/GB", "x USD/GB", "inf USD/GB", "9 EUR/GB"] {
            let flaw = read(wrong).unwrap_err();
            assert_eq!(flaw.remedy, "write it like 0.09 USD/GB", "{wrong}");
        }
    }
}
