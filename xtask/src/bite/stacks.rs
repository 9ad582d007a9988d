//! Faults in what stands between an application and its stores: poolers, queueing proxies, queues.

use super::Fault;

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        file: "sim-core/src/components/connection_pooler/servers.rs",
        find: "        self.is_opening = true;",
        replace: "        self.is_opening = false;",
        test: "sim-core connection_pooler",
        why: "pgbouncer opens one server connection at a time",
    },
    Fault {
        file: "sim-core/src/components/connection_pooler/queries.rs",
        find: "let ticks = (now + wait - self.started) / TICK + 1;",
        replace: "let ticks = (now + wait - self.started) / TICK;",
        test: "sim-core connection_pooler",
        why: "query_wait_timeout is over at the first look after it",
    },
    Fault {
        file: "sim-core/src/components/connection_pooler.rs",
        find: "        let keeps = self.terms.mode == PoolMode::Session && !has_left;",
        replace: "        let keeps = !has_left;",
        test: "sim-core connection_pooler",
        why: "in transaction mode an idle client holds no server connection",
    },
    Fault {
        file: "sim-core/src/components/connection_pooler/terms.rs",
        find: "        open < if is_reserve_due { self.pool.limit } else { self.pool.size }",
        replace: "        open < if is_reserve_due { self.pool.size } else { self.pool.limit }",
        test: "sim-core connection_pooler",
        why: "the reserve is for those who have waited",
    },
    Fault {
        file: "sim-core/src/components/connection_pooler/queries.rs",
        find: "self.stock.take_last() {",
        replace: "self.stock.take().map(|(server, _)| server) {",
        test: "sim-core connection_pooler",
        why: "the server connection that came back last is used first, so that others grow old",
    },
    Fault {
        file: "sim-core/src/components/connection_pooler.rs",
        find: "                self.lose(cx, job.client, server);",
        replace: "                self.free(cx, server);",
        test: "sim-core connection_pooler",
        why: "a server connection in the middle of a query is no good to anybody else",
    },
];
