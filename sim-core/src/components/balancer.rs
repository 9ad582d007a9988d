//! A load balancer: it spreads requests over the instances of a service by one of several rules.

mod backends;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::backends::Backends;
use super::{Bound, Component, Survey};
use crate::engine::chance::Stream;
use crate::engine::kernel::{Answer, Behaviour, Cancelled, Cx, Note};
use crate::engine::request::{Ask, Cause, Outcome, ReqId, Want};
use crate::engine::time::Nanos;
use crate::units::Duration;
use crate::wiring::{Flaw, Service, Site};

/// What a rule may look at beside the backends.
pub struct Question<'a> {
    /// What is asked for, and by whom.
    pub ask: Ask,
    /// The balancer's own luck.
    pub stream: &'a mut Stream,
}

/// A balancing rule: it names a backend in service, or none.
pub trait Policy {
    /// Picks a backend for a request.
    fn pick(&mut self, backends: &Backends, question: &mut Question<'_>) -> Option<u32>;
}

macro_rules! policies {
    ($($module:ident :: $Name:ident $(| $alias:literal)?),+ $(,)?) => {
        $(mod $module;)+

        /// The rule by which a backend is picked.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum Rule {
            $(#[doc = stringify!($Name)] $(#[serde(alias = $alias)])? $Name,)+
        }

        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        enum Picker {
            $($Name($module::$Name),)+
        }

        impl Picker {
            fn new(rule: Rule) -> Self {
                match rule {
                    $(Rule::$Name => Picker::$Name($module::$Name::default()),)+
                }
            }

            #[inline]
            fn pick(&mut self, backends: &Backends, question: &mut Question<'_>) -> Option<u32> {
                match self { $(Picker::$Name(policy) => policy.pick(backends, question),)+ }
            }
        }
    };
}

policies! {
    consistent_hash::ConsistentHash,
    ip_hash::IpHash,
    least_connections::LeastConnections | "least_conn",
    random::Random,
    random_two::RandomTwo,
    round_robin::RoundRobin,
    weighted::Weighted,
}

/// A balancer in front of a service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BalancerSpec {
    /// The service whose instances share the requests.
    pub to: Service,
    /// The rule; default `weighted` (smooth weighted round robin).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub balance: Option<Rule>,
    /// Weights of the instances in order; instances without one weigh 1.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weights: Vec<u32>,
    /// An instance that refuses a request is left out for this time (passive health check), then
    /// tried again with the next request. Default: never left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fail_timeout: Option<Duration>,
    /// Instances that a request is offered to, one after the other, while they refuse it; default
    /// 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tries: Option<u32>,
}

/// A balancer in a running world.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Balancer {
    group: u32,
    backends: Backends,
    picker: Picker,
    rule: Rule,
    stream: Stream,
    fail_timeout_ns: Option<Nanos>,
    tries: u32,
    /// Instances that belong to the service, as it was told.
    told: Vec<bool>,
    sent: u64,
    no_backend: u64,
    ejected: u64,
}

/// What a call remembers: how often it was tried before, and where it is.
#[inline]
fn word(tried: u32, index: u32) -> u64 {
    u64::from(tried) << 32 | u64::from(index)
}

impl Balancer {
    #[inline]
    fn send(&mut self, cx: &mut Cx<'_>, req: ReqId, tried: u32) {
        let ask = cx.ask_mut(req);
        if ask.want == Want::Kept {
            // its own connections to instances are no matter of the caller's
            ask.want = Want::Answer;
        }
        let mut question = Question { ask: *ask, stream: &mut self.stream };
        let Some(index) = self.picker.pick(&self.backends, &mut question) else {
            self.no_backend += 1;
            cx.reply(req, Outcome::Failed(Cause::NoBackend));
            return;
        };
        self.sent += 1;
        self.backends.begin(index);
        cx.call(req, self.backends.node(index), word(tried, index));
    }

    /// An instance came into service or left it.
    fn tell(&mut self, node: u32, up: bool) {
        for index in 0..self.backends.len() {
            if self.backends.node(index as u32) == node {
                self.told[index] = up;
            }
        }
        self.backends.set_up(node, up);
    }

    /// An instance refused a request: it is left out for a while, the request goes elsewhere.
    fn refused(&mut self, cx: &mut Cx<'_>, req: ReqId, tried: u32, index: u32) {
        if let Some(rest) = self.fail_timeout_ns
            && self.backends.is_up(index)
        {
            self.ejected += 1;
            self.backends.set_up(self.backends.node(index), false);
            cx.after(rest, u64::from(index));
        }
        if tried + 1 < self.tries {
            self.send(cx, req, tried + 1);
        } else {
            cx.reply(req, Outcome::Failed(Cause::Refused));
        }
    }
}

