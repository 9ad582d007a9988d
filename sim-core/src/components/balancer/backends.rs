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
        Backends {
            nodes,
            weights,
            shown: vec![OUT; count],
            load: vec![0; count],
            sums,
            equal,
            up: 0,
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
        self.shown[index] = if up { self.load[index] } else { OUT };
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

    /// The least loaded backend in service; of those that tie the first from an index on.
    #[inline]
    #[must_use]
    pub fn least_loaded_from(&self, from: u32) -> Option<u32> {
        let least = self.shown.iter().fold(OUT, |least, &load| least.min(load));
        if least == OUT {
            return None;
        }
        let from = (from as usize).min(self.shown.len());
        let (before, after) = self.shown.split_at(from);
        let later = after.iter().position(|&load| load == least).map(|at| at + from);
        later.or_else(|| before.iter().position(|&load| load == least)).map(|at| at as u32)
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
        if self.shown[index] != OUT {
            self.shown[index] = self.load[index];
        }
    }

    /// A request has come back from a backend.
    #[inline]
    pub fn end(&mut self, index: u32) {
        let index = index as usize;
        self.load[index] = self.load[index].saturating_sub(1);
        if self.shown[index] != OUT {
            self.shown[index] = self.load[index];
        }
    }

    /// Forgets all load: the balancer was restarted.
    pub fn forget(&mut self) {
        self.load.fill(0);
        self.shown.fill(OUT);
        self.up = 0;
    }
}
