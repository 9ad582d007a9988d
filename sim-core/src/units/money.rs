//! An amount of money: `60 USD`.

use std::fmt::{Display, Formatter, Result as Printed};
use std::str::FromStr;

use super::words::real;

/// An amount of money, USD: `60 USD`; zero or more.
#[derive(Debug, Clone, Copy, Default, PartialEq, PartialOrd)]
pub struct Money(pub(super) f64);

/// The largest amount that is not a mistake, USD.
const MOST: f64 = 1e9;

impl Money {
    /// US dollars.
    #[must_use]
    pub const fn usd(self) -> f64 {
        self.0
    }
}

impl FromStr for Money {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = text.trim().strip_suffix("USD").and_then(|number| real(number.trim()));
        let money = number.filter(|usd| (0.0..=MOST).contains(usd)).map(|usd| Self(usd.abs()));
        money.ok_or_else(|| format!("\"{text}\" is no amount of money: write it like 60 USD"))
    }
}

impl Display for Money {
    fn fmt(&self, f: &mut Formatter<'_>) -> Printed {
        write!(f, "{} USD", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_has_a_currency() {
        let read = |text: &str| text.parse::<Money>().map(Money::usd);
        assert_eq!(read("60 USD"), Ok(60.0));
        assert_eq!(read("1_000.5USD"), Ok(1000.5));
        for wrong in ["", "60", "60 EUR", "-1 USD", "inf USD", "x USD", "2e9 USD", "60 USD/h"] {
            assert!(read(wrong).unwrap_err().contains("like 60 USD"), "{wrong}");
        }
        let money: Money = "12.50 USD".parse().unwrap();
        assert_eq!(money.to_string().parse(), Ok(money));
    }
}
