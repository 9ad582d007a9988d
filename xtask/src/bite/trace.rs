//! Faults in what a trace says.

use super::Fault;

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        file: "sim-core/src/trace/critical.rs",
        find: "                .max_by_key(|&(end, child)| (end, std::cmp::Reverse(child)))",
        replace: "                .min_by_key(|&(end, child)| (end, std::cmp::Reverse(child)))",
        test: "traces::a_join",
        why: "a join waits for its slowest branch, not for its fastest",
    },
    Fault {
        file: "sim-core/src/engine/record/recorder.rs",
        find: "                    self.leave(core.now, index, true);",
        replace: "                    self.leave(core.now, index, false);",
        test: "traces::timeouts",
        why: "an attempt that nobody waited for any more did not end well",
    },
    Fault {
        file: "sim-core/src/engine/record/recorder.rs",
        find: "        Doing::Waiting => nodes[request.at as usize].waits_for(request.held),",
        replace: "        Doing::Waiting => None,",
        test: "traces::a_pool_inside",
        why: "a wait for a connection is not a wait for a thread",
    },
    Fault {
        file: "sim-core/src/trace/scout.rs",
        find: "        slow.truncate(self.answered.div_ceil(100) as usize);",
        replace: "        slow.truncate(self.answered.div_ceil(10) as usize);",
        test: "traces::at_a_full_line",
        why: "p99 is about one request in a hundred",
    },
];
