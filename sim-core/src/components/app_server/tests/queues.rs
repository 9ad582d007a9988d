//! Where requests wait: in the kernel's queue, outside it, in a process, for the lock or the loop.

use serde_json::{Value, json};

use super::super::super::tests_world::agrees_without_lanes_and_after_a_snapshot;
use super::{count, ends, even, failed, run, server, survey, tally, world};
use crate::engine::request::Cause;
use crate::engine::time::SECOND;

/// The row "SYN to full accept queue" of both kernels: one request works, one waits in a queue of
/// one place, and the third knocks.
#[test]
fn who_finds_the_accept_queue_full_knocks_on_the_kernels_schedule() {
    let knocks = |retries: &str| {
        let web = json!({
            "backlog": 0, "timeout": "0s", "syn_retries": retries, "steps": [{"io": "1h"}],
        });
        let mut world = world(&json!({"users": even("1000/s", 3), "web": server(&web)}));
        let mut times = Vec::new();
        // the third comes at 3 ms
        for second in 0..140 {
            run(&mut world, f64::from(second) + 0.004);
            while count(&world, "web", "listen_overflows") > times.len() as u64 {
                times.push(second);
            }
        }
        assert_eq!(
            (tally(&world, "users").completed, failed(&world, "users", Cause::Lost)),
            (0, 1)
        );
        times
    };
    assert_eq!(knocks("linear"), [0, 1, 2, 3, 4, 5, 7, 11, 19, 35, 67]);
    assert_eq!(knocks("classic"), [0, 1, 3, 7, 15, 31, 63]);
}

/// Trap 4: overflow is lateness, not refusal.
#[test]
fn a_dropped_syn_makes_a_request_late_and_not_refused() {
    // at 10 and 20 ms to a worker of 100 ms with one place to wait; the one of 30 ms comes back
    // after 1 s
    let web = json!({"backlog": 0, "steps": [{"io": "100ms"}]});
    let mut world = world(&json!({"users": even("100/s", 3), "web": server(&web)}));
    assert_eq!(ends(&mut world, "users", 1_300), [0.11, 0.21, 1.13]);
    assert_eq!(tally(&world, "users").completed, 3);
}

/// Three SYNs of one machine come again on the same tooth of its timer wheel, at 7.136 s, when one
/// worker is idle and one place is free: all are answered, and the last ACK finds no room. Its
/// client sends the request again and again, and the server its SYN-ACK: the ACK to the third,
/// at 14.336 s, finds an idle worker, which then waits for the copy of 20.480 s.
#[test]
fn of_syns_that_come_together_some_get_half_a_connection() {
    let web = json!({
        "workers": 2, "backlog": 0, "timeout": "0s", "kernel_hz": 250, "steps": [{"io": "6950ms"}],
    });
    let mut world = world(&json!({"users": even("1000/s", 6), "web": server(&web)}));
    let expected = [6.951, 6.952, 13.901, 14.087, 20.851, 27.43];
    assert_eq!(ends(&mut world, "users", 30_000), expected);
    let seen =
        ["half_open", "silent_accepts", "listen_overflows"].map(|of| count(&world, "web", of));
    // three SYNs six times, the ACK, and six copies that found no room either
    assert_eq!(seen, [1, 1, 3 * 6 + 1 + 6]);
    assert_eq!(world.alive(), 0);
}

#[test]
fn without_a_common_clock_every_syn_that_is_answered_gets_in() {
    let web = json!({
        "workers": 2, "backlog": 0, "timeout": "0s", "steps": [{"io": "6950ms"}],
    });
    let mut world = world(&json!({"users": even("1000/s", 6), "web": server(&web)}));
    run(&mut world, 60.0);
    assert_eq!((count(&world, "web", "half_open"), tally(&world, "users").completed), (0, 6));
}

#[test]
fn the_callers_own_timeout_ends_the_knocking() {
    let users = json!({"Users": {
        "enter": "web", "arrivals": {"base": "100/s", "spacing": "even"}, "limit": 3,
        "timeout": "3500ms",
    }});
    let web = json!({"backlog": 0, "steps": [{"io": "60s"}], "timeout": "0s"});
    let mut world = world(&json!({"users": users, "web": server(&web)}));
    run(&mut world, 100.0);
    assert_eq!(failed(&world, "users", Cause::Timeout), 3);
    assert_eq!(count(&world, "web", "listen_overflows"), 4, "at 0, 1, 2 and 3 s");
    run(&mut world, 200.0);
    assert_eq!(survey(&world, "web").resources[0].station.seized(), 2, "both are worked on");
    assert_eq!(world.alive(), 0);
}

