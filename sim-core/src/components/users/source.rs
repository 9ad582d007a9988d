//! How users come: open arrivals, sessions, as they were recorded, or a closed population.

use serde::{Deserialize, Serialize};

use super::crowd::Crowd;
use super::profile::Profile;
use super::replay::Replay;
use super::spec::UsersSpec;
use crate::engine::chance::{Law, LawSpec};
use crate::wiring::{Flaw, Site};

/// How users come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Source {
    Arrivals(Profile),
    Sessions(Profile),
    /// As they came once.
    Recorded(Replay),
    /// Exponential think times: one clock for all.
    Crowd(Crowd),
    /// Other think times: a timer each.
    Closed(u32),
}

pub(super) fn compile(law: Option<&LawSpec>, path: &str) -> Result<Option<Law>, Flaw> {
    law.map(|law| law.compile()).transpose().map_err(|message| flaw(path, &message))
}

pub(super) fn flaw(path: &str, message: &str) -> Flaw {
    Flaw::told(path, message, "correct the value")
}

impl Source {
    /// How the users of a form come.
    pub(super) fn new(spec: &UsersSpec, think: &Law, site: &Site) -> Result<Self, Flaw> {
        let kinds = u32::from(spec.arrivals.is_some())
            + u32::from(spec.sessions.is_some())
            + u32::from(spec.replay.is_some())
            + u32::from(spec.closed.is_some());
        if kinds != 1 {
            return Err(Flaw::new(
                "",
                format!("users come in {kinds} ways"),
                "write exactly one of arrivals, sessions, replay and closed",
            ));
        }
        let inner = |path: &'static str| {
            move |flaw: Flaw| {
                let dot = if flaw.path.is_empty() { "" } else { "." };
                Flaw { path: format!("{path}{dot}{}", flaw.path), ..flaw }
            }
        };
        if let Some(spec) = &spec.arrivals {
            return spec.compile(site).map(Source::Arrivals).map_err(inner("arrivals"));
        }
        if let Some(rate) = &spec.sessions {
            if spec.journey.is_empty() {
                return Err(Flaw::new(
                    "journey",
                    "a session without a journey asks for nothing",
                    "write journey: {home: 1, product: 3}",
                ));
            }
            return rate.compile(site).map(Source::Sessions).map_err(inner("sessions"));
        }
        if let Some(replay) = &spec.replay {
            return Replay::new(replay, spec, site).map(Source::Recorded).map_err(inner("replay"));
        }
        let users = spec.closed.unwrap_or(0);
        if users > 20_000_000 {
            return Err(Flaw::new(
                "closed",
                format!("{users} users are too many"),
                "write at most 20000000, or use arrivals",
            ));
        }
        Ok(match think {
            Law::Exponential { mean } => Source::Crowd(Crowd::new(users, *mean)),
            _ => Source::Closed(users),
        })
    }
}
