//! Plans whose best set-up is known, by theory or by playing all of them: it is found as often as
//! is promised, and with a tenth of the runs.

use std::sync::Arc;

use sim_core::experiment::{
    PlanAsk, PlanStudy, PlanTerms, Proposal, Replications, Sample, read_plan_file, replication_seed,
};

use crate::support::{file, judge_schema, plan, play, root, tries};

/// The answer to a plan for a scenario, as a door finds it.
fn answered(scenario: &str, vary: &str, seed: u64) -> Proposal {
    let text = format!("plan: 1\nscenario: none\nvary:\n{vary}");
    let asked = read_plan_file("plan.yaml", &text).file.expect("a plan");
    let setups = (0..asked.space.points()).map(|number| {
        let point = asked.space.point(number);
        let changes: Vec<String> =
            point.changes.iter().map(|(path, value)| format!("{path}={value}")).collect();
        let changes: Vec<&str> = changes.iter().map(String::as_str).collect();
        let read = plan(scenario, &changes);
        (point, Ok(read))
    });
    let terms = PlanTerms {
        minimise: asked.minimise,
        replications: 64,
        confidence: 0.95,
        indifference: asked.indifference,
    };
    let mut study = PlanStudy::new(terms, setups.collect()).expect("it can be studied");
    loop {
        match study.ask() {
            PlanAsk::Done => return study.answer(),
            PlanAsk::Play(wanted) => {
                let one = |n| Sample::of(&play(&wanted.plan, replication_seed(seed, n)));
                study.played(wanted.numbers.map(one).collect()).expect("there is such a measure");
            }
        }
    }
}

/// The value of the first variable of the answer.
fn chosen(found: &Proposal) -> u32 {
    let best = found.chosen.as_ref().unwrap_or_else(|| panic!("{}", found.to_text()));
    best.changes[0].1.parse().expect("a number")
}

/// Plays a problem under many seeds: how often the answer was right, and the runs that it took for
/// each hundred of an exhaustive search.
fn tried(scenario: &str, vary: &str, right: &[u32], tries: u64) {
    let (mut hits, mut runs, mut all) = (0, 0, 0);
    for seed in 0..tries {
        let found = answered(scenario, vary, 100 + seed);
        hits += u64::from(right.contains(&chosen(&found)));
        runs += found.runs;
        all += found.exhaustive;
    }
    println!("{hits} of {tries} right, {runs} runs of {all}");
    // 5 % and 3.5 standard deviations
    let n = tries as f64;
    let most = 0.05 * n + 3.5 * (0.05 * 0.95 * n).sqrt();
    assert!((tries - hits) as f64 <= most, "{hits} of {tries} right");
    assert!(runs * 10 <= all, "{runs} runs of {all}");
}

/// The share of arrivals at c exponential servers that wait (Erlang C).
fn erlang_c(load: f64, servers: u32) -> f64 {
    let lost = (1..=servers).fold(1.0, |b, k| load * b / (f64::from(k) + load * b));
    let busy = load / f64::from(servers);
    lost / (1.0 - busy * (1.0 - lost))
}

#[test]
fn the_fewest_servers_are_those_of_erlang() {
    // 10 erlang, 580 ms of which 500 ms are service
    let text = "
busyhour: 1
duration: 260s
warmup: 20s
users: {u: {enter: line, arrivals: 20/s}}
nodes: {line: {component: station, servers: 1, service: {exponential: 500ms}}}
objectives: [latency mean < 580ms, errors < 1%]
";
    let mean = |servers: u32| 0.5 + erlang_c(10.0, servers) / (f64::from(servers) / 0.5 - 20.0);
    let least = (11..40).find(|&servers| mean(servers) < 0.58).unwrap();
    let vary = "  nodes.line.servers: {from: 1, to: 60, price: 0.1 USD/h}\n";
    tried(text, vary, &[least], tries(12));
    let found = answered(text, vary, 1);
    assert!(found.left_out.iter().any(|one| one.points >= 8), "{}", found.to_text());
    assert!(found.binds.is_some_and(|one| one.contains("mean")));
}

#[test]
fn the_fewest_connections_of_a_pool_are_found() {
    // the pool is the servers: queries take 160 ms at a database with room for all
    let text = "
busyhour: 1
duration: 210s
warmup: 10s
users: {u: {enter: app, arrivals: 25/s}}
nodes:
  app: {component: worker-pool, workers: 500, database: pool, steps: [query: {kind: q}]}
  pool: {component: connection-pool, to: db, size: 1}
  db: {component: database, max_connections: 500, queries: {q: {io: {exponential: 160ms}}}}
objectives: [latency mean < 192ms]
";
    let mean = |size: u32| 0.16 + erlang_c(4.0, size) / (f64::from(size) / 0.16 - 25.0);
    let least = (5..40).find(|&size| mean(size) < 0.192).unwrap();
    tried(text, "  nodes.pool.size: {from: 1, to: 60, price: 1 USD/h}\n", &[least], tries(8));
}

