//! Random valid scenarios: users of every kind before balancers, workers, pools, caches, events.

use std::fmt::{self, Write as _};

use proptest::prelude::*;

/// Seconds that a random scenario plays.
pub(super) const SECONDS: u64 = 20;

#[derive(Clone, Debug)]
pub(super) struct Group {
    kind: u8,
    rate: u32,
    timeout_ms: Option<u32>,
    retry: u8,
    patience_ms: Option<u32>,
}

#[derive(Clone, Debug)]
pub(super) struct Happening {
    verb: u8,
    at_ms: u64,
    lasts_ms: Option<u64>,
}

/// A scenario to be written out as YAML; `limit` ends arrivals early, so that it drains.
#[derive(Clone, Debug)]
pub(super) struct World {
    pub(super) groups: Vec<Group>,
    pub(super) link: bool,
    pub(super) rule: usize,
    pub(super) replicas: u32,
    /// 0 for plain workers, else a kind of application server.
    pub(super) server: usize,
    pub(super) workers: u32,
    pub(super) cores: Option<u32>,
    pub(super) queue: Option<u32>,
    pub(super) notice: bool,
    pub(super) steps: Vec<u8>,
    pub(super) events: Vec<Happening>,
    pub(super) limit: Option<u32>,
    pub(super) idle_node: bool,
}

const RULES: [&str; 7] = [
    "round_robin",
    "weighted",
    "least_connections",
    "ip_hash",
    "consistent_hash",
    "random",
    "random_two",
];

const SERVERS: [&str; 5] = ["", "sync", "gthread", "gevent", "uvicorn"];

fn group() -> impl Strategy<Value = Group> {
    let timeout = proptest::option::of(20u32..2_000);
    let patience = proptest::option::of(50u32..3_000);
    (0u8..4, 1u32..60, timeout, 0u8..5, patience).prop_map(
        |(kind, rate, timeout_ms, retry, patience_ms)| Group {
            kind,
            rate,
            timeout_ms,
            retry,
            patience_ms,
        },
    )
}

fn happening() -> impl Strategy<Value = Happening> {
    let lasts = proptest::option::of(1u64..5_000);
    (0u8..8, 0..SECONDS * 1_000, lasts).prop_map(|(verb, at_ms, lasts_ms)| Happening {
        verb,
        at_ms,
        lasts_ms,
    })
}

/// Any valid scenario of this family.
pub(super) fn world() -> impl Strategy<Value = World> {
    let users = proptest::collection::vec(group(), 1..4);
    let steps = proptest::collection::vec(0u8..8, 1..6);
    let events = proptest::collection::vec(happening(), 0..5);
    let size = (1u32..5, 0..SERVERS.len(), 1u32..6);
    let pool = (size, proptest::option::of(1u32..3), proptest::option::of(0u32..20));
    (users, any::<bool>(), 0..RULES.len(), pool, any::<bool>(), steps, events).prop_map(
        |(groups, link, rule, (size, cores, queue), notice, steps, events)| World {
            groups,
            link,
            rule,
            replicas: size.0,
            server: size.1,
            workers: size.2,
            cores,
            queue,
            notice,
            steps,
            events,
            limit: None,
            idle_node: false,
        },
    )
}

impl World {
    fn users(&self, out: &mut String) -> fmt::Result {
        writeln!(out, "users:")?;
        let enter = if self.link { "wire" } else { "lb" };
        for (index, group) in self.groups.iter().enumerate() {
            writeln!(out, "  group{index}:\n    enter: {enter}")?;
            match group.kind {
                0 => writeln!(out, "    arrivals: {}/s", group.rate)?,
                1 => {
                    let rate = group.rate;
                    writeln!(
                        out,
                        "    arrivals: {{base: {rate}/s, peaks: [{{at: 2s, ramp: 1s, hold: 3s, \
                         rate: {}/s}}]}}",
                        rate * 3
                    )?;
                }
                2 => {
                    writeln!(out, "    sessions: {}/s", group.rate)?;
                    writeln!(out, "    journey: {{one: 1.5, two: 0.4}}")?;
                    writeln!(out, "    think: {{lognormal: {{mean: 500ms, cv: 1}}}}")?;
                }
                _ => {
                    writeln!(out, "    closed: {}", group.rate)?;
                    writeln!(out, "    think: {{exponential: 300ms}}")?;
                }
            }
            if group.kind < 2 || group.kind == 3 {
                writeln!(out, "    mix: {{one: 3, two: 1}}")?;
            }
            if let Some(timeout) = group.timeout_ms {
                writeln!(out, "    timeout: {timeout}ms")?;
            }
            if let Some(patience) = group.patience_ms {
                writeln!(out, "    patience: {{exponential: {patience}ms}}")?;
            }
            if group.retry > 0 {
                let jitter = ["none", "full", "equal", "decorrelated"][group.retry as usize - 1];
                writeln!(out, "    retry: {{attempts: 3, backoff: 30ms, jitter: {jitter}}}")?;
            }
            if let Some(limit) = self.limit {
                writeln!(out, "    limit: {limit}")?;
            }
        }
        Ok(())
    }

