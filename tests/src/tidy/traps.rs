//! The list of traps names tests; each of them must be there.

use std::collections::BTreeSet;

use super::{File, none, plant, repository, rust};

const LIST: &str = "docs/facts/traps.md";

/// Names of tests in the rows of a table: words in backticks, as long as a sentence.
fn named(text: &str) -> impl Iterator<Item = &str> {
    let rows = text.lines().filter(|line| line.starts_with("| "));
    let quoted = rows.flat_map(|row| row.split('`').skip(1).step_by(2));
    quoted.filter(|word| word.matches('_').count() >= 3)
}

fn tests<'a>(files: &[&'a File]) -> BTreeSet<&'a str> {
    let after = files.iter().flat_map(|file| file.text.split("#[test]").skip(1));
    let headed = after.filter_map(|text| text.split_once("fn ")?.1.split_once('('));
    headed.map(|(name, _)| name).collect()
}

fn missing(list: &File, code: &[&File]) -> Vec<String> {
    let tests = tests(code);
    let gone = named(&list.text).filter(|name| !tests.contains(name));
    gone.map(|name| format!("{}: there is no test {name}", list.path)).collect()
}

#[test]
fn every_trap_names_tests_that_exist() {
    let files = repository();
    let list = files.iter().find(|file| file.path == LIST).expect("the list of traps");
    none(&missing(list, &rust(&files)));
    let rows = list.text.lines().filter(|line| line.starts_with("| ") && named(line).count() > 0);
    assert!(rows.count() >= 14);

    let code = plant("a.rs", "#[test]\nfn this_one_is_here() {}\nfn this_one_is_none() {}\n");
    let list = plant(LIST, "| a | b | `this_one_is_here`, `this_one_is_none`, `this_one_is_not` |");
    assert_eq!(missing(&list, &[&code]).len(), 2);
}
