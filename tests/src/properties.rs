//! Properties that hold for every scenario, over random ones; a failure prints the shrunk YAML.

pub(crate) mod world;

use std::sync::Arc;

use proptest::prelude::*;
use sim_core::engine::agenda::Keeping;
use sim_core::run::{Advanced, Run};

use self::world::{SECONDS, World, world};
use crate::support::{plan, play};

/// Random scenarios per property.
const CASES: u32 = 48;

fn runs(world: &World) -> Run {
    play(&plan(&world.yaml(), &[]), 7)
}

fn check_ledger(run: &Run, yaml: &str) {
    let ledger = run.ledger();
    assert_eq!(ledger.opened, ledger.closed + ledger.alive, "{yaml}");
}

fn config() -> ProptestConfig {
    ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() }
}

/// Where a run is cut: budgets of events, and stops in ns.
fn cuts() -> impl Strategy<Value = (Vec<u64>, Vec<u64>)> {
    let stops = prop::collection::vec(0..SECONDS * 1_000_000_000, 1..9);
    (prop::collection::vec(1u64..5_000, 1..9), stops)
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn what_was_opened_is_closed_or_open_at_all_times(world in world()) {
        let yaml = world.yaml();
        let mut run = Run::new(plan(&yaml, &[]), 3).expect("valid");
        while !run.is_over() {
            run.advance(u64::MAX, 997);
            check_ledger(&run, &yaml);
            for survey in run.surveys() {
                for tally in survey.tallies {
                    let ended = tally.completed + tally.failed.iter().sum::<u64>();
                    prop_assert!(ended <= tally.issued, "{yaml}");
                }
            }
        }
    }

    #[test]
    fn when_users_stop_everything_drains_and_nothing_is_left_behind(world in world()) {
        let world = World { limit: Some(100), events: Vec::new(), ..world };
        let plan = plan(&world.yaml(), &["duration=1h"]);
        let run = play(&plan, 5);
        prop_assert_eq!(run.ledger().alive, 0, "{}", world.yaml());
        for survey in run.surveys() {
            for tally in &survey.tallies {
                prop_assert_eq!(tally.in_flight(), 0);
            }
            for resource in &survey.resources {
                let (name, station) = (resource.name, resource.station);
                // sessions stay open for the next one
                let stays = ["sessions", "client connections", "server connections"];
                prop_assert!(stays.contains(&name) || station.busy.level() == 0, "{}", name);
                prop_assert_eq!(station.queue.level(), 0, "{}", name);
            }
        }
    }

    #[test]
    fn a_replay_is_the_same_run(world in world()) {
        prop_assert_eq!(runs(&world).node_digests(), runs(&world).node_digests());
    }

    #[test]
    fn slicing_never_changes_a_run(world in world(), (budgets, mut stops) in cuts()) {
        let mut sliced = Run::new(plan(&world.yaml(), &[]), 7).expect("valid");
        let mut budgets = budgets.into_iter().cycle();
        stops.sort_unstable();
        for stop in stops.into_iter().chain([u64::MAX]) {
            while sliced.advance(stop, budgets.next().unwrap_or(1)) == Advanced::Budget {}
        }
        let straight = runs(&world);
        prop_assert_eq!(sliced.digest(), straight.digest(), "{}", world.yaml());
        prop_assert_eq!(sliced.frames(), straight.frames());
    }

    #[test]
    fn a_snapshot_goes_on_as_the_straight_run(world in world(), at in 0..SECONDS * 1_000_000_000) {
        let plan = plan(&world.yaml(), &[]);
        let mut run = Run::new(Arc::clone(&plan), 7).expect("valid");
        run.advance(at, u64::MAX);
        let bytes = run.snapshot().expect("serialisable");
        let mut resumed = Run::resume(plan, &bytes).expect("its own bytes");
        resumed.finish();
        prop_assert_eq!(resumed.node_digests(), runs(&world).node_digests(), "{}", world.yaml());
    }

    #[test]
    fn an_idle_node_changes_no_other_nodes_digest(world in world()) {
        let without = runs(&world).node_digests();
        let with = runs(&World { idle_node: true, ..world.clone() }).node_digests();
        let with: Vec<_> = with.into_iter().filter(|(name, _)| name != "aside").collect();
        prop_assert_eq!(with, without, "{}", world.yaml());
    }

    #[test]
    fn lanes_and_heap_give_the_same_run(world in world()) {
        let plan = plan(&world.yaml(), &[]);
        let mut heap = Run::keeping(Arc::clone(&plan), 7, Keeping::Heap).expect("valid");
        heap.finish();
        prop_assert_eq!(heap.node_digests(), runs(&world).node_digests(), "{}", world.yaml());
    }

    #[test]
    fn a_seed_is_a_run_of_its_own(world in world()) {
        let plan = plan(&world.yaml(), &[]);
        let worth = play(&plan, 1);
        prop_assume!(worth.ledger().opened > 20);
        prop_assert_ne!(worth.digest(), play(&plan, 2).digest());
    }
}
