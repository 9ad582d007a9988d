//! Attempts of several layers, which multiply.

use super::{Cluster, Finding};
use crate::engine::time::Nanos;
use crate::scenario::problem::Code;

/// Layers from which on it is said.
const LAYERS: usize = 3;
/// Attempts above which it is said of two layers.
const ATTEMPTS: u64 = 8;

/// A way on which attempts multiply.
#[derive(Clone, Default)]
struct Way {
    attempts: u64,
    layers: Vec<(usize, u64)>,
    last: usize,
}

/// Users whose request is tried again at several layers.
pub(super) fn stacked(cluster: &Cluster<'_>, at: usize) -> Option<Finding> {
    if !cluster.is_source(at) {
        return None;
    }
    let leaves = cluster.limits[at].leaves_after;
    let mut known = vec![None; cluster.limits.len()];
    let way = worst(cluster, (at, leaves), &mut known);
    let layers = way.layers.len();
    if layers < LAYERS && !(layers == 2 && way.attempts > ATTEMPTS) {
        return None;
    }
    let said = way.layers.iter().rev().map(|&(part, tries)| {
        let field = cluster.limits[part].tries.as_ref().map_or("", |tries| tries.field);
        format!("{} {tries} ({field})", cluster.name(part))
    });
    let message = format!(
        "when it fails, one request of {} becomes up to {} at {}: {}",
        cluster.name(at),
        way.attempts,
        cluster.name(way.last),
        said.collect::<Vec<_>>().join(" x ")
    );
    let remedy = "retry in one layer only, or give the users' retries a budget: 10%";
    Some((Code::StackedRetries, message, remedy.to_owned()))
}

/// The way from a part on which most attempts are made, the layers from the innermost out.
fn worst(
    cluster: &Cluster<'_>,
    (at, leaves): (usize, Option<Nanos>),
    known: &mut [Option<Way>],
) -> Way {
    if let Some(way) = &known[at] {
        return way.clone();
    }
    let end = Way { attempts: 1, layers: Vec::new(), last: at };
    known[at] = Some(end.clone());
    let mut way = end;
    for next in cluster.graph.calls(at) {
        let further = worst(cluster, (next, leaves), known);
        if further.attempts > way.attempts {
            way = further;
        }
    }
    let tries = tries(cluster, at, leaves);
    if tries > 1 {
        if way.layers.is_empty() {
            way.last = cluster.graph.calls(at).next().unwrap_or(at);
        }
        way.attempts = way.attempts.saturating_mul(tries);
        way.layers.push((at, tries));
    }
    known[at] = Some(way.clone());
    way
}

/// Attempts that a part makes while somebody waits.
fn tries(cluster: &Cluster<'_>, at: usize, leaves: Option<Nanos>) -> u64 {
    let Some(tries) = &cluster.limits[at].tries else { return 1 };
    if let (Some(after), Some(leaves)) = (tries.after, leaves)
        && after >= leaves
    {
        return 1;
    }
    if tries.peers.is_empty() {
        return tries.most;
    }
    let peers = cluster.named(&tries.peers);
    tries.most.min(peers.map(|part| u64::from(cluster.blueprint.parts[part].prepared)).sum())
}
