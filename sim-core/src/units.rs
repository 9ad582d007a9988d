//! Quantities as a person writes them: `250ms`, `26/s`, `512MiB`, `30%`.
//!
//! Each prints the text it reads, exactly. Readable formats (YAML, JSON) hold the text, binary ones
//! the bare number.

mod money;
mod words;

use std::borrow::Cow;
use std::fmt::{Display, Formatter, Result as Printed};
use std::marker::PhantomData;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use self::money::Money;
use self::words::{head, no_unit, real, scaled};

/// A span of time in nanoseconds: `250ms`, `1.5s`, `1h30m`; at most ten years of 365 days.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration(pub u64);

/// How often something happens, per second: `26/s`, `100/m`; finite, zero or more.
#[derive(Debug, Clone, Copy, Default, PartialEq, PartialOrd)]
pub struct Rate(f64);

/// A size in bytes: `64kB` (1000) or `64KiB` (1024).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bytes(pub u64);

/// A part of a whole, 0 to 1: `30%` or `0.3`.
#[derive(Debug, Clone, Copy, Default, PartialEq, PartialOrd)]
pub struct Share(f64);

/// Nanoseconds a unit; the largest first, so that printing walks down.
const SPANS: [(&str, u64); 7] = [
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];
const LONGEST: u64 = 3650 * SPANS[0].1;

/// The nearest number with six digits: more than anybody knows, and it can be read.
#[must_use]
pub fn six_digits(value: f64) -> f64 {
    format!("{value:.5e}").parse().unwrap_or(value)
}

impl Duration {
    /// Whole nanoseconds.
    #[must_use]
    pub const fn nanos(self) -> u64 {
        self.0
    }

    /// Seconds, rounded to the nearest f64.
    #[must_use]
    pub fn seconds(self) -> f64 {
        self.0 as f64 / 1e9
    }
}

impl FromStr for Duration {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!("\"{text}\" is no duration: write a number and a unit, like 250ms, 5m or 2h")
        };
        let mut rest = text.trim();
        if rest.starts_with('-') {
            return Err(format!("\"{text}\" is negative: a duration is zero or more, like 250ms"));
        }
        if let Some(number) = real(rest) {
            return if number == 0.0 { Ok(Self(0)) } else { Err(no_unit(text, "5s, 250ms or 2h")) };
        }
        let (mut total, mut above) = (0u128, u64::MAX);
        while !rest.is_empty() {
            let (number, unit, after) = head(rest);
            let unit = match unit {
                "min" => "m",
                "µs" | "μs" => "us",
                other => other,
            };
            let (_, nanos) = *SPANS.iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?;
            if nanos >= above {
                return Err(wrong()); // 30m1h, 5s5s
            }
            above = nanos;
            total = total.saturating_add(scaled(number, nanos).ok_or_else(wrong)?);
            rest = after;
        }
        if above == u64::MAX {
            return Err(wrong());
        }
        match u64::try_from(total) {
            Ok(nanos) if nanos <= LONGEST => Ok(Self(nanos)),
            _ => Err(format!("\"{text}\" is too long: write at most ten years, which is 3650d")),
        }
    }
}

impl Display for Duration {
    fn fmt(&self, f: &mut Formatter<'_>) -> Printed {
        let mut left = self.0;
        for (name, nanos) in SPANS {
            if nanos >= SPANS[2].1 {
                if left >= nanos {
                    write!(f, "{}{name}", left / nanos)?;
                    left %= nanos;
                }
            } else if left >= nanos {
                let (whole, part) = (left / nanos, left % nanos);
                let digits = nanos.ilog10() as usize;
                let fraction =
                    if digits == 0 { String::new() } else { format!(".{part:0digits$}") };
                let fraction = if part == 0 { "" } else { fraction.trim_end_matches('0') };
                return write!(f, "{whole}{fraction}{name}");
            }
        }
        if self.0 == 0 { write!(f, "0s") } else { Ok(()) }
    }
}

const FREQUENCIES: [(&str, f64); 4] = [("/s", 1.0), ("/m", 60.0), ("/h", 3600.0), ("/d", 86400.0)];

impl Rate {
    /// A rate per second.
    ///
    /// # Errors
    /// A sentence where it is negative or not finite.
    pub fn new(per_second: f64) -> Result<Self, String> {
        if per_second >= 0.0 && per_second.is_finite() {
            Ok(Self(per_second.abs()))
        } else {
            Err(format!("\"{per_second}/s\" is no rate: write zero or more, like 26/s"))
        }
    }

