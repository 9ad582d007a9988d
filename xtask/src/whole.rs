//! The whole test run, one stage after another; the first failure ends it.

use crate::shell::{Done, cargo, files, program, run};
use crate::{setup, wasm, web};

/// Runs every stage and prints how long each took.
pub(crate) fn test() -> Done {
    stage("format", format)?;
    stage("clippy", clippy)?;
    let mut built = Vec::new();
    stage("wasm", || {
        // the parity tests play the same scenarios in these builds
        built.push(("BUSYHOUR_WASM", wasm::build()?));
        built.push(("BUSYHOUR_PAGE", web::build()?));
        built.push(("BUSYHOUR_AXE", setup::axe()?));
        Ok(())
    })?;
    stage("tests", || {
        let mut tests = cargo();
        tests.args(["test", "--workspace"]);
        run(tests.envs(built.iter().map(|(name, path)| (name, path))))
    })?;
    stage("docs", docs)
}

#[expect(clippy::disallowed_types, reason = "a stage's seconds are for people, not for a run")]
fn stage(name: &str, work: impl FnOnce() -> Done) -> Done {
    println!("==> {name}");
    let start = std::time::Instant::now();
    let done = work();
    let word = if done.is_ok() { "done in" } else { "FAILED after" };
    println!("<== {name} {word} {:.1} s", start.elapsed().as_secs_f64());
    done.map_err(|problem| format!("stage {name}: {problem}"))
}

/// Every file by name: `cargo fmt` would miss modules that a macro declares.
fn format() -> Done {
    // the peers are workspaces of their own, in the edition that their libraries were written for
    let (peers, house): (Vec<_>, Vec<_>) =
        files("*.rs")?.into_iter().partition(|f| f.starts_with("benches/peers/"));
    run(program("rustfmt").args(["--check", "--edition", "2024"]).args(house))?;
    run(program("rustfmt").args(["--check", "--edition", "2021"]).args(peers))
}

fn clippy() -> Done {
    let what = ["clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"];
    run(cargo().args(what))
}

fn docs() -> Done {
    let what = ["doc", "--quiet", "--no-deps", "--workspace"];
    run(cargo().args(what).env("RUSTDOCFLAGS", "-D warnings"))
}
