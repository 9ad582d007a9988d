//! What a finished sweep says, for a terminal.

use super::super::replications::Surety;
use super::analysis::{GOALS, Outcome};
use super::factor::said;
use super::record::{Header, PointRecord};
use super::{Design, Sweep};
use crate::report::Unit;
use crate::report::figures::{count, percent};
use crate::report::text::{LABEL, Table, labelled, titled, wrapped};

/// Points shown of a ranking or a front.
const SHOWN: usize = 10;
/// Columns of a line at most.
const WIDTH: usize = 100;

impl Design {
    /// Its name, for people.
    #[must_use]
    pub fn said(&self) -> &'static str {
        match self {
            Design::Grid => "a grid",
            Design::List => "a list",
            Design::Random(_) => "random points",
            Design::LatinHypercube(_) => "a Latin hypercube",
            Design::Sobol(_) => "a Sobol' sequence",
            Design::Saltelli(_) => "Saltelli's design",
        }
    }
}

impl Sweep {
    /// The points and what each sets, a line each.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut out = format!(
            "{}: {}, {} each, {}, seed {}\n",
            self.name,
            plural(self.points.len() as u32, "point"),
            plural(self.replications, "replication"),
            self.design.said(),
            self.seed
        );
        for fixed in &self.fixed {
            out.push_str(&format!("   all  {fixed}\n"));
        }
        for point in &self.points {
            out.push_str(&format!("{:>6}  {}\n", point.id, point.overrides.join("  ")));
        }
        out
    }
}

impl Header {
    fn said(&self) -> String {
        format!(
            "{}: {}, {} each, {}, on the same luck from seed {}, intervals at {}",
            self.name,
            plural(self.points, "point"),
            plural(self.replications, "replication"),
            self.design.said(),
            self.seed,
            percent(self.confidence)
        )
    }
}

fn plural(n: u32, what: &str) -> String {
    format!("{} {what}{}", count(u64::from(n)), if n == 1 { "" } else { "s" })
}

impl PointRecord {
    /// What was varied, like `nodes.app.workers=8, rate=60/s`.
    pub(super) fn point_said(&self) -> String {
        let each = self.values.iter().map(|(name, value)| format!("{name}={}", said(value)));
        each.collect::<Vec<_>>().join(", ")
    }

    /// In a few words: whether it holds, and its goals; for a progress line.
    #[must_use]
    pub fn in_short(&self) -> String {
        let goal = |(name, label, unit): (&str, &str, Unit)| {
            self.value(name).map(|value| format!("{label} {}", unit.say(value)))
        };
        let goals: Vec<String> = GOALS.into_iter().filter_map(goal).collect();
        format!("point {} {}: {}", self.id, self.verdict.of_a_point(), goals.join(", "))
    }
}

impl Surety {
    /// What a point does with its objectives.
    pub(super) fn of_a_point(self) -> &'static str {
        match self {
            Surety::Held => "holds",
            Surety::Missed => "does not hold",
            Surety::CannotTell => "cannot tell",
            Surety::NoObjectives => "has no objectives",
        }
    }
}

pub(super) fn told(value: Option<f64>, say: impl Fn(f64) -> String) -> String {
    value.map_or("-".to_owned(), say)
}

impl Outcome {
    /// Points by verdict, like `5 hold, 7 do not`.
    pub(super) fn verdicts(&self) -> String {
        let n = |surety| self.records.iter().filter(|one| one.verdict == surety).count();
        let counted = [
            (n(Surety::Held), "hold"),
            (n(Surety::Missed), "do not hold"),
            (n(Surety::CannotTell), "cannot be told"),
            (n(Surety::NoObjectives), "have no objectives"),
        ];
        let filled = counted.iter().filter(|(n, _)| *n > 0);
        let each: Vec<String> = filled.map(|(n, what)| format!("{n} {what}")).collect();
        each.join(", ")
    }

    /// For people, at most 100 columns.
    #[must_use]
    pub fn to_text(&self) -> String {
        let summary = wrapped(&self.header.summary, WIDTH);
        let head = [summary, wrapped(&self.header.said(), WIDTH)].concat();
        let head = head.iter().filter(|line| !line.is_empty()).map(|line| line.clone() + "\n");
        let best = self.ranking.first().and_then(|id| self.record(*id));
        let mut lines = vec![("Objectives", self.verdicts())];
        lines.extend(
            best.map(|best| ("Best", format!("{} ({})", best.in_short(), best.point_said()))),
        );
        let said = lines.iter().map(|(label, text)| labelled(label, text, WIDTH - LABEL));
        let sections = [
            head.chain(said).collect::<String>(),
            titled("The best points", &self.table(&self.ranking)),
            titled("Not bettered in latency, errors and cost at once", &self.table(&self.front)),
            self.effects_said(),
            self.sensitivity_said(),
        ];
        let filled: Vec<String> = sections.into_iter().filter(|text| !text.is_empty()).collect();
        let plain = |c: char| if c.is_control() && c != '\n' { '\u{fffd}' } else { c };
        filled.join("\n").chars().map(plain).collect()
    }

