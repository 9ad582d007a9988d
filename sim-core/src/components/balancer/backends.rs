//! What a balancer knows of its backends: only what it counted or was told.

use serde::{Deserialize, Serialize};

/// Load that stands for a backend out of service, so that one scan finds the least loaded one.
const OUT: u32 = u32::MAX;

/// Backends in order, with weight, load and whether they are in service.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Backends {
    nodes: Vec<u32>,
    weights: Vec<u32>,
    /// Requests under way, or [`OUT`].
    shown: Vec<u32>,
    load: Vec<u32>,
    /// Load by weight, or `u64::MAX`; empty where all weights are the same.
    scores: Vec<u64>,
    /// Weights summed up to and including each backend.
    sums: Vec<u64>,
    equal: bool,
    up: u32,
}

impl Backends {
    /// Backends that are all out of service.
    #[must_use]
    pub fn new(nodes: Vec<u32>, weights: Vec<u32>) -> Self {
        let sums = weights
            .iter()
            .scan(0u64, |sum, &weight| {
                *sum += u64::from(weight);
                Some(*sum)
            })
            .collect();
        let count = nodes.len();
        let equal = weights.windows(2).all(|pair| pair[0] == pair[1]);
        let (shown, load) = (vec![OUT; count], vec![0; count]);
        let scores = vec![u64::MAX; if equal { 0 } else { count }];
        Backends { nodes, weights, shown, load, scores, sums, equal, up: 0 }
    }

    /// Shows a backend's load, or that it is out of service.
    #[inline]
    fn show(&mut self, index: usize, up: bool) {
        let load = self.load[index];
        self.shown[index] = if up { load } else { OUT };
        if let Some(score) = self.scores.get_mut(index) {
            *score = if up { score_of(load, self.weights[index]) } else { u64::MAX };
        }
    }

    /// How many there are, in service or not.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The node behind an index.
    #[inline]
    #[must_use]
    pub fn node(&self, index: u32) -> u32 {
        self.nodes[index as usize]
    }

    /// Whether a backend is in service.
    #[inline]
    #[must_use]
    pub fn is_up(&self, index: u32) -> bool {
        self.shown.get(index as usize).is_some_and(|&load| load != OUT)
    }

    /// Puts a node into service or takes it out.
    pub fn set_up(&mut self, node: u32, up: bool) {
        let Some(index) = self.nodes.iter().position(|&known| known == node) else { return };
        if self.is_up(index as u32) != up {
            self.up = if up { self.up + 1 } else { self.up - 1 };
        }
        self.show(index, up);
    }

    /// Backends in service.
    #[must_use]
    pub fn in_service(&self) -> u32 {
        self.up
    }

    /// A backend's weight.
    #[must_use]
    pub fn weight(&self, index: u32) -> u32 {
        self.weights[index as usize]
    }

    /// Weights in order, and whether each backend is in service.
    #[inline]
    pub fn weights(&self) -> impl Iterator<Item = (u32, bool)> + '_ {
        self.weights.iter().zip(&self.shown).map(|(&weight, &load)| (weight, load != OUT))
    }

    /// Whether all weights are the same.
    #[inline]
    #[must_use]
    pub fn equal_weights(&self) -> bool {
        self.equal
    }

    /// All weights together, in service or not.
    #[must_use]
    pub fn total_weight(&self) -> u64 {
        self.sums.last().copied().unwrap_or(0)
    }

    /// The backend at a point of the summed weights.
    #[inline]
    #[must_use]
    pub fn by_weight(&self, point: u64) -> u32 {
        if self.equal {
            return (point / u64::from(self.weights.first().copied().unwrap_or(1).max(1))) as u32;
        }
        self.sums.partition_point(|&sum| sum <= point) as u32
    }

    /// The first backend in service from an index on, going round.
    #[inline]
    #[must_use]
    pub fn first_up_from(&self, from: u32) -> Option<u32> {
        let count = self.nodes.len() as u32;
        let from = if from < count { from } else { 0 };
        if self.up == count {
            return (count > 0).then_some(from);
        }
        (from..count).chain(0..from).find(|&index| self.is_up(index))
    }

    /// The backend in service with the least load for its weight; of those that tie the first from
    /// an index on.
    #[inline]
    #[must_use]
    pub fn least_loaded_from(&self, from: u32) -> Option<u32> {
        if self.up == 0 {
            return None;
        }
        let from = (from as usize).min(self.shown.len());
        if self.equal { least_from(&self.shown, from) } else { least_from(&self.scores, from) }
    }

    /// Whether one backend has less load for its weight than another.
    #[must_use]
    pub fn lighter(&self, one: u32, other: u32) -> bool {
        let (one, other) = (one as usize, other as usize);
        let left = u64::from(self.load[one]) * u64::from(self.weights[other]);
        left < u64::from(self.load[other]) * u64::from(self.weights[one])
    }

    /// A request goes to a backend.
    #[inline]
    pub fn begin(&mut self, index: u32) {
        let index = index as usize;
        self.load[index] += 1;
        self.show(index, self.shown[index] != OUT);
    }

    /// A request has come back from a backend.
    #[inline]
    pub fn end(&mut self, index: u32) {
        let index = index as usize;
        self.load[index] = self.load[index].saturating_sub(1);
        self.show(index, self.shown[index] != OUT);
    }

    /// Forgets all load: the balancer was restarted.
    pub fn forget(&mut self) {
        self.load.fill(0);
        self.shown.fill(OUT);
        self.scores.fill(u64::MAX);
        self.up = 0;
    }
}

/// Load by weight as an integer that orders like the fraction: two of them with denominators up to
/// 1,000 are either equal or a millionth apart.
#[inline]
fn score_of(load: u32, weight: u32) -> u64 {
    (u64::from(load) << 32) / u64::from(weight.max(1))
}

/// Where the least value stands, the first from an index on, going round.
#[inline]
fn least_from<T: Ord + Copy>(values: &[T], from: usize) -> Option<u32> {
    let &first = values.first()?;
    let least = values.iter().fold(first, |least, &value| least.min(value));
    let (before, after) = values.split_at(from);
    let later = after.iter().position(|&value| value == least).map(|at| at + from);
    later.or_else(|| before.iter().position(|&value| value == least)).map(|at| at as u32)
}
