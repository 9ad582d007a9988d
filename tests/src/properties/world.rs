//! Random valid scenarios: users of every kind before balancers, workers, pools, caches, events.

use std::fmt::{self, Write as _};

use proptest::prelude::*;

/// Seconds that a random scenario plays.
pub(crate) const SECONDS: u64 = 20;

#[derive(Clone, Debug)]
pub(crate) struct Group {
    kind: u8,
    rate: u32,
    timeout_ms: Option<u32>,
    retry: u8,
    patience_ms: Option<u32>,
}

#[derive(Clone, Debug)]
pub(crate) struct Happening {
    verb: u8,
    at_ms: u64,
    lasts_ms: Option<u64>,
}

/// A scenario to be written out as YAML; `limit` ends arrivals early, so that it drains.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) groups: Vec<Group>,
    pub(crate) link: bool,
    pub(crate) rule: usize,
    pub(crate) replicas: u32,
    /// 0 for plain workers, else a kind of application server.
    pub(crate) server: usize,
    pub(crate) workers: u32,
    pub(crate) cores: Option<u32>,
    pub(crate) queue: Option<u32>,
    pub(crate) notice: bool,
    pub(crate) stores: u8,
    pub(crate) steps: Vec<u8>,
    pub(crate) events: Vec<Happening>,
    pub(crate) limit: Option<u32>,
    pub(crate) idle_node: bool,
}

/// Rules of a balancer, then those of a reverse proxy, then those of a queueing proxy.
const RULES: [&str; 18] = [
    "round_robin",
    "weighted",
    "least_connections",
    "ip_hash",
    "consistent_hash",
    "random",
    "random_two",
    "round_robin",
    "least_conn",
    "ip_hash",
    "hash",
    "consistent_hash",
    "random",
    "random_two",
    "roundrobin",
    "leastconn",
    "first",
    "source",
];
const BALANCER_RULES: usize = 7;
const QUEUEING_RULES: usize = 14;
/// What a queueing proxy of a random scenario has beside its rule.
const QUEUEING: &str = "maxconn: 2, timeout_queue: 400ms, timeout_connect: 200ms, \
                        timeout_server: 300ms, retries: 2, redispatch: true, connect: 1ms, \
                        cpu: 50us, check: {endpoint: one, inter: 3s, rise: 1}";
/// What a reverse proxy of a random scenario has beside its rule.
const PROXY: &str = "worker_processes: 2, fail_timeout: 2s, connect: 1ms, cpu: 50us, \
                     proxy_read_timeout: 300ms, tls: {handshake: 2ms, resumed: 1ms}, \
                     limit_req: {rate: 20/s, burst: 5}, limit_conn: {connections: 9}, \
                     health: {endpoint: one, interval: 7s}";

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
    (0u8..12, 0..SECONDS * 1_000, lasts).prop_map(|(verb, at_ms, lasts_ms)| Happening {
        verb,
        at_ms,
        lasts_ms,
    })
}

/// Any valid scenario of this family.
pub(crate) fn world() -> impl Strategy<Value = World> {
    let users = proptest::collection::vec(group(), 1..4);
    let steps = proptest::collection::vec(0u8..12, 1..6);
    let events = proptest::collection::vec(happening(), 0..5);
    let (cores, queue) = (proptest::option::of(1u32..3), proptest::option::of(0u32..20));
    let pool = ((1u32..5, 0..SERVERS.len(), 1u32..6), cores, queue, 0u8..4);
    (users, any::<bool>(), 0..RULES.len(), pool, any::<bool>(), steps, events).prop_map(
        |(groups, link, rule, pool, notice, steps, events)| {
            let ((replicas, server, workers), cores, queue, stores) = pool;
            World {
                groups,
                link,
                rule,
                replicas,
                server,
                workers,
                cores,
                queue,
                notice,
                steps,
                events,
                stores,
                limit: None,
                idle_node: false,
            }
        },
    )
}

