//! Application servers in small worlds, computed by hand.

mod kept;
mod life;
mod pools;
mod queues;

use serde_json::{Value, json};

use super::super::tests_world::{count, failed, run, survey, tally, world};
use crate::components::Node;
use crate::engine::kernel::World;

/// Users who come evenly, `limit` of them, to the node `web`.
fn even(rate: &str, limit: u64) -> Value {
    json!({"Users": {
        "enter": "web", "arrivals": {"base": rate, "spacing": "even"}, "limit": limit,
    }})
}

/// A server of four cores with these knobs.
fn server(knobs: &Value) -> Value {
    let mut form = json!({"cores": 4});
    for (key, value) in knobs.as_object().unwrap() {
        form[key] = value.clone();
    }
    json!({ "AppServer": form })
}

/// Seconds at which a group's requests were answered or failed, to the millisecond.
fn ends(world: &mut World<Node>, group: &str, until_ms: u64) -> Vec<f64> {
    let mut ends = Vec::new();
    for ms in 1..=until_ms {
        let at = ms as f64 / 1e3;
        run(world, at);
        let ended = tally(world, group).completed + tally(world, group).failed.iter().sum::<u64>();
        while (ends.len() as u64) < ended {
            ends.push(at);
        }
    }
    ends
}
