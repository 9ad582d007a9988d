//! What a person writes about a supervisor.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::autorestart::Autorestart;
use crate::units::Duration;
use crate::wiring::Service;

const fn retries() -> u32 {
    3
}

/// A supervisor of the instances of a service, each one a program. Names and defaults are
/// supervisord's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SupervisorSpec {
    /// The service whose instances are its programs (`numprocs` is its `replicas`).
    pub service: Service,
    /// How long a program has to stay up to count as started; default 1s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub startsecs: Option<Duration>,
    /// How often a program that does not stay up is tried again, after 1, 2, 3 ... s; default 3.
    #[serde(default = "retries")]
    pub startretries: u32,
    /// Whether a program that was up and ends is started again: true, false, or `unexpected`, which
    /// is the default: unless it ended by itself with one of `exitcodes`.
    #[serde(default)]
    pub autorestart: Autorestart,
    /// Exit codes with which a program is expected to end; default `[0]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exitcodes: Option<Vec<u8>>,
    /// How long a program that is told to stop may take before it is killed; default 10s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopwaitsecs: Option<Duration>,
}
