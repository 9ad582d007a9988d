//! What the steps of an endpoint take on average, from their form alone.

use indexmap::IndexMap;

use super::step::{CachedSpec, HoldSpec, QuerySpec, StepSpec};
use crate::engine::chance::LawSpec;
use crate::wiring::EndpointName;

/// What a request asks of a server: times that load never makes shorter, and of whom it asks more.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Demand {
    /// The endpoint's name; empty where the server tells none apart.
    pub endpoint: String,
    /// Time that it is held at least, seconds: computing, waiting, and queries whose time it says.
    pub held_s: f64,
    /// The computing part of that, seconds.
    pub cpu_s: f64,
    /// Queries whose time only the database knows, by their kind.
    pub kinds: Vec<String>,
    /// Whether it queries a database, or holds a connection to one.
    pub queries: bool,
    /// Whether it asks another node for anything.
    pub calls: bool,
    /// Caches that it looks into by the request's own key.
    pub own_keys: Vec<String>,
    /// Whether nobody knows how much it computes: what follows a miss in a cache with real keys.
    pub is_open: bool,
    /// Whether it takes work that the request brings with it, which adds to what is told here.
    pub takes_own: bool,
}

impl Demand {
    /// What a server's steps take: those of every request, if there are any, and by endpoint.
    #[must_use]
    pub fn all(steps: &[StepSpec], endpoints: &IndexMap<EndpointName, Vec<StepSpec>>) -> Vec<Self> {
        let plain = (!steps.is_empty()).then(|| Demand::of("", steps));
        let named = endpoints.iter().map(|(name, steps)| Demand::of(&name.0, steps));
        plain.into_iter().chain(named).collect()
    }

    /// What an endpoint's steps take.
    #[must_use]
    pub fn of(endpoint: &str, steps: &[StepSpec]) -> Self {
        let mut sum = Demand { endpoint: endpoint.to_owned(), ..Demand::default() };
        steps.iter().for_each(|step| sum.add(step));
        sum
    }

    fn add(&mut self, step: &StepSpec) {
        match step {
            StepSpec::Cpu(law) => {
                self.takes(law);
                self.cpu_s += law.mean_s();
            }
            StepSpec::Io(law) => self.takes(law),
            StepSpec::Query(query) => self.query(query),
            StepSpec::Call(_) => self.calls = true,
            StepSpec::Fail(_) => {}
            StepSpec::Hold(HoldSpec { steps, .. }) => {
                (self.queries, self.calls) = (true, true);
                steps.iter().for_each(|step| self.add(step));
            }
            StepSpec::Cached(cached) => self.cached(cached),
            StepSpec::Parallel(steps) => self.longest(steps),
        }
    }

    fn takes(&mut self, law: &LawSpec) {
        self.held_s += law.mean_s();
        let is_own = law.own_share().is_some();
        self.takes_own |= is_own;
        self.is_open |= is_own;
    }

    fn query(&mut self, query: &QuerySpec) {
        (self.queries, self.calls) = (true, true);
        match (&query.time, &query.kind) {
            (Some(time), _) => self.takes(time),
            (None, Some(kind)) => self.kinds.push(kind.0.clone()),
            (None, None) => {}
        }
    }

    /// A stated hit ratio weighs what follows; a real cache may never miss.
    fn cached(&mut self, cached: &CachedSpec) {
        let missed = Demand::of("", &cached.otherwise);
        match &cached.hit {
            Some(hit) => {
                let (hit, time) = (hit.value(), cached.time.as_ref().map_or(0.0, LawSpec::mean_s));
                self.held_s += hit * time + (1.0 - hit) * missed.held_s;
                self.cpu_s += (1.0 - hit) * missed.cpu_s;
            }
            None => {
                self.calls = true;
                self.is_open |= missed.cpu_s > 0.0;
                let own = cached.cache.iter().filter(|_| cached.keys.is_none());
                self.own_keys.extend(own.map(|cache| cache.0.clone()));
            }
        }
        self.queries |= missed.queries;
        self.calls |= missed.calls;
        self.is_open |= missed.is_open;
        self.takes_own |= missed.takes_own;
        self.own_keys.extend(missed.own_keys);
    }

    /// Steps at the same time last as long as the longest.
    fn longest(&mut self, steps: &[StepSpec]) {
        let mut longest: f64 = 0.0;
        for step in steps {
            let one = Demand::of("", std::slice::from_ref(step));
            longest = longest.max(one.held_s);
            self.queries |= one.queries;
        }
        self.calls = true;
        self.held_s += longest;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn demand(steps: Value) -> Demand {
        Demand::of("home", &serde_json::from_value::<Vec<StepSpec>>(steps).unwrap())
    }

    #[test]
    fn times_add_up_and_a_stated_hit_ratio_weighs_them() {
        let all = demand(json!([
            {"cpu": "4ms"}, {"io": "10ms"}, {"query": "6ms"},
            {"cached": {"hit": "75%", "time": "4ms", "otherwise": [{"cpu": "8ms"}]}},
        ]));
        assert!((all.held_s - 0.025).abs() < 1e-12, "{all:?}");
        assert!((all.cpu_s - 0.006).abs() < 1e-12, "{all:?}");
        assert!(all.queries && all.calls && !all.is_open && all.kinds.is_empty());
    }

    #[test]
    fn what_a_real_cache_leaves_open_is_said_to_be_open() {
        let looked = |then: Value| {
            demand(json!([{"cpu": "4ms"}, {"cached": {"in": "redis", "otherwise": then}}]))
        };
        let plain = looked(json!([{"query": {"kind": "read"}}]));
        assert_eq!((plain.held_s, plain.is_open, plain.queries), (0.004, false, true));
        assert_eq!(plain.own_keys, ["redis"]);
        assert!(looked(json!([{"cpu": "1ms"}])).is_open);
    }

    #[test]
    fn queries_at_the_same_time_last_as_long_as_the_longest() {
        let all = demand(json!([{"parallel": [
            {"query": {"to": "db", "time": "5ms"}}, {"query": {"to": "db", "time": "9ms"}},
        ]}]));
        assert_eq!((all.held_s, all.cpu_s, all.queries), (0.009, 0.0, true));
    }
}
