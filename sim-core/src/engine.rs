//! The engine: time, agenda, chance, requests, sharing, meters and the loop. It knows no component.

pub mod agenda;
pub mod chance;
pub mod delay;
pub(crate) mod index;
pub mod kernel;
pub mod lease;
pub mod lines;
pub mod meter;
pub mod queue;
pub mod record;
pub mod request;
pub mod share;
pub mod slab;
pub mod tally;
pub mod time;
