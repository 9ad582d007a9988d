//! Sweeps: designs that are what they say, points that follow from the file alone, and shards that
//! are put together only when they are whole.

use std::sync::Arc;

use sim_core::experiment::sweep::{
    Design, Expression, Manifest, Outcome, PointRecord, Sweep, indices, merged, read_sweep,
};
use sim_core::experiment::{Estimate, Replications, Sample, replication_seed};
use sim_core::scenario::Files;
use sim_core::{Header, render_all};

use crate::support::play;

/// A scenario beside every sweep of these tests.
const SHOP: &str = "busyhour: 1
duration: 20s
seed: 3
users: {people: {enter: app, arrivals: 50/s}}
nodes: {app: {component: worker-pool, workers: 4, steps: [cpu: 10ms]}}
objectives: [errors < 1%]
";

struct Shop;

impl Files for Shop {
    fn read(&self, path: &str) -> Result<String, String> {
        if path == "shop.yaml" { Ok(SHOP.to_owned()) } else { Err("no such file".to_owned()) }
    }
}

fn sweep(rest: &str) -> Sweep {
    let text = format!("sweep: 1\nscenario: shop.yaml\n{rest}");
    let reading = read_sweep("test.yaml", &text, &Shop);
    let said = render_all(&reading.problems, &reading.sources, false);
    reading.sweep.unwrap_or_else(|| panic!("{said}"))
}

/// What is said of a sweep that is wrong, the file's head left out.
fn said(rest: &str) -> String {
    let text = format!("sweep: 1\nscenario: shop.yaml\n{rest}");
    let reading = read_sweep("test.yaml", &text, &Shop);
    assert!(reading.sweep.is_none(), "{rest} was taken");
    render_all(&reading.problems, &reading.sources, false)
}

fn overrides(sweep: &Sweep) -> Vec<String> {
    sweep.points.iter().map(|point| point.overrides.join(" ")).collect()
}

/// The varied share of the way of a factor `a`, whose range is 0.0 to 1.0, at each point.
fn shares(sweep: &Sweep, name: &str) -> Vec<f64> {
    sweep.points.iter().map(|point| point.values[name].as_f64().expect("a number")).collect()
}

#[test]
fn a_grid_has_every_pair_and_a_list_goes_side_by_side() {
    let vary = "vary: {a.x: [1, 2], a.y: {from: 10ms, to: 40ms, steps: 3}}\n";
    let grid =
        ["a.x=1 a.y=\"10ms\"", "a.x=1 a.y=\"25ms\"", "a.x=1 a.y=\"40ms\"", "a.x=2 a.y=\"10ms\""];
    assert_eq!(overrides(&sweep(vary))[..4], grid);
    let both =
        "vary: {a.x: [1, 2, 4], a.y: {from: 1, to: 100, steps: 3, log: true}}\ndesign: list\n";
    assert_eq!(overrides(&sweep(both)), ["a.x=1 a.y=1", "a.x=2 a.y=10", "a.x=4 a.y=100"]);
}

#[test]
fn several_paths_vary_together_and_others_follow() {
    let found = sweep(
        "vary: {size: {paths: [nodes.app.workers, nodes.app.cores], values: [2, 5]}, \
         load: {paths: [], values: [30, 60]}}\n\
         derive: {users.people.arrivals: {is: 'max(50, load * size / 2)', unit: /s}, \
         x.y: ceil(size / 2) - -1}\n",
    );
    let wanted = "nodes.app.workers=5 nodes.app.cores=5 users.people.arrivals=\"150/s\" x.y=4";
    assert_eq!(overrides(&found)[3], wanted);
}

