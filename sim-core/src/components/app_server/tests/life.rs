//! Workers that are killed, replaced, or told to stop.

use serde_json::{Value, json};

use super::super::super::tests_world::{node, retune};
use super::{count, ends, even, failed, run, server, survey, tally, world};
use crate::components::Node;
use crate::engine::kernel::World;
use crate::engine::request::Cause;

fn workers(world: &World<Node>) -> u32 {
    survey(world, "web").resources[0].station.capacity.level()
}

/// The row "gunicorn sync, 45 s handler, timeout 30".
#[test]
fn a_handler_of_45_seconds_is_aborted_at_30_to_31_and_one_worker_respawns() {
    let web = json!({"boot": "2s", "steps": [{"io": "45s"}]});
    let mut world = world(&json!({"users": even("4/s", 1), "web": server(&web)}));
    // it began at 0.25 s: silent for 30 s at 30.25 s, and the master looks at 31 s
    assert_eq!(ends(&mut world, "users", 31_500), [31.0]);
    assert_eq!(failed(&world, "users", Cause::Error), 1);
    assert_eq!(count(&world, "web", "worker_timeouts"), 1);
    assert_eq!(workers(&world), 0);
    run(&mut world, 33.0);
    assert_eq!((workers(&world), world.alive()), (1, 0));
}

/// Trap 5: the timeout is no request timeout where something else keeps the heart beating.
#[test]
fn a_long_request_trips_the_timeout_of_sync_workers_only() {
    for (worker, kills) in [("sync", 1), ("gthread", 0), ("gevent", 0), ("uvicorn", 0)] {
        let web = json!({"worker": worker, "steps": [{"io": "45s"}]});
        let mut world = world(&json!({"users": even("4/s", 1), "web": server(&web)}));
        run(&mut world, 100.0);
        assert_eq!(count(&world, "web", "worker_timeouts"), kills, "{worker}");
        assert_eq!(tally(&world, "users").completed, 1 - kills, "{worker}");
    }
}

#[test]
fn a_long_computation_kills_an_event_loop_with_everything_on_it() {
    for (worker, lost) in [("gevent", 3), ("gthread", 0)] {
        let web = json!({
            "worker": worker, "threads": if worker == "gthread" { json!(4) } else { json!(null) },
            "endpoints": {"compute": [{"io": "1s"}, {"cpu": "45s"}], "wait": [{"io": "20s"}]},
        });
        let of = |endpoint: &str, limit: u64| {
            json!({"Users": {
                "enter": "web", "arrivals": {"base": "10/s", "spacing": "even"}, "limit": limit,
                "mix": {endpoint: 1},
            }})
        };
        let parts = json!({"long": of("compute", 1), "short": of("wait", 2), "web": server(&web)});
        let mut world = world(&parts);
        run(&mut world, 100.0);
        let reset = |group: &str| failed(&world, group, Cause::Reset);
        assert_eq!(reset("long") + reset("short"), lost, "{worker}");
        assert!(workers(&world) > 0);
    }
}

#[test]
fn workers_are_replaced_after_max_requests() {
    let web = json!({
        "workers": 2, "max_requests": 10, "boot": "1s", "steps": [{"io": "1ms"}],
    });
    let mut world = world(&json!({"users": even("100/s", 100), "web": server(&web)}));
    run(&mut world, 60.0);
    assert_eq!(tally(&world, "users").completed, 100);
    assert_eq!(count(&world, "web", "max_requests_restarts"), 10);
    assert_eq!(workers(&world), 2);
    // both were away at the same time: somebody waited for a worker that boots
    assert!(tally(&world, "users").latency.max().unwrap() > 900_000_000);
}

