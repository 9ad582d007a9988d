//! Serde's view of one node of the tree.

use serde::de::{self, DeserializeSeed, Deserializer, Unexpected, Visitor};
use serde::forward_to_deserialize_any;

use super::access::{Choice, Items, Pairs};
use super::cuts::Cuts;
use super::fault::Fault;
use super::references::{Reference, ReferenceKind, References};
use super::trail::Trail;
use crate::scenario::problem::Place;
use crate::scenario::tree::{Node, Step, Value};

/// Whole numbers up to 2^53 are exact as floats, so a float that is whole and within is one.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// One node about to be read.
pub(super) struct Decoder<'de, 'a> {
    pub(super) node: &'de Node,
    /// Where its name in a map stands.
    pub(super) name: Option<Place>,
    pub(super) trail: &'a Trail<'a>,
    pub(super) cuts: Option<&'a Cuts>,
    pub(super) notes: &'a mut References,
}

impl<'de, 'a> Decoder<'de, 'a> {
    /// Reads the node for a collection around it. A type that looks at its value only after serde
    /// is done with it reports here, where the node is still known.
    pub(super) fn seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Fault> {
        self.run(|this| seed.deserialize(this))
    }

    /// Runs `read` and gives what goes wrong this node as its place.
    fn run<T>(self, read: impl FnOnce(Self) -> Result<T, Fault>) -> Result<T, Fault> {
        let (node, name, trail) = (self.node, self.name, self.trail);
        read(self).map_err(|fault| fault.or_at_node(node, name, || trail.steps()))
    }

    fn visit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.node.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Int(value) => visit_int(*value, visitor),
            Value::Float(value) => visitor.visit_f64(*value),
            Value::Text(text) => visitor.visit_borrowed_str(text),
            Value::List(_) => self.visit_list(visitor),
            Value::Map(_) => self.visit_map(visitor),
        }
    }

    fn visit_list<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.node.value {
            Value::List(items) => visitor.visit_seq(Items::new(items, self)),
            // `events:` with nothing after it is how an empty list looks in YAML.
            Value::Null => visitor.visit_seq(Items::new(&[], self)),
            _ => Err(de::Error::invalid_type(unexpected(self.node), &visitor)),
        }
    }

    fn visit_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.node.value {
            Value::Map(entries) => visitor.visit_map(Pairs::new(entries, self)),
            Value::Null => visitor.visit_map(Pairs::new(&[], self)),
            _ => Err(de::Error::invalid_type(unexpected(self.node), &visitor)),
        }
    }

    fn visit_whole<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.node.value {
            // 1e6 and 6.0 are whole numbers too.
            Value::Float(value) if value.trunc() == value && value.abs() <= EXACT => {
                visit_int(value as i128, visitor)
            }
            _ => self.visit(visitor),
        }
    }

    fn visit_real<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.node.value {
            Value::Int(value) => visitor.visit_f64(value as f64),
            _ => self.visit(visitor),
        }
    }

    fn visit_choice<V: Visitor<'de>>(
        self,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match &self.node.value {
            Value::Text(text) => visitor.visit_enum(Choice::named(text, self)),
            Value::Map(entries) => {
                let newest = |place: Place| place.source == self.node.place.source;
                let mut chosen = entries.iter().filter(|entry| !self.is_cut(&entry.key));
                match (chosen.next(), chosen.next()) {
                    (Some(entry), None) => visitor.visit_enum(Choice::of(entry, self)),
                    (Some(_), Some(_)) => {
                        // An overlay may have left the variant that it replaces: see `overlay`.
                        let mut last = entries.iter().filter(|entry| newest(entry.key_place));
                        match (last.next(), last.next()) {
                            (Some(entry), None) => visitor.visit_enum(Choice::of(entry, self)),
                            _ => Err(de::Error::custom(several_variants(self.node))),
                        }
                    }
                    _ => Err(no_choice(self.node, variants)),
                }
            }
            _ => Err(no_choice(self.node, variants)),
        }
    }

    fn is_cut(&self, key: &str) -> bool {
        let cuts = self.cuts.and_then(|cuts| cuts.below(&Step::Key(key.to_string())));
        cuts.is_some_and(Cuts::here)
    }

    fn note(&mut self, name: &str) {
        if let (Some(kind), Some(text)) = (ReferenceKind::of_newtype(name), self.node.as_text()) {
            self.notes.push(Reference {
                kind,
                path: self.trail.path(),
                place: self.node.place,
                name: text.to_string(),
            });
        }
    }
}

fn several_variants(node: &Node) -> String {
    let keys: Vec<_> = node.entries().iter().take(6).map(|entry| entry.key.as_str()).collect();
    format!("[E012] one choice is wanted here, not {}: keep one of them", keys.join(" and "))
}

fn no_choice(node: &Node, variants: &[&str]) -> Fault {
    let shown = variants.len().min(8);
    let more = if shown < variants.len() { ", ..." } else { "" };
    let want = format!("one of {}{more}", variants[..shown].join(", "));
    de::Error::invalid_type(unexpected(node), &want.as_str())
}

pub(super) fn visit_int<'de, V: Visitor<'de>>(value: i128, visitor: V) -> Result<V::Value, Fault> {
    match (u64::try_from(value), i64::try_from(value)) {
        (Ok(value), _) => visitor.visit_u64(value),
        (_, Ok(value)) => visitor.visit_i64(value),
        _ => visitor.visit_f64(value as f64),
    }
}

/// What serde calls a value that does not fit.
pub(super) fn unexpected(node: &Node) -> Unexpected<'_> {
    match &node.value {
        Value::Null => Unexpected::Unit,
        Value::Bool(value) => Unexpected::Bool(*value),
        Value::Int(value) => match u64::try_from(*value) {
            Ok(value) => Unexpected::Unsigned(value),
            Err(_) => Unexpected::Signed(i64::try_from(*value).unwrap_or(i64::MIN)),
        },
        Value::Float(value) => Unexpected::Float(*value),
        Value::Text(text) => Unexpected::Str(text),
        Value::List(_) => Unexpected::Seq,
        Value::Map(_) => Unexpected::Map,
    }
}

macro_rules! read_as {
    ($how:ident: $($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            self.run(|this| this.$how(visitor))
        }
    )*};
}

impl<'de> Deserializer<'de> for Decoder<'de, '_> {
    type Error = Fault;

    read_as!(visit: deserialize_any);
    read_as!(visit_list: deserialize_seq);
    read_as!(visit_map: deserialize_map);
    read_as!(visit_real: deserialize_f32 deserialize_f64);
    read_as!(visit_whole: deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64);
    read_as!(visit_whole: deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64);
    read_as!(visit_whole: deserialize_u128 deserialize_i128);

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.node.value {
            Value::Null => visitor.visit_none(),
            _ => self.run(|this| visitor.visit_some(this)),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.note(name);
        self.run(|this| visitor.visit_newtype_struct(this))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        // Serde would also take a list, field by field in order: nobody means that.
        self.run(|this| this.visit_map(visitor))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.run(|this| this.visit_choice(variants, visitor))
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        _len: usize,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.run(|this| this.visit_list(visitor))
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _len: usize,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.run(|this| this.visit_list(visitor))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool char str string bytes byte_buf unit unit_struct identifier
    }
}
