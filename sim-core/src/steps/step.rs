//! The steps of an endpoint as a person writes them.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize};

use crate::engine::chance::{LawSpec, OwnDemand, ZipfSpec};
use crate::shorthand::{self, Written};
use crate::units::{Duration, Share};
use crate::wiring::{EndpointName, Target};

/// One step of an endpoint. The worker is held until the last one is done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StepSpec {
    /// Computes: stretched when cores are shared.
    Cpu(LawSpec),
    /// Waits for something outside the model that is never slower under load.
    Io(LawSpec),
    /// Asks the database and waits.
    Query(QuerySpec),
    /// Calls another node and waits.
    Call(CallSpec),
    /// Looks into a cache; on a miss the steps under `otherwise` follow.
    Cached(CachedSpec),
    /// Holds a connection of a pool through these steps, as a session or a transaction does.
    Hold(HoldSpec),
    /// Ends here with an error (HTTP 500) in this share of the attempts.
    Fail(Share),
    /// Calls and queries at the same time; goes on when all have answered.
    Parallel(Vec<StepSpec>),
}

/// Time that steps take of their own, in seconds on average: all of it, and the computing part.
/// Calls, queries and look-ups take the time that others need. Nothing can be said, so 0, where it
/// is the request that says how long a step takes.
#[must_use]
pub fn own_demand(steps: &[StepSpec]) -> (f64, f64) {
    let is_own = |step: &StepSpec| match step {
        StepSpec::Cpu(law) | StepSpec::Io(law) => law.own_share().is_some(),
        _ => false,
    };
    if steps.iter().any(is_own) {
        return (0.0, 0.0);
    }
    steps.iter().fold((0.0, 0.0), |(held, cpu), step| match step {
        StepSpec::Cpu(law) => (held + law.mean_s(), cpu + law.mean_s()),
        StepSpec::Io(law) => (held + law.mean_s(), cpu),
        _ => (held, cpu),
    })
}

/// A query: `9ms` of demand on the pool's database, or with where, what and how much.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct QuerySpec {
    /// The database or the connection pool before it; default: the worker pool's `database`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Target>,
    /// Its kind, for which the database knows the service time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<EndpointName>,
    /// Its demand on the database, if the kind does not say it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<LawSpec>,
}

/// The form in full, as a map.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FullQuery {
    /// The database or the connection pool before it; default: the worker pool's `database`.
    #[serde(default)]
    to: Option<Target>,
    /// Its kind, for which the database knows the service time.
    #[serde(default)]
    kind: Option<EndpointName>,
    /// Its demand on the database, if the kind does not say it.
    #[serde(default)]
    time: Option<LawSpec>,
}

/// What a person may write.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only the schema is wanted")]
enum EitherQuery {
    /// Demand on the pool's `database`.
    Time(Duration),
    /// What the request itself brings.
    Own(OwnDemand),
    /// Where, which kind, and its demand.
    Full(FullQuery),
}

impl JsonSchema for QuerySpec {
    fn schema_name() -> Cow<'static, str> {
        "QuerySpec".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        EitherQuery::json_schema(generator)
    }
}

impl<'de> Deserialize<'de> for QuerySpec {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let either = shorthand::read(from, "a duration like 9ms, or a map with to, kind, time")?;
        Ok(match either {
            Written::Short(time) => QuerySpec { time: Some(time), ..QuerySpec::default() },
            Written::Full(FullQuery { to, kind, time }) => QuerySpec { to, kind, time },
        })
    }
}

/// Steps with a connection in hand: queries to the pool among them run on that connection. It goes
/// back after the last step, when one fails, and when the worker dies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HoldSpec {
    /// The connection pool; default: the worker pool's `database`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<Target>,
    /// What is done meanwhile.
    pub steps: Vec<StepSpec>,
}

/// A call of another node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CallSpec {
    /// The node.
    pub to: Target,
    /// The endpoint there; default: its only one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<EndpointName>,
}

/// A look-up in a cache: a stated hit ratio, or a cache node with real keys.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CachedSpec {
    /// The cache node.
    #[serde(default, rename = "in", skip_serializing_if = "Option::is_none")]
    pub cache: Option<Target>,
    /// Popularity of the keys looked up there; default: the request's own key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<ZipfSpec>,
    /// Without a cache node: the share of look-ups that hit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hit: Option<Share>,
    /// Without a cache node: how long a hit takes; default 0s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<LawSpec>,
    /// Steps after a miss; the worker then writes the key into the cache node and waits for that.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub otherwise: Vec<StepSpec>,
}
