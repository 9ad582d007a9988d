//! A sweep file as a person writes it.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value as Json;

use super::design::Design;
use crate::units::Duration;

/// A sweep: a scenario, what is varied in it, and which points are visited.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Busyhour sweep")]
pub(super) struct SweepForm {
    /// The version of this format: 1.
    #[serde(rename = "sweep")]
    #[expect(dead_code, reason = "checked before the rest is read")]
    version: u64,
    /// A short name; default: the file's.
    #[serde(default)]
    pub(super) name: Option<String>,
    /// What it asks.
    #[serde(default)]
    pub(super) summary: Option<String>,
    /// The scenario, relative to this file.
    pub(super) scenario: String,
    /// How long each run lasts; default: as long as the scenario.
    #[serde(default)]
    pub(super) duration: Option<Duration>,
    /// How often each point is played; default 5.
    #[serde(default)]
    pub(super) replications: Option<u32>,
    /// Where luck and random designs are drawn from; default: the scenario's seed.
    #[serde(default)]
    pub(super) seed: Option<u64>,
    /// What is the same at all points and not as in the scenario, by its path.
    #[serde(default)]
    pub(super) set: IndexMap<String, Json>,
    /// What is varied: a path with its values, or a name with paths and values.
    #[serde(default)]
    #[expect(dead_code, reason = "read entry by entry, where a problem can be shown at its place")]
    pub(super) vary: IndexMap<String, Varied>,
    /// Which points are visited; default: grid.
    #[serde(default)]
    pub(super) design: Option<Design>,
    /// What follows from what is varied: a path with an expression over the varied names.
    #[serde(default)]
    #[expect(dead_code, reason = "the same")]
    pub(super) derive: IndexMap<String, DerivedForm>,
    /// Objectives beside those of the scenario.
    #[serde(default)]
    pub(super) objectives: Vec<String>,
}

/// What a factor may be: values, or a range.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "the type is the schema: places are lost in an untagged choice")]
pub(super) enum Varied {
    /// These values.
    Values(Vec<Json>),
    /// Values or a range, with more to say.
    Form(FactorForm),
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FactorForm {
    /// What it sets; default: the path that is its name. An empty list serves expressions only.
    #[serde(default)]
    pub(super) paths: Option<Vec<String>>,
    /// One of these.
    #[serde(default)]
    pub(super) values: Option<Vec<Json>>,
    /// Or from here, like `10ms` ...
    #[serde(default)]
    pub(super) from: Option<Json>,
    /// ... up to here, both included.
    #[serde(default)]
    pub(super) to: Option<Json>,
    /// How many values a grid or a list takes of it.
    #[serde(default)]
    pub(super) steps: Option<u32>,
    /// Whether equal steps are equal ratios; default false.
    #[serde(default)]
    pub(super) log: Option<bool>,
}

/// An expression, or one with the unit of its value.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "the type is the schema: places are lost in an untagged choice")]
pub(super) enum DerivedForm {
    /// A number, or an expression over varied names.
    Plain(Json),
    /// An expression whose value has a unit.
    Unit(UnitForm),
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UnitForm {
    /// An expression over varied names.
    pub(super) is: String,
    /// What is written behind the number, like `ms` or `/s`.
    pub(super) unit: String,
}

/// The JSON Schema (draft-07) of a sweep, for editors.
#[must_use]
pub fn sweep_schema() -> Json {
    let mut generator = schemars::generate::SchemaSettings::draft07().into_generator();
    generator.root_schema_for::<SweepForm>().to_value()
}
