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
    Fault {
        file: "sim-core/src/components/app_server/arbiter.rs",
        find: "        let width = if is_one_at_a_time { 1 } else { u32::MAX };",
        replace: "        let width = if is_one_at_a_time { 4 } else { u32::MAX };",
        test: "laws::app_tier",
        why: "threads under one lock have one core",
    },
    Fault {
        file: "sim-core/src/components/app_server/terms.rs",
        find: "                Sync => 1,",
        replace: "                Sync => 2,",
        test: "laws::app_tier",
        why: "a worker that accepts early makes two lines of one",
    },
    Fault {
        file: "sim-core/src/components/app_server/work.rs",
        find: "&& self.terms.gil => Some(Rank::Computing),",
        replace: "&& self.terms.gil => Some(Rank::Idle),",
        test: "laws::app_tier",
        why: "who sleeps accepts before who computes",
    },
    Fault {
        file: "sim-core/src/components/app_server/pool.rs",
        find: "        (self.open < terms.limit).then(|| {",
        replace: "        (self.open <= terms.limit).then(|| {",
        test: "laws::app_tier",
        why: "a pool of one is no pool of two",
    },
    Fault {
        file: "sim-core/src/components/app_server/listener.rs",
        find: "        let wait = SECOND << doublings;",
        replace: "        let wait = SECOND << (doublings + 1);",
        test: "goldens::",
        why: "a dropped SYN is repeated on the kernel's schedule",
    },
    Fault {
        file: "sim-core/src/components/supervisor.rs",
        find: "        if failures > self.terms.startretries {",
        replace: "        if failures >= self.terms.startretries {",
        test: "goldens::",
        why: "three retries are four attempts",
    },
];
