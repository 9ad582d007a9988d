//! Intervals that hold the truth as often as they say, and comparisons that find what is there and
//! nothing else. Sample sizes are fixed and stated; `docs/statistics.md` has the figures.

use std::sync::Arc;

use sim_core::engine::chance::{Draw, mix, unit};
use sim_core::experiment::{
    Check, Comparison, Difference, Estimate, Finding, Luck, Outcome, PILOTS, Pilots, Precision,
    Regression, Replications, Sample, Summary, Surety, WarmUp, inputs_key, pilot_seed,
    replication_seed,
};
use sim_core::{Plan, Report, Unit};

use crate::support::{file, plan, play, tries};

/// One exponential server, `rate` arrivals and `mu` services a second, warmed up.
fn queue(rate: &str, mu: f64, line: &str, length_s: u32) -> String {
    format!(
        "busyhour: 1\nduration: {length_s}s\nwarmup: 40s\nusers: {{u: {{enter: {line}, arrivals: \
         {rate}}}}}\nnodes: {{{line}: {{component: station, servers: 1, service: {{exponential: \
         {}us}}}}}}\n",
        (1e6 / mu).round()
    )
}

/// So many replications of a scenario, from a seed.
fn replicated(text: &str, seed: u64, count: u32) -> Replications {
    let plan = plan(text, &[]);
    let mut set = Replications::new(Arc::clone(&plan), 0.95);
    for number in 0..count {
        set.add(Sample::of(&play(&plan, replication_seed(seed, number))));
    }
    set
}

const ENDLESS: Option<WarmUp> = Some(WarmUp::Endless);

/// The same without the beginning, as far as it is found not to be in balance.
fn warmed_up(text: &str, seed: u64, count: u32) -> Replications {
    let mut plan = Arc::unwrap_or_clone(plan(text, &[]));
    assert!(plan.steady);
    let found = WarmUp::of(&[pilots(&Arc::new(plan.clone()), seed).warmup()]);
    plan.warmup = found.nanos();
    let plan = Arc::new(plan);
    let mut set = Replications::new(Arc::clone(&plan), 0.95).warmed_up(Some(found));
    for number in 0..count {
        set.add(Sample::of(&play(&plan, replication_seed(seed, number))));
    }
    set
}

fn pilots(plan: &Arc<Plan>, seed: u64) -> Pilots {
    let mut pilots = Pilots::default();
    (0..PILOTS).for_each(|index| pilots.add(&play(plan, pilot_seed(seed, index))));
    pilots
}

/// Standard deviations that a count of hits may be away from what is expected.
const SIGMAS: f64 = 3.5;

/// How many of so many experiments of 10 replications have intervals that hold the true mean and
/// 99th percentile, where the time inside is exponential with this mean, ms.
fn covered(experiments: u64, mean_ms: f64, replicated: impl Fn(u64) -> Replications) -> [u32; 2] {
    let truth = [("latency_ms.mean", mean_ms), ("latency_ms.p99", mean_ms * libm::log(100.0))];
    let mut held = [0u32; 2];
    for experiment in 0..experiments {
        let summary = replicated(1_000 + experiment).summary();
        for (held, (name, truth)) in held.iter_mut().zip(truth) {
            let found = summary.estimates[name].expect("requests were answered");
            *held += u32::from(found.low.unwrap() <= truth && truth <= found.high.unwrap());
        }
    }
    println!("of {experiments} intervals hold the truth: {held:?} (mean, p99)");
    held
}

/// Intervals at 95 % hold the truth in 95 % of the experiments, within `SIGMAS`.
fn is_covered(held: u32, experiments: u64) -> bool {
    let n = experiments as f64;
    (f64::from(held) / n - 0.95).abs() < SIGMAS * (0.95 * 0.05 / n).sqrt()
}

#[test]
fn intervals_hold_the_truth_as_often_as_they_say() {
    // 400 experiments of 10 replications of M/M/1 at one half: W is exponential with mean 1/5 s
    let (experiments, text) = (tries(400), queue("5/s", 10.0, "line", 240));
    let held = covered(experiments, 200.0, |seed| replicated(&text, seed, 10));
    assert!(held.iter().all(|held| is_covered(*held, experiments)), "{held:?}");
}

#[test]
fn a_warm_up_that_is_found_by_itself_keeps_intervals_right() {
    // 200 experiments of M/M/inf: stays are exponential with mean 60 s, and those that end early in
    // a run that began empty are the short ones
    let text = queue("1/s", 1.0 / 60.0, "line", 900)
        .replace("warmup: 40s\n", "")
        .replace("servers: 1,", "servers: 1000,");
    let experiments = tries(200);
    let held = covered(experiments, 60_000.0, |seed| warmed_up(&text, seed, 10));
    assert!(held.iter().all(|held| is_covered(*held, experiments)), "{held:?}");
    let all = covered(20, 60_000.0, |seed| replicated(&text, seed, 10));
    assert!(all.iter().all(|held| !is_covered(*held, 20)), "the beginning matters: {all:?}");
}

