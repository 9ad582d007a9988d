//! Plans for the report's tests: users, workers, a pool of connections, a database.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::components::{Component, Form, FormReader, read_form};
use crate::engine::time::SECOND;
use crate::run::Run;
use crate::scenario::plan::{Blueprint, Part, Plan};

struct FromJson(Value);

impl FormReader for FromJson {
    type Out = Form;
    fn read<C: Component>(self, wrap: fn(C::Spec) -> Form) -> Form {
        wrap(serde_json::from_value(self.0).unwrap())
    }
}

/// A plan of parts: name, component and form.
pub(in crate::report) fn plan(parts: Vec<(&str, &str, Value)>) -> Plan {
    let mut blueprint =
        Blueprint { stack: 16, endpoints: vec![String::new()], ..Blueprint::default() };
    for (name, component, form) in parts {
        let form = read_form(component, FromJson(form)).unwrap();
        blueprint.endpoints.extend(form.endpoints());
        let replicas = form.replicas();
        blueprint.parts.push(Part { name: name.to_owned(), form, replicas, prepared: replicas });
    }
    let duration = 60 * SECOND;
    Plan { name: "shop".into(), duration, frame: 5 * SECOND, blueprint, ..Plan::default() }
}

/// Users who browse and buy, `workers` workers of 20 ms CPU each at two instances, and a database
/// of `servers` servers that takes 25 ms.
pub(in crate::report) fn shop(rate: f64, workers: u32, servers: u32) -> Plan {
    let steps = json!([{"cpu": {"exponential": {"mean": "20ms"}}}, {"call": {"to": "db"}}]);
    plan(vec![
        (
            "shoppers",
            "users",
            json!({"enter": "lb", "arrivals": format!("{rate}/s"),
                   "mix": {"browse": 3.0, "buy": 1.0}}),
        ),
        ("lb", "balancer", json!({"to": "web", "balance": "least_conn"})),
        (
            "web",
            "worker-pool",
            json!({"replicas": 2, "workers": workers, "queue": 400,
                   "endpoints": {"browse": steps, "buy": steps}}),
        ),
        (
            "db",
            "station",
            json!({"servers": servers, "service": {"exponential": {"mean": "25ms"}}}),
        ),
    ])
}

/// The users end after so many requests.
pub(in crate::report) fn limit(plan: &mut Plan, requests: u64) {
    let mut form = plan.blueprint.parts[0].form.to_json();
    form["limit"] = requests.into();
    plan.blueprint.parts[0].form = read_form("users", FromJson(form)).unwrap();
}

pub(in crate::report) fn lasting(mut plan: Plan, seconds: u64) -> Plan {
    plan.duration = seconds * SECOND;
    plan
}

/// The plan, played for so many seconds.
pub(in crate::report) fn played(plan: Plan, seconds: u64) -> Run {
    let mut run = Run::new(Arc::new(lasting(plan, seconds)), 1).unwrap();
    run.finish();
    run
}
