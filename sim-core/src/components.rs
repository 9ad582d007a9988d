//! The catalogue: one line per component; the YAML form, schema, knobs and pages follow from it.

mod claims;
pub mod manual;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub use self::claims::{Clock, Limits, Room, Tries};
use crate::engine::agenda::Lane;
use crate::engine::kernel::{Action, Answer, Behaviour, Cancelled, Cx, Note, Vitals};
use crate::engine::meter::{Sketch, Station};
use crate::engine::request::{Cause, ReqId};
use crate::engine::tally::Tally;
use crate::engine::time::Nanos;
use crate::recorded::Recording;
use crate::wiring::{Flaw, Load, RecordedFile, Site, Wider};

/// One resource of a node as reports see it.
pub struct Resource<'a> {
    /// What it is: `workers`, `cpu`, `connections` ...
    pub name: &'static str,
    /// Its meters.
    pub station: &'a Station,
}

/// What a node shows of itself.
#[derive(Default)]
pub struct Survey<'a> {
    /// Resources with capacity, use and queue.
    pub resources: Vec<Resource<'a>>,
    /// Tallies of the requests that began here.
    pub tallies: Vec<&'a Tally>,
    /// Figures of its own, by name: counts since the warm-up.
    pub counts: Vec<(&'static str, u64)>,
}

impl<'a> Survey<'a> {
    /// Shows a resource.
    pub fn resource(&mut self, name: &'static str, station: &'a Station) {
        self.resources.push(Resource { name, station });
    }
}

/// The limits of what a node can answer in the long run, for warnings and the bottleneck's reason.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bound {
    /// Requests a second that it can serve; `None` without a limit of its own.
    pub per_second: Option<f64>,
    /// Whether an instance serves in the order of arrival all that it does not turn away.
    pub in_order: bool,
    /// Whether every request that comes goes on to where it calls, or fails.
    pub forwards: bool,
}

/// A component: what a person writes (`Spec`), what it becomes, and what it shows.
pub trait Component: Behaviour + Clone + Serialize + DeserializeOwned {
    /// Its name in scenarios.
    const NAME: &'static str;
    /// What it is, in one sentence.
    const SUMMARY: &'static str;
    /// Whether [`Action::Reload`] has a meaning here.
    const RELOADS: bool = false;
    /// Whether it has a disk that can be slow or full.
    const HAS_DISK: bool = false;
    /// Its form in YAML.
    type Spec: Clone + Serialize + DeserializeOwned + JsonSchema + PartialEq + std::fmt::Debug;

    /// Makes the node; every mistake that its form alone cannot exclude is a flaw.
    ///
    /// # Errors
    /// A [`Flaw`] with the path of the field at fault.
    fn build(spec: &Self::Spec, site: &Site) -> Result<Self, Flaw>;

