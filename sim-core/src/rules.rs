//! Rules that several components follow alike.

pub mod address;
pub mod bucket;
pub mod health;
pub mod pool;
pub mod servers;
pub mod thread;
