//! A proposal, for a terminal.

use super::{Fate, Proposal, SetUp};
use crate::experiment::replications::Objective;
use crate::report::Unit;
use crate::report::figures::{count, percent, significant};
use crate::report::indented;
use crate::report::text::{Table, titled, wrapped};

impl Proposal {
    /// For programs.
    ///
    /// # Errors
    /// A sentence if a number cannot be written.
    pub fn to_json(&self) -> Result<String, String> {
        indented(self)
    }

    /// For people, at most 100 columns.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut sections = vec![self.head(), self.objectives(), self.others(), self.pruned()];
        sections.retain(|text| !text.is_empty());
        sections.join("\n")
    }

    fn is_price(&self) -> bool {
        self.minimise == "cost.usd_per_hour"
    }

    fn said(&self, value: Option<f64>) -> String {
        match value {
            None => "-".to_owned(),
            Some(value) if self.is_price() => Unit::UsdPerHour.say(value),
            Some(value) => significant(value),
        }
    }

    fn head(&self) -> String {
        let label = if self.interrupted { "BEST SO FAR" } else { "BEST" };
        let mut lines = match &self.chosen {
            Some(best) => {
                let value = format!("{} {}", self.minimise, self.said(best.value));
                let sure = format!("{value}; {}", self.sure(best));
                [labelled(label, &changes(best)), labelled("", &sure)].concat()
            }
            None => labelled(label, self.none()),
        };
        if let Some(binds) = &self.binds {
            lines.push_str(&labelled("Binds", binds));
        }
        let share = percent(self.runs as f64 / self.exhaustive.max(1) as f64);
        let (runs, all) = (count(self.runs), count(self.exhaustive));
        let (some, points) = (count(self.simulated), count(self.points));
        let effort = format!(
            "{runs} runs of {some} of {points} set-ups; to play each as often as the one that took \
             most would take {all} ({share})"
        );
        lines + &labelled("Effort", &effort)
    }

    fn none(&self) -> &'static str {
        if self.interrupted {
            "none yet: it was interrupted before a set-up was shown to hold"
        } else {
            "no set-up was shown to hold all objectives: let more vary, or ask for less"
        }
    }

    fn sure(&self, best: &SetUp) -> String {
        let sure = percent(self.confidence);
        if self.interrupted {
            return "it holds, but not all that may be better were looked at".to_owned();
        }
        if self.not_told > 0 {
            let many = count(self.not_told);
            return format!(
                "it holds, but of {many} that may be better it could not be told: more \
                 --replications would"
            );
        }
        match best.fate {
            Fate::Best { close: true } => {
                let near = percent(self.indifference);
                format!("{sure} sure, but for {near} of a bound (the indifference)")
            }
            _ => format!("{sure} sure that it holds and that nothing better does"),
        }
    }

    fn objectives(&self) -> String {
        let Some(best) = &self.chosen else { return String::new() };
        let mut table = Table::new(&["", "on average", "interval"]).left(&[0]);
        for Objective { expression, unit, value, .. } in &best.objectives {
            let average = value.as_ref().map_or("nothing".to_owned(), |one| unit.say(one.value));
            let ends = value.as_ref().and_then(|one| Some((one.low?, one.high?)));
            let range = ends.map(|(low, high)| format!("{} to {}", unit.say(low), unit.say(high)));
            table.row(vec![expression.clone(), average, range.unwrap_or_else(|| "-".to_owned())]);
        }
        titled(&format!("Objectives, {} runs", best.runs), &table.body())
    }

    fn others(&self) -> String {
        let Some(first) = self.runners_up.first() else { return String::new() };
        let short = |path: &'_ str| path.strip_prefix("nodes.").unwrap_or(path).to_owned();
        let mut header: Vec<String> = first.changes.iter().map(|(path, _)| short(path)).collect();
        let why_at = header.len() + 2;
        header.push(if self.is_price() { "cost".to_owned() } else { self.minimise.clone() });
        header.extend(["runs".to_owned(), String::new()]);
        let header: Vec<&str> = header.iter().map(String::as_str).collect();
        let mut table = Table::new(&header).left(&[why_at]);
        for one in &self.runners_up {
            let mut row: Vec<String> = one.changes.iter().map(|(_, value)| bare(value)).collect();
            row.extend([self.said(one.value), one.runs.to_string(), self.why(one)]);
            table.row(row);
        }
        titled("Runners-up", &table.body())
    }

    fn pruned(&self) -> String {
        let mut table = Table::new(&["", "set-ups"]).left(&[0]);
        for one in &self.left_out {
            table.row(vec![one.reason.clone(), count(one.points)]);
        }
        titled("Left out without a run", &table.body())
    }

    fn why(&self, one: &SetUp) -> String {
        let value = |expression: &str| {
            let found = one.objectives.iter().find(|known| known.expression == expression);
            let found = found.and_then(|known| Some(known.unit.say(known.value?.value)));
            found.map_or(String::new(), |value| format!(": {value}"))
        };
        let best = self.chosen.as_ref().and_then(|best| best.value);
        match &one.fate {
            Fate::Misses { objective, close } => {
                let hardly = if *close { "just misses" } else { "misses" };
                format!("{hardly} {objective}{}", value(objective))
            }
            Fate::CannotTell { objective } => {
                format!("cannot tell {objective}{}", value(objective))
            }
            Fate::Beaten { .. } if one.value == best => "the same".to_owned(),
            Fate::Beaten { close: true } => "no better than the best".to_owned(),
            Fate::Beaten { .. } if self.is_price() => "costs more".to_owned(),
            Fate::Beaten { .. } => "worse".to_owned(),
            Fate::Open => "not looked at".to_owned(),
            Fate::Best { .. } => "the best".to_owned(),
            Fate::Unreadable(why) | Fate::CannotHold(why) => why.clone(),
        }
    }
}

fn labelled(label: &str, said: &str) -> String {
    let lines = wrapped(said, 84);
    let labels = std::iter::once(label).chain(std::iter::repeat(""));
    labels.zip(lines).map(|(label, line)| format!("{label:<15}{line}\n")).collect()
}

/// `nodes.web.replicas=6 nodes.web.machine=c7i.large`, as `--set` takes them.
fn changes(one: &SetUp) -> String {
    let said = |(path, value): &(String, String)| format!("{path}={}", bare(value));
    one.changes.iter().map(said).collect::<Vec<_>>().join(" ")
}

/// A value as a person writes it.
fn bare(value: &str) -> String {
    value.trim_matches('"').to_owned()
}
