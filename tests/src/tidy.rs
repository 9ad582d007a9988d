//! The house's rules, read off the repository's own files: shape, arrows, absences, sizes, words.
//!
//! Each rule is a function from files to faults with a test that plants one, so that no rule can
//! fall silent. An exception stands in a table with its reason, and a stale exception is a fault.

mod absence;
mod arrows;
mod size;
mod source;
mod traps;
mod words;

use std::path::Path;
use std::process::Command;

/// A file as the rules see it.
struct File {
    /// From the repository's root, with `/`.
    path: String,
    text: String,
}

/// Programs of other libraries, kept in those libraries' idiom and edition.
const FOREIGN: &str = "benches/peers/";

/// Every text file that is committed or about to be.
fn repository() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ lies in a folder");
    let list = ["ls-files", "--cached", "--others", "--exclude-standard"];
    let out = Command::new("git").args(list).current_dir(root).output().expect("git runs");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let names = String::from_utf8(out.stdout).expect("paths are UTF-8");
    let read = |path: &str| {
        let text = std::fs::read_to_string(root.join(path)).ok()?;
        Some(File { path: path.to_owned(), text })
    };
    let files: Vec<File> = names.lines().filter_map(read).collect();
    assert!(files.iter().any(|f| f.path == "tests/src/tidy.rs"), "the list of files is whole");
    files
}

/// The house's own Rust files.
fn rust(files: &[File]) -> Vec<&File> {
    files.iter().filter(|f| f.path.ends_with(".rs") && !f.path.starts_with(FOREIGN)).collect()
}

#[track_caller]
fn none(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

fn headless(files: &[&File]) -> Vec<String> {
    let silent = |f: &&&File| !f.text.starts_with("//! ");
    let fault = |f: &&File| format!("{}:1: begins without a `//!` sentence", f.path);
    files.iter().filter(silent).map(fault).collect()
}

fn mod_files(files: &[&File]) -> Vec<String> {
    let named = |f: &&&File| f.path.ends_with("/mod.rs");
    files.iter().filter(named).map(|f| format!("{}:1: `x.rs` beside `x/`", f.path)).collect()
}

#[test]
fn every_source_file_says_what_it_is() {
    none(&headless(&rust(&repository())));
    assert_eq!(headless(&[&plant("sim-core/src/a.rs", "// not this\n")]).len(), 1);
    assert_eq!(headless(&[&plant("sim-core/src/a.rs", "//! This.\n")]).len(), 0);
}

#[test]
fn no_file_is_called_mod() {
    none(&mod_files(&rust(&repository())));
    assert_eq!(mod_files(&[&plant("sim-core/src/engine/mod.rs", "")]).len(), 1);
}

/// A file for a rule to bite on.
fn plant(path: &str, text: &str) -> File {
    File { path: path.to_owned(), text: text.to_owned() }
}
