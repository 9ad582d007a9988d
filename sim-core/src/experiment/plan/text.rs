//! A proposal, for a terminal.

use super::{Fate, Proposal, SetUp};
use crate::report::Unit;
use crate::report::figures::{count, percent, significant};
use crate::report::indented;
use crate::report::text::{Table, labelled, titled};

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
        let head = self.story().iter().map(|(label, said)| labelled(label, said, 84)).collect();
        let mut sections = vec![head, self.objectives(), self.runners(), self.pruned()];
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

    /// The answer in sentences, each with what it is about.
    pub(super) fn story(&self) -> Vec<(&'static str, String)> {
        let label = if self.interrupted { "BEST SO FAR" } else { "BEST" };
        let mut lines = match &self.chosen {
            Some(best) => {
                let value = format!("{} {}", self.minimise, self.said(best.value));
                let sure = format!("{value}; {}", self.sure(best));
                vec![(label, changes(best)), ("", sure)]
            }
            None => vec![(label, self.none().to_owned())],
        };
        if let Some(binds) = &self.binds {
            lines.push(("Binds", binds.clone()));
        }
        let share = percent(self.runs as f64 / self.exhaustive.max(1) as f64);
        let (runs, all) = (count(self.runs), count(self.exhaustive));
        let (some, points) = (count(self.simulated), count(self.points));
        let effort = format!(
            "{runs} runs of {some} of {points} set-ups; to play each as often as the one that took \
             most would take {all} ({share})"
        );
        lines.push(("Effort", effort));
        lines
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
        best.objectives.iter().for_each(|one| table.row(one.cells().into()));
        titled(&format!("Objectives, {} runs", best.runs), &table.body())
    }

    fn runners(&self) -> String {
        let Some((header, rows)) = self.others() else { return String::new() };
        let header: Vec<&str> = header.iter().map(String::as_str).collect();
        let mut table = Table::new(&header).left(&[header.len() - 1]);
        rows.into_iter().for_each(|row| table.row(row));
        titled("Runners-up", &table.body())
    }

    /// The runners-up as a table: its header, and a row for each.
    pub(super) fn others(&self) -> Option<(Vec<String>, Vec<Vec<String>>)> {
        let first = self.runners_up.first()?;
        let short = |path: &'_ str| path.strip_prefix("nodes.").unwrap_or(path).to_owned();
        let mut header: Vec<String> = first.changes.iter().map(|(path, _)| short(path)).collect();
        header.push(if self.is_price() { "cost".to_owned() } else { self.minimise.clone() });
        header.extend(["runs".to_owned(), String::new()]);
        let row = |one: &SetUp| {
            let mut row: Vec<String> = one.changes.iter().map(|(_, value)| bare(value)).collect();
            row.extend([self.said(one.value), one.runs.to_string(), self.why(one)]);
            row
        };
        Some((header, self.runners_up.iter().map(row).collect()))
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

/// `nodes.web.replicas=6 nodes.web.machine=c7i.large`, as `--set` takes them.
fn changes(one: &SetUp) -> String {
    let said = |(path, value): &(String, String)| format!("{path}={}", bare(value));
    one.changes.iter().map(said).collect::<Vec<_>>().join(" ")
}

/// A value as a person writes it.
fn bare(value: &str) -> String {
    value.trim_matches('"').to_owned()
}
