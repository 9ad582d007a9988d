//! Why the slowest requests took so long: their time on the critical path by cause and node, beside
//! everybody's.

use serde::{Deserialize, Serialize};

use super::figures::{count, duration_ms, percent};
use super::story::words;

/// Why requests took as long as they did, from requests that were traced.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Why {
    /// Which requests were asked for, like `slowest:20`.
    pub pick: String,
    /// How many requests that was.
    pub asked: u64,
    /// How many of them were traced.
    pub traced: u64,
    /// Every answered request.
    pub everybody: Population,
    /// The slowest hundredth of them.
    pub slowest: Population,
    /// The slowest of the traced requests, step by step.
    pub example: Option<Traced>,
}

/// Answered requests and what their time was spent on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Population {
    /// How many.
    pub requests: u64,
    /// How many of them, drawn by luck, were looked at; shares and means are theirs.
    pub sampled: u64,
    /// The latency of the fastest one, ms.
    pub from_ms: f64,
    /// The mean latency of those that were looked at, ms.
    pub mean_ms: f64,
    /// By node and cause, the largest share first; they add up to 1.
    pub shares: Vec<TimeShare>,
    /// Of which classes they are, the largest share first; they add up to 1.
    pub classes: Vec<ClassShare>,
}

/// How many of a population are of one class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassShare {
    /// The class, `users/endpoint`.
    pub class: String,
    /// Share of the requests, 0 to 1.
    pub share: f64,
}

/// Time on the critical path.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TimeShare {
    /// The node that had the request.
    pub node: String,
    /// `waiting`, `working`, `travelling`, `away` (for others, none of which was at work),
    /// `retrying` (before another attempt) or `lost` (by the network).
    pub doing: String,
    /// What was waited for there, where the node has a name for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// Share of all time, 0 to 1.
    pub share: f64,
    /// Mean per request, ms.
    pub ms: f64,
}

/// One request, step by step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Traced {
    /// Its class.
    pub class: String,
    /// When it began, seconds.
    pub started_s: f64,
    /// From the first attempt to the end, ms.
    pub latency_ms: f64,
    /// `answered`, or why it was lost.
    pub outcome: String,
    /// Its spans, each before those inside it.
    pub spans: Vec<SpanLine>,
}

/// A span of a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SpanLine {
    /// How many spans it is inside of.
    pub depth: u32,
    /// What it is.
    pub name: String,
    /// From the request's beginning, ms.
    pub start_ms: f64,
    /// How long it took, ms.
    pub ms: f64,
    /// Whether the request would have been answered earlier had it taken less time.
    pub critical: bool,
    /// How it ended, where that was no success.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<String>,
}

impl TimeShare {
    /// In words: `waiting at pool for connections`.
    #[must_use]
    pub fn said(&self) -> String {
        let node = &self.node;
        match (&self.doing[..], &self.resource) {
            ("waiting", Some(resource)) => format!("waiting at {node} for {resource}"),
            ("waiting", None) => format!("waiting at {node}"),
            ("working", _) => format!("work at {node}"),
            ("travelling", _) => format!("on the wire at {node}"),
            ("retrying", _) => format!("{node} waiting to try again"),
            ("lost", _) => "lost on the way, nobody had it".to_owned(),
            _ => format!("{node} waiting for others"),
        }
    }
}

impl Population {
    /// The share that it spent on the same as another one's.
    #[must_use]
    pub fn share_of(&self, other: &TimeShare) -> f64 {
        let same = |own: &&TimeShare| {
            (&own.node, &own.doing, &own.resource) == (&other.node, &other.doing, &other.resource)
        };
        self.shares.iter().find(same).map_or(0.0, |own| own.share)
    }

    /// The share of all time that was spent waiting, whatever for.
    #[must_use]
    pub fn waiting(&self) -> f64 {
        let waits = |own: &&TimeShare| own.doing != "working" && own.doing != "travelling";
        self.shares.iter().filter(waits).map(|own| own.share).sum()
    }
}

impl Why {
    /// The answer in a sentence.
    #[must_use]
    pub fn said(&self) -> String {
        let Some(most) = self.slowest.shares.first() else {
            return "no request was answered after the warm-up: nothing to explain".to_owned();
        };
        let everybody = percent(self.everybody.share_of(most));
        format!(
            "at p99, {} and more, {} of the time is {}; of everybody's, {everybody}",
            duration_ms(self.slowest.from_ms),
            percent(most.share),
            most.said(),
        )
    }

    /// The class of which most of the slowest are, where that is no class of most of everybody.
    #[must_use]
    pub fn class_said(&self) -> Option<String> {
        let most = self.slowest.classes.first()?;
        let own = |other: &&ClassShare| other.class == most.class;
        let all = self.everybody.classes.iter().find(own).map_or(0.0, |other| other.share);
        (most.share > 0.5 && all < 0.5).then(|| {
            let (slow, all) = (percent(most.share), percent(all));
            format!("{slow} of them are {}, which are {all} of everybody", most.class)
        })
    }

    /// From how many requests the shares were taken.
    #[must_use]
    pub fn basis(&self) -> String {
        let one = |all: &Population| match all.sampled == all.requests {
            true => format!("all {}", count(all.requests)),
            false => format!("{} of {}", count(all.sampled), count(all.requests)),
        };
        format!(
            "looked at: {} of the slowest 1 %, {} of everybody; mean {} against {}",
            one(&self.slowest),
            one(&self.everybody),
            duration_ms(self.slowest.mean_ms),
            duration_ms(self.everybody.mean_ms),
        )
    }

    /// Which requests were traced.
    #[must_use]
    pub fn traced_said(&self) -> String {
        let (traced, asked) = (count(self.traced), count(self.asked));
        match self.traced == self.asked {
            true => format!("{traced} requests traced ({})", self.pick),
            false => format!("{traced} of {asked} requests traced ({})", self.pick),
        }
    }
}

impl Traced {
    /// In a line: which request, how long, how it ended.
    #[must_use]
    pub fn said(&self) -> String {
        format!(
            "{}, begun at {}: {} after {}",
            self.class,
            super::figures::at(self.started_s),
            words(&self.outcome),
            duration_ms(self.latency_ms),
        )
    }
}
