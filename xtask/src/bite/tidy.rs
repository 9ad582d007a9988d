//! Faults that the tidy tests must catch.

use super::Fault;

pub(crate) const FAULTS: &[Fault] = &[Fault {
    file: "xtask/src/glue.rs",
    find: "//! Makes the JavaScript",
    replace: "// Makes the JavaScript",
    test: "tidy::every_source_file_says_what_it_is",
    why: "a file that does not say what it is has to be read whole",
}];
