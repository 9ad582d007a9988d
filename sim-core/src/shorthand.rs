//! Forms that can be written as one word or in full, like `26/s` or `{base: 26/s, peaks: [...]}`.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};

/// What was written: the word, or the form in full.
pub enum Written<S, M> {
    /// One word or number.
    Short(S),
    /// A map.
    Full(M),
}

struct Either<S, M>(&'static str, PhantomData<(S, M)>);

impl<'de, S: FromStr<Err = String>, M: Deserialize<'de>> Visitor<'de> for Either<S, M> {
    type Value = Written<S, M>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        text.parse().map(Written::Short).map_err(E::custom)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        M::deserialize(MapAccessDeserializer::new(map)).map(Written::Full)
    }
}

/// Reads either form; `expecting` says in words what can be written.
///
/// # Errors
/// What the form in hand says of itself.
pub fn read<'de, D, S, M>(from: D, expecting: &'static str) -> Result<Written<S, M>, D::Error>
where
    D: Deserializer<'de>,
    S: FromStr<Err = String>,
    M: Deserialize<'de>,
{
    from.deserialize_any(Either(expecting, PhantomData))
}
