//! What replications and comparisons say, for a terminal and as Markdown.

use super::compare::{Comparison, Difference, Finding, Luck, Variant};
use super::gate::cell;
use super::inputs::{Inputs, Shares};
use super::replications::{Breaks, Objective, PLAIN, Summary, Surety};
use super::statistics::Estimate;
use super::warmup::{PILOTS, WarmUp};
use crate::report::Unit;
use crate::report::figures::{at, percent};
use crate::report::indented;
use crate::report::text::{Table, labelled, titled, wrapped};
use crate::units::Duration;

/// Measures shown of a scenario by itself.
pub(super) const SHOWN: [(&str, &str); 11] = [
    ("latency_ms.mean", "latency mean"),
    ("latency_ms.p50", "latency p50"),
    ("latency_ms.p90", "latency p90"),
    ("latency_ms.p95", "latency p95"),
    ("latency_ms.p99", "latency p99"),
    ("latency_ms.p999", "latency p99.9"),
    ("errors", "errors"),
    ("goodput_rps", "goodput"),
    ("orders.usd_lost", "orders lost"),
    ("cost.usd_per_hour", "cost"),
    ("cost.usd_per_1000_good", "cost"),
];

/// Objectives at most whose doubt is told.
const DOUBTS: usize = 3;

pub(super) fn label(name: &str) -> &str {
    SHOWN.iter().find(|(known, _)| *known == name).map_or(name, |(_, label)| label)
}

impl Surety {
    /// In capitals where it is what a reader looks for.
    pub(super) fn said(self) -> &'static str {
        match self {
            Surety::Held => "HOLDS",
            Surety::Missed => "DOES NOT HOLD",
            Surety::CannotTell => "CANNOT TELL",
            Surety::NoObjectives => "NO OBJECTIVES",
        }
    }

    fn of_one(self) -> &'static str {
        match self {
            Surety::Held => "held",
            Surety::Missed => "MISSED",
            Surety::CannotTell | Surety::NoObjectives => "cannot tell",
        }
    }
}

impl WarmUp {
    /// What was found, and how to play such a run again or have it otherwise.
    pub(super) fn said(self) -> String {
        match self {
            WarmUp::Removed { s } if s > 0.0 => format!(
                "the first {} of each run are not measured (MSER-5 on {PILOTS} other runs); --set \
                 warmup={} in a run of its own, --set warmup=0s measures all",
                at(s),
                Duration(self.nanos()),
            ),
            WarmUp::Removed { .. } => format!("none is needed (MSER-5 on {PILOTS} other runs)"),
            WarmUp::Endless => format!(
                "none is removed: ever more requests are inside ({PILOTS} other runs), so these \
                 figures depend on how long it is played"
            ),
        }
    }
}

/// `4.21 s to 4.53 s`, or nothing where one run tells nothing of the spread.
pub(super) fn interval(of: &Estimate, unit: Unit) -> String {
    match (of.low, of.high) {
        (Some(low), Some(high)) => format!("{} to {}", unit.say(low), unit.say(high)),
        _ => "-".to_owned(),
    }
}

impl Objective {
    /// Its words, what it is on average and between what, as tables show it.
    pub(super) fn cells(&self) -> [String; 3] {
        let average = self.value.as_ref().map_or("nothing".into(), |one| self.unit.say(one.value));
        let range = self.value.as_ref().map_or("-".into(), |one| interval(one, self.unit));
        [self.expression.clone(), average, range]
    }
}

impl Breaks {
    /// `web cpu in 7 of 12 runs, from 32m 40s on (± 12s)`.
    pub(super) fn said(&self, runs: usize) -> String {
        let what = self.what.as_deref().unwrap_or("nothing is saturated");
        let from = self.from_s.as_ref().map_or(String::new(), |from| match from.half() {
            Some(half) => format!(", from {} on (\u{b1} {})", at(from.value), at(half)),
            None => format!(", from {} on", at(from.value)),
        });
        format!("{what} in {} of {runs} runs{from}", self.runs)
    }
}

