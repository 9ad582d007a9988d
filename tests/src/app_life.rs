//! How application servers keep and close connections, and end: seen through the proxy before them.

use sim_core::engine::request::Cause;
use sim_core::engine::time::{Nanos, SECOND};
use sim_core::run::{Advanced, Run};

use crate::support::{plan, play};

/// A figure of a node's own.
fn count(run: &Run, node: usize, what: &str) -> u64 {
    let surveys = run.surveys();
    surveys[node].counts.iter().find(|(name, _)| *name == what).expect("it counts that").1
}

/// Mean latency of a group of users, in ms.
fn latency_ms(run: &Run, group: usize) -> f64 {
    run.surveys()[group].tallies[0].latency.mean().expect("somebody was answered") / 1e6
}

/// One client who rests so long after each of fifty answers, a proxy 5 ms from its server,
/// 10 ms for opening a connection, 100 ms of work. Parts: users, proxy, wire, server.
fn pauses(think: &str, web: &str) -> Run {
    let text = format!(
        "busyhour: 1\nduration: 2h\n\
         users:\n  all: {{enter: lb, closed: 1, think: {think}, limit: 50}}\n\
         nodes:\n\
         \x20 lb: {{model: nginx, to: wire, connect: 10ms}}\n\
         \x20 wire: {{component: link, to: web, latency: 5ms}}\n\
         \x20 web: {{{web}, cores: 2, steps: [io: 100ms]}}\n"
    );
    play(&plan(&text, &[]), 1)
}

/// gthread closes 2 s after its answer, which is 1.995 s after the answer has come; its own news of
/// that takes 5 ms, and so does a request.
#[test]
fn a_pause_decides_what_a_request_finds() {
    let seen = |think: &str, web: &str| {
        let run = pauses(think, web);
        let resets = count(&run, 3, "resets");
        (latency_ms(&run, 0), count(&run, 1, "connects"), resets)
    };
    let gthread = "model: gunicorn-gthread, threads: 2";
    assert_eq!(seen("1.989s", gthread), (110.2, 1, 0), "always on the same connection");
    assert_eq!(seen("1.995s", gthread), (129.8, 50, 49), "reset, then on a new one");
    assert_eq!(seen("2.001s", gthread), (120.0, 50, 0), "on a new one");
    assert_eq!(seen("1s", "model: gunicorn-sync"), (120.0, 50, 0));
    assert_eq!(seen("4.989s", "model: uvicorn"), (110.2, 1, 0));
    assert_eq!(seen("4.995s", "model: uvicorn"), (129.8, 50, 49));
    let longer = "model: uvicorn, keepalive: 75s";
    assert_eq!(seen("59s", longer), (110.2, 1, 0));
    assert_eq!(seen("61s", longer), (120.0, 50, 0), "the proxy closes first: nobody is reset");
}

/// How many requests of a group were answered, and how many failed by a cause.
fn fates(run: &Run, group: usize, cause: Cause) -> (u64, u64) {
    let surveys = run.surveys();
    let tally = &surveys[group].tallies[0];
    (tally.completed, tally.failed[cause as usize])
}

/// Ten requests a second at two workers that take 2 s to boot and 80 ms for a request; something
/// happens at 5.05 s.
fn office(web: &str, event: &str) -> Run {
    let text = format!(
        "busyhour: 1\nduration: 20s\n\
         users:\n  all: {{enter: web, arrivals: {{base: 10/s, spacing: even}}}}\n\
         nodes:\n\
         \x20 web: {{component: app-server, cores: 2, workers: 2, boot: 2s, {web}, \
                     steps: [io: 80ms]}}\n\
         events: [{{at: 5.05s, {event}}}]\n"
    );
    play(&plan(&text, &[]), 1)
}

fn longest_ms(run: &Run) -> u64 {
    run.surveys()[0].tallies[0].latency.max().expect("somebody was answered") / 1_000_000
}

/// The master forks and tells the old ones to go: until 7.05 s nobody accepts. The request of
/// 5.1 s waits for 1.95 s.
#[test]
fn a_reload_loses_nobody_and_everybody_waits_for_the_boot() {
    for worker in ["sync", "gthread", "gevent", "uvicorn"] {
        let run = office(&format!("worker: {worker}"), "reload: web");
        assert_eq!(fates(&run, 0, Cause::Reset), (199, 0), "{worker}");
        let most = if worker == "sync" { 2_030 } else { longest_ms(&run) };
        assert_eq!((longest_ms(&run), most >= 2_030), (most, true), "{worker}");
    }
    let run = office("worker: sync, preload: true", "reload: web");
    assert_eq!((fates(&run, 0, Cause::Reset), longest_ms(&run)), ((199, 0), 80));
}

