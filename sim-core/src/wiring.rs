//! Names that refer to other parts of a scenario, and what they resolve to when a node is built.

mod load;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::load::{Load, Wider};
use crate::recorded::Recording;

/// The name of one node, for example `db`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Target(pub String);

/// The name of a node that may have many replicas, for example `web`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Service(pub String);

/// The name of an endpoint, for example `checkout`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct EndpointName(pub String);

/// A data file, by its path relative to the scenario.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DataFile(pub String);

/// Recorded requests, by their file's path relative to the scenario.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RecordedFile(pub String);

/// What kind of flaw it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlawKind {
    /// A value that cannot be.
    Value,
    /// A lower bound above its upper bound.
    MinAboveMax,
    /// A name that no node has.
    NoNode,
    /// A name that no endpoint has.
    NoEndpoint,
    /// A data file that is not there.
    NoFile,
}

/// Why a node cannot be built although its fields are well formed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// What kind of flaw.
    pub kind: FlawKind,
    /// Path below the node, like `service` or `retry.cap`.
    pub path: String,
    /// One sentence with the value.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
}

impl Flaw {
    /// A flaw at a path below the node.
    pub fn new(path: &str, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        let (path, message, remedy) = (path.into(), message.into(), remedy.into());
        Flaw { kind: FlawKind::Value, path, message, remedy }
    }

    /// The same flaw, of another kind than a value that cannot be.
    #[must_use]
    pub fn of(self, kind: FlawKind) -> Self {
        Flaw { kind, ..self }
    }

    /// A flaw told as `what is wrong: what to do`; without the second half the remedy is
    /// `otherwise`.
    #[must_use]
    pub fn told(path: &str, sentence: &str, otherwise: &str) -> Self {
        let (message, remedy) = sentence.split_once(": ").unwrap_or((sentence, otherwise));
        Flaw::new(path, message, remedy)
    }
}

/// A named node or service: its group and its members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Group index.
    pub group: u32,
    /// Node indices of the members, replicas that are not in service yet included.
    pub members: Vec<u32>,
    /// Whether what is leased through it is found again and can be given back.
    pub carries_leases: bool,
}

fn no_file(name: &str) -> Flaw {
    Flaw::new("", format!("data file \"{name}\" cannot be read"), "check the path")
        .of(FlawKind::NoFile)
}

/// Everything a component may know of the scenario when it is built.
#[derive(Clone, Debug, Default)]
pub struct Site {
    /// Nodes and services by name.
    pub places: IndexMap<String, Place>,
    /// Endpoint names; the number of an endpoint is its position.
    pub endpoints: Vec<String>,
    /// Data files by name, as text.
    pub files: IndexMap<String, String>,
    /// Recorded requests by the name of their file.
    pub recordings: IndexMap<String, Recording>,
    /// The node's own name.
    pub name: String,
}

impl Site {
    /// The node behind a name; the reader has checked that it exists.
    ///
    /// # Errors
    /// A flaw if there is no such node.
    pub fn node(&self, target: &Target) -> Result<u32, Flaw> {
        self.place(&target.0).map(|place| place.members[0])
    }

    /// The place behind a name.
    ///
    /// # Errors
    /// A flaw if there is no such node.
    pub fn place(&self, name: &str) -> Result<&Place, Flaw> {
        self.places.get(name).filter(|place| !place.members.is_empty()).ok_or_else(|| {
            Flaw::new("", format!("\"{name}\" names no node"), "name a node of this scenario")
                .of(FlawKind::NoNode)
        })
    }

    /// The number of an endpoint.
    ///
    /// # Errors
    /// A flaw if nothing in the scenario has that endpoint.
    pub fn endpoint(&self, name: &str) -> Result<u16, Flaw> {
        let at = self.endpoints.iter().position(|known| known == name);
        at.map(|index| index as u16).ok_or_else(|| {
            Flaw::new("", format!("\"{name}\" is no endpoint"), "name an endpoint of a worker pool")
                .of(FlawKind::NoEndpoint)
        })
    }

    /// The text of a data file.
    ///
    /// # Errors
    /// A flaw if the door did not supply it.
    pub fn file(&self, name: &str) -> Result<&str, Flaw> {
        self.files.get(name).map(String::as_str).ok_or_else(|| no_file(name))
    }

    /// Recorded requests.
    ///
    /// # Errors
    /// A flaw if the door did not supply them.
    pub fn recording(&self, file: &RecordedFile) -> Result<&Recording, Flaw> {
        self.recordings.get(&file.0).ok_or_else(|| no_file(&file.0))
    }
}
