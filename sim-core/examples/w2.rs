//! The workload W2 for a profiler: `w2 [RULE [BACKENDS [REQUESTS]]]` prints the run's digest.
//!
//! Instructions per request are the difference of two runs, so that the start does not count:
//!
//! ```text
//! cargo build --release --example w2
//! for n in 10000 40000; do
//!   valgrind --tool=callgrind --callgrind-out-file=w2.$n target/release/examples/w2 \
//!     round_robin 8 $n
//! done          # (Collected of the second - of the first) / 30000
//! ```

use std::sync::Arc;

use sim_core::run::Run;
use sim_core::scenario::{NoFiles, read};

fn main() {
    let mut words = std::env::args().skip(1);
    let rule = words.next().unwrap_or_else(|| "round_robin".to_owned());
    let mut number = |otherwise| words.next().map_or(Ok(otherwise), |word| word.parse::<u64>());
    let (Ok(backends), Ok(requests)) = (number(8), number(1_000_000)) else {
        eprintln!("w2 [RULE [BACKENDS [REQUESTS]]]");
        std::process::exit(2);
    };
    let text = include_str!("../../scenarios/bench-w2.yaml")
        .replace("round_robin", &rule)
        .replace("replicas: 8", &format!("replicas: {backends}"))
        .replace("400/s", &format!("{}/s", 50 * backends))
        .replace("servers: 20", &format!("servers: {}", 5 * backends / 2));
    let reading = read("w2", &text, &[], &NoFiles);
    let mut plan = reading.plan.unwrap_or_else(|| panic!("{:?}", reading.problems));
    plan.duration = requests * 1_000_000_000 / (50 * backends);
    plan.frame = plan.duration;
    let mut run = Run::new(Arc::new(plan), 1).expect("the parts can be built");
    run.finish();
    let done: u64 = run.surveys().iter().flat_map(|s| &s.tallies).map(|t| t.completed).sum();
    println!("{done} requests, {} events, digest {:016x}", run.events(), run.digest());
}