#[test]
fn expressions_bind_as_in_arithmetic() {
    let names = ["a", "nodes.web.workers"];
    for (text, wanted) in [
        ("1 + 2 * 3", 7.0),
        ("(1 + 2) * 3", 9.0),
        ("8 / 4 / 2", 1.0),
        ("5 - 2 - 1", 2.0),
        ("-a * 2", -6.0),
        ("min(4, a, 7) + max(1, 2)", 5.0),
        ("round(2.5) + ceil(0.1) + floor(1.9)", 5.0),
        ("nodes.web.workers*1_000", 20_000.0),
    ] {
        let found = Expression::parse(text, &names).map(|found| found.value(&[3.0, 20.0]));
        assert_eq!(found, Ok(wanted), "{text}");
    }
    let deep = format!("{}1{}", "(".repeat(1_000), ")".repeat(1_000));
    for text in ["", "1 +", "a a", "b", "round(1, 2)", "mix(1)", "1..2", "--a", "a ^ 2", &deep] {
        let (message, remedy) = Expression::parse(text, &names).expect_err(text);
        assert!(!message.is_empty() && !remedy.is_empty(), "{text}");
    }
}

#[test]
fn a_latin_hypercube_visits_every_stratum_once() {
    let text = "vary: {a: {from: 0.0, to: 1.0}, b: {from: 0.0, to: 1.0}}\n\
                design: {latin-hypercube: {points: 50}}\n";
    let found = sweep(text);
    for name in ["a", "b"] {
        let mut strata: Vec<u32> =
            shares(&found, name).iter().map(|share| (share * 50.0) as u32).collect();
        assert!(strata.windows(2).any(|two| two[0] > two[1]), "shuffled");
        strata.sort_unstable();
        assert_eq!(strata, (0..50).collect::<Vec<_>>());
    }
    assert_eq!(found.points, sweep(text).points, "a pure function of the file");
    assert_ne!(found.points, sweep(&format!("seed: 9\n{text}")).points);
    // a factor more leaves the others where they are
    let more = sweep(&text.replace("{a:", "{c: {from: 1, to: 9}, a:"));
    assert_eq!(shares(&found, "a"), shares(&more, "a"));
}

/// How far the points in a box at the origin are from what its area asks for, at worst (the star
/// discrepancy, over boxes with corners at the points).
fn discrepancy(a: &[f64], b: &[f64]) -> f64 {
    let n = a.len() as f64;
    let mut worst: f64 = 0.0;
    for x in a {
        for y in b {
            let inside = a.iter().zip(b).filter(|(a, b)| *a <= x && *b <= y).count() as f64;
            worst = worst.max((inside / n - x * y).abs());
        }
    }
    worst
}

#[test]
fn sobol_points_fill_the_space_more_evenly_than_chance() {
    let design = |design: &str| {
        let found = sweep(&format!(
            "vary: {{a: {{from: 0.0, to: 1.0}}, b: {{from: 0.0, to: 1.0}}}}\n\
             design: {{{design}: {{points: 256}}}}\n"
        ));
        discrepancy(&shares(&found, "a"), &shares(&found, "b"))
    };
    let (sobol, random) = (design("sobol"), design("random"));
    // 256 points: about log(n)^2 / n = 0.02 for the one, 1 / sqrt(n) = 0.06 for the other
    assert!(sobol < 0.02 && random > 0.03, "{sobol} {random}");
}

#[test]
fn whole_numbers_of_a_range_are_equally_likely() {
    let found = sweep("vary: {a: {from: 1, to: 4}}\ndesign: {sobol: {points: 256}}\n");
    let values = shares(&found, "a");
    let count = |n: f64| values.iter().filter(|value| **value == n).count();
    assert_eq!([1.0, 2.0, 3.0, 4.0].map(count), [64; 4]);
}

