//! Pages for what is wrong with a scenario that reads well.

use super::Code;

pub(super) const PAGES: &[(Code, &str)] = &[
    (
        Code::UnknownNode,
        "A field names a node that is not under `nodes`.

wrong:  nodes: {lb: {model: nginx, to: wbe}, web: {model: gunicorn-sync}}
right:  nodes: {lb: {model: nginx, to: web}, web: {model: gunicorn-sync}}
",
    ),
    (
        Code::UnknownEndpoint,
        "A request asks a node for an endpoint that it does not have. Endpoints are named where \
the work is described; balancers and caches pass the name on.

wrong:  journey: {hom: 1}      with web: {endpoints: {home: [cpu: 4ms]}}
right:  journey: {home: 1}
",
    ),
    (
        Code::UnknownModel,
        "The node's `component` or `model` is not known. Models come with Busyhour or from files \
beside the scenario; `busyhour explain` lists both.

wrong:  db: {model: postgress}
right:  db: {model: postgres}
",
    ),
    (
        Code::BadName,
        "Names of nodes, user groups and endpoints are unique, and consist of letters, digits, \
`-` and `_`, starting with a letter: they occur in paths such as nodes.web.workers.

wrong:  nodes: {web.1: {model: nginx}}
right:  nodes: {web-1: {model: nginx}}
",
    ),
    (
        Code::ReplicasNeedBalancer,
        "Something calls a node with several replicas directly, so nothing decides which replica \
answers. Put a balancer in between.

wrong:  app: {to: web}   web: {replicas: 3}
right:  app: {to: lb}    lb: {component: balancer, to: web}   web: {replicas: 3}
",
    ),
    (
        Code::EndlessCycle,
        "Calls lead from a node back to itself and no step on the way can end them: every request \
would circle for ever.

wrong:  a: {to: b}   b: {to: a}
right:  a: {to: b}   b: {endpoints: {home: [cpu: 1ms]}}
",
    ),
    (
        Code::MinAboveMax,
        "A lower bound is above its upper bound.

wrong:  {min: 20, max: 2}
right:  {min: 2, max: 20}
",
    ),
    (
        Code::CallTooDeep,
        "A request carries its own call stack, and its depth is bounded when the scenario is \
loaded. This chain of calls is longer. Shorten it, or hand the work over by a queue.

wrong:  a chain of a hundred proxies
right:  a chain of ten, or a queue in the middle
",
    ),
    (
        Code::NothingToDo,
        "The scenario has no users or no duration, so nothing would happen.

wrong:  duration: 0s
right:  duration: 10m
        users: {shoppers: {enter: web, sessions: 20/s}}
",
    ),
    (
        Code::BadPath,
        "A path (in --set, a sweep or a set event) leads nowhere. A path is names separated by \
dots, with [i] for the i-th of a list, counted from 0; a name with a dot in it is quoted.

wrong:  --set nodes.web.replicas.max=3      (replicas is a number)
right:  --set nodes.web.replicas=3
",
    ),
    (
        Code::BadObjective,
        "An objective compares a measure with a bound, for all requests or for one class of them \
(shop/checkout errors < 1%). A measure that nothing reports is an error, so that no objective \
passes unseen.

latency p(95) < 500ms      also p(99.9), mean and max
errors < 0.1%              share of the requests that failed
goodput > 20/s             answers that somebody was still waiting for; throughput: all answers
availability > 99.9%       share of the time (in minutes, or hundredths of a shorter run) in which \
at least 95 % of the requests were answered
cost < 3 USD/h             of the nodes with a machine or a price; also cost < 0.05 USD/1000 good

wrong:  latncy p95 500ms
right:  latency p(95) < 500ms
",
    ),
    (
        Code::BadEvent,
        "An event lies after the end of the run, acts on something that does not exist, or lacks \
what its verb needs (factor, to, machine, downtime). 'web[0]' is the first replica of web.

wrong:  {at: 3h, kill: 'web[9]'}     in a run of 2h with 6 replicas
right:  {at: 1h, kill: 'web[5]'}
",
    ),
    (
        Code::UnreadableData,
        "A data file named by the scenario cannot be found or read. Paths count from the \
scenario's own folder. A rate curve is lines of two numbers, seconds and rate per second; recorded \
requests need a line with the names of their columns, and stand in order of time.

wrong:  arrivals: {curve: rates.csv}       and no such file
right:  arrivals: {curve: data/rates.csv}
",
    ),
    (
        Code::Overload,
        "More work arrives at a node than it can ever finish (utilisation of 100 % or more), so \
its queue grows for as long as this lasts. That may be the question you ask; it is said so that \
it does not come as a surprise.

wrong:  sessions: 300/s  at one worker of 10ms     (300 %)
right:  sessions: 80/s   at one worker of 10ms     (80 %)
",
    ),
    (
        Code::PoolArithmetic,
        "All clients' pools together can open more connections than the server accepts: \
replicas x workers x (size + overflow) against its limit. It holds until the busy hour.

wrong:  6 replicas x 5 workers x pool 20 = 600  to  max_connections: 100
right:  6 replicas x 5 workers x pool 3 = 90    to  max_connections: 100
",
    ),
    (
        Code::TimeoutOrder,
        "A user gives up before a timeout further in fires, so the timeout protects nobody and \
servers work for users who left. A deadline further in should be the shorter one.

wrong:  patience: 8s    pool: {timeout: 30s}
right:  patience: 8s    pool: {timeout: 2s}
",
    ),
    (
        Code::UnusedNode,
        "No user and no other node leads to this node, so it sees no requests. Perhaps a `to` is \
missing, or the node is left over.

wrong:  nodes: {web: {...}, old-db: {...}}          nothing says `to: old-db`
right:  nodes: {web: {...}}
",
    ),
    (
        Code::IdleOrder,
        "A proxy keeps a connection to a server open for later requests, and the server closes it \
first. A request that is sent before the news of the close has come is reset: the proxy tries \
another server or answers 502, and a POST is always a 502. The end that sends requests should \
be the one that closes. The shorter the way between the two, the rarer it is.

wrong:  lb: {model: nginx, to: web}   web: {model: gunicorn-gthread}       60s against 2s
right:  lb: {model: nginx, to: web}   web: {model: gunicorn-gthread, keepalive: 75s}
",
    ),
    (
        Code::RecycleTogether,
        "Workers end after `max_requests` and are replaced. Without `max_requests_jitter` all of \
them end after the same number; under even load that is within seconds of each other, and until \
their successors have loaded the application hardly anybody serves.

wrong:  {workers: 4, max_requests: 1000}
right:  {workers: 4, max_requests: 1000, max_requests_jitter: 100}
",
    ),
    (
        Code::ClocksApart,
        "The proxy waits longer for an answer than a worker may take for one, or less long. If \
longer, the worker is killed first: the client gets 502 and the worker has to start again. If \
less long, the client gets 504, and the worker goes on for nobody until its own time is up. Give \
both the same time, and whatever a request waits for further in a shorter one.

wrong:  lb: {proxy_read_timeout: 60s}    web: {worker: sync, timeout: 30s}
right:  lb: {proxy_read_timeout: 30s}    web: {worker: sync, timeout: 30s}
",
    ),
    (
        Code::BlindScaling,
        "A rule adds instances when CPU is used by more than a threshold, but with every worker \
busy CPU is used by less, because workers mostly wait: for I/O, for queries, or for the lock that \
all threads of a process share. A line grows and the rule never acts. Let it look at what is \
full, or let an instance work on more at a time.

wrong:  when: cpu > 70%      with 4 workers of [cpu: 5ms, io: 95ms] on 2 cores  (10 %)
right:  when: queue > 4 for 1m
",
    ),
    (
        Code::CheckAsksDatabase,
        "An active health check asks for an endpoint that queries the database. When that is \
slow, every instance fails its check at once, and all are taken out though nothing is wrong with \
them. Check what the instance alone can answer, and watch the database apart.

wrong:  endpoints: {health: [cpu: 1ms, query: 5ms]}
right:  endpoints: {health: [cpu: 1ms]}
",
    ),
    (
        Code::StackedRetries,
        "Several layers on the way of a request try again when it fails, and their attempts \
multiply: when everything fails, the last one gets the load of all together. It is said from \
three such layers on, and above 8 attempts. Retry in one place, or bound retries by a budget.

wrong:  retry: {attempts: 4}    proxy_next_upstream: [error, http_503]  over 4 peers    (16)
right:  retry: {attempts: 4, budget: 10%}
",
    ),
    (
        Code::StopBeforeEnd,
        "A supervisor kills what has not ended some time after it was told to, but the server \
gives requests in progress longer than that to end. Requests that take so long are cut off at \
every restart. The outer time should be the longer one.

wrong:  stopwaitsecs: 10s    graceful_timeout: 30s
right:  stopwaitsecs: 35s    graceful_timeout: 30s
",
    ),
    (
        Code::NeverFound,
        "A look-up in a cache goes by the key of the object that a request asks for, and without \
more being said every request asks for an object of its own. No key comes twice, so nothing is \
ever found. Say how unequally keys are asked for, at the look-up or at the users.

wrong:  cached: {in: redis, otherwise: [query: 9ms]}
right:  cached: {in: redis, keys: {n: 50_000, s: 0.9}, otherwise: [query: 9ms]}
",
    ),
    (
        Code::NoDemand,
        "A step that takes `demand` lasts as long as the request itself says: its users draw that \
when the request begins, or a recording tells it. Of users who say nothing it takes no time at \
all.

wrong:  users: {enter: web, arrivals: 20/s}                                and steps: [io: demand]
right:  users: {enter: web, arrivals: 20/s, demand: {exponential: 100ms}}  and steps: [io: demand]
",
    ),
];
