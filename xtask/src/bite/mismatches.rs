//! Faults in what is said of parts that do not fit together.

use super::Fault;

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        file: "sim-core/src/scenario/lints/clocks.rs",
        find: "let is_apart = awaits.after < kills || awaits.after > kills + TOGETHER;",
        replace: "let is_apart = awaits.after > kills + TOGETHER;",
        test: "wrong",
        why: "a proxy that gives up first leaves workers at work for nobody",
    },
    Fault {
        file: "sim-core/src/scenario/lints/clocks.rs",
        find: "(stops.after < grace && cluster.can_last(server, stops.after))",
        replace: "(stops.after > grace && cluster.can_last(server, stops.after))",
        test: "wrong",
        why: "the supervisor's time should be the longer one",
    },
    Fault {
        file: "sim-core/src/scenario/lints/watchers.rs",
        find: "let held = demand.held_s + asked;",
        replace: "let held = demand.cpu_s;",
        test: "wrong",
        why: "workers that wait use no CPU, and a rule for CPU never acts",
    },
    Fault {
        file: "sim-core/src/scenario/lints/watchers.rs",
        find: "own.is_some_and(|demand| demand.queries)",
        replace: "own.is_some_and(|demand| demand.is_open)",
        test: "wrong",
        why: "a slow database takes out whoever is checked by it",
    },
    Fault {
        file: "sim-core/src/scenario/lints/retries.rs",
        find: "way.attempts = way.attempts.saturating_mul(tries);",
        replace: "way.attempts = way.attempts.max(tries);",
        test: "wrong",
        why: "attempts of several layers multiply",
    },
    Fault {
        file: "sim-core/src/steps/demand.rs",
        find: "cached.cache.iter().filter(|_| cached.keys.is_none());",
        replace: "cached.cache.iter().filter(|_| cached.keys.is_some());",
        test: "wrong",
        why: "a cache that nothing is ever found in looks like a slow database",
    },
    Fault {
        file: "sim-core/src/scenario/lints.rs",
        find: "waits.any(|leaves| leaves.is_none_or(|leaves| leaves > nanos))",
        replace: "waits.any(|leaves| leaves.is_none_or(|leaves| leaves < nanos))",
        test: "wrong",
        why: "nobody is warned of times that nobody waits for",
    },
];
