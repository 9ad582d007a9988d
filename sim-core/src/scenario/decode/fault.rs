//! Serde's error, with its structure kept and the innermost place at fault.

use std::fmt::{self, Display, Formatter};

use serde::de::{self, Expected, Unexpected};

use crate::scenario::problem::Place;
use crate::scenario::tree::{Node, Step, Value};

/// Boxed: it travels through every result of every visitor.
#[derive(Debug)]
pub(super) struct Fault(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: Kind,
    spot: Option<Spot>,
}

/// What is wrong, in serde's terms.
#[derive(Debug)]
pub(super) enum Kind {
    UnknownField { name: String, known: Vec<String> },
    UnknownVariant { name: String, known: Vec<String> },
    MissingField(String),
    FieldTwice(String),
    Type { got: Got, want: String },
    Value { got: Got, want: String },
    Length { count: usize, want: String },
    Custom(String),
}

/// What was found, as serde saw it.
#[derive(Debug)]
pub(super) struct Got {
    pub(super) text: String,
    pub(super) collection: bool,
}

/// Where it is wrong.
#[derive(Debug)]
pub(super) struct Spot {
    pub(super) steps: Vec<Step>,
    pub(super) place: Place,
    /// The value there, shortened.
    pub(super) shown: String,
    /// The value there as part of a sentence.
    pub(super) described: String,
    pub(super) collection: bool,
    pub(super) text: Option<String>,
}

impl Spot {
    /// A node; what a collection lacks is best shown at its name.
    pub(super) fn new(node: &Node, name: Option<Place>, steps: Vec<Step>) -> Spot {
        let collection = matches!(node.value, Value::List(_) | Value::Map(_));
        let nothing = node.value == Value::Null;
        let place = if collection || nothing { name.unwrap_or(node.place) } else { node.place };
        let text = node.as_text().map(str::to_string);
        let (shown, described) = (node.shown(), node.describe());
        Spot { steps, place, shown, described, collection, text }
    }

    /// The name in a map.
    pub(super) fn key(key: &str, place: Place, steps: Vec<Step>) -> Spot {
        let shown = format!("{key:?}");
        let described = format!("the name {shown}");
        Spot { steps, place, shown, described, collection: false, text: Some(key.to_string()) }
    }
}

impl Fault {
    fn new(kind: Kind) -> Fault {
        Fault(Box::new(Inner { kind, spot: None }))
    }

    pub(super) fn kind(&self) -> &Kind {
        &self.0.kind
    }

    pub(super) fn spot(&self) -> Option<&Spot> {
        self.0.spot.as_ref()
    }

    pub(super) fn steps(&self) -> &[Step] {
        self.0.spot.as_ref().map_or(&[], |spot| &spot.steps)
    }

    /// Gives the fault its spot unless something further in already did.
    pub(super) fn or_at(mut self, spot: impl FnOnce() -> Spot) -> Fault {
        self.0.spot.get_or_insert_with(spot);
        self
    }

    /// Gives the fault the spot of `node`. A field that serde's buffer rejected is looked up by its
    /// name, since the buffer forgot its place.
    pub(super) fn or_at_node(
        mut self,
        node: &Node,
        name: Option<Place>,
        steps: impl FnOnce() -> Vec<Step>,
    ) -> Fault {
        if self.0.spot.is_some() {
            return self;
        }
        let mut steps = steps();
        if let Kind::UnknownField { name: field, .. } = &self.0.kind
            && let Some(entry) = node.entry(field)
        {
            steps.push(Step::Key(field.clone()));
            self.0.spot = Some(Spot::key(field, entry.key_place, steps));
        } else {
            self.0.spot = Some(Spot::new(node, name, steps));
        }
        self
    }

    /// The same at the root, for what nothing on the way gave a spot.
    pub(super) fn located(self, node: &Node, name: Option<Place>) -> Fault {
        self.or_at_node(node, name, Vec::new)
    }

    /// The field that is missing, if that is the fault.
    pub(super) fn missing(&self) -> Option<&str> {
        if let Kind::MissingField(name) = &self.0.kind { Some(name) } else { None }
    }

    /// Whether the fault is a judgement of a whole value, which may change with its parts.
    pub(super) fn judges_whole(&self) -> bool {
        matches!(self.0.kind, Kind::Length { .. } | Kind::Custom(_) | Kind::Type { .. })
    }
}

impl Display for Fault {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        write!(out, "{:?}", self.0.kind)
    }
}

impl std::error::Error for Fault {}

fn got(found: Unexpected<'_>) -> Got {
    use Unexpected as U;
    let collection = !matches!(
        found,
        U::Bool(_) | U::Unsigned(_) | U::Signed(_) | U::Float(_) | U::Char(_) | U::Str(_) | U::Unit
    );
    let text = match found {
        U::Bool(value) => value.to_string(),
        U::Unsigned(value) => value.to_string(),
        U::Signed(value) => value.to_string(),
        U::Float(value) => value.to_string(),
        U::Str(text) => format!("the text {text:?}"),
        U::Unit => "empty".to_string(),
        U::Seq => "a list".to_string(),
        U::Map => "a map".to_string(),
        other => other.to_string(),
    };
    Got { text, collection }
}

fn owned(known: &[&str]) -> Vec<String> {
    known.iter().map(|name| (*name).to_string()).collect()
}

impl de::Error for Fault {
    fn custom<T: Display>(message: T) -> Fault {
        let message = message.to_string();
        // serde's `flatten` says this in words only.
        let field = message.strip_prefix("unknown field `").and_then(|rest| rest.split_once('`'));
        Fault::new(match field {
            Some((name, _)) => Kind::UnknownField { name: name.to_string(), known: Vec::new() },
            None => Kind::Custom(message),
        })
    }

    fn invalid_type(found: Unexpected<'_>, want: &dyn Expected) -> Fault {
        Fault::new(Kind::Type { got: got(found), want: want.to_string() })
    }

    fn invalid_value(found: Unexpected<'_>, want: &dyn Expected) -> Fault {
        Fault::new(Kind::Value { got: got(found), want: want.to_string() })
    }

    fn invalid_length(count: usize, want: &dyn Expected) -> Fault {
        Fault::new(Kind::Length { count, want: want.to_string() })
    }

    fn unknown_variant(name: &str, known: &'static [&'static str]) -> Fault {
        Fault::new(Kind::UnknownVariant { name: name.to_string(), known: owned(known) })
    }

    fn unknown_field(name: &str, known: &'static [&'static str]) -> Fault {
        Fault::new(Kind::UnknownField { name: name.to_string(), known: owned(known) })
    }

    fn missing_field(name: &'static str) -> Fault {
        Fault::new(Kind::MissingField(name.to_string()))
    }

    fn duplicate_field(name: &'static str) -> Fault {
        Fault::new(Kind::FieldTwice(name.to_string()))
    }
}
