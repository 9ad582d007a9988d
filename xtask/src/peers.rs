//! Builds the programs under `benches/peers` that this machine can build, and times them together.

use std::process::Command;

use crate::shell::{Done, cargo, present, program, root, run};

/// The same processor-specific code for everyone in the comparison.
const RUST_FLAGS: &str = "-C target-cpu=native";

/// `args`: `[--all] [GROUP [ROUNDS]]`, by default `w1 5`.
pub(crate) fn compare(args: &[&str]) -> Done {
    let all = args.contains(&"--all");
    let rest: Vec<&str> = args.iter().copied().filter(|a| *a != "--all").collect();
    let group = rest.first().copied().unwrap_or("w1");
    let rounds = rest.get(1).copied().unwrap_or("5");

    let mut own = native("fastest");
    run(own.args(["--bin", "busyhour", "--target-dir", "target/peers"]))?;
    run(native("release").current_dir(root().join("benches/peers/limit")))?;
    if all {
        optional(
            "rustpeers",
            native("release").current_dir(root().join("benches/peers/rustpeers")),
        );
    }
    cpp(all);
    let run_py = "benches/peers/run.py";
    run(program("python3").args([run_py, group, rounds]))
}

fn native(profile: &str) -> Command {
    let mut command = cargo();
    command.args(["build", "--quiet", "--profile", profile]).env("RUSTFLAGS", RUST_FLAGS);
    command
}

/// The hand-written loop needs only a compiler, the others their libraries.
fn cpp(all: bool) {
    if !present("g++") {
        println!("peers: no g++, so no C++ programs");
        return;
    }
    gpp("hand", "c++20", None);
    if all {
        gpp("systemc_w1", "c++17", Some("-lsystemc"));
        gpp("simgrid_w1", "c++17", Some("-lsimgrid"));
    }
}

fn gpp(name: &str, standard: &str, library: Option<&str>) {
    let mut compiler = program("g++");
    compiler.current_dir(root().join("benches/peers/cpp"));
    compiler.args(["-O3", "-march=native", &format!("-std={standard}"), "-o", name]);
    optional(name, compiler.arg(format!("{name}.cpp")).args(library));
}

/// A peer that does not build here is left out of the table, with a word about it.
fn optional(name: &str, build: &mut Command) {
    if let Err(problem) = run(build) {
        println!("peers: without {name}: {problem}");
    }
}