#[test]
fn what_is_wrong_with_a_sweep_has_a_code_a_place_and_a_remedy() {
    for (text, code, words) in [
        ("vary: {a.b: 3}\n", "E012", "write a list like"),
        ("vary: {}\n", "E028", "nothing is varied"),
        ("vary: {a.b: []}\n", "E013", "has no values"),
        ("vary: {a.b: {from: 1, to: 9}}\n", "E011", "add steps: 5"),
        ("vary: {a.b: {from: 1ms, to: 9s, steps: 2}}\n", "E013", "same unit"),
        ("vary: {a.b: {from: 9, to: 1, steps: 2}}\n", "E013", "from is not below to"),
        ("vary: {a.b: {from: 1, to: 3, steps: 4}}\n", "E013", "write steps: 3"),
        ("vary: {a.b: {from: 0, to: 9, steps: 2, log: true}}\n", "E013", "begin above 0"),
        ("vary: {a.b: {frm: 1}}\n", "E010", "did you mean \"from\"?"),
        ("vary: {a..b: [1]}\n", "E029", "is no path"),
        ("vary: {seed: [1, 2]}\n", "E029", "share their luck"),
        ("vary: {a: [1]}\nset: {a: 3}\n", "E029", "set by set.a already"),
        ("vary: {a: [1], b: [1, 2]}\ndesign: list\n", "E013", "differ in length: a 1, b 2"),
        ("vary: {a: [1]}\ndesign: grit\n", "E014", "did you mean \"grid\"?"),
        ("vary: {a: [1]}\ndesign: {random: {points: 0}}\n", "E002", "are not 1 to 100000"),
        ("vary: {a: [1]}\nderive: {b: a +}\n", "E013", "ends too early"),
        ("vary: {a: [1]}\nderive: {b: 1 / (a - 1)}\n", "E013", "has no value where a=1"),
        ("vary: {a: [x, y]}\nderive: {b: a}\n", "E013", "not numbers of one unit"),
        ("vary: {a: [1]}\nobjectives: [fast]\n", "E030", "is no objective"),
        ("vary: {a: [1]}\nreplications: 0\n", "E013", "write 1 to 100000"),
        ("vary: {a: [1]}\nreplication: 3\n", "E010", "did you mean \"replications\"?"),
    ] {
        let said = said(text);
        assert!(said.contains(&format!("error[{code}]")) && said.contains(words), "{text}{said}");
        assert!(said.contains("test.yaml:"), "{text}{said}");
    }
    let scenario = read_sweep("shop.yaml", SHOP, &Shop);
    let said = render_all(&scenario.problems, &scenario.sources, false);
    assert!(said.contains("E015") && said.contains("a scenario, not a sweep"), "{said}");
    let missing = read_sweep("s.yaml", "sweep: 1\nscenario: shp.yaml\nvary: {a: [1]}\n", &Shop);
    let said = render_all(&missing.problems, &missing.sources, false);
    assert!(said.contains("E032") && said.contains("shp.yaml cannot be read"), "{said}");
}

#[test]
fn the_luck_is_the_scenarios_and_objectives_are_added() {
    let found = sweep("vary: {nodes.app.workers: [1]}\nobjectives: [latency mean < 1s]\n");
    assert_eq!((found.seed, found.design.clone()), (3, Design::Grid));
    assert_eq!(found.fixed, ["objectives[1]=\"latency mean < 1s\""]);
    let plan = found.scenario_at(&found.points[0], &Shop).plan.expect("it is right");
    assert_eq!(plan.objectives.len(), 2);
}

#[test]
fn what_changed_between_two_sweeps_is_named() {
    let of = |text| Header::of(&sweep(text), &[].into_iter().collect(), 0.95);
    let a = of("vary: {nodes.app.workers: [1, 2]}\nreplications: 3\n");
    let b = of("vary: {nodes.app.workers: [1, 4]}\nreplications: 3\n");
    assert_eq!(a.differences(&a), Vec::<String>::new());
    assert_eq!(a.differences(&b), ["sweep.vary.nodes.app.workers was [1,2], is [1,4]"]);
    assert_ne!(a.hash(), b.hash());
}

/// What came of a point, after one short run of it.
fn records(sweep: &Sweep) -> Vec<PointRecord> {
    let record = |point| {
        let plan = Arc::new(sweep.scenario_at(point, &Shop).plan.expect("it is right"));
        let mut set = Replications::new(Arc::clone(&plan), 0.95);
        for number in 0..sweep.replications {
            set.add(Sample::of(&play(&plan, replication_seed(sweep.seed, number))));
        }
        PointRecord::of(point, &set)
    };
    sweep.points.iter().map(record).collect()
}

fn header(sweep: &Sweep) -> Header {
    Header::of(sweep, &[].into_iter().collect(), 0.95)
}

const SMALL: &str = "vary: {nodes.app.workers: [1, 2, 4]}\nreplications: 2\n";