    /// The goals that were measured anywhere: without a price there is no cost.
    pub(super) fn goals(&self) -> impl Iterator<Item = (&'static str, &'static str, Unit)> {
        let priced = self.records.iter().any(|record| record.value(GOALS[2].0).is_some());
        GOALS.into_iter().take(if priced { 3 } else { 2 })
    }

    /// Names of the factors, as short as they are different.
    pub(super) fn short_names(&self) -> Vec<String> {
        let names: Vec<&str> = self.header.factors.iter().map(|one| &*one.name).collect();
        let last = |name: &str| name.rsplit('.').next().unwrap_or(name).to_owned();
        let short: Vec<String> = names.iter().map(|name| last(name)).collect();
        let unique = |at: usize| short.iter().filter(|other| **other == short[at]).count() == 1;
        let two = |name: &str| {
            let steps: Vec<&str> = name.rsplitn(3, '.').take(2).collect();
            steps.into_iter().rev().collect::<Vec<_>>().join(".")
        };
        (0..names.len())
            .map(|at| if unique(at) { short[at].clone() } else { two(names[at]) })
            .collect()
    }

    fn table(&self, ids: &[u32]) -> String {
        let names = self.short_names();
        let mut header = vec!["point".to_owned()];
        header.extend(names);
        header.push(String::new());
        header.extend(self.goals().map(|(_, label, _)| label.to_owned()));
        header.push("breaks first".to_owned());
        let header: Vec<&str> = header.iter().map(String::as_str).collect();
        let mut table = Table::new(&header).left(&[header.len() - 1]).may_drop(&[header.len() - 1]);
        for record in ids.iter().take(SHOWN).filter_map(|id| self.record(*id)) {
            let mut row = vec![record.id.to_string()];
            row.extend(record.values.values().map(said));
            row.push(record.verdict.of_a_point().to_owned());
            row.extend(
                self.goals().map(|(name, _, unit)| told(record.value(name), |v| unit.say(v))),
            );
            row.push(record.breaks.first().and_then(|one| one.what.clone()).unwrap_or_default());
            table.row(row);
        }
        let more = ids.len().saturating_sub(SHOWN);
        let more = if more > 0 { format!("  and {more} more\n") } else { String::new() };
        table.body() + &more
    }

    fn effects_said(&self) -> String {
        let mut header = vec!["", "points", "hold"];
        header.extend(self.goals().map(|(_, label, _)| label));
        let mut table = Table::new(&header).left(&[0]);
        for effect in &self.effects {
            let mut title = vec![effect.factor.clone()];
            title.resize(header.len(), String::new());
            table.row(title);
            for level in &effect.levels {
                let mut row = vec![format!("  {}", level.name)];
                row.extend([level.points.to_string(), level.held.to_string()]);
                let means = level.means.iter().zip(self.goals());
                row.extend(means.map(|(mean, (.., unit))| told(*mean, |value| unit.say(value))));
                table.row(row);
            }
        }
        titled("Main effects: means over all points with a value", &table.body())
    }

    fn sensitivity_said(&self) -> String {
        let header = ["", "alone", "interval", "with others", "interval"];
        let mut table = Table::new(&header).left(&[0]);
        for one in &self.sensitivity {
            let Some(indices) = &one.indices else { continue };
            let label = GOALS.iter().find(|(goal, ..)| *goal == one.goal).map_or("", |goal| goal.1);
            let mut title = vec![label.to_owned()];
            title.resize(header.len(), String::new());
            table.row(title);
            for (factor, index) in self.header.factors.iter().zip(indices) {
                let mut row = vec![format!("  {}", factor.name)];
                for share in [index.first, index.total] {
                    row.push(percent(share.value));
                    row.push(share.ends.map(percent).join(" to "));
                }
                table.row(row);
            }
        }
        titled("Sobol' indices: shares of the variance that a factor explains", &table.body())
    }
}
