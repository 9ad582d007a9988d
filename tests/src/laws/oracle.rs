//! Closed forms, computed here from first principles and pinned to published numbers.

/// Erlang's loss: the share of arrivals that find all of `c` servers taken at `a` erlangs.
pub(super) fn erlang_b(c: u32, a: f64) -> f64 {
    (1..=c).fold(1.0, |b, k| a * b / (f64::from(k) + a * b))
}

/// A line of `c` servers of rate 1 under Poisson arrivals at rate `a`, with endless room.
#[derive(Clone, Copy)]
pub(super) struct Mmc {
    pub(super) c: u32,
    pub(super) a: f64,
}

impl Mmc {
    /// The share of those who wait (Erlang C).
    pub(super) fn waits(self) -> f64 {
        let (b, rho) = (erlang_b(self.c, self.a), self.a / f64::from(self.c));
        b / (1.0 - rho * (1.0 - b))
    }

    /// The mean wait.
    pub(super) fn wait(self) -> f64 {
        self.waits() / self.spare()
    }

    fn spare(self) -> f64 {
        f64::from(self.c) - self.a
    }

    /// The time in the system that a share `p` of requests stay below.
    pub(super) fn sojourn_quantile(self, p: f64) -> f64 {
        bisect(0.0, 1e4, |t| 1.0 - p < self.stays(t))
    }

    /// P(W > t) of a wait that is 0 or exponential, plus an exponential service.
    fn stays(self, t: f64) -> f64 {
        let (waits, spare, served) = (self.waits(), self.spare(), libm::exp(-t));
        if (spare - 1.0).abs() < 1e-9 {
            return served * (1.0 + waits * t);
        }
        let both = (spare * served - libm::exp(-spare * t)) / (spare - 1.0);
        (1.0 - waits) * served + waits * both
    }
}

