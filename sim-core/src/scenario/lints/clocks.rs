//! Times that one part gives another, and that the other does not know of.

use super::{Cluster, Finding};
use crate::engine::time::{Nanos, SECOND};
use crate::scenario::problem::Code;
use crate::units::Duration;

/// A master looks for silent workers once a second: so much apart is together.
const TOGETHER: Nanos = 2 * SECOND;

/// A proxy that waits longer for its peers than their workers live, or less long.
pub(super) fn peers(cluster: &Cluster<'_>, at: usize) -> Option<Finding> {
    let awaits = cluster.limits[at].awaits.as_ref()?;
    let apart = cluster.named(&awaits.whom).find_map(|peer| {
        let (field, kills) = cluster.limits[peer].kills_after?;
        let is_apart = awaits.after < kills || awaits.after > kills + TOGETHER;
        let first = awaits.after.min(kills);
        (is_apart && cluster.can_last(peer, first)).then_some((peer, field, kills))
    });
    let (peer, field, kills) = apart?;
    let (lb, web) = (cluster.name(at), cluster.name(peer));
    let (waits, lives) = (Duration(awaits.after), Duration(kills));
    let outer = awaits.field;
    let message = if awaits.after > kills {
        format!(
            "{lb} waits {waits} ({outer}) for {web}, where a worker that takes more than {lives} \
             ({field}) for a request is killed: its client gets 502, and the worker has to start \
             again"
        )
    } else {
        format!(
            "{lb} answers 504 after {waits} ({outer}), and a worker of {web} goes on for nobody \
             until it has worked for {lives} ({field})"
        )
    };
    let remedy = format!(
        "give both the same time, {outer}: {lives} at {lb} say, and what {web} waits for a \
         shorter one"
    );
    Some((Code::ClocksApart, message, remedy))
}

/// A supervisor that kills before requests in progress may have ended.
pub(super) fn stops(cluster: &Cluster<'_>, at: usize) -> Option<Finding> {
    let stops = cluster.limits[at].stops.as_ref()?;
    let cut = cluster.named(&stops.whom).find_map(|server| {
        let (field, grace) = cluster.limits[server].drains_in?;
        (stops.after < grace && cluster.can_last(server, stops.after))
            .then_some((server, field, grace))
    });
    let (server, field, grace) = cut?;
    let (own, web) = (cluster.name(at), cluster.name(server));
    let (kills, grace_s) = (Duration(stops.after), Duration(grace));
    let message = format!(
        "{own} kills {web} {kills} ({}) after telling it to stop, but requests in progress may \
         take {grace_s} ({field}) to end: longer ones are cut off",
        stops.field
    );
    let enough = Duration(grace + 5 * SECOND);
    let remedy = format!("write {}: {enough}, or {field}: {kills} at {web}", stops.field);
    Some((Code::StopBeforeEnd, message, remedy))
}