impl Summary {
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
        let runs = self.samples.len();
        let sure = percent(self.confidence);
        let seed = self.samples.first().map_or(0, |sample| sample.seed);
        let mut sections = vec![format!(
            "{:<15}{}: {runs} replications from seed {seed}, intervals at {sure}\n{}{}",
            self.verdict.said(),
            self.name,
            self.breaks_said(),
            self.warmup_said(),
        )];
        sections.push(self.objectives_said());
        sections.extend(self.inputs.as_ref().map(|inputs| self.doubt_said(inputs)));
        sections.push(self.figures_said());
        sections.push(self.resources_said());
        sections.retain(|text| !text.is_empty());
        sections.join("\n")
    }

    fn warmup_said(&self) -> String {
        self.warmup.map_or(String::new(), |warmup| labelled("Warm-up", &warmup.said(), 80))
    }

    fn breaks_said(&self) -> String {
        let runs = self.samples.len();
        let line = |(index, one): (usize, &Breaks)| {
            let label = if index == 0 { "Breaks first" } else { "" };
            format!("{label:<15}{}\n", one.said(runs))
        };
        self.breaks.iter().take(3).enumerate().map(line).collect()
    }

    fn objectives_said(&self) -> String {
        let header = ["", "", "on average", "interval", "held in", "of all days"];
        let mut table = Table::new(&header).left(&[0, 1]);
        let runs = self.samples.len();
        for one in &self.objectives {
            let [name, average, range] = one.cells();
            let days = one.held_share.as_ref().map_or("-".into(), |s| interval(s, Unit::Share));
            let held = format!("{} of {runs}", one.held_in);
            table.row(vec![one.verdict.of_one().to_owned(), name, average, range, held, days]);
        }
        titled("Objectives", &table.body())
    }

    /// Where the doubt about the objectives comes from; without any, about the usual figures.
    fn doubt_said(&self, inputs: &Inputs) -> String {
        let objectives = self.objectives.iter().map(|one| &one.expression);
        let objectives = objectives.map(|one| (format!("objectives.{one}"), one.clone()));
        let mut looked: Vec<(String, String)> = objectives.take(DOUBTS).collect();
        if looked.is_empty() {
            looked = PLAIN.map(|name| (name.to_owned(), label(name).to_owned())).to_vec();
        }
        let mut header = vec!["", "written", "between"];
        header.extend(looked.iter().map(|(_, said)| said.as_str()));
        let mut table = Table::new(&header).left(&[0, 1, 2]);
        let shares = |of: &dyn Fn(&Shares) -> f64| -> Vec<String> {
            let found = looked.iter().map(|(name, _)| inputs.shares.get(name));
            found.map(|found| found.map_or("-".to_owned(), |one| percent(of(one)))).collect()
        };
        for (at, input) in inputs.inputs.iter().enumerate() {
            let [low, high] = &input.limits;
            let between = format!("{low} and {high}");
            let row = vec![input.path.clone(), input.written.clone(), between];
            table.row([row, shares(&|one| one.inputs[at])].concat());
        }
        let luck = ["luck; more runs narrow it", "", ""].map(str::to_owned);
        table.row([luck.to_vec(), shares(&|one| one.luck)].concat());
        titled("Where the doubt comes from", &table.body())
    }

    fn figures_said(&self) -> String {
        let mut table =
            Table::new(&["", "value", "interval", "smallest run", "largest run"]).left(&[0]);
        for (name, _) in SHOWN {
            let place = self.measures.iter().position(|measure| measure.name == name);
            place.and_then(|at| self.row(at)).into_iter().for_each(|row| table.row(row.to_vec()));
        }
        titled("Figures", &table.body())
    }

    fn resources_said(&self) -> String {
        let mut table =
            Table::new(&["", "busy", "interval", "smallest run", "largest run"]).left(&[0]);
        for (place, measure) in self.measures.iter().enumerate() {
            if measure.name.starts_with("nodes.") && measure.name.ends_with(".utilisation") {
                self.row(place).into_iter().for_each(|row| table.row(row.to_vec()));
            }
        }
        titled("Resources", &table.body())
    }

    /// A measure: its name, its value, its interval, the smallest and the largest run.
    pub(super) fn row(&self, place: usize) -> Option<[String; 5]> {
        let measure = &self.measures[place];
        let found = self.estimates.get(&measure.name)?.as_ref()?;
        let values = || self.samples.iter().filter_map(|sample| sample.values[place]);
        let (least, most) = (values().min_by(f64::total_cmp), values().max_by(f64::total_cmp));
        let end = |value: Option<f64>| value.map_or("-".to_owned(), |v| measure.unit.say(v));
        let name = measure.name.strip_prefix("nodes.");
        let name = name.and_then(|name| name.strip_suffix(".utilisation"));
        let name = name.map_or(label(&measure.name).to_owned(), |name| name.replace('.', " "));
        Some([
            name,
            measure.unit.say(found.value),
            interval(found, measure.unit),
            end(least),
            end(most),
        ])
    }

    /// The run with the highest 99th percentile: its seed.
    pub(super) fn slowest(&self) -> Option<u64> {
        let place = self.measures.iter().position(|one| one.name == "latency_ms.p99")?;
        let values = self.samples.iter().filter_map(|one| Some((one.seed, one.values[place]?)));
        values.max_by(|a, b| a.1.total_cmp(&b.1)).map(|(seed, _)| seed)
    }
}