/// Trap 2: eight workers of 10 requests a second under 100/s.
#[test]
fn a_full_backlog_is_lateness_of_25_seconds() {
    let users = json!({"Users": {"enter": "web", "arrivals": "100/s", "timeout": "10s"}});
    let web = json!({"workers": 8, "steps": [{"io": {"exponential": "100ms"}}]});
    let mut world = world(&json!({"users": users, "web": server(&web)}));
    run(&mut world, 130.0);
    world.reset_meters();
    run(&mut world, 230.0);
    let survey = survey(&world, "web");
    let slots = survey.resources[0].station;
    assert_eq!(slots.queue.max(), 2_049);
    // 2,049 places / 80 a second
    let wait_s = slots.mean_wait().unwrap() / SECOND as f64;
    assert!((wait_s - 25.61).abs() < 0.5, "{wait_s}");
    // trap 3: everyone has left long ago, and the workers never learn it
    assert!((slots.utilisation(world.core.now) - 1.0).abs() < 1e-9);
    let rate = slots.seized() as f64 / 100.0;
    assert!((rate - 80.0).abs() < 3.0, "{rate}");
    let late = tally(&world, "users").measured_failed[Cause::Timeout as usize];
    assert!(late > 7_000 && tally(&world, "users").latency.count() < 100, "{late}");
}

#[test]
fn the_old_kernel_lets_128_wait() {
    let web = json!({"somaxconn": 128, "steps": [{"io": "1h"}], "timeout": "0s"});
    let mut world = world(&json!({"users": even("1000/s", 500), "web": server(&web)}));
    run(&mut world, 0.5);
    assert_eq!(survey(&world, "web").resources[0].station.queue.level(), 129);
    assert_eq!(count(&world, "web", "listen_overflows"), 500 - 1 - 129);
}

#[test]
fn threads_of_a_process_compute_one_at_a_time() {
    let ends_of = |gil: bool| {
        let web = json!({
            "worker": "gthread", "threads": 4, "gil": gil, "steps": [{"cpu": "100ms"}],
        });
        let mut world = world(&json!({"users": even("1000/s", 2), "web": server(&web)}));
        ends(&mut world, "users", 400)
    };
    assert_eq!(ends_of(false), [0.101, 0.102]);
    // the second shares from 2 ms on: 2 x 99 ms, and then the last ms alone
    assert_eq!(ends_of(true), [0.2, 0.201]);
}

#[test]
fn sync_with_threads_is_gthread() {
    let web = json!({"threads": 4, "steps": [{"io": "100ms"}]});
    let mut world = world(&json!({"users": even("1000/s", 4), "web": server(&web)}));
    assert_eq!(ends(&mut world, "users", 200), [0.101, 0.102, 0.103, 0.104]);
    assert_eq!(survey(&world, "web").resources[0].name, "threads");
}

/// Three long requests and a short one on two processes of one thread each: the short one is
/// accepted by a process at once, and stays there however long that takes.
#[test]
fn early_binding_strands_a_request_while_another_process_is_idle() {
    let long_and_short = |worker: &str| {
        let web = json!({
            "worker": worker, "workers": 2, "gil": false, "steps": [{"io": {"exponential": "1s"}}],
        });
        let users = json!({"Users": {"enter": "web", "arrivals": "1/s", "limit": 400}});
        let mut world = world(&json!({"users": users, "web": server(&web)}));
        run(&mut world, 2_000.0);
        let survey = survey(&world, "web");
        assert_eq!(tally(&world, "users").completed, 400);
        survey.resources[0].station.wait_sum() as f64 / SECOND as f64 / 400.0
    };
    let (late, early) = (long_and_short("sync"), long_and_short("gthread"));
    // M/M/2 and two M/M/1 at 50 %: 0.333 s and 1 s
    assert!(late < 0.5 && early > 0.7, "{late} {early}");
}

#[test]
fn a_connection_goes_to_a_thread_process_that_does_not_compute() {
    let web = json!({
        "worker": "gthread", "workers": 2, "threads": 2, "steps": [{"cpu": "100ms"}],
    });
    let mut world = world(&json!({"users": even("1000/s", 2), "web": server(&web)}));
    assert_eq!(ends(&mut world, "users", 200), [0.101, 0.102]);
}

/// A synchronous computation stalls everyone on its loop by its length.
#[test]
fn a_computation_stalls_its_event_loop() {
    let ends_of = |workers: u32| {
        let first = json!({"Users": {
            "enter": "web", "arrivals": {"base": "100/s", "spacing": "even"}, "limit": 1,
            "mix": {"compute": 1},
        }});
        let second = json!({"Users": {
            "enter": "web", "arrivals": {"base": "10/s", "spacing": "even"}, "limit": 1,
            "mix": {"wait": 1},
        }});
        let web = json!({
            "worker": "uvicorn", "workers": workers,
            "endpoints": {"compute": [{"cpu": "1s"}], "wait": [{"io": "50ms"}]},
        });
        let parts = json!({"first": first, "second": second, "web": server(&web)});
        let mut world = world(&parts);
        run(&mut world, 2.0);
        let ms = |group: &str| tally(&world, group).latency.max().unwrap() / 1_000_000;
        (ms("first"), ms("second"))
    };
    // the second comes at 100 ms and is accepted when the loop is free, at 1010 ms
    assert_eq!(ends_of(1), (1_000, 960));
    assert_eq!(ends_of(2), (1_000, 50));
}

