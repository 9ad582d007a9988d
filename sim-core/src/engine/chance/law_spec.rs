//! A law as a person writes it: `20ms`, or one family with its parameters.

use std::fmt::{Formatter, Result as Printed};
use std::marker::PhantomData;
use std::str::FromStr;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeSeed, Error, MapAccess, Visitor};
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Law;
use super::law_params::{
    ErlangSpec, ExponentialSpec, GammaSpec, HyperexponentialSpec, LognormalSpec, ParetoSpec,
    ShiftedSpec, UniformSpec, WeibullSpec,
};
use crate::units::{Duration, Share};

/// How long something takes: a constant like `20ms`, or one family with its parameters, like
/// `{lognormal: {p50: 20ms, p99: 200ms}}`.
#[derive(Debug, Clone, PartialEq, JsonSchema)]
#[schemars(untagged)]
pub enum LawSpec {
    /// Always the same.
    Plain(Duration),
    /// What the request itself brings: drawn by its users, or recorded.
    Own(OwnDemand),
    /// A family of distributions.
    Family(Family),
}

/// The word for the work that a request brings with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OwnDemand {
    /// All of it.
    Demand,
}

/// A family of distributions and its parameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// Always the same.
    Constant(Duration),
    /// Evenly between two ends.
    Uniform(UniformSpec),
    /// Memoryless, given its mean.
    Exponential(ExponentialSpec),
    /// The usual shape of handlers and queries: a hump and a long tail.
    Lognormal(LognormalSpec),
    /// A power-law tail: sizes and batch jobs.
    Pareto(ParetoSpec),
    /// A hump with an exponential tail.
    Gamma(GammaSpec),
    /// Stages one after another.
    Erlang(ErlangSpec),
    /// A stretched exponential.
    Weibull(WeibullSpec),
    /// A mix of short and long.
    Hyperexponential(HyperexponentialSpec),
    /// Measured percentiles, straight lines between them, from `p0` to `p100`.
    Quantiles(IndexMap<String, Duration>),
    /// A fixed part before a drawn one.
    Shifted(ShiftedSpec),
    /// A share of the work that the request itself brings.
    Demand(Share),
}

impl Family {
    /// How the families are written.
    pub(crate) const NAMES: [&'static str; 12] = [
        "constant",
        "uniform",
        "exponential",
        "lognormal",
        "pareto",
        "gamma",
        "erlang",
        "weibull",
        "hyperexponential",
        "quantiles",
        "shifted",
        "demand",
    ];
}

impl LawSpec {
    /// The sampler.
    ///
    /// # Errors
    /// One sentence with the wrong value and its remedy, such as
    /// `p99 (5ms) must be above p50 (10ms)`.
    pub fn compile(&self) -> Result<Law, String> {
        match self {
            Self::Plain(value) => Ok(Law::Constant { nanos: value.nanos() }),
            Self::Own(OwnDemand::Demand) => Err(Self::NO_REQUEST.to_owned()),
            Self::Family(family) => family.compile(),
        }
    }

    /// Why there is no law for what a request brings.
    pub(super) const NO_REQUEST: &'static str =
        "only a step of a server knows what its request brings: write a time like 20ms";

    /// The share of the request's own work that it stands for; `None` for a law of its own.
    #[must_use]
    pub fn own_share(&self) -> Option<f64> {
        match self {
            Self::Own(OwnDemand::Demand) => Some(1.0),
            Self::Family(Family::Demand(share)) => Some(share.value()),
            _ => None,
        }
    }

    /// The mean in seconds; 0 for a law that cannot be, which is told where it is compiled.
    #[must_use]
    pub fn mean_s(&self) -> f64 {
        self.compile().map_or(0.0, |law| law.mean())
    }
}

impl From<Duration> for LawSpec {
    fn from(value: Duration) -> Self {
        Self::Plain(value)
    }
}

impl Serialize for LawSpec {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if !to.is_human_readable() {
            // a binary format cannot tell the two forms apart: it holds the JSON text
            return serde_json::to_string(self).map_err(S::Error::custom)?.serialize(to);
        }
        match self {
            Self::Plain(value) => value.serialize(to),
            Self::Own(word) => word.serialize(to),
            Self::Family(family) => family.serialize(to),
        }
    }
}

impl<'de> Deserialize<'de> for LawSpec {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        if !from.is_human_readable() {
            let text = String::deserialize(from)?;
            return serde_json::from_str(&text).map_err(D::Error::custom);
        }
        let wanted = "a duration like 20ms or a law like {exponential: 20ms}";
        Ok(match PlainOr::<Family, Self>::read(from, wanted)? {
            PlainOr::Plain(law) => law,
            PlainOr::Spelled(family) => Self::Family(family),
        })
    }
}

