//! Faults in components: rules, disciplines, limits.

use super::Fault;

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        file: "sim-core/src/components/users/crowd.rs",
        find: "        let pick = below(rng, u64::from(self.ceiling)) as usize;",
        replace: "        let pick = below(rng, self.idle.len() as u64) as usize;",
        test: "laws::networks",
        why: "idle users who take over the ticks of busy ones ask too often",
    },
    Fault {
        file: "sim-core/src/components/balancer/random_two.rs",
        find: "                return Some(if second_is_lighter { second } else { first });",
        replace: "                return Some(if second_is_lighter { first } else { second });",
        test: "laws::dispatch",
        why: "the worse of two choices is worse than one",
    },
    Fault {
        file: "sim-core/src/components/balancer/round_robin.rs",
        find: "        self.next = found + 1;",
        replace: "        self.next = found + 2;",
        test: "laws::dispatch",
        why: "taking turns leaves nobody out",
    },
    Fault {
        file: "sim-core/src/components/station.rs",
        find: "        if self.jobs.len() >= self.room as usize {",
        replace: "        if self.jobs.len() > self.room as usize {",
        test: "laws::markov",
        why: "one place too many changes every loss formula",
    },
    Fault {
        file: "sim-core/src/components/cache/store.rs",
        find: "now.saturating_sub(written) >= ttl",
        replace: "now.saturating_sub(written) >= 2 * ttl",
        test: "laws::caching",
        why: "a cache that keeps entries too long hits too often",
    },
    Fault {
        file: "sim-core/src/components/worker_pool.rs",
        find: "        let free = self.meter.busy.level() < self.workers;",
        replace: "        let free = self.meter.busy.level() <= self.workers;",
        test: "goldens::",
        why: "four workers are not five",
    },
    Fault {
        file: "sim-core/src/components/cache/sampled.rs",
        find: "        } else if place > 0 {",
        replace: "        } else if place > POOL {",
        test: "laws::caching",
        why: "a pool that forgets its best candidates is no better than chance",
    },
    Fault {
        file: "sim-core/src/components/cache/sampled.rs",
        find: "            Policy::Noeviction => None,",
        replace: "            Policy::Noeviction => self.pick(luck),",
        test: "stores::",
        why: "without eviction a full cache refuses writes",
    },
    Fault {
        file: "sim-core/src/components/cache/flight.rs",
        find: "        self.end(cx, flight);\n    }\n\n    /// A fetch came",
        replace: "    }\n\n    /// A fetch came",
        test: "stores::",
        why: "a fetch that never ends keeps everybody waiting",
    },
    Fault {
        file: "sim-core/src/components/cache/persistence.rs",
        find: "(self.changes >= rule.changes.max(1) && at < now)",
        replace: "(self.changes > rule.changes.max(1) && at < now)",
        test: "stores::",
        why: "a snapshot is due at so many writes, not at one more",
    },
    Fault {
        file: "sim-core/src/components/database/terms.rs",
        find: "            limit: spec.max_connections - reserved,",
        replace: "            limit: spec.max_connections,",
        test: "stores::",
        why: "the 98th ordinary client is refused, not the 101st",
    },
    Fault {
        file: "sim-core/src/components/database/log.rs",
        find: "        self.under_way.is_empty()\n",
        replace: "        true\n",
        test: "stores::",
        why: "one flush at a time",
    },
    Fault {
        file: "sim-core/src/components/database/query.rs",
        find: "            self.unlock(cx, job.row);",
        replace: "            self.rows.close(job.row);",
        test: "stores::",
        why: "the next in line has the row when it is free",
    },
    Fault {
        file: "sim-core/src/components/connection_pool/opening.rs",
        find: "        while self.terms.forget_all",
        replace: "        while !self.terms.forget_all",
        test: "stores::",
        why: "SQLAlchemy forgets all connections when one is broken, Hikari does not",
    },
];
