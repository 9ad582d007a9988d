//! Fuzz targets: whatever bytes come, the reader answers in words and a scenario that it takes can
//! be played. Here they run on a fixed number of random inputs; `cargo xtask fuzz SECONDS` goes on
//! for as long as you let it, and `tests/fuzz` says how to let coverage guide it.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use sim_core::run::Run;
use sim_core::scenario::problem::render_all;
use sim_core::scenario::{NoFiles, Reading, read};

use crate::properties::world::spelt;
use crate::support::{file, plan, scenarios};

/// Texts read, and scenarios played, in the test run.
const TEXTS: u32 = 3_000;
const PLAYED: u32 = 60;
/// Events that a random scenario plays at most.
const EVENTS: u64 = 200_000;

/// Pieces that mean something to the reader, to be put where they do not belong.
const PIECES: [&str; 24] = [
    ": ",
    "- ",
    "\n",
    "  ",
    "{",
    "}",
    "[",
    "]",
    "'",
    "\"",
    "#",
    "&a ",
    "*a",
    "null",
    "-1",
    "1e308",
    "0.5.5",
    "18446744073709551616",
    "%",
    "ms",
    "nodes:",
    "component: cache",
    "replicas: 99999999",
    "\u{202e}",
];

/// A shipped scenario spoiled as the bytes say: each three of them put a piece somewhere, take a
/// stretch away or double one.
fn spoiled(bytes: &[u8]) -> String {
    let names = scenarios();
    let Some((&first, edits)) = bytes.split_first() else { return String::new() };
    let mut text: Vec<char> = file(&names[first as usize % names.len()]).chars().collect();
    for edit in edits.chunks_exact(3) {
        let at = usize::from(u16::from_le_bytes([edit[0], edit[1]])) % (text.len() + 1);
        let end = (at + usize::from(edit[2] >> 3)).min(text.len());
        match edit[2] % 8 {
            0 => drop(text.drain(at..end)),
            1 => {
                let stretch: Vec<char> = text[at..end].to_vec();
                text.splice(at..at, stretch);
            }
            2 => text.insert(at, char::from(edit[2] >> 1)),
            _ => {
                let piece = PIECES[usize::from(edit[2] >> 3) % PIECES.len()];
                text.splice(at..at, piece.chars());
            }
        }
    }
    text.into_iter().collect()
}

/// Target: any text is read, or refused in words.
pub(crate) fn text(bytes: &[u8]) {
    for text in [spoiled(bytes), String::from_utf8_lossy(bytes).into_owned()] {
        let Reading { plan, problems, sources, .. } = read("fuzz.yaml", &text, &[], &NoFiles);
        let told = render_all(problems.iter(), &sources, false);
        assert!(plan.is_some() || !told.is_empty(), "{text}");
    }
}

/// Target: the scenario that the bytes spell can be played.
pub(crate) fn scenario(bytes: &[u8]) {
    let yaml = spelt(bytes).yaml();
    let mut run = Run::new(plan(&yaml, &[]), 7).expect("a checked plan can be built");
    run.advance(u64::MAX, EVENTS);
    let ledger = run.ledger();
    assert_eq!(ledger.opened, ledger.closed + ledger.alive, "{yaml}");
}

fn bytes(cases: u32, of: fn(&[u8])) {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let some = proptest::collection::vec(any::<u8>(), 0..300);
    let told = TestRunner::new(config).run(&some, |bytes| {
        of(&bytes);
        Ok(())
    });
    assert!(told.is_ok(), "{told:?}");
}

#[test]
fn any_text_is_read_or_refused_in_words() {
    bytes(TEXTS, text);
}

#[test]
fn any_scenario_can_be_played() {
    bytes(PLAYED, scenario);
}
