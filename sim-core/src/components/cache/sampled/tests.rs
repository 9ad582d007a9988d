//! The policies of Redis against what its sources and textbooks say.

use super::*;
use crate::components::cache::spec::CacheSpec;
use crate::engine::chance::{Zipf, mix};

fn keys(form: &str) -> (Keyspace, Stream) {
    let spec: CacheSpec = serde_json::from_str(form).unwrap();
    let life = Life::new(&spec).unwrap();
    let entries = spec.entries.unwrap_or(1 << 20) as u32;
    let terms = (spec.policy, spec.samples.unwrap_or(5));
    let mut keys = Keyspace::new(entries, life, terms);
    keys.room = Room::new(&spec).unwrap();
    (keys, Stream::new(1))
}

/// The hit ratio of a cache for 1,000 of 10,000 keys under Zipf 0.8, at so many requests a second.
fn zipf_ratio(policy: &str, samples: u32, rate: u64) -> f64 {
    let form = format!(r#"{{"entries": 1000, "policy": "{policy}", "samples": {samples}}}"#);
    let (mut keys, mut luck) = keys(&form);
    let zipf = Zipf::new(10_000, 0.8).unwrap();
    let mut draw = Stream::new(2);
    let (mut hits, mut asked) = (0, 0);
    for n in 0..400_000u64 {
        let (key, now) = (zipf.sample(&mut draw), n * SECOND / rate);
        let hit = keys.get(key, now, &mut luck);
        if !hit {
            keys.put(key, now, &mut luck).unwrap();
        }
        if n >= 40_000 {
            (hits, asked) = (hits + u64::from(hit), asked + 1);
        }
    }
    assert_eq!(keys.len(), 1000);
    hits as f64 / asked as f64
}

/// Three times the standard error of 360,000 requests.
const BOUND: f64 = 0.003;

#[test]
fn ten_samples_are_nearly_true_lru_and_five_come_close() {
    // true LRU hits 0.4361, random replacement 0.39418
    let (five, ten) = (zipf_ratio("allkeys-lru", 5, 10), zipf_ratio("allkeys-lru", 10, 10));
    assert!((ten - 0.4361).abs() < BOUND, "{ten}");
    assert!((five - 0.4361).abs() < 0.01 && five > 0.425, "{five}");
    let one = zipf_ratio("allkeys-random", 5, 10);
    assert!((one - 0.39418).abs() < BOUND, "{one}");
}

#[test]
fn counters_of_use_keep_the_popular_keys_better_than_recency_does() {
    // nothing static hits more than the 1,000 most popular keys: 0.5706
    let lfu = zipf_ratio("allkeys-lfu", 5, 1000);
    assert!(lfu > 0.47 && lfu < 0.5706, "{lfu}");
}

#[test]
fn a_counter_of_use_grows_by_the_logarithm() {
    let mut luck = Stream::new(3);
    let reached = |uses: u32, luck: &mut Stream| {
        let runs = 400;
        let one = |luck: &mut Stream| (0..uses).fold(LFU_FIRST, |counter, _| grown(counter, luck));
        (0..runs).map(|_| f64::from(one(luck))).sum::<f64>() / f64::from(runs)
    };
    // redis.conf's table of lfu-log-factor 10: 10 after 100 hits, 18 after 1000, 142 after 100,000
    let hundred = reached(100, &mut luck);
    assert!((hundred - 10.0).abs() < 0.5, "{hundred}");
    let thousand = reached(1000, &mut luck);
    assert!((thousand - 18.0).abs() < 1.5, "{thousand}");
    assert_eq!(grown(255, &mut luck), 255);
}

#[test]
fn a_counter_of_use_falls_by_one_a_minute() {
    let (mut keys, mut luck) = keys(r#"{"policy": "allkeys-lfu"}"#);
    keys.put(1, 0, &mut luck).unwrap();
    let at = |minutes: u64| keys.counter(0, minutes * 60 * SECOND);
    assert_eq!((at(0), at(1), at(4), at(5), at(99)), (5, 4, 1, 0, 0));
}

#[test]
fn without_eviction_a_full_cache_refuses_writes_and_answers_look_ups() {
    let form = r#"{"policy": "noeviction", "memory": "10KiB", "item": "1KiB"}"#;
    let (mut keys, mut luck) = keys(form);
    // the limit is looked at before a write: the eleventh key reaches beyond it, the twelfth fails
    let written = (0..20).filter(|&key| keys.put(key, key, &mut luck).is_ok()).count();
    assert_eq!((written, keys.len(), keys.evicted), (11, 11, 0));
    assert!((0..11).all(|key| keys.get(key, 30, &mut luck)));
    assert_eq!(keys.put(0, 31, &mut luck), Err(Full), "an old key can be written no more either");
}

#[test]
fn volatile_policies_without_keys_that_end_are_noeviction() {
    for policy in ["volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl"] {
        let (mut keys, mut luck) = keys(&format!(r#"{{"policy": "{policy}", "entries": 10}}"#));
        let written = (0..20).filter(|&key| keys.put(key, key, &mut luck).is_ok()).count();
        assert_eq!((written, keys.evicted), (10, 0), "{policy}");
    }
}

#[test]
fn volatile_policies_let_only_keys_go_that_have_a_time_to_live() {
    for policy in ["volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl"] {
        let form =
            format!(r#"{{"policy": "{policy}", "entries": 100, "ttl": "1h", "expiring": 0.5}}"#);
        let (mut keys, mut luck) = keys(&form);
        let lasting = |keys: &Keyspace| keys.ranks[0].len();
        (0..100).for_each(|key| keys.put(key, key, &mut luck).unwrap());
        let before = lasting(&keys);
        assert!((35..65).contains(&before), "{policy}: {before}");
        let stays: Vec<u64> =
            keys.ranks[0].iter().map(|&slot| keys.items[slot as usize].key).collect();
        while keys.put(100 + keys.evicted, SECOND, &mut luck).is_ok() {}
        assert_eq!((lasting(&keys), keys.len()), (100, 100), "{policy}");
        assert!(stays.iter().all(|&key| keys.get(key, SECOND, &mut luck)), "{policy}");
    }
}

#[test]
fn the_key_that_ends_first_makes_room() {
    let form = r#"{"policy": "volatile-ttl", "entries": 20, "ttl": "1h", "samples": 64}"#;
    let (mut keys, mut luck) = keys(form);
    (0..20).for_each(|key| keys.put(key, key * SECOND, &mut luck).unwrap());
    (0..20).rev().for_each(|key| assert!(keys.get(key, 100 * SECOND, &mut luck)));
    (20..30).for_each(|key| keys.put(key, 101 * SECOND, &mut luck).unwrap());
    assert!((0..10).all(|key| !keys.get(key, 102 * SECOND, &mut luck)));
    assert!((10..20).all(|key| keys.get(key, 102 * SECOND, &mut luck)));
}

#[test]
fn keys_that_nobody_asks_for_are_found_ten_times_a_second() {
    let (mut keys, mut luck) = keys(r#"{"policy": "noeviction", "ttl": "1s"}"#);
    (0..9000).for_each(|key| keys.put(key, 0, &mut luck).unwrap());
    (9000..10_000).for_each(|key| keys.put(key, SECOND / 2, &mut luck).unwrap());
    let mut after = |now| {
        keys.get(1 << 40, now, &mut luck);
        keys.len()
    };
    assert_eq!(after(SECOND - 1), 10_000);
    // the rounds go on while more than one key in ten is stale ...
    let first = after(SECOND);
    assert!((1000..1500).contains(&first), "{first}");
    // ... and start again a tenth of a second later
    assert_eq!(after(SECOND + CYCLE - 1), first);
    let later = (1..=4).map(|n| after(SECOND + n * CYCLE)).last().unwrap();
    assert!((1000..first).contains(&later), "{later}");
    assert!(!keys.get(5, SECOND, &mut luck), "and whoever asks finds none that is too old");
}

#[test]
fn a_restart_keeps_the_keys_that_were_saved() {
    let form = r#"{"policy": "allkeys-lru", "item": "2KiB", "memory": "1GiB"}"#;
    let (mut keys, mut luck) = keys(form);
    (1..=100).for_each(|key| keys.put(key, key, &mut luck).unwrap());
    keys.put(7, 90, &mut luck).unwrap();
    keys.keep_born_by(Some(60));
    assert!((1..=60).all(|key| keys.get(key, 200, &mut luck)));
    assert_eq!((keys.len(), keys.room.as_ref().unwrap().used), (60, 60 * 2048));
    keys.clear();
    assert_eq!((keys.len(), keys.room.as_ref().unwrap().used), (0, 0));
}

#[test]
fn ranks_index_and_memory_agree_after_many_steps() {
    for policy in ["allkeys-lru", "volatile-lfu", "volatile-ttl", "allkeys-random", "noeviction"] {
        let form = format!(
            r#"{{"policy": "{policy}", "entries": 300, "memory": "256KiB", "item_cv": 1.0,
                "ttl": "5s", "jitter": 0.2, "expiring": 0.9}}"#
        );
        let (mut keys, mut luck) = keys(&form);
        for n in 0..60_000u64 {
            let (key, now) = (mix(3, n) % 1000, n * SECOND / 100);
            if !keys.get(key, now, &mut luck) {
                let _full = keys.put(key, now, &mut luck);
            }
        }
        let ranks =
            || keys.ranks.iter().enumerate().flat_map(|(r, all)| all.iter().map(move |s| (r, *s)));
        assert_eq!(ranks().count(), keys.len() as usize, "{policy}");
        let mut bytes = 0;
        for (rank, slot) in ranks() {
            let item = keys.items[slot as usize];
            assert_eq!((keys.rank_of(slot), keys.find(item.key)), (rank, Some(slot)));
            assert_eq!(keys.ranks[rank][item.place as usize], slot);
            bytes += keys.room.as_ref().unwrap().size(item.key);
        }
        assert_eq!(bytes, keys.room.as_ref().unwrap().used, "{policy}");
        assert!(keys.pool.len() <= POOL && keys.len() <= 300);
    }
}
