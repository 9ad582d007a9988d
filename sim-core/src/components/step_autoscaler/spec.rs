//! What a person writes about an autoscaler with steps.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::condition::Condition;
use crate::engine::chance::LawSpec;
use crate::units::Duration;
use crate::wiring::Service;

/// An autoscaler that acts in steps, as simple scaling of AWS EC2 Auto Scaling does: instances that
/// boot count as added already, and after an action it rests for the cooldown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StepAutoscalerSpec {
    /// The service whose instances it adds and removes.
    pub service: Service,
    /// When to add instances, and how many.
    pub up: UpRule,
    /// When to remove instances, and how many; default: never. Nothing is removed while an
    /// instance boots, nor when the condition to add holds too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub down: Option<DownRule>,
    /// Instances that there are at least; missing ones are replaced whatever the cooldown.
    pub min: u32,
    /// Instances that there are at most, booting ones included.
    pub max: u32,
    /// Rest after an action, counted from the decision. Default 300s, the default cooldown of AWS
    /// EC2 Auto Scaling (which counts from the end of the launch).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cooldown: Option<Duration>,
    /// Time between two scrapes, each of which is evaluated. Default 15s, as the Kubernetes
    /// autoscaler and metrics server; AWS has 60s with detailed monitoring and 300s without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<Duration>,
    /// How old a scrape is when it is evaluated: the way through the monitoring system. Default 0s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay: Option<Duration>,
    /// Time from the decision until a new instance is in service. Default 0s; 1m to 5m is usual
    /// for a virtual machine, 5s to 60s for a container.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boot: Option<LawSpec>,
}

/// When to add instances.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpRule {
    /// The condition, like `cpu > 70% for 5m`.
    pub when: Condition,
    /// Instances to add at a time; default 1.
    #[serde(default = "one")]
    pub add: u32,
}

/// When to remove instances.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DownRule {
    /// The condition, like `cpu < 30% for 10m`.
    pub when: Condition,
    /// Instances to remove at a time; default 1. They finish what they work on.
    #[serde(default = "one")]
    pub remove: u32,
}

fn one() -> u32 {
    1
}