#[test]
fn a_manifest_is_read_as_it_was_written() {
    let sweep = sweep(SMALL);
    let (header, records) = (header(&sweep), records(&sweep));
    let mut text = header.to_line().expect("numbers can be written");
    records.iter().for_each(|one| text.push_str(&one.to_line().expect("numbers can be written")));
    let torn = format!("{text}{{\"point\":{{\"id\":3,");
    let read = Manifest::read(&torn).expect("it is whole").expect("it has a header");
    assert_eq!((&read.header, &read.records, read.whole), (&header, &records, text.len() as u64));
    assert_eq!(Manifest::read(&text[..20]), Ok(None));
    let forged = text.replacen("\"id\":1", "\"id\":0", 1);
    assert!(Manifest::read(&forged).expect_err("forged").contains("line 3 is not as it was"));
    assert!(Manifest::read("{}\n").expect_err("no header").contains("line 1 is no header"));
}

#[test]
fn points_that_are_not_the_sweeps_are_not_merged() {
    let sweep = sweep(SMALL);
    let (header, records) = (header(&sweep), records(&sweep));
    let part = |records: &[PointRecord]| {
        let (header, records) = (header.clone(), records.to_vec());
        ("a".to_owned(), Manifest { header, records, whole: 0 })
    };
    let whole = merged(vec![part(&records[..2]), part(&records[1..])]).expect("complete");
    assert_eq!(whole.1, records);
    let mut other = records.clone();
    other[1].overrides[0] = "nodes.app.workers=3".to_owned();
    let wrong = merged(vec![part(&other)]).expect_err("another point");
    assert!(wrong.contains("not those of the sweep"), "{wrong}");
    let disagree = merged(vec![part(&records), part(&other)]).expect_err("two points");
    assert!(disagree.contains("disagree about point 1"), "{disagree}");
    let missing = merged(vec![part(&records[1..])]).expect_err("one is missing");
    assert!(missing.contains("1 of 3 points are missing"), "{missing}");
}

/// The same record with other values of the goals.
fn judged(record: &PointRecord, id: u32, goals: [f64; 3]) -> PointRecord {
    let mut record = PointRecord { id, ..record.clone() };
    for (name, value) in ["latency_ms.p99", "errors", "cost.usd_per_hour"].iter().zip(goals) {
        let figure = record.figures["errors"];
        let estimate = Some(Estimate { value, low: None, high: None });
        let figure = sim_core::experiment::sweep::Figure { estimate, ..figure };
        record.figures.insert((*name).to_owned(), figure);
    }
    record
}

#[test]
fn the_front_is_what_no_other_point_betters() {
    let sweep = sweep(SMALL);
    let one = &records(&sweep)[0];
    // a small space, so that many points tie in one goal or in all
    let mut luck = 1u32;
    let mut next = || {
        luck = luck.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from((luck >> 24) % 5)
    };
    // what is good in two goals costs in the third, so that many stand in front
    let mut dear = |one: f64, other: f64| [one, other, 8.0 - one - other + next() % 2.0];
    let places = (0..60u32).map(|id| (f64::from(id % 5), f64::from(id / 5 % 5)));
    let all: Vec<[f64; 3]> = places.map(|(one, other)| dear(one, other)).collect();
    let records = all.iter().zip(0..).map(|(goals, id)| judged(one, id, *goals)).collect();
    let outcome = Outcome::of(header(&sweep), records);
    let worse = |a: &[f64; 3], b: &[f64; 3]| a != b && a.iter().zip(b).all(|(a, b)| a >= b);
    let wanted = (0..60u32).filter(|id| !all.iter().any(|b| worse(&all[*id as usize], b)));
    assert_eq!(outcome.front, wanted.collect::<Vec<_>>());
    assert!((10..50).contains(&outcome.front.len()), "{:?}", outcome.front);
}