#[test]
fn jitter_keeps_workers_from_leaving_together() {
    let both_away = |jitter: u32| {
        let web = json!({
            "worker": "sync", "workers": 4, "max_requests": 500, "max_requests_jitter": jitter,
            "boot": "2s", "steps": [{"io": "1ms"}],
        });
        let mut world = world(&json!({"users": even("200/s", 20_000), "web": server(&web)}));
        let mut least = 4;
        for second in 0..100 {
            run(&mut world, f64::from(second) + 0.5);
            least = least.min(workers(&world));
        }
        assert!(count(&world, "web", "max_requests_restarts") > 10);
        least
    };
    assert!(both_away(0) < both_away(1_000));
}

#[test]
fn a_leak_ends_in_an_out_of_memory_kill_and_max_requests_bounds_it() {
    let kills = |max_requests: u32| {
        let web = json!({
            "workers": 2, "max_requests": max_requests, "steps": [{"io": "1ms"}],
            "memory": {"machine": "1000MiB", "base": "200MiB", "worker": "100MiB", "leak": "1MiB"},
        });
        let mut world = world(&json!({"users": even("100/s", 3_000), "web": server(&web)}));
        run(&mut world, 40.0);
        count(&world, "web", "out_of_memory_kills")
    };
    // 600 MiB are left for leaks
    assert!((4..=10).contains(&kills(0)), "{}", kills(0));
    assert_eq!(kills(250), 0);
}

#[test]
fn an_out_of_memory_kill_tears_the_connection() {
    let web = json!({
        "workers": 2, "steps": [{"io": "10ms"}],
        "memory": {"machine": "300MiB", "worker": "100MiB", "leak": "60MiB"},
    });
    // one worker has leaked 120 MiB when the other one answers its own
    let mut world = world(&json!({"users": even("150/s", 30), "web": server(&web)}));
    run(&mut world, 5.0);
    assert!(failed(&world, "users", Cause::Reset) > 0);
    assert_eq!(tally(&world, "users").completed + failed(&world, "users", Cause::Reset), 30);
}

#[test]
fn a_server_told_to_stop_finishes_within_its_grace() {
    for (io, done) in [("20s", 1), ("40s", 0)] {
        let web = json!({"timeout": "0s", "backlog": 0, "steps": [{"io": io}]});
        let mut world = world(&json!({"users": even("10/s", 4), "web": server(&web)}));
        run(&mut world, 0.35);
        let node = node(&world, "web") as u32;
        let group = world.core.seats[node as usize].group;
        assert!(world.with(node, |_, cx| cx.shrink(group)));
        run(&mut world, 0.45);
        // one waited to be accepted, one knocked, and one came afterwards
        assert_eq!(failed(&world, "users", Cause::Reset), 1);
        assert_eq!(failed(&world, "users", Cause::Refused), 2);
        run(&mut world, 30.34);
        assert_eq!(world.core.seats[node as usize].alive, done == 0, "{io}");
        run(&mut world, 30.36);
        assert_eq!(tally(&world, "users").completed, done);
        assert_eq!(failed(&world, "users", Cause::Reset), 2 - done);
        assert!(!world.core.seats[node as usize].alive && world.alive() == 0);
    }
}

#[test]
fn a_restarted_server_listens_while_its_workers_boot_unless_it_preloads() {
    for (preload, refused, answered) in [(false, 0, 1), (true, 1, 0)] {
        let web = json!({"boot": "5s", "preload": preload, "steps": [{"io": "10ms"}]});
        let mut world = world(&json!({"users": even("1/s", 1), "web": server(&web)}));
        run(&mut world, 0.5);
        let node = node(&world, "web") as u32;
        world.stop(node, Cause::Reset);
        world.start(node);
        run(&mut world, 9.0);
        assert_eq!(failed(&world, "users", Cause::Refused), refused);
        assert_eq!(tally(&world, "users").completed, answered);
        assert_eq!(workers(&world), 1);
    }
}

