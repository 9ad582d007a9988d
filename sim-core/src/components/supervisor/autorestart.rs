//! Whether a program that has ended is started again: true, false or `unexpected`.

use std::borrow::Cow;
use std::fmt::{Formatter, Result as Printed};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Whether a program that was up and has ended is started again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Autorestart {
    /// However it ended.
    Always,
    /// By nobody but a person.
    Never,
    /// Unless it ended by itself with an exit code that was expected.
    #[default]
    Unexpected,
}

impl Serialize for Autorestart {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Autorestart::Always => to.serialize_bool(true),
            Autorestart::Never => to.serialize_bool(false),
            Autorestart::Unexpected => to.serialize_str("unexpected"),
        }
    }
}

struct AutorestartVisitor;

impl Visitor<'_> for AutorestartVisitor {
    type Value = Autorestart;

    fn expecting(&self, f: &mut Formatter<'_>) -> Printed {
        f.write_str("true, false or unexpected")
    }

    fn visit_bool<E: Error>(self, always: bool) -> Result<Autorestart, E> {
        Ok(if always { Autorestart::Always } else { Autorestart::Never })
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Autorestart, E> {
        if text == "unexpected" {
            return Ok(Autorestart::Unexpected);
        }
        Err(E::custom(format!("\"{text}\" is no choice: write true, false or unexpected")))
    }
}

impl<'de> Deserialize<'de> for Autorestart {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(AutorestartVisitor)
    }
}

impl JsonSchema for Autorestart {
    fn schema_name() -> Cow<'static, str> {
        "Autorestart".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "type": "boolean" }, { "const": "unexpected" }] })
    }
}