impl Component for Balancer {
    const NAME: &'static str = "balancer";
    const SUMMARY: &'static str =
        "A load balancer: spreads requests over the instances of a service by one of seven rules.";
    type Spec = BalancerSpec;

    fn build(spec: &BalancerSpec, site: &Site) -> Result<Self, Flaw> {
        let place = site.place(&spec.to.0)?;
        let count = place.members.len();
        if spec.weights.len() > count {
            return Err(Flaw::new(
                "weights",
                format!("{} weights for {count} instances", spec.weights.len()),
                "write at most one weight per instance",
            ));
        }
        if spec.weights.iter().any(|&weight| weight == 0 || weight > 1_000) {
            return Err(Flaw::new("weights", "a weight is out of range", "write 1 to 1000"));
        }
        let mut weights = spec.weights.clone();
        weights.resize(count, 1);
        let rule = spec.balance.unwrap_or(Rule::Weighted);
        Ok(Balancer {
            group: place.group,
            backends: Backends::new(place.members.clone(), weights),
            picker: Picker::new(rule),
            rule,
            stream: Stream::new(0),
            fail_timeout_ns: spec.fail_timeout.map(Duration::nanos),
            tries: spec.tries.unwrap_or(1).max(1),
            told: vec![false; count],
            sent: 0,
            no_backend: 0,
            ejected: 0,
        })
    }

    fn retune(&mut self, _cx: &mut Cx<'_>, spec: &BalancerSpec, site: &Site) -> Result<(), Flaw> {
        let fresh = Self::build(spec, site)?;
        if fresh.group != self.group {
            return Err(Flaw::new("to", "the service is fixed while the run goes on", "keep it"));
        }
        if fresh.rule != self.rule {
            self.picker = fresh.picker;
            self.rule = fresh.rule;
        }
        self.fail_timeout_ns = fresh.fail_timeout_ns;
        self.tries = fresh.tries;
        Ok(())
    }

    fn carries_leases(_spec: &Self::Spec) -> bool {
        false
    }

    fn survey<'a>(&'a self, survey: &mut Survey<'a>) {
        survey.counts.push(("sent", self.sent));
        survey.counts.push(("no_backend", self.no_backend));
        survey.counts.push(("ejected", self.ejected));
    }

    fn bound(_spec: &BalancerSpec) -> Bound {
        Bound { forwards: true, ..Bound::default() }
    }
}

impl Behaviour for Balancer {
    fn start(&mut self, cx: &mut Cx<'_>) {
        self.stream = cx.stream("balance");
        cx.watch(self.group);
        self.backends.forget();
        for index in 0..self.backends.len() {
            let node = self.backends.node(index as u32);
            self.tell(node, cx.in_service(node));
        }
    }

    #[inline]
    fn call(&mut self, cx: &mut Cx<'_>, req: ReqId) {
        self.send(cx, req, 0);
    }

    #[inline]
    fn answer(&mut self, cx: &mut Cx<'_>, answer: Answer) {
        let index = answer.word as u32;
        self.backends.end(index);
        if answer.outcome == Outcome::Failed(Cause::Refused) {
            self.refused(cx, answer.req, (answer.word >> 32) as u32, index);
        } else {
            cx.reply(answer.req, answer.outcome);
        }
    }

    /// An instance's time out of service is over, unless it was taken out for good meanwhile.
    fn timer(&mut self, _cx: &mut Cx<'_>, word: u64) {
        if self.told[word as usize] {
            self.backends.set_up(self.backends.node(word as u32), true);
        }
    }

    fn note(&mut self, _cx: &mut Cx<'_>, note: Note) {
        if let Note::Member { group, node, up } = note
            && group == self.group
        {
            self.tell(node, up);
        }
    }

    fn cancelled(&mut self, cx: &mut Cx<'_>, gone: Cancelled) {
        cx.pass_on(gone);
    }

    fn stop(&mut self, _cx: &mut Cx<'_>, _cause: Cause) {
        // calls under way break when their answer finds this incarnation gone
    }

    fn reset_meters(&mut self, _now: Nanos) {
        self.sent = 0;
        self.no_backend = 0;
        self.ejected = 0;
    }
}

impl Question<'_> {
    /// A question whose luck and ask do not matter.
    #[cfg(test)]
    fn for_tests() -> Self {
        let ask = Ask {
            luck: 0,
            client: 0,
            key: 0,
            demand: 0,
            lease: 0,
            endpoint: 0,
            want: Want::Answer,
        };
        Question { ask, stream: Box::leak(Box::new(Stream::new(1))) }
    }
}