    /// Events per second.
    #[must_use]
    pub const fn per_second(self) -> f64 {
        self.0
    }
}

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("\"{text}\" is no rate: write a number and a unit, like 26/s or 100/m");
        let trimmed = text.trim();
        let Some((number, unit)) = trimmed.split_once('/') else {
            return match real(trimmed) {
                Some(0.0) => Ok(Self(0.0)),
                Some(_) => Err(no_unit(text, "26/s or 100/m")),
                None => Err(wrong()),
            };
        };
        let number = real(number.trim()).ok_or_else(wrong)?;
        let per_second = match unit.trim() {
            "ms" => number * 1000.0,
            "s" => number,
            "m" | "min" => number / 60.0,
            "h" => number / 3600.0,
            "d" => number / 86400.0,
            _ => return Err(wrong()),
        };
        Self::new(per_second).map_err(|_| wrong())
    }
}

impl Display for Rate {
    fn fmt(&self, f: &mut Formatter<'_>) -> Printed {
        let per = |(name, seconds): (&str, f64)| format!("{}{name}", self.0 * seconds);
        let exact = |text: &String| text.parse() == Ok(*self);
        let shortest = FREQUENCIES.map(per).into_iter().filter(exact).min_by_key(String::len);
        f.write_str(&shortest.unwrap_or_else(|| format!("{}/s", self.0)))
    }
}

const SIZES: [(&str, u64); 9] = [
    ("TiB", 1 << 40),
    ("TB", 1_000_000_000_000),
    ("GiB", 1 << 30),
    ("GB", 1_000_000_000),
    ("MiB", 1 << 20),
    ("MB", 1_000_000),
    ("KiB", 1 << 10),
    ("kB", 1_000),
    ("B", 1),
];

impl Bytes {
    /// Whole bytes.
    #[must_use]
    pub const fn bytes(self) -> u64 {
        self.0
    }
}

impl FromStr for Bytes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "\"{text}\" is no size: write a number and B, kB, MB, GB, TB, KiB, MiB, GiB or TiB"
            )
        };
        if let Some(number) = real(text.trim()) {
            return if number == 0.0 { Ok(Self(0)) } else { Err(no_unit(text, "512MiB or 64kB")) };
        }
        let (number, unit, rest) = head(text.trim());
        let (_, bytes) = *SIZES.iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?;
        let total = scaled(number, bytes).filter(|_| rest.is_empty()).ok_or_else(wrong)?;
        let long = |_| format!("\"{text}\" is too large: write at most 16_000_000TiB");
        u64::try_from(total).map(Self).map_err(long)
    }
}

impl Display for Bytes {
    fn fmt(&self, f: &mut Formatter<'_>) -> Printed {
        let divides = |unit: u64| self.0 > 0 && self.0.is_multiple_of(unit);
        let whole = SIZES.into_iter().filter(|(_, unit)| divides(*unit));
        let texts = whole.map(|(name, unit)| format!("{}{name}", self.0 / unit));
        f.write_str(&texts.min_by_key(String::len).unwrap_or_else(|| "0B".into()))
    }
}

impl Share {
    /// A part of one.
    ///
    /// # Errors
    /// A sentence where it is not within 0 to 1.
    pub fn new(part: f64) -> Result<Self, String> {
        if (0.0..=1.0).contains(&part) {
            Ok(Self(part.abs()))
        } else {
            Err(format!("\"{part}\" is no share: write 0% to 100%, or 0 to 1, like 30% or 0.3"))
        }
    }

    /// The part, 0 to 1.
    #[must_use]
    pub const fn value(self) -> f64 {
        self.0
    }
}

impl FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = format!("\"{text}\" is no share: write 0% to 100%, or 0 to 1, like 30% or 0.3");
        let trimmed = text.trim();
        let part = match trimmed.strip_suffix('%') {
            // moving the point in the text instead of dividing makes 99.9% the same as 0.999
            Some(percent) if !percent.contains(['e', 'E']) => {
                real(percent.trim()).and_then(|_| real(&format!("{}e-2", percent.trim())))
            }
            Some(_) => None,
            None => real(trimmed),
        };
        part.and_then(|part| Self::new(part).ok()).ok_or(wrong)
    }
}

