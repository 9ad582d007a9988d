//! The state machine of programs, second by second.

use serde_json::{Value, json};

use super::super::tests_world::{
    agrees_without_lanes_and_after_a_snapshot, count, failed, node, run, tally, world,
};
use crate::components::Node;
use crate::engine::kernel::World;
use crate::engine::request::Cause;
use crate::engine::time::MILLISECOND;

fn programs(web: &Value, supervisor: &Value) -> Value {
    let mut form = json!({"cores": 1, "steps": [{"io": "10ms"}]});
    for (key, value) in web.as_object().unwrap() {
        form[key] = value.clone();
    }
    let mut keeper = json!({"service": "web"});
    for (key, value) in supervisor.as_object().unwrap() {
        keeper[key] = value.clone();
    }
    let users = json!({"enter": "web", "arrivals": {"base": "10/s", "spacing": "even"}});
    json!({
        "users": {"Users": users}, "web": {"AppServer": form}, "keeper": {"Supervisor": keeper},
    })
}

/// Milliseconds of a journal's lines that hold a word.
fn times(world: &World<Node>, word: &str) -> Vec<u64> {
    let lines = world.core.journal.iter().filter(|entry| entry.what.contains(word));
    lines.map(|entry| entry.at / MILLISECOND).collect()
}

fn kill(world: &mut World<Node>, seconds: f64) {
    run(world, seconds);
    let web = node(world, "web") as u32;
    world.stop(web, Cause::Reset);
}

/// The row "supervisord, instant crash, startretries 3".
#[test]
fn a_program_that_crashes_at_once_is_tried_at_0_1_3_and_6_seconds_and_then_is_fatal() {
    let parts = programs(&json!({"crash": {"after": "0s"}}), &json!({}));
    let mut world = world(&parts);
    run(&mut world, 100.0);
    assert_eq!(times(&world, "crashed"), [0, 1_000, 3_000, 6_000]);
    assert_eq!(times(&world, "BACKOFF"), [0, 1_000, 3_000]);
    assert_eq!(times(&world, "FATAL"), [6_000]);
    assert_eq!(count(&world, "keeper", "starts"), 4);
    assert_eq!(tally(&world, "users").completed, 0);
    // at 1, 3 and 6 s a request meets the program in its last moment
    assert_eq!(failed(&world, "users", Cause::Reset), 3);
    assert!(failed(&world, "users", Cause::Refused) > 990);
}

/// A program that dies just after it counts as started crashes for ever.
#[test]
fn a_program_that_outlives_startsecs_crashes_for_ever() {
    let parts = programs(&json!({"crash": {"after": "1001ms"}}), &json!({}));
    let mut world = world(&parts);
    run(&mut world, 20.01);
    // up for 1.001 s, and away for a pass of the main loop
    assert_eq!(times(&world, "crashed").len(), 10);
    assert_eq!(times(&world, "crashed")[..3], [1_001, 3_002, 5_003]);
    assert!(times(&world, "FATAL").is_empty());
    assert!(tally(&world, "users").completed > 80);
}

#[test]
fn a_program_that_exits_when_startsecs_is_over_was_up() {
    let parts = programs(&json!({"crash": {"after": "1s"}}), &json!({}));
    let mut world = world(&parts);
    run(&mut world, 3.5);
    assert_eq!(times(&world, "crashed"), [1_000, 3_000]);
    assert!(times(&world, "BACKOFF").is_empty());
}

#[test]
fn a_killed_program_is_back_after_a_pass_and_a_manual_start_ends_fatal() {
    let parts = programs(&json!({}), &json!({}));
    let mut world = world(&parts);
    kill(&mut world, 5.05);
    run(&mut world, 7.0);
    // requests of 5.1 s to 6.0 s were refused; the program starts at 6.05 s
    assert_eq!(failed(&world, "users", Cause::Refused), 10);
    for at in [7.1, 8.2, 10.3, 13.4] {
        kill(&mut world, at);
    }
    run(&mut world, 30.0);
    // 7.1 s: it was up; 8.2, 10.3 and 13.4 s: 0.1, 1.1 and 2.1 s after its starts
    assert_eq!(times(&world, "EXITED"), [5_050, 7_100, 10_300, 13_400]);
    let web = node(&world, "web");
    assert!(world.core.seats[web].alive);
}