impl Difference {
    /// Whether less of it is what one wants.
    pub(super) fn lower_is_better(&self) -> bool {
        self.name != "goodput_rps"
    }

    /// `p99 is 38 ms to 52 ms lower`, or that it cannot be told.
    #[must_use]
    pub fn said(&self, replications: u32) -> String {
        let name = label(&self.name);
        let is = if name.contains("errors") || name.contains("orders") { "are" } else { "is" };
        let say = |value: f64| match self.unit {
            // 2 % to 3 % less could be of what there was
            Unit::Share => percent(value.abs()).replace(" %", " points"),
            unit => unit.say(value.abs()),
        };
        let ends = (self.difference.low, self.difference.high);
        let agree = self.agree.map_or(String::new(), |agree| {
            format!(", on average over what is uncertain, and in {agree} of {replications} runs")
        });
        match (self.finding, ends) {
            (Finding::Equal, _) => format!("{name} {is} the same"),
            (Finding::Higher, (Some(low), Some(high))) => {
                format!("{name} {is} {} to {} higher{agree}", say(low), say(high))
            }
            (Finding::Lower, (Some(low), Some(high))) => {
                format!("{name} {is} {} to {} lower{agree}", say(high), say(low))
            }
            (Finding::CannotTell { needed }, (Some(low), Some(high))) => {
                let more = match needed {
                    Some(needed) => format!("about {needed} would do"),
                    None => "more would not tell".to_owned(),
                };
                format!(
                    "{name}: cannot tell with {replications} replications ({} lower to {} higher; \
                     {more})",
                    say(low),
                    say(high)
                )
            }
            _ => {
                let word = if self.difference.value < 0.0 { "lower" } else { "higher" };
                format!("{name} {is} {} {word}", say(self.difference.value))
            }
        }
    }
}

impl Variant {
    /// The verdict in words, a sentence a line.
    pub(super) fn said(&self, baseline: &Summary, replications: u32) -> Vec<String> {
        if self.identical {
            return vec![
                "it plays the very same runs: nothing of it makes a difference".to_owned(),
            ];
        }
        let mut lines = Vec::new();
        if let Some((before, after)) = self.turns(baseline) {
            let word = |surety: Surety| surety.said().to_lowercase();
            lines.push(format!("it {}, the baseline {}", word(after), word(before)));
        }
        let found = |one: &&Difference| matches!(one.finding, Finding::Lower | Finding::Higher);
        let told = self.differences.iter().filter(found);
        lines.extend(told.map(|one| one.said(replications)));
        let unsure =
            self.differences.iter().filter(|one| matches!(one.finding, Finding::CannotTell { .. }));
        lines.extend(unsure.map(|one| one.said(replications)));
        lines
    }
}

