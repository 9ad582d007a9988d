//! Values that are known within limits only, like `6ms +-20%`: a run takes what is written, and
//! replications draw their own, evenly between the limits.

use std::sync::Arc;

use super::plan::Blueprint;
use super::problem::{Code, Problem};
use super::tree::{Node, Step, Value, push_step};
use super::{Files, Plan, Reading, read};
use crate::engine::chance::{Draw, mix, name_key, unit};
use crate::recorded::Recording;
use crate::units::six_digits;

/// How the limits may be marked; the first is the one that is shown.
const MARKS: [&str; 3] = ["+-", "\u{b1}", "+/-"];
/// Where such values may stand.
pub(super) const SECTIONS: [&str; 5] = ["users", "nodes", "autoscale", "supervise", "events"];

/// A value that is known within limits.
#[derive(Clone, Debug, PartialEq)]
pub struct Uncertain {
    /// Where it stands, like `nodes.web.steps[0].cpu`.
    pub path: String,
    /// What is written without the limits, like `6ms`.
    pub written: String,
    /// The lower limit, in the unit that is written.
    pub low: f64,
    /// The upper limit.
    pub high: f64,
    /// The unit: `ms`, `/s`, nothing.
    pub unit: String,
    /// Whether only whole numbers between the limits are possible.
    pub whole: bool,
}

/// What a scenario does not know for sure, and what it takes to read it again with other values.
#[derive(Clone, Debug, PartialEq)]
pub struct Doubt {
    /// The values, in the order of the file.
    pub inputs: Vec<Uncertain>,
    name: String,
    text: String,
    overrides: Vec<String>,
}

impl Doubt {
    /// About a text that was read with these overrides; `None` if all is known for sure.
    pub(super) fn of(
        inputs: Vec<Uncertain>,
        (name, text): (&str, &str),
        overrides: &[String],
    ) -> Option<Self> {
        let (name, text, overrides) = (name.to_owned(), text.to_owned(), overrides.to_vec());
        (!inputs.is_empty()).then_some(Doubt { inputs, name, text, overrides })
    }
}

impl Uncertain {
    /// A value between the limits, by luck of its own under `key`.
    fn draw(&self, key: u64) -> f64 {
        let share = unit(&mut Draw::new(mix(key, name_key(&self.path))));
        if self.whole {
            return (self.low + (share * (self.high - self.low + 1.0)).floor()).min(self.high);
        }
        six_digits(self.low + share * (self.high - self.low))
    }
}

impl Plan {
    /// The plan of a replication: uncertain values are drawn, the same ones under the same `key`;
    /// without doubt it is this plan.
    ///
    /// # Errors
    /// A sentence if the scenario makes no sense with such a value.
    pub fn draw(self: &Arc<Self>, key: u64) -> Result<Arc<Plan>, String> {
        let Some(doubt) = self.doubt.as_deref() else { return Ok(Arc::clone(self)) };
        let drawn: Vec<f64> = doubt.inputs.iter().map(|input| input.draw(key)).collect();
        let set = doubt.inputs.iter().zip(&drawn);
        let set = set.map(|(input, value)| format!("{}={value}{}", input.path, input.unit));
        let overrides: Vec<String> = doubt.overrides.iter().cloned().chain(set).collect();
        let files = Known(&self.blueprint);
        let Reading { plan, problems, .. } = read(&doubt.name, &doubt.text, &overrides, &files);
        let Some(plan) = plan else {
            let first = problems.first_error();
            let why =
                first.map_or_else(String::new, |one| format!("{}: {}", one.path, one.message));
            return Err(format!("within the limits of what is uncertain, {why}"));
        };
        let plan = match self.times {
            Some(times) => plan.scaled(times)?,
            None => plan,
        };
        let (blueprint, events, recurring) = (plan.blueprint, plan.events, plan.recurring);
        Ok(Arc::new(Plan { blueprint, events, recurring, drawn, ..Plan::clone(self) }))
    }
}

/// The data files that were read the first time.
struct Known<'a>(&'a Blueprint);

impl Files for Known<'_> {
    fn read(&self, path: &str) -> Result<String, String> {
        self.0.files.get(path).cloned().ok_or_else(|| unknown(path))
    }

    fn recording(&self, path: &str) -> Result<Recording, String> {
        self.0.recordings.get(path).cloned().ok_or_else(|| unknown(path))
    }
}

fn unknown(path: &str) -> String {
    format!("{path} was not read before")
}

/// Takes the limits out of a tree, so that what is written counts, and returns them.
pub(super) fn settle(root: &mut Node, problems: &mut Vec<Problem>) -> Vec<Uncertain> {
    let mut found = Vec::new();
    let Value::Map(entries) = &mut root.value else { return found };
    for entry in entries.iter_mut().filter(|entry| SECTIONS.contains(&entry.key.as_str())) {
        walk(&mut entry.node, entry.key.clone(), &mut (&mut found, problems));
    }
    found
}

fn walk(node: &mut Node, path: String, out: &mut (&mut Vec<Uncertain>, &mut Vec<Problem>)) {
    let below = |step: Step| {
        let mut path = path.clone();
        push_step(&mut path, &step);
        path
    };
    match &mut node.value {
        Value::Map(entries) => {
            for entry in entries {
                walk(&mut entry.node, below(Step::Key(entry.key.clone())), out);
            }
        }
        Value::List(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                walk(item, below(Step::Index(index)), out);
            }
        }
        Value::Text(text) => {
            let Some((written, spread)) = MARKS.iter().find_map(|mark| text.split_once(mark))
            else {
                return;
            };
            match limits(written.trim(), spread.trim()) {
                Ok((low, high, unit)) => {
                    let (written, unit) = (written.trim().to_owned(), unit.to_owned());
                    let number = plain(&written);
                    let whole = matches!(number, Value::Int(_));
                    let (low, high) = if whole { (low.ceil(), high.floor()) } else { (low, high) };
                    out.0.push(Uncertain {
                        path,
                        written: written.clone(),
                        low,
                        high,
                        unit,
                        whole,
                    });
                    (node.value, node.raw) = (number, Some(written));
                }
                Err(message) => out.1.push(
                    Problem::new(Code::BadValue, path, message)
                        .at(node.place)
                        .with_value(text.clone())
                        .with_remedy("write it like 6ms +-20% or 6ms +-1ms"),
                ),
            }
        }
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) => {}
    }
}

