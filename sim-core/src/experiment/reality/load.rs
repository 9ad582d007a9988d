//! The very requests of a run: arrivals, demands, keys and clients follow from its seed.

use std::f64::consts::TAU;
use std::fmt::Write as _;

use super::cell::{Cell, Dist, Keys};

/// The generator that the load was drawn with.
struct Splitmix(u64);

impl Splitmix {
    /// One of the independent streams of a seed.
    fn stream(seed: u64, number: u32) -> Self {
        let mut seeds = Splitmix(seed);
        let mut state = seeds.next();
        for _ in 0..number {
            state = seeds.next();
        }
        Splitmix(state)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Evenly from 0 to below 1.
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn exponential(&mut self) -> f64 {
        -libm::log(1.0 - self.unit())
    }

    /// A demand in milliseconds, to the microsecond.
    fn demand(&mut self, dist: &Dist) -> f64 {
        let ms = match dist {
            Dist::Const { mean } => *mean,
            Dist::Exp { mean } => mean * self.exponential(),
            Dist::Lognormal { mean, cv } => {
                let s2 = libm::log1p(cv * cv);
                let (u1, u2) = (self.unit(), self.unit());
                let normal = (-2.0 * libm::log(1.0 - u1)).sqrt() * libm::cos(TAU * u2);
                libm::exp(libm::log(*mean) - s2 / 2.0 + s2.sqrt() * normal)
            }
        };
        libm::round(ms * 1e3) / 1e3
    }
}

/// Names of the streams of a seed.
const ARRIVALS: u32 = 0;
const DEMANDS: u32 = 1;
const KEYS: u32 = 2;
const CLASSES: u32 = 4;

/// Seconds from one request without any work to the next.
const PROBE_S: f64 = 0.004;

/// A request of a load.
#[derive(Clone, Debug)]
pub struct Sent {
    /// When, in seconds from the measured window's begin on.
    pub at_s: f64,
    class: usize,
    /// The work that it asks for, milliseconds.
    pub demand_ms: f64,
    key: Option<u64>,
    client: Option<u64>,
}

impl Cell {
    /// Requests as recorded ones in CSV, from the warm-up's begin on, after so many without any
    /// work, which were sent one after another to see what the way takes: whose turn it is with a
    /// proxy depends on them.
    #[must_use]
    pub fn recorded(&self, sent: &[Sent], probes: u32) -> String {
        let load = &self.load;
        let client = load.clients.as_ref().and_then(|all| all.first().copied());
        let probe = |number: u32| {
            let at_s = f64::from(number) * PROBE_S - self.warmup_s;
            Sent { at_s, class: 0, demand_ms: 0.0, key: None, client }
        };
        // what a key that nobody knows would do to a cache is not known
        let can_probe = load.keys.is_none() && load.jobs.is_none() && self.warmup_s >= 1.0;
        let mut all: Vec<Sent> = (0..if can_probe { probes } else { 0 }).map(probe).collect();
        all.extend_from_slice(sent);
        all.sort_by(|one, other| one.at_s.total_cmp(&other.at_s));
        let several = load.classes.len() > 1;
        let mut text = "time_s,demand_ms".to_owned();
        let optional = [(several, ",endpoint"), (load.keys.is_some(), ",key")];
        for (_, name) in optional.iter().filter(|(is_told, _)| *is_told) {
            text.push_str(name);
        }
        text.push_str(if load.clients.is_some() { ",client\n" } else { "\n" });
        for request in &all {
            let _ = write!(text, "{:.9},{}", request.at_s + self.warmup_s, request.demand_ms);
            if several {
                let _ = write!(text, ",{}", load.classes[request.class].name);
            }
            if let Some(key) = request.key {
                let _ = write!(text, ",{key}");
            }
            if let Some(network) = request.client {
                let _ = write!(text, ",198.18.{network}.1");
            }
            text.push('\n');
        }
        text
    }

