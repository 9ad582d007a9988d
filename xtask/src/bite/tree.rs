//! A copy of the repository to spoil, with a build folder of its own that survives between runs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::shell::{Done, cargo, files, program, read, root, run, write};

/// A fault may make a simulation endless: after this long a test run counts as failed.
const PATIENCE_S: &str = "900";

/// What a test run said.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// So many tests, all well.
    Passed(usize),
    /// The tests that failed.
    Failed(Vec<String>),
    /// The tests could not be built.
    Broken,
}

/// The copy.
pub(crate) struct Tree {
    place: PathBuf,
    target: PathBuf,
}

impl Tree {
    /// Brings the copy under `folder` up to date, touching only files that differ.
    pub(crate) fn copy(folder: &Path) -> Result<Self, String> {
        let tree = Self { place: folder.join("tree"), target: folder.join("target") };
        let names = files("*")?;
        for name in &names {
            let bytes = fs::read(root().join(name)).map_err(|e| format!("{name}: {e}"))?;
            let copy = tree.place.join(name);
            if fs::read(&copy).ok().as_ref() != Some(&bytes) {
                write(&copy, &bytes)?;
            }
        }
        tree.forget_all_but(&names)?;
        Ok(tree)
    }

    /// Files that are gone from the repository go from the copy too. The copy is a repository,
    /// because some tests ask git which files there are.
    fn forget_all_but(&self, names: &[String]) -> Done {
        run(program("git").args(["init", "--quiet"]).current_dir(&self.place))?;
        let mut list = program("git");
        list.args(["ls-files", "--others"]).current_dir(&self.place);
        for name in crate::shell::output(&mut list)?.lines() {
            if !names.iter().any(|n| n == name) {
                fs::remove_file(self.place.join(name)).map_err(|e| format!("{name}: {e}"))?;
            }
        }
        Ok(())
    }

    /// In the copy, with its build folder. A fault costs one build and a few tests, so a quick
    /// build is worth more than quick tests.
    fn here(&self, mut command: Command) -> Command {
        command.current_dir(&self.place).env("CARGO_TARGET_DIR", &self.target);
        command.env("CARGO_PROFILE_TEST_OPT_LEVEL", "1").env("CARGO_PROFILE_TEST_DEBUG", "0");
        command
    }

    pub(crate) fn read(&self, name: &str) -> Result<String, String> {
        read(&self.place.join(name))
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> Done {
        write(&self.place.join(name), text.as_bytes())
    }

    /// Builds and runs the tests that `filter` names.
    pub(crate) fn test(&self, filter: &str) -> Result<Outcome, String> {
        let (package, filter) = filter.split_once(' ').unwrap_or(("tests", filter));
        let mut build = self.here(cargo());
        build.args(["test", "--quiet", "--package", package, "--no-run"]);
        let built = build.output();
        if !built.map_err(|e| format!("cannot run cargo: {e}"))?.status.success() {
            return Ok(Outcome::Broken);
        }
        let mut tests = self.here(program("timeout"));
        tests.arg(PATIENCE_S).arg(cargo().get_program());
        tests.args(["test", "--package", package, "--", filter]);
        let ran = tests.output().map_err(|e| format!("cannot run timeout: {e}"))?;
        Ok(outcome(ran.status.success(), &String::from_utf8_lossy(&ran.stdout)))
    }
}

fn outcome(success: bool, text: &str) -> Outcome {
    let named = |end: &str| -> Vec<String> {
        let lines = text.lines().filter_map(|l| l.strip_prefix("test ")?.strip_suffix(end));
        lines.map(str::to_owned).collect()
    };
    if success {
        return Outcome::Passed(named(" ... ok").len());
    }
    match named(" ... FAILED") {
        none if none.is_empty() => Outcome::Failed(vec!["never ending or crashing".to_owned()]),
        some => Outcome::Failed(some),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_failing_tests_are_named() {
        let text = "test a::b ... ok\ntest a::c ... FAILED\n\ntest result: FAILED. 1 passed";
        let Outcome::Failed(names) = outcome(false, text) else { panic!("passed") };
        assert_eq!(names, ["a::c"]);
        assert!(matches!(outcome(true, "test a::b ... ok\n"), Outcome::Passed(1)));
    }
}
