//! What a person writes about a group of users.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::profile::ProfileSpec;
use super::replay::ReplaySpec;
use super::retry::RetrySpec;
use crate::engine::chance::{LawSpec, ZipfSpec};
use crate::units::{Duration, Money};
use crate::wiring::{EndpointName, Load, RecordedFile, Site, Target};

/// A group of users: how they arrive, what they ask for, and when they give up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UsersSpec {
    /// The node that their requests enter.
    pub enter: Target,
    /// Open arrivals, one request each: `26/s` or a rate over time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arrivals: Option<ProfileSpec>,
    /// Open arrivals of sessions that make the journey below.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sessions: Option<ProfileSpec>,
    /// Requests as they were recorded, in a log for example.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay: Option<ReplaySpec>,
    /// A fixed number of users who think, ask, wait and think again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<u32>,
    /// Endpoints with their weights, for arrivals and closed users; default: one without a name.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub mix: IndexMap<EndpointName, f64>,
    /// Endpoints in the order of a session, with the mean number of visits to each: 0.15 means that
    /// 15 % of the sessions go there, 2.5 means two visits or three.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub journey: IndexMap<EndpointName, f64>,
    /// What an answered request to an endpoint brings in, like `checkout: 60 USD`: the report then
    /// says what was lost, requests that a session never came to included.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub worth: IndexMap<EndpointName, Money>,
    /// Time between an answer and the next request of a session or a closed user; default 0s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub think: Option<LawSpec>,
    /// A user who has waited this long for one request leaves, and ends the session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patience: Option<LawSpec>,
    /// The client ends an attempt after this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// What the client does when an attempt fails; default: gives up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<RetrySpec>,
    /// Distinct clients among open arrivals, picked evenly; default: every arrival is a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clients: Option<u64>,
    /// The work that a request brings with it, the same in all its attempts: a step like
    /// `io: demand` takes that long. A recording's own demands come first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub demand: Option<LawSpec>,
    /// Popularity of the objects that requests ask for; default: every request asks for its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<ZipfSpec>,
    /// Arrivals end after this many requests; default: they never do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
}

impl UsersSpec {
    /// The highest rate of open arrivals, or how many there are: closed users throttle themselves.
    pub(super) fn load(&self, site: &Site) -> Load {
        let visits: f64 = self.journey.values().sum();
        let rates = [(&self.arrivals, 1.0), (&self.sessions, visits)];
        let mut open = rates.into_iter().filter_map(|(rate, each)| Some((rate.as_ref()?, each)));
        let open = open.next();
        let recorded = self.replay.as_ref().and_then(|replay| {
            let recording = replay.recording(site).ok()?;
            Some(recording.busiest() * replay.speed())
        });
        Load {
            per_second: open.map(|(rate, each)| rate.highest(site) * each).or(recorded),
            varies: recorded.is_some() || open.is_some_and(|(rate, _)| rate.varies()),
            users: self.closed.map(u64::from),
        }
    }

    /// Recorded requests instead of those that would come, from the file's time 0 on.
    pub(super) fn replay(&mut self, recording: &RecordedFile) {
        (self.arrivals, self.sessions, self.closed, self.limit) = (None, None, None, None);
        self.replay = Some(ReplaySpec { file: recording.clone(), from: Some(0.0), speed: None });
    }

    /// So many times as many users, each as busy as before. Every field is named, so that a new way
    /// to come has to say what more of it means.
    pub(super) fn scale(&mut self, factor: f64) {
        #[rustfmt::skip]
        let UsersSpec {
            arrivals, sessions, replay, closed, clients, limit, enter: _, mix: _, journey: _,
            worth: _, think: _, patience: _, timeout: _, retry: _, demand: _, keys: _,
        } = self;
        for rate in [arrivals, sessions].into_iter().flatten() {
            rate.scale(factor);
        }
        if let Some(replay) = replay {
            // the same requests in less time
            replay.speed = Some(replay.speed() * factor);
        }
        let times = |n: u64| ((n as f64 * factor + 0.5) as u64).max(1);
        *closed = closed.map(|n| times(u64::from(n)).min(u64::from(u32::MAX)) as u32);
        *clients = clients.map(times);
        *limit = limit.map(times);
    }
}
