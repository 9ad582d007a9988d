//! Serde's view of the inside of lists, maps and choices.

use serde::de::value::StrDeserializer;
use serde::de::{self, DeserializeSeed, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor};

use super::cuts::Cuts;
use super::fault::{Fault, Spot};
use super::key::KeyDecoder;
use super::reader::{Decoder, unexpected};
use super::references::References;
use super::trail::Trail;
use crate::scenario::problem::{Place, SourceId};
use crate::scenario::tree::{Entry, Node, Step, Value};

/// What a choice without content contains; its own place is never shown.
static NOTHING: Node = Node { place: Place::start(SourceId(0)), value: Value::Null, raw: None };

/// What all three views share of the collection they are in.
struct Around<'a> {
    trail: &'a Trail<'a>,
    cuts: Option<&'a Cuts>,
    notes: &'a mut References,
}

impl<'a> Around<'a> {
    /// The cuts inside a child.
    fn cuts_below(&self, step: impl FnOnce() -> Step) -> Option<&'a Cuts> {
        self.cuts.filter(|cuts| !cuts.is_empty())?.below(&step())
    }
}

/// The items of a list.
pub(super) struct Items<'de, 'a> {
    rest: std::iter::Enumerate<std::slice::Iter<'de, Node>>,
    around: Around<'a>,
}

impl<'de, 'a> Items<'de, 'a> {
    pub(super) fn new(items: &'de [Node], of: Decoder<'de, 'a>) -> Items<'de, 'a> {
        let around = Around { trail: of.trail, cuts: of.cuts, notes: of.notes };
        Items { rest: items.iter().enumerate(), around }
    }
}

impl<'de> SeqAccess<'de> for Items<'de, '_> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Fault> {
        for (index, node) in self.rest.by_ref() {
            let cuts = self.around.cuts_below(|| Step::Index(index));
            if cuts.is_some_and(Cuts::here) {
                continue;
            }
            let trail = Trail::Index(self.around.trail, index);
            let notes = &mut *self.around.notes;
            let decoder = Decoder { node, name: None, trail: &trail, cuts, notes };
            return decoder.seed(seed).map(Some);
        }
        Ok(None)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

/// The entries of a map.
pub(super) struct Pairs<'de, 'a> {
    rest: std::slice::Iter<'de, Entry>,
    now: Option<&'de Entry>,
    around: Around<'a>,
}

impl<'de, 'a> Pairs<'de, 'a> {
    pub(super) fn new(entries: &'de [Entry], of: Decoder<'de, 'a>) -> Pairs<'de, 'a> {
        let around = Around { trail: of.trail, cuts: of.cuts, notes: of.notes };
        Pairs { rest: entries.iter(), now: None, around }
    }
}

impl<'de> MapAccess<'de> for Pairs<'de, '_> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Fault> {
        for entry in self.rest.by_ref() {
            let cuts = self.around.cuts_below(|| Step::Key(entry.key.clone()));
            if cuts.is_some_and(Cuts::here) {
                continue;
            }
            self.now = Some(entry);
            let notes = &mut *self.around.notes;
            let (key, place) = (entry.key.as_str(), entry.key_place);
            let decoder = KeyDecoder { key, place, trail: self.around.trail, notes };
            return decoder.seed(seed).map(Some);
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let Some(entry) = self.now.take() else {
            return Err(de::Error::custom("a value was asked for before its name"));
        };
        let cuts = self.around.cuts_below(|| Step::Key(entry.key.clone()));
        let trail = Trail::Key(self.around.trail, &entry.key);
        let notes = &mut *self.around.notes;
        let name = Some(entry.key_place);
        Decoder { node: &entry.node, name, trail: &trail, cuts, notes }.seed(seed)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

/// A choice: a name alone, or a name with content.
pub(super) struct Choice<'de, 'a> {
    variant: &'de str,
    place: Place,
    content: Option<&'de Node>,
    around: Around<'a>,
}

impl<'de, 'a> Choice<'de, 'a> {
    /// `balance: random`
    pub(super) fn named(variant: &'de str, of: Decoder<'de, 'a>) -> Choice<'de, 'a> {
        let around = Around { trail: of.trail, cuts: of.cuts, notes: of.notes };
        Choice { variant, place: of.node.place, content: None, around }
    }

    /// `balance: {random: {of: 2}}`
    pub(super) fn of(entry: &'de Entry, of: Decoder<'de, 'a>) -> Choice<'de, 'a> {
        let around = Around { trail: of.trail, cuts: of.cuts, notes: of.notes };
        Choice { variant: &entry.key, place: entry.key_place, content: Some(&entry.node), around }
    }

    /// Reads the content. A name alone has empty content, so that a variant whose fields all have
    /// defaults can be written as a plain word; what it lacks is missing at the word.
    fn read<T>(self, read: impl FnOnce(Decoder<'de, '_>) -> Result<T, Fault>) -> Result<T, Fault> {
        let name = Some(self.place);
        let Some(node) = self.content else {
            let Around { trail, notes, .. } = self.around;
            return read(Decoder { node: &NOTHING, name, trail, cuts: None, notes });
        };
        let cuts = self.around.cuts_below(|| Step::Key(self.variant.to_string()));
        let trail = Trail::Key(self.around.trail, self.variant);
        read(Decoder { node, name, trail: &trail, cuts, notes: self.around.notes })
    }
}

impl<'de> EnumAccess<'de> for Choice<'de, '_> {
    type Error = Fault;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Fault> {
        let found =
            seed.deserialize(StrDeserializer::new(self.variant)).map_err(|fault: Fault| {
                // The name is at fault, but the whole choice is what reading can do without.
                fault.or_at(|| Spot::key(self.variant, self.place, self.around.trail.steps()))
            })?;
        Ok((found, self))
    }
}

impl<'de> VariantAccess<'de> for Choice<'de, '_> {
    type Error = Fault;

    fn unit_variant(self) -> Result<(), Fault> {
        self.read(|decoder| match &decoder.node.value {
            Value::Null => Ok(()),
            Value::Map(entries) if entries.is_empty() => Ok(()),
            _ => {
                let fault: Fault = de::Error::invalid_type(unexpected(decoder.node), &"nothing");
                Err(fault.or_at_node(decoder.node, decoder.name, || decoder.trail.steps()))
            }
        })
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Fault> {
        self.read(|decoder| decoder.seed(seed))
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Fault> {
        self.read(|decoder| de::Deserializer::deserialize_tuple(decoder, len, visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.read(|decoder| de::Deserializer::deserialize_struct(decoder, "", fields, visitor))
    }
}
