//! Hand examples, Little's law, and the histogram against a sorted list.

use super::buckets::{BUCKETS, midpoint, rank};
use super::*;

/// splitmix64: a seeded trace for the tests.
struct Luck(u64);

impl Luck {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A value whose octave is uniform among those below 2^`bits`.
    fn spread(&mut self, bits: u64) -> u64 {
        let octave = self.next() % bits;
        self.next() >> (63 - octave)
    }
}

fn recorded(values: &[u64]) -> Histogram {
    let mut histogram = Histogram::default();
    values.iter().for_each(|ns| histogram.record(*ns));
    histogram
}

#[test]
fn gauge_areas_are_exact_and_a_reset_keeps_the_level() {
    let mut gauge = Gauge::new(100, 2);
    gauge.up(150); // 2 x 50
    gauge.change(160, -3); // 3 x 10
    gauge.set(200, 7); // 0 x 40
    assert_eq!((gauge.area_at(210), gauge.max(), gauge.level()), (100 + 30 + 70, 7, 7));
    assert_eq!(gauge.mean(210), 200.0 / 110.0);
    gauge.down(210);
    gauge.reset(230);
    assert_eq!((gauge.area_at(230), gauge.max(), gauge.mean(230)), (0, 6, 6.0));
    assert_eq!((gauge.area_at(240), gauge.mean(240)), (60, 6.0));
    let mut longest = Gauge::new(0, u32::MAX);
    longest.set(u64::MAX, 0);
    assert_eq!(longest.area_at(u64::MAX), u128::from(u32::MAX) * u128::from(u64::MAX));
}

#[test]
#[should_panic(expected = "level 0 -1")]
#[cfg(debug_assertions)]
fn a_gauge_below_zero_is_a_mistake() {
    Gauge::new(0, 0).down(1);
}

#[test]
fn littles_law_holds_exactly_from_empty_to_empty() {
    let (mut luck, mut gauge, mut now, mut inside) = (Luck(1), Gauge::default(), 0, Vec::new());
    let (mut sojourns, mut arrived) = (0u128, 0);
    while arrived < 20_000 || !inside.is_empty() {
        now += luck.next() % 1_000_000;
        if arrived < 20_000 && (inside.is_empty() || !luck.next().is_multiple_of(2)) {
            inside.push(now);
            gauge.up(now);
            arrived += 1;
        } else {
            let leaver = (luck.next() % inside.len() as u64) as usize;
            sojourns += u128::from(now - inside.swap_remove(leaver));
            gauge.down(now);
        }
    }
    assert_eq!(gauge.area_at(now + 5), sojourns);
}

#[test]
fn buckets_tile_every_value_within_a_256th() {
    let mut next = 0u64;
    for index in 0..BUCKETS {
        let (first, last) = bucket_range(index);
        assert_eq!((first, bucket_of(first), bucket_of(last)), (next, index, index));
        let middle = midpoint((first, last));
        assert!((last - middle) as f64 <= last as f64 / 256.0, "{first}..{last}");
        assert!((middle - first) as f64 <= first as f64 / 256.0, "{first}..{last}");
        next = last.wrapping_add(1);
    }
    assert_eq!(next, 0, "the last bucket ends at the last u64");
}

#[test]
fn quantiles_of_a_histogram_are_those_of_a_sorted_list_within_a_256th() {
    let mut luck = Luck(2);
    for bits in 1..=64 {
        let mut values: Vec<u64> = (0..999).map(|_| luck.spread(bits)).collect();
        let histogram = recorded(&values);
        values.sort_unstable();
        for p in [0.0, 0.001, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 1.0] {
            let exact = values[(rank(p, 999) - 1) as usize];
            let told = histogram.quantile(p).unwrap();
            assert!(
                told.abs_diff(exact) as f64 <= exact as f64 / 256.0,
                "{bits} {p} {exact} {told}"
            );
        }
        assert_eq!(histogram.quantile(0.0), values.first().copied());
        assert_eq!(histogram.quantile(1.0), values.last().copied());
        assert_eq!(histogram.sum(), values.iter().map(|v| u128::from(*v)).sum());
    }
    assert_eq!((rank(0.07, 100), rank(0.95, 20), rank(0.951, 20), rank(0.0, 9)), (7, 19, 20, 1));
}

