//! What a run amounted to, in sentences: the same ones in every view of the report.

use super::figures::{at, count, percent, significant};
use super::timeline::Moment;
use super::{Breach, Report, Unit, Verdict};

/// Causes of loss that are named; all of them are listed further below.
const CAUSES: usize = 3;
/// Changes of the number of instances that are named after objectives broke.
const CHANGES: usize = 2;

impl Report {
    /// The answer in a few sentences, each with its label: what breaks first and why, when, what
    /// was lost, what it costs.
    #[must_use]
    pub fn story(&self) -> Vec<(&'static str, String)> {
        let mut lines = Vec::new();
        if self.interrupted {
            let (now, all) = (at(self.simulated_s), at(self.duration_s));
            let text = format!("at {now} of {all}: what follows is about that part only");
            lines.push(("Interrupted", text));
        }
        lines.push(self.why());
        lines.extend(self.when().map(|when| ("When", when)));
        lines.extend(self.scaled().map(|scaled| ("Instances", scaled)));
        lines.push(("Lost", self.lost()));
        lines.extend(self.orders.map(|orders| ("Orders", orders.said())));
        lines.extend(self.costs().map(|costs| ("Cost", costs)));
        lines
    }

    /// A line of the [story](Self::story) as a sentence: it begins with a capital unless it begins
    /// with a node's name, and ends with a full stop.
    #[must_use]
    pub fn sentence(&self, text: &str) -> String {
        let first = text.split([' ', ':', '[']).next().unwrap_or_default();
        let mut text = text.to_owned();
        if !self.nodes.contains_key(first)
            && let Some(first) = text.get_mut(0..1)
        {
            first.make_ascii_uppercase();
        }
        text + "."
    }

    /// Whether it holds: `DOES NOT HOLD` and `3 of 3 objectives missed`.
    #[must_use]
    pub fn verdict_said(&self) -> (&'static str, String) {
        let missed = self.objectives.iter().filter(|objective| !objective.held).count();
        let all = objectives(self.objectives.len());
        match self.verdict {
            Verdict::Held => ("HOLDS", format!("{all} met")),
            Verdict::Missed => ("DOES NOT HOLD", format!("{missed} of {all} missed")),
            Verdict::NoObjectives => ("NO OBJECTIVES", "nothing says what must hold".to_owned()),
        }
    }

    /// The moment to look at, s: the middle of the longest time in which a missed objective was
    /// broken.
    #[must_use]
    pub fn worst_s(&self) -> Option<f64> {
        let lasted = |breach: &&Breach| breach.end_s - breach.start_s;
        let longest = self.missed().max_by(|a, b| lasted(a).total_cmp(&lasted(b)))?;
        Some(f64::midpoint(longest.start_s, longest.end_s))
    }

    /// When objectives that were missed were broken.
    fn missed(&self) -> impl Iterator<Item = &Breach> {
        let missed = self.objectives.iter().filter(|objective| !objective.held);
        missed.flat_map(|objective| &objective.broken)
    }

    /// What is limited and by what evidence; the label tells whether anything broke.
    fn why(&self) -> (&'static str, String) {
        let found = &self.bottleneck;
        let breaks = found.node.is_some() && self.verdict != Verdict::Held;
        let label = if breaks { "Breaks first" } else { "Bottleneck" };
        let mut text = found.reason.clone();
        if !found.victims.is_empty() {
            text.push_str(&format!("; {} only wait for it", found.victims.join(", ")));
        }
        if !found.also.is_empty() {
            text.push_str(&format!("; also saturated: {}", found.also.join(", ")));
        }
        (label, text)
    }

    /// From when to when objectives were broken, and what happened just before.
    fn when(&self) -> Option<String> {
        let all = || self.objectives.iter().flat_map(|objective| &objective.broken);
        let first = all().map(|breach| breach.start_s).min_by(f64::total_cmp)?;
        let last = all().map(|breach| breach.end_s).max_by(f64::total_cmp)?;
        let broken: f64 = all().map(|breach| breach.end_s - breach.start_s).sum();
        let steadily = if broken < 0.7 * (last - first) { "on and off " } else { "" };
        let to_the_end = all().any(|breach| breach.to_the_end);
        let mut text = match (self.verdict, to_the_end) {
            (Verdict::Held, _) => {
                let until = if to_the_end { "the end".to_owned() } else { at(last) };
                let from = at(first);
                format!(
                    "over the whole run all objectives hold; {steadily}from {from} to {until} \
                     they would not have"
                )
            }
            (_, true) => {
                let from = at(first);
                format!(
                    "objectives are broken {steadily}from {from} and not met again until the end"
                )
            }
            (_, false) => {
                let (from, to) = (at(first), at(last));
                format!(
                    "objectives are broken {steadily}from {from} to {to}; from then on they hold \
                     again"
                )
            }
        };
        let near = (self.duration_s / 20.0).max(30.0);
        let before = |moment: &&Moment| {
            moment.kind == "event" && moment.at_s <= first && moment.at_s > (first - near).max(0.0)
        };
        if let Some(last) = self.timeline.iter().rfind(before) {
            let mut together =
                self.timeline.iter().filter(|event| before(event) && event.at_s == last.at_s);
            let event = together.next().unwrap_or(last);
            let node = event.node.as_deref().unwrap_or("");
            let more = match together.count() {
                0 => String::new(),
                more => format!(", and {more} more"),
            };
            let (when, what) = (at(event.at_s), &event.what);
            text.push_str(&format!(" (just before, at {when}: {node} {what}{more})"));
        }
        let never = self.recovery.iter().find(|one| one.harmful && one.recovered_after_s.is_none());
        if let Some(one) = never {
            let (what, at) = (&one.what, at(one.at_s));
            text.push_str(&format!("; never recovered from {} {what} at {at}", one.node));
        }
        Some(text)
    }

