//! Faults that the tidy tests must catch.

use super::Fault;

pub(crate) const FAULTS: &[Fault] = &[Fault {
    file: "xtask/src/glue.rs",
    find: "//! Makes what loads",
    replace: "// Makes what loads",
    test: "tidy::every_source_file_says_what_it_is",
    why: "a file that does not say what it is has to be read whole",
}];
