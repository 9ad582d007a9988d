//! Wrong scenarios and exactly what is said about each: `tests/wrong/NAME.yaml` and `NAME.txt`.
//!
//! `BUSYHOUR_BLESS=1 cargo test -p tests wrong` writes the texts anew, to be read before a commit.

use std::fs;

use sim_core::scenario::problem::render_all;
use sim_core::scenario::{NoFiles, Reading, read};

use crate::support::root;

/// What is printed for a scenario; the last line says whether it could be played.
fn said(name: &str, text: &str) -> String {
    let Reading { plan, problems, sources, .. } = read(name, text, &[], &NoFiles);
    let verdict = if plan.is_some() { "it can be played" } else { "it cannot be played" };
    format!("{}\n=> {verdict}\n", render_all(problems.iter(), &sources, false).trim_end())
}

fn names() -> Vec<String> {
    let files = fs::read_dir(root().join("tests/wrong")).expect("the folder is there");
    let names = files.flatten().filter_map(|file| file.file_name().into_string().ok());
    let mut names: Vec<String> =
        names.filter_map(|name| name.strip_suffix(".yaml").map(str::to_owned)).collect();
    names.sort();
    names
}

#[test]
fn every_mistake_gets_its_sentence() {
    let bless = std::env::var_os("BUSYHOUR_BLESS").is_some();
    let folder = root().join("tests/wrong");
    let names = names();
    assert!(names.len() >= 40, "only {} wrong scenarios", names.len());
    let mut differing = Vec::new();
    for name in names {
        let yaml = fs::read_to_string(folder.join(format!("{name}.yaml"))).expect("it is there");
        let found = said(&format!("{name}.yaml"), &yaml);
        let path = folder.join(format!("{name}.txt"));
        if bless {
            fs::write(path, found).expect("the text can be written");
        } else if fs::read_to_string(path).unwrap_or_default() != found {
            differing.push(format!("{name}:\n{found}"));
        }
    }
    assert!(differing.is_empty(), "what is said has changed:\n{}", differing.join("\n"));
}

#[test]
fn every_error_has_place_and_remedy() {
    for name in names() {
        let yaml = fs::read_to_string(root().join(format!("tests/wrong/{name}.yaml")));
        let yaml = yaml.expect("it is there");
        let reading = read("x.yaml", &yaml, &[], &NoFiles);
        assert!(!reading.problems.is_empty(), "{name}: nothing is said");
        for problem in reading.problems.iter() {
            assert!(!problem.remedy.is_empty(), "{name}: no remedy: {}", problem.message);
            assert!(problem.place.is_some(), "{name}: no place: {}", problem.message);
        }
    }
}
