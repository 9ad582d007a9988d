//! Which points a sweep visits: places of every factor, a pure function of design and seed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::factor::{Factor, Place};
use super::sobol::Sobol;
use crate::engine::chance::{Draw, Stream, below, mix, name_key, unit};

/// Which points a sweep visits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Design {
    /// Every value of each factor with every value of the others; the last one changes fastest.
    Grid,
    /// The first value of every factor, then the second of each, and so on.
    List,
    /// So many points, each factor drawn by itself.
    Random(Points),
    /// So many points: each factor's range is cut into as many equal strata, and each stratum is
    /// visited once.
    LatinHypercube(Points),
    /// So many points of a Sobol' sequence, which fill the space evenly; best a power of two.
    Sobol(Points),
    /// So many base points for Sobol' sensitivity indices after Saltelli: each costs as many
    /// points as there are factors, and two more.
    Saltelli(Points),
}

/// How many points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Points {
    /// How many.
    pub points: u32,
}

/// One place per factor.
pub(super) type Row = Vec<Place>;

impl Design {
    /// How many points it visits; `None` where a grid or a list lacks steps.
    pub(super) fn count(&self, factors: &[Factor]) -> Option<u64> {
        let steps: Option<Vec<u64>> =
            factors.iter().map(|factor| factor.steps().map(|n| n as u64)).collect();
        match self {
            Design::Grid => steps.map(|all| all.iter().fold(1, |n: u64, by| n.saturating_mul(*by))),
            Design::List => steps.map(|all| all.first().copied().unwrap_or(1)),
            Design::Random(n) | Design::LatinHypercube(n) | Design::Sobol(n) => {
                Some(u64::from(n.points))
            }
            Design::Saltelli(n) => Some(u64::from(n.points) * (factors.len() as u64 + 2)),
        }
    }

    /// The points, in order.
    pub(super) fn rows(&self, factors: &[Factor], seed: u64) -> Vec<Row> {
        match self {
            Design::Grid => grid(factors),
            Design::List => {
                let count = self.count(factors).unwrap_or(0) as usize;
                (0..count).map(|step| vec![Place::Step(step); factors.len()]).collect()
            }
            Design::Random(n) => columns(factors, n.points, |factor| random(factor, *n, seed)),
            Design::LatinHypercube(n) => {
                columns(factors, n.points, |factor| stratified(factor, *n, seed))
            }
            Design::Sobol(n) => {
                let sobol = Sobol::new(factors.len(), seed);
                let row = |index| sobol.point(index).into_iter().map(Place::Share).collect();
                (0..n.points).map(row).collect()
            }
            Design::Saltelli(n) => saltelli(factors.len(), n.points, seed),
        }
    }
}

fn grid(factors: &[Factor]) -> Vec<Row> {
    let mut rows = vec![Vec::new()];
    for factor in factors {
        let steps = factor.steps().unwrap_or(0);
        let longer = |row: &Row| -> Vec<Row> {
            (0..steps).map(|step| [&row[..], &[Place::Step(step)]].concat()).collect()
        };
        rows = rows.iter().flat_map(longer).collect();
    }
    rows
}

/// Rows from one column per factor.
fn columns(factors: &[Factor], points: u32, column: impl Fn(&Factor) -> Vec<f64>) -> Vec<Row> {
    let columns: Vec<Vec<f64>> = factors.iter().map(column).collect();
    let row = |index: usize| columns.iter().map(|all| Place::Share(all[index])).collect();
    (0..points as usize).map(row).collect()
}

/// What a factor draws from: its own, so that another factor more changes nothing here.
fn key(factor: &Factor, design: &str, seed: u64) -> u64 {
    mix(mix(seed, name_key(design)), name_key(&factor.name))
}

fn random(factor: &Factor, of: Points, seed: u64) -> Vec<f64> {
    let mut draw = Draw::new(key(factor, "random design", seed));
    (0..of.points).map(|_| unit(&mut draw)).collect()
}

fn stratified(factor: &Factor, of: Points, seed: u64) -> Vec<f64> {
    let mut stream = Stream::new(key(factor, "latin hypercube", seed));
    let mut strata: Vec<u32> = (0..of.points).collect();
    for last in (1..strata.len()).rev() {
        strata.swap(last, below(&mut stream, last as u64 + 1) as usize);
    }
    let n = f64::from(of.points);
    let within = |stratum: u32, stream: &mut Stream| (f64::from(stratum) + unit(stream)) / n;
    strata.into_iter().map(|stratum| within(stratum, &mut stream)).collect()
}

/// Per base point: A, then A with one factor of B each, then B.
fn saltelli(factors: usize, points: u32, seed: u64) -> Vec<Row> {
    let sobol = Sobol::new(2 * factors, seed);
    let mut rows = Vec::new();
    for index in 0..points {
        let both = sobol.point(index);
        let (a, b) = both.split_at(factors);
        let places = |shares: &[f64]| shares.iter().copied().map(Place::Share).collect::<Row>();
        rows.push(places(a));
        for other in 0..factors {
            let mut mixed = places(a);
            mixed[other] = Place::Share(b[other]);
            rows.push(mixed);
        }
        rows.push(places(b));
    }
    rows
}
