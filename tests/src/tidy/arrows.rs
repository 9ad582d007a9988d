//! Who may know whom: arrows between sim-core's layers run one way, doors use the front only.

use super::source::{code, paths, without_tests};
use super::{File, none, plant, repository, rust};

/// Lower layers first; a layer may use itself and what stands before it.
const LAYERS: &[&str] = &[
    "units",
    "shorthand",
    "engine",
    "recorded",
    "wiring",
    "rules",
    "steps",
    "components",
    "scenario",
    "run",
    "report",
    "trace",
    "play",
    "experiment",
    "fit",
];

const HEART: &str = "sim-core/src/";

/// A file's module path inside sim-core, or nothing for `lib.rs` and for other crates.
pub(super) fn module(path: &str) -> Option<Vec<&str>> {
    let inside = path.strip_prefix(HEART)?.strip_suffix(".rs")?;
    (inside != "lib").then(|| inside.split('/').collect())
}

/// Is the whole file tests? By name: `tests.rs`, `tests_*.rs`, or anything in a folder `tests/`.
pub(super) fn is_tests(path: &str) -> bool {
    path.trim_end_matches(".rs").split('/').any(|s| s == "tests" || s.starts_with("tests_"))
}

/// Paths from the crate's root that a file's code outside tests uses, with their lines.
pub(super) fn used(file: &File) -> Vec<(usize, Vec<String>)> {
    let Some(own) = module(&file.path).filter(|_| !is_tests(&file.path)) else {
        return Vec::new();
    };
    let text = without_tests(&code(&file.text));
    let mut found = paths(&text, "crate");
    for (_, path) in &mut found {
        path.remove(0);
    }
    for (line, path) in paths(&text, "super") {
        let ups = path.iter().take_while(|s| *s == "super").count();
        let base = own[..own.len().saturating_sub(ups)].iter().map(|s| (*s).to_owned());
        found.push((line, base.chain(path[ups..].iter().cloned()).collect()));
    }
    found
}

fn rank(layer: &str) -> Option<usize> {
    LAYERS.iter().position(|l| *l == layer)
}

fn reversed(files: &[&File]) -> Vec<String> {
    let mut faults = Vec::new();
    for file in files {
        let Some(own) = module(&file.path) else { continue };
        let Some(own_rank) = rank(own[0]) else {
            faults.push(format!("{}:1: `{}` has no place among the layers", file.path, own[0]));
            continue;
        };
        for (line, path) in used(file) {
            if path.first().and_then(|top| rank(top)).is_some_and(|r| r > own_rank) {
                let path = path.join("::");
                faults.push(format!("{}:{line}: `{}` uses `{path}`", file.path, own[0]));
            }
        }
    }
    faults
}

/// Doors that reach past sim-core's front.
fn sneaking(files: &[&File]) -> Vec<String> {
    let door = |f: &&&File| f.path.starts_with("sim-cli/") || f.path.starts_with("sim-web/");
    let mut faults = Vec::new();
    for file in files.iter().filter(door) {
        for (line, path) in paths(&code(&file.text), "sim_core") {
            if path.len() > 2 && LAYERS.contains(&path[1].as_str()) {
                faults.push(format!("{}:{line}: `{}` past the front", file.path, path.join("::")));
            }
        }
    }
    faults
}

#[test]
fn arrows_run_one_way() {
    none(&reversed(&rust(&repository())));
}

#[test]
fn a_reversed_arrow_is_seen() {
    let bad = [
        ("engine/kernel.rs", "use crate::components::Users;"),
        ("engine/kernel.rs", "use super::super::wiring::Plan;"),
        ("engine.rs", "fn f() { super::run::advance() }"),
        ("components/users.rs", "use crate::{engine::Kernel, scenario::Plan};"),
        ("wiring.rs", "use crate::components;"),
        ("report/text.rs", "fn f() { crate::experiment::compare() }"),
        ("helpers.rs", ""),
    ];
    for (path, text) in bad {
        assert_eq!(reversed(&[&plant(&format!("{HEART}{path}"), text)]).len(), 1, "{path}: {text}");
    }
    let good = [
        ("engine/kernel.rs", "use super::time::Time; use crate::units::Rate;"),
        ("components/users.rs", "use crate::{engine::Kernel, wiring::Port};"),
        ("report/text.rs", "// crate::experiment\nuse crate::run::Run;"),
        ("engine/meter/tests.rs", "use crate::run::Run;"),
        ("scenario.rs", "#[cfg(test)]\nmod tests { use crate::run::Run; }"),
        ("lib.rs", "pub use crate::experiment::compare;"),
    ];
    for (path, text) in good {
        none(&reversed(&[&plant(&format!("{HEART}{path}"), text)]));
    }
}

#[test]
fn doors_use_the_front_only() {
    none(&sneaking(&rust(&repository())));
    let sneak = |text| sneaking(&[&plant("sim-cli/src/main.rs", text)]).len();
    assert_eq!(sneak("use sim_core::{Run, engine::Kernel};"), 1);
    assert_eq!(sneak("sim_core::run::advance();"), 1);
    assert_eq!(sneak("use sim_core::{Run, Problem}; sim_core::play(Problem::A);"), 0);
}