#[test]
fn what_grows_without_end_has_no_warm_up() {
    let text = queue("12/s", 10.0, "line", 400).replace("warmup: 40s\n", "");
    let endless = (1..=5).all(|seed| warmed_up(&text, seed, 1).summary().warmup == ENDLESS);
    assert!(endless);
}

#[test]
fn only_what_never_changes_is_meant_to_be_in_balance() {
    let steady = queue("5/s", 10.0, "line", 400).replace("warmup: 40s\n", "");
    let is_steady = |text: &str| plan(text, &[]).steady;
    assert!(is_steady(&steady) && !is_steady(&(steady.clone() + "warmup: 0s\n")));
    assert!(!is_steady(&(steady.clone() + "events: [{at: 10s, kill: line}]\n")));
    assert!(!is_steady(
        &steady.replace("arrivals: 5/s", "arrivals: {steps: [{at: 1m, rate: 9/s}]}")
    ));
    assert!(!is_steady(&file("scenarios/black-friday.yaml")));
}

/// So many replications of a doubtful scenario, each pair with inputs of its own.
fn drawn(text: &str, seed: u64, count: u32) -> Replications {
    let plan = plan(text, &[]);
    let mut set = Replications::new(Arc::clone(&plan), 0.95);
    for number in 0..count {
        let drawn = plan.draw(inputs_key(seed, number)).expect("every value makes sense");
        set.add(Sample::of(&play(&drawn, replication_seed(seed, number))));
    }
    set
}

#[test]
fn what_is_not_known_stays_in_the_interval() {
    // 100 experiments of 20 replications of M/M/1 whose service takes 80 to 120 ms, nobody knows
    // how long; W is s / (1 - 5 s)
    let text = queue("5/s", 10.0, "line", 240).replace("100000us", "100ms +-20%");
    let (experiments, mut held) = (tries(100), 0);
    for experiment in 0..experiments {
        let s = 0.08 + 0.04 * unit(&mut Draw::new(mix(5, experiment)));
        let found = drawn(&text, experiment, 20).summary().estimates["latency_ms.mean"].unwrap();
        let truth = 1_000.0 * s / (1.0 - 5.0 * s);
        held += u32::from(found.low.unwrap() <= truth && truth <= found.high.unwrap());
    }
    println!("{held} of {experiments} intervals hold what is true of a service nobody knew");
    let n = experiments as f64;
    assert!(f64::from(held) / n > 0.95 - SIGMAS * (0.95 * 0.05 / n).sqrt(), "{held}");
    // and it says whose fault that is, and that more runs are in vain
    let text = text + "objectives: [latency mean < 1s]\n";
    let set = drawn(&text, 1, 40);
    let shares = &set.summary().inputs.unwrap().shares["latency_ms.mean"];
    assert!(shares.inputs[0] > 0.8 && shares.luck < 0.2, "{shares:?}");
    let Precision::Missing { needed, .. } = set.precision(0.02) else { panic!("it is not known") };
    assert_eq!(needed, None);
    let said = set.summary().to_text();
    assert!(said.contains("80ms and 120ms") && said.contains("luck; more runs"), "{said}");
}

#[test]
fn both_sides_of_a_comparison_draw_the_same_inputs() {
    // whatever the service takes, one request more a second lengthens the line
    let text = queue("5/s", 10.0, "line", 240).replace("100000us", "100ms +-20%");
    let (a, b) =
        (drawn(&text, 1, 20), drawn(&text.replace("arrivals: 5/s", "arrivals: 6/s"), 1, 20));
    let comparison = Comparison::of(&a, &[b], 0.95);
    let mean = &comparison.variants[0].differences[0];
    assert_eq!((mean.name.as_str(), mean.finding), ("latency_ms.mean", Finding::Higher));
    let drawn = |of: &Summary| -> Vec<Vec<f64>> {
        of.samples.iter().map(|sample| sample.drawn.clone()).collect()
    };
    let variant = &comparison.variants[0].summary;
    assert_eq!(drawn(&comparison.baseline), drawn(variant));
    assert!(drawn(variant).iter().all(|values| values.len() == 1));
    assert_eq!(mean.agree, Some(20));
    assert!(comparison.to_text().contains("and in 20 of 20 runs"), "{}", comparison.to_text());
}

