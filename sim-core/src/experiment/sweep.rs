//! A scenario played at many points: what is varied, which points are visited, what came of each.

mod analysis;
mod csv;
mod design;
mod emit;
mod expression;
mod factor;
mod form;
mod heat;
mod html;
mod manifest;
mod points;
mod read;
mod record;
mod sensitivity;
mod sobol;
mod text;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

pub use self::analysis::{Effect, Level, Outcome, Sensitivity};
pub use self::csv::{Cells, Column};
pub use self::design::{Design, Points};
pub use self::emit::Job;
pub use self::expression::{Expression, Function};
pub use self::factor::{Factor, Levels, Range};
pub use self::form::sweep_schema;
pub use self::manifest::{Manifest, Shard, merged};
pub use self::points::Point;
pub use self::read::{SweepReading, read_sweep};
pub use self::record::{Figure, Header, PointRecord};
pub use self::sensitivity::{Index, Share, indices};
use crate::scenario::{Files, Reading, read};

/// Points at most.
pub const POINTS_MAX: u64 = 100_000;

/// A checked sweep: a pure function of the sweep's and the scenario's text.
#[derive(Clone, Debug)]
pub struct Sweep {
    /// Its name.
    pub name: String,
    /// What it asks.
    pub summary: String,
    /// The scenario's path as written.
    pub scenario: String,
    /// The scenario's text.
    pub scenario_text: String,
    /// All that the sweep file says, as JSON.
    pub said: Json,
    /// All that the scenario file says, as JSON.
    pub scenario_said: Json,
    /// What is set at all points, `path=value`.
    pub fixed: Vec<String>,
    /// What is varied.
    pub factors: Vec<Factor>,
    /// What follows from it.
    pub derived: Vec<Derived>,
    /// Which points are visited.
    pub design: Design,
    /// Runs of each point.
    pub replications: u32,
    /// Where luck and random designs are drawn from; all points share their luck.
    pub seed: u64,
    /// The points.
    pub points: Vec<Point>,
}

/// A path whose value follows from what is varied.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Derived {
    /// What it sets.
    pub path: String,
    /// How it is computed.
    pub is: Expression,
    /// What is written behind the number.
    pub unit: String,
}

impl Sweep {
    /// Reads the scenario as a point has it. `files` are those beside the scenario.
    #[must_use]
    pub fn scenario_at(&self, point: &Point, files: &dyn Files) -> Reading {
        let overrides = [&self.fixed[..], &point.overrides[..]].concat();
        read(&self.scenario, &self.scenario_text, &overrides, files)
    }
}
