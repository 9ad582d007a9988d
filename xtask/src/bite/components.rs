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
        file: "sim-core/src/components/reverse_proxy/peers.rs",
        find: "            && now_s - self.checked <= peer.fail_timeout_s",
        replace: "            && now_s - self.checked < peer.fail_timeout_s",
        test: "goldens::",
        why: "a dead peer is tested every 11 s, not every 10",
    },
    Fault {
        file: "sim-core/src/components/reverse_proxy/flow.rs",
        find: "                self.drop_upstream(cx, index, false);",
        replace: "                self.drop_upstream(cx, index, true);",
        test: "goldens::",
        why: "a client that leaves says nothing of the peer, so a silent one is never left out",
    },
    Fault {
        file: "sim-core/src/components/reverse_proxy/choose.rs",
        find: "            && !state.is_full(peer)",
        replace: "            && peer.weight > 0",
        test: "goldens::",
        why: "max_conns keeps a server from drowning",
    },
    Fault {
        file: "sim-core/src/components/reverse_proxy/health.rs",
        find: "        if peer.is_healthy && check.streak >= health.fall {",
        replace: "        if peer.is_healthy && check.streak > health.fall {",
        test: "goldens::",
        why: "the third failed check takes a peer out",
    },
    Fault {
        file: "sim-core/src/components/session_memory.rs",
        find: "        self.sessions.clear();",
        replace: "        let _ = &self.sessions;",
        test: "goldens::",
        why: "sessions in memory die with their instance",
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