impl Comparison {
    /// For programs, with every run's figures.
    ///
    /// # Errors
    /// A sentence if a number cannot be written.
    pub fn to_json(&self) -> Result<String, String> {
        indented(self)
    }

    /// What the differences of a variant rest on.
    pub(super) fn basis(&self, variant: &Variant) -> String {
        let sure = percent(self.confidence);
        let (a, b) = (self.replications, variant.summary.samples.len());
        match variant.luck {
            Luck::Shared => format!(
                "{a} replications of each on the same luck; all differences together are {sure} \
                 sure"
            ),
            Luck::Independent => format!(
                "{a} replications against {b} on other luck, as independent samples; all \
                 together are {sure} sure"
            ),
            Luck::OneRun => "One run tells nothing of the spread: differences without intervals, \
                             which may be luck"
                .to_owned(),
        }
    }

    /// A row per difference: both sides, how far they are apart, and what can be said of it.
    pub(super) fn rows(variant: &Variant) -> Vec<Vec<String>> {
        let mut rows = Vec::new();
        for one in &variant.differences {
            let by = |value: f64| signed(one.unit, value);
            let range = match (one.difference.low, one.difference.high) {
                (Some(low), Some(high)) => format!("{} to {}", by(low), by(high)),
                _ => "-".to_owned(),
            };
            let finding = match one.finding {
                Finding::Equal => "same",
                Finding::Lower => "lower",
                Finding::Higher => "higher",
                Finding::CannotTell { .. } if one.difference.low.is_none() => "one run",
                Finding::CannotTell { .. } => "cannot tell",
            };
            rows.push(vec![
                label(&one.name).to_owned(),
                one.unit.say(one.baseline),
                one.unit.say(one.variant),
                by(one.difference.value),
                range,
                finding.to_owned(),
            ]);
        }
        rows
    }

    /// For people, at most 100 columns.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        for variant in &self.variants {
            if !out.is_empty() {
                out.push('\n');
            }
            out.push_str(&format!("{} against {}\n", variant.summary.name, self.baseline.name));
            out.push_str(&format!("{}\n", self.basis(variant)));
            for line in variant.said(&self.baseline, self.replications) {
                for (index, part) in wrapped(&line, 96).iter().enumerate() {
                    out.push_str(if index == 0 { "  " } else { "    " });
                    out.push_str(part);
                    out.push('\n');
                }
            }
            let header = ["", "baseline", "variant", "difference", "interval", ""];
            let mut table = Table::new(&header).left(&[0, 5]);
            Self::rows(variant).into_iter().for_each(|row| table.row(row));
            out.push('\n');
            out.push_str(&table.body());
            out.push_str(&shared(variant));
        }
        out
    }

    /// As a Markdown table for a review.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        let mut out = String::new();
        for variant in &self.variants {
            let (name, baseline) = (&variant.summary.name, &self.baseline.name);
            out.push_str(&format!("### {} against {}\n\n", cell(name), cell(baseline)));
            for line in variant.said(&self.baseline, self.replications) {
                out.push_str(&format!("- {}\n", cell(&line)));
            }
            out.push_str("\n| | baseline | variant | difference | interval | |\n");
            out.push_str("|---|--:|--:|--:|--:|---|\n");
            for row in Self::rows(variant) {
                out.push_str(&format!("| {} |\n", row.join(" | ")));
            }
            out.push_str(&format!("\n{}.\n\n", self.basis(variant)));
        }
        out
    }
}

/// What the same luck was worth.
fn shared(variant: &Variant) -> String {
    let p95 = variant.differences.iter().find(|one| one.name == "latency_ms.p95");
    match p95.and_then(|one| one.luck_shared) {
        Some(times) if times >= 1.05 => format!(
            "  on the same luck the interval of p95 is {times:.1} times shorter than on different \
             luck\n"
        ),
        _ => String::new(),
    }
}

pub(super) fn signed(unit: Unit, value: f64) -> String {
    match value {
        0.0 => unit.say(0.0),
        value if value > 0.0 => format!("+{}", unit.say(value)),
        value => format!("\u{2212}{}", unit.say(-value)),
    }
}
