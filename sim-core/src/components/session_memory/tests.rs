//! Sessions that live and die with the instance that has them.

use serde_json::{Value, json};

use crate::components::Node;
use crate::components::tests_world::{
    agrees_without_lanes_and_after_a_snapshot, count, failed, flaw, node, run, tally, world,
};
use crate::engine::kernel::World;
use crate::engine::request::Cause;

fn parts(knobs: &Value, more: &Value) -> Value {
    let mut memory = json!({"to": "web", "login": ["login"], "open": ["home"]});
    memory.as_object_mut().unwrap().extend(knobs.as_object().unwrap().clone());
    let step = json!([{"io": "10ms"}]);
    let endpoints = json!({"login": step, "home": step, "cart": step});
    let mut parts = json!({
        "memory": {"SessionMemory": memory},
        "web": {"WorkerPool": {"workers": 99, "endpoints": endpoints}},
    });
    parts.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    parts
}

/// One user: logs in at once, then asks for the cart so many times.
fn shopper(carts: u32, think: &str) -> Value {
    json!({"u": {"Users": {"enter": "memory", "sessions": {"base": "1/s", "spacing": "even"},
        "journey": {"login": 1, "cart": carts}, "think": think, "limit": carts + 1}}})
}

fn carts(world: &World<Node>) -> (u64, u64) {
    let mut shown = crate::components::Survey::default();
    world.nodes[node(world, "u")].survey(&mut shown);
    let carts = shown.tallies[1];
    (carts.completed, carts.failed[Cause::LoggedOut as usize])
}

#[test]
fn who_logged_in_here_is_known_here() {
    let mut shop = world(&parts(&json!({}), &shopper(3, "1ms")));
    run(&mut shop, 1.99);
    assert_eq!(carts(&shop), (3, 0));
    let stranger = json!({"u": {"Users": {"enter": "memory", "closed": 1, "think": "0s",
        "limit": 1, "mix": {"cart": 1}}}});
    let mut shop = world(&parts(&json!({}), &stranger));
    run(&mut shop, 1.0);
    assert_eq!(failed(&shop, "u", Cause::LoggedOut), 1);
    assert_eq!(count(&shop, "memory", "sessions_unknown"), 1);
    let visitor = json!({"u": {"Users": {"enter": "memory", "closed": 1, "think": "0s",
        "limit": 1, "mix": {"home": 1}}}});
    let mut shop = world(&parts(&json!({}), &visitor));
    run(&mut shop, 1.0);
    assert_eq!(tally(&shop, "u").completed, 1);
}

#[test]
fn a_session_ends_when_it_is_not_used_and_lives_while_it_is() {
    let known = |think: &str| {
        let mut users = shopper(4, think);
        users["u"]["Users"]["sessions"]["base"] = json!("0.01/s");
        let mut shop = world(&parts(&json!({"timeout": "10s"}), &users));
        run(&mut shop, 199.0);
        carts(&shop)
    };
    assert_eq!((known("9s"), known("11s")), ((4, 0), (0, 4)));
}

#[test]
fn the_death_of_an_instance_logs_its_users_out() {
    let mut shop = world(&parts(&json!({}), &shopper(9, "1s")));
    run(&mut shop, 4.5);
    let memory = node(&shop, "memory") as u32;
    shop.stop(memory, Cause::Reset);
    shop.start(memory);
    run(&mut shop, 60.0);
    let (answered, out) = carts(&shop);
    assert!(answered > 0 && out > 0, "{answered} {out}");
    assert!(count(&shop, "memory", "sessions_lost") > 0);
    assert_eq!(shop.alive(), 0);
}

#[test]
fn sessions_that_have_ended_are_forgotten() {
    let users = json!({"u": {"Users": {"enter": "memory", "arrivals": "100/s",
        "mix": {"login": 1}}}});
    let mut shop = world(&parts(&json!({"timeout": "1s"}), &users));
    run(&mut shop, 100.0);
    let Node::SessionMemory(memory) = &shop.nodes[node(&shop, "memory")] else { panic!() };
    assert!(memory.sessions.len() < 400, "{} for 100 in use", memory.sessions.len());
}

#[test]
fn lanes_and_snapshots_do_not_change_a_run() {
    let users = json!({"u": {"Users": {"enter": "memory", "sessions": "5/s",
        "journey": {"login": 1, "cart": 3}, "think": {"exponential": "2s"}}}});
    agrees_without_lanes_and_after_a_snapshot(&parts(&json!({"timeout": "3s"}), &users), 30.0);
}

#[test]
fn wrong_forms_are_flaws_with_value_and_remedy() {
    let path = |knobs: Value| flaw(&parts(&knobs, &json!({}))).path;
    assert_eq!(path(json!({"login": []})), "login");
    assert_eq!(path(json!({"timeout": "0s"})), "timeout");
    assert_eq!(path(json!({"open": ["home", "nowhere"]})), "open[1]");
}
