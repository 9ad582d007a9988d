//! What a run amounted to, in sentences: the same ones in every view of the report.

use super::figures::{at, count, percent, significant};
use super::timeline::Moment;
use super::{Report, Unit, Verdict};

/// Causes of loss that are named; all of them are listed further below.
const CAUSES: usize = 3;

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

    /// What is limited and by what evidence; the label tells whether anything was saturated.
    fn why(&self) -> (&'static str, String) {
        let found = &self.bottleneck;
        let label = if found.node.is_some() { "Breaks first" } else { "Bottleneck" };
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
        let mut text = format!("objectives are broken {steadily}from {}", at(first));
        if all().any(|breach| breach.to_the_end) {
            text.push_str(" and not met again until the end");
        } else {
            text.push_str(&format!(" to {}; from then on they hold again", at(last)));
        }
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
