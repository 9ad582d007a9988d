//! A sweep on all cores: points in order, each by as many threads as it has replications, and a
//! manifest that holds what is finished whenever the process ends.

mod files;
mod manifest;
mod parquet;
mod runner;

pub(crate) use self::files::{Beside, Sheet};
pub(crate) use self::manifest::{Book, manifests};
pub(crate) use self::runner::{Runner, check_points};