#[test]
fn merging_is_recording_all_in_one_in_any_order() {
    let mut luck = Luck(3);
    let values: Vec<u64> = (0..3_000).map(|_| luck.spread(50)).collect();
    let parts: Vec<Histogram> = values.chunks(700).map(recorded).collect();
    let mut forwards = Histogram::default();
    parts.iter().for_each(|part| forwards.merge(part));
    let mut backwards = Histogram::default();
    parts.iter().rev().for_each(|part| backwards.merge(part));
    backwards.merge(&Histogram::default());
    assert_eq!((&forwards, &backwards), (&recorded(&values), &recorded(&values)));
    forwards.reset();
    assert_eq!(forwards, Histogram::default());
}

#[test]
fn mean_variance_and_counts_by_hand() {
    let histogram = recorded(&[10, 20, 30, 41]);
    assert_eq!(histogram.mean(), Some(25.25));
    assert!((histogram.variance().unwrap() - 530.75 / 3.0).abs() < 1e-9);
    let far = recorded(&[1 << 40, (1 << 40) + 2]);
    assert_eq!(far.variance(), Some(2.0), "nothing cancels far from zero");
    assert_eq!((histogram.count_at_most(9), histogram.count_at_most(30)), (0, 3));
    assert_eq!((histogram.count_at_most(u64::MAX), Histogram::default().variance()), (4, None));
    assert_eq!(
        (Histogram::default().quantile(0.5), Histogram::default().count_at_most(5)),
        (None, 0)
    );
}

#[test]
fn a_sketch_is_the_histogram_with_every_eight_buckets_summed() {
    let mut luck = Luck(4);
    let (mut sketch, mut halves, mut histogram) =
        (Sketch::default(), SparseSketch::default(), Histogram::default());
    for bits in [20, 64] {
        for ns in (0..2_000).map(|_| luck.spread(bits)) {
            sketch.record(ns);
            histogram.record(ns);
        }
        halves.merge(&sketch.seal());
    }
    assert_eq!(sketch.seal(), SparseSketch::default(), "sealing empties it");
    let mut coarse = std::collections::BTreeMap::new();
    for (bucket, count) in histogram.buckets() {
        *coarse.entry(bucket_range(bucket & !7).0).or_insert(0) += count;
    }
    let told: Vec<_> = halves.ranges().map(|(first, _, n)| (first, u64::from(n))).collect();
    assert_eq!(told, coarse.into_iter().collect::<Vec<_>>());
    assert_eq!(halves.count(), histogram.count());
    for p in [0.3, 0.5, 0.9, 0.99] {
        let (fine, rough) = (histogram.quantile(p).unwrap(), halves.quantile(p).unwrap());
        assert!(
            rough.abs_diff(fine) as f64 <= fine as f64 * (1.0 / 32.0 + 1.0 / 256.0),
            "{fine} {rough}"
        );
    }
    let ratio = halves.mean().unwrap() / histogram.mean().unwrap();
    assert!((ratio - 1.0).abs() < 1.0 / 32.0);
}

#[test]
fn utilisation_follows_a_capacity_that_changes() {
    let mut station = Station::new(0, 2);
    station.seize(0, 0);
    station.enqueue(10);
    station.set_capacity(50, 4);
    station.dequeue(50);
    station.seize(50, 40);
    station.turn_away();
    station.release(100); // held 1 x 50 + 2 x 50, there were 2 x 50 + 4 x 50
    assert_eq!(station.utilisation(100), 0.5);
    assert_eq!((station.seized(), station.wait_sum(), station.wait_max()), (2, 40, 40));
    assert_eq!((station.mean_wait(), station.queue.area_at(100)), (Some(20.0), 40));
    station.reset(100);
    assert_eq!((station.utilisation(100), station.utilisation(140)), (0.0, 0.25));
    assert_eq!((station.mean_wait(), station.turned_away.count()), (None, 0));
    assert_eq!(station.turned_away.ever(), 1);
}
