//! From YAML to a checked plan: every problem has a code, a place in the file, a value, a remedy.

pub mod decode;
pub mod objective;
pub mod plan;
pub mod problem;
pub mod tree;
pub mod yaml;