/// One long request, from 1 s on; something happens at 5 s, and another request comes at 50 s.
fn long(worker: &str, io: &str, event: &str) -> Run {
    let text = format!(
        "busyhour: 1\nduration: 60s\n\
         users:\n\
         \x20 first: {{enter: web, closed: 1, think: 1s, limit: 1, mix: {{slow: 1}}}}\n\
         \x20 then: {{enter: web, closed: 1, think: 50s, limit: 1, mix: {{quick: 1}}}}\n\
         nodes:\n\
         \x20 web: {{component: app-server, cores: 2, timeout: 0s, worker: {worker}, \
                     endpoints: {{slow: [io: {io}], quick: [io: 1ms]}}}}\n\
         events: [{{at: 5s, {event}}}]\n"
    );
    Run::new(plan(&text, &[]), 1).expect("a checked plan can be built")
}

fn until(run: &mut Run, at: Nanos) {
    assert_eq!(run.advance(at, u64::MAX), Advanced::Reached);
}

#[test]
fn what_is_not_finished_30_s_after_a_reload_is_lost() {
    for worker in ["sync", "gthread", "gevent", "uvicorn"] {
        let mut run = long(worker, "33s", "reload: web");
        run.finish();
        assert_eq!(fates(&run, 0, Cause::Reset), (1, 0), "{worker}: it ends at 34 s");
        let mut run = long(worker, "35s", "reload: web");
        until(&mut run, 35 * SECOND);
        assert_eq!(fates(&run, 0, Cause::Reset), (0, 0), "{worker}: the grace ends at 35 s");
        until(&mut run, 35 * SECOND + 1);
        assert_eq!(fates(&run, 0, Cause::Reset), (0, 1), "{worker}");
        run.finish();
        assert_eq!(fates(&run, 1, Cause::Refused), (1, 0), "{worker}");
    }
}

/// While old workers finish there are twice as many, in memory too.
/// A client who closes 50 ms after the answer has the worker for that long: 100 ms of work and
/// 50 ms of waiting let one worker serve every other of two that come within 200 ms.
#[test]
fn a_sync_worker_waits_for_its_client_to_close() {
    let limited = |most: u32, lingers: &str, event: &str| {
        let text = format!(
            "busyhour: 1\nduration: 10s\n\
             users:\n  all: {{enter: web, arrivals: {{base: 8/s, spacing: even}}, limit: {most}}}\n\
             nodes:\n  web: {{model: gunicorn-sync, cores: 1, {lingers} steps: [io: 100ms]}}\n\
             events: [{event}]\n"
        );
        play(&plan(&text, &[]), 1)
    };
    let run = |lingers: &str, event: &str| limited(20, lingers, event);
    assert_eq!(latency_ms(&run("", ""), 0), 100.0, "one every 125 ms, nobody waits");
    // each waits 25 ms longer than the one before: 0, 25, ... 475 ms
    assert_eq!(latency_ms(&run("lingers: 50ms,", ""), 0), 100.0 + 475.0 / 2.0);
    // killed or told to stop while it waits for the first one's close, it is free again, and
    // nobody is reset: the answer is out
    for event in ["restart: web", "kill: web, for: 1ms"] {
        let ended = run("lingers: 50ms,", &format!("{{at: 240ms, {event}}}"));
        assert_eq!(ended.surveys()[1].resources[0].station.busy.level(), 0, "{event}");
        assert_eq!(fates(&ended, 0, Cause::Reset).1, 0, "{event}");
    }
    // a client who never closes costs the worker its life, and the next one its place at once
    let killed = limited(2, "lingers: 1h, timeout: 1s,", "");
    assert_eq!(
        (count(&killed, 1, "worker_timeouts"), fates(&killed, 0, Cause::Error)),
        (2, (2, 0))
    );
    assert_eq!(killed.surveys()[1].resources[0].station.busy.level(), 0);
}

/// Until its master listens, an instance refuses; in its boot it lets wait.
#[test]
fn a_server_refuses_until_it_listens() {
    let refused = |form: &str| fates(&office(form, "restart: web"), 0, Cause::Refused).1;
    assert_eq!(refused("preload: false"), 0, "what comes in the boot waits");
    assert_eq!(refused("launch: 1s"), 10);
    assert_eq!(refused("launch: 1s, preload: true"), 30, "and loads before it listens");
}

