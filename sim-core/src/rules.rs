//! Rules that several components follow alike.

pub mod address;
pub mod bucket;
pub mod pool;
