//! How many worker processes: a number, or the usual rule.

use std::borrow::Cow;
use std::fmt::{Formatter, Result as Printed};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A number of workers, or `auto`: twice the cores and one more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Workers {
    /// `2 x cores + 1`.
    Auto,
    /// So many.
    Count(u32),
}

impl Default for Workers {
    fn default() -> Self {
        Workers::Count(1)
    }
}

impl Workers {
    /// Their number on a machine of so many cores.
    #[must_use]
    pub fn count(self, cores: u32) -> u32 {
        match self {
            Workers::Auto => cores.saturating_mul(2).saturating_add(1),
            Workers::Count(count) => count,
        }
    }
}

impl Serialize for Workers {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Workers::Auto => to.serialize_str("auto"),
            Workers::Count(count) => to.serialize_u32(*count),
        }
    }
}

struct WorkersVisitor;

impl Visitor<'_> for WorkersVisitor {
    type Value = Workers;

    fn expecting(&self, f: &mut Formatter<'_>) -> Printed {
        f.write_str("a whole number, or auto for 2 x cores + 1")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Workers, E> {
        u32::try_from(number).map(Workers::Count).map_err(|_| self.no_number(number))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Workers, E> {
        u32::try_from(number).map(Workers::Count).map_err(|_| self.no_number(number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Workers, E> {
        match text {
            "auto" => Ok(Workers::Auto),
            _ => Err(self.no_number(format_args!("\"{text}\""))),
        }
    }
}

impl WorkersVisitor {
    fn no_number<E: Error>(&self, found: impl std::fmt::Display) -> E {
        E::custom(format!("{found} is no number of workers: write 1 or more, or auto"))
    }
}

impl<'de> Deserialize<'de> for Workers {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(WorkersVisitor)
    }
}

impl JsonSchema for Workers {
    fn schema_name() -> Cow<'static, str> {
        "Workers".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "type": "integer", "minimum": 1 }, { "const": "auto" }] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twice_the_cores_and_one() {
        let read = |text| serde_json::from_str::<Workers>(text);
        assert_eq!(read("\"auto\"").unwrap().count(4), 9);
        assert_eq!(read("3").unwrap().count(4), 3);
        let wrong = read("\"many\"").unwrap_err().to_string();
        assert!(wrong.starts_with("\"many\" is no number of workers: write 1 or more"), "{wrong}");
        assert!(read("-1").is_err());
    }
}
