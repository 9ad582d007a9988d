//! What must not be there: component names in the engine, each other's in components, and anything
//! in the heart that a run could not repeat.

use super::arrows::{is_tests, module, used};
use super::source::{code, line, paths, without_tests, word_at};
use super::{File, none, plant, repository, rust};

/// Component names that are also words the engine needs, with the reason: `(word, reason)`.
const SHARED_WORDS: &[(&str, &str)] = &[
    ("cache", "a processor's cache line, and a cause of failure that reports name"),
    ("database", "causes of failure and leases are explained by what people know them from"),
    ("station", "queueing theory's word for a resource with servers and a line: its meter"),
    ("users", "a tally's name begins with the group of users whose requests it counts"),
];

/// What the heart has no use for, as paths.
const FOREIGN_PATHS: &[&str] =
    &["std::fs", "std::io", "std::net", "std::thread", "std::time", "std::process", "std::env"];

/// What the heart has no use for, as words.
const FOREIGN_WORDS: &[&str] = &[
    "HashMap",
    "HashSet",
    "unsafe",
    "static mut",
    "thread_local",
    "println",
    "eprintln",
    "print",
    "eprint",
];

/// The components, by the names of their files.
fn components(files: &[&File]) -> Vec<String> {
    let own = |f: &&File| match module(&f.path)?[..] {
        ["components", name, ..] => Some(name.to_owned()),
        _ => None,
    };
    let mut names: Vec<String> = files.iter().filter_map(own).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// `worker_pool` as the name of a type: `WorkerPool`.
fn type_name(name: &str) -> String {
    let first = |part: &str| part[..1].to_uppercase() + &part[1..];
    name.split('_').filter(|p| !p.is_empty()).map(first).collect()
}

/// Components that the engine names, in code or in comments.
fn named_in_engine(files: &[&File], shared: &[(&str, &str)]) -> Vec<String> {
    let names = components(files);
    let mut faults = Vec::new();
    for word in shared.iter().filter(|(word, _)| !names.iter().any(|n| n == word)) {
        faults.push(format!("`{}` is no component: drop the exception", word.0));
    }
    let engine = |f: &&&File| module(&f.path).is_some_and(|m| m[0] == "engine");
    for file in files.iter().filter(engine) {
        for name in names.iter().filter(|n| !shared.iter().any(|(word, _)| word == n)) {
            for spelling in [name.clone(), type_name(name)] {
                faults.extend(
                    word_at(&file.text, &spelling)
                        .map(|at| format!("{}:{}: `{name}`", file.path, line(&file.text, at))),
                );
            }
        }
    }
    faults
}

/// Components that reach for another.
fn entangled(files: &[&File]) -> Vec<String> {
    let names = components(files);
    let mut faults = Vec::new();
    for file in files {
        let Some(place) = module(&file.path) else { continue };
        let ["components", own, ..] = place[..] else { continue };
        for (line, path) in used(file) {
            if let [top, other, ..] = &path[..]
                && top == "components"
                && other != own
                && names.contains(other)
            {
                faults.push(format!("{}:{line}: `{own}` knows `{other}`", file.path));
            }
        }
    }
    faults
}

/// What a run could not repeat, or a browser could not do.
fn impure(files: &[&File]) -> Vec<String> {
    let mut faults = Vec::new();
    let heart = |f: &&&File| f.path.starts_with("sim-core/src/") && !is_tests(&f.path);
    for file in files.iter().filter(heart) {
        let text = without_tests(&code(&file.text));
        for (line, path) in paths(&text, "std") {
            let path = path.join("::");
            let inside = |p: &&&str| path == **p || path.starts_with(&format!("{p}::"));
            faults.extend(
                FOREIGN_PATHS.iter().find(inside).map(|p| format!("{}:{line}: `{p}`", file.path)),
            );
        }
        for word in FOREIGN_WORDS {
            let fault = |at| format!("{}:{}: `{word}`", file.path, line(&text, at));
            faults.extend(word_at(&text, word).map(fault));
        }
    }
    faults
}

#[test]
fn the_engine_knows_no_component() {
    none(&named_in_engine(&rust(&repository()), SHARED_WORDS));
    let pool = plant("sim-core/src/components/worker_pool.rs", "");
    for text in ["// for the worker_pool", "struct X(WorkerPool);"] {
        let kernel = plant("sim-core/src/engine/kernel.rs", text);
        assert_eq!(named_in_engine(&[&pool, &kernel], &[]).len(), 1);
        none(&named_in_engine(&[&pool, &kernel], &[("worker_pool", "also a word")]));
    }
    assert_eq!(named_in_engine(&[&pool], &[("gone", "stale")]).len(), 1);
}

#[test]
fn components_do_not_know_each_other() {
    none(&entangled(&rust(&repository())));
    let cache = plant("sim-core/src/components/cache.rs", "");
    let bites = |path: &str, text: &str| {
        entangled(&[&cache, &plant(&format!("sim-core/src/components/{path}"), text)]).len()
    };
    assert_eq!(bites("users.rs", "use super::cache::Cache;"), 1);
    assert_eq!(bites("users.rs", "use crate::components::{cache};"), 1);
    assert_eq!(bites("balancer/p2c.rs", "fn f() { super::super::cache::f() }"), 1);
    assert_eq!(bites("balancer/p2c.rs", "use super::Policy; // super::cache"), 0);
    assert_eq!(bites("cache/lru.rs", "use super::super::cache::Key;"), 0);
}

#[test]
fn the_heart_is_pure() {
    none(&impure(&rust(&repository())));
    let bites = |text: &str| impure(&[&plant("sim-core/src/run.rs", text)]).len();
    assert_eq!(bites("use std::{fmt, time::Instant};"), 1);
    assert_eq!(bites("fn f() { std::fs::read(p); }"), 1);
    assert_eq!(bites("struct A(HashMap<u8, u8>);"), 1);
    assert_eq!(bites("unsafe { *p }"), 1);
    assert_eq!(bites("fn f() { println!() }"), 1);
    assert_eq!(bites("use std::fmt; // std::fs, HashMap\n#[cfg(test)]\nmod t { use std::fs; }"), 0);
}
