//! Parity: every scenario is the same run natively and in WASM under Node, to the bit.
//!
//! The WASM build takes minutes, so the test run makes it once and names its folder in
//! `BUSYHOUR_WASM`; without it (a plain `cargo test`) there is nothing to compare with.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use sim_core::run::Run;

use crate::support::{file, plan, root, scenarios};

const SCRIPT: &str = "xtask/js/digests.mjs";

/// The digest of each node at each of these times, as the WASM build sees it.
fn wasm(glue: &Path, scenario: &str, at_ns: &[u64]) -> Vec<Vec<(String, String)>> {
    let times: Vec<String> = at_ns.iter().map(u64::to_string).collect();
    let output = Command::new("node")
        .arg(root().join(SCRIPT))
        .args([glue, &root().join(scenario)])
        .arg(times.join(","))
        .output()
        .expect("node runs");
    let problem = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{scenario} in WASM: {problem}");
    serde_json::from_slice(&output.stdout).expect("the script prints JSON")
}

fn native(scenario: &str, at_ns: &[u64]) -> Vec<Vec<(String, String)>> {
    let plan = plan(&file(scenario), &[]);
    let mut run = Run::new(Arc::clone(&plan), plan.seed).expect("valid");
    let digests = |run: &Run| {
        let nodes = run.node_digests().into_iter();
        nodes.map(|(name, digest)| (name, format!("{digest:016x}"))).collect()
    };
    at_ns
        .iter()
        .map(|&at| {
            run.advance(at, u64::MAX);
            digests(&run)
        })
        .collect()
}

#[test]
fn every_scenario_is_the_same_run_in_wasm() {
    let Some(glue) = std::env::var_os("BUSYHOUR_WASM") else {
        println!("BUSYHOUR_WASM is not set: `cargo xtask test` builds the WASM and compares");
        return;
    };
    let glue = Path::new(&glue);
    assert!(glue.join("busyhour.js").exists(), "{} holds no build", glue.display());
    for scenario in scenarios() {
        let duration = plan(&file(&scenario), &[]).duration;
        let windows: Vec<u64> = (1..=16).map(|part| duration / 16 * part).collect();
        let here = native(&scenario, &windows);
        let there = wasm(glue, &scenario, &windows);
        assert_eq!(here.len(), there.len(), "{scenario}");
        for (window, (here, there)) in here.iter().zip(&there).enumerate() {
            let first = here.iter().zip(there).find(|(one, other)| one != other);
            if let Some((one, other)) = first {
                panic!(
                    "{scenario}: window {} of 16 is the first to differ, at node {}: {} natively, \
                     {} in WASM",
                    window + 1,
                    one.0,
                    one.1,
                    other.1
                );
            }
        }
    }
}
