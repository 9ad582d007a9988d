//! Queues of tasks as they are shipped: who gets what, what waits for whom, what a death costs.

use sim_core::engine::request::Cause;
use sim_core::engine::time::{MILLISECOND, Nanos, SECOND};
use sim_core::run::Run;

use crate::stores::{advance, completed, count, failed, node, resource, run};

/// Two consumers; a long task comes first, nine short ones after it.
fn long_and_short(queue: &str, events: &str) -> Run {
    let shop = format!(
        "
users:
  u: {{enter: q, arrivals: {{base: 1000/s, spacing: even}}, limit: 1, mix: {{long: 1}}}}
  v: {{enter: late, arrivals: {{base: 1000/s, spacing: even}}, limit: 9, mix: {{short: 1}}}}
nodes:
  late: {{component: link, latency: 1ms, to: q}}
  q: {{{queue}, fetch: 0s, await_result: true, to: worker}}
  worker:
    component: worker-pool
    replicas: 2
    workers: 1
    endpoints: {{long: [io: 10s], short: [io: 100ms]}}
events: [{events}]
"
    );
    run(&shop, 0)
}

fn done(run: &mut Run, at: Nanos) -> (u64, u64) {
    advance(run, at);
    (completed(run, "u"), completed(run, "v"))
}

#[test]
fn row_celery_prefetch_hides_tasks_behind_a_long_one_while_another_worker_idles() {
    // the worker with the long one takes up to four more, as the race goes
    let mut early = long_and_short("model: celery", "");
    let (_, quick) = done(&mut early, SECOND);
    assert!((5..9).contains(&quick), "{quick}");
    assert_eq!(done(&mut early, 9 * SECOND), (0, quick), "the others wait behind the long one");
    assert_eq!(resource(&early, "q", "tasks").queue.level(), 0);
    assert_eq!(done(&mut early, 10_500 * MILLISECOND), (1, 9));
    // late acknowledgement and a multiplier of 1: nothing is taken ahead
    let fair = "model: celery, ack: late, prefetch_multiplier: 1";
    let mut late = long_and_short(fair, "");
    assert_eq!(done(&mut late, SECOND), (0, 9));
    let mut list = long_and_short("model: redis-list", "");
    assert_eq!(done(&mut list, SECOND), (0, 9));
}

#[test]
fn row_early_acknowledgement_loses_what_runs_and_redis_hands_out_the_rest_again() {
    let kill = "{at: 5s, kill: 'worker[0]'}, {at: 5s, kill: 'worker[1]', for: 1s}";
    let mut early = long_and_short("model: celery, visibility_timeout: 1m", kill);
    let (_, quick) = done(&mut early, 50 * SECOND);
    assert_eq!(count(&early, "q", "lost"), 1);
    // what the worker held is visible again a minute after it was handed out
    assert_eq!(done(&mut early, 61 * SECOND), (0, 9));
    assert_eq!((count(&early, "q", "redelivered"), count(&early, "q", "lost")), (9 - quick, 1));
}

#[test]
fn late_acknowledgement_loses_nothing_and_a_popped_task_is_gone() {
    let kill = "{at: 5s, kill: 'worker[0]'}, {at: 5s, kill: 'worker[1]', for: 1s}";
    let late = "model: celery, ack: late, prefetch_multiplier: 1, visibility_timeout: 1m";
    let mut late = long_and_short(late, kill);
    assert_eq!(done(&mut late, 59 * SECOND), (0, 9));
    assert_eq!(done(&mut late, 71 * SECOND), (1, 9));
    assert_eq!((count(&late, "q", "redelivered"), count(&late, "q", "lost")), (1, 0));
    let mut list = long_and_short("model: redis-list", kill);
    assert_eq!(done(&mut list, 600 * SECOND), (0, 9));
    assert_eq!((count(&list, "q", "redelivered"), count(&list, "q", "lost")), (0, 1));
}

#[test]
fn a_late_task_that_outlives_the_visibility_timeout_is_done_twice() {
    let late = "model: celery, ack: late, prefetch_multiplier: 1, visibility_timeout: 4s";
    let mut run = long_and_short(late, "");
    assert_eq!(done(&mut run, 11 * SECOND), (1, 9));
    // begun again at 4 s by the other worker; handed out a third time at 8 s, when nobody is free
    advance(&mut run, 60 * SECOND);
    assert!(count(&run, "q", "repeated") >= 1);
    assert_eq!((count(&run, "q", "completed"), completed(&run, "u")), (10, 1));
}

