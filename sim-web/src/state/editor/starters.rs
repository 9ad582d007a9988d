//! What a part begins as when it is added with a click: valid, small, and easy to turn into more.

use sim_core::CATALOGUE;

/// A first scenario to write on from.
pub const SCENARIO: &str = "\
# People ask a balancer, which asks two instances of an app, which asks a database.
# Change a number, press Ctrl+Enter, and watch what it does.
busyhour: 1
name: my-shop
summary: A small shop. Does it hold at its peak?
duration: 10m
users:
  # 40 requests a second, and 120 from the fourth minute on, for two minutes
  people:
    enter: lb
    arrivals: {base: 40/s, peaks: [{at: 4m, ramp: 30s, hold: 2m, rate: 120/s}]}
    patience: 8s
nodes:
  lb: {component: balancer, balance: least_connections, to: app}
  # each instance works on four requests at a time; a request computes, then asks the database
  app:
    component: worker-pool
    replicas: 2
    workers: 4
    database: db
    steps: [cpu: 20ms, query: 9ms]
  db: {component: database, cores: 4}
# what must hold; try the knobs until it does
objectives: [latency p(95) < 500ms, errors < 0.1%]
";

/// Words for what can be added, their section, and the form to begin with. `TO` is a part that it
/// leads to or looks after.
const STARTERS: &[(&str, &str, &str)] = &[
    ("users", "users", "{enter: TO, arrivals: 10/s, patience: 8s}"),
    ("balancer", "nodes", "{component: balancer, balance: least_connections, to: TO}"),
    ("worker-pool", "nodes", "{component: worker-pool, workers: 4, steps: [cpu: 20ms]}"),
    ("database", "nodes", "{component: database, cores: 4}"),
    ("cache", "nodes", "{component: cache, hit: 90%, origin: TO}"),
    ("connection-pool", "nodes", "{component: connection-pool, to: TO, size: 10}"),
    ("pgbouncer", "nodes", "{model: pgbouncer, to: TO, pool_mode: transaction}"),
    ("link", "nodes", "{component: link, to: TO, latency: 20ms}"),
    ("rate-limit", "nodes", "{component: rate-limit, to: TO, rate: 100/s}"),
    ("uplink", "nodes", "{component: uplink, to: TO, bandwidth: 100Mbit/s, size: 50KiB}"),
    ("station", "nodes", "{component: station, service: {exponential: 20ms}}"),
    ("nginx", "nodes", "{model: nginx, machine: c7i.large, to: TO}"),
    (
        "queueing-proxy",
        "nodes",
        "{model: haproxy-2.6, maxconn: 10, timeout_connect: 5s, timeout_server: 60s, to: TO}",
    ),
    ("celery", "nodes", "{model: celery, to: TO}"),
    (
        "gunicorn-gthread",
        "nodes",
        "{model: gunicorn-gthread, machine: c7i.large, workers: 5, threads: 4, steps: [cpu: 10ms]}",
    ),
    ("uvicorn", "nodes", "{model: uvicorn, machine: c7i.large, workers: 4, steps: [cpu: 10ms]}"),
    ("redis", "nodes", "{model: redis, machine: cache.m4.large, memory: 1GiB, item: 4KiB}"),
    ("postgres", "nodes", "{model: postgres, machine: m5.xlarge}"),
    (
        "step-autoscaler",
        "autoscale",
        "{up: {when: cpu > 70% for 1m, add: 1}, down: {when: cpu < 30% for 10m, remove: 1}, \
         min: 2, max: 10, cooldown: 3m}",
    ),
    ("supervisor", "supervise", "{}"),
];

/// What can be added: a word, and what it is where it is a component.
pub fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    STARTERS.iter().map(|(word, ..)| {
        let told = CATALOGUE.iter().find(|(name, _)| name == word);
        (*word, told.map_or("A model, with its product's defaults.", |(_, told)| *told))
    })
}

/// The section and form of a new part that leads to another.
#[must_use]
pub fn starter(word: &str, to: &str) -> Option<(&'static str, String)> {
    let (_, section, form) = STARTERS.iter().find(|(known, ..)| *known == word)?;
    Some((section, form.replace("TO", to)))
}

/// Whether a new part of that kind leads to another one.
#[must_use]
pub fn leads(word: &str) -> bool {
    let found = STARTERS.iter().find(|(known, ..)| *known == word);
    found.is_some_and(|(_, section, form)| form.contains("TO") || over_service(section))
}

/// Whether a new part of that kind may lead to a service of several instances.
#[must_use]
pub fn takes_many(word: &str) -> bool {
    let found = STARTERS.iter().find(|(known, ..)| *known == word);
    ["balancer", "nginx", "queueing-proxy", "celery"].contains(&word)
        || found.is_some_and(|(_, section, _)| over_service(section))
}

/// Whether a new part of that kind may lead to a component: a pooler needs what has sessions.
#[must_use]
pub fn suits(word: &str, component: &str) -> bool {
    word != "pgbouncer" || component == "database"
}

/// Whether what stands in a section is named after the service that it looks after.
#[must_use]
pub fn over_service(section: &str) -> bool {
    ["autoscale", "supervise"].contains(&section)
}

/// A name that no part has yet: the word, or the word and a number.
#[must_use]
pub fn free_name(word: &str, taken: impl Fn(&str) -> bool) -> String {
    if !taken(word) {
        return word.to_owned();
    }
    let numbered = |number: u32| format!("{word}-{number}");
    (2..).map(numbered).find(|name| !taken(name)).unwrap_or_default()
}