/// The scenario that bytes spell, for a fuzzer; bytes that are missing count as 0.
pub(crate) fn spelt(bytes: &[u8]) -> World {
    let mut bytes = bytes.iter();
    let mut below = move |n: u32| u32::from(*bytes.next().unwrap_or(&0)) * n / 256;
    let groups = 1 + below(3);
    let groups = (0..groups)
        .map(|_| Group {
            kind: below(4) as u8,
            rate: 1 + below(60),
            timeout_ms: (below(2) == 1).then(|| 20 + 8 * below(250)),
            retry: below(5) as u8,
            patience_ms: (below(2) == 1).then(|| 50 + 12 * below(250)),
        })
        .collect();
    let (link, rule) = (below(2) == 1, below(RULES.len() as u32) as usize);
    let (replicas, workers) = (1 + below(4), 1 + below(5));
    let server = below(SERVERS.len() as u32) as usize;
    let cores = (below(2) == 1).then(|| 1 + below(2));
    let queue = (below(2) == 1).then(|| below(20));
    let (notice, stores) = (below(2) == 1, below(4) as u8);
    let steps = 1 + below(5);
    let steps = (0..steps).map(|_| below(12) as u8).collect();
    let events = below(5);
    let events = (0..events)
        .map(|_| Happening {
            verb: below(12) as u8,
            at_ms: u64::from(below(256)) * SECONDS * 1_000 / 256,
            lasts_ms: (below(2) == 1).then(|| 1 + 20 * u64::from(below(250))),
        })
        .collect();
    let (limit, idle_node) = (None, false);
    World {
        groups,
        link,
        rule,
        replicas,
        server,
        workers,
        cores,
        queue,
        notice,
        stores,
        steps,
        events,
        limit,
        idle_node,
    }
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
            7 => "query: {kind: write}",
            8 => {
                "cached: {in: redis, keys: {n: 50, s: 0.8}, otherwise: [query: {time: 4ms}, \
                 io: 10ms]}"
            }
            9 => "hold: {steps: [query: {kind: write}, io: 3ms, query: {time: 2ms}]}",
            10 => "call: {to: tasks}",
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
        if kind != "sync" {
            writeln!(out, "    keepalive: 250ms")?;
        }
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
        let rule = RULES[self.rule];
        if self.rule < BALANCER_RULES {
            writeln!(out, "  lb: {{component: balancer, balance: {rule}, to: web}}")?;
        } else if self.rule < QUEUEING_RULES {
            writeln!(out, "  lb: {{component: reverse-proxy, balance: {rule}, to: web, {PROXY}}}")?;
        } else {
            writeln!(
                out,
                "  lb: {{component: queueing-proxy, balance: {rule}, to: web, abortonclose: {}, \
                 {QUEUEING}}}",
                self.notice
            )?;
        }
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
        let ack = ["pop", "early", "late"][self.rule % 3];
        writeln!(
            out,
            "  tasks: {{component: task-queue, to: extra, ack: {ack}, prefetch_multiplier: 2, \
             visibility_timeout: 2s, fetch: 1ms, await_result: {}}}",
            self.notice
        )?;
        self.stores(out)?;
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

    /// Database, pool and cache: plain, or with what PostgreSQL and Redis have.
    fn stores(&self, out: &mut String) -> fmt::Result {
        let (pool, db, redis) = match self.stores {
            0 => ("", "", "entries: 20"),
            1 => (
                ", sessions: true, fill: true, test_after: 50ms, lifetime: 2s, lifetime_spread: \
                 10%, connect: {exponential: 3ms}",
                ", reserved: 1, connect: {cpu: 1ms, io: 2ms}, statement_timeout: 200ms, \
                 contention: {alpha: 0.05, beta: 0.001}",
                "policy: allkeys-lru, memory: 20KiB, single_flight: 30ms, ttl: 2s, jitter: 10%",
            ),
            2 => (
                ", sessions: true, forget_all: true",
                ", standby: {failover: {uniform: {low: 500ms, high: 2s}}}, lock_timeout: 50ms",
                "policy: volatile-lfu, memory: 10KiB, item_cv: 1, ttl: 1s, expiring: 50%, \
                 persistence: aof, load_per_second: 100kB, max_clients: 9, early: {beta: 1, \
                 recompute: 20ms}",
            ),
            _ => (", sessions: true", ", reserved: 1, connect: {cpu: 1ms}", "entries: 20"),
        };
        let behind = if self.stores < 3 { "db" } else { "bouncer" };
        writeln!(
            out,
            "  pool: {{component: connection-pool, to: {behind}, size: 3, overflow: 1, timeout: \
             1s{pool}}}"
        )?;
        if self.stores == 3 {
            let mode = ["session", "transaction", "statement"][self.rule % 3];
            writeln!(
                out,
                "  bouncer: {{component: connection-pooler, to: db, pool_mode: {mode}, \
                 default_pool_size: 2, reserve_pool_size: 1, reserve_pool_timeout: 100ms, \
                 max_client_conn: 3, query_wait_timeout: 500ms, server_idle_timeout: 1s, \
                 server_login_retry: 1s, server_connect: 2ms, cpu: 200us}}"
            )?;
        }
        let write = "{cpu: 1ms, io: {exponential: 1ms}, commit: true, lock: {rows: 3, s: 0.5}}";
        writeln!(
            out,
            "  db: {{component: database, max_connections: 4, cores: 2, log: {{fsync: 2ms}}, \
             queries: {{write: {write}}}{db}}}"
        )?;
        writeln!(out, "  redis: {{component: cache, service: {{exponential: 1ms}}, {redis}}}")
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
                3 if self.stores == 3 && event.at_ms.is_multiple_of(2) => "restart: bouncer",
                3 => "restart: db",
                4 => "add: web",
                5 => "remove: web",
                6 => "restart: lb",
                7 => "restart: redis",
                8 => "flush: redis",
                9 if self.server > 0 => "reload: web",
                10 if (BALANCER_RULES..QUEUEING_RULES).contains(&self.rule) => "reload: lb",
                11 => "restart: web, graceful: true",
                _ => "set: nodes.web.workers, to: 3",
            };
            let lasts = event.lasts_ms.filter(|_| matches!(event.verb, 0..4 | 6 | 7 | 11));
            let lasts = lasts.map_or(String::new(), |ms| format!(", for: {ms}ms"));
            writeln!(out, "  - {{at: {}ms, {what}{lasts}}}", event.at_ms)?;
        }
        Ok(())
    }

    /// The scenario as YAML.
    pub(crate) fn yaml(&self) -> String {
        let mut out = format!("busyhour: 1\nduration: {SECONDS}s\n");
        let written = self.users(&mut out).and_then(|()| self.nodes(&mut out));
        written.and_then(|()| self.events(&mut out)).expect("a string takes everything");
        out
    }
}