#[test]
fn main_effects_are_means_and_the_best_point_is_the_cheapest_that_holds() {
    let sweep = sweep("vary: {nodes.app.workers: [1, 2], nodes.app.cores: [1, 2]}\n");
    let one = records(&sweep);
    let goals = [[9.0, 0.0, 2.0], [5.0, 0.0, 1.0], [4.0, 0.0, 3.0], [2.0, 0.0, 4.0]];
    let records: Vec<PointRecord> =
        one.iter().zip(goals).map(|(one, goals)| judged(one, one.id, goals)).collect();
    let outcome = Outcome::of(header(&sweep), records);
    let p99 = |effect: usize| -> Vec<Option<f64>> {
        outcome.effects[effect].levels.iter().map(|level| level.means[0]).collect()
    };
    assert_eq!((p99(0), p99(1)), (vec![Some(7.0), Some(3.0)], vec![Some(6.5), Some(3.5)]));
    assert_eq!(outcome.ranking, [1, 0, 2, 3]);
    let page = outcome.to_html();
    for title in ["The best points", "Main effects", "over two factors", "What cannot be bettered"]
    {
        assert!(page.contains(title), "{title}");
    }
    assert!(!page.contains("http:") && !page.contains("https:") && !page.contains("<script"));
    assert!(outcome.to_text().lines().all(|line| line.chars().count() <= 100));
}

#[test]
fn sobol_indices_are_those_of_the_ishigami_function() {
    // f = sin x + 7 sin^2 y + 0.1 z^4 sin x over -pi..pi: first 0.3139, 0.4424, 0; total 0.5576,
    // 0.4424, 0.2437 (Ishigami and Homma 1990); 4,096 base points
    let text = "vary: {x: {from: -3.141592653589793, to: 3.141592653589793}, \
                y: {from: -3.141592653589793, to: 3.141592653589793}, \
                z: {from: -3.141592653589793, to: 3.141592653589793}}\n\
                design: {saltelli: {points: 4096}}\n";
    let found = sweep(text);
    let columns = ["x", "y", "z"].map(|name| shares(&found, name));
    let [x, y, z] = &columns;
    let f = |at: usize| {
        let (a, b) = (libm::sin(x[at]), libm::sin(y[at]));
        Some(a + 7.0 * b * b + 0.1 * z[at] * z[at] * z[at] * z[at] * a)
    };
    let values: Vec<Option<f64>> = (0..found.points.len()).map(f).collect();
    let indices = indices(&values, 3, 0.95).expect("it varies");
    for (index, (first, total)) in
        indices.iter().zip([(0.3139, 0.5576), (0.4424, 0.4424), (0.0, 0.2437)])
    {
        assert!((index.first.value - first).abs() < 0.01, "{index:?}");
        assert!((index.total.value - total).abs() < 0.01, "{index:?}");
        assert!(index.first.ends[0] <= first && first <= index.first.ends[1], "{index:?}");
        assert!(index.total.ends[1] - index.total.ends[0] < 0.1, "{index:?}");
    }
    assert_eq!(sim_core::experiment::sweep::indices(&[Some(1.0); 40], 3, 0.95), None);
}

#[test]
fn the_shipped_sweeps_read_well() {
    struct Beside;
    impl Files for Beside {
        fn read(&self, path: &str) -> Result<String, String> {
            Ok(crate::support::file(&format!("scenarios/{}", path.trim_start_matches("../"))))
        }
    }
    let folder = crate::support::root().join("scenarios/sweeps");
    let mut count = 0;
    for file in std::fs::read_dir(folder).expect("the folder is there").flatten() {
        let name = file.file_name().into_string().expect("plain names");
        let text = crate::support::file(&format!("scenarios/sweeps/{name}"));
        let reading = read_sweep(&name, &text, &Beside);
        let said = render_all(&reading.problems, &reading.sources, false);
        let sweep = reading.sweep.unwrap_or_else(|| panic!("{said}"));
        for point in &sweep.points {
            let reading = sweep.scenario_at(point, &Beside);
            let said = render_all(&reading.problems, &reading.sources, false);
            assert!(reading.plan.is_some(), "{name}: {said}");
        }
        assert!(text.contains("# Demonstrates:") && text.contains("# Look for:"), "{name}");
        count += 1;
    }
    assert!(count >= 4);
}

#[test]
fn the_schema_file_is_the_sweep_forms_schema() {
    crate::support::judge_schema("sweep", &sim_core::sweep_schema());
}
