//! Faults in the engine: luck, order, memory, accounting.

use super::Fault;

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        file: "sim-core/src/engine/meter/gauge.rs",
        find: "u128::from(u64::from(level) * u64::from(span))",
        replace: "u128::from(u64::from(level) * u64::from(span.saturating_sub(1)))",
        test: "laws::markov",
        why: "a gauge that loses a nanosecond per change breaks Little's law",
    },
    Fault {
        file: "sim-core/src/engine/meter/station.rs",
        find: "        self.wait_sum += u128::from(waited_ns);",
        replace: "        self.wait_sum += u128::from(waited_ns / 2);",
        test: "laws::markov",
        why: "waits that are half counted do not meet Erlang's formula",
    },
    Fault {
        file: "sim-core/src/engine/kernel/cx.rs",
        find: "            self.core.requests.get_mut(child).detached = true;",
        replace: "            self.core.requests.get_mut(child).detached = false;",
        test: "properties::",
        why: "an answer that comes after its caller left is counted twice",
    },
    Fault {
        file: "sim-core/src/engine/queue.rs",
        find: "            Order::Fifo => self.first,",
        replace: "            Order::Fifo => self.last,",
        test: "laws::markov",
        why: "last in, first out has the same mean and another distribution",
    },
    Fault {
        file: "sim-core/src/engine/agenda.rs",
        find: "        let at = now + self.lanes[index].delay;",
        replace: "        let at = now + self.lanes[index].delay + u64::from(self.threaded);",
        test: "properties::lanes_and_heap_give_the_same_run",
        why: "lanes are a way to store timers, never another time",
    },
];
