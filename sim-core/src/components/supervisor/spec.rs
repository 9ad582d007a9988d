//! What a person writes about a supervisor.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::units::Duration;
use crate::wiring::Service;

const fn retries() -> u32 {
    3
}

const fn yes() -> bool {
    true
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
    /// Whether a program that was up and dies is started again; default true, for a program that
    /// dies was not expected to.
    #[serde(default = "yes")]
    pub autorestart: bool,
    /// How long a program that is told to stop may take before it is killed; default 10s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopwaitsecs: Option<Duration>,
}
