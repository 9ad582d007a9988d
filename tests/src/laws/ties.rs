//! Timers of one instant have no order in the world: whichever comes first, means stay.

use std::sync::Arc;

use sim_core::engine::agenda::Keeping;
use sim_core::run::Run;

use super::trial::{claim, judge_samples};
use crate::support::plan;

/// Two groups whose requests arrive in the same instants, and a crowd that starts all at once, at
/// a station and a pool that draw their work from continuous laws.
const TIES: &str = "
busyhour: 1
duration: 10m
users:
  left: {enter: line, arrivals: {base: 3/s, spacing: even}}
  right: {enter: line, arrivals: {base: 3/s, spacing: even}}
  crowd: {enter: web, closed: 40, think: 2s}
nodes:
  line: {component: station, servers: 2, service: {exponential: 250ms}}
  web: {component: worker-pool, workers: 8, cores: 2, steps: [io: 20ms, cpu: {exponential: 60ms}]}
";

/// Mean latency over the requests of the groups from `first` to `last`, ns.
fn mean_latency(run: &Run, groups: std::ops::Range<usize>) -> f64 {
    let surveys = run.surveys();
    let latencies = surveys[groups].iter().flat_map(|s| &s.tallies).map(|t| &t.latency);
    let (sum, count) = latencies.fold((0.0, 0.0), |(sum, count), latency| {
        let n = latency.count() as f64;
        (sum + latency.mean().unwrap_or(0.0) * n, count + n)
    });
    sum / count
}

#[test]
fn who_comes_first_in_an_instant_moves_means_only_within_noise() {
    let plan = plan(TIES, &[]);
    let mut ratios = [Vec::new(), Vec::new()];
    let mut moved = 0;
    for seed in 1..=32u64 {
        let play = |keeping| {
            let mut run = Run::keeping(Arc::clone(&plan), seed, keeping).expect("valid");
            run.finish();
            run
        };
        let luck = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20;
        let (straight, shuffled) = (play(Keeping::Heap), play(Keeping::Shuffled(luck)));
        moved += u32::from(straight.digest() != shuffled.digest());
        // who of two comes first is served first, but both together wait as long as before
        for (groups, ratios) in [0..2, 2..3].into_iter().zip(&mut ratios) {
            let of = |run| mean_latency(run, groups.clone());
            ratios.push(of(&shuffled) / of(&straight));
        }
    }
    assert!(moved >= 30, "a shuffle must be another run: {moved} of 32 were");
    for (name, samples) in ["left and right", "crowd"].into_iter().zip(&ratios) {
        let claim = claim("shuffled / straight", 1.0, 0.05, |_| 0.0);
        judge_samples(&format!("ties, {name}"), &claim, samples, 0);
    }
}