#[test]
fn variants_equal_in_law_are_seldom_told_apart() {
    // 300 comparisons of 10 replications of the same queue under another name, so with other luck
    let (tries, a) = (tries(300), queue("5/s", 10.0, "line", 140));
    let b = queue("5/s", 10.0, "queue", 140).replace("u: {", "v: {");
    let mut wrong = [0_u32; 2];
    for number in 0..tries {
        let a = replicated(&a, number, 10);
        // once run by run, once as independent samples: 12 runs there, under other seeds
        let sets = [replicated(&b, number, 10), replicated(&b, 5_000 + number, 12)];
        let comparison = Comparison::of(&a, &sets, 0.95);
        for (wrong, variant) in wrong.iter_mut().zip(&comparison.variants) {
            let mut found = variant.differences.iter().map(|one| one.finding);
            let told = found.any(|one| matches!(one, Finding::Lower | Finding::Higher));
            *wrong += u32::from(told);
        }
        let luck: Vec<Luck> = comparison.variants.iter().map(|one| one.luck).collect();
        assert_eq!(luck, [Luck::Shared, Luck::Independent]);
    }
    println!("{wrong:?} of {tries} verdicts on equal variants are wrong");
    let most = 0.05 + SIGMAS * (0.05 * 0.95 / tries as f64).sqrt();
    for wrong in wrong {
        assert!(f64::from(wrong) / tries as f64 <= most, "{wrong} of {tries}");
    }
}

#[test]
fn a_known_difference_is_found_and_the_same_luck_narrows_it() {
    // M/M/1: W is 1 / (10 - 5) s, and 1 / (12 - 5) s with the quicker server
    let a = replicated(&queue("5/s", 10.0, "line", 600), 1, 20);
    let b = replicated(&queue("5/s", 12.0, "line", 600), 1, 20);
    let comparison = Comparison::of(&a, &[b], 0.95);
    let mean = &comparison.variants[0].differences[0];
    assert_eq!((mean.name.as_str(), mean.finding), ("latency_ms.mean", Finding::Lower));
    let truth = 1_000.0 / 7.0 - 200.0;
    let (low, high) = (mean.difference.low.unwrap(), mean.difference.high.unwrap());
    assert!(low < truth && truth < high, "{low} to {high}");
    // arrivals and service requirements are shared: without that the interval is twice as long
    assert!(mean.luck_shared.unwrap() > 2.0, "{:?}", mean.luck_shared);
    let text = comparison.to_text();
    assert!(text.contains("latency mean is 5") && text.contains(" lower"), "{text}");
    assert!(comparison.to_markdown().contains("| latency mean | 20"), "{text}");
}

#[test]
fn saved_reports_say_what_those_in_memory_do() {
    let (slow, quick) = (queue("5/s", 10.0, "line", 600), queue("5/s", 12.0, "line", 600));
    let (a, b) = (replicated(&slow, 1, 12), replicated(&quick, 1, 12));
    let saved = |set: &Replications| {
        let text = set.summary().to_json().expect("it can be written");
        Summary::from_saved(&text).expect("it can be read")
    };
    let played = Comparison::of(&a, std::slice::from_ref(&b), 0.95);
    assert_eq!(Comparison::of_saved(saved(&a), vec![saved(&b)], 0.95).as_ref(), Ok(&played));
    // under other seeds there are no pairs: W is 1 / (10 - 5) s, and 1 / (12 - 5) s
    let other = saved(&replicated(&quick, 99, 9));
    let alone = Comparison::of_saved(saved(&a), vec![other], 0.95).expect("they match");
    let (paired, mean) = (&played.variants[0].differences[0], &alone.variants[0].differences[0]);
    let (low, high) = (mean.difference.low.unwrap(), mean.difference.high.unwrap());
    let truth = 1_000.0 / 7.0 - 200.0;
    assert!(low < truth && truth < high && mean.finding == Finding::Lower, "{mean:?}");
    assert!(mean.difference.half() > paired.difference.half(), "{mean:?} {paired:?}");
    assert!(alone.to_text().contains("12 replications against 9 on other luck"));
    // one run has figures and no spread
    let one = |text: &str| Summary::of_report(&Report::of(&play(&plan(text, &[]), 1)));
    let single = Comparison::of_saved(one(&slow), vec![one(&quick)], 0.95).expect("they match");
    let text = single.to_text();
    assert!(text.contains("One run tells nothing") && text.contains("latency mean is 5"), "{text}");
    let longer = one(&queue("5/s", 10.0, "line", 700));
    let refused = Comparison::of_saved(one(&slow), vec![longer], 0.95).unwrap_err();
    assert!(refused.contains("10m and") && refused.contains("11m 40s"), "{refused}");
}

