//! What no committed file may mention: places outside the repository, and how it came about.

use super::source::{line, word_at};
use super::{File, none, plant, repository};

/// Parts of places that exist on one machine only, or belong to a package registry. In halves, so
/// that this file does not mention them either.
const PLACES: &[[&str; 2]] = &[
    ["../", "shared"],
    ["/wo", "rk/"],
    ["/ro", "ot/"],
    ["crates", ".io"],
    ["pypi", ".org"],
    ["npmjs", ".org"],
    ["npmjs", ".com"],
    ["deb.debian", ".org"],
];

/// Whole words, in any case.
const WORDS: &[[&str; 2]] = &[
    ["cla", "ude"],
    ["anthro", "pic"],
    ["open", "ai"],
    ["chat", "gpt"],
    ["co", "pilot"],
    ["l", "lm"],
    ["l", "lms"],
];

/// Cargo writes its lock file itself, with the registry in it.
fn is_written_by_cargo(file: &File) -> bool {
    file.path.ends_with("Cargo.lock")
}

fn mentions(files: &[File]) -> Vec<String> {
    let mut faults = Vec::new();
    for file in files.iter().filter(|f| !is_written_by_cargo(f)) {
        for place in PLACES.iter().map(|halves| halves.concat()) {
            let at = file.text.match_indices(&place).map(|(at, _)| at);
            faults.extend(at.map(|at| fault(file, at, &place)));
        }
        let lower = file.text.to_ascii_lowercase();
        for word in WORDS.iter().map(|halves| halves.concat()) {
            faults.extend(word_at(&lower, &word).map(|at| fault(file, at, &word)));
        }
    }
    faults
}

fn fault(file: &File, at: usize, what: &str) -> String {
    format!("{}:{}: mentions `{what}`", file.path, line(&file.text, at))
}

#[test]
fn nothing_committed_points_outside() {
    none(&mentions(&repository()));
}

#[test]
fn a_mention_is_seen() {
    for text in [PLACES[0].concat(), PLACES[1].concat() + "x", WORDS[0].concat().to_uppercase()] {
        assert_eq!(mentions(&[plant("docs/a.md", &format!("\nsee {text}\n"))]).len(), 1, "{text}");
        none(&mentions(&[plant("Cargo.lock", &text)]));
    }
    none(&mentions(&[plant("a.md", "the network of servers, and shared/ folders")]));
}