    /// How many instances the part that broke had when it did, if they had come or gone: who took
    /// them away, and when they were back.
    fn scaled(&self) -> Option<String> {
        let broke_s = self.missed().map(|breach| breach.start_s).min_by(f64::total_cmp)?;
        // of a part that is down that is said already
        self.bottleneck.resource.as_ref()?;
        let part = self.bottleneck.node.as_deref()?.split('[').next().unwrap_or_default();
        let changes: Vec<_> = self.scaling.iter().filter(|one| one.node == part).collect();
        let (before, after) = changes.split_at(changes.partition_point(|one| one.at_s <= broke_s));
        let began = changes.first()?.from;
        let gone = before.last().filter(|last| last.to != began);
        if gone.is_none() && after.is_empty() {
            return None;
        }
        let mut text = match gone {
            None => format!("{part} had the {began} it began with when objectives broke"),
            Some(last) => {
                let began = format!("{part} began with {began}");
                let had = format!("had {} when objectives broke, since {}", last.to, at(last.at_s));
                let by = self.timeline.iter().rfind(|moment| {
                    moment.kind == "event"
                        && moment.at_s <= last.at_s
                        && moment.node.as_deref() != Some(part)
                        && moment.what.starts_with(part)
                });
                let by =
                    by.and_then(|one| Some(format!(" ({}: {})", one.node.as_ref()?, one.what)));
                let by = by.unwrap_or_default();
                format!("{began} and {had}{by}")
            }
        };
        let later: Vec<String> = after
            .iter()
            .take(CHANGES)
            .map(|one| format!("{} from {}", one.to, at(one.at_s)))
            .collect();
        if !later.is_empty() {
            text.push_str(&format!("; it had {}", later.join(", ")));
        }
        Some(text)
    }

    /// How many requests were lost, and to what.
    fn lost(&self) -> String {
        let requests = self.requests;
        if requests.failed == 0 {
            return format!("none of {} requests{}", count(requests.issued), self.open());
        }
        let causes = self.causes();
        let named =
            causes.iter().take(CAUSES).map(|(cause, n)| format!("{} {}", count(*n), words(cause)));
        let named: Vec<String> = named.collect();
        format!(
            "{} of {} requests ({}): {}{}",
            count(requests.failed),
            count(requests.issued),
            percent(requests.failed as f64 / requests.issued.max(1) as f64),
            named.join(", "),
            self.open(),
        )
    }

    /// What it costs, if anything has a price.
    fn costs(&self) -> Option<String> {
        let cost = self.cost.as_ref()?;
        let mut text = Unit::UsdPerHour.say(cost.usd_per_hour);
        if let Some(each) = cost.usd_per_1000_good {
            text.push_str(&format!(", {} USD per 1,000 good requests", significant(each)));
        }
        if !cost.not_priced.is_empty() {
            text.push_str(&format!("; without a price: {}", cost.not_priced.join(", ")));
        }
        Some(text)
    }

    /// Causes of loss that occurred, the most frequent first.
    pub(super) fn causes(&self) -> Vec<(&str, u64)> {
        let mut causes: Vec<(&str, u64)> =
            self.failures.iter().map(|(c, &n)| (&c[..], n)).collect();
        causes.retain(|(_, n)| *n > 0);
        causes.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
        causes
    }

    /// Requests without an end, where they are too many to be just under way.
    fn open(&self) -> String {
        let Report { requests, goodput_rps, .. } = self;
        let many = requests.in_flight as f64 > (requests.issued as f64 / 100.0).max(*goodput_rps);
        if many {
            format!("; {} not answered when it ended", count(requests.in_flight))
        } else {
            String::new()
        }
    }
}

fn objectives(n: usize) -> String {
    if n == 1 { "1 objective".to_owned() } else { format!("{n} objectives") }
}

/// A cause's name in plain words.
pub(super) fn words(cause: &str) -> String {
    cause.replace('_', " ")
}

/// What a cause means to somebody who meets it for the first time.
pub(super) fn meaning(cause: &str) -> &'static str {
    match cause {
        "refused" => "nobody listened: the instance was down",
        "lost" => "the network lost it",
        "queue_full" => "the line had no room",
        "rate_limited" => "a rate limiter turned it away",
        "pool_timeout" => "no pooled connection became free in time",
        "queue_timeout" => "it waited too long in a proxy's queue",
        "too_many_connections" => "somebody on the way had no room for one more connection",
        "no_backend" => "no backend was in service",
        "reset" => "its server died while serving it",
        "error" => "the server answered with an error of its own",
        "miss" => "a cache did not hold it and nobody asked the origin",
        "logged_out" => "the server did not know the session",
        "gateway_timeout" => "a proxy waited too long for the server behind it",
        "timeout" => "the client's timeout ran out",
        "abandoned" => "the user lost patience and left",
        "cancelled" => "its caller took it back",
        _ => "",
    }
}
