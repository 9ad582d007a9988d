//! The proxy in a world, rule by rule.

mod balance;
mod checks;
mod connections;
mod limits;
mod passive;
mod retries;
mod statuses;

use serde_json::{Value, json};

use crate::components::Node;
use crate::components::tests_world::{node, survey, world};
use crate::engine::kernel::World;
use crate::engine::request::Cause;

/// A peer that answers after a fixed time, and has a place for everybody.
fn peer(service: &str) -> Value {
    json!({"QueueStation": {"service": service, "servers": 1000}})
}

/// A wire on which every request is lost.
fn black_hole() -> Value {
    json!({"Link": {"to": "a", "latency": "1ms", "loss": "100%"}})
}

/// One request at a time of one's own.
fn once_at(time: &str) -> Value {
    json!({"Users": {"enter": "lb", "closed": 1, "think": time, "limit": 1}})
}

/// Requests at equal gaps, the first after one gap.
fn steady(rate: &str) -> Value {
    json!({"Users": {"enter": "lb", "arrivals": {"base": rate, "spacing": "even"}}})
}

/// Servers of weight 1.
fn servers(names: &[&str]) -> Value {
    names.iter().map(|name| json!({"to": name})).collect()
}

/// Parts: three peers that answer at once, the proxy's form, and more.
fn parts(proxy: &Value, more: &Value) -> Value {
    let mut parts = json!({"a": peer("0s"), "b": peer("0s"), "c": peer("0s")});
    parts["lb"] = json!({"ReverseProxy": proxy});
    let all = parts.as_object_mut().unwrap();
    all.extend(more.as_object().unwrap().clone());
    parts
}

fn proxied(proxy: &Value, more: &Value) -> World<Node> {
    world(&parts(proxy, more))
}

/// A peer dies.
fn kill(world: &mut World<Node>, name: &str) {
    let node = node(world, name) as u32;
    world.stop(node, Cause::Reset);
}

/// Requests that a peer was given so far.
fn given(world: &World<Node>, name: &str) -> u64 {
    survey(world, name).resources[0].station.seized()
}

/// How many answers of each status the proxy gave: 200, 404, 429, 499, 500, 502, 503, 504.
fn statuses(world: &World<Node>) -> Vec<u64> {
    let counts = survey(world, "lb").counts;
    let statuses = counts.iter().filter(|(name, _)| name.starts_with("status_"));
    statuses.map(|&(_, count)| count).collect()
}

/// The journal's words.
fn journal(world: &World<Node>) -> Vec<(f64, &str)> {
    let all = world.core.journal.iter();
    all.map(|entry| (entry.at as f64 / 1e9, entry.what.as_str())).collect()
}