/// Half of the attempts fail, each by itself, so that a second one helps half of those.
#[test]
fn attempts_fail_by_themselves() {
    let text = "busyhour: 1\nduration: 2000s\n\
        users:\n  all: {enter: web, arrivals: 10/s, retry: {attempts: 2, backoff: 10ms}}\n\
        nodes:\n  web: {component: worker-pool, workers: 100, steps: [io: 1ms, fail: 50%]}\n";
    let run = play(&plan(text, &[]), 1);
    let (done, failed) = fates(&run, 0, Cause::Error);
    let share = failed as f64 / (done + failed) as f64;
    // 20,000 requests: five standard deviations are 1.5 %
    assert!((share - 0.25).abs() < 0.0153, "{share}");
    let app = text.replace("worker-pool, workers: 100", "app-server, workers: 100, cores: 1");
    let share =
        fates(&play(&plan(&app, &[]), 1), 0, Cause::Error).1 as f64 / (done + failed) as f64;
    assert!((share - 0.25).abs() < 0.0153, "{share}");
}

#[test]
fn a_reload_has_two_sets_of_workers_for_a_while() {
    let mut run = long("sync", "20s", "reload: web");
    let capacity = |run: &Run| run.surveys()[2].resources[0].station.capacity.level();
    until(&mut run, 10 * SECOND);
    assert_eq!(capacity(&run), 2);
    until(&mut run, 22 * SECOND);
    assert_eq!(capacity(&run), 1);
}

/// TERM against QUIT: who is told to stop finishes, and is back when it has.
#[test]
fn a_graceful_restart_finishes_what_it_holds_and_a_quick_one_loses_it() {
    let ended = |io: &str, event: &str| {
        let mut run = long("sync", io, event);
        until(&mut run, 20 * SECOND);
        let refused = run.surveys()[2].resources[0].station.capacity.level() == 0;
        run.finish();
        let seen = (fates(&run, 0, Cause::Reset), fates(&run, 1, Cause::Refused));
        (seen.0, seen.1, refused)
    };
    assert_eq!(ended("10s", "restart: web"), ((0, 1), (1, 0), false));
    assert_eq!(ended("10s", "restart: web, graceful: true"), ((1, 0), (1, 0), false));
    assert_eq!(ended("10s", "restart: web, graceful: true, for: 20s"), ((1, 0), (1, 0), true));
    assert_eq!(ended("10s", "restart: web, graceful: true, for: 50s"), ((1, 0), (0, 1), true));
    // 30 s of grace are over at 35 s
    assert_eq!(ended("40s", "restart: web, graceful: true"), ((0, 1), (1, 0), false));
}

/// A peer that failed is left out for more than 10 s; fresh worker processes know nothing of that.
#[test]
fn a_reloaded_proxy_trusts_every_peer_and_opens_its_connections_anew() {
    let seen = |events: &str| {
        let text = format!(
            "busyhour: 1\nduration: 10s\n\
             users:\n  all: {{enter: lb, arrivals: {{base: 10/s, spacing: even}}}}\n\
             nodes:\n\
             \x20 lb: {{model: nginx, to: web}}\n\
             \x20 web: {{model: gunicorn-gthread, keepalive: 75s, replicas: 2, cores: 1, \
                     steps: [io: 1ms]}}\n\
             events: [{events}]\n"
        );
        let run = play(&plan(&text, &[]), 1);
        (run.surveys()[2].resources[0].station.seized(), count(&run, 1, "connects"))
    };
    // a turn each until 5 s; the dead one refuses, and its requests go on
    let kill = "{at: 5.05s, restart: 'web[0]', for: 1s}";
    assert_eq!(seen(kill), (25, 2));
    assert_eq!(seen(&format!("{kill}, {{at: 8.05s, reload: lb}}")), (35, 4));
}

/// supervisord leaves a program down that ended as expected.
#[test]
fn a_supervisor_looks_at_the_exit_code() {
    let starts = |code: u8| {
        let text = format!(
            "busyhour: 1\nduration: 17500ms\n\
             users:\n  all: {{enter: web, arrivals: 1/s}}\n\
             nodes:\n\
             \x20 web: {{model: gunicorn-sync, cores: 1, crash: {{after: 5s, code: {code}}}, \
                         steps: [io: 1ms]}}\n\
             supervise:\n  web: {{model: supervisord}}\n"
        );
        count(&play(&plan(&text, &[]), 1), 2, "starts")
    };
    // up for 5 s and away for one
    assert_eq!((starts(1), starts(0)), (3, 1));
}
