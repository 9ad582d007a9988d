//! Faults in replays, and in what real stacks taught.

use super::Fault;

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        file: "sim-core/src/components/users/replay.rs",
        find: "(after as f64 / self.speed) as Nanos",
        replace: "(after as f64 * self.speed) as Nanos",
        test: "replay::each_request",
        why: "half as fast would be twice as fast",
    },
    Fault {
        file: "sim-core/src/components/users/replay.rs",
        find: "ask.demand = self.demand.unwrap_or(ask.demand);",
        replace: "ask.demand = ask.demand.max(self.demand.unwrap_or(0) / 2);",
        test: "replay::each_request",
        why: "requests would take another time than the recorded one",
    },
    Fault {
        file: "sim-core/src/run.rs",
        find: "            node.reattach(&run.plan.blueprint.recordings);",
        replace: "            let _ = node;",
        test: "replay::a_recording_goes_on",
        why: "a run that was written out would lose its requests",
    },
    Fault {
        file: "sim-core/src/recorded.rs",
        find: "} else if parsed.at < self.last {",
        replace: "} else if parsed.at > self.last + SECOND {",
        test: "sim-core recorded::tests",
        why: "requests out of order would come late",
    },
    Fault {
        file: "sim-core/src/components/app_server/lingering.rs",
        find: "        let span = self.crew.draw(law);",
        replace: "        let span = self.crew.draw(law) / 2;",
        test: "app_life::a_sync_worker_waits",
        why: "a worker would be free before its client has closed",
    },
    Fault {
        file: "sim-core/src/components/app_server/lingering.rs",
        find: "            self.meters.slots.release(cx.now());",
        replace: "            let _ = self.meters.slots.busy.level();",
        test: "app_life::a_sync_worker_waits",
        why: "a killed worker's place would stay taken",
    },
    Fault {
        file: "sim-core/src/components/app_server/arbiter.rs",
        find: "            cx.after(launch + boot, LOADED);",
        replace: "            cx.after(boot.max(1), LOADED);",
        test: "app_life::a_server_refuses",
        why: "a restarted server would listen before it is there",
    },
    Fault {
        file: "sim-core/src/components/connection_pool/waking.rs",
        find: "Waiter { req, since, word: u64::from(index) }",
        replace: "Waiter { req, since: now, word: u64::from(index) }",
        test: "sim-core connection_pool::tests::who_asks",
        why: "the wait of who is overtaken would begin anew",
    },
    Fault {
        file: "sim-core/src/components/cache.rs",
        find: "        for key in (1..=self.filled).rev() {",
        replace: "        for key in (2..=self.filled).rev() {",
        test: "stores::a_filled_cache",
        why: "the most popular key would miss",
    },
    Fault {
        file: "sim-core/src/components/worker_pool.rs",
        find: "                if flip(&mut cx.draw(req, mix(*salt, cx.now())), *p) {",
        replace: "                if flip(&mut cx.draw(req, *salt), *p) {",
        test: "app_life::attempts_fail",
        why: "what failed once would fail in every attempt",
    },
    Fault {
        file: "sim-core/src/rules/address.rs",
        find: "        return (client as u32).to_be_bytes();",
        replace: "        return (client as u32).to_le_bytes();",
        test: "reality::the_table",
        why: "clients would be sent to other peers than nginx sends them to",
    },
    Fault {
        file: "sim-core/src/experiment/reality/load.rs",
        find: "        libm::round(ms * 1e3) / 1e3",
        replace: "        libm::round(ms * 1e2) / 1e2",
        test: "reality::requests_are",
        why: "the requests would not be the very ones",
    },
    Fault {
        file: "sim-core/src/experiment/reality/judge.rs",
        find: "each_second[((end.ended - from) / SECOND) as usize] += 1.0;",
        replace: "each_second[((end.ended - from) / SECOND) as usize] += 2.0;",
        test: "reality::the_table",
        why: "every answer would count twice as throughput",
    },
];
