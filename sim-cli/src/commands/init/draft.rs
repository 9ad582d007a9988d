//! A scenario from a few wishes: sized so that the busiest hour should fit, to be put to the test.

use super::Stack;

/// What is wished for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Wishes {
    /// Requests per second in the busiest hour.
    pub(super) busy_rps: f64,
    pub(super) stack: Stack,
    /// What must hold, as objectives are written.
    pub(super) objectives: Vec<String>,
}

/// The most requests per second that a draft is made for.
pub(super) const BUSIEST_RPS: f64 = 100_000.0;
/// Requests of a user in a day: two visits of five.
const REQUESTS_A_USER: f64 = 10.0;
/// The busiest hour's rate over the day's mean: between 1.5 and 2.5 where people sleep at night.
const BUSY_OVER_MEAN: f64 = 2.0;
/// CPU time of a request, seconds, and of a query.
const CPU_S: f64 = 0.020;
const QUERY_S: f64 = 0.004;
/// How busy a tier should be in the busiest hour.
const AIM: f64 = 0.6;
/// Cores of the machines that the draft names.
const CORES: f64 = 2.0;
/// Share of requests that the cache answers, for sizing only; the run tells the true one.
const HITS: f64 = 0.5;
/// The price of a core of a database's machine, USD/h.
const DATABASE_CORE_USD: f64 = 0.171 / CORES;

/// Requests per second in the busiest hour of so many users a day.
pub(super) fn busy_rps(users_a_day: f64) -> f64 {
    users_a_day * REQUESTS_A_USER * BUSY_OVER_MEAN / 86_400.0
}

/// The scenario, with comments.
pub(super) fn scenario(wishes: &Wishes) -> String {
    let busy = wishes.busy_rps;
    // a busier cluster is played for a shorter time, so that a run stays a matter of seconds
    let (duration, at, ramp, hold) = match busy {
        _ if busy <= 500.0 => ("30m", "5m", "5m", "15m"),
        _ if busy <= 5_000.0 => ("10m", "2m", "1m", "5m"),
        _ => ("60s", "10s", "10s", "30s"),
    };
    let parts = nodes(wishes);
    let mut text = format!(
        "# A first draft by busyhour init: every number is a guess until you have measured it.\n\
         #\n\
         #   busyhour run FILE                     play it: what breaks first, when and why\n\
         #   busyhour run FILE --html report.html  the same as a page\n\
         #   busyhour explain worker-pool          every knob of a component\n\
         #   busyhour explain machines             machine types and their prices\n\
         #\n\
         #   {diagram}\n\
         busyhour: 1\n\
         summary: Does the busiest hour fit?\n\
         duration: {duration}\n\
         users:\n  \
           people:\n    \
             enter: lb\n    \
             # half of the busiest hour's rate, then that hour itself; spikes are higher\n    \
             arrivals: {{base: {base}/s, peaks: [{{at: {at}, ramp: {ramp}, hold: {hold}, \
             rate: {busy}/s}}]}}\n    \
             patience: 8s                  # then they leave, and the work was for nothing\n\
         nodes:\n",
        diagram = diagram(wishes.stack),
        base = rate(busy / BUSY_OVER_MEAN),
        busy = rate(busy),
    );
    text.push_str(&parts);
    text.push_str("objectives:\n");
    for objective in &wishes.objectives {
        text.push_str(&format!("  - '{}'\n", objective.replace('\'', "''")));
    }
    text
}

/// A rate with as many digits as matter.
fn rate(rps: f64) -> f64 {
    if rps >= 10.0 { rps.round() } else { (rps * 1_000.0).ceil() / 1_000.0 }
}

fn diagram(stack: Stack) -> &'static str {
    match stack {
        Stack::Web => "people -> lb -> web",
        Stack::Database => "people -> lb -> web -> pool -> db",
        Stack::Cache => "people -> lb -> web -> cache, and what it does not hold: pool -> db",
    }
}

fn nodes(wishes: &Wishes) -> String {
    let busy = wishes.busy_rps;
    let replicas = (busy * CPU_S / (CORES * AIM)).ceil().max(2.0);
    let share = (busy * CPU_S / (CORES * replicas) * 100.0).round();
    let query = match wishes.stack {
        Stack::Web => "",
        Stack::Database => "\n      - query: {kind: read}",
        Stack::Cache => {
            "\n      # unequal keys: few are asked for often, most hardly ever\n      \
             - cached: {in: cache, keys: {n: 50_000, s: 0.9}, otherwise: [query: {kind: read}]}"
        }
    };
    let database = if wishes.stack == Stack::Web { "" } else { "    database: pool\n" };
    let ms = CPU_S * 1e3;
    let mut text = format!(
        "  lb: {{component: balancer, balance: least_connections, to: web, \
         price: 0.0225 USD/h}}\n  \
           web:\n    \
             component: worker-pool\n    \
             machine: c7i.large            # its cores and its price\n    \
             replicas: {replicas}                   # {share} % busy in the busiest hour\n    \
             workers: 20                   # in each instance\n{database}    \
             steps:\n      \
               - cpu: {{lognormal: {{mean: {ms}ms, cv: 0.5}}}}{query}\n",
    );
    if wishes.stack == Stack::Cache {
        text.push_str(
            "  cache: {component: cache, entries: 20_000, ttl: 10m, service: 0.1ms, \
             machine: cache.m4.large}\n",
        );
    }
    if wishes.stack != Stack::Web {
        text.push_str(&database_nodes(wishes));
    }
    text
}

fn database_nodes(wishes: &Wishes) -> String {
    let misses = if wishes.stack == Stack::Cache { 1.0 - HITS } else { 1.0 };
    let queries = wishes.busy_rps * misses;
    let cores = (queries * QUERY_S / AIM).ceil().max(CORES);
    let connections = (queries * QUERY_S * 4.0).ceil().max(20.0);
    let most = (connections + 10.0).max(100.0);
    let machine = if cores <= CORES {
        "machine: db.m5.large".to_owned()
    } else {
        let price = cores * DATABASE_CORE_USD;
        format!(
            "cores: {cores}                     # more than one db.m5.large has\n    \
                 price: {price:.3} USD/h            # at the price of its cores"
        )
    };
    let ms = QUERY_S * 1e3;
    format!(
        "  pool: {{component: connection-pool, to: db, size: {connections}, timeout: 5s}}\n  \
           db:\n    \
             component: database\n    \
             {machine}\n    \
             max_connections: {most}\n    \
             queries:\n      \
               read: {{cpu: {{lognormal: {{mean: {ms}ms, cv: 1}}}}}}\n"
    )
}