#[test]
fn a_worker_after_its_last_request_has_its_grace_and_a_sync_worker_needs_none() {
    for (worker, lost) in [("sync", 0), ("gthread", 2), ("gevent", 2), ("uvicorn", 2)] {
        let web = json!({
            "worker": worker, "threads": if worker == "gthread" { json!(2) } else { json!(null) },
            "max_requests": 2, "graceful_timeout": "3s", "timeout": "0s", "boot": "1s",
            "steps": [{"io": "5s"}],
        });
        let mut world = world(&json!({"users": even("10/s", 2), "web": server(&web)}));
        run(&mut world, 3.25);
        assert_eq!(failed(&world, "users", Cause::Reset), lost, "{worker}");
        run(&mut world, 30.0);
        assert_eq!(tally(&world, "users").completed, 2 - lost, "{worker}");
        assert_eq!(count(&world, "web", "max_requests_restarts"), 1);
        assert_eq!((world.alive(), survey(&world, "web").resources.len() > 1), (0, true));
    }
}

/// TTIN and TTOU: the number of workers changes under load, and nobody is hurt.
#[test]
fn workers_come_and_the_oldest_go_when_their_number_is_changed() {
    use super::super::super::tests_world::retune;
    for worker in ["sync", "gthread", "gevent"] {
        let parts = |workers: u32| {
            let web = json!({
                "worker": worker, "workers": workers, "boot": "1s", "cores": 40,
                "steps": [{"io": "200ms"}],
            });
            json!({"users": even("20/s", 400), "web": server(&web)})
        };
        let mut world = world(&parts(20));
        let places = workers(&world);
        run(&mut world, 5.0);
        retune(&mut world, &parts(10), "web").unwrap();
        run(&mut world, 8.0);
        assert_eq!(workers(&world), places / 2);
        retune(&mut world, &parts(40), "web").unwrap();
        run(&mut world, 8.9);
        assert_eq!(workers(&world), places / 2, "they load the application first");
        run(&mut world, 12.0);
        assert_eq!(workers(&world), places * 2);
        run(&mut world, 60.0);
        assert_eq!((tally(&world, "users").completed, world.alive()), (400, 0), "{worker}");
    }
}

/// The first workers of a machine load for 2 s, those that follow for 0.5 s.
#[test]
fn who_replaces_a_worker_boots_as_it_says() {
    let web = json!({
        "max_requests": 1, "boot": "2s", "respawn": "500ms", "steps": [{"io": "10ms"}],
    });
    let mut world = world(&json!({"users": even("1/s", 8), "web": server(&web)}));
    run(&mut world, 1.2);
    // it has served one, and its successor is up at 1.51 s
    let web = node(&world, "web") as u32;
    run(&mut world, 3.2);
    world.stop(web, Cause::Reset);
    world.start(web);
    // from 3.2 s on: up at 5.2 s, for those of 4 and 5 s; then half a second each
    assert_eq!(ends(&mut world, "users", 9_000)[3..], [5.211, 5.721, 6.231, 7.01, 8.01]);
}

/// A health check that begins to fail: requests under way end by the steps that they began with.
#[test]
fn steps_may_change_their_number_while_requests_are_under_way() {
    let parts = |steps: &Value| {
        let web = json!({"workers": 4, "steps": steps});
        json!({"users": even("10/s", 4), "web": server(&web)})
    };
    let mut world = world(&parts(&json!([{"io": "250ms"}, {"io": "250ms"}])));
    run(&mut world, 0.25);
    let failing = json!([{"fail": "100%"}]);
    retune(&mut world, &parts(&failing), "web").unwrap();
    run(&mut world, 0.45);
    let seen = |world: &World<Node>| {
        (tally(world, "users").completed, failed(world, "users", Cause::Error))
    };
    assert_eq!(seen(&world), (0, 2));
    // and back: nobody is left who began with them
    retune(&mut world, &parts(&json!([{"io": "250ms"}])), "web").unwrap();
    run(&mut world, 2.0);
    assert_eq!((seen(&world), world.alive()), ((2, 2), 0));
}