impl Display for Share {
    fn fmt(&self, f: &mut Formatter<'_>) -> Printed {
        let bare = format!("{}", self.0);
        match real(&format!("{bare}e2")).map(|percent| format!("{percent}%")) {
            Some(percent) if percent.parse() == Ok(*self) => f.write_str(&percent),
            _ => f.write_str(&bare),
        }
    }
}

/// Reads a quantity from text or from a bare number.
struct TextOrNumber<T>(PhantomData<T>);

impl<T: FromStr<Err = String> + JsonSchema> Visitor<'_> for TextOrNumber<T> {
    type Value = T;

    fn expecting(&self, f: &mut Formatter<'_>) -> Printed {
        write!(f, "a {}", T::schema_name().to_lowercase())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<T, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<T, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<T, E> {
        self.visit_str(&number.to_string())
    }
}

/// The same three traits for each quantity: its bare form and its schema differ.
macro_rules! written {
    ($name:ident($bare:ty), $description:literal, $examples:tt, $pattern:literal, $number:tt) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                if to.is_human_readable() { to.collect_str(self) } else { self.0.serialize(to) }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                if from.is_human_readable() {
                    from.deserialize_any(TextOrNumber(PhantomData))
                } else {
                    <$bare>::deserialize(from).map(Self)
                }
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({
                    "title": stringify!($name),
                    "description": $description,
                    "examples": $examples,
                    "anyOf": [{"type": "string", "pattern": $pattern}, $number]
                })
            }
        }
    };
}

written!(
    Duration(u64),
    "A number and a unit (ns, us, ms, s, m, h, d), at most ten years; 0 needs no unit.",
    ["250ms", "1.5s", "5m", "1h30m"],
    "^([0-9][0-9_]*(\\.[0-9]+)? ?(ns|us|µs|μs|ms|s|m|min|h|d) ?)+$|^0$",
    {"type": "number", "const": 0}
);
written!(
    Rate(f64),
    "How often: a number and /s, /m, /h, /d or /ms; 0 needs no unit.",
    ["26/s", "100/m", "2.5/h"],
    "^[0-9][0-9_]*(\\.[0-9]+)?([eE][-+]?[0-9]+)? ?/ ?(ms|s|m|min|h|d)$|^0$",
    {"type": "number", "const": 0}
);
written!(
    Bytes(u64),
    "A size: kB, MB, GB and TB are powers of 1000, KiB, MiB, GiB and TiB of 1024.",
    ["512MiB", "64kB", "1.5GiB"],
    "^[0-9][0-9_]*(\\.[0-9]+)? ?(B|kB|MB|GB|TB|KiB|MiB|GiB|TiB)$|^0$",
    {"type": "number", "const": 0}
);
written!(
    Share(f64),
    "A part of a whole: 0% to 100%, or 0 to 1.",
    ["30%", 0.3],
    "^[0-9][0-9_]*(\\.[0-9]+)? ?%?$",
    {"type": "number", "minimum": 0, "maximum": 1}
);
written!(
    Money(f64),
    "An amount of money in US dollars.",
    ["60 USD"],
    "^[0-9][0-9_]*(\\.[0-9]+)? ?USD$",
    false
);

#[cfg(test)]
mod tests {
    use super::*;

    fn error<T: FromStr<Err = String> + std::fmt::Debug>(text: &str) -> String {
        text.parse::<T>().unwrap_err()
    }

    #[test]
    fn durations_read_and_print() {
        for (text, nanos, printed) in [
            ("250ms", 250_000_000, "250ms"),
            ("1.5s", 1_500_000_000, "1.5s"),
            ("1h30m", 5_400_000_000_000, "1h30m"),
            ("90m", 5_400_000_000_000, "1h30m"),
            ("61.5s", 61_500_000_000, "1m1.5s"),
            ("0", 0, "0s"),
            ("10_000us", 10_000_000, "10ms"),
            ("1.25µs", 1_250, "1.25us"),
            ("3650d", LONGEST, "3650d"),
            ("1d 2h 3min 4.000000005s", 93_784_000_000_005, "1d2h3m4.000000005s"),
        ] {
            assert_eq!(text.parse(), Ok(Duration(nanos)), "{text}");
            assert_eq!(Duration(nanos).to_string(), printed);
            assert_eq!(printed.parse(), Ok(Duration(nanos)));
        }
    }

