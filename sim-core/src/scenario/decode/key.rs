//! Serde's view of a name in a map.

use serde::de::{self, DeserializeSeed, Deserializer, Visitor};
use serde::forward_to_deserialize_any;

use super::fault::{Fault, Spot};
use super::reader::visit_int;
use super::references::{Reference, ReferenceKind, References};
use super::trail::Trail;
use crate::scenario::problem::Place;

/// A name in a map about to be read.
pub(super) struct KeyDecoder<'de, 'a> {
    pub(super) key: &'de str,
    pub(super) place: Place,
    pub(super) trail: &'a Trail<'a>,
    pub(super) notes: &'a mut References,
}

impl<'de> KeyDecoder<'de, '_> {
    /// Reads the name; what is wrong with it is wrong here.
    pub(super) fn seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Fault> {
        let (trail, key, place) = (self.trail, self.key, self.place);
        let done = seed.deserialize(self);
        done.map_err(|fault| fault.or_at(|| Spot::key(key, place, Trail::Key(trail, key).steps())))
    }

    fn visit_number<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.key.parse::<i128>() {
            Ok(value) => visit_int(value, visitor),
            Err(_) => visitor.visit_borrowed_str(self.key),
        }
    }
}

macro_rules! read_key {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            self.visit_number(visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for KeyDecoder<'de, '_> {
    type Error = Fault;

    read_key!(deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64);
    read_key!(deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64);

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_borrowed_str(self.key)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        if let Some(kind) = ReferenceKind::of_newtype(name) {
            let path = Trail::Key(self.trail, self.key).path();
            let (place, name) = (self.place, self.key.to_string());
            self.notes.push(Reference { kind, path, place, name });
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_enum(de::value::StrDeserializer::new(self.key))
    }

    forward_to_deserialize_any! {
        bool i128 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}