    /// Takes over a changed form while it runs; state and meters stay.
    ///
    /// # Errors
    /// A [`Flaw`] if the new form is wrong; nothing changes then.
    fn retune(&mut self, cx: &mut Cx<'_>, spec: &Self::Spec, site: &Site) -> Result<(), Flaw>;

    /// Shows its meters.
    fn survey<'a>(&'a self, survey: &mut Survey<'a>);

    /// The tallies of the requests that begin here, to seal the frame that ends.
    fn tallies(&mut self) -> &mut [Tally] {
        &mut []
    }

    /// What it can serve at most, from its form alone.
    fn bound(_spec: &Self::Spec) -> Bound {
        Bound::default()
    }

    /// What other parts can disagree with, from its form alone.
    fn limits(_spec: &Self::Spec) -> Limits {
        Limits::default()
    }

    /// Endpoints that it answers, by name, where it tells them apart.
    fn endpoints(_spec: &Self::Spec) -> Vec<String> {
        Vec::new()
    }

    /// Instances in service at the start: 1 unless the form says otherwise.
    fn replicas(_spec: &Self::Spec) -> u32 {
        1
    }

    /// Whether what others lease through it is found again and can be given back: not where each
    /// call may go elsewhere.
    fn carries_leases(_spec: &Self::Spec) -> bool {
        true
    }

    /// Where it sends requests on to for good, each with its probability; what is left of 1 it
    /// answers.
    fn passes(_spec: &Self::Spec) -> Vec<(String, f64)> {
        Vec::new()
    }

    /// What the traffic costs that it counts as `megabytes`, USD/GB.
    fn egress(_spec: &Self::Spec) -> Option<f64> {
        None
    }

    /// Another part that it may bring to so many instances.
    fn grows(_spec: &Self::Spec) -> Option<(String, u32)> {
        None
    }

    /// Endpoints that it asks for on its own account; `None` if it only answers.
    fn asks(_spec: &Self::Spec) -> Option<Vec<String>> {
        None
    }

    /// Whether what it does of itself changes with time: a run is then about that change.
    fn varies(_spec: &Self::Spec) -> bool {
        false
    }

    /// The load that it brings on its own account, as far as that is known.
    fn load(_spec: &Self::Spec, _site: &Site) -> Load {
        Load::default()
    }

    /// Brings `factor` times as many users, each as busy as before. False if it brings none.
    fn scale(_spec: &mut Self::Spec, _factor: f64) -> bool {
        false
    }

    /// Brings recorded requests instead of its own. False if it brings none.
    fn replay(_spec: &mut Self::Spec, _recording: &RecordedFile) -> bool {
        false
    }

    /// Goes on in the files that it reads after it was read back itself.
    fn reattach(&mut self, _recordings: &IndexMap<String, Recording>) {}

    /// How it would hold twice as much where `resource` is used up (without: where it is down),
    /// each way as fields that change together, the best way first; none if it cannot.
    fn widen(_spec: &Self::Spec, _resource: Option<&str>) -> Vec<Vec<Wider>> {
        Vec::new()
    }
}

macro_rules! catalogue {
    ($($module:ident :: $Name:ident),+ $(,)?) => {
        $(pub mod $module;)+

        /// A node of any component.
        #[derive(Clone, Debug, Serialize, Deserialize)]
        pub enum Node {
            $(#[doc = stringify!($Name)] $Name(Box<$module::$Name>),)+
        }

        /// A component's form as written.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[allow(clippy::large_enum_variant, reason = "a scenario has a handful of forms")]
        pub enum Form {
            $(#[doc = stringify!($Name)] $Name(<$module::$Name as Component>::Spec),)+
        }

        /// Every component: name and summary.
        pub const CATALOGUE: &[(&str, &str)] =
            &[$((<$module::$Name as Component>::NAME, <$module::$Name as Component>::SUMMARY),)+];

        /// Calls a generic reader with the form of the component of that name.
        pub trait FormReader {
            /// What it gives.
            type Out;
            /// Reads the form of component `C`.
            fn read<C: Component>(self, wrap: fn(C::Spec) -> Form) -> Self::Out;
        }

        /// Reads the form of the component of that name; `None` if there is none.
        pub fn read_form<R: FormReader>(name: &str, reader: R) -> Option<R::Out> {
            $(if name == <$module::$Name as Component>::NAME {
                return Some(reader.read::<$module::$Name>(Form::$Name));
            })+
            None
        }

        impl Form {
            /// The component's name.
            #[must_use]
            pub fn component(&self) -> &'static str {
                match self { $(Form::$Name(_) => <$module::$Name as Component>::NAME,)+ }
            }
            /// Makes the node.
            ///
            /// # Errors
            /// A [`Flaw`] in the form.
            pub fn build(&self, site: &Site) -> Result<Node, Flaw> {
                match self {
                    $(Form::$Name(spec) => <$module::$Name as Component>::build(spec, site)
                        .map(|node| Node::$Name(Box::new(node))),)+
                }
            }
            /// Whether a reload has a meaning for it.
            #[must_use]
            pub fn reloads(&self) -> bool {
                match self { $(Form::$Name(_) => <$module::$Name as Component>::RELOADS,)+ }
            }
            /// What it can serve at most.
            #[must_use]
            pub fn bound(&self) -> Bound {
                match self { $(Form::$Name(spec) => <$module::$Name as Component>::bound(spec),)+ }
            }
            /// What other parts can disagree with.
            #[must_use]
            pub fn limits(&self) -> Limits {
                match self { $(Form::$Name(spec) => <$module::$Name as Component>::limits(spec),)+ }
            }
            /// Endpoints that it answers.
            #[must_use]
            pub fn endpoints(&self) -> Vec<String> {
                match self {
                    $(Form::$Name(spec) => <$module::$Name as Component>::endpoints(spec),)+
                }
            }
            /// Whether what others lease through it is found again.
            #[must_use]
            pub fn carries_leases(&self) -> bool {
                match self {
                    $(Form::$Name(spec) => <$module::$Name as Component>::carries_leases(spec),)+
                }
            }
            /// Where it sends requests on to for good, with probabilities.
            #[must_use]
            pub fn passes(&self) -> Vec<(String, f64)> {
                match self { $(Form::$Name(spec) => <$module::$Name as Component>::passes(spec),)+ }
            }
            /// What the traffic costs that it counts as `megabytes`, USD/GB.
            #[must_use]
            pub fn egress(&self) -> Option<f64> {
                match self { $(Form::$Name(spec) => <$module::$Name as Component>::egress(spec),)+ }
            }
            /// Whether it has a disk that can be slow or full.
            #[must_use]
            pub fn has_disk(&self) -> bool {
                match self { $(Form::$Name(_) => <$module::$Name as Component>::HAS_DISK,)+ }
            }
            /// Another part that it may bring to so many instances.
            #[must_use]
            pub fn grows(&self) -> Option<(String, u32)> {
                match self { $(Form::$Name(spec) => <$module::$Name as Component>::grows(spec),)+ }
            }
            /// Endpoints that it asks for on its own account.
            #[must_use]
            pub fn asks(&self) -> Option<Vec<String>> {
                match self { $(Form::$Name(spec) => <$module::$Name as Component>::asks(spec),)+ }
            }
            /// Whether what it does of itself changes with time.
            #[must_use]
            pub fn varies(&self) -> bool {
                match self { $(Form::$Name(spec) => <$module::$Name as Component>::varies(spec),)+ }
            }
            /// The load that it brings on its own account.
            #[must_use]
            pub fn load(&self, site: &Site) -> Load {
                match self {
                    $(Form::$Name(spec) => <$module::$Name as Component>::load(spec, site),)+
                }
            }
            /// Brings `factor` times the load; false if it brings none.
            pub fn scale(&mut self, factor: f64) -> bool {
                match self {
                    $(Form::$Name(spec) => <$module::$Name as Component>::scale(spec, factor),)+
                }
            }
            /// Brings recorded requests instead of its own; false if it brings none.
            pub fn replay(&mut self, recording: &RecordedFile) -> bool {
                match self {
                    $(Form::$Name(spec) => <$module::$Name as Component>::replay(spec, recording),)+
                }
            }
            /// How it would hold twice as much, each way as fields that change together.
            #[must_use]
            pub fn widen(&self, resource: Option<&str>) -> Vec<Vec<Wider>> {
                match self {
                    $(Form::$Name(spec) => <$module::$Name as Component>::widen(spec, resource),)+
                }
            }
            /// Instances in service at the start.
            #[must_use]
            pub fn replicas(&self) -> u32 {
                match self {
                    $(Form::$Name(spec) => <$module::$Name as Component>::replicas(spec),)+
                }
            }
            /// The form as plain JSON.
            #[must_use]
            pub fn to_json(&self) -> serde_json::Value {
                match self {
                    $(Form::$Name(spec) => serde_json::to_value(spec).unwrap_or_default(),)+
                }
            }
        }

        impl Node {
            /// The component's name.
            #[must_use]
            pub fn component(&self) -> &'static str {
                match self { $(Node::$Name(_) => <$module::$Name as Component>::NAME,)+ }
            }
            /// Takes over a changed form.
            ///
            /// # Errors
            /// A [`Flaw`] in the form, or another component's form.
            pub fn retune(
                &mut self, cx: &mut Cx<'_>, form: &Form, site: &Site,
            ) -> Result<(), Flaw> {
                match (self, form) {
                    $((Node::$Name(node), Form::$Name(spec)) => node.retune(cx, spec, site),)+
                    _ => {
                        let message = "the form is another component's";
                        Err(Flaw::new("", message, "keep the component"))
                    }
                }
            }
            /// Shows its meters.
            pub fn survey<'a>(&'a self, survey: &mut Survey<'a>) {
                match self { $(Node::$Name(node) => node.survey(survey),)+ }
            }
            /// Goes on in the files that it reads after it was read back itself.
            pub fn reattach(&mut self, recordings: &IndexMap<String, Recording>) {
                match self { $(Node::$Name(node) => node.reattach(recordings),)+ }
            }
            /// The latencies of the open frame, by tally.
            pub fn windows(&mut self) -> impl Iterator<Item = &mut Sketch> {
                let tallies = match self { $(Node::$Name(node) => node.tallies(),)+ };
                tallies.iter_mut().map(|tally| &mut tally.window)
            }
        }

        impl Behaviour for Node {
            fn prepare(&mut self, lanes: &mut dyn FnMut(Nanos) -> Lane) {
                match self { $(Node::$Name(node) => node.prepare(lanes),)+ }
            }
            fn start(&mut self, cx: &mut Cx<'_>) {
                match self { $(Node::$Name(node) => node.start(cx),)+ }
            }
            #[inline]
            fn call(&mut self, cx: &mut Cx<'_>, req: ReqId) {
                match self { $(Node::$Name(node) => node.call(cx, req),)+ }
            }
            #[inline]
            fn answer(&mut self, cx: &mut Cx<'_>, answer: Answer) {
                match self { $(Node::$Name(node) => node.answer(cx, answer),)+ }
            }
            #[inline]
            fn timer(&mut self, cx: &mut Cx<'_>, word: u64) {
                match self { $(Node::$Name(node) => node.timer(cx, word),)+ }
            }
            fn note(&mut self, cx: &mut Cx<'_>, note: Note) {
                match self { $(Node::$Name(node) => node.note(cx, note),)+ }
            }
            fn cancelled(&mut self, cx: &mut Cx<'_>, gone: Cancelled) {
                match self { $(Node::$Name(node) => node.cancelled(cx, gone),)+ }
            }
            fn stop(&mut self, cx: &mut Cx<'_>, cause: Cause) {
                match self { $(Node::$Name(node) => node.stop(cx, cause),)+ }
            }
            fn act(&mut self, cx: &mut Cx<'_>, action: Action) -> bool {
                match self { $(Node::$Name(node) => node.act(cx, action),)+ }
            }
            fn vitals(&mut self, now: Nanos) -> Vitals {
                match self { $(Node::$Name(node) => node.vitals(now),)+ }
            }
            fn waits_for(&self, held: u64) -> Option<&'static str> {
                match self { $(Node::$Name(node) => node.waits_for(held),)+ }
            }
            fn scraped(&mut self, cx: &mut Cx<'_>, group: u32, vitals: &[Vitals]) {
                match self { $(Node::$Name(node) => node.scraped(cx, group, vitals),)+ }
            }
            fn reset_meters(&mut self, now: Nanos) {
                match self { $(Node::$Name(node) => node.reset_meters(now),)+ }
            }
        }
    };
}

#[cfg(test)]
pub(crate) mod tests_world;

catalogue! {
    app_server::AppServer,
    balancer::Balancer,
    cache::Cache,
    connection_pool::ConnectionPool,
    connection_pooler::ConnectionPooler,
    database::Database,
    link::Link,
    queueing_proxy::QueueingProxy,
    rate_limit::RateLimit,
    reverse_proxy::ReverseProxy,
    session_memory::SessionMemory,
    station::QueueStation,
    step_autoscaler::StepAutoscaler,
    supervisor::Supervisor,
    task_queue::TaskQueue,
    uplink::Uplink,
    users::Users,
    worker_pool::WorkerPool,
}
