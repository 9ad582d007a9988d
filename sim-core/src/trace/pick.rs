//! Which requests are traced, as a person writes it.

use std::fmt;
use std::str::FromStr;

use crate::units::Share;

/// Requests of which a trace keeps every step at most: each has some tens of spans.
pub const TRACED_MAX: u32 = 2_000;

/// Which requests are traced, of those that end after the warm-up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pick {
    /// The answered ones that took longest.
    Slowest(u32),
    /// Each with this probability, by luck of its own.
    Sample(Share),
    /// Those that began first.
    First(u32),
}

impl FromStr for Pick {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (kind, size) = text.split_once(':').unwrap_or((text, ""));
        let number = || match size.parse::<u32>() {
            Ok(n) if (1..=TRACED_MAX).contains(&n) => Ok(n),
            _ => Err(format!(
                "\"{size}\" is no number of requests: write {kind}:20, from 1 to {TRACED_MAX}"
            )),
        };
        match kind {
            "slowest" => number().map(Pick::Slowest),
            "first" => number().map(Pick::First),
            "sample" => match size.parse::<Share>() {
                Ok(share) if size.ends_with('%') && share.value() > 0.0 => Ok(Pick::Sample(share)),
                _ => Err(format!(
                    "\"{size}\" is no share of the requests: write sample:1%, more than 0% and at \
                     most 100%"
                )),
            },
            _ => Err(format!(
                "\"{text}\" does not say which requests: write slowest:20, sample:1% or first:100"
            )),
        }
    }
}

impl fmt::Display for Pick {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Pick::Slowest(n) => write!(f, "slowest:{n}"),
            Pick::Sample(share) => write!(f, "sample:{share}"),
            Pick::First(n) => write!(f, "first:{n}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_comes_back() {
        for text in ["slowest:20", "sample:1%", "sample:0.5%", "first:100"] {
            assert_eq!(text.parse::<Pick>().map(|pick| pick.to_string()), Ok(text.to_owned()));
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_a_remedy() {
        let wrong =
            ["", "slow:3", "slowest", "slowest:0", "slowest:1e3", "first:2001", "sample:0%"];
        for text in wrong.into_iter().chain(["sample:101%", "sample:1", "sample:x%"]) {
            let said = text.parse::<Pick>().expect_err(text);
            assert!(said.contains(": write "), "{text}: {said}");
        }
    }
}