#[test]
fn a_regression_is_more_than_what_is_allowed_and_more_than_luck() {
    let of = |name: &str, value: f64, half: Option<f64>| {
        let difference = Difference {
            name: name.to_owned(),
            unit: Unit::Ms,
            baseline: 100.0,
            variant: 100.0 + value,
            difference: Estimate {
                value,
                low: half.map(|half| value - half),
                high: half.map(|half| value + half),
            },
            finding: match half {
                Some(half) if value > half => Finding::Higher,
                Some(half) if value < -half => Finding::Lower,
                _ => Finding::CannotTell { needed: None },
            },
            luck_shared: None,
            agree: None,
        };
        Outcome::of(&difference, 0.05)
    };
    assert_eq!(of("latency_ms.p95", 5.0, None), Outcome::Fine);
    assert_eq!(of("latency_ms.p95", 6.0, None), Outcome::Regressed);
    assert_eq!(of("latency_ms.p95", 6.0, Some(7.0)), Outcome::Luck);
    assert_eq!(of("latency_ms.p95", 6.0, Some(5.0)), Outcome::Regressed);
    assert_eq!(of("latency_ms.p95", -60.0, Some(5.0)), Outcome::Fine);
    assert_eq!(of("goodput_rps", -6.0, None), Outcome::Regressed);
    assert_eq!(of("goodput_rps", 60.0, None), Outcome::Fine);
    let [before, after] =
        [10.0, 9.0].map(|mu| replicated(&queue("5/s", mu, "line", 400), 1, 8).summary());
    let against = |now: &Summary, allowed| {
        Regression::of((before.clone(), "old.json"), now.clone(), allowed, 0.95).expect("a match")
    };
    // the mean goes from 200 to 250 ms
    let found = against(&after, 0.05);
    let mean = &found.checks()[0];
    assert!(found.found() && mean.fails && mean.found.contains("(+2"), "{mean:?}");
    assert!(found.to_text().contains("REGRESSED  latency mean"), "{}", found.to_text());
    assert!(!against(&after, 0.9).found());
    assert!(against(&before, 0.0).to_text().contains("the very same runs"));
}

#[test]
fn the_same_scenario_is_called_identical() {
    let text = queue("5/s", 10.0, "line", 100);
    let (a, b) = (replicated(&text, 1, 3), replicated(&text, 1, 3));
    let comparison = Comparison::of(&a, &[b], 0.95);
    assert!(comparison.variants[0].identical);
    assert!(comparison.to_text().contains("the very same runs"));
}

#[test]
fn what_cannot_be_told_says_how_many_replications_would_do() {
    let a = replicated(&queue("5/s", 10.0, "line", 100), 1, 4);
    let b = replicated(&queue("5/s", 10.2, "queue", 100).replace("u: {", "v: {"), 77, 4);
    let comparison = Comparison::of(&a, &[b], 0.95);
    let p99 = comparison.variants[0].differences.iter().find(|d| d.name == "latency_ms.p99");
    let Finding::CannotTell { needed: Some(needed) } = p99.unwrap().finding else {
        panic!("{p99:?}");
    };
    assert!(needed > 4, "{needed}");
    let text = comparison.to_text();
    assert!(text.contains("cannot tell with 4 replications"), "{text}");
}

#[test]
fn an_objective_is_held_missed_or_cannot_be_told() {
    let verdict = |objective: &str| {
        let text = queue("5/s", 10.0, "line", 240) + &format!("objectives: ['{objective}']\n");
        let set = replicated(&text, 1, 8);
        let summary = set.summary();
        // only what surely holds lets a build pass
        let passes = Check::of_summary(&summary, &[]).iter().all(|check| !check.fails);
        assert_eq!(passes, summary.verdict == Surety::Held);
        (summary.verdict, set.precision(0.1), summary.to_text())
    };
    // the mean is 200 ms, and eight runs know it to some 10 ms
    let (held, precision, text) = verdict("latency mean < 400ms");
    assert_eq!((held, precision), (Surety::Held, Precision::Reached), "{text}");
    assert!(text.starts_with("HOLDS ") && text.contains("8 of 8"), "{text}");
    assert_eq!(verdict("latency mean < 100ms").0, Surety::Missed);
    let (unsure, ..) = verdict("latency mean < 202ms");
    assert_eq!(unsure, Surety::CannotTell);
    let (_, coarse, _) = verdict("latency max < 1s");
    let Precision::Missing { name, needed, .. } = coarse else { panic!("{coarse:?}") };
    assert_eq!(name, "latency max < 1s");
    assert!(needed.is_some_and(|needed| needed > 8), "{needed:?}");
}

#[test]
fn the_first_replication_is_the_scenario_s_own_run() {
    let plan = plan(&file("scenarios/four-workers-forty-rps.yaml"), &[]);
    assert_eq!(replication_seed(plan.seed, 0), plan.seed);
    let seeds: Vec<u64> = (0..1_000).map(|number| replication_seed(plan.seed, number)).collect();
    let different: std::collections::BTreeSet<&u64> = seeds.iter().collect();
    assert_eq!(different.len(), seeds.len());
}