/// The value as it stands in a tree: a number where it has no unit, else a text.
fn plain(written: &str) -> Value {
    let digits = written.replace('_', "");
    match (digits.parse::<i128>(), digits.parse::<f64>()) {
        (Ok(whole), _) => Value::Int(whole),
        (_, Ok(number)) => Value::Float(number),
        _ => Value::Text(written.to_owned()),
    }
}

/// The lower and the upper limit and the unit.
fn limits<'a>(written: &'a str, spread: &str) -> Result<(f64, f64, &'a str), String> {
    let (value, unit) = number(written).ok_or_else(|| {
        format!("{written:?} is not one number with one unit, which can be drawn")
    })?;
    let (by, of) = number(spread)
        .ok_or_else(|| format!("{spread:?} is neither a share nor a number with a unit"))?;
    let by = match of {
        "%" if unit != "%" => value * by / 100.0,
        _ if of == unit => by,
        _ => return Err(format!("{spread:?} has another unit than {written:?}")),
    };
    if by >= value {
        return Err(format!("{written} +-{spread} reaches down to nothing or below it"));
    }
    Ok((value - by, value + by, unit))
}

/// A number and the unit behind it, which has no digits.
fn number(text: &str) -> Option<(f64, &str)> {
    let digit = |c: char| c.is_ascii_digit() || c == '.' || c == '_';
    let (digits, unit) = text.split_at(text.find(|c| !digit(c)).unwrap_or(text.len()));
    let value: f64 = digits.replace('_', "").parse().ok()?;
    (!unit.contains(digit)).then_some((value, unit.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "busyhour: 1\nduration: 1m\nusers: {u: {enter: app, arrivals: 10/s +-10%}}\n\
                        nodes: {app: {component: worker-pool, workers: 4 +- 2, steps: [io: 6ms \
                        \u{b1}1ms]}}\n";

    fn plan(text: &str) -> Arc<Plan> {
        let Reading { plan, problems, .. } = read("x.yaml", text, &[], &super::super::NoFiles);
        Arc::new(plan.unwrap_or_else(|| panic!("{problems:?}")))
    }

    #[test]
    fn what_is_written_counts_until_it_is_drawn() {
        let (doubtful, sure) = (
            plan(TEXT),
            plan(&TEXT.replace(" +-10%", "").replace(" +- 2", "").replace(" \u{b1}1ms", "")),
        );
        assert_eq!((&doubtful.blueprint, doubtful.hash), (&sure.blueprint, sure.hash));
        assert_eq!(sure.draw(1), Ok(Arc::clone(&sure)));
        let inputs = &doubtful.doubt.as_ref().unwrap().inputs;
        let said: Vec<(&str, f64, f64)> =
            inputs.iter().map(|one| (&one.path[..], one.low, one.high)).collect();
        let steps = "nodes.app.steps[0].io";
        let all =
            [("users.u.arrivals", 9.0, 11.0), ("nodes.app.workers", 2.0, 6.0), (steps, 5.0, 7.0)];
        assert_eq!(said, all);
        let drawn = doubtful.draw(7).unwrap();
        assert_ne!(drawn.blueprint, doubtful.blueprint);
        assert_eq!(doubtful.draw(7), Ok(Arc::clone(&drawn)));
        assert_ne!(doubtful.draw(8).unwrap().drawn, drawn.drawn);
    }

    #[test]
    fn draws_are_even_and_within_the_limits() {
        let doubtful = plan(TEXT);
        let inputs = &doubtful.doubt.as_ref().unwrap().inputs;
        let drawn = |at: usize| (0..2_000).map(move |key| inputs[at].draw(mix(3, key)));
        let rates: Vec<f64> = drawn(0).collect();
        assert!(rates.iter().all(|rate| (9.0..=11.0).contains(rate)));
        // an even law between 9 and 11 has mean 10 and standard deviation 0.577
        let mean = rates.iter().sum::<f64>() / 2_000.0;
        assert!((mean - 10.0).abs() < 4.0 * 0.577 / 2_000f64.sqrt(), "{mean}");
        for workers in 2..=6 {
            let hits = drawn(1).filter(|n| *n == f64::from(workers)).count() as f64;
            assert!((hits - 400.0).abs() < 4.0 * 320f64.sqrt(), "{workers}: {hits}");
        }
    }

    #[test]
    fn limits_that_make_no_sense_are_told() {
        let told = |value: &str| {
            let text = TEXT.replace("10/s +-10%", value);
            let Reading { problems, .. } = read("x.yaml", &text, &[], &super::super::NoFiles);
            let first = problems.iter().next().unwrap().clone();
            assert_eq!((first.code, &first.path[..]), (Code::BadValue, "users.u.arrivals"));
            assert!(first.place.is_some() && first.remedy.contains("6ms +-20%"), "{first:?}");
            first.message
        };
        assert!(told("10/s +-5/m").contains("another unit"));
        assert!(told("10/s +-100%").contains("down to nothing"));
        assert!(told("10/s +-some").contains("neither a share"));
        assert!(told("fast +-10%").contains("not one number"));
    }
}