/// Where a falling condition ends to hold.
fn bisect(mut low: f64, mut high: f64, holds: impl Fn(f64) -> bool) -> f64 {
    for _ in 0..200 {
        let middle = (low + high) / 2.0;
        if holds(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

/// The long-run state of a birth and death process.
pub(super) struct Levels {
    p: Vec<f64>,
    born: f64,
}

/// Arrivals at rate `born` up to `room`, departures at the rate that `dies` gives for a level.
pub(super) fn levels(born: f64, room: u32, dies: impl Fn(f64) -> f64) -> Levels {
    let mut p = vec![1.0];
    for n in 1..=room {
        p.push(p[n as usize - 1] * born / dies(f64::from(n)));
    }
    let total: f64 = p.iter().sum();
    p.iter_mut().for_each(|share| *share /= total);
    Levels { p, born }
}

impl Levels {
    /// The mean of a function of the level.
    pub(super) fn mean(&self, of: impl Fn(f64) -> f64) -> f64 {
        (0u32..).zip(&self.p).map(|(n, share)| of(f64::from(n)) * share).sum()
    }

    /// The share of arrivals that find no room.
    pub(super) fn lost(&self) -> f64 {
        self.p[self.p.len() - 1]
    }

    /// Requests served a second.
    pub(super) fn throughput(&self) -> f64 {
        self.born * (1.0 - self.lost())
    }

    /// The mean time in the system of those who got in.
    pub(super) fn sojourn(&self) -> f64 {
        self.mean(|n| n) / self.throughput()
    }
}

/// Erlang A: `c` servers of rate 1, patience of rate `theta`, arrivals at rate `born`.
pub(super) fn erlang_a(born: f64, c: u32, theta: f64) -> Levels {
    let c = f64::from(c);
    levels(born, 400, move |n| n.min(c) + (n - c).max(0.0) * theta)
}

/// The mean time in the system of G/M/1 at service rate 1 from the transform of the gaps.
fn gm1(transform: impl Fn(f64) -> f64) -> f64 {
    let root = (0..10_000).fold(0.5, |root, _| transform(1.0 - root));
    1.0 / (1.0 - root)
}

/// D/M/1: evenly spaced arrivals.
pub(super) fn dm1(rho: f64) -> f64 {
    gm1(|s| libm::exp(-s / rho))
}

/// E_k/M/1: every k-th arrival of a Poisson stream, as under round robin over k servers.
pub(super) fn ekm1(k: u32, rho: f64) -> f64 {
    let stage = f64::from(k) * rho;
    gm1(|s| libm::pow(stage / (stage + s), f64::from(k)))
}

/// Mean value analysis: throughput and response time of `n` users who think for `think`.
pub(super) fn mva(demands: &[f64], think: f64, n: u32) -> (f64, f64) {
    let mut queues = vec![0.0; demands.len()];
    let mut found = (0.0, 0.0);
    for users in 1..=n {
        let times: Vec<f64> = demands.iter().zip(&queues).map(|(d, q)| d * (1.0 + q)).collect();
        let response: f64 = times.iter().sum();
        let throughput = f64::from(users) / (think + response);
        queues = times.iter().map(|time| throughput * time).collect();
        found = (throughput, response);
    }
    found
}

/// The mean time in the system of the shorter of two queues among endlessly many servers.
pub(super) fn shorter_of_two(rho: f64) -> f64 {
    (1..30).map(|i| libm::pow(rho, libm::exp2(f64::from(i)) - 2.0)).sum()
}

/// P(wait <= t) of M/D/1 at service time 1 (Erlang).
fn md1_below(rho: f64, t: f64) -> f64 {
    let mut sum = 0.0;
    let mut factorial = 1.0;
    for k in 0..=t as u32 {
        factorial *= f64::from(k.max(1));
        let x = rho * (t - f64::from(k));
        sum += libm::pow(-x, f64::from(k)) * libm::exp(x) / factorial;
    }
    (1.0 - rho) * sum
}

/// The wait that a share `p` of requests of M/D/1 stay below.
pub(super) fn md1_quantile(rho: f64, p: f64) -> f64 {
    bisect(0.0, 20.0, |t| md1_below(rho, t) < p)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn near(found: f64, expected: f64) {
        let off = (found - expected).abs();
        assert!(off < 1e-6 + 1e-5 * expected, "{found} is not {expected}");
    }

    #[test]
    fn lines_and_losses() {
        near(erlang_b(10, 10.0), 0.214582);
        near(erlang_b(5, 10.0), 0.563952);
        near(erlang_b(10, 5.0), 0.018385);
        near(Mmc { c: 2, a: 1.6 }.wait(), 1.777778);
        near(Mmc { c: 4, a: 3.2 }.waits(), 0.596432);
        near(Mmc { c: 4, a: 3.2 }.wait(), 0.745541);
        near(Mmc { c: 10, a: 9.0 }.wait(), 0.668732);
        near(Mmc { c: 1, a: 0.8 }.sojourn_quantile(0.99), 23.0259);
        let small = levels(3.0, 5, |n| n.min(2.0));
        near(small.lost(), 0.374422);
        near(small.throughput(), 1.876733);
        near(small.mean(|n| n), 3.665639);
        near(small.sojourn(), 1.953202);
        near(levels(1.2, 10, |_| 1.0).sojourn(), 6.92614);
    }

    #[test]
    fn abandonment_and_closed_users() {
        let tired = erlang_a(12.0, 10, 0.5);
        near(tired.mean(|n| f64::from(u8::from(n >= 10.0))), 0.850385);
        near(tired.mean(|n| (n - 10.0).max(0.0)) * 0.5 / 12.0, 0.195656);
        near(tired.mean(|n| n.min(10.0)) / 10.0, 0.965213);
        let (x, r) = mva(&[0.05, 0.08, 0.03], 5.0, 60);
        near(x, 10.774926);
        near(r, 0.568484);
    }

    #[test]
    fn arrivals_that_are_not_poisson() {
        near(dm1(0.8), 2.692731);
        near(ekm1(2, 0.8), 3.843980);
        near(ekm1(10, 0.8), 2.922269);
        near(shorter_of_two(0.8), 1.947363);
        near(shorter_of_two(0.9), 2.614057);
        near(md1_quantile(0.8, 0.50), 1.27594);
        near(md1_quantile(0.8, 0.99), 10.35589);
    }
}
