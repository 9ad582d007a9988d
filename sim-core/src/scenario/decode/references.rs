//! The nodes and endpoints that a scenario's parts name.

use indexmap::IndexMap;

use crate::scenario::problem::Place;

/// What a reference names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReferenceKind {
    /// A node: the newtype `Target`.
    Node,
    /// A node that may have many instances: the newtype `Service`.
    Service,
    /// An endpoint: the newtype `EndpointName`.
    Endpoint,
    /// A data file: the newtype `DataFile`.
    File,
    /// Recorded requests: the newtype `RecordedFile`.
    Recording,
}

impl ReferenceKind {
    /// The kind that a newtype of this name stands for.
    pub(super) fn of_newtype(name: &str) -> Option<ReferenceKind> {
        match name {
            "Target" => Some(ReferenceKind::Node),
            "Service" => Some(ReferenceKind::Service),
            "DataFile" => Some(ReferenceKind::File),
            "RecordedFile" => Some(ReferenceKind::Recording),
            "EndpointName" => Some(ReferenceKind::Endpoint),
            _ => None,
        }
    }
}

/// One name of something else in the scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// What it names.
    pub kind: ReferenceKind,
    /// Where in the scenario, like `nodes.lb.to`.
    pub path: String,
    /// Where in the file.
    pub place: Place,
    /// The name.
    pub name: String,
}

/// References in the order of reading, one for each path.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct References {
    // Keyed by path: a part that is read again after a fault names the same things again.
    found: IndexMap<String, Reference>,
}

impl References {
    /// Adds one.
    pub fn push(&mut self, reference: Reference) {
        self.found.insert(reference.path.clone(), reference);
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Reference> {
        self.found.values()
    }

    /// Those of one kind.
    pub fn of(&self, kind: ReferenceKind) -> impl Iterator<Item = &Reference> {
        self.iter().filter(move |reference| reference.kind == kind)
    }
}