#[test]
fn the_fewest_servers_for_a_number_of_users_are_those_of_the_repair_shop() {
    // 40 users who think 1 s, service 200 ms, a mean response below 260 ms: M/M/c//N
    let text = "
busyhour: 1
duration: 210s
warmup: 10s
users: {u: {enter: line, closed: 40, think: {exponential: 1s}}}
nodes: {line: {component: station, servers: 1, service: {exponential: 200ms}}}
objectives: [latency mean < 260ms]
";
    let mean = |servers: u32| {
        let (mut weight, mut sum, mut there) = (1.0, 1.0, 0.0);
        for n in 1..=40u32 {
            weight *= f64::from(41 - n) * 0.2 / f64::from(n.min(servers));
            sum += weight;
            there += weight * f64::from(n);
        }
        let there = there / sum;
        there / (40.0 - there)
    };
    let least = (1..40).find(|&servers| mean(servers) < 0.26).unwrap();
    let vary = "  nodes.line.servers: {from: 1, to: 80, price: 1 USD/h}\n";
    tried(text, vary, &[least], tries(8));
}

#[test]
fn two_stations_of_a_chain_are_those_of_jackson() {
    // 6 and 4 erlang: each station is M/M/c by itself
    let text = "
busyhour: 1
duration: 260s
warmup: 20s
users: {u: {enter: a, arrivals: 20/s}}
nodes:
  a: {component: station, servers: 1, service: {exponential: 300ms}, next: [{to: b, p: 1}]}
  b: {component: station, servers: 1, service: {exponential: 200ms}}
objectives: [latency mean < 610ms, errors < 1%]
";
    let at = |load: f64, mean: f64, c: u32| mean + erlang_c(load, c) / (f64::from(c) / mean - 20.0);
    let mut all = (7..=16).flat_map(|a| (5..=16).map(move |b| (a, b))).collect::<Vec<(u32, u32)>>();
    all.sort_by_key(|(a, b)| 20 * a + 13 * b);
    let (a, b) = all.into_iter().find(|&(a, b)| at(6.0, 0.3, a) + at(4.0, 0.2, b) < 0.61).unwrap();
    let vary = "  nodes.a.servers: {from: 1, to: 16, price: 2 USD/h}\n  \
                nodes.b.servers: {from: 1, to: 16, price: 1.3 USD/h}\n";
    tried(text, vary, &[a], tries(4));
    let best = answered(text, vary, 9).chosen.expect("one holds");
    assert_eq!(best.changes[1].1, b.to_string());
}

/// What holds when all set-ups are played often: the cheapest whose means hold.
fn exhausted(scenario: &str, path: &str, values: std::ops::RangeInclusive<u32>, runs: u32) -> u32 {
    let holds = |value: &u32| {
        let read = plan(scenario, &[&format!("{path}={value}")]);
        let mut set = Replications::new(Arc::clone(&read), 0.95);
        (0..runs).for_each(|n| set.add(Sample::of(&play(&read, replication_seed(7, n)))));
        let summary = set.summary();
        let mean = |index: usize| summary.objectives[index].value.map(|one| one.value);
        (0..read.objectives.len()).all(|index| read.objectives[index].holds(mean(index)))
    };
    values.into_iter().find(holds).expect("one of them holds")
}

#[test]
fn the_least_number_to_begin_with_of_an_autoscaler_is_found_where_its_price_must_be_played() {
    let text = "
busyhour: 1
duration: 300s
users:
  u: {enter: lb, arrivals: {base: 20/s, steps: [{at: 120s, rate: 60/s}]}, patience: 5s}
nodes:
  lb: {component: balancer, balance: least_connections, to: web}
  web: {component: worker-pool, price: 1 USD/h, workers: 4, steps: [io: {exponential: 150ms}]}
autoscale:
  web: {up: {when: 'queue > 8 for 10s', add: 1}, min: 1, max: 24, cooldown: 30s, boot: 60s}
objectives: [errors < 1%, latency p(95) < 700ms]
";
    let most = 24;
    let least = exhausted(text, "autoscale.web.min", 1..=most, 16);
    let found = answered(text, &format!("  autoscale.web.min: {{from: 1, to: {most}}}\n"), 3);
    assert!(chosen(&found).abs_diff(least) <= 1, "{least}:\n{}", found.to_text());
    assert!(found.chosen.unwrap().value.is_some_and(|usd| usd >= 1.0));
}