#[test]
fn a_burst_on_a_redis_list_is_shared_evenly_and_served_in_order() {
    let shop = "
users: {u: {enter: q, arrivals: {base: 100000/s, spacing: even}, limit: 300}}
nodes:
  q: {model: redis-list, fetch: 1ms, await_result: true, to: worker}
  worker: {component: worker-pool, replicas: 3, workers: 1, steps: [io: 100ms]}
";
    let mut run = run(shop, SECOND);
    // each takes 1 ms to fetch and 100 ms to do: nine have ended within 909 ms at each
    assert_eq!(completed(&run, "u"), 27);
    advance(&mut run, 11 * SECOND);
    assert_eq!(completed(&run, "u"), 300);
    let worst = run.surveys()[node(&run, "u")].tallies[0].latency.max().expect("they ended");
    // the last of a hundred, and the arrivals took 3 ms
    assert!(worst.abs_diff(10_100 * MILLISECOND) < 4 * MILLISECOND, "{worst}");
    for worker in 0..3 {
        let node = run.plan().blueprint.site().places["worker"].members[worker] as usize;
        assert_eq!(run.surveys()[node].resources[0].station.seized(), 100);
    }
}

#[test]
fn who_does_not_wait_for_the_result_has_an_answer_at_once() {
    let shop = "
users: {u: {enter: q, arrivals: {base: 100/s, spacing: even}, limit: 20, timeout: 1ms}}
nodes:
  q: {model: celery, to: worker}
  worker: {component: worker-pool, workers: 1, steps: [io: 1s]}
";
    let mut run = run(shop, 300 * MILLISECOND);
    assert_eq!((completed(&run, "u"), count(&run, "q", "published")), (20, 20));
    // one is worked on, four are held ahead
    assert_eq!(resource(&run, "q", "tasks").queue.level(), 15);
    advance(&mut run, 30 * SECOND);
    assert_eq!((count(&run, "q", "completed"), failed(&run, "u", Cause::Timeout)), (20, 0));
}

#[test]
fn a_caller_who_leaves_does_not_take_its_task_along() {
    let shop = "
users: {u: {enter: q, arrivals: {base: 100/s, spacing: even}, limit: 3, timeout: 500ms}}
nodes:
  q: {model: celery, await_result: true, to: worker}
  worker: {component: worker-pool, workers: 1, steps: [io: 1s]}
";
    let run = run(shop, 10 * SECOND);
    assert_eq!(failed(&run, "u", Cause::Timeout), 3);
    assert_eq!((count(&run, "q", "completed"), count(&run, "q", "lost")), (3, 0));
}

#[test]
fn a_broker_that_dies_forgets_its_tasks() {
    let shop = "
users: {u: {enter: q, arrivals: {base: 100/s, spacing: even}, limit: 20}}
nodes:
  q: {model: celery, to: worker}
  worker: {component: worker-pool, workers: 1, steps: [io: 1s]}
events: [{at: 500ms, kill: q, for: 1s}]
";
    let run = run(shop, 30 * SECOND);
    assert_eq!((count(&run, "q", "completed"), count(&run, "q", "lost")), (0, 20));
}

#[test]
fn a_worker_that_comes_back_takes_tasks_again() {
    let shop = "
users: {u: {enter: q, arrivals: {base: 100/s, spacing: even}, limit: 10}}
nodes:
  q: {model: celery, visibility_timeout: 1m, fetch: 0s, to: worker}
  worker: {component: worker-pool, workers: 1, steps: [io: 1s]}
events: [{at: 2500ms, kill: worker, for: 1s}]
";
    // two have ended; one in work is lost, four held ahead are out of sight, three are left
    let mut run = run(shop, 7 * SECOND);
    assert_eq!((count(&run, "q", "completed"), count(&run, "q", "lost")), (5, 1));
    advance(&mut run, 70 * SECOND);
    assert_eq!((count(&run, "q", "completed"), count(&run, "q", "redelivered")), (9, 4));
}
