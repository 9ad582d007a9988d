//! Predictions beside what real stacks did: `docs/reality.md` holds the table, and keeps true.
//!
//! `BUSYHOUR_BLESS=1 cargo test -p tests reality` writes it anew, to be read before a commit.

use std::fs;
use std::sync::Arc;

use sim_core::scenario::{NoFiles, read};
use sim_core::{
    Cell, Figures, Judged, Plan, Predicted, Reality, Rep, Run, Trial, replication_seed,
};

use crate::support::{file, root};

/// Plays of each measured run on its very requests: what these do not settle lies in their band.
const SEEDS: u32 = 100;
/// Plays of other requests of the same law.
const FRESH: u32 = 20;

fn cells() -> Vec<Cell> {
    let files = fs::read_dir(root().join("tests/reality")).expect("the folder is there");
    let mut files: Vec<_> = files.flatten().map(|entry| entry.path()).collect();
    files.sort();
    let text = |path| fs::read_to_string(path).expect("a text");
    files.iter().map(|path| Cell::parse(&text(path)).expect("a cell")).collect()
}

fn plan(cell: &Cell) -> Plan {
    let path = format!("scenarios/reality/{}.yaml", cell.cell);
    let reading = read(&path, &file(&path), &[], &NoFiles);
    assert!(reading.problems.iter().next().is_none_or(|one| !one.message.is_empty()));
    reading.plan.unwrap_or_else(|| panic!("{path}: {:?}", reading.problems.first_error()))
}

fn played(trial: &Trial, luck: u64) -> Figures {
    let mut run = Run::new(Arc::clone(&trial.plan), luck).expect("it was built before");
    run.keep_ends();
    run.finish();
    trial.figures(&mut run)
}

fn predicted(cell: &Cell) -> Judged {
    let plan = plan(cell);
    let predict = |rep: &Rep| {
        let trial = |seed| cell.trial(&plan, rep, seed).expect("one group of users");
        let very = trial(rep.seed);
        let seeds = |count| (0..count).map(|n| replication_seed(rep.seed, n));
        let same = seeds(SEEDS).map(|luck| played(&very, luck)).collect();
        let fresh = seeds(FRESH).map(|seed| played(&trial(seed), seed)).collect();
        Predicted { same, fresh }
    };
    let predicted: Vec<Predicted> = cell.reps.iter().map(predict).collect();
    Judged::new(cell, &predicted)
}

#[test]
fn the_table_of_predictions_is_true() {
    let reality = Reality::new(cells().iter().map(predicted).collect());
    let table = reality.to_markdown();
    let path = root().join("docs/reality.md");
    let page = fs::read_to_string(&path).expect("the page is there");
    let (before, rest) = page.split_once("| cell |").expect("a table");
    let (_, after) = rest.split_once("of p95").expect("its last line");
    let after = after.split_once('\n').expect("an end").1;
    if std::env::var_os("BUSYHOUR_BLESS").is_some() {
        fs::write(path, format!("{before}{table}{after}")).expect("the page can be written");
    } else {
        assert!(page.contains(&table), "the table is another one now:\n{table}");
    }
    // what is missed is named with its cause, below the table
    for cell in reality.cells.iter().filter(|cell| !cell.held) {
        assert!(after.contains(&format!("`{}`", cell.cell)), "{} is missed", cell.cell);
    }
    let below: Vec<&Judged> = reality.cells.iter().filter(|cell| cell.is_below).collect();
    let near = below.iter().filter(|cell| cell.off("mean") <= Some(0.1));
    assert!(near.count() * 10 >= below.len() * 9, "means");
    assert!(reality.median_error_mean < Some(0.05) && reality.median_error_p95 < Some(0.05));
}

#[test]
fn requests_are_the_very_ones() {
    let mut checked = 0;
    for cell in cells() {
        let text = file(&format!("tests/reality/{}.json", cell.cell));
        let whole: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        for (rep, raw) in cell.reps.iter().zip(whole["reps"].as_array().expect("runs")) {
            let Some(sent) = cell.sent(rep.seed) else { continue };
            let text = cell.recorded(&sent, 0);
            let Some(head) = raw["trace_head_t_s_demand_ms"].as_array() else { continue };
            for (line, told) in text.lines().skip(1).zip(head) {
                let mut numbers =
                    line.split(',').map(|cell| cell.parse::<f64>().expect("a number"));
                let at = numbers.next().expect("a time") - cell.warmup_s;
                let demand = numbers.next().expect("a demand");
                let told = [&told[0], &told[1]].map(|value| value.as_f64().expect("a number"));
                assert!((at - told[0]).abs() < 1e-4, "{} {at} {told:?}", cell.cell);
                assert!((demand - told[1]).abs() < 1e-3, "{} {demand} {told:?}", cell.cell);
                checked += 1;
            }
        }
    }
    assert!(checked >= 300, "only {checked} requests");
}

#[test]
fn scenarios_say_the_load_of_their_cells() {
    for cell in cells() {
        let plan = plan(&cell);
        let site = plan.blueprint.site();
        let loads = plan.blueprint.parts.iter().map(|part| part.form.load(&site));
        let rate = loads.filter_map(|load| load.per_second).reduce(f64::max);
        if let (Some(rate), Some(most)) = (rate, cell.highest_rate()) {
            assert!((rate / most - 1.0).abs() < 1e-9, "{}: {rate} {most}", cell.cell);
        }
    }
}
