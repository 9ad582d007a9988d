//! Plants known faults one at a time in a copy of the repository and sees that a test catches each.
//!
//! A fault is an entry in one of the lists under `bite/`: a family of checks that no fault can
//! make fail proves nothing. A fault that does not compile proves nothing either, and is refused.

mod components;
mod engine;
mod experiments;
mod mismatches;
mod page;
mod plant;
mod report;
mod stacks;
mod tidy;
mod trace;
mod tree;

use crate::shell::{Done, root};
use plant::Verdict;
use tree::Tree;

/// One planted fault.
pub(crate) struct Fault {
    /// Path from the repository's root.
    pub(crate) file: &'static str,
    /// Text that stands in the file exactly once.
    pub(crate) find: &'static str,
    /// What it becomes.
    pub(crate) replace: &'static str,
    /// Filter for the tests that must fail, as for `cargo test`; of the package `tests`, or of the
    /// one named before it, as in `sim-web session::`.
    pub(crate) test: &'static str,
    /// What would go wrong in the world if nobody noticed.
    pub(crate) why: &'static str,
}

/// One list per family of checks.
const FAMILIES: &[&[Fault]] = &[
    components::FAULTS,
    engine::FAULTS,
    experiments::FAULTS,
    mismatches::FAULTS,
    page::FAULTS,
    report::FAULTS,
    stacks::FAULTS,
    tidy::FAULTS,
    trace::FAULTS,
];

/// Plants every fault whose file or test holds `filter`.
pub(crate) fn all(filter: &str) -> Done {
    let wanted = |f: &&Fault| f.file.contains(filter) || f.test.contains(filter);
    let faults: Vec<&Fault> = FAMILIES.iter().copied().flatten().filter(wanted).collect();
    let tree = Tree::copy(&root().join("target/bite"))?;
    sound(&tree, &faults)?;
    let mut bad = 0;
    for fault in &faults {
        let verdict = plant::plant(&tree, fault)?;
        bad += u32::from(!matches!(verdict, Verdict::Caught(_)));
        println!("{}: {verdict} ({})", fault.file, fault.why);
    }
    println!("{} caught, {bad} not", faults.len() as u32 - bad);
    if bad == 0 { Ok(()) } else { Err(format!("{bad} faults were not caught")) }
}

/// Without a fault the same tests must pass, or their failing would say nothing.
fn sound(tree: &Tree, faults: &[&Fault]) -> Done {
    let mut filters: Vec<&str> = faults.iter().map(|f| f.test).collect();
    filters.sort_unstable();
    filters.dedup();
    for filter in filters {
        match tree.test(filter)? {
            tree::Outcome::Passed(0) => return Err(format!("no test is called {filter}")),
            tree::Outcome::Passed(_) => {}
            other => return Err(format!("without a fault, {filter}: {other:?}")),
        }
    }
    Ok(())
}