#[test]
fn a_loop_runs_others_while_one_waits_and_in_order() {
    let web =
        json!({"worker": "gevent", "steps": [{"cpu": "10ms"}, {"io": "30ms"}, {"cpu": "5ms"}]});
    let mut world = world(&json!({"users": even("1000/s", 3), "web": server(&web)}));
    // computing until 11, 21, 31 ms; waiting until 41, 51, 61; computing until 46, 56, 66
    assert_eq!(ends(&mut world, "users", 100), [0.046, 0.056, 0.066]);
}

#[test]
fn uvicorn_takes_all_and_answers_503_above_its_limit() {
    let answered = |limit: Value| {
        let mut web = json!({"worker": "uvicorn", "steps": [{"io": "1s"}]});
        web["limit_concurrency"] = limit;
        let mut world = world(&json!({"users": even("1000/s", 100), "web": server(&web)}));
        run(&mut world, 5.0);
        (tally(&world, "users").completed, failed(&world, "users", Cause::QueueFull))
    };
    assert_eq!(answered(Value::Null), (100, 0));
    // uvicorn counts the connection at hand: at the limit it refuses
    assert_eq!(answered(json!(41)), (40, 60));
}

#[test]
fn gevent_stops_accepting_at_its_connections_and_the_kernel_keeps_the_rest() {
    let web = json!({"worker": "gevent", "worker_connections": 10, "steps": [{"io": "1s"}]});
    let mut world = world(&json!({"users": even("1000/s", 25), "web": server(&web)}));
    run(&mut world, 0.5);
    let station = |world: &_| {
        let station = *survey(world, "web").resources[0].station;
        (station.busy.level(), station.queue.level())
    };
    assert_eq!(station(&world), (10, 15));
    run(&mut world, 1.5);
    assert_eq!(station(&world), (10, 5));
    run(&mut world, 3.5);
    assert_eq!(tally(&world, "users").completed, 25);
}

#[test]
fn an_event_loop_may_notice_that_the_client_has_left_and_a_thread_may_not() {
    let wasted = |worker: &str, gone: &str| {
        let users = json!({"Users": {
            "enter": "web", "arrivals": {"base": "1/s", "spacing": "even"}, "limit": 1,
            "timeout": "150ms",
        }});
        let steps = json!([{"io": "100ms"}, {"io": "100ms"}, {"cpu": "1s"}]);
        let web = json!({"worker": worker, "client_gone": gone, "steps": steps});
        let mut world = world(&json!({"users": users, "web": server(&web)}));
        run(&mut world, 10.0);
        let now = world.core.now;
        let cpu_ns = survey(&world, "web").resources.last().unwrap().station.busy.area_at(now);
        assert_eq!(world.alive(), 0);
        (world.core.wasted, cpu_ns > 0)
    };
    assert_eq!(wasted("uvicorn", "notice"), (0, false));
    assert_eq!(wasted("uvicorn", "ignore"), (1, true));
    assert_eq!(wasted("sync", "ignore"), (1, true));
}

#[test]
fn every_kind_is_the_same_run_without_lanes_and_after_a_snapshot() {
    for worker in ["sync", "gthread", "gevent", "uvicorn"] {
        let users = json!({"Users": {
            "enter": "web", "arrivals": "150/s", "timeout": "2s", "retry": {"attempts": 3},
        }});
        let mut web = json!({
            "worker": worker, "workers": 3, "backlog": 5, "max_requests": 40,
            "max_requests_jitter": 20, "boot": {"exponential": "300ms"}, "timeout": "1s",
            "memory": {"machine": "512MiB", "base": "100MiB", "worker": "100MiB", "leak": "1MiB"},
            "pool": {"to": "db", "size": 2, "overflow": 1, "connect": "3ms", "timeout": "500ms"},
            "steps": [{"cpu": {"exponential": "12ms"}}, {"query": "9ms"}, {"io": "4ms"}],
        });
        if worker == "gthread" {
            web["threads"] = json!(4);
        }
        let db = json!({"Database": {"max_connections": 100, "cores": 2}});
        let parts = json!({"users": users, "web": server(&web), "db": db});
        agrees_without_lanes_and_after_a_snapshot(&parts, 12.0);
    }
}
