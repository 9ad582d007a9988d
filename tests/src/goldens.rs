//! Goldens: digest, counts and rendered report of every scenario. They fail for different reasons:
//! a moved bit, a lost request, a changed word. `cargo xtask golden` writes them anew.

use std::fs;

use sim_core::report::Report;

use crate::support::{file, plan, play, root, scenarios};

fn golden(scenario: &str) -> String {
    let plan = plan(&file(scenario), &[]);
    let run = play(&plan, plan.seed);
    Report::of(&run).to_text()
}

#[test]
fn every_scenario_is_as_it_was() {
    let folder = root().join("tests/goldens");
    let bless = std::env::var_os("BUSYHOUR_BLESS").is_some();
    let mut wrong = Vec::new();
    for scenario in scenarios() {
        let name = scenario.trim_start_matches("scenarios/").replace(".yaml", ".txt");
        let path = folder.join(name);
        let found = golden(&scenario);
        if bless {
            fs::create_dir_all(&folder).expect("the folder can be made");
            fs::write(&path, &found).expect("the golden can be written");
            continue;
        }
        let expected = fs::read_to_string(&path).unwrap_or_default();
        if let Some(line) = first_difference(&expected, &found) {
            wrong.push(format!("{scenario}: {line}"));
        }
    }
    let remedy = "if the change is meant: cargo xtask golden, and a line in CHANGELOG.md";
    assert!(wrong.is_empty(), "{}\n{remedy}", wrong.join("\n"));
}

/// The first line that differs, with both forms.
fn first_difference(expected: &str, found: &str) -> Option<String> {
    let mut lines = expected.lines().zip(found.lines()).enumerate();
    let differing = lines.find(|(_, (one, other))| one != other);
    if let Some((at, (one, other))) = differing {
        return Some(format!("line {}:\n  was {one}\n  is  {other}", at + 1));
    }
    let (before, after) = (expected.lines().count(), found.lines().count());
    (before != after).then(|| format!("{before} lines were {after}"))
}

#[test]
fn a_changed_word_or_line_is_a_difference() {
    assert_eq!(first_difference("a\nb\n", "a\nb\n"), None);
    assert!(first_difference("a\nb\n", "a\nc\n").is_some());
    assert!(first_difference("a\n", "a\nb\n").is_some());
}
