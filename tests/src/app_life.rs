//! How application servers keep and close connections, and end: seen through the proxy before them.

use sim_core::run::Run;

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
