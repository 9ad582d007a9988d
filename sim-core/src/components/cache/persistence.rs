//! What survives a restart: snapshots that are due by rules, or a log.

use serde::{Deserialize, Serialize};

use super::spec::{CacheSpec, Persistence, SaveRule};
use crate::engine::time::{Nanos, SECOND};
use crate::units::{Bytes, Duration};
use crate::wiring::Flaw;

/// `save 3600 1 300 100 60 10000` of redis.conf.
const SAVE: [SaveRule; 3] = [
    SaveRule { after: Duration(3600 * SECOND), changes: 1 },
    SaveRule { after: Duration(300 * SECOND), changes: 100 },
    SaveRule { after: Duration(60 * SECOND), changes: 10_000 },
];

/// How keys survive, and what has been saved so far.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Saver {
    kind: Persistence,
    rules: Vec<SaveRule>,
    load_per_second: Option<u64>,
    /// When the last snapshot was taken.
    saved: Nanos,
    /// Writes since then, and when the last of them came.
    changes: u32,
    changed: Nanos,
    fork_per_gib: Option<Nanos>,
    /// A snapshot was due since [`Saver::fork`] last asked.
    is_due: bool,
    /// Until when keys are read back.
    pub(super) loading_until: Nanos,
}

impl Saver {
    pub(super) fn new(spec: &CacheSpec) -> Result<Self, Flaw> {
        if spec.persistence != Persistence::None && !spec.policy.is_sampled() {
            let message = "persistence goes with the policies of Redis";
            let remedy = "write policy: noeviction or allkeys-lru, or persistence: none";
            return Err(Flaw::new("persistence", message, remedy));
        }
        if !spec.save.is_empty() && spec.persistence != Persistence::Rdb {
            let message = "save rules mean nothing without snapshots";
            return Err(Flaw::new("save", message, "write persistence: rdb beside them"));
        }
        if spec.load_per_second == Some(Bytes(0)) {
            let message = "0B a second never ends";
            return Err(Flaw::new("load_per_second", message, "write 300MB, or drop it"));
        }
        Ok(Saver {
            kind: spec.persistence,
            rules: if spec.save.is_empty() { SAVE.to_vec() } else { spec.save.clone() },
            load_per_second: spec.load_per_second.map(Bytes::bytes),
            saved: 0,
            changes: 0,
            changed: 0,
            fork_per_gib: spec.fork_per_gib.map(Duration::nanos),
            is_due: false,
            loading_until: 0,
        })
    }

    /// Whether anything survives.
    pub(super) fn is_on(&self) -> bool {
        self.kind != Persistence::None
    }

    /// Takes the rules of another form over.
    pub(super) fn retune(&mut self, fresh: Saver) {
        let Saver { kind, rules, load_per_second, fork_per_gib, .. } = fresh;
        self.fork_per_gib = fork_per_gib;
        (self.kind, self.rules, self.load_per_second) = (kind, rules, load_per_second);
    }

    /// A key has been written.
    pub(super) fn wrote(&mut self, now: Nanos) {
        if self.kind == Persistence::Rdb {
            self.catch_up(now);
            self.changes = self.changes.saturating_add(1);
            self.changed = now;
        }
    }

    /// Nothing has changed since the last write, so a snapshot that was due meanwhile is known
    /// now. It shows the keys of the moment at which it began.
    fn catch_up(&mut self, now: Nanos) {
        let due = |rule: &SaveRule| {
            let at = self.changed.max(self.saved + rule.after.nanos());
            (self.changes >= rule.changes.max(1) && at < now).then_some(at)
        };
        if let Some(at) = self.rules.iter().filter_map(due).min() {
            (self.saved, self.changes) = (at, 0);
            self.is_due = true;
        }
    }

    /// Whether snapshots make it stand still.
    pub(super) fn forks(&self) -> bool {
        self.kind == Persistence::Rdb && self.fork_per_gib.is_some()
    }

    /// How long it stands still now that it looks whether a snapshot is due.
    pub(super) fn fork(&mut self, now: Nanos, bytes: u64) -> Nanos {
        self.catch_up(now + 1);
        if !std::mem::take(&mut self.is_due) {
            return 0;
        }
        let per_gib = u128::from(self.fork_per_gib.unwrap_or(0));
        ((u128::from(bytes) * per_gib) >> 30) as Nanos
    }

    /// It dies: keys first written after the time told are lost; `None` if all are.
    pub(super) fn survives(&mut self, now: Nanos) -> Option<Nanos> {
        match self.kind {
            Persistence::None => None,
            Persistence::Aof => Some(now - now % SECOND),
            Persistence::Rdb => {
                self.catch_up(now);
                (self.saved > 0).then_some(self.saved)
            }
        }
    }

    /// It comes back, and reads `bytes` first.
    pub(super) fn load(&mut self, now: Nanos, bytes: u64) {
        let speed = self.load_per_second.map_or(u128::MAX, u128::from);
        let span = u128::from(bytes) * u128::from(SECOND) / speed;
        self.loading_until = now.saturating_add(span as Nanos);
        (self.saved, self.changes, self.changed) = (now, 0, now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn saver(form: &str) -> Saver {
        Saver::new(&serde_json::from_str(form).unwrap()).unwrap()
    }

    const RDB: &str = r#"{"policy": "noeviction", "persistence": "rdb"}"#;

    #[test]
    fn a_snapshot_is_due_by_the_first_rule_whose_writes_have_come() {
        let after = |writes: u64, death: u64| {
            let mut saver = saver(RDB);
            (1..=writes).for_each(|n| saver.wrote(n * SECOND / 1000));
            saver.survives(death * SECOND).map(|at| at / SECOND)
        };
        assert_eq!((after(0, 10_000), after(1, 3600), after(1, 3601)), (None, None, Some(3600)));
        assert_eq!((after(99, 3600), after(100, 301)), (None, Some(300)));
        assert_eq!((after(9999, 61), after(10_000, 60), after(10_000, 61)), (None, None, Some(60)));
    }

    #[test]
    fn writes_after_a_snapshot_count_for_the_next_one() {
        let mut saver = saver(RDB);
        (0..100).for_each(|_| saver.wrote(SECOND));
        saver.wrote(400 * SECOND);
        // the first was taken at 300 s; one write since then: the next at 3900 s
        assert_eq!(saver.survives(3900 * SECOND), Some(300 * SECOND));
        assert_eq!(saver.survives(3901 * SECOND), Some(3900 * SECOND));
    }

    #[test]
    fn a_log_loses_at_most_a_second_and_reading_it_takes_its_size() {
        let form = r#"{"policy": "noeviction", "persistence": "aof", "load_per_second": "300MB"}"#;
        let mut saver = saver(form);
        assert_eq!(saver.survives(7 * SECOND + 999), Some(7 * SECOND));
        saver.load(10 * SECOND, 600_000_000);
        assert_eq!(saver.loading_until, 12 * SECOND);
    }
}
