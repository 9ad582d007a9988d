//! What is kept of a sweep: what it was made of, and what came of each point.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::super::measure::Measure;
use super::super::replications::{Breaks, Objective, Replications, Surety};
use super::super::statistics::Estimate;
use super::analysis::better;
use super::{Design, Factor, Point, Shard, Sweep};
use crate::DIGEST_EPOCH;
use crate::engine::chance::{mix, name_key};
use crate::report::Unit;

/// What a sweep was made of: two with the same header have the same results.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// The version of this form, 1.
    pub schema_version: u32,
    /// The version of Busyhour.
    pub version: String,
    /// Its digest epoch.
    pub digest_epoch: u32,
    /// The sweep's name.
    pub name: String,
    /// What it asks.
    pub summary: String,
    /// Points of all shards together.
    pub points: u32,
    /// A hash of the numbers of all points and what they set, 16 hexadecimal digits.
    pub points_hash: String,
    /// Runs of each point.
    pub replications: u32,
    /// Where luck and random designs are drawn from.
    pub seed: u64,
    /// How sure intervals are, 0 to 1.
    pub confidence: f64,
    /// Which points are visited.
    pub design: Design,
    /// What is varied.
    pub factors: Vec<Factor>,
    /// What the files said: `sweep`, `scenario`, and the hashes of data files as `files`.
    pub inputs: Json,
    /// Which part of the points this is; all of them where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
}

impl Header {
    /// The header of a sweep; `files` are the texts of data files by their paths.
    #[must_use]
    pub fn of(sweep: &Sweep, files: &IndexMap<String, String>, confidence: f64) -> Self {
        let hashes: IndexMap<&String, String> =
            files.iter().map(|(path, text)| (path, hex(name_key(text)))).collect();
        let overrides = sweep.points.iter().map(|point| (point.id, &point.overrides[..]));
        Header {
            schema_version: 1,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            digest_epoch: DIGEST_EPOCH,
            name: sweep.name.clone(),
            summary: sweep.summary.clone(),
            points: sweep.points.len() as u32,
            points_hash: points_hash(overrides),
            replications: sweep.replications,
            seed: sweep.seed,
            confidence,
            design: sweep.design.clone(),
            factors: sweep.factors.clone(),
            inputs: json!({
                "sweep": sweep.said,
                "scenario": sweep.scenario_said,
                "files": hashes,
            }),
            shard: None,
        }
    }

    /// The same of one shard.
    #[must_use]
    pub fn with_shard(mut self, shard: Option<Shard>) -> Self {
        self.shard = shard;
        self
    }

    /// A hash of all but the shard, 16 hexadecimal digits.
    #[must_use]
    pub fn hash(&self) -> String {
        let whole = self.clone().with_shard(None);
        hex(name_key(&serde_json::to_string(&whole).unwrap_or_default()))
    }
}

/// A hash of what points set, in the order of their numbers.
pub(super) fn points_hash<'a>(points: impl Iterator<Item = (u32, &'a [String])>) -> String {
    hex(points.fold(0, |hash, (id, overrides)| {
        overrides.iter().fold(mix(hash, u64::from(id)), |hash, one| mix(hash, name_key(one)))
    }))
}

pub(super) fn hex(hash: u64) -> String {
    format!("{hash:016x}")
}

/// What came of a point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PointRecord {
    /// Its number, from 0.
    pub id: u32,
    /// The value of each factor, by name.
    pub values: IndexMap<String, Json>,
    /// What it set in the scenario, `path=value`.
    pub overrides: Vec<String>,
    /// The hash of the scenario as it was played, 16 hexadecimal digits.
    pub scenario_hash: String,
    /// Whether the objectives hold.
    pub verdict: Surety,
    /// Objectives in the order of the scenario.
    pub objectives: Vec<Objective>,
    /// What broke first, the most frequent first.
    pub breaks: Vec<Breaks>,
    /// Figures over all replications, by name; those of single classes are left out.
    pub figures: IndexMap<String, Figure>,
    /// A digest of the digests of its runs, 16 hexadecimal digits.
    pub digest: String,
}

/// A figure with its unit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// What it is measured in.
    pub unit: Unit,
    /// Its value with an interval; `None` where nothing could be measured.
    pub estimate: Option<Estimate>,
}

impl PointRecord {
    /// What came of a point whose replications are complete.
    #[must_use]
    pub fn of(point: &Point, replications: &Replications) -> Self {
        let summary = replications.summary();
        let kept = |measure: &&Measure| {
            !measure.name.starts_with("classes.") && !measure.name.starts_with("objectives.")
        };
        let figure = |measure: &Measure| {
            let estimate = summary.estimates.get(&measure.name).copied().flatten();
            (measure.name.clone(), Figure { unit: measure.unit, estimate })
        };
        let digests = summary.samples.iter().map(|sample| name_key(&sample.digest));
        PointRecord {
            id: point.id,
            values: point.values.clone(),
            overrides: point.overrides.clone(),
            figures: summary.measures.iter().filter(kept).map(figure).collect(),
            digest: hex(digests.fold(0, mix)),
            scenario_hash: summary.scenario_hash,
            verdict: summary.verdict,
            objectives: summary.objectives,
            breaks: summary.breaks,
        }
    }

    /// The one to be preferred: by verdict; among those that hold by cost, then by latency.
    pub fn best<'a>(all: impl IntoIterator<Item = &'a PointRecord>) -> Option<&'a PointRecord> {
        all.into_iter().min_by(|a, b| better(a, b).then(a.id.cmp(&b.id)))
    }

    /// The value of a figure, where there is one.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<f64> {
        Some(self.figures.get(name)?.estimate?.value)
    }
}
