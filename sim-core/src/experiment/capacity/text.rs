//! A capacity and its ladder of bottlenecks, for a terminal.

use super::{Broken, Capacity, Level, RungReport};
use crate::report::figures::{count, percent, significant};
use crate::report::indented;
use crate::report::text::{Table, labelled, titled, wrapped};
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
        let mut sections = vec![self.head(first), objectives(first), self.ladder()];
        sections.retain(|text| !text.is_empty());
        sections.join("\n")
    }

    fn head(&self, first: &RungReport) -> String {
        self.story(first).iter().map(|(label, said)| labelled(label, said, 84)).collect()
    }

    /// The answer in sentences, each with what it is about.
    pub(super) fn story(&self, first: &RungReport) -> Vec<(&'static str, String)> {
        let sure = percent(self.confidence);
        let runs = count(self.runs);
        let mut lines = vec![("HOLDS UP TO", up_to(first))];
        lines.push(("", format!("{}; {sure} sure", shown(first))));
        if let Some(again) = first.holds_again {
            let said = format!(
                "{} seems to hold again: it is not the load alone that decides, so look at what \
                 changes in between",
                again.said()
            );
            lines.push(("NOT MONOTONE", said));
        }
        if let Some(broken) = &first.breaks {
            lines.push(("Breaks first", broken.said()));
        }
        lines.push(("", format!("{}, {runs} runs", self.name)));
        lines
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
        self.rows().for_each(|row| table.row(row.into()));
        let mut body = table.body();
        for part in wrapped(&self.end(), 96) {
            body.push_str(&format!("  {part}\n"));
        }
        titled("Ladder of bottlenecks", &body)
    }

    /// The rungs: what is wider, what holds, in units, between what that was shown, what breaks.
    pub(super) fn rows(&self) -> impl Iterator<Item = [String; 5]> {
        self.rungs.iter().map(|rung| {
            let between = |level: Option<Level>| level.map_or("?".to_owned(), |one| one.short());
            let estimate = rung.estimate.or(rung.holds);
            let times = |one: Level| format!("{}x", significant(one.factor));
            [
                if rung.widened.is_empty() { "as it is".to_owned() } else { wider(&rung.widened) },
                estimate.map_or("nothing".to_owned(), times),
                estimate.map_or(String::new(), |one| one.short()),
                format!("{} to {}", between(rung.holds), between(rung.fails)),
                rung.breaks.as_ref().map_or("nothing".to_owned(), Broken::short),
            ]
        })
    }

    /// Why there is no further rung.
    pub(super) fn end(&self) -> String {
        format!("It ends here: {}{}.", self.ends, self.so_far())
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
    rung.objectives.iter().for_each(|one| table.row(one.cells().into()));
    titled(&format!("Objectives at {}", fails.said_short()), &table.body())
}

impl Level {
    /// `2.41 times this load: 312/s at the peak`.
    fn said(&self) -> String {
        format!("{} times this load: {}", significant(self.factor), self.in_units())
    }

    /// `2.41 times (312/s)`.
    pub(super) fn said_short(&self) -> String {
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