#[test]
fn two_tiers_of_machines_are_chosen_as_if_all_had_been_played() {
    let shop = file("scenarios/plans/shop.yaml").replace("duration: 200s", "duration: 100s");
    let vary = file("scenarios/plans/shop-machines.yaml");
    let vary = vary.split("vary:\n").nth(1).expect("what may vary").to_owned();
    let found = answered(&shop, &vary, 1);
    let best = found.chosen.clone().expect("one holds");
    assert!(found.runs * 10 <= found.exhaustive, "{}", found.to_text());
    // nothing cheaper holds when it is played often
    let text = format!("plan: 1\nscenario: none\nvary:\n{vary}");
    let space = read_plan_file("plan.yaml", &text).file.expect("a plan").space;
    for point in (0..space.points()).map(|number| space.point(number)) {
        let changes: Vec<String> = point.changes.iter().map(|(p, v)| format!("{p}={v}")).collect();
        let read = plan(&shop, &changes.iter().map(String::as_str).collect::<Vec<_>>());
        if read.price().usd_per_hour >= best.value.unwrap() {
            continue;
        }
        let mut set = Replications::new(Arc::clone(&read), 0.95);
        (0..4).for_each(|n| set.add(Sample::of(&play(&read, replication_seed(99, n)))));
        let latency = set.summary().objectives[0].value.map_or(f64::INFINITY, |one| one.value);
        let failed = set.summary().objectives[1].value.map_or(1.0, |one| one.value);
        assert!(latency > 120.0 * 0.97 || failed > 0.001, "{changes:?}: {latency} ms\n{best:?}");
    }
}

#[test]
fn another_measure_than_the_price_is_least_within_the_indifference() {
    // M/M/c with 1.6 erlang: the most servers answer soonest, but few of them do as well
    let text = "
busyhour: 1
duration: 260s
warmup: 20s
users: {u: {enter: line, arrivals: 20/s}}
nodes: {line: {component: station, servers: 1, service: {exponential: 80ms}}}
objectives: [latency mean < 200ms]
";
    let mean = |servers: u32| 0.08 + erlang_c(1.6, servers) / (f64::from(servers) / 0.08 - 20.0);
    let vary = "  nodes.line.servers: {from: 2, to: 12}\nminimise: latency_ms.mean\n";
    let tries = tries(6);
    let found: Vec<Proposal> = (0..tries).map(|seed| answered(text, vary, 300 + seed)).collect();
    // twice the indifference: it is a half width, and what is nearer may fall on either side
    let good = |one: &&Proposal| mean(chosen(one)) <= mean(12) * 1.04;
    assert_eq!(found.iter().filter(good).count() as u64, tries, "{}", found[0].to_text());
    let runs = |of: fn(&Proposal) -> u64| found.iter().map(of).sum::<u64>();
    println!("{} runs of {}", runs(|one| one.runs), runs(|one| one.exhaustive));
    assert!(found.iter().all(|one| one.chosen.as_ref().is_some_and(|best| best.value.is_some())));
}

#[test]
fn the_shipped_plans_read_well() {
    let mut count = 0;
    for entry in std::fs::read_dir(root().join("scenarios/plans")).expect("it is there").flatten() {
        let name = format!("scenarios/plans/{}", entry.file_name().to_string_lossy());
        let text = file(&name);
        if text.contains("\nbusyhour: 1\n") {
            continue;
        }
        let asked = read_plan_file(&name, &text).file.unwrap_or_else(|| panic!("{name}"));
        let scenario = file(&match asked.scenario.strip_prefix("../") {
            Some(above) => format!("scenarios/{above}"),
            None => format!("scenarios/plans/{}", asked.scenario),
        });
        for point in (0..asked.space.points()).map(|number| asked.space.point(number)) {
            let all: Vec<String> = point.changes.iter().map(|(p, v)| format!("{p}={v}")).collect();
            plan(&scenario, &all.iter().map(String::as_str).collect::<Vec<_>>());
        }
        assert!(text.contains("# Demonstrates:") && text.contains("# Look for:"), "{name}");
        count += 1;
    }
    assert!(count >= 2);
}

#[test]
fn the_schema_file_is_the_plan_forms_schema() {
    judge_schema("plan", &sim_core::plan_schema());
}
