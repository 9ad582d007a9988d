//! The slow twin: every job's remaining demand stepped at every event, with the law of the module
//! written out.

use super::*;

/// splitmix64.
struct Luck(u64);

impl Luck {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % end
    }
}

/// A job of the twin: its group, word and remaining demand (ns).
struct Left(u32, u64, f64);

struct Twin {
    now: u64,
    cores: f64,
    speed: f64,
    widths: Vec<u32>,
    jobs: Vec<Left>,
}

impl Twin {
    fn rate(&self, group: u32) -> f64 {
        let count = |g: u32| self.jobs.iter().filter(|job| job.0 == g).count() as f64;
        let runnable = |g: u32| count(g).min(f64::from(self.widths[g as usize]));
        let threads: f64 = (0..self.widths.len() as u32).map(runnable).sum();
        let thread = self.speed * (self.cores / threads.max(1e-9)).min(1.0);
        thread * runnable(group) / count(group)
    }

    fn step(&mut self, to: u64) {
        let rates: Vec<f64> = (0..self.widths.len() as u32).map(|g| self.rate(g)).collect();
        let passed = (to - self.now) as f64;
        self.jobs.iter_mut().for_each(|job| job.2 -= passed * rates[job.0 as usize]);
        self.now = to;
    }

    /// When the next job finishes; a millionth of a ns forgives the floats.
    fn next(&self) -> Option<u64> {
        let wait = |job: &Left| (job.2 - 1e-6).max(0.0) / self.rate(job.0);
        let waits = self.jobs.iter().map(|job| if job.2 <= 1e-6 { 0.0 } else { wait(job) });
        let soonest = waits.fold(f64::INFINITY, f64::min);
        soonest.is_finite().then(|| self.now + libm::ceil(soonest) as u64)
    }

    fn run(&mut self, until: u64) -> Vec<(u64, u64)> {
        let mut done = Vec::new();
        while let Some(at) = self.next().filter(|at| *at <= until) {
            self.step(at);
            done.extend(self.jobs.iter().filter(|job| job.2 <= 1e-6).map(|job| (at, job.1)));
            self.jobs.retain(|job| job.2 > 1e-6);
        }
        done
    }
}

/// A share and its twin under the same luck; the words of the living by key.
struct Pair {
    luck: Luck,
    share: Share,
    twin: Twin,
    living: Vec<(JobKey, u64)>,
    told: Vec<(u64, u64)>,
    expected: Vec<(u64, u64)>,
}

impl Pair {
    fn new(seed: u64) -> Self {
        let mut share = Share::new(0, 2.0, 1.0);
        let widths = vec![u32::MAX, 1, 3, 2];
        assert_eq!([1, 3, 2].map(|width| share.open_group(width)), [1, 2, 3]);
        let twin = Twin { now: 0, cores: 2.0, speed: 1.0, widths, jobs: Vec::new() };
        let (luck, living) = (Luck(seed), Vec::new());
        Self { luck, share, twin, living, told: Vec::new(), expected: Vec::new() }
    }

    fn run(&mut self, until: u64) {
        let told = run(&mut self.share, until);
        self.living.retain(|(_, word)| told.iter().all(|(_, done)| done != word));
        self.told.extend(told);
        self.expected.extend(self.twin.run(until));
    }

    fn add(&mut self, now: u64, word: u64) {
        let group = self.luck.below(4) as u32;
        let demand_ns = self.luck.below(10u64.pow(2 + self.luck.0 as u32 % 7));
        self.living.push((self.share.add_to(now, group, demand_ns, word), word));
        self.twin.jobs.push(Left(group, word, demand_ns as f64));
    }

    fn remove(&mut self, now: u64) {
        let (key, word) =
            self.living.swap_remove(self.luck.below(self.living.len() as u64) as usize);
        let left = self.share.remove(now, key).expect("it lives");
        match self.twin.jobs.iter().position(|job| job.1 == word) {
            Some(at) => assert!((self.twin.jobs.swap_remove(at).2 - left as f64).abs() < 2.0),
            // The twin was a nanosecond ahead; nobody finished it here.
            None => assert!(left <= 2 && self.expected.pop().is_some()),
        }
    }

    fn change(&mut self, now: u64) {
        if self.luck.below(2) == 0 {
            let (group, width) = (1 + self.luck.below(3) as u32, self.luck.below(4) as u32);
            self.share.set_width(now, group, width);
            self.twin.widths[group as usize] = width;
        } else {
            let (cores, speed) = (
                [0.0, 0.7, 1.0, 2.0, 5.5][self.luck.below(5) as usize],
                self.luck.below(7) as f64 / 4.0,
            );
            self.share.set_speed(now, cores, speed);
            (self.twin.cores, self.twin.speed) = (cores, speed);
        }
    }
}

#[test]
fn every_completion_is_the_slow_twins_within_a_nanosecond() {
    let (mut finished, mut differ) = (0, 0);
    for seed in 0..300 {
        let (mut pair, mut now) = (Pair::new(seed), 0);
        for word in 0..400 {
            now += pair.luck.below(10u64.pow(1 + word as u32 % 8));
            pair.run(now);
            pair.twin.step(now);
            match pair.luck.below(20) {
                0..=12 => pair.add(now, word),
                13..=16 if !pair.living.is_empty() => pair.remove(now),
                _ => pair.change(now),
            }
        }
        pair.share.set_speed(now, 2.0, 1.0);
        (pair.twin.cores, pair.twin.speed) = (2.0, 1.0);
        (1..4).for_each(|group| pair.share.set_width(now, group, 2));
        pair.twin.widths = vec![u32::MAX, 2, 2, 2];
        pair.run(u64::MAX);
        assert!(pair.share.is_empty() && pair.twin.jobs.is_empty());
        pair.told.sort_by_key(|(_, word)| *word);
        pair.expected.sort_by_key(|(_, word)| *word);
        finished += pair.told.len();
        assert_eq!(pair.told.len(), pair.expected.len());
        for (told, expected) in pair.told.iter().zip(&pair.expected) {
            assert_eq!(told.1, expected.1);
            differ += usize::from(told.0 != expected.0);
            assert!(told.0.abs_diff(expected.0) <= 1, "seed {seed}: {told:?} {expected:?}");
        }
    }
    assert!(finished > 50_000 && differ < finished / 200, "{differ} of {finished} differ");
}

#[test]
fn looking_at_a_share_changes_no_bit_and_a_snapshot_goes_on_alike() {
    let (mut straight, mut watched) = (Pair::new(5), Pair::new(5));
    let mut now = 0;
    for word in 0..2_000 {
        let next = now + 1 + straight.luck.below(3_000_000);
        watched.luck.below(3_000_000);
        straight.run(next);
        for look in [now + (next - now) / 3, next - (next - now) / 7, next] {
            watched.run(look);
            watched.share.pop_finished(look);
            let _ = watched.share.remaining(look, JobKey { slot: 0, generation: 0 });
            let words = postcard::to_stdvec(&watched.share).expect("plain data");
            watched.share = postcard::from_bytes(&words).expect("plain data");
        }
        now = next;
        straight.twin.jobs.clear();
        watched.twin.jobs.clear();
        match word % 5 {
            0..=3 => [&mut straight, &mut watched].map(|pair| pair.add(now, word)),
            _ => [&mut straight, &mut watched].map(|pair| pair.change(now)),
        };
        straight.share.reset(now);
        watched.share.reset(now);
        assert_eq!((&straight.share, &straight.told), (&watched.share, &watched.told));
    }
}