    #[test]
    fn every_printed_quantity_reads_back_to_the_same_bits() {
        use crate::engine::chance::{Draw, below, unit};
        let mut draw = Draw::new(11);
        for _ in 0..20_000 {
            let size = 1 << below(&mut draw, 60);
            let word = below(&mut draw, size);
            let duration = Duration(word.min(LONGEST));
            assert_eq!(duration.to_string().parse(), Ok(duration));
            assert_eq!(Bytes(word).to_string().parse(), Ok(Bytes(word)));
            let rate = Rate(unit(&mut draw) * word as f64 / 1e6);
            assert_eq!(rate.to_string().parse(), Ok(rate));
            let share = Share(unit(&mut draw) / (1 + (word & 7)) as f64);
            assert_eq!(share.to_string().parse(), Ok(share));
        }
    }

    #[test]
    fn wrong_durations_name_the_value_and_the_remedy() {
        assert_eq!(
            error::<Duration>("5 minuts"),
            "\"5 minuts\" is no duration: write a number and a unit, like 250ms, 5m or 2h"
        );
        assert_eq!(error::<Duration>("5"), "\"5\" has no unit: add one, like 5s, 250ms or 2h");
        assert!(error::<Duration>("-5s").starts_with("\"-5s\" is negative"));
        assert!(error::<Duration>("4000d").contains("at most ten years"));
        let huge = "340282366920938463463374607431768211456s";
        for text in ["", " ", "s", "1.s", ".5s", "1..5s", "NaN", "1e3s", "30m1h", "5s5s", huge] {
            assert!(error::<Duration>(text).contains("is no duration"), "{text}");
        }
    }

    #[test]
    fn rates_sizes_and_shares_read_and_print() {
        let rate = |text: &str| text.parse::<Rate>().map(Rate::per_second);
        assert_eq!(rate("26/s"), Ok(26.0));
        assert_eq!(rate("1_200 / min"), Ok(20.0));
        assert_eq!(rate("2/ms"), Ok(2000.0));
        assert_eq!(rate("100/m").map(|r| Rate(r).to_string()), Ok("100/m".into()));
        assert_eq!(Rate(26.0).to_string(), "26/s");
        assert_eq!(error::<Rate>("26"), "\"26\" has no unit: add one, like 26/s or 100/m");
        for text in ["-1/s", "26/w", "inf/s", "NaN/s", "1e400/s", "/s"] {
            assert!(error::<Rate>(text).contains("is no rate: write"), "{text}");
        }
        assert_eq!("1.5GiB".parse(), Ok(Bytes(3 << 29)));
        assert_eq!(Bytes(3 << 29).to_string(), "1536MiB");
        assert_eq!(Bytes(64_000).to_string(), "64kB");
        assert!(error::<Bytes>("512mb").contains("is no size"));
        assert!(error::<Bytes>("512").contains("add one, like 512MiB"));
        assert!(error::<Bytes>("99999999TiB").contains("is too large"));
        assert_eq!("99.9%".parse(), Ok(Share(0.999)));
        assert_eq!(Share(0.3).to_string(), "30%");
        assert_eq!(Share(1.0).to_string(), "100%");
        for text in ["130%", "-1%", "1.1", "NaN", "%", "1e0%", "lots"] {
            assert!(error::<Share>(text).contains("is no share: write"), "{text}");
        }
    }

    #[test]
    fn readable_formats_hold_text_and_bare_numbers_are_read() {
        type All = (Duration, Rate, Bytes, Share);
        let all: All = serde_json::from_str("[\"20ms\", \"5/s\", 0, 0.3]").unwrap();
        assert_eq!(all, (Duration(20_000_000), Rate(5.0), Bytes(0), Share(0.3)));
        assert_eq!(serde_json::to_string(&all).unwrap(), "[\"20ms\",\"5/s\",\"0B\",\"30%\"]");
        let error = serde_json::from_str::<Duration>("5").unwrap_err().to_string();
        assert!(error.starts_with("\"5\" has no unit"), "{error}");
        assert!(serde_json::from_str::<Rate>("true").is_err());
        let bytes = postcard::to_stdvec(&all).unwrap();
        assert_eq!(postcard::from_bytes::<All>(&bytes).unwrap(), all);
    }
}
