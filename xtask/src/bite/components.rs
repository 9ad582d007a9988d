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
        find: "self.slots[slot as usize].written >= ttl",
        replace: "self.slots[slot as usize].written >= 2 * ttl",
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
];
