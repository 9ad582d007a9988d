//! What a person writes about a queue of tasks.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::chance::LawSpec;
use crate::units::Duration;
use crate::wiring::Service;

/// When a consumer acknowledges a task, so that it is gone from the queue for good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Ack {
    /// As it takes it, which it does when it has nothing else to do: `BRPOP` on a Redis list.
    /// Nothing is prefetched.
    Pop,
    /// As it begins to work on it: a consumer that dies loses what it works on. Celery's default.
    #[default]
    Early,
    /// When it has ended (`acks_late`): a consumer that dies loses nothing, but what it had worked
    /// on is begun anew.
    Late,
}

/// A queue of tasks in a broker, and how consumers take from it. Each instance of the service
/// behind it is one consumer; give it as many workers as `concurrency` says, and a queue without a
/// limit, which is its memory. Of several that want a task, with `pop` the one gets it that has
/// waited longest; else they race for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskQueueSpec {
    /// The consumers.
    pub to: Service,
    /// Tasks that a consumer works on at a time; default 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<u32>,
    /// When tasks are acknowledged; default `early`.
    #[serde(default)]
    pub ack: Ack,
    /// Tasks, for each that a consumer can work on, that it holds in its own memory without having
    /// acknowledged them: with `early` these come on top of those it works on, with `late` those
    /// are among them. Default 4, as in Celery; 0 is no limit. Without a meaning for `pop`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefetch_multiplier: Option<u32>,
    /// A task that was not acknowledged within this time is handed out again, whether its consumer
    /// lives or not. Default 1h, as of Celery with Redis; 0s never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visibility_timeout: Option<Duration>,
    /// Whether callers wait until their task has ended; default false: they have their answer as
    /// soon as it is in the queue.
    #[serde(default)]
    pub await_result: bool,
    /// How long it takes a consumer to get a task from the broker, one at a time; default 0s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fetch: Option<LawSpec>,
}

impl TaskQueueSpec {
    /// Tasks that a consumer may hold.
    pub(super) fn window(&self) -> u32 {
        let concurrency = self.concurrency.unwrap_or(1);
        let ahead = match self.prefetch_multiplier.unwrap_or(4) {
            0 => u32::MAX,
            multiplier => multiplier.saturating_mul(concurrency),
        };
        match self.ack {
            Ack::Pop => concurrency,
            Ack::Early => ahead.saturating_add(concurrency),
            Ack::Late => ahead,
        }
    }
}
