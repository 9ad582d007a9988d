//! A capacity and its ladder of bottlenecks, for a terminal.

use super::{Broken, Capacity, Level, RungReport};
use crate::experiment::replications::Objective;
use crate::report::figures::{count, percent, significant};
use crate::report::indented;
use crate::report::text::{Table, titled, wrapped};
use crate::scenario::plan::Widened;

impl Capacity {
    /// For programs.
    ///
    /// # Errors
    /// A sentence if a number cannot be written.
    pub fn to_json(&self) -> Result<String, String> {
        indented(self)
    }

    /// Whether some load holds all objectives: false also where it was interrupted before that was
    /// known.
    #[must_use]
    pub fn holds_somewhere(&self) -> bool {
        let first = self.rungs.first();
        first.is_some_and(|rung| rung.estimate.is_some() || rung.holds.is_some())
    }

    /// For people, at most 100 columns.
    #[must_use]
    pub fn to_text(&self) -> String {
        let Some(first) = self.rungs.first() else {
            let (runs, so_far) = (count(self.runs), self.so_far());
            return format!("INTERRUPTED    {} after {runs} runs{so_far}\n", self.name);
        };
        let mut sections = vec![self.head(first)];
        sections.push(objectives(first));
        sections.push(self.ladder());
        sections.retain(|text| !text.is_empty());
        sections.join("\n")
    }

    fn head(&self, first: &RungReport) -> String {
        let sure = percent(self.confidence);
        let runs = count(self.runs);
        let mut out = String::new();
        let mut line = |label: &str, said: &str| {
            for (index, part) in wrapped(said, 84).iter().enumerate() {
                let label = if index == 0 { label } else { "" };
                out.push_str(&format!("{label:<15}{part}\n"));
            }
        };
        line("HOLDS UP TO", &up_to(first));
        let shown = format!("{}; {sure} sure", shown(first));
        line("", &shown);
        if let Some(again) = first.holds_again {
            line(
                "NOT MONOTONE",
                &format!(
                    "{} seems to hold again: it is not the load alone that decides, so look at \
                     what changes in between",
                    again.said()
                ),
            );
        }
        if let Some(broken) = &first.breaks {
            line("Breaks first", &broken.said());
        }
        line("", &format!("{}, {runs} runs", self.name));
        out
    }

    /// What is known of the rung in which it was interrupted.
    fn so_far(&self) -> String {
        let Some(unfinished) = &self.unfinished else { return String::new() };
        let at = |level: Option<Level>, what: &str| {
            level.map(|one| format!("{what} at {}", one.said_short()))
        };
        let said = [
            at(unfinished.seems_to_hold, "it seems to hold"),
            at(unfinished.seems_to_fail, "it seems to fail"),
        ];
        let said: Vec<String> = said.into_iter().flatten().collect();
        if said.is_empty() { String::new() } else { format!(": {}", said.join(", ")) }
    }

    fn ladder(&self) -> String {
        let header = ["", "holds up to", "", "shown between", "breaks there"];
        let mut table = Table::new(&header).left(&[0, 4]);
        for rung in &self.rungs {
            let between = |level: Option<Level>| level.map_or("?".to_owned(), |one| one.short());
            let estimate = rung.estimate.or(rung.holds);
            let times = |one: Level| format!("{}x", significant(one.factor));
            table.row(vec![
                if rung.widened.is_empty() { "as it is".to_owned() } else { wider(&rung.widened) },
                estimate.map_or("nothing".to_owned(), times),
                estimate.map_or(String::new(), |one| one.short()),
                format!("{} to {}", between(rung.holds), between(rung.fails)),
                rung.breaks.as_ref().map_or("nothing".to_owned(), Broken::short),
            ]);
        }
        let mut body = table.body();
        let ends = format!("It ends here: {}{}.", self.ends, self.so_far());
        for part in wrapped(&ends, 96) {
            body.push_str(&format!("  {part}\n"));
        }
        titled("Ladder of bottlenecks", &body)
    }
}

/// `nodes.web.replicas 6 -> 12`.
fn wider(widened: &[Widened]) -> String {
    let one = |w: &Widened| format!("{} {} -> {}", w.path, w.from, w.to);
    widened.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn up_to(rung: &RungReport) -> String {
    match (rung.estimate, rung.holds, rung.fails) {
        (Some(estimate), ..) => estimate.said(),
        (None, Some(holds), _) => {
            format!("at least {}: nothing within reach breaks (--to looks further)", holds.said())
        }
        (None, None, Some(fails)) => {
            format!("nothing: it fails at {} already (--from looks lower)", fails.said())
        }
        (None, None, None) => "it cannot be told with so few replications".to_owned(),
    }
}

fn shown(rung: &RungReport) -> String {
    let at = |level: Option<Level>, what: &str| match level {
        Some(level) => format!("shown to {what} at {}", level.said_short()),
        None => format!("not shown to {what} at any load that was tried"),
    };
    format!("{}, {}", at(rung.holds, "hold"), at(rung.fails, "fail"))
}

fn objectives(rung: &RungReport) -> String {
    let Some(fails) = rung.fails.or(rung.estimate) else { return String::new() };
    let mut table = Table::new(&["", "on average", "interval"]).left(&[0]);
    for Objective { expression, unit, value, .. } in &rung.objectives {
        let average = value.as_ref().map_or("nothing".to_owned(), |one| unit.say(one.value));
        let ends = value.as_ref().and_then(|one| Some((one.low?, one.high?)));
        let range = ends.map(|(low, high)| format!("{} to {}", unit.say(low), unit.say(high)));
        table.row(vec![expression.clone(), average, range.unwrap_or_else(|| "-".to_owned())]);
    }
    titled(&format!("Objectives at {}", fails.said_short()), &table.body())
}

impl Level {
    /// `2.41 times this load: 312/s at the peak`.
    fn said(&self) -> String {
        format!("{} times this load: {}", significant(self.factor), self.in_units())
    }

    /// `2.41 times (312/s)`.
    fn said_short(&self) -> String {
        format!("{} times ({})", significant(self.factor), self.short())
    }

    /// `312/s`.
    fn short(&self) -> String {
        Level { at_the_peak: false, ..*self }.in_units()
    }
}

impl Broken {
    fn said(&self) -> String {
        let what = self.what();
        if !self.saturated {
            let busy = self.utilisation.map_or(String::new(), percent);
            return format!("nothing is saturated there; the busiest is {what} at {busy}");
        }
        let times = significant(self.factor);
        format!("{what} in {} of {} runs at {times} times the load", self.runs, self.of)
    }

    fn short(&self) -> String {
        if self.saturated {
            return format!("{} ({} of {})", self.what(), self.runs, self.of);
        }
        let busy = self.utilisation.map_or(String::new(), percent);
        format!("{}, the busiest ({busy})", self.what())
    }
}