    /// The requests of a seed; `None` where users wait for their answers, so that nothing says
    /// beforehand when they ask.
    #[must_use]
    pub fn sent(&self, seed: u64) -> Option<Vec<Sent>> {
        let load = &self.load;
        let times = match (&load.mode, load.jobs) {
            (_, Some(jobs)) => vec![0.0; jobs as usize],
            (Some(mode), None) if mode == "closed" => return None,
            _ => self.arrivals(seed),
        };
        let mut demands = Splitmix::stream(seed, DEMANDS);
        let mut classes = Splitmix::stream(seed, CLASSES);
        let mut names = Splitmix::stream(seed, KEYS);
        let popularity = load.keys.as_ref().map(cumulated);
        let shares: Vec<f64> =
            load.classes.iter().map(|class| class.share.unwrap_or(1.0)).collect();
        let request = |at_s: f64| {
            let class = match shares.len() {
                0 | 1 => 0,
                _ => picked(&shares, classes.unit()),
            };
            let dist = load.classes.get(class).map(|class| &class.demand).or(load.demand.as_ref());
            let key = popularity.as_ref().map(|all| {
                let u = names.unit();
                // ranks count from 1
                all.partition_point(|&sum| sum <= u).min(all.len() - 1) as u64 + 1
            });
            let client = load
                .clients
                .as_ref()
                .map(|all| all[((names.unit() * all.len() as f64) as usize).min(all.len() - 1)]);
            let demand_ms = dist.map_or(0.0, |dist| demands.demand(dist));
            Sent { at_s, class, demand_ms, key, client }
        };
        Some(times.into_iter().map(request).collect())
    }

    /// Times of open arrivals, seconds.
    fn arrivals(&self, seed: u64) -> Vec<f64> {
        let load = &self.load;
        let end: f64 = load.phases.iter().map(|phase| phase.0).sum();
        if let (Some(size), Some(every)) = (load.size, load.every) {
            let batches = ((end + self.warmup_s) / every) as usize;
            let batch = |number| -self.warmup_s + number as f64 * every;
            return (0..=batches)
                .map(batch)
                .filter(|&at| at < end)
                .flat_map(|at| vec![at; size as usize])
                .collect();
        }
        let mut rng = Splitmix::stream(seed, ARRIVALS);
        let mut times = Vec::new();
        let mut sum = 0.0;
        loop {
            sum += rng.exponential();
            match self.at_count(sum) {
                Some(at) => times.push(at),
                None => return times,
            }
        }
    }

    /// When so many requests have come on average; `None` after the last phase.
    fn at_count(&self, count: f64) -> Option<f64> {
        let first = self.load.phases.first()?.1;
        let warm = [(self.warmup_s, first)];
        let (mut at, mut left) = (-self.warmup_s, count);
        for &(seconds, rate) in warm.iter().chain(&self.load.phases) {
            if left < seconds * rate {
                return Some(at + left / rate);
            }
            left -= seconds * rate;
            at += seconds;
        }
        None
    }
}

/// The first whose cumulated share is above `u`.
fn picked(shares: &[f64], u: f64) -> usize {
    let mut sum = 0.0;
    let found = shares.iter().position(|share| {
        sum += share;
        u < sum
    });
    found.unwrap_or(shares.len() - 1)
}

/// Popularity of the keys from the first on, summed up to 1.
fn cumulated(keys: &Keys) -> Vec<f64> {
    let weights = (1..=keys.n).map(|k| libm::pow(k as f64, -keys.zipf));
    let mut sum = 0.0;
    let sums: Vec<f64> = weights
        .map(|weight| {
            sum += weight;
            sum
        })
        .collect();
    sums.iter().map(|each| each / sum).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_is_the_known_one() {
        let mut rng = Splitmix(1_234_567);
        assert_eq!(rng.next(), 6_457_827_717_110_365_317);
        assert_eq!(rng.next(), 3_203_168_211_198_807_973);
    }
}
