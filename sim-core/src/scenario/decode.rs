//! Parts of the tree to serde types: several problems at a time, and every node named on the way.
//!
//! A type that checks its own value (a unit, a range) reports with serde's `custom`. The
//! convention is `MESSAGE: REMEDY`, split at the first `: ` outside double quotes:
//! `"5 minuts" is no duration: write a number and a unit, like 250ms, 5m or 2h`. Its code is
//! `E013`; a message that starts with another code in brackets, `[E026] min is above max: swap
//! them`, has that one.
//!
//! What serde buffers (flattened, untagged and internally tagged types) is read from the buffer,
//! so a problem in there points at the whole, and references in there are not recorded.

mod access;
mod cuts;
mod fault;
mod key;
mod reader;
mod references;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_wrong;
#[cfg(test)]
mod tests_wrong_values;
mod trail;
mod wording;

use serde::de::DeserializeOwned;

use super::problem::{Place, Problem};
use super::tree::{Entry, Node};
use cuts::Cuts;
use fault::Fault;
use reader::Decoder;
use trail::Trail;

pub use references::{Reference, ReferenceKind, References};

/// At most so many problems of one part are reported.
const MOST_PROBLEMS: usize = 20;
/// And at most so often is it read: a part whose parts are all wrong is not worth more.
const MOST_ROUNDS: usize = 60;

/// Reads `node`, which stands at `path`, as a `T`.
///
/// Nodes and endpoints that it names are added to `notes`, also when other things in it are wrong.
///
/// # Errors
/// What is wrong with it, up to 20 problems in the order of reading. After each, reading starts
/// again without the value at fault, and what follows only from its absence is left out.
pub fn decode<T: DeserializeOwned>(
    node: &Node,
    path: &str,
    notes: &mut References,
) -> Result<T, Vec<Problem>> {
    decode_named(node, None, path, notes)
}

/// The same for an entry of a map, whose name is the place of what the value lacks.
///
/// # Errors
/// As [`decode`].
pub fn decode_entry<T: DeserializeOwned>(
    entry: &Entry,
    path: &str,
    notes: &mut References,
) -> Result<T, Vec<Problem>> {
    decode_named(&entry.node, Some(entry.key_place), path, notes)
}

fn decode_named<T: DeserializeOwned>(
    node: &Node,
    name: Option<Place>,
    path: &str,
    notes: &mut References,
) -> Result<T, Vec<Problem>> {
    let mut cuts = Cuts::default();
    let mut problems = Vec::new();
    for _ in 0..MOST_ROUNDS {
        let trail = Trail::Root(path);
        let decoder = Decoder { node, name, trail: &trail, cuts: Some(&cuts), notes };
        match T::deserialize(decoder) {
            Ok(value) if problems.is_empty() => return Ok(value),
            Ok(_) => break,
            Err(fault) => {
                let fault = fault.located(node, name);
                if !is_consequence(&fault, &cuts) {
                    problems.push(wording::problem(&fault, path));
                }
                if problems.len() >= MOST_PROBLEMS || !cuts.cut(fault.steps()) {
                    break;
                }
            }
        }
    }
    Err(problems)
}

/// Whether a fault follows from what was cut out, rather than from what was written.
fn is_consequence(fault: &Fault, cuts: &Cuts) -> bool {
    if cuts.covers(fault.steps()) {
        return true;
    }
    match fault.missing() {
        Some(name) => cuts.covers_field(fault.steps(), name),
        None => fault.judges_whole() && cuts.any_below(fault.steps()),
    }
}