#[test]
fn fatal_ends_with_a_manual_start() {
    let parts = programs(&json!({}), &json!({"startretries": 0, "startsecs": "10s"}));
    let mut world = world(&parts);
    kill(&mut world, 5.0);
    run(&mut world, 50.0);
    assert_eq!(times(&world, "FATAL"), [5_000]);
    let web = node(&world, "web") as u32;
    assert!(!world.core.seats[web as usize].alive);
    world.start(web);
    run(&mut world, 70.0);
    kill(&mut world, 70.0);
    run(&mut world, 72.0);
    assert_eq!(times(&world, "EXITED"), [70_000]);
    assert!(world.core.seats[web as usize].alive);
}

#[test]
fn without_autorestart_it_stays_down() {
    let parts = programs(&json!({}), &json!({"autorestart": false}));
    let mut world = world(&parts);
    kill(&mut world, 5.0);
    run(&mut world, 50.0);
    assert!(!world.core.seats[node(&world, "web")].alive);
    assert_eq!(times(&world, "EXITED"), [5_000]);
}

/// `stopwaitsecs` below the server's own grace cuts long requests short.
#[test]
fn a_program_that_does_not_stop_in_ten_seconds_is_killed_and_stays_stopped() {
    for (io, lost) in [("8s", 0), ("20s", 1)] {
        let web = json!({"worker": "gthread", "threads": 99, "steps": [{"io": io}]});
        let mut parts = programs(&web, &json!({}));
        parts["users"]["Users"]["limit"] = json!(1);
        let mut world = world(&parts);
        run(&mut world, 1.0);
        let web = node(&world, "web") as u32;
        let group = world.core.seats[web as usize].group;
        assert!(world.with(web, |_, cx| cx.shrink(group)));
        run(&mut world, 60.0);
        assert_eq!(failed(&world, "users", Cause::Reset), lost, "{io}");
        assert_eq!(times(&world, "is killed").len() as u64, lost);
        assert!(!world.core.seats[web as usize].alive);
    }
}

#[test]
fn the_same_run_without_lanes_and_after_a_snapshot() {
    let web = json!({"crash": {"after": {"exponential": "2s"}}, "boot": "100ms"});
    let parts = programs(&web, &json!({"startretries": 9}));
    agrees_without_lanes_and_after_a_snapshot(&parts, 60.0);
}

/// `autorestart` and `exitcodes`: a program that is done stays down, one that failed does not.
#[test]
fn a_program_that_ends_as_expected_is_not_started_again() {
    let starts = |supervisor: Value, code: u8| {
        let crash = json!({"crash": {"after": "5s", "code": code}});
        let mut world = world(&programs(&crash, &supervisor));
        run(&mut world, 17.5);
        count(&world, "keeper", "starts")
    };
    // up for 5 s and away for one: starts at 0, 6 and 12 s
    assert_eq!(starts(json!({}), 1), 3);
    assert_eq!(starts(json!({}), 0), 1);
    assert_eq!(starts(json!({"autorestart": "unexpected", "exitcodes": [0, 2]}), 2), 1);
    assert_eq!(starts(json!({"exitcodes": [2]}), 0), 3);
    assert_eq!(starts(json!({"autorestart": true}), 0), 3);
    assert_eq!(starts(json!({"autorestart": false}), 1), 1);
}

/// A signal is no exit code, and before `startsecs` no exit code helps.
#[test]
fn who_is_killed_or_ends_too_early_is_started_again() {
    let parts = programs(&json!({}), &json!({}));
    let mut killed = world(&parts);
    kill(&mut killed, 5.05);
    run(&mut killed, 7.0);
    assert_eq!(count(&killed, "keeper", "starts"), 2);
    let early = json!({"crash": {"after": "500ms", "code": 0}});
    let mut early = world(&programs(&early, &json!({})));
    run(&mut early, 100.0);
    assert_eq!((count(&early, "keeper", "starts"), count(&early, "keeper", "fatal")), (4, 1));
}
