//! What component tests share: a world made of forms in JSON, and a look at its figures.

use serde_json::Value;

use super::{Form, Node, Survey};
use crate::engine::agenda::Keeping;
use crate::engine::kernel::World;
use crate::engine::request::Cause;
use crate::engine::tally::Tally;
use crate::engine::time::{Nanos, SECOND};
use crate::scenario::plan::{Blueprint, Part};
use crate::wiring::Flaw;

fn blueprint(parts: &Value) -> Blueprint {
    let mut plan = Blueprint { endpoints: vec![String::new()], stack: 16, ..Blueprint::default() };
    for (name, form) in parts.as_object().unwrap() {
        let form: Form = serde_json::from_value(form.clone()).unwrap();
        plan.endpoints.extend(form.endpoints());
        plan.parts.push(Part { name: name.clone(), form, replicas: 1, prepared: 1 });
    }
    plan
}

/// A started world of `{"name": {"Component": form}}`, one instance each.
pub(crate) fn world(parts: &Value) -> World<Node> {
    blueprint(parts).world(7, Keeping::Lanes).unwrap()
}

/// Why a form between parts cannot be built.
pub(crate) fn flaw(parts: &Value) -> Flaw {
    blueprint(parts).world(7, Keeping::Lanes).unwrap_err().1
}

/// Lets time pass up to `seconds`, that instant included.
pub(crate) fn run(world: &mut World<Node>, seconds: f64) {
    world.advance((seconds * SECOND as f64) as Nanos + 1, u64::MAX);
}

/// The index of a part's first instance.
pub(crate) fn node(world: &World<Node>, name: &str) -> usize {
    world.core.seats.iter().position(|seat| seat.name == name).unwrap()
}

/// What a node shows.
pub(crate) fn survey<'a>(world: &'a World<Node>, name: &str) -> Survey<'a> {
    let mut survey = Survey::default();
    world.nodes[node(world, name)].survey(&mut survey);
    survey
}

/// One of a node's own figures.
pub(crate) fn count(world: &World<Node>, name: &str, what: &str) -> u64 {
    survey(world, name).counts.iter().find(|(known, _)| *known == what).unwrap().1
}

/// The only tally of a group of users.
pub(crate) fn tally<'a>(world: &'a World<Node>, name: &str) -> &'a Tally {
    survey(world, name).tallies[0]
}

/// Requests of a group of users that failed by a cause.
pub(crate) fn failed(world: &World<Node>, name: &str, cause: Cause) -> u64 {
    tally(world, name).failed[cause as usize]
}

/// Changes a node's form while the world runs.
pub(crate) fn retune(world: &mut World<Node>, parts: &Value, name: &str) -> Result<(), Flaw> {
    let plan = blueprint(parts);
    let mut site = plan.site();
    site.name = name.into();
    let part = plan.parts.iter().find(|part| part.name == name).unwrap();
    world.with(node(world, name) as u32, |node, cx| node.retune(cx, &part.form, &site))
}

/// Runs a world of parts with lanes and without, and from a snapshot half way that went through
/// bytes: all three end with the same digest and the same figures.
pub(crate) fn agrees_without_lanes_and_after_a_snapshot(parts: &Value, seconds: f64) {
    let ends =
        |world: &World<Node>| (world.digest(), world.core.events, world.core.requests.alive());
    let mut straight = world(parts);
    run(&mut straight, seconds);
    let mut unlaned = blueprint(parts).world(7, Keeping::Heap).unwrap();
    run(&mut unlaned, seconds);
    assert_eq!(ends(&straight), ends(&unlaned), "lanes");
    let mut half = world(parts);
    run(&mut half, seconds / 2.0);
    let bytes = postcard::to_stdvec(&half).unwrap();
    let mut resumed: World<Node> = postcard::from_bytes(&bytes).unwrap();
    run(&mut resumed, seconds);
    assert_eq!(ends(&straight), ends(&resumed), "snapshot");
}
