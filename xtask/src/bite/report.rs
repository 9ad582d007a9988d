//! Faults in what a report says: money, recovery, and who wins where two say different things.

use super::Fault;

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        file: "sim-core/src/report/story.rs",
        find: "        let gone = before.last().filter(|last| last.to != began);",
        replace: "        let gone = before.first().filter(|last| last.to != began);",
        test: "goldens::",
        why: "a rule that scaled in four times would be told to have done so once",
    },
    Fault {
        file: "sim-core/src/report/bottleneck.rs",
        find: "        .max_by(|(one, _), (other, _)| one.most.total_cmp(&other.most));",
        replace: "        .max_by(|(one, _), (other, _)| one.average.total_cmp(&other.average));",
        test: "sim-core report::tests::blame",
        why: "a part that is nearly full at the peak hides behind one that is half full all day",
    },
    Fault {
        file: "sim-core/src/scenario/parts.rs",
        find: "    tree::overlay(&tree::overlay(&base, &machine), &own)",
        replace: "    tree::overlay(&tree::overlay(&base, &own), &machine)",
        test: "shipped",
        why: "a machine must not overrule what the node says itself",
    },
    Fault {
        file: "sim-core/src/report/cost.rs",
        find: "        let mut instance_s = f64::from(before + now) / 2.0 * length_s;",
        replace: "        let mut instance_s = f64::from(now.max(1)) * length_s;",
        test: "goldens",
        why: "an instance that is down would be paid for",
    },
    Fault {
        file: "sim-core/src/report/recovery.rs",
        find: "broken_until.filter(|_| !never)",
        replace: "broken_until.filter(|_| never)",
        test: "goldens",
        why: "who recovers and who never does is what one looks for",
    },
    Fault {
        file: "sim-core/src/report/recovery.rs",
        find: "breach.start_s > until + soon || is_anothers",
        replace: "breach.start_s > until + soon",
        test: "outages",
        why: "an outage would be blamed for the next one",
    },
    Fault {
        file: "sim-core/src/run.rs",
        find: "        happenings(&self.plan, self.seed, &self.state.world.core.seats)",
        replace: "        self.plan.events.clone()",
        test: "outages",
        why: "an outage that came at random would be told of without what became of it",
    },
    Fault {
        file: "sim-core/src/scenario/plan.rs",
        find: "            Change::Start(_) => (Good::Life, Turn::Gives),",
        replace: "            Change::Start(_) => (Good::Time, Turn::Gives),",
        test: "outages",
        why: "a disturbance would never be over",
    },
    Fault {
        file: "sim-core/src/components/uplink.rs",
        find: "        let demand = bytes as f64 * 8.0 / self.unit_bps",
        replace: "        let demand = bytes as f64 / self.unit_bps",
        test: "goldens",
        why: "a byte has eight bits",
    },
];
