//! Rules that several components follow, each on plain data.

pub mod address;
pub mod bucket;
pub mod pool;