/// What one word can say: a duration, or `demand`.
impl FromStr for LawSpec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "demand" {
            return Ok(Self::Own(OwnDemand::Demand));
        }
        text.parse().map(Self::Plain)
    }
}

/// A bare duration or another word, or a map that spells out more.
pub(super) enum PlainOr<T, S = Duration> {
    Plain(S),
    Spelled(T),
}

impl<'de, T: Deserialize<'de>, S: FromStr<Err = String>> PlainOr<T, S> {
    /// Reads either; `wanted` says what could stand there. Serde's own `untagged` would hide which
    /// name or value was wrong.
    pub(super) fn read<D: Deserializer<'de>>(from: D, wanted: &str) -> Result<Self, D::Error> {
        from.deserialize_any(Reader { wanted, result: PhantomData })
    }
}

struct Reader<'a, T, S> {
    wanted: &'a str,
    result: PhantomData<(T, S)>,
}

impl<T, S> Reader<'_, T, S> {
    fn nothing(&self) -> String {
        format!("an empty map says nothing: write {}", self.wanted)
    }
}

impl<'de, T: Deserialize<'de>, S: FromStr<Err = String>> Visitor<'de> for Reader<'_, T, S> {
    type Value = PlainOr<T, S>;

    fn expecting(&self, f: &mut Formatter<'_>) -> Printed {
        f.write_str(self.wanted)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<PlainOr<T, S>, E> {
        text.parse().map(PlainOr::Plain).map_err(E::custom)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<PlainOr<T, S>, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<PlainOr<T, S>, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<PlainOr<T, S>, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<PlainOr<T, S>, A::Error> {
        let mut keys = Keys { map: &mut map, seen: false };
        let spelled = match T::deserialize(MapAccessDeserializer::new(&mut keys)) {
            Ok(spelled) => spelled,
            Err(_) if !keys.seen => return Err(A::Error::custom(self.nothing())),
            Err(error) => return Err(error),
        };
        match map.next_key::<String>()? {
            None => Ok(PlainOr::Spelled(spelled)),
            Some(key) => Err(A::Error::custom(format!(
                "\"{key}\" is a second family: a law has one, so remove the others"
            ))),
        }
    }
}

/// Remembers whether a map held anything: serde's own words for an empty one do not help.
struct Keys<'a, A> {
    map: &'a mut A,
    seen: bool,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Keys<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        let key = self.map.next_key_seed(seed);
        self.seen |= !matches!(key, Ok(None));
        key
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.map.next_value_seed(seed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<LawSpec, String> {
        serde_json::from_str(text).map_err(|e| e.to_string())
    }

    #[test]
    fn what_is_read_is_written_again() {
        for text in [
            r#""20ms""#,
            r#"{"constant":"20ms"}"#,
            r#"{"exponential":"20ms"}"#,
            r#"{"exponential":{"mean":"20ms"}}"#,
            r#"{"lognormal":{"mean":"8s","p99":"1m"}}"#,
            r#"{"quantiles":{"p0":"1ms","p50":"5ms","p100":"200ms"}}"#,
            r#"{"shifted":{"by":"5ms","law":{"exponential":"20ms"}}}"#,
        ] {
            let spec = read(text).unwrap();
            assert_eq!(serde_json::to_string(&spec).unwrap(), text);
            let bytes = postcard::to_stdvec(&spec).unwrap();
            assert_eq!(postcard::from_bytes::<LawSpec>(&bytes).unwrap(), spec);
        }
    }

    #[test]
    fn what_cannot_be_read_is_a_sentence() {
        let error = |text| read(text).unwrap_err();
        assert!(error(r#""20 mils""#).starts_with("\"20 mils\" is no duration"));
        assert!(error("20").starts_with("\"20\" has no unit"));
        assert!(error(r#"{"normal": "1s"}"#).contains("unknown variant `normal`, expected one of"));
        assert!(error(r#"{"gamma": {"men": "1s"}}"#).contains("unknown field `men`, expected one"));
        let two = error(r#"{"constant": "1s", "uniform": {"low": "1s", "high": "2s"}}"#);
        assert!(two.starts_with("\"uniform\" is a second family"), "{two}");
        assert!(error("{}").contains("a law like {exponential: 20ms}"), "{}", error("{}"));
        assert!(error("true").contains("expected a duration like 20ms or a law"));
    }

    #[test]
    fn the_schema_names_every_family() {
        let schema = serde_json::to_string(&schemars::schema_for!(LawSpec)).unwrap();
        for family in Family::NAMES {
            assert!(schema.contains(&format!("\"{family}\":")), "{family} in {schema}");
        }
    }
}