    fn step(kind: u8) -> &'static str {
        match kind {
            0 => "cpu: {lognormal: {mean: 8ms, cv: 1}}",
            1 => "io: {exponential: 20ms}",
            2 => "io: 5ms",
            3 => "query: {time: {exponential: 6ms}}",
            4 => "cached: {hit: 70%, time: 1ms, otherwise: [query: {time: 4ms}, cpu: 1ms]}",
            5 => {
                "parallel: [query: {time: {exponential: 9ms}}, query: {to: extra, time: 3ms}, \
                 call: {to: extra}]"
            }
            6 => "call: {to: extra}",
            _ => "cpu: 3ms",
        }
    }

    fn pool(&self, out: &mut String) -> fmt::Result {
        writeln!(out, "  web:\n    component: worker-pool\n    replicas: {}", self.replicas)?;
        writeln!(out, "    workers: {}\n    database: pool", self.workers)?;
        if let Some(cores) = self.cores {
            writeln!(out, "    cores: {cores}")?;
        }
        if let Some(queue) = self.queue {
            writeln!(out, "    queue: {queue}")?;
        }
        writeln!(out, "    client_gone: {}", if self.notice { "notice" } else { "ignore" })
    }

    fn is_supervised(&self) -> bool {
        self.server > 0 && self.cores.is_some()
    }

    fn server(&self, out: &mut String) -> fmt::Result {
        let (kind, cores) = (SERVERS[self.server], self.cores.unwrap_or(4));
        writeln!(out, "  web:\n    component: app-server\n    worker: {kind}")?;
        writeln!(out, "    replicas: {}\n    workers: {}", self.replicas, self.workers)?;
        writeln!(out, "    cores: {cores}\n    timeout: 1s\n    boot: 200ms")?;
        // calls at the same time need a pool that is a node
        if self.link && !self.steps.contains(&5) {
            writeln!(out, "    pool: {{to: db, size: 1, overflow: 1, timeout: 300ms}}")?;
        } else {
            writeln!(out, "    database: pool")?;
        }
        if self.is_supervised() {
            writeln!(out, "    crash: {{after: {{exponential: 4s}}}}")?;
        }
        writeln!(
            out,
            "    max_requests: 30\n    max_requests_jitter: 20\n    gil: {}",
            self.notice
        )?;
        writeln!(out, "    backlog: {}\n    graceful_timeout: 2s", self.queue.unwrap_or(50))?;
        let memory = "{machine: 400MiB, worker: 60MiB, leak: 2MiB}";
        writeln!(out, "    memory: {memory}")?;
        match kind {
            "gthread" => writeln!(out, "    threads: 3\n    worker_connections: 5"),
            "gevent" => writeln!(out, "    worker_connections: 4"),
            "uvicorn" if self.notice => writeln!(out, "    client_gone: notice"),
            _ => Ok(()),
        }
    }

    fn nodes(&self, out: &mut String) -> fmt::Result {
        writeln!(out, "nodes:")?;
        if self.link {
            writeln!(
                out,
                "  wire: {{component: link, to: lb, latency: {{exponential: 4ms}}, loss: 1%}}"
            )?;
        }
        writeln!(out, "  lb: {{component: balancer, balance: {}, to: web}}", RULES[self.rule])?;
        if self.server == 0 {
            self.pool(out)?
        } else {
            self.server(out)?
        }
        writeln!(out, "    endpoints:")?;
        for name in ["one", "two"] {
            writeln!(out, "      {name}:")?;
            for &step in &self.steps {
                writeln!(out, "        - {}", Self::step(step))?;
            }
        }
        writeln!(
            out,
            "  pool: {{component: connection-pool, to: db, size: 3, overflow: 1, timeout: 1s}}"
        )?;
        writeln!(out, "  db: {{component: database, max_connections: 4, cores: 2}}")?;
        writeln!(
            out,
            "  extra: {{component: station, servers: 2, service: {{exponential: 7ms}}, room: 9, \
             patience: {{exponential: 400ms}}}}"
        )?;
        if self.idle_node {
            writeln!(out, "  aside: {{component: station, service: 1ms}}")?;
        }
        if self.is_supervised() {
            writeln!(out, "supervise:\n  web: {{startsecs: 300ms, startretries: 9}}")?;
        }
        Ok(())
    }

    fn events(&self, out: &mut String) -> fmt::Result {
        if self.events.is_empty() {
            return Ok(());
        }
        writeln!(out, "events:")?;
        for event in &self.events {
            let what = match event.verb {
                0 => "kill: 'web[0]'",
                1 => "restart: web",
                2 => "slow: db, factor: 3",
                3 => "restart: db",
                4 => "add: web",
                5 => "remove: web",
                6 => "restart: lb",
                _ => "set: nodes.web.workers, to: 3",
            };
            let lasts = event.lasts_ms.filter(|_| event.verb < 4 || event.verb == 6);
            let lasts = lasts.map_or(String::new(), |ms| format!(", for: {ms}ms"));
            writeln!(out, "  - {{at: {}ms, {what}{lasts}}}", event.at_ms)?;
        }
        Ok(())
    }

    /// The scenario as YAML.
    pub(super) fn yaml(&self) -> String {
        let mut out = format!("busyhour: 1\nduration: {SECONDS}s\n");
        let written = self.users(&mut out).and_then(|()| self.nodes(&mut out));
        written.and_then(|()| self.events(&mut out)).expect("a string takes everything");
        out
    }
}
