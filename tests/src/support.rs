//! What the tests share: the repository's files, and runs made the way a user makes them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sim_core::run::{Advanced, Run};
use sim_core::scenario::plan::Plan;
use sim_core::scenario::problem::render_all;
use sim_core::scenario::{NoFiles, Reading, read};

/// The repository's root, above the package that these tests are built in.
pub(crate) fn root() -> PathBuf {
    let mut above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    above.find(|folder| folder.join("scenarios").is_dir()).expect("a clone").to_owned()
}

/// A scenario file of the repository, by its path in it.
pub(crate) fn file(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every shipped scenario, by its path in the repository, in order.
pub(crate) fn scenarios() -> Vec<String> {
    let files = std::fs::read_dir(root().join("scenarios")).expect("the folder is there");
    let names = files.flatten().filter_map(|file| file.file_name().into_string().ok());
    let mut names: Vec<String> = names
        .filter(|name| name.ends_with(".yaml"))
        .map(|name| format!("scenarios/{name}"))
        .collect();
    names.sort();
    names
}

/// Reads a scenario that must be right.
pub(crate) fn plan(text: &str, overrides: &[&str]) -> Arc<Plan> {
    let overrides: Vec<String> = overrides.iter().map(|&text| text.to_owned()).collect();
    let Reading { plan, problems, sources, .. } = read("test.yaml", text, &overrides, &NoFiles);
    let Some(plan) = plan else { panic!("{}", render_all(problems.iter(), &sources, false)) };
    Arc::new(plan)
}

/// Plays a plan to its end.
pub(crate) fn play(plan: &Arc<Plan>, seed: u64) -> Run {
    let mut run = Run::new(Arc::clone(plan), seed).expect("a checked plan can be built");
    assert_eq!(run.finish(), Advanced::Reached);
    run
}

/// A schema file of the repository is what the forms say; `BUSYHOUR_BLESS` writes it anew.
pub(crate) fn judge_schema(of: &str, schema: &serde_json::Value) {
    judge_derived(&format!("{of}.schema.json"), schema);
}

/// A file in `schema/` is what is derived from the forms.
pub(crate) fn judge_derived(name: &str, schema: &serde_json::Value) {
    let path = format!("schema/{name}");
    if std::env::var_os("BUSYHOUR_BLESS").is_some() {
        let text = serde_json::to_string_pretty(schema).expect("it can be written");
        std::fs::write(root().join(&path), text + "\n").expect("the file can be written");
    }
    let written: serde_json::Value = serde_json::from_str(&file(&path)).expect("it is JSON");
    assert!(written == *schema, "write it anew: cargo xtask schema");
}

/// How often an experiment is repeated: `few` in the test run, `BUSYHOUR_TRIES` where that is set.
pub(crate) fn tries(few: u64) -> u64 {
    std::env::var("BUSYHOUR_TRIES").ok().and_then(|text| text.parse().ok()).unwrap_or(few)
}
