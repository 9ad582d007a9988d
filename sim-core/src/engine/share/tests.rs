//! Hand examples, what never changes a bit, and a slow exact twin.

mod twin;

use super::*;

const MS: u64 = 1_000_000;

/// Collects everything that finishes by `until`: (ns, word) in the order told.
fn run(share: &mut Share, until: u64) -> Vec<(u64, u64)> {
    let mut done = Vec::new();
    while let Some(at) = share.next().filter(|at| *at <= until) {
        while let Some(word) = share.pop_finished(at) {
            done.push((at, word));
        }
    }
    done
}

fn run_all(share: &mut Share) -> Vec<(u64, u64)> {
    run(share, u64::MAX)
}

#[test]
fn two_jobs_of_100_ms_on_one_core_finish_at_200_ms_in_order() {
    let mut share = Share::new(0, 1.0, 1.0);
    share.add(0, 100 * MS, 7);
    share.add(0, 100 * MS, 3);
    assert_eq!((share.busy_cores(), share.runnable(), share.len()), (1.0, 2, 2));
    assert_eq!(run_all(&mut share), [(200 * MS, 7), (200 * MS, 3)]);
    assert_eq!((share.is_empty(), share.next(), share.busy_cores()), (true, None, 0.0));
}

#[test]
fn staggered_arrivals_by_hand() {
    let mut share = Share::new(5, 1.0, 1.0);
    share.add(5, 100, 1);
    share.add(35, 30, 2); // 1 has had 30; both at half speed
    assert_eq!(share.next(), Some(95));
    share.add(65, 100, 3); // 2 has had 15, 1 45; each at a third
    // 2 done at 65 + 45 = 110, 1 then has 40 left and 3 85: 110 + 80 = 190; 3 alone with 45: 235.
    assert_eq!(run_all(&mut share), [(110, 2), (190, 1), (235, 3)]);
}

#[test]
fn three_jobs_on_four_cores_do_not_share() {
    let mut share = Share::new(0, 4.0, 2.0);
    for word in 1..=3 {
        share.add(0, word * 100, word);
    }
    assert_eq!(share.busy_cores(), 3.0);
    assert_eq!(run_all(&mut share), [(50, 1), (100, 2), (150, 3)]);
    assert_eq!(share.busy_core_ns(150), 300.0);
    share.reset(160);
    assert_eq!(share.busy_core_ns(170), 0.0);
}

#[test]
fn half_a_core_and_a_third_are_whole_nanoseconds() {
    let mut share = Share::new(0, 0.5, 1.0);
    assert_eq!(share.next(), None);
    share.add(0, 100, 1);
    assert_eq!((share.next(), share.busy_cores()), (Some(200), 0.5));
    let mut thirds = Share::new(0, 1.0, 1.0);
    for word in 0..3 {
        thirds.add(0, 100 * MS, word);
    }
    assert_eq!(thirds.next(), Some(300 * MS));
}

#[test]
fn a_change_of_speed_midway_and_cores_without_end() {
    let mut share = Share::new(0, 1.0, 1.0);
    share.add(0, 100, 1);
    share.set_speed(40, 1.0, 0.5);
    assert_eq!(share.next(), Some(160));
    share.add(100, 15, 2); // 30 left of 1, each at a quarter
    assert_eq!(share.next(), Some(160));
    share.set_speed(120, f64::INFINITY, 1.0); // 25 and 10 left
    assert_eq!(run_all(&mut share), [(130, 2), (145, 1)]);
}

#[test]
fn frozen_jobs_thaw_where_they_were() {
    let mut share = Share::new(0, 1.0, 1.0);
    let key = share.add(0, 100, 1);
    share.set_speed(30, 1.0, 0.0);
    assert_eq!((share.next(), share.remaining(500, key)), (None, Some(70)));
    let nothing = share.add(600, 0, 2);
    assert_eq!(share.next(), Some(600), "who needs nothing is not stopped");
    assert_eq!((share.pop_finished(600), share.remaining(600, nothing)), (Some(2), None));
    share.set_speed(1_000, 1.0, 1.0);
    assert_eq!(run_all(&mut share), [(1_070, 1)]);
}

#[test]
fn removal_tells_what_is_left_and_keys_go_stale() {
    let mut share = Share::new(0, 1.0, 1.0);
    let (first, second) = (share.add(0, 100, 1), share.add(0, 100, 2));
    assert_eq!(share.remove(51, first), Some(75), "25.5 served, rounded up");
    assert_eq!((share.remove(51, first), share.remaining(51, first)), (None, None));
    let third = share.add(60, 10, 3);
    assert_eq!((third.slot, third == first), (first.slot, false));
    assert_eq!(run_all(&mut share), [(80, 3), (136, 2)]);
    assert_eq!(share.remove(200, second), None);
}

#[test]
fn a_lock_takes_one_core_however_many_threads_are_behind_it() {
    let mut share = Share::new(0, 2.0, 1.0);
    let process = share.open_group(1);
    for word in 1..=4 {
        share.add_to(0, process, 100, word);
    }
    share.add(0, 100, 9);
    assert_eq!((share.runnable(), share.busy_cores(), share.group_len(process)), (2, 2.0, 4));
    assert_eq!(run(&mut share, 100), [(100, 9)], "the other process keeps its core");
    assert_eq!(run_all(&mut share), [(400, 1), (400, 2), (400, 3), (400, 4)]);
    // On one core the lock's threads together get as much as the neighbour alone.
    share.set_speed(400, 1.0, 1.0);
    for word in 1..=4 {
        share.add_to(400, process, 100, word);
    }
    share.add(400, 100, 9);
    assert_eq!(run_all(&mut share)[0], (600, 9));
}

#[test]
fn a_paused_process_stands_still_and_a_dead_one_is_evicted() {
    let mut share = Share::new(0, 1.0, 1.0);
    let process = share.open_group(1);
    share.add_to(0, process, 100, 1);
    share.add_to(0, process, 150, 2);
    share.add(0, 100, 3);
    share.set_width(40, process, 0); // 3 has had 20, 1 and 2 ten each
    assert_eq!(run(&mut share, 1_000), [(120, 3)]);
    assert_eq!((share.next(), share.busy_cores()), (None, 0.0));
    share.set_width(1_000, process, 1);
    assert_eq!(run(&mut share, 1_200), [(1_180, 1)]);
    assert_eq!((share.evict(1_200, process), share.evict(1_200, process)), (Some(2), None));
    share.close_group(process);
    assert_eq!((share.open_group(3), share.is_empty()), (process, true));
}

#[test]
fn an_empty_share_has_forgotten_its_past() {
    let mut used = Share::new(0, 1.0, 1.0);
    used.add(3, 1_000, 1);
    run_all(&mut used);
    assert_eq!(used.clock.at(u64::MAX), 0);
    let mut fresh = Share::new(0, 1.0, 1.0);
    for share in [&mut used, &mut fresh] {
        for word in 0..7 {
            share.add(5_000_000_000, 1_000_003 * word, word);
        }
    }
    assert_eq!(run_all(&mut used), run_all(&mut fresh));
}

#[test]
fn work_whose_end_nobody_collects_stands_still_from_then_on() {
    let mut share = Share::new(0, 1.0, 1.0);
    share.add(0, 10, 1);
    share.add(0, 30, 2);
    // both run at half speed: the first is done at 20, and is collected only at 100
    assert_eq!((share.pop_finished(100), share.pop_finished(100)), (Some(1), None));
    assert_eq!(share.next(), Some(120));
}
